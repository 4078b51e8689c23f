"""Repeating a movement of the hand, such as opening and closing it."""

from __future__ import annotations

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

    def __init__(self, rule: RepetitionRule, side: Side, ghost: DemonstratingArm) -> None:
        self._counter = RepetitionCounter(rule)
        self._side = side
        self._ghost = ghost
        self.targets: list[Target] = []

    @property
    def repetitions(self) -> int:
        return self._counter.repetitions

    def step(self, now_s: float, body: Body) -> None:
        closure = hand_closure(body, self._side)
        if not np.isnan(closure):
            self._counter.step(now_s, closure)

    def demonstrate(self, elapsed_s: float, into: NDArray[np.float64]) -> None:
        closure = 0.5 - 0.5 * np.cos(2 * np.pi * elapsed_s / _CYCLE_S)
        self._ghost.pose(self._ghost.rest, float(closure), into)
