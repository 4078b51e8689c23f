"""From the torso, the pelvis and the legs of a body to the matrices that bend the avatar's trunk and legs; numpy alone.

The companion of `vrrehab.body.rig`, which bends the arms. Legs that nobody tracks are drawn seated, feet on the floor:
that is a picture and no measurement, and is written to no body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.rig import MIRROR, MIRROR_POSE, across, bound
from vrrehab.body.single import Vector, rotate
from vrrehab.body.skeleton import LEG, PELVIS, TORSO, Side, joint
from vrrehab.geometry import rotation_matrices

Floats = NDArray[np.float64]

#: The bones of the trunk and of the legs, in the order of their matrices.
TRUNK_BONES: tuple[str, ...] = ("pelvis", "chest")
LEG_BONES: tuple[str, ...] = ("thigh", "shin", "foot", "ball")
TRUNK_COUNT = len(TRUNK_BONES) + 2 * len(LEG_BONES)

_LEFT_SHOULDER, _RIGHT_SHOULDER = (joint(side, "shoulder") for side in Side)
_LEGS = tuple((i, LEG[side], (1.0, -1.0)[i]) for i, side in enumerate(Side))
#: A trunk is drawn no more than this much longer, shorter, wider or narrower than the avatar's.
_STRETCH = (0.75, 1.35)
#: Seated, the knees are this far outside the hips and the feet this far out again, in shares of the bone.
_KNEES_OUT, _FEET_OUT, _TOES_OUT = 0.12, 0.03, 0.20
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)
_FLAT = np.array([1.0, 0.0, 1.0])
#: Legs are solved as left legs, as the arms are (see `vrrehab.body.rig`); the trunk is as it is.
_FROM_LEFT = np.ones((TRUNK_COUNT, 4, 4))
_FROM_LEFT[6:] = MIRROR


@dataclass(frozen=True, slots=True)
class RestTrunk:
    """Pelvis and chest (3,) of the avatar at rest, between hips and between shoulders; its left shoulder (3,); and its
    left leg: `heads` (4, 3) and `frames` (4, 3, 3) of LEG_BONES, -Z along the bone and +Y out of its front, `toe` (3,).
    """

    pelvis: Floats
    chest: Floats
    shoulder: Floats
    heads: Floats
    frames: Floats
    toe: Floats


class TrunkRig:
    """Poses trunk and legs: TRUNK_COUNT matrices for row vectors, from the rest pose to the space of the joints."""

    def __init__(self, rest: RestTrunk) -> None:
        self._rest = rest
        ends = np.vstack([rest.heads[1:], rest.toe])
        lengths = np.linalg.norm(ends - rest.heads, axis=1)
        self._thigh, self._shin, self._foot, _ = lengths.tolist()
        self._per_length = -1.0 / lengths[:3, None]
        legs = bound(rest.heads, rest.frames)
        trunk = bound(np.stack([rest.pelvis, rest.chest]), np.stack([np.eye(3)] * 2))
        self._bound = np.concatenate([trunk, legs, legs])
        self._hip_from_pelvis = (rest.heads[0] - rest.pelvis).tolist()
        self._ankle_height, self._ball_height = rest.heads[2:, 1].tolist()
        self._breadth = 2.0 * abs(float(rest.shoulder[0]))
        self._height = float(rest.chest[1] - rest.pelvis[1])
        # Pelvis, torso and both legs, as left ones: their poses, their frames and the ways along the legs' bones.
        self._poses = np.empty((TRUNK_COUNT, 7))
        self._legs = self._poses[2:].reshape(2, 4, 7)
        self._along = np.empty((2, 4, 3))
        self._frames = np.zeros((TRUNK_COUNT, 4, 4))
        self._frames[:, 3, 3] = 1.0

    def pose(self, poses: Floats, palette: NDArray[np.float32]) -> bool:
        """Write the trunk and both legs of a body, `poses` (JOINT_COUNT, 7), to `palette` (TRUNK_COUNT, 4, 4).

        Pelvis and chest first, then the left and the right leg. Returns whether pelvis and torso were there; without
        them the matrices stay as they were.
        """
        torso, pelvis = poses[TORSO].tolist(), poses[PELVIS].tolist()
        if not math.isfinite(sum(torso) + sum(pelvis)):
            return False
        size = self._size(poses, torso, pelvis)
        self._poses[:2] = pelvis, torso
        for i, joints, outward in _LEGS:
            leg = poses[joints]
            if math.isfinite(np.add.reduce(leg, axis=None)):
                self._legs[i] = leg if outward > 0.0 else leg * MIRROR_POSE
            else:
                x, y, z, qx, qy, qz, qw = pelvis
                self._legs[i] = self._seated((outward * x, y, z, qx, outward * qy, outward * qz, qw), size)
        np.multiply(self._solved(size), _FROM_LEFT, out=palette)
        return True

    def _size(self, poses: Floats, torso: list[float], pelvis: list[float]) -> Vector:
        """How much wider, taller and deeper than the avatar's the body's trunk is."""
        wide = math.dist(poses[_LEFT_SHOULDER, :3].tolist(), poses[_RIGHT_SHOULDER, :3].tolist()) / self._breadth
        tall = math.dist(torso[:3], pelvis[:3]) / self._height
        if not math.isfinite(wide):
            wide = tall
        return _within(wide), _within(tall), _within(math.sqrt(wide * tall))

    def _seated(self, pelvis: Sequence[float], size: Vector) -> tuple[tuple[float, ...], ...]:
        """A left leg (4, 7) seated on its pelvis (7,): shin upright, sole on the floor at y = 0."""
        wide, tall, deep = size
        thigh, shin, foot = self._thigh * wide, self._shin * wide, self._foot * wide
        right, up, back = self._hip_from_pelvis
        x, y, z = rotate(pelvis[3:], (right * wide, up * tall, back * deep))
        hip = x, y, z = pelvis[0] + x, pelvis[1] + y, pelvis[2] + z
        drop = min(max(y - (self._ankle_height * wide + shin), -0.6 * thigh), 0.6 * thigh)
        forward = math.sqrt(thigh**2 - drop**2 - (_KNEES_OUT * thigh) ** 2)
        knee = x, y, z = x - _KNEES_OUT * thigh, y - drop, z - forward
        ankle = x, y, z = x - _FEET_OUT * shin, y - math.sqrt(1.0 - _FEET_OUT**2) * shin, z
        fall = (self._ankle_height - self._ball_height) * wide
        flat = math.sqrt(max(foot**2 - fall**2, 0.0))
        ball = x - _TOES_OUT * flat, y - fall, z - math.sqrt(1.0 - _TOES_OUT**2) * flat
        # Only the axis to the right is read from a rotation; see `_solved`.
        return (*hip, *_UPRIGHT), (*knee, *_UPRIGHT), (*ankle, *_UPRIGHT), (*ball, *_UPRIGHT)

    def _solved(self, size: Vector) -> Floats:
        """Row-vector matrices (TRUNK_COUNT, 4, 4): the trunk as large as the body's, the legs aimed from joint to joint
        and as long.
        """
        frames, legs, along = self._frames, self._frames[2:].reshape(2, 4, 4, 4), self._along
        axes = rotation_matrices(self._poses[:, 3:]).swapaxes(1, 2)
        frames[:, 3, :3] = self._poses[:, :3]
        np.multiply(axes[:2], np.array(size)[:, None], out=frames[:2, :3, :3])

        points = self._legs[..., :3]
        np.subtract(points[:, 1:], points[:, :-1], out=along[:, :3])
        # Toes lie flat in front of the ball, as the foot points.
        np.multiply(along[:, 2], _FLAT, out=along[:, 3])
        z = along / -np.maximum(np.sqrt(np.add.reduce(along * along, axis=2, keepdims=True)), 1e-6)
        across(axes[2:, 0].reshape(2, 4, 3), z, size[0], legs)
        np.multiply(along[:, :3], self._per_length, out=legs[:, :3, 2, :3])
        np.multiply(z[:, 3], size[0], out=legs[:, 3, 2, :3])
        return self._bound @ frames


def _within(stretch: float) -> float:
    return min(max(stretch, _STRETCH[0]), _STRETCH[1])
