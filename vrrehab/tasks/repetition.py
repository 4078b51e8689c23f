"""Counts repetitions of a feature with hysteresis: down below `low`, then up past `high`, each lasting."""

from __future__ import annotations

import enum

from vrrehab.tasks.definition import RepetitionRule


class Level(enum.Enum):
    """Where the feature is known to be; between the thresholds it stays where it was."""

    UNKNOWN = enum.auto()
    LOW = enum.auto()
    HIGH = enum.auto()


class RepetitionCounter:
    """A Schmitt trigger whose every change must last `least_half_s` before it holds.

    A repetition counts where the movement is reached (the fist), and the next one only after the feature has been low
    again; a hand that starts closed has to open first. A change that is taken back within `least_half_s`, a tracking
    glitch up or down, never was.
    """

    def __init__(self, rule: RepetitionRule) -> None:
        self._rule = rule
        self._level = Level.UNKNOWN
        self._changing_since_s: float | None = None
        self.repetitions = 0

    def step(self, now_s: float, value: float) -> bool:
        """Take the feature's value at `now_s`; True in the frame in which a repetition is complete."""
        going_up = self._level is Level.LOW
        beyond = value >= self._rule.high if going_up else value <= self._rule.low
        taken_back = value <= self._rule.low if going_up else value >= self._rule.high
        if taken_back:
            self._changing_since_s = None
        elif beyond and self._changing_since_s is None:
            self._changing_since_s = now_s
        if self._changing_since_s is None or now_s - self._changing_since_s < self._rule.least_half_s:
            return False
        complete = going_up
        self._level = Level.HIGH if going_up else Level.LOW
        self._changing_since_s = None
        self.repetitions += complete
        return complete
