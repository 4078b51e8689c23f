"""Counts repetitions of a feature with hysteresis: down below `low`, then up past `high`, each lasting."""

from __future__ import annotations

import enum


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

    def __init__(self, high: float, low: float, least_half_s: float) -> None:
        self._high, self._low, self._least_half_s = high, low, least_half_s
        self._level = Level.UNKNOWN
        self._changing_since_s: float | None = None
        self.repetitions = 0

    @property
    def low(self) -> bool:
        """Whether the feature is known to be low."""
        return self._level is Level.LOW

    @property
    def high(self) -> bool:
        """Whether the feature is known to be high."""
        return self._level is Level.HIGH

    def step(self, now_s: float, value: float) -> bool:
        """Take the feature's value at `now_s`; True in the frame in which a repetition is complete."""
        going_up = self._level is Level.LOW
        beyond = value >= self._high if going_up else value <= self._low
        taken_back = value <= self._low if going_up else value >= self._high
        if taken_back:
            self._changing_since_s = None
        elif beyond and self._changing_since_s is None:
            self._changing_since_s = now_s
        if self._changing_since_s is None or now_s - self._changing_since_s < self._least_half_s:
            return False
        complete = going_up
        self._level = Level.HIGH if going_up else Level.LOW
        self._changing_since_s = None
        self.repetitions += complete
        return complete
