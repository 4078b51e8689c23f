"""From the torso, the pelvis and the legs of a body to the matrices that bend the avatar's trunk and legs; numpy alone.

The companion of `vrrehab.body.rig`, which bends the arms. Legs that nobody tracks are drawn seated, feet on the floor:
that is a picture and no measurement, and is written to no body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import LEG, PELVIS, TORSO, Side, joint
from vrrehab.geometry import cross, rotation_matrices

Floats = NDArray[np.float64]

#: The bones of the trunk and of the legs, in the order of their matrices.
TRUNK_BONES: tuple[str, ...] = ("pelvis", "chest")
LEG_BONES: tuple[str, ...] = ("thigh", "shin", "foot", "ball")
TRUNK_COUNT = len(TRUNK_BONES) + 2 * len(LEG_BONES)

_HIPS = [joint(side, "hip") for side in Side]
_SHOULDERS = [joint(side, "shoulder") for side in Side]
#: A trunk is drawn no more than this much longer, shorter, wider or narrower than the avatar's.
_STRETCH = (0.75, 1.35)
#: Seated, the knees are this far outside the hips and the feet this far out again, in shares of the bone.
_KNEES_OUT, _FEET_OUT, _TOES_OUT = 0.12, 0.03, 0.20
_MIRROR = np.outer([-1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, 1.0])
_MIRROR_POSE = np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0])


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
        self._lengths = np.linalg.norm(ends - rest.heads, axis=1)
        self._bound = _translated(-rest.heads) @ _turned(rest.frames)
        self._legs = np.empty((2, 4, 7))
        self._hip_from_pelvis = rest.heads[0] - rest.pelvis

    def pose(self, poses: Floats, palette: NDArray[np.float32]) -> bool:
        """Write the trunk and both legs of a body, `poses` (JOINT_COUNT, 7), to `palette` (TRUNK_COUNT, 4, 4).

        Pelvis and chest first, then the left and the right leg. Returns whether pelvis and torso were there; without
        them the matrices stay as they were.
        """
        torso, pelvis = poses[TORSO], poses[PELVIS]
        if not (np.isfinite(torso).all() and np.isfinite(pelvis).all()):
            return False
        size = self._size(poses)
        turn = rotation_matrices(np.stack([pelvis[3:], torso[3:]])) * size
        for i, (at, rest) in enumerate(((pelvis, self._rest.pelvis), (torso, self._rest.chest))):
            palette[i, :3, :3] = turn[i].T
            palette[i, 3, :3] = at[:3] - rest @ turn[i].T
            palette[i, :3, 3], palette[i, 3, 3] = 0.0, 1.0
        for i, side in enumerate(Side):
            leg = poses[LEG[side]]
            if np.isfinite(leg).all():
                self._legs[i] = leg if side is Side.LEFT else leg * _MIRROR_POSE
            else:
                self._seat(self._legs[i], pelvis if side is Side.LEFT else pelvis * _MIRROR_POSE, size)
        legs = self._solved(size[0])
        palette[2:6] = legs[0]
        palette[6:10] = legs[1] * _MIRROR
        return True

    def _size(self, poses: Floats) -> Floats:
        """How much wider, taller and deeper than the avatar's the body's trunk is, (3,)."""
        rest = self._rest
        left, right = poses[_SHOULDERS, :3]
        wide = np.sqrt(((right - left) ** 2).sum()) / (2.0 * abs(rest.shoulder[0]))
        tall = np.sqrt(((poses[TORSO, :3] - poses[PELVIS, :3]) ** 2).sum()) / (rest.chest[1] - rest.pelvis[1])
        if not np.isfinite(wide):
            wide = tall
        return np.clip(np.array([wide, tall, np.sqrt(wide * tall)]), *_STRETCH)

    def _seat(self, leg: Floats, pelvis: Floats, size: Floats) -> None:
        """A left leg (4, 7) seated on its pelvis (7,): shin upright, sole on the floor at y = 0."""
        thigh, shin, foot, _ = self._lengths * size[0]
        hip = pelvis[:3] + rotation_matrices(pelvis[3:]) @ (self._hip_from_pelvis * size)
        ankle_height = self._rest.heads[2, 1] * size[0]
        drop = np.clip(hip[1] - (ankle_height + shin), -0.6 * thigh, 0.6 * thigh)
        forward = np.sqrt(thigh**2 - drop**2 - (_KNEES_OUT * thigh) ** 2)
        knee = hip + np.array([-_KNEES_OUT * thigh, -drop, -forward])
        ankle = knee + np.array([-_FEET_OUT * shin, -shin * np.sqrt(1.0 - _FEET_OUT**2), 0.0])
        fall = self._rest.heads[2, 1] - self._rest.heads[3, 1]
        flat = np.sqrt(max(foot**2 - (fall * size[0]) ** 2, 0.0))
        out = np.array([-_TOES_OUT, 0.0, -np.sqrt(1.0 - _TOES_OUT**2)])
        leg[:, :3] = hip, knee, ankle, ankle + flat * out - [0.0, fall * size[0], 0.0]
        # Only the axis to the right is read from a rotation; see `_solved`.
        leg[:, 3:] = 0.0, 0.0, 0.0, 1.0

    def _solved(self, size: float) -> Floats:
        """Row-vector matrices (2, 4, 4, 4) of the legs, as left legs: aimed from joint to joint and as long."""
        points = self._legs[:, :, :3]
        right = rotation_matrices(self._legs[:, :, 3:])[..., 0]
        along = np.empty((2, 4, 3))
        along[:, :3] = points[:, 1:] - points[:, :-1]
        # Toes lie flat in front of the ball, as the foot points.
        along[:, 3] = along[:, 2] * [1.0, 0.0, 1.0]
        lengths = np.maximum(np.sqrt((along * along).sum(axis=2)), 1e-6)
        z = along / -lengths[..., None]
        x = right - (right * z).sum(axis=2, keepdims=True) * z
        x /= np.sqrt((x * x).sum(axis=2, keepdims=True))
        frames = np.empty((2, 4, 4, 4))
        frames[..., :, 3], frames[..., 3, :3] = (0.0, 0.0, 0.0, 1.0), points
        frames[..., 0, :3] = x * size
        frames[..., 1, :3] = cross(z, x) * size
        frames[..., 2, :3] = z * size
        frames[:, :3, 2, :3] *= (lengths[:, :3] / (size * self._lengths[:3]))[..., None]
        return self._bound @ frames


def _translated(by: Floats) -> Floats:
    """Row-vector matrices (n, 4, 4) that move by (n, 3)."""
    out = np.tile(np.eye(4), (len(by), 1, 1))
    out[:, 3, :3] = by
    return out


def _turned(frames: Floats) -> Floats:
    """Row-vector matrices (n, 4, 4) that express points in `frames` (n, 3, 3), axes in columns."""
    out = np.tile(np.eye(4), (len(frames), 1, 1))
    out[:, :3, :3] = frames
    return out
