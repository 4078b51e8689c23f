"""Settings: everything a therapist may change live, each declared once with type, range, unit and default.

A change is applied between two frames or refused with the reason; nothing else in the session keeps a knob
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Value = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be changed live. `least` and `most` bound numbers; a bool has neither."""

    name: str
    default: Value
    description: str
    unit: str = ""
    least: float | None = None
    most: float | None = None

    def accept(self, value: Value) -> Value:
        """The value as this setting holds it; ValueError says what was expected and what came."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise ValueError(f"{self.name} expects true or false, got {value!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{self.name} expects a number, got {value!r}")
        number = float(value)
        if self.least is not None and self.most is not None and not self.least <= number <= self.most:
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"{self.name} expects {self.least:g} to {self.most:g}{unit}, got {number:g}")
        return number


DECLARED: tuple[Setting, ...] = (
    Setting("limb_opacity_ratio", 1.0, "How solid the virtual limb is drawn; 0 hides it.", "", 0.0, 1.0),
    Setting("smoothing", True, "Calms the tremor of tracking (One Euro filter); off shows raw tracking."),
    Setting("gaze_dwell_s", 1.0, "How long a look has to rest on an answer to choose it.", "s", 0.3, 5.0),
    Setting("answer_within_s", 120.0, "After this long a question counts as missed.", "s", 10.0, 900.0),
    Setting("pause_after_lost_s", 0.5, "Tracking lost for longer pauses the task.", "s", 0.1, 5.0),
    Setting("calm_before_end_s", 30.0, "The session ends this long after Stop.", "s", 1.0, 600.0),
)  # fmt: skip


class Settings:
    """The values in force. Read with `settings["name"]`."""

    def __init__(self) -> None:
        self._declared = {setting.name: setting for setting in DECLARED}
        self._values: dict[str, Value] = {setting.name: setting.default for setting in DECLARED}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def number(self, name: str) -> float:
        return float(self._values[name])

    def change(self, name: str, value: Value) -> tuple[Value, Value]:
        """Put a new value in force and return (old, new); ValueError, with nothing changed, if it cannot
        be.
        """
        if name not in self._declared:
            raise ValueError(f"no setting {name!r}; there are {', '.join(self._declared)}")
        new = self._declared[name].accept(value)
        old = self._values[name]
        self._values[name] = new
        return old, new
