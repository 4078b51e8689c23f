"""Reaching for lights and touching them with the index fingertip, one after the other in a seeded order."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import Body, Side, joint
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.definition import ReachRule
from vrrehab.tasks.demonstration import DemonstratingArm

#: A touched light stays lit this long, so that the touch is seen.
_GLOW_S = 0.4
_DEMONSTRATED_REACH_S = 2.0


class Reach:
    """One target is active at a time; a repetition is the fingertip staying inside it for the rule's hold time.

    The order is random but seeded, and never the same target twice running.
    """

    def __init__(self, rule: ReachRule, side: Side, ghost: DemonstratingArm, seed: int) -> None:
        self._rule = rule
        self._tip = joint(side, "index_tip")
        self._ghost = ghost
        self._random = random.Random(seed)
        self.repetitions = 0
        self.targets = [Target(ghost.point(target), rule.radius_m) for target in rule.targets]
        self._active = self._random.randrange(len(self.targets))
        self.targets[self._active].state = TargetState.ACTIVE
        self._inside_since_s: float | None = None
        self._glowing: Target | None = None
        self._glow_until_s = 0.0

    def step(self, now_s: float, body: Body) -> None:
        if self._glowing is not None and now_s >= self._glow_until_s:
            if self._glowing.state is TargetState.TOUCHED:
                self._glowing.state = TargetState.WAITING
            self._glowing = None
        if not body.has(self._tip):
            return
        target = self.targets[self._active]
        offset = body.poses[self._tip, :3] - target.position
        if float(offset @ offset) > target.radius_m**2:
            self._inside_since_s = None
            return
        if self._inside_since_s is None:
            self._inside_since_s = now_s
        if now_s - self._inside_since_s >= self._rule.hold_s:
            self._touched(target, now_s)

    def _touched(self, target: Target, now_s: float) -> None:
        self.repetitions += 1
        self._inside_since_s = None
        target.state = TargetState.TOUCHED
        self._glowing, self._glow_until_s = target, now_s + _GLOW_S
        if len(self.targets) > 1:
            step = self._random.randrange(1, len(self.targets))
            self._active = (self._active + step) % len(self.targets)
        self.targets[self._active].state = TargetState.ACTIVE

    def demonstrate(self, elapsed_s: float, into: NDArray[np.float64]) -> None:
        there_and_back = 0.5 - 0.5 * np.cos(np.pi * elapsed_s / _DEMONSTRATED_REACH_S)
        fingertip = (1 - there_and_back) * self._ghost.rest + there_and_back * self.targets[self._active].position
        self._ghost.pose(fingertip, 0.35, into)
