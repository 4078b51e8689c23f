"""`vrrehab.geometry` for one vector and one quaternion, in plain floats.

A frame has a handful of joints that are worked out one after the other. A numpy call costs some microseconds whatever
the size of its arrays, and as much as a hundred of these multiplications; ten times that where a frame has not called
it yet, and nothing of it is in the processor's caches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
#: What holds the numbers of a vector (x, y, z) or a quaternion (x, y, z, w); lists and tuples are the quickest.
Floats = Sequence[float] | NDArray[np.float64]


def multiply(a: Floats, b: Floats) -> Quaternion:
    """The Hamilton product `a b`."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def conjugate(q: Floats) -> Quaternion:
    """The inverse rotation of a unit quaternion."""
    x, y, z, w = q
    return -x, -y, -z, w


def rotate(q: Floats, v: Floats) -> Vector:
    """`v` turned by a unit quaternion: with u its vector part and t = 2 u x v, that is v + w t + u x t."""
    x, y, z, w = q
    vx, vy, vz = v
    tx, ty, tz = 2.0 * (y * vz - z * vy), 2.0 * (z * vx - x * vz), 2.0 * (x * vy - y * vx)
    return vx + w * tx + y * tz - z * ty, vy + w * ty + z * tx - x * tz, vz + w * tz + x * ty - y * tx


def dot(a: Floats, b: Floats) -> float:
    """The scalar product of two vectors."""
    ax, ay, az = a
    bx, by, bz = b
    return ax * bx + ay * by + az * bz


def about_x(q: Floats, half_rad: float) -> Quaternion:
    """`q` after a turn about its own X axis by twice `half_rad`."""
    x, y, z, w = q
    sin, cos = math.sin(half_rad), math.cos(half_rad)
    return w * sin + x * cos, y * cos + z * sin, z * cos - y * sin, w * cos - x * sin


def about_z(q: Floats, half_rad: float) -> Quaternion:
    """`q` after a turn about its own Z axis by twice `half_rad`."""
    x, y, z, w = q
    sin, cos = math.sin(half_rad), math.cos(half_rad)
    return x * cos + y * sin, y * cos - x * sin, z * cos + w * sin, w * cos - z * sin


def along_z(q: Floats, length: float) -> Vector:
    """A way along the Z axis of a unit quaternion."""
    x, y, z, w = q
    length *= 2.0
    return length * (x * z + w * y), length * (y * z - w * x), length * (0.5 - x * x - y * y)
