"""Repeating a movement of the hand, such as opening and closing it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.features import hand_closure
from vrrehab.body.skeleton import Body, Side
from vrrehab.session.view import Target
from vrrehab.tasks.definition import RepetitionRule
from vrrehab.tasks.demonstration import DemonstratingArm
from vrrehab.tasks.repetition import RepetitionCounter

_CYCLE_S = 2.5


class HandMovement:
    """Counts repetitions of a hand feature on one side of the body."""

    def __init__(self, rule: RepetitionRule, side: Side) -> None:
        self._counter = RepetitionCounter(rule)
        self._side = side
        self._ghost = DemonstratingArm(side)
        self.targets: list[Target] = []

    @property
    def repetitions(self) -> int:
        return self._counter.repetitions

    def step(self, now_s: float, body: Body) -> None:
        closure = hand_closure(body, self._side)
        if not math.isnan(closure):
            self._counter.step(now_s, closure)

    def demonstrate(self, elapsed_s: float, shoulder: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        closure = 0.5 - 0.5 * math.cos(2 * math.pi * elapsed_s / _CYCLE_S)
        self._ghost.pose(self._ghost.resting, closure, shoulder, into)
