"""Poses, quaternions and the reflection that makes a mirror; plain numpy, OpenXR's axes.

A pose is an array whose last axis is `px, py, pz, qx, qy, qz, qw`: metres, X right, Y up, Z backward, unit
quaternion. Every function takes any leading shape and broadcasts. Transforms are named `a_from_b`: the pose of `b`
expressed in `a`, so `compose(a_from_b, b_from_c)` is `a_from_c`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

IDENTITY = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
IDENTITY.flags.writeable = False

# Which components of a quaternion change sign under R' = M R M with M = diag(-1, 1, 1).
_MIRROR_QUATERNION = np.array([1.0, -1.0, -1.0, 1.0])


def quaternion_multiply(a: Array, b: Array) -> Array:
    """The Hamilton product `a b` of xyzw quaternions, shape (..., 4)."""
    ax, ay, az, aw = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bx, by, bz, bw = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), np.result_type(a, b))
    out[..., 0] = aw * bx + ax * bw + ay * bz - az * by
    out[..., 1] = aw * by - ax * bz + ay * bw + az * bx
    out[..., 2] = aw * bz + ax * by - ay * bx + az * bw
    out[..., 3] = aw * bw - ax * bx - ay * by - az * bz
    return out


def quaternion_conjugate(q: Array) -> Array:
    """The inverse rotation of unit quaternions, shape (..., 4)."""
    out = np.negative(q)
    out[..., 3] = q[..., 3]
    return out


def rotate(q: Array, v: Array) -> Array:
    """Vectors `v` (..., 3) turned by unit quaternions `q` (..., 4)."""
    u, w = q[..., :3], q[..., 3:]
    # np.cross costs ten times this for small arrays.
    t = 2.0 * _cross(u, v)
    return v + w * t + _cross(u, t)


def _cross(a: Array, b: Array) -> Array:
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), np.result_type(a, b))
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def compose(a_from_b: Array, b_from_c: Array) -> Array:
    """`a_from_c` for poses of shape (..., 7)."""
    out = np.empty(np.broadcast_shapes(a_from_b.shape, b_from_c.shape), np.result_type(a_from_b, b_from_c))
    out[..., :3] = a_from_b[..., :3] + rotate(a_from_b[..., 3:], b_from_c[..., :3])
    out[..., 3:] = quaternion_multiply(a_from_b[..., 3:], b_from_c[..., 3:])
    return out


def invert(a_from_b: Array) -> Array:
    """`b_from_a` for poses of shape (..., 7)."""
    out = np.empty_like(a_from_b)
    out[..., 3:] = quaternion_conjugate(a_from_b[..., 3:])
    out[..., :3] = -rotate(out[..., 3:], a_from_b[..., :3])
    return out


def apply(a_from_b: Array, points: Array) -> Array:
    """Points (..., 3) of `b` expressed in `a`."""
    return a_from_b[..., :3] + rotate(a_from_b[..., 3:], points)


def mirror(pose: Array) -> Array:
    """The reflection of poses across the plane x = 0 of the frame they are expressed in, handedness kept.

    Positions go to (-x, y, z); rotations to R' = M R M with M = diag(-1, 1, 1), which is again a rotation and
    keeps OpenXR's convention (-Z to the fingertip, +Y out of the back of the hand) for the other hand.
    """
    out = pose.copy()
    out[..., 0] = -pose[..., 0]
    out[..., 3:] = pose[..., 3:] * _MIRROR_QUATERNION
    return out


def yaw(angle_rad: float) -> Array:
    """The quaternion that turns about +Y by `angle_rad`; positive turns the gaze (-Z) to the left."""
    return np.array([0.0, np.sin(angle_rad / 2), 0.0, np.cos(angle_rad / 2)])


def yaw_of(q: Array) -> float:
    """The heading in radians of the -Z axis of one quaternion, measured as `yaw` measures it."""
    forward = rotate(np.asarray(q, float), np.array([0.0, 0.0, -1.0]))
    return float(np.arctan2(-forward[0], -forward[2]))


def angle_between(a: Array, b: Array) -> Array:
    """The angle in radians, 0 to pi, between unit quaternions (..., 4); q and -q are the same rotation."""
    # 2 atan2(|vector part|, |scalar part|) of the difference stays exact for small angles, where arccos does not.
    d = quaternion_multiply(quaternion_conjugate(a), b)
    return 2.0 * np.arctan2(np.linalg.norm(d[..., :3], axis=-1), np.abs(d[..., 3]))


def pose(position: ArrayLike = (0.0, 0.0, 0.0), quaternion: ArrayLike = (0.0, 0.0, 0.0, 1.0)) -> Array:
    """One pose, shape (7,), from a position in metres and an xyzw quaternion."""
    return np.concatenate([np.asarray(position, float), np.asarray(quaternion, float)])


def rotation_matrices(q: Array) -> Array:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4), for column vectors."""
    x, y, z, w = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    m = np.empty((*q.shape[:-1], 3, 3), q.dtype)
    m[..., 0, 0] = 1 - 2 * (y * y + z * z)
    m[..., 0, 1] = 2 * (x * y - z * w)
    m[..., 0, 2] = 2 * (x * z + y * w)
    m[..., 1, 0] = 2 * (x * y + z * w)
    m[..., 1, 1] = 1 - 2 * (x * x + z * z)
    m[..., 1, 2] = 2 * (y * z - x * w)
    m[..., 2, 0] = 2 * (x * z - y * w)
    m[..., 2, 1] = 2 * (y * z + x * w)
    m[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return m
