"""From the joints of a body to the matrices that bend the avatar's arms; numpy alone.

What is drawn is what is recorded: every bone begins at its joint and ends at the next one, stretched where the avatar's
own bone is longer or shorter, and is as thick as the hand is large. Nothing is smoothed, held or guessed here, and
nothing is remembered from frame to frame.

Both arms are solved as left arms: the right one is reflected on the way in and its matrices on the way out. Changing
signs is exact, and so the arms of a mirrored body are mirror images to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.single import Vector, dot
from vrrehab.body.skeleton import ARM, FINGERS, HAND_JOINTS, TORSO, Side
from vrrehab.geometry import IDENTITY, rotation_matrices

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
_ELBOW, _WRIST = ARM_JOINTS.index("elbow"), ARM_JOINTS.index("wrist")
#: The joints at which each bone's segment begins and ends; upper arm and forearm are two bones of one segment each.
#: The wrist has no length: it takes its joint's rotation as it is.
_BEGIN = np.array([0, 0, _ELBOW, _ELBOW, _WRIST, *(ARM_JOINTS.index(name) for name in _HAND_BONES)])
_END = np.array([_ELBOW, _ELBOW, _WRIST, _WRIST, _WRIST + 1, *(_BEGIN[5:] + 1)])
_ARM, _WRIST_BONE, _HAND = slice(0, 4), 4, slice(5, BONE_COUNT)
#: Behind an arm's joints comes the torso, from which the upper arm turns.
_GIRDLE = len(ARM_JOINTS)
_FRAMED = np.array([*_BEGIN, _WRIST, _GIRDLE])
#: Both arms and the torso among the joints of a body.
_TAKEN = np.array([[*range(ARM[side].start, ARM[side].stop), TORSO] for side in Side])

#: How far each bone follows the turn of the segment about its own axis: the upper arm's from the torso to the elbow,
#: the forearm's from the elbow to the wrist.
_UPPER_SHARE, _FORE_SHARES = 0.5, (0.25, 0.70)
#: The forearm turns further one way (palm up) than the other; the cut of the circle lies opposite the middle.
_FORE_MIDDLE_RAD = math.radians(-42.0)
#: A hand so far from the avatar's size is a fault of tracking; the skin's thickness follows no further.
_THICKNESS = (0.6, 1.6)

MIRROR_POSE = np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0])
MIRROR = np.outer([-1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, 1.0])
#: For the left and the right arm at once.
_AS_LEFT_ARMS = np.stack([np.ones(7), MIRROR_POSE])[:, None]
_FROM_LEFT_ARMS = np.stack([np.ones((4, 4)), MIRROR])[:, None]

#: (9, 4): from the products a_i b_j of two vectors' components to a x b and, in the last column, a . b.
_CROSS_AND_DOT = np.zeros((3, 3, 4))
for _i in range(3):
    _j, _k = (_i + 1) % 3, (_i + 2) % 3
    _CROSS_AND_DOT[_j, _k, _i], _CROSS_AND_DOT[_k, _j, _i], _CROSS_AND_DOT[_i, _i, 3] = 1.0, -1.0, 1.0
_CROSS_AND_DOT.shape = (9, 4)

#: The X and Y axes of a frame, (2 or 3, 3), in plain floats.
Axes = list[list[float]]
Turned = tuple[Vector, Vector]


@dataclass(frozen=True, slots=True)
class RestArm:
    """The left arm of the avatar at rest: `heads` (BONE_COUNT, 3) metres; `frames` (BONE_COUNT, 3, 3), axes in
    columns, -Z along the bone and +Y on its back; `tips` (5, 3), thumb to little finger. The right is its mirror image.
    """

    heads: Floats
    frames: Floats
    tips: Floats


class ArmRig:
    """Poses the avatar's arms: (BONE_COUNT, 4, 4) matrices each, from the rest pose to the space of the joints."""

    def __init__(self, rest: RestArm) -> None:
        joints = np.full((len(ARM_JOINTS), 3), np.nan)
        joints[0], joints[_ELBOW] = rest.heads[0], rest.heads[2]
        joints[_BEGIN[4:]] = rest.heads[4:]
        tips = [ARM_JOINTS.index(f"{finger}_tip") for finger in ("thumb", *FINGERS)]
        joints[tips] = rest.tips

        along = joints[_END] - joints[_BEGIN]
        lengths = np.linalg.norm(along, axis=1, keepdims=True)
        rows = rest.frames.swapaxes(1, 2).copy()
        # The two bones of a segment lie in one line only roughly; the segment turns as one about its own line.
        rows[_ARM, 2] = along[_ARM] / -lengths[_ARM]
        across(rest.frames[[1, 1, 3, 3], :, 0], rows[_ARM, 2], 1.0, rows[_ARM])
        self._fore_twist = twist(rows[2].tolist(), rows[_WRIST_BONE].tolist())
        # The upper arm hangs on the torso in its own frame at rest, and the wrist is taken as it is.
        self._hung = np.stack([np.eye(3), rows[0]])
        self._hand_length = lengths[_HAND].sum()
        self._per_length = -1.0 / lengths
        self._bound = bound(joints[_BEGIN], rows.swapaxes(1, 2))
        self._both = np.empty((2, len(ARM_JOINTS) + 1, 7))
        self._one = np.empty((1, len(ARM_JOINTS) + 1, 7))
        self._one[0, _GIRDLE] = IDENTITY
        self._frames = np.zeros((2, BONE_COUNT, 4, 4))
        self._frames[..., 3, 3] = 1.0

    def pose(self, poses: Floats, palette: NDArray[np.float32]) -> tuple[bool, bool]:
        """Write both arms of a body, `poses` (JOINT_COUNT, 7), to `palette` (2 BONE_COUNT or more, 4, 4), left first.

        The matrices are for row vectors, as Panda3D keeps them. Returns for left and right whether the arm was seen
        from shoulder to fingertips; the matrices of an arm that was not are left as they were.
        """
        both = self._both
        np.multiply(poses.take(_TAKEN, axis=0), _AS_LEFT_ARMS, out=both)
        if math.isnan(both[0, _GIRDLE, 3]):
            both[:, _GIRDLE] = IDENTITY
        # A sum is finite where all that it adds is.
        left, right = (math.isfinite(total) for total in np.add.reduce(both, axis=(1, 2)).tolist())
        if left or right:
            matrices = self._solved(both)
            if left and right:
                np.multiply(matrices, _FROM_LEFT_ARMS, out=palette[: 2 * BONE_COUNT].reshape(2, BONE_COUNT, 4, 4))
            elif left:
                palette[:BONE_COUNT] = matrices[0]
            else:
                palette[BONE_COUNT : 2 * BONE_COUNT] = matrices[1] * MIRROR
        return left, right

    def pose_arm(self, side: Side, arm: Floats, palette: NDArray[np.float32]) -> bool:
        """Write one arm alone, `arm` (28, 7) from shoulder to fingertips, to its place in `palette`; see `pose`."""
        if side is Side.LEFT:
            self._one[0, :_GIRDLE] = arm
        else:
            np.multiply(arm, MIRROR_POSE, out=self._one[0, :_GIRDLE])
        if not np.isfinite(self._one).all():
            return False
        matrices = self._solved(self._one)[0]
        if side is Side.LEFT:
            palette[:BONE_COUNT] = matrices
        else:
            palette[BONE_COUNT : 2 * BONE_COUNT] = matrices * MIRROR
        return True

    def _solved(self, arms: Floats) -> Floats:
        """Row-vector matrices (n, BONE_COUNT, 4, 4) of left arms with their torsos, (n, 29, 7)."""
        framed = arms.take(_FRAMED, axis=1)
        tracked = rotation_matrices(framed[..., 3:]).swapaxes(2, 3)  # axes in rows, as in all that follows
        begins = framed[:, :-2, :3]
        along = arms.take(_END, axis=1)[..., :3] - begins
        lengths = np.sqrt(np.vecdot(along, along))[..., None]
        size = np.add.reduce(lengths[:, _HAND], axis=1, keepdims=True) / self._hand_length
        size = np.minimum(np.maximum(size, _THICKNESS[0]), _THICKNESS[1])

        # Each bone's frame at its joint: aimed at the next one and as long, as thick as the hand is large.
        frames = self._frames[: len(arms)]
        across(tracked[:, :-2, 0], along / -np.maximum(lengths, 1e-6), size, frames)
        np.multiply(along, self._per_length, out=frames[..., 2, :3])
        frames[..., 3, :3] = begins
        np.multiply(tracked[:, _WRIST_BONE], size, out=frames[:, _WRIST_BONE, :3, :3])

        # The wrist and the upper arm as it would hang, then upper arm and forearm as they are.
        ends = (self._hung @ tracked[:, -2:]).tolist()
        aimed = frames[:, 1:3, :2, :3].tolist()
        frames[:, _ARM, :2, :3] = [
            self._twisted(hung, upper, fore, wrist) for (wrist, hung), (upper, fore) in zip(ends, aimed, strict=True)
        ]
        return self._bound @ frames

    def _twisted(self, hung: Axes, upper: Axes, fore: Axes, wrist: Axes) -> tuple[Turned, Turned, Turned, Turned]:
        """The arm's four bones, each turned about itself, so that the skin twists all along it."""
        at_shoulder = -twist(hung, upper)
        at_wrist = twist(fore, wrist) - self._fore_twist - _FORE_MIDDLE_RAD
        at_wrist = math.remainder(at_wrist, 2.0 * math.pi) + _FORE_MIDDLE_RAD
        return (
            turned(upper, _UPPER_SHARE * at_shoulder),
            turned(upper, 0.0),
            turned(fore, _FORE_SHARES[0] * at_wrist),
            turned(fore, _FORE_SHARES[1] * at_wrist),
        )


def across(right: Floats, z: Floats, size: Floats | float, frames: Floats) -> None:
    """Fill the first two rows, X and Y, of `frames` (..., 3 or 4, 3 or 4) whose Z axis is `z` (..., 3), unit: X as near
    to `right` as can be, both `size` long.
    """
    products = z[..., :, None] * right[..., None, :]
    y_and_dot = products.reshape(*products.shape[:-2], 9) @ _CROSS_AND_DOT
    x = right - y_and_dot[..., 3:] * z
    scale = size / np.sqrt(np.vecdot(x, x))[..., None]
    np.multiply(x, scale, out=frames[..., 0, :3])
    np.multiply(y_and_dot[..., :3], scale, out=frames[..., 1, :3])


def bound(heads: Floats, frames: Floats) -> Floats:
    """Row-vector matrices (n, 4, 4) that express points in `frames` (n, 3, 3), axes in columns, at `heads` (n, 3)."""
    out = np.zeros((len(heads), 4, 4))
    out[:, :3, :3] = frames
    out[:, 3, :3] = (-heads[:, None, :] @ frames)[:, 0]
    out[:, 3, 3] = 1.0
    return out


def turned(axes: Axes, angle_rad: float) -> Turned:
    """The X and Y axes of a frame that is turned about its Z axis."""
    (x0, x1, x2), (y0, y1, y2) = axes
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return (
        (cos * x0 + sin * y0, cos * x1 + sin * y1, cos * x2 + sin * y2),
        (cos * y0 - sin * x0, cos * y1 - sin * x1, cos * y2 - sin * x2),
    )


def twist(a: Axes, b: Axes) -> float:
    """How far frame `b` is turned from `a` about their Z axis, wherever it swings; from the X and Y axes, equally long.

    2 atan2(q_z, q_w) of the swing-twist decomposition, in terms of the matrix.
    """
    (ax, ay, *_), (bx, by, *_) = a, b
    return math.atan2(dot(ay, bx) - dot(ax, by), dot(ax, bx) + dot(ay, by))
