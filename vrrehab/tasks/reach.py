"""Reaching for lights and touching them, one after the other in a seeded order, with a fingertip or a foot."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import Body
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.pointing import pointer_of
from vrrehab.tasks.rules import ReachRule

#: A touched light stays lit this long, so that the touch is seen.
_GLOW_S = 0.4
#: A demonstrated reach, there and back.
_DEMONSTRATED_REACH_S = 4.0


class Reach(Mechanic):
    """One target is active at a time; a repetition is the fingertip, or the ball of the foot, staying inside it for the
    rule's hold time.

    The order is random but seeded, and never the same target twice running.
    """

    touches = True
    cycle_s = _DEMONSTRATED_REACH_S

    def __init__(self, rule: ReachRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._pointer = pointer_of(performer)
        self._random = random.Random(performer.seed)
        places = [self._pointer.place(way, performer.root, rule.radius_m) for way in rule.targets]
        self.targets = [Target(place, rule.radius_m) for place in places]
        self._active = self._random.randrange(len(self.targets))
        self.targets[self._active].state = TargetState.ACTIVE
        self._inside_since_s: float | None = None
        self._glowing: Target | None = None
        self._glow_until_s = 0.0
        self._shown = self.targets[self._active]
        self._shown_reach = 0.0
        self._lit_s = 0.0
        self._sum_s = 0.0

    def step(self, now_s: float, body: Body) -> None:
        if self._glowing is not None and now_s >= self._glow_until_s:
            if self._glowing.state is TargetState.TOUCHED:
                self._glowing.state = TargetState.WAITING
            self._glowing = None
        if not body.has(self._pointer.joint):
            return
        target = self.targets[self._active]
        offset = body.poses[self._pointer.joint, :3] - target.position
        if not float(offset @ offset) <= target.radius_m**2:
            self._inside_since_s = None
            return
        if self._inside_since_s is None:
            self._inside_since_s = now_s
        if now_s - self._inside_since_s >= self._rule.hold_s:
            self._touched(target, now_s)

    def _touched(self, target: Target, now_s: float) -> None:
        self.repetitions += 1
        self._inside_since_s = None
        self._sum_s += now_s - self._lit_s
        self._lit_s = now_s
        target.state = TargetState.TOUCHED
        self._glowing, self._glow_until_s = target, now_s + _GLOW_S
        if len(self.targets) > 1:
            step = self._random.randrange(1, len(self.targets))
            self._active = (self._active + step) % len(self.targets)
        self.targets[self._active].state = TargetState.ACTIVE

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """There and back; the target is taken anew only at rest, so that the limb never jumps."""
        reach, into_reach_s = divmod(elapsed_s, _DEMONSTRATED_REACH_S)
        if reach != self._shown_reach:
            self._shown_reach = reach
            self._shown = self.targets[self._active]
        outward = 0.5 - 0.5 * math.cos(2 * math.pi * into_reach_s / _DEMONSTRATED_REACH_S)
        resting = self._pointer.resting(root)
        self._pointer.point(resting + outward * (self._shown.position - resting), root, into)

    def measures(self) -> dict[str, float]:
        """The mean time from a target's lighting up to its touch."""
        return {"reach_s": self._sum_s / self.repetitions} if self.repetitions else {}
