"""What a limb touches things with, the index fingertip or the ball of the foot, and how it is put somewhere."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Side, joint
from vrrehab.tasks.demonstration import DemonstratingArm, DemonstratingLeg
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import Way

Floats = NDArray[np.float64]
#: A place for a foot is at least this far over the floor.
_OVER_FLOOR_M = 0.03


class Pointer(Protocol):
    """The end of a limb that touches. joint: its index among a body's joints. All places in session space."""

    joint: int

    def place(self, way: Way, root: Floats, radius_m: float) -> Floats:
        """Where the limb's end is with its wrist or ankle at (outward, up, forward) in the limb's own lengths from its
        `root`: a place (3,), clear of the floor. Of an arm it is the fingertip itself that comes there.
        """
        ...

    def resting(self, root: Floats) -> Floats:
        """Where it is at rest, (3,)."""
        ...

    def point(self, place: Floats, root: Floats, into: Floats) -> None:
        """Write the limb, (n, 7), with its end at `place` (3,)."""
        ...


class Finger:
    def __init__(self, performer: Performer) -> None:
        self.joint = joint(performer.limb.side, "index_tip")
        self._arm = DemonstratingArm(performer.limb.side, performer.build)

    def place(self, way: Way, root: Floats, radius_m: float) -> Floats:
        return root + self._arm.place(way)

    def resting(self, root: Floats) -> Floats:
        return root + self._arm.resting

    def point(self, place: Floats, root: Floats, into: Floats) -> None:
        self._arm.pose(place - root, RELAXED, root, into)


class Foot:
    def __init__(self, performer: Performer) -> None:
        self.joint = joint(performer.limb.side, "ball")
        self._leg = DemonstratingLeg(performer.limb.side, performer.build)
        build = performer.build
        self._length_m = build.leg
        #: The ball of a level foot from its ankle.
        self._ball_m = np.array([0.0, -build.ball_below_ankle, -build.ball_before_ankle])
        self._outward = 1.0 if performer.limb.side is Side.RIGHT else -1.0

    def place(self, way: Way, root: Floats, radius_m: float) -> Floats:
        outward, up, forward = way
        place = root + self._length_m * np.array([self._outward * outward, up, -forward]) + self._ball_m
        place[1] = max(place[1], radius_m + _OVER_FLOOR_M)
        return place

    def resting(self, root: Floats) -> Floats:
        return self._leg.resting_ball(root)

    def point(self, place: Floats, root: Floats, into: Floats) -> None:
        self._leg.reach(place - root, root, into)


def pointer_of(performer: Performer) -> Pointer:
    return Finger(performer) if performer.limb.chain is Chain.ARM else Foot(performer)
