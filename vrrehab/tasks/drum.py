"""Drumming on pads that light up one after the other, at a pace that waits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HAND_JOINTS, Body, joint
from vrrehab.session.view import Prop
from vrrehab.tasks.demonstration import DemonstratingArm, Turn
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.pace import Pace
from vrrehab.tasks.rules import DrumRule

#: What meets the pad: the middle joint of the middle finger, which is low in a flat hand.
_STRIKING = "middle_intermediate"
_PAD_HEIGHT_M = 0.05
#: A stroke meets the pad this far over it, and the hand has to have been this much higher since the last one.
_MEETS_M, _LIFTED_M = 0.03, 0.055
_FLAT = 0.10
_LEVEL: Turn = (0.0, 0.0, 0.0, 1.0)
#: Speeds are taken over this time; a longer gap, as after lost tracking, tells none.
_SPEED_OVER_S, _GAP_S = 0.05, 0.12
_COLOURS = ("#c97b5a", "#5f8f8b", "#c9a24f", "#7c86a8", "#8d9a5b", "#a8728a")


class Striking:
    """An arm whose flat hand strikes; `meets_m` is the height at which a stroke meets a pad."""

    def __init__(self, arm: DemonstratingArm, surface_m: float) -> None:
        self._arm = arm
        self._hand = arm.hand(_FLAT, _LEVEL)
        self._at = self._hand[HAND_JOINTS.index(_STRIKING), :3]
        self.meets_m = surface_m + _PAD_HEIGHT_M + _MEETS_M

    def pose(self, place: NDArray[np.float64], root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the arm, (28, 7), with what strikes at `place` (3,)."""
        self._arm.pose_wrist(place - self._at, self._hand, root, into)


class Drum(Mechanic):
    """Counts strokes down onto the lit pad. Striking another one is no mistake, and nothing happens."""

    touches = True

    def __init__(self, rule: DrumRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._joint = joint(performer.limb.side, _STRIKING)
        arm = DemonstratingArm(performer.limb.side, performer.build)
        self._striking = Striking(arm, rule.surface_m)
        self.cycle_s = rule.beat_s
        self._pace = Pace(rule.beat_s, performer)
        for k, (outward, forward) in enumerate(rule.pads):
            pose = geometry.IDENTITY.copy()
            pose[:3] = performer.root + arm.place((outward, 0.0, forward))
            pose[1] = rule.surface_m
            size = (2 * rule.radius_m, _PAD_HEIGHT_M, 2 * rule.radius_m)
            self.props.append(Prop("pad", pose, size, _COLOURS[k]))
        self.props[0].glow = 0.3
        self._lifted = False
        self._past: list[tuple[float, float]] = []

    @property
    def active(self) -> Prop:
        """The pad that is lit."""
        return self.props[self.repetitions % len(self.props)]

    def step(self, now_s: float, body: Body) -> None:
        for pad in self.props:
            lit = 0.20 + 0.15 * self._pace.swell(now_s) if pad is self.active else 0.0
            pad.glow += 0.15 * (lit - pad.glow)
        if not body.has(self._joint):
            return
        place = body.poses[self._joint, :3]
        if self._past and now_s - self._past[-1][0] > _GAP_S:
            self._past.clear()
            self._lifted = False
        self._past.append((now_s, float(place[1])))
        while self._past[0][0] < now_s - _SPEED_OVER_S:
            self._past.pop(0)
        if place[1] > self._striking.meets_m + _LIFTED_M:
            self._lifted = True
        pad = self.active
        over = math.hypot(place[0] - pad.pose[0], place[2] - pad.pose[2]) <= self._rule.radius_m
        if place[1] > self._striking.meets_m or not self._lifted:
            return
        self._lifted = False
        if over and self._falling_m_s() >= self._rule.least_speed_m_s:
            self.repetitions += 1
            self._pace.hit(now_s)
            pad.glow = 0.5

    def _falling_m_s(self) -> float:
        (start_s, high), (end_s, low) = self._past[0], self._past[-1]
        return (high - low) / (end_s - start_s) if end_s > start_s else 0.0

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """A stroke a beat, from pad to pad."""
        beat, ratio = divmod(elapsed_s / self.cycle_s, 1.0)
        pads = self.props
        here, there = (pads[int(beat + k) % len(pads)].pose[:3] for k in (0, 1))
        across = ratio * ratio * (3.0 - 2.0 * ratio)
        place = here + across * (there - here)
        place[1] = self._striking.meets_m - 0.01 + 0.13 * math.sin(math.pi * ratio)
        self._striking.pose(place, root, into)

    def measures(self) -> dict[str, float]:
        return self._pace.measures()
