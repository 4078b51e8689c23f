"""Repeating a movement of one joint, such as opening and closing the hand or bending and stretching the knee."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body import features
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Body, Side
from vrrehab.session.view import Target
from vrrehab.tasks.definition import RepetitionRule
from vrrehab.tasks.demonstration import DemonstratingArm, DemonstratingLeg
from vrrehab.tasks.repetition import RepetitionCounter

#: A movement of the hand is quicker shown than one of the leg.
_CYCLE_S = {Chain.ARM: 2.5, Chain.LEG: 3.0}
#: A demonstration goes beyond the thresholds by this share of the way between them.
_BEYOND = 0.3


@dataclass(frozen=True, slots=True)
class Feature:
    """Something of a limb that a task can count: whose it is, how it is measured, and what of a leg shows it.

    measure: from a body and a side, NaN where it is not there. shown: the angles of `DemonstratingLeg.pose` that show
    a value of it; None for an arm's.
    """

    chain: Chain
    measure: Callable[[Body, Side], float]
    shown: Callable[[float], dict[str, float]] | None = None


def _knee_extension(body: Body, side: Side) -> float:
    """How far the knee is straightened from the right angle in which people sit, radians."""
    return math.pi / 2 - features.knee_flexion(body, side)


#: What a foot does is shown with the leg stretched out a little, so that it has room over the floor.
_OUT_RAD = math.radians(40.0)

FEATURES: dict[str, Feature] = {
    "hand_closure": Feature(Chain.ARM, features.hand_closure),
    "hip_flexion": Feature(Chain.LEG, features.hip_flexion, lambda value: {"hip": value}),
    "knee_flexion": Feature(Chain.LEG, features.knee_flexion, lambda value: {"knee": value}),
    "knee_extension": Feature(Chain.LEG, _knee_extension, lambda value: {"knee": math.pi / 2 - value}),
    "ankle_flexion": Feature(
        Chain.LEG, features.ankle_flexion, lambda value: {"knee": math.pi / 2 - _OUT_RAD, "ankle": value}
    ),
    "foot_inversion": Feature(
        Chain.LEG, features.foot_inversion, lambda value: {"knee": math.pi / 2 - _OUT_RAD, "inversion": value}
    ),
}


class RepeatedMovement:
    """Counts repetitions of a feature of one limb."""

    def __init__(self, rule: RepetitionRule, limb: Limb) -> None:
        self._counter = RepetitionCounter(rule)
        self._feature = FEATURES[rule.feature]
        self._side = limb.side
        beyond = _BEYOND * (rule.high - rule.low)
        self._from, self._to = rule.low - beyond, rule.high + beyond
        self.cycle_s = _CYCLE_S[limb.chain]
        self.targets: list[Target] = []
        if limb.chain is Chain.ARM:
            self._arm = DemonstratingArm(limb.side)
            self._from, self._to = 0.0, 1.0
        else:
            self._leg = DemonstratingLeg(limb.side)

    @property
    def repetitions(self) -> int:
        return self._counter.repetitions

    def step(self, now_s: float, body: Body) -> None:
        value = self._feature.measure(body, self._side)
        if not math.isnan(value):
            self._counter.step(now_s, value)

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        way = 0.5 - 0.5 * math.cos(2 * math.pi * elapsed_s / self.cycle_s)
        value = self._from + way * (self._to - self._from)
        if self._feature.shown is None:
            self._arm.pose(self._arm.resting, value, root, into)
        else:
            self._leg.pose(root, into, **self._feature.shown(value))
