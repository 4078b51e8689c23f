"""Shows a recorded session again: the bodies as they were shown, and on the board what was done and how much it hurt.

What is not in the record is not made up: lights to reach for, the demonstrating hand and the question's panel are left
out, and Stop does not fade the picture, so that what went on stays visible.
"""

from __future__ import annotations

from collections.abc import Iterator

from telemetry import messages
from telemetry.recorded import RecordedSession
from vrrehab.body.drives import WITHOUT_LIMB
from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Body
from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.session.going import Going, Journey
from vrrehab.session.plan import lost_limbs
from vrrehab.session.settings import Settings, Value
from vrrehab.session.view import View
from vrrehab.sources.timeline import Timeline
from vrrehab.tasks.definition import load_task

#: How long, in the time of whoever looks, a marker stands before the eyes.
MARKER_S = 4.0
_WORDS = {
    "stop": "stop",
    "paused": "a break",
    "resumed": "the break is over",
    "tracking_lost": "tracking lost",
    "tracking_found": "tracking found",
    "recentred": "recentred",
    "source_ended": "the recording ended",
    "note": "a note",
}
_UNANSWERED = {"declined": "not said", "missed": "not answered", "interrupted": "interrupted"}


class Replay:
    """A recorded session at `speed` times its own pace; `view` is what is to be seen after each `step`.

    over: whether all of it was shown.
    """

    def __init__(self, recorded: RecordedSession, speed: float = 1.0, start_s: float = 0.0) -> None:
        self.view = View(Body.unseen())
        self.speed = speed
        self._recorded = recorded
        self._timeline = Timeline(recorded.frames(), recorded.layout)
        self._first_ns = recorded.started.mono_ns
        self._now_ns = self._first_ns + round(start_s * 1e9)
        self._events = list(recorded.events)
        declared = Settings()
        self._settings: dict[str, Value] = {name: declared[name] for name in declared}
        self._limbs = lost_limbs(recorded.profile)
        self._mode = recorded.started.mode
        self._sites: dict[str, messages.RatingAsked] = {}
        self._pain: float | None = None
        self._marker_left_s = 0.0
        self._going = Going(None)
        self.view.title = recorded.started.programme.replace("_", " ")
        self._place = ""
        self._quietly(self._now_ns)

    @property
    def over(self) -> bool:
        return self._timeline.over and not self._events

    @property
    def length_s(self) -> float:
        return (self._recorded.ended_mono_ns - self._first_ns) / 1e9

    @property
    def place(self) -> str:
        """The place that it is in now; empty where the record does not say."""
        return self.view.ambience.place

    @property
    def moves_legs(self) -> bool:
        """Whether any of its tasks did."""
        started = (event for event in self._recorded.events if isinstance(event, messages.TaskStarted))
        return any(event.limb in ("foot", "leg") for event in started)

    def step(self, elapsed_s: float) -> Iterator[str]:
        """Go on by `elapsed_s` of whoever looks; what happened in that time, a line each, once it has been taken in."""
        self._now_ns += round(elapsed_s * self.speed * 1e9)
        self._marker_left_s -= elapsed_s
        if self._marker_left_s <= 0.0:
            self.view.notice = ""
        lines = list(self._happen(self._now_ns))
        self._timeline.seek(self._now_ns)
        self._timeline.read("virtual", self.view.virtual)
        self._look(elapsed_s)
        now_s = min((self._now_ns - self._first_ns) / 1e9, self.length_s)
        self.view.count = f"{_clock(now_s)} of {_clock(self.length_s)}"
        yield from lines

    # --- what happened ---

    def _quietly(self, until_ns: int) -> None:
        """What came before the start is so, and is not told."""
        list(self._happen(until_ns))
        self.view.notice = ""
        self._going.give_up("")
        self.view.ambience.place = self._place

    def _happen(self, until_ns: int) -> Iterator[str]:
        while self._events and self._events[0].mono_ns <= until_ns:
            event = self._events.pop(0)
            if said := self._take(event):
                yield f"{_clock((event.mono_ns - self._first_ns) / 1e9):>6}  {said}"

    def _take(self, event: messages.AnyEvent) -> str:
        """Take in what happened; what is to be told of it, empty for most."""
        match event:
            case messages.Happened(name="settings_in_force"):
                self._settings.update({n: v for n, v in event.detail.items() if v is not None and n in self._settings})
            case messages.Happened(name="place"):
                return self._be_at(str(event.detail.get("name", "")))
            case messages.Happened() if event.name in _WORDS:
                text = str(event.detail.get("text", ""))
                return self._mark(f"{_WORDS[event.name]}{': ' if text else ''}{text}")
            case messages.SettingChanged():
                if event.name in self._settings:
                    self._settings[event.name] = event.new
                return f"{event.name}: {event.old} to {event.new}"
            case messages.TaskStarted():
                self._mode = event.mode
                self.view.title, self.view.text = _title(event.task), ""
                return f"task {event.run_number}: {self.view.title.lower()}, {event.mode}"
            case messages.TaskEnded():
                times = "repetition" if event.repetitions == 1 else "repetitions"
                how = "" if event.status == "completed" else f", {event.status}"
                self.view.text = f"{event.repetitions} {times} in {event.duration_s:.0f} s{how}"
                return f"  {self.view.text}"
            case messages.RatingAsked():
                self._sites[event.rating_id] = event
            case messages.RatingAnswered():
                return self._answered(event)
        return ""

    def _be_at(self, place: str) -> str:
        before, self._place = self._place, place
        if not before or before == place:
            return ""
        self._going.begin(Journey(place, ""))
        return f"the place: {place.replace('_', ' ')}"

    def _answered(self, event: messages.RatingAnswered) -> str:
        asked = self._sites.get(event.rating_id)
        what = "" if asked is None else f"{asked.site} {asked.item}".strip() + " "
        if event.value is None:
            return self._mark(f"{what}{_UNANSWERED.get(event.status, event.status)}")
        said = f"{what}{event.value:g}"
        if asked is not None and asked.site == "PLP" and not asked.item:
            before, self._pain = self._pain, event.value
            if before is not None:
                said += f" (it was {before:g})"
        self.view.text = f"{self.view.text}   {said}".strip()
        return self._mark(said)

    def _mark(self, words: str) -> str:
        self.view.notice, self._marker_left_s = words[0].upper() + words[1:], MARKER_S
        return words

    # --- what is seen ---

    def _look(self, elapsed_s: float) -> None:
        settings, view = self._settings, self.view
        solid = float(settings["limb_opacity_ratio"])
        if self._mode in WITHOUT_LIMB or settings.get("limb_hidden"):
            solid = 0.0
        for limb in self._limbs:
            (view.opacity if limb.chain is Chain.ARM else view.leg_opacity)[limb.side] = solid
        view.limb_size = float(settings["limb_size_ratio"])
        view.boundary_softness_m = float(settings["limb_boundary_softness_m"])
        ambience = view.ambience
        ambience.light_ratio, ambience.hour_h = float(settings["light_ratio"]), float(settings["time_of_day_h"])
        ambience.detail = settings["place_detail"] == "full"
        ambience.time_s += elapsed_s
        self._going.step(elapsed_s, ambience)


def _title(task: str) -> str:
    try:
        return load_task(task).title
    except (UnknownName, SceneFileError):
        return task.replace("_", " ")


def _clock(seconds: float) -> str:
    return f"{int(max(seconds, 0.0)) // 60}:{int(max(seconds, 0.0)) % 60:02d}"
