"""Counts repetitions of a feature with hysteresis: up past `high`, down past `low`, each half long enough."""

from __future__ import annotations

import enum

from vrrehab.tasks.definition import RepetitionRule


class Half(enum.Enum):
    """Where in the movement: waiting for the first low, on the way up, or on the way down."""

    UNREADY = enum.auto()
    LOW = enum.auto()
    HIGH = enum.auto()


class RepetitionCounter:
    """A Schmitt trigger with a least time for each half.

    The count begins only once the feature has been seen below `low`, so that a hand that starts closed owes a whole
    movement. A crossing that comes before `least_half_s` has passed is ignored until it has lasted.
    """

    def __init__(self, rule: RepetitionRule) -> None:
        self._rule = rule
        self._half = Half.UNREADY
        self._since_s = float("-inf")
        self.repetitions = 0

    def step(self, now_s: float, value: float) -> bool:
        """Take the feature's value at `now_s`; True in the frame in which a repetition is complete."""
        rule = self._rule
        if self._half is Half.UNREADY:
            if value <= rule.low:
                self._half = Half.LOW
                self._since_s = now_s
            return False
        if now_s - self._since_s < rule.least_half_s:
            return False
        if self._half is Half.LOW and value >= rule.high:
            self._half = Half.HIGH
            self._since_s = now_s
        elif self._half is Half.HIGH and value <= rule.low:
            self._half = Half.LOW
            self._since_s = now_s
            self.repetitions += 1
            return True
        return False
