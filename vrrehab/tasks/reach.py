"""Reaching for lights and touching them with the index fingertip, one after the other in a seeded order."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.hands import RELAXED
from vrrehab.body.skeleton import Body, Side, joint
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.definition import ReachRule
from vrrehab.tasks.demonstration import DemonstratingArm

#: A touched light stays lit this long, so that the touch is seen.
_GLOW_S = 0.4
#: A demonstrated reach, there and back.
_DEMONSTRATED_REACH_S = 4.0


class Reach:
    """One target is active at a time; a repetition is the fingertip staying inside it for the rule's hold
    time.

    The order is random but seeded, and never the same target twice running.
    """

    cycle_s = _DEMONSTRATED_REACH_S

    def __init__(self, rule: ReachRule, side: Side, shoulder: NDArray[np.float64], seed: int) -> None:
        self._rule = rule
        self._tip = joint(side, "index_tip")
        self._ghost = DemonstratingArm(side)
        self._random = random.Random(seed)
        self.repetitions = 0
        self.targets = [Target(shoulder + self._ghost.place(at), rule.radius_m) for at in rule.targets]
        self._active = self._random.randrange(len(self.targets))
        self.targets[self._active].state = TargetState.ACTIVE
        self._inside_since_s: float | None = None
        self._glowing: Target | None = None
        self._glow_until_s = 0.0
        self._shown = self.targets[self._active]
        self._shown_reach = 0.0

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

    def demonstrate(self, elapsed_s: float, shoulder: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """There and back; the target is taken anew only at rest, so that the hand never jumps."""
        reach, into_reach_s = divmod(elapsed_s, _DEMONSTRATED_REACH_S)
        if reach != self._shown_reach:
            self._shown_reach = reach
            self._shown = self.targets[self._active]
        outward = 0.5 - 0.5 * math.cos(2 * math.pi * into_reach_s / _DEMONSTRATED_REACH_S)
        resting = self._ghost.resting
        fingertip = resting + outward * (self._shown.position - shoulder - resting)
        self._ghost.pose(fingertip, RELAXED, shoulder, into)
