"""Repeating a movement of one joint, such as opening and closing the hand or bending and stretching the knee."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Body
from vrrehab.tasks.features import FEATURES, Gesture
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.pace import Pace
from vrrehab.tasks.repetition import RepetitionCounter
from vrrehab.tasks.rules import RepetitionRule

#: A movement of the hand is quicker shown than one of the leg.
_CYCLE_S = {Chain.ARM: 2.5, Chain.LEG: 3.0}


class RepeatedMovement(Mechanic):
    """Counts repetitions of a feature of one limb, or of several that take turns."""

    def __init__(self, rule: RepetitionRule, performer: Performer) -> None:
        super().__init__()
        limb = performer.limb
        self._counter = RepetitionCounter(rule.high, rule.low, rule.least_half_s)
        self._measures = [FEATURES[name].measure for name in rule.features]
        self._gestures = [Gesture(name, limb, performer.build) for name in rule.features]
        self._side = limb.side
        self._low, self._high = rule.low, rule.high
        self.cycle_s = rule.beat_s or _CYCLE_S[limb.chain]
        self._pace = Pace(rule.beat_s, performer) if rule.beat_s else None
        if self._pace is not None:
            self.targets = self._pace.targets
        self._first_s = self._last_s = math.nan
        self._most = -math.inf
        self._sum_of_most = 0.0

    def step(self, now_s: float, body: Body) -> None:
        if self._pace is not None:
            self._pace.step(now_s)
        value = self._measures[self.repetitions % len(self._measures)](body, self._side)
        if math.isnan(value):
            return
        self._most = max(self._most, value)
        if self._counter.step(now_s, value):
            self.repetitions += 1
            self._first_s = now_s if math.isnan(self._first_s) else self._first_s
            self._last_s = now_s
            self._sum_of_most += self._most
            if self._pace is not None:
                self._pace.hit(now_s)
        elif self._counter.low:
            self._most = value

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        cycle, into_cycle_s = divmod(elapsed_s, self.cycle_s)
        way = 0.5 - 0.5 * math.cos(2 * math.pi * into_cycle_s / self.cycle_s)
        gesture = self._gestures[int(cycle) % len(self._gestures)]
        least, most = gesture.shown(self._low, self._high)
        gesture.pose(least + way * (most - least), root, into)

    def measures(self) -> dict[str, float]:
        """The mean time from one repetition to the next, and the mean of what each one reached."""
        told = {}
        if self.repetitions > 1:
            told["cycle_s"] = (self._last_s - self._first_s) / (self.repetitions - 1)
        if self.repetitions:
            told["reached"] = self._sum_of_most / self.repetitions
        return told | (self._pace.measures() if self._pace is not None else {})
