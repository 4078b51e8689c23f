"""The limbs that demonstrate: an arm or leg on the participant's own shoulder or hip, put as a movement needs."""

from __future__ import annotations

import functools
import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.ik import RESTING_ARM, RESTING_LEG, solve_arm, solve_leg
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.single import Quaternion, multiply, rotate
from vrrehab.body.skeleton import HAND_JOINTS, Side

#: Where a demonstrating fingertip rests: outward, up and forward of the shoulder in arm lengths.
_RESTING = (-0.06, -0.10, 0.98)
#: The hand is raised a little, so that its back and fingers are seen.
Turn = tuple[float, float, float, float]
_RAISED: Turn = (math.sin(math.radians(15)), 0.0, 0.0, math.cos(math.radians(15)))
_INDEX_TIP = HAND_JOINTS.index("index_tip")

_ORIGIN = (0.0, 0.0, 0.0)
_ACROSS, _AS_IT_IS = np.array([-1.0, 1.0, 1.0]), np.ones(3)
#: A thigh falls or rises by no more than this share of its length, where a chair is high or low.
_STEEPEST = 0.55


class Resting(Protocol):
    """A limb that can lie still."""

    def rest(self, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the limb at rest, hung on the shoulder or hip at `root` (3,)."""
        ...


def resting(limb: Limb, build: Build = USUAL) -> Resting:
    return DemonstratingArm(limb.side, build) if limb.chain is Chain.ARM else DemonstratingLeg(limb.side, build)


class DemonstratingArm:
    """Poses an arm. Places are given from the shoulder, so that it moves with the person."""

    def __init__(self, side: Side, build: Build = USUAL) -> None:
        self._side = side
        self._build = build
        #: How large the hand is against a usual one.
        self.size = build.arm / USUAL.arm
        self._fingertip_from_wrist = self.hand(RELAXED)[_INDEX_TIP, :3]
        #: A resting fingertip (3,) from the shoulder, in metres.
        self.resting = self.place(_RESTING)

    def hand(self, closure: float, turn: Turn = _RAISED) -> NDArray[np.float64]:
        """The joints of the hand turned by `turn` (4,), places from its wrist, (26, 7); not to be written to."""
        return _hand(self._side, round(closure, 2), self.size, turn)

    def place(self, offset: tuple[float, float, float]) -> NDArray[np.float64]:
        """(outward, up, forward) in arm lengths as metres from the shoulder in session space, (3,)."""
        outward, up, forward = offset
        sign = -1.0 if self._side is Side.LEFT else 1.0
        return self._build.arm * np.array([sign * outward, up, -forward])

    def pose(
        self,
        fingertip: NDArray[np.float64],
        closure: float,
        shoulder: NDArray[np.float64],
        into: NDArray[np.float64],
    ) -> None:
        """Write the arm, (28, 7) from shoulder to fingertips, with a relaxed hand's fingertip at
        `fingertip` from the shoulder at `shoulder` (3,).
        """
        self.pose_wrist(shoulder + fingertip - self._fingertip_from_wrist, self.hand(closure), shoulder, into)

    def pose_wrist(
        self,
        place: NDArray[np.float64],
        hand: NDArray[np.float64],
        shoulder: NDArray[np.float64],
        into: NDArray[np.float64],
    ) -> None:
        """Write the arm with a `hand` (26, 7) hung on its wrist at `place` (3,)."""
        into[2:] = hand
        into[2:, :3] += place
        into[:2] = solve_arm(shoulder.tolist(), place.tolist(), self._build, RESTING_ARM[self._side])

    def rest(self, shoulder: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self.pose(self.resting, RELAXED, shoulder, into)


@functools.lru_cache(maxsize=512)
def _hand(side: Side, closure: float, size: float, turn: Turn) -> NDArray[np.float64]:
    joints = hand_pose(side, closure)
    joints[:, :3] *= size
    joints = geometry.compose(geometry.pose((0.0, 0.0, 0.0), np.array(turn)), joints)
    joints.flags.writeable = False
    return joints


class DemonstratingLeg:
    """Poses a leg, seated and pointing ahead. Angles are those of `vrrehab.body.features`, radians."""

    def __init__(self, side: Side, build: Build = USUAL) -> None:
        self._side = side
        self._build = build
        self._ball_from_ankle = (0.0, -build.ball_below_ankle, -build.ball_before_ankle)

    def rest(self, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Seated, the sole on the floor."""
        self.pose(root, into)

    def pose(
        self,
        hip_at: NDArray[np.float64],
        into: NDArray[np.float64],
        *,
        hip: float | None = None,
        knee: float | None = None,
        ankle: float = 0.0,
        inversion: float = 0.0,
        toes: float = 0.0,
    ) -> None:
        """Write the leg, (4, 7) from hip to ball, hung on the hip at `hip_at` (3,); `rest` says what angles left out
        are, and a knee that is left out keeps the shin upright.
        """
        build = self._build
        above = (float(hip_at[1]) - build.shin - build.ankle_height) / build.thigh
        level = math.pi / 2 - math.asin(min(max(above, -_STEEPEST), _STEEPEST))
        hip = level if hip is None else hip
        knee = hip if knee is None else knee
        thigh = _about_x(hip - math.pi / 2)
        shin = multiply(thigh, _about_x(-knee))
        turned_in = (0.0, math.sin(inversion / 2), 0.0, math.cos(inversion / 2))
        foot = multiply(multiply(multiply(shin, _about_x(ankle)), turned_in), _about_x(math.pi / 2))
        place = (0.0, 0.0, 0.0)
        bones = ((thigh, (0.0, 0.0, -build.thigh)), (shin, (0.0, 0.0, -build.shin)), (foot, self._ball_from_ankle))
        for i, (turn, bone) in enumerate(bones):
            into[i] = *place, *turn
            x, y, z = rotate(turn, bone)
            place = place[0] + x, place[1] + y, place[2] + z
        into[3] = *place, *multiply(foot, _about_x(-toes))
        if self._side is Side.LEFT:
            geometry.mirror(into, out=into)
        into[:, :3] += hip_at

    def reach(self, ball: NDArray[np.float64], hip_at: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the leg with the ball of its foot at `ball` (3,) from the hip at `hip_at` (3,), the foot level."""
        across = _ACROSS if self._side is Side.LEFT else _AS_IT_IS
        ankle = geometry.pose(ball * across - self._ball_from_ankle, geometry.IDENTITY[3:])
        into[:2] = solve_leg(_ORIGIN, ankle.tolist(), self._build, RESTING_LEG[Side.RIGHT])
        into[2:] = ankle
        into[3, :3] = ball * across
        if self._side is Side.LEFT:
            geometry.mirror(into, out=into)
        into[:, :3] += hip_at

    def resting_ball(self, hip_at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the ball of the foot is at rest, (3,), for a hip at `hip_at` (3,)."""
        into = np.empty((4, 7))
        self.rest(hip_at, into)
        return into[3, :3]


def _about_x(angle: float) -> Quaternion:
    return math.sin(angle / 2), 0.0, 0.0, math.cos(angle / 2)
