"""From the joints of a body to the matrices that bend the avatar's arms; numpy alone.

What is drawn is what is recorded: every bone begins at its joint and ends at the next one, stretched where the avatar's
own bone is longer or shorter, and is as thick as the hand is large. Nothing is smoothed, held or guessed here, and
nothing is remembered from frame to frame.

Both arms are solved as left arms: the right one is reflected on the way in and its matrices on the way out. Changing
signs is exact, and so the arms of a mirrored body are mirror images to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import ARM, FINGERS, HAND_JOINTS, TORSO, Side
from vrrehab.geometry import rotation_matrices

Floats = NDArray[np.float64]

ARM_JOINTS: tuple[str, ...] = ("shoulder", "elbow", *HAND_JOINTS)

#: The bones of one arm, in the order of its matrices. Hand bones are named for the joint at which they begin.
ARM_BONES: tuple[str, ...] = (
    "upper_arm_1", "upper_arm_2", "forearm_1", "forearm_2", "wrist",
    *(f"{finger}_metacarpal" for finger in FINGERS),
    "thumb_metacarpal", "thumb_proximal", "thumb_distal",
    *(f"{finger}_{bone}" for finger in FINGERS for bone in ("proximal", "intermediate", "distal")),
)  # fmt: skip
BONE_COUNT = len(ARM_BONES)

_HAND_BONES = ARM_BONES[5:]
#: The joint at which each segment begins and ends: upper arm, forearm, then the bones of the hand.
_BEGIN = np.array([0, 1, *(ARM_JOINTS.index(name) for name in _HAND_BONES)])
_END = np.array([1, ARM_JOINTS.index("wrist"), *(_BEGIN[2:] + 1)])
_WRIST = ARM_JOINTS.index("wrist")
#: The joints whose orientation is used: each segment's first, and the wrist.
_FRAMED = np.array([*_BEGIN, _WRIST])
#: The joint that each bone is bound to.
_BOUND_TO = np.array([0, 0, 1, 1, _WRIST, *_BEGIN[2:]])

#: How far each bone follows the turn of the segment about its own axis: the upper arm's from the torso to the elbow,
#: the forearm's from the elbow to the wrist.
_UPPER_SHARE, _FORE_SHARES = 0.5, (0.25, 0.70)
#: The forearm turns further one way (palm up) than the other; the cut of the circle lies opposite the middle.
_FORE_MIDDLE_RAD = np.radians(-42.0)
#: A hand so far from the avatar's size is a fault of tracking; the skin's thickness follows no further.
_THICKNESS = (0.6, 1.6)

_MIRROR_POSE = np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0])
_MIRROR = np.outer([-1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class RestArm:
    """The left arm of the avatar at rest: `heads` (BONE_COUNT, 3) metres; `frames` (BONE_COUNT, 3, 3), axes in
    columns, -Z along the bone and +Y on its back; `tips` (5, 3), thumb to little finger. The right is its mirror image.
    """

    heads: Floats
    frames: Floats
    tips: Floats


def _twist(rotation: Floats) -> Floats:
    """The angle (...,) of the part of rotations (..., 3, 3) that turns about Z, whatever they swing it to.

    2 atan2(q_z, q_w) of the swing-twist decomposition, in terms of the matrix.
    """
    return np.arctan2(rotation[..., 1, 0] - rotation[..., 0, 1], rotation[..., 0, 0] + rotation[..., 1, 1])


class ArmRig:
    """Poses the avatar's arms: (BONE_COUNT, 4, 4) matrices each, from the rest pose to the space of the joints."""

    def __init__(self, rest: RestArm) -> None:
        joints = np.full((len(ARM_JOINTS), 3), np.nan)
        joints[0], joints[1] = rest.heads[0], rest.heads[2]
        joints[_WRIST], joints[_BEGIN[2:]] = rest.heads[4], rest.heads[5:]
        tips = [ARM_JOINTS.index(f"{finger}_tip") for finger in ("thumb", *FINGERS)]
        joints[tips] = rest.tips

        along = joints[_END] - joints[_BEGIN]
        self._lengths = np.linalg.norm(along, axis=1)
        frames = rest.frames.copy()
        # The two bones of a segment lie in one line only roughly; the segment turns as one about its own line.
        for bones, segment in (((0, 1), 0), ((2, 3), 1)):
            frames[list(bones)] = _aimed(rest.frames[bones[-1], :, 0], -along[segment] / self._lengths[segment])
        self._upper, self._fore = frames[0], frames[2]
        self._fore_twist = float(_twist(self._fore.T @ frames[4]))
        self._anchors = joints[_BOUND_TO]
        self._frames = frames
        self._both = np.empty((2, len(ARM_JOINTS), 7))
        self._girdles = np.empty((2, 4))
        self._one = np.empty((1, len(ARM_JOINTS), 7))
        self._upright = np.array([[0.0, 0.0, 0.0, 1.0]])

    def pose(self, poses: Floats, palette: NDArray[np.float32]) -> tuple[bool, bool]:
        """Write both arms of a body, `poses` (JOINT_COUNT, 7), to `palette` (2 BONE_COUNT or more, 4, 4), left first.

        The matrices are for row vectors, as Panda3D keeps them. Returns for left and right whether the arm was seen
        from shoulder to fingertips; the matrices of an arm that was not are left as they were.
        """
        both = self._both
        both[0] = poses[ARM[Side.LEFT]]
        np.multiply(poses[ARM[Side.RIGHT]], _MIRROR_POSE, out=both[1])
        torso = poses[TORSO, 3:]
        self._girdles[0] = torso if np.isfinite(torso[0]) else self._upright[0]
        np.multiply(self._girdles[0], _MIRROR_POSE[3:], out=self._girdles[1])
        left, right = bool(np.isfinite(both[0]).all()), bool(np.isfinite(both[1]).all())
        if left or right:
            matrices = self._solved(both, self._girdles)
            if left:
                palette[:BONE_COUNT] = matrices[0]
            if right:
                palette[BONE_COUNT : 2 * BONE_COUNT] = matrices[1] * _MIRROR
        return left, right

    def pose_arm(self, side: Side, arm: Floats, palette: NDArray[np.float32]) -> bool:
        """Write one arm alone, `arm` (28, 7) from shoulder to fingertips, to its place in `palette`; see `pose`."""
        if side is Side.LEFT:
            self._one[0] = arm
        else:
            np.multiply(arm, _MIRROR_POSE, out=self._one[0])
        if not np.isfinite(self._one).all():
            return False
        matrices = self._solved(self._one, self._upright)[0]
        if side is Side.LEFT:
            palette[:BONE_COUNT] = matrices
        else:
            palette[BONE_COUNT : 2 * BONE_COUNT] = matrices * _MIRROR
        return True

    def _solved(self, arms: Floats, girdles: Floats) -> Floats:
        """Row-vector matrices (n, BONE_COUNT, 4, 4) of left arms (n, 28, 7) on torsos turned by `girdles` (n, 4)."""
        count = len(arms)
        points = arms[:, :, :3]
        # The tracked frames of upper arm, forearm and hand bones, aimed from joint to joint; the wrist's as it is.
        tracked = rotation_matrices(arms[:, _FRAMED, 3:])
        along = points[:, _END] - points[:, _BEGIN]
        lengths = np.sqrt((along * along).sum(axis=2))
        aimed = _aimed(tracked[:, :-1, :, 0], along / np.maximum(lengths, 1e-6)[..., None] * -1.0)
        wrist, upper, fore = tracked[:, -1], aimed[:, 0], aimed[:, 1]
        girdle = rotation_matrices(girdles)

        stretch = lengths / self._lengths
        size = np.clip(lengths[:, 2:].sum(axis=1) / self._lengths[2:].sum(), *_THICKNESS)

        frames = np.empty((count, BONE_COUNT, 3, 3))
        scales = np.empty((count, BONE_COUNT, 3))
        scales[:] = size[:, None, None]
        frames[:, 4], frames[:, 5:] = wrist, aimed[:, 2:]
        scales[:, :2, 2], scales[:, 2:4, 2] = stretch[:, :1], stretch[:, 1:2]
        scales[:, 5:, 2] = stretch[:, 2:]

        turn = _twist((girdle @ self._upper).transpose(0, 2, 1) @ upper)
        frames[:, 0] = _turned(upper, (_UPPER_SHARE - 1.0) * turn)
        frames[:, 1] = upper
        turn = _twist(fore.transpose(0, 2, 1) @ wrist) - self._fore_twist - _FORE_MIDDLE_RAD
        turn = (turn + np.pi) % (2.0 * np.pi) - np.pi + _FORE_MIDDLE_RAD
        frames[:, 2], frames[:, 3] = (_turned(fore, share * turn) for share in _FORE_SHARES)

        # Row vectors: [p 1] -> (p - anchor) frame_rest scale frame^T + joint.
        out = np.zeros((count, BONE_COUNT, 4, 4))
        rows = self._frames @ (frames * scales[:, :, None, :]).transpose(0, 1, 3, 2)
        out[..., :3, :3] = rows
        out[..., 3, :3] = points[:, _BOUND_TO] - (self._anchors[:, None, :] @ rows)[..., 0, :]
        out[..., 3, 3] = 1.0
        return out


def _aimed(right: Floats, z: Floats) -> Floats:
    """Frames (..., 3, 3) whose Z axis is `z` (..., 3), unit, and whose X axis is as near to `right` as can be."""
    x = right - (right * z).sum(axis=-1, keepdims=True) * z
    x = x / np.sqrt((x * x).sum(axis=-1, keepdims=True))
    out = np.empty((*z.shape, 3))
    out[..., 0], out[..., 2] = x, z
    out[..., 0, 1] = z[..., 1] * x[..., 2] - z[..., 2] * x[..., 1]
    out[..., 1, 1] = z[..., 2] * x[..., 0] - z[..., 0] * x[..., 2]
    out[..., 2, 1] = z[..., 0] * x[..., 1] - z[..., 1] * x[..., 0]
    return out


def _turned(frame: Floats, angle: Floats) -> Floats:
    """Frames (n, 3, 3) turned about their own Z axis by `angle` (n,)."""
    out = frame.copy()
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    out[..., 0] = cos * frame[..., 0] + sin * frame[..., 1]
    out[..., 1] = cos * frame[..., 1] - sin * frame[..., 0]
    return out
