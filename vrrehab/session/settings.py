"""Settings: everything a therapist may change live, each declared once with type, range, unit and default.

A change is applied between two frames or refused with the reason; nothing else in the session keeps a knob
of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from vrrehab.body.phantom import POSTURES
from vrrehab.body.posture import MOVEMENTS
from vrrehab.tasks.rules import TEXTURES

Value = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be changed live. `least` and `most` bound numbers, `choices` a word; a bool has neither.

    later: whether it has to be made ready first; then it is in force seconds after it was asked for.
    """

    name: str
    default: Value
    description: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    later: bool = False

    def accept(self, value: Value) -> Value:
        """The value as this setting holds it; ValueError says what was expected and what came."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise ValueError(f"{self.name} expects true or false, got {value!r}")
        if self.choices:
            if value in self.choices:
                return value
            raise ValueError(f"{self.name} expects one of {', '.join(self.choices)}, got {value!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{self.name} expects a number, got {value!r}")
        number = float(value)
        if self.least is not None and self.most is not None and not self.least <= number <= self.most:
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"{self.name} expects {self.least:g} to {self.most:g}{unit}, got {number:g}")
        return number


#: The posture that the participant's profile names.
AS_FELT = "as_felt"
#: The texture that the task names.
AS_TASK = "as_task"
#: Where the participant is, which takes going there (`vrrehab.session.going`).
PLACE = "place"
_POSTURES = tuple(dict.fromkeys(name for postures in POSTURES.values() for name in postures))
_ANY_TURN = 3.2
#: The places that there are.
PLACES = tuple(
    sorted(
        file.name.removesuffix(".toml")
        for file in (resources.files("scenes") / "places").iterdir()
        if file.name.endswith(".toml")
    )
)

DECLARED: tuple[Setting, ...] = (
    Setting("limb_opacity_ratio", 1.0, "How solid the virtual limb is drawn; 0 hides it.", "", 0.0, 1.0),
    Setting("limb_gain_ratio", 1.0, "How large the virtual limb's movement is, in shares of the intact one's, about "
            "the posture in which it was set.", "", 0.5, 2.0),
    Setting("limb_delay_ms", 0.0, "How much later than the intact limb the virtual one moves.", "ms", 0.0, 1000.0),
    Setting("limb_offset_x_m", 0.0, "How far to the right of its place the virtual hand or foot is.", "m", -0.3, 0.3),
    Setting("limb_offset_y_m", 0.0, "How far above its place the virtual hand or foot is.", "m", -0.3, 0.3),
    Setting("limb_offset_z_m", 0.0, "How far behind its place the virtual hand or foot is.", "m", -0.3, 0.3),
    Setting("phantom_share", 0.0, "Where the virtual limb goes: 0 to how it is driven, 1 to how the phantom is felt. "
            "With a felt shape on record a session begins at 1.", "", 0.0, 1.0),
    Setting("phantom_morph_min", 5.0, "How long it takes from the one to the other; 0 at once.", "min", 0.0, 60.0),
    Setting("phantom_posture", AS_FELT, "The phantom's posture, if it is felt otherwise now than the profile says.",
            choices=(AS_FELT, *_POSTURES)),
    Setting("phantom_telescoping", 0.0, "Added to the profile's: 1 is felt at the residual limb.", "", -1.0, 1.0),
    Setting("phantom_offset_x_m", 0.0, "Added to where the profile says it is felt: to the right.", "m", -0.3, 0.3),
    Setting("phantom_offset_y_m", 0.0, "Added to where the profile says it is felt: up.", "m", -0.3, 0.3),
    Setting("phantom_offset_z_m", 0.0, "Added to where the profile says it is felt: back.", "m", -0.3, 0.3),
    *(Setting(f"phantom_{name}_rad", 0.0, f"Added to the phantom's {name.replace('_', ' ')}.", "rad",
              -_ANY_TURN, _ANY_TURN) for movements in MOVEMENTS.values() for name in movements),
    Setting("limb_size_ratio", 1.0, "How large the virtual limb is drawn, about where the residual limb ends; what is "
            "counted and recorded stays as large as it is.", "", 0.5, 1.5),
    Setting("limb_boundary_softness_m", 0.04, "Over how much of its length the virtual limb begins where the residual "
            "limb ends, while it is not solid.", "m", 0.0, 0.15),
    Setting("limb_hidden", False, "Takes the virtual limb out of sight; what is recorded goes on."),
    Setting("limb_covered", False, "Lays a cloth over the virtual limb."),
    Setting("smoothing", True, "Calms the tremor of tracking (One Euro filter); off shows raw tracking."),
    Setting("gaze_dwell_s", 1.0, "How long a look has to rest on an answer to choose it.", "s", 0.3, 5.0),
    Setting("answer_within_s", 120.0, "After this long a question counts as missed.", "s", 10.0, 900.0),
    Setting("pause_after_lost_s", 0.5, "Tracking lost for longer pauses the task.", "s", 0.1, 5.0),
    Setting(PLACE, "therapy_room", "Where the participant is. Another place is made ready first, which takes some "
            "seconds; then this one goes into a mist, and that one comes out of it.", choices=PLACES, later=True),
    Setting("light_ratio", 1.0, "How bright the place is, against its own light.", "", 0.4, 1.2),
    Setting("time_of_day_h", 13.0, "The hour of the place's day: 8 morning, 13 noon, 19 evening.", "h", 8.0, 19.0),
    Setting("place_detail", "full", "Calm leaves out flowers, grass, plants and pictures.", choices=("full", "calm")),
    Setting("sound_ratio", 0.6, "How loud the place is heard; 0 is silence.", "", 0.0, 1.0),
    Setting("pain_prompt_rise", 2.0, "Pain this much over the session's start is told to the therapist.", "NRS 0-10",
            1.0, 10.0),
    Setting("pain_calm_rise", 3.0, "Pain this much over the session's start brings the calm scene.", "NRS 0-10",
            1.0, 10.0),
    Setting("pain_calm_at", 8.0, "Pain this high brings the calm scene, as the person's own ceiling does.", "NRS 0-10",
            1.0, 10.0),
    Setting("sickness_calm_at", 10.0, "Sickness this high pauses in the calm scene.", "FMS 0-20", 1.0, 20.0),
    Setting("sickness_calm_rise", 5.0, "Sickness this much over the session's start pauses in the calm scene.",
            "FMS 0-20", 1.0, 20.0),
    Setting("sickness_stop_at", 14.0, "Sickness this high stops the session.", "FMS 0-20", 1.0, 20.0),
    Setting("session_limit_min", 60.0, "A session this long winds down: the task that is on is the last.", "min",
            1.0, 180.0),
    Setting("exposure_limit_min", 40.0, "So long in the scene, the calm one left out, and the session winds down.",
            "min", 1.0, 70.0),
    Setting("limit_warning_min", 3.0, "The therapist is told this long before a limit.", "min", 0.0, 30.0),
    Setting("way_out_side", "right", "Where the participant's own panel is: to stop, to hide and to cover the limb.",
            choices=("right", "left", "off")),
    Setting("way_out_dwell_s", 1.5, "How long a look has to rest on that panel to press it.", "s", 0.7, 5.0),
    Setting("look_up_to_stop", True, "Looking far up for a while stops, as that panel does."),
    Setting("look_up_deg", 50.0, "How far up that is.", "deg", 30.0, 75.0),
    Setting("look_up_s", 2.0, "For how long.", "s", 1.0, 10.0),
    Setting("console_lost_after_s", 3.0, "A console in control that is silent for so long counts as lost.", "s",
            2.0, 30.0),
    Setting("calm_after_console_lost_s", 10.0, "So long after the console was lost the calm scene comes.", "s",
            0.0, 120.0),
    Setting("difficulty_ratio", 0.5, "How difficult tasks are: 0 easiest, 0.5 as written, 1 hardest; each task's "
            "next run is at this.", "", 0.0, 1.0),
    Setting("difficulty_adapts", True, "Whether a task gets a little harder after it went well, and easier after it "
            "was too much."),
    Setting("difficulty_least_ratio", 0.0, "No task gets easier than this.", "", 0.0, 1.0),
    Setting("difficulty_most_ratio", 1.0, "No task gets harder than this.", "", 0.0, 1.0),
    Setting("stroke_texture", AS_TASK, "What the virtual limb is stroked with, from the gentlest to the roughest.",
            choices=(AS_TASK, *TEXTURES)),
    Setting("cue_ratio", 0.6, "How loud the soft sounds are: a repetition done, a question, a task done; 0 is silence.",
            "", 0.0, 1.0),
    Setting("speech", True, "Whether instructions, questions and notices are spoken, where this computer can."),
    Setting("speech_ratio", 0.7, "How loud they are spoken.", "", 0.0, 1.0),
    Setting("calm_before_end_s", 30.0, "The session ends this long after Stop.", "s", 1.0, 600.0),
)  # fmt: skip


class Settings:
    """The values in force. Read with `settings["name"]`. `changes` counts how often one was changed."""

    def __init__(self) -> None:
        self.changes = 0
        self._declared = {setting.name: setting for setting in DECLARED}
        self._values: dict[str, Value] = {setting.name: setting.default for setting in DECLARED}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def number(self, name: str) -> float:
        return float(self._values[name])

    def accept(self, name: str, value: Value) -> Value:
        """The value as that setting would hold it; ValueError if it cannot be."""
        if name not in self._declared:
            near = difflib.get_close_matches(name, self._declared, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ValueError(f"no setting {name!r}; {hint}there are {', '.join(self._declared)}")
        return self._declared[name].accept(value)

    def change(self, name: str, value: Value) -> tuple[Value, Value]:
        """Put a new value in force and return (old, new); ValueError, with nothing changed, if it cannot
        be.
        """
        new = self.accept(name, value)
        old = self._values[name]
        self._values[name] = new
        self.changes += 1
        return old, new
