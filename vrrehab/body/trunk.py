"""From the torso, the pelvis and the legs of a body to the matrices that bend the avatar's trunk and legs; numpy alone.

The companion of `vrrehab.body.rig`, which bends the arms, and alike: thigh and shin are two bones each, so that the
skin twists all along them, and every bone reaches from its joint to the next. Legs that nobody tracks are drawn seated,
feet on the floor: that is a picture and no measurement, and is written to no body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.rig import MIRROR, MIRROR_POSE, Axes, Turned, across, bound, turned, twist
from vrrehab.body.single import Vector, dot, rotate
from vrrehab.body.skeleton import LEG, PELVIS, TORSO, Side, joint
from vrrehab.geometry import IDENTITY, rotation_matrices

Floats = NDArray[np.float64]

#: The bones of the trunk and of the legs, in the order of their matrices. A toe's first bone begins at the ball.
TRUNK_BONES: tuple[str, ...] = ("pelvis", "chest")
TOES: tuple[str, ...] = ("big_toe", "toe_2", "toe_3", "toe_4", "little_toe")
LEG_BONES: tuple[str, ...] = (
    "thigh_1", "thigh_2", "shin_1", "shin_2", "foot",
    *(f"{toe}_{bone}" for toe in TOES for bone in ("proximal", "distal")),
)  # fmt: skip
TRUNK_COUNT = len(TRUNK_BONES) + 2 * len(LEG_BONES)

_LEFT_SHOULDER, _RIGHT_SHOULDER = (joint(side, "shoulder") for side in Side)
_LEGS = np.array([range(LEG[side].start, LEG[side].stop) for side in Side])
#: By leg: which way along +X is outward, of what is reflected to be a left leg.
_OUTWARD = (1.0, -1.0)
_AS_LEFT_LEGS = np.stack([np.ones(7), MIRROR_POSE])[:, None]
#: The joints at which each bone's segment begins and ends, and then the ball, which carries the toes. Behind a leg's
#: joints comes the pelvis, from which the thigh turns.
_BEGIN, _END = np.array([0, 0, 1, 1, 2, 3]), np.array([1, 1, 2, 2, 3])
_AIMED, _BALL, _TOE_BONES = slice(0, 5), 5, slice(5, None)
_PELVIS_OF_LEG = 4
#: How far each bone follows the turn of the segment about its own axis: the thigh's from the pelvis to the knee, the
#: shin's from the knee to the ankle.
_THIGH_SHARE, _SHIN_SHARES = 0.5, (0.25, 0.70)

#: Toes that curl bend at their own joints too, big toe to little toe, in shares of the bend at the ball: who clenches
#: them bends all their joints, and nothing tracks more than one.
_TOES_FOLLOW, _MOST_CURL_DEG = (0.9, 1.4, 1.4, 1.3, 1.2), 60

#: A trunk is drawn no more than this much longer, shorter, wider or narrower than the avatar's.
_STRETCH = (0.75, 1.35)
#: Seated, the knees are this far outside the hips and the feet this far out again, in shares of the bone.
_KNEES_OUT, _FEET_OUT, _TOES_OUT = 0.12, 0.03, 0.20
#: Shoulders that reach or lag behind make a trunk wider and narrower by so much, and no leg grows or shrinks with it.
_SAME_SIZE = 0.03
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)
#: The toes of a left foot flat on the floor, pointing that far out.
_FLAT = (0.0, math.sin(math.asin(_TOES_OUT) / 2), 0.0, math.cos(math.asin(_TOES_OUT) / 2))
#: Legs are solved as left legs, as the arms are (see `vrrehab.body.rig`); the trunk is as it is.
_FROM_LEFT = np.ones((TRUNK_COUNT, 4, 4))
_FROM_LEFT[len(TRUNK_BONES) + len(LEG_BONES) :] = MIRROR
#: Where each leg's bones are among the matrices.
_BONES_OF = {
    side: slice(len(TRUNK_BONES) + i * len(LEG_BONES), len(TRUNK_BONES) + (i + 1) * len(LEG_BONES))
    for i, side in enumerate(Side)
}


@dataclass(frozen=True, slots=True)
class RestTrunk:
    """Pelvis and chest (3,) of the avatar at rest, between hips and between shoulders; its left shoulder (3,); and its
    left leg: `heads` (15, 3) and `frames` (15, 3, 3) of LEG_BONES, -Z along the bone and +Y out of its front.
    """

    pelvis: Floats
    chest: Floats
    shoulder: Floats
    heads: Floats
    frames: Floats

    @property
    def joints(self) -> Floats:
        """Hip, knee, ankle and ball, (4, 3); the ball is between the joints of the toes."""
        return np.vstack([self.heads[[0, 2, 4]], self.heads[_TOE_BONES][::2].mean(axis=0)])


class TrunkRig:
    """Poses trunk and legs: TRUNK_COUNT matrices for row vectors, from the rest pose to the space of the joints.

    Legs that nobody tracks stay where they were seated until the pelvis moves or the trunk becomes another size.
    """

    def __init__(self, rest: RestTrunk) -> None:
        self._rest = rest
        joints = rest.joints
        along = joints[_END] - joints[_BEGIN[_AIMED]]
        lengths = np.linalg.norm(along, axis=1, keepdims=True)
        self._thigh, self._shin, self._foot = lengths[[0, 2, 4], 0].tolist()
        self._per_length = -1.0 / lengths
        rows = np.empty((6, 3, 3))
        rows[_AIMED, 2] = along / -lengths
        # At rest the toes lie flat in front of the ball, as the foot points.
        rows[_BALL, 2] = rows[4, 2] * [1.0, 0.0, 1.0] / np.linalg.norm(rows[4, 2, [0, 2]])
        across(rest.frames[[1, 1, 3, 3, 4, 4], :, 0], rows[:, 2], 1.0, rows)
        self._hung = rows[0]
        self._shin_twist = twist(rows[2].tolist(), rows[4].tolist())
        legs = bound(joints[_BEGIN], rows.swapaxes(1, 2))
        self._bound_trunk = bound(np.stack([rest.pelvis, rest.chest]), np.stack([np.eye(3)] * 2))
        self._bound, self._bound_ball = legs[_AIMED], legs[_BALL]
        self._toes_by_deg = np.stack([self._curled(math.radians(degrees)) for degrees in range(_MOST_CURL_DEG + 1)])
        self._toes = np.empty((2, 2 * len(TOES), 4, 4))
        self._seat: tuple[list[float], float] | None = None

        self._hip_from_pelvis = float(rest.heads[0, 0] - rest.pelvis[0])
        self._ankle_height, self._ball_height = joints[2:, 1].tolist()
        self._breadth = 2.0 * abs(float(rest.shoulder[0]))
        self._height = float(rest.chest[1] - rest.pelvis[1])
        # The trunk's poses, and both legs' as left ones; their frames; what bends the skin.
        self._trunk, self._legs = np.empty((2, 7)), np.empty((2, 5, 7))
        self._trunk_frames, self._frames = np.zeros((2, 4, 4)), np.zeros((2, 6, 4, 4))
        self._trunk_frames[..., 3, 3] = self._frames[..., 3, 3] = 1.0
        self._out = np.empty((TRUNK_COUNT, 4, 4))
        self._leg_out = self._out[len(TRUNK_BONES) :].reshape(2, len(LEG_BONES), 4, 4)

    def _curled(self, curl_rad: float) -> Floats:
        """The toes' matrices (10, 4, 4) to the frame of the ball, where the ball is bent so far towards the sole."""
        into = bound(self._rest.heads[_TOE_BONES], self._rest.frames[_TOE_BONES])
        angle = np.outer(_TOES_FOLLOW, [0.0, curl_rad]).reshape(-1)
        turn = np.tile(np.eye(4), (len(angle), 1, 1))
        turn[:, 1, 1] = turn[:, 2, 2] = np.cos(angle)
        turn[:, 1, 2] = -np.sin(angle)
        turn[:, 2, 1] = np.sin(angle)
        bent = into @ turn @ np.linalg.inv(into)
        bent[1::2] = bent[1::2] @ bent[::2]
        return np.matmul(bent, self._bound_ball)

    def pose(self, poses: Floats, palette: NDArray[np.float32]) -> bool:
        """Write the trunk and both legs of a body, `poses` (JOINT_COUNT, 7), to `palette` (TRUNK_COUNT, 4, 4).

        Pelvis and chest first, then the left and the right leg. Returns whether pelvis and torso were there; without
        them the matrices stay as they were.
        """
        torso, pelvis = poses[TORSO].tolist(), poses[PELVIS].tolist()
        if not math.isfinite(sum(torso) + sum(pelvis)):
            return False
        size = self._size(poses, torso, pelvis)
        self._bend_trunk(torso, pelvis, size)
        legs = poses.take(_LEGS, axis=0)
        seen = [math.isfinite(total) for total in np.add.reduce(legs, axis=(1, 2)).tolist()]
        if any(seen) or not self._still_seated(pelvis, size[0]):
            self._seat = None if any(seen) else (pelvis, size[0])
            np.multiply(legs, _AS_LEFT_LEGS, out=self._legs[:, :_PELVIS_OF_LEG])
            for leg, outward, tracked in zip(self._legs, _OUTWARD, seen, strict=True):
                x, y, z, qx, qy, qz, qw = pelvis
                leg[_PELVIS_OF_LEG] = as_left = outward * x, y, z, qx, outward * qy, outward * qz, qw
                if not tracked:
                    leg[:_PELVIS_OF_LEG] = self._seated(as_left, size[0])
            self._bend_legs(size[0])
        np.multiply(self._out, _FROM_LEFT, out=palette)
        return True

    def pose_leg(self, side: Side, leg: Floats, palette: NDArray[np.float32]) -> bool:
        """Write one leg alone, `leg` (4, 7) from hip to ball as of a person who sits upright and faces ahead, to its
        place in `palette`; see `pose`. Returns whether it was there.
        """
        if not math.isfinite(np.add.reduce(leg, axis=None)):
            return False
        self._legs[:, :_PELVIS_OF_LEG] = leg if side is Side.LEFT else leg * MIRROR_POSE
        self._legs[:, _PELVIS_OF_LEG] = IDENTITY
        self._seat = None
        self._bend_legs(1.0)
        one = _BONES_OF[side]
        np.multiply(self._out[one], _FROM_LEFT[one], out=palette[one])
        return True

    def _size(self, poses: Floats, torso: list[float], pelvis: list[float]) -> Vector:
        """How much wider, taller and deeper than the avatar's the body's trunk is."""
        wide = math.dist(poses[_LEFT_SHOULDER, :3].tolist(), poses[_RIGHT_SHOULDER, :3].tolist()) / self._breadth
        tall = math.dist(torso[:3], pelvis[:3]) / self._height
        if not math.isfinite(wide):
            wide = tall
        return _within(wide), _within(tall), _within(math.sqrt(wide * tall))

    def _still_seated(self, pelvis: list[float], size: float) -> bool:
        """Whether legs that nobody tracks, `size` times the avatar's on this pelvis, are where they were seated."""
        return self._seat is not None and pelvis == self._seat[0] and abs(size - self._seat[1]) < _SAME_SIZE

    def _seated(self, pelvis: Sequence[float], size: float) -> tuple[tuple[float, ...], ...]:
        """A left leg (4, 7), `size` times the avatar's, seated on its pelvis (7,): shin upright, sole on the floor at
        y = 0.
        """
        thigh, shin, foot = self._thigh * size, self._shin * size, self._foot * size
        x, y, z = rotate(pelvis[3:], (self._hip_from_pelvis * size, 0.0, 0.0))
        hip = x, y, z = pelvis[0] + x, pelvis[1] + y, pelvis[2] + z
        drop = min(max(y - (self._ankle_height * size + shin), -0.6 * thigh), 0.6 * thigh)
        forward = math.sqrt(thigh**2 - drop**2 - (_KNEES_OUT * thigh) ** 2)
        knee = x, y, z = x - _KNEES_OUT * thigh, y - drop, z - forward
        ankle = x, y, z = x - _FEET_OUT * shin, y - math.sqrt(1.0 - _FEET_OUT**2) * shin, z
        fall = (self._ankle_height - self._ball_height) * size
        flat = math.sqrt(max(foot**2 - fall**2, 0.0))
        ball = x - _TOES_OUT * flat, y - fall, z - math.sqrt(1.0 - _TOES_OUT**2) * flat
        # Only the axis to the right is read from a rotation, and all of the ball's; see `_bend_legs`.
        return (*hip, *_UPRIGHT), (*knee, *_UPRIGHT), (*ankle, *_UPRIGHT), (*ball, *_FLAT)

    def _bend_trunk(self, torso: list[float], pelvis: list[float], size: Vector) -> None:
        """Row-vector matrices of pelvis and chest, as large as the body's."""
        frames = self._trunk_frames
        self._trunk[:] = pelvis, torso
        frames[:, 3, :3] = self._trunk[:, :3]
        np.multiply(
            rotation_matrices(self._trunk[:, 3:]).swapaxes(1, 2), np.array(size)[:, None], out=frames[:, :3, :3]
        )
        np.matmul(self._bound_trunk, frames, out=self._out[: len(TRUNK_BONES)])

    def _bend_legs(self, size: float) -> None:
        """Row-vector matrices of the legs, aimed from joint to joint and as long, and as thick as `size` says."""
        axes = rotation_matrices(self._legs[..., 3:]).swapaxes(2, 3)  # axes in rows, as in all that follows
        frames = self._frames
        points = self._legs[..., :3]
        begins = points[:, _BEGIN]
        along = points[:, _END] - begins[:, _AIMED]
        lengths = np.sqrt(np.vecdot(along, along))[..., None]
        across(axes[:, _BEGIN[_AIMED], 0], along / -np.maximum(lengths, 1e-6), size, frames[:, _AIMED])
        np.multiply(along, self._per_length, out=frames[:, _AIMED, 2, :3])
        # The toes lie as the ball of the foot is turned.
        np.multiply(axes[:, 3], size, out=frames[:, _BALL, :3, :3])
        frames[..., 3, :3] = begins

        hung = (self._hung @ axes[:, _PELVIS_OF_LEG]).tolist()
        aimed = frames[:, 1:5, :2, :3].tolist()
        frames[:, :4, :2, :3] = [
            self._twisted(above, leg[0], leg[1], leg[3]) for above, leg in zip(hung, aimed, strict=True)
        ]
        np.matmul(self._bound, frames[:, _AIMED], out=self._leg_out[:, _AIMED])
        for toes, (foot, ball) in zip(self._toes, axes[:, 2:4].tolist(), strict=True):
            toes[:] = self._toes_by_deg[_curl_deg(foot, ball)]
        np.matmul(self._toes, frames[:, _BALL:], out=self._leg_out[:, _TOE_BONES])

    def _twisted(self, hung: Axes, thigh: Axes, shin: Axes, foot: Axes) -> tuple[Turned, Turned, Turned, Turned]:
        """The leg's four long bones, each turned about itself."""
        at_hip = -twist(hung, thigh)
        at_ankle = math.remainder(twist(shin, foot) - self._shin_twist, 2.0 * math.pi)
        return (
            turned(thigh, _THIGH_SHARE * at_hip),
            turned(thigh, 0.0),
            turned(shin, _SHIN_SHARES[0] * at_ankle),
            turned(shin, _SHIN_SHARES[1] * at_ankle),
        )


def _curl_deg(foot: Axes, ball: Axes) -> int:
    """How far the ball is bent towards the sole (`features.toe_curl`), in whole degrees from 0 to `_MOST_CURL_DEG`."""
    curl = math.degrees(math.atan2(dot(ball[2], foot[1]), dot(ball[2], foot[2])))
    return min(max(round(curl), 0), _MOST_CURL_DEG)


def _within(stretch: float) -> float:
    return min(max(stretch, _STRETCH[0]), _STRETCH[1])
