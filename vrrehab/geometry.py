"""Poses, quaternions and the reflection that makes a mirror; plain numpy, OpenXR's axes.

A pose is an array whose last axis is `px, py, pz, qx, qy, qz, qw`: metres, X right, Y up, Z backward, unit
quaternion. Every function takes any leading shape and broadcasts. Transforms are named `a_from_b`: the pose
of `b` expressed in `a`, so `compose(a_from_b, b_from_c)` is `a_from_c`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

IDENTITY = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
IDENTITY.flags.writeable = False

# Which components of a pose change sign under x' = M x, R' = M R M with M = diag(-1, 1, 1).
_MIRROR = np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0])
_DIAGONAL = np.arange(4)


def _hamilton() -> Array:
    """(16, 4): how the Hamilton product adds up from the products a_i b_j of two quaternions' components."""
    terms = np.zeros((4, 4, 4))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        terms[3, i, i] = terms[i, 3, i] = terms[j, k, i] = 1.0
        terms[k, j, i] = terms[i, i, 3] = -1.0
    terms[3, 3, 3] = 1.0
    return terms.reshape(16, 4)


def _rotation() -> Array:
    """(16, 9): how a rotation matrix adds up from the products q_i q_j, whose squares add up to one."""
    terms = np.zeros((4, 4, 3, 3))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        terms[i, i, i, i] = terms[3, 3, i, i] = 1.0
        terms[i, i, j, j] = terms[i, i, k, k] = -1.0
        terms[i, j, i, j] = terms[i, j, j, i] = 2.0
        terms[k, 3, i, j], terms[k, 3, j, i] = -2.0, 2.0
    return terms.reshape(16, 9)


# One matrix product over a whole body costs a quarter of writing the terms out, each a small numpy operation.
_HAMILTON = _hamilton()
_ROTATION = _rotation()


def quaternion_multiply(a: Array, b: Array) -> Array:
    """The Hamilton product `a b` of xyzw quaternions, shape (..., 4)."""
    products = a[..., :, None] * b[..., None, :]
    return products.reshape(*products.shape[:-2], 16) @ _HAMILTON


def quaternion_conjugate(q: Array) -> Array:
    """The inverse rotation of unit quaternions, shape (..., 4)."""
    out = np.negative(q)
    out[..., 3] = q[..., 3]
    return out


def rotate(q: Array, v: Array) -> Array:
    """Vectors `v` (..., 3) turned by unit quaternions `q` (..., 4)."""
    return (rotation_matrices(q) @ v[..., None])[..., 0]


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


def mirror(pose: Array, out: Array | None = None) -> Array:
    """The reflection of poses across the plane x = 0 of the frame they are expressed in, handedness kept.

    Positions go to (-x, y, z); rotations to R' = M R M with M = diag(-1, 1, 1), which is again a rotation and
    keeps OpenXR's convention (-Z to the fingertip, +Y out of the back of the hand) for the other hand. `out` as in
    numpy; it may be `pose`.
    """
    return np.multiply(pose, _MIRROR, out=out)


def yaw(angle_rad: float) -> Array:
    """The quaternion that turns about +Y by `angle_rad`; positive turns the gaze (-Z) to the left."""
    return np.array([0.0, np.sin(angle_rad / 2), 0.0, np.cos(angle_rad / 2)])


def yaw_of(q: Array) -> float:
    """The heading in radians of the -Z axis of one quaternion, measured as `yaw` measures it."""
    forward = rotate(np.asarray(q, float), np.array([0.0, 0.0, -1.0]))
    return float(np.arctan2(-forward[0], -forward[2]))


def angle_between(a: Array, b: Array) -> Array:
    """The angle in radians, 0 to pi, between unit quaternions (..., 4); q and -q are the same rotation."""
    # 2 atan2(|vector part|, |scalar part|) of the difference stays exact for small angles; arccos does not.
    d = quaternion_multiply(quaternion_conjugate(a), b)
    return 2.0 * np.arctan2(np.linalg.norm(d[..., :3], axis=-1), np.abs(d[..., 3]))


def pose(position: ArrayLike = (0.0, 0.0, 0.0), quaternion: ArrayLike = (0.0, 0.0, 0.0, 1.0)) -> Array:
    """One pose, shape (7,), from a position in metres and an xyzw quaternion."""
    return np.concatenate([np.asarray(position, float), np.asarray(quaternion, float)])


def rotation_matrices(q: Array) -> Array:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4), for column vectors."""
    products = q[..., :, None] * q[..., None, :]
    flat = products.reshape(*q.shape[:-1], 16) @ _ROTATION
    return flat.reshape(*q.shape[:-1], 3, 3)


def quaternions_of(m: Array) -> Array:
    """Unit quaternions (..., 4) of rotation matrices (..., 3, 3), with w >= 0; undoes `rotation_matrices`.

    Shepperd (1978): of the four ways to write the answer, the one that divides by the largest component.
    """
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = np.empty((*m.shape[:-2], 4), m.dtype)  # four times the squares of x, y, z, w
    squares[..., 0] = 1 + m00 - m11 - m22
    squares[..., 1] = 1 - m00 + m11 - m22
    squares[..., 2] = 1 - m00 - m11 + m22
    squares[..., 3] = 1 + m00 + m11 + m22
    products = np.empty((*m.shape[:-2], 4, 4), m.dtype)  # four times the products of two components
    products[..., _DIAGONAL, _DIAGONAL] = squares
    products[..., 0, 1] = products[..., 1, 0] = m[..., 0, 1] + m[..., 1, 0]
    products[..., 0, 2] = products[..., 2, 0] = m[..., 0, 2] + m[..., 2, 0]
    products[..., 1, 2] = products[..., 2, 1] = m[..., 1, 2] + m[..., 2, 1]
    products[..., 0, 3] = products[..., 3, 0] = m[..., 2, 1] - m[..., 1, 2]
    products[..., 1, 3] = products[..., 3, 1] = m[..., 0, 2] - m[..., 2, 0]
    products[..., 2, 3] = products[..., 3, 2] = m[..., 1, 0] - m[..., 0, 1]
    largest = np.argmax(squares, axis=-1)[..., None, None]
    q = np.take_along_axis(products, largest, axis=-2)[..., 0, :]
    q /= np.sqrt(np.einsum("...i,...i->...", q, q))[..., None]
    q *= np.copysign(1.0, q[..., 3:])
    return q


def normalise(q: Array) -> Array:
    """Quaternions (..., 4) scaled to unit length."""
    return q / np.sqrt(np.einsum("...i,...i->...", q, q))[..., None]


def near(q: Array, reference: Array) -> Array:
    """The same rotations as `q` (..., 4), each written as the one of q and -q nearer to `reference`."""
    dot = np.einsum("...i,...i->...", q, reference)
    return q * np.copysign(1.0, dot)[..., None]


def interpolate(a: Array, b: Array, ratio: ArrayLike) -> Array:
    """Poses on the way from `a` (ratio 0) to `b` (ratio 1): straight line and shortest turn, even in speed.

    `ratio` is a number or has the poses' leading shape. Slerp as Shoemake (1985), the angle taken from chord
    lengths, which stays exact for equal rotations.
    """
    t = np.asarray(ratio, float)[..., None]
    a_q, b_q = a[..., 3:], near(b[..., 3:], a[..., 3:])
    out = a + (b - a) * t
    half = np.arctan2(_length(a_q - b_q), _length(a_q + b_q))[..., None]  # half of the angle on the 4-sphere
    scale = np.sinc(2 * half / np.pi)
    out[..., 3:] = a_q * ((1 - t) * np.sinc((1 - t) * 2 * half / np.pi) / scale)
    out[..., 3:] += b_q * (t * np.sinc(t * 2 * half / np.pi) / scale)
    return out


def _length(v: Array) -> Array:
    return np.sqrt(np.einsum("...i,...i->...", v, v))
