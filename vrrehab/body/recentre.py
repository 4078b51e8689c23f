"""Session space: where the participant sat and which way they faced when somebody pressed "recentre".

Origin on the floor below the head, -Z the way the head faced, Y up; the plane x = 0 is the mirror's. It
moves only by
recentring: turning the head turns nothing else.
"""

from __future__ import annotations

import numpy as np

from vrrehab import geometry
from vrrehab.body.skeleton import JOINT_COUNT, Body
from vrrehab.geometry import Array

#: Which number of a pose a turn about +Y mixes with each: x with z, and in the quaternion x with z and y with w.
_OTHER = np.array([2, 1, 0, 5, 6, 3, 4])


class Recentring:
    """The step from a source's reference space (gravity-aligned, floor at y = 0) into session space.

    reference_from_session: (7,), upright. eye_height_m: how high the head was at that moment.
    """

    def __init__(self, reference_from_session: Array, eye_height_m: float) -> None:
        self.reference_from_session = reference_from_session
        self.eye_height_m = eye_height_m
        x, _, z, _, sin, _, cos = geometry.invert(reference_from_session)
        # A turn about the vertical mixes every number of a pose with one other, and nothing else.
        flat, side = cos * cos - sin * sin, 2.0 * sin * cos
        self._turned = np.diag([flat, 1.0, flat, cos, cos, cos, cos])
        self._turned[_OTHER, range(7)] += side, 0.0, -side, sin, sin, -sin, -sin
        self._mixed = np.empty((JOINT_COUNT, 7))
        self._offset = np.array([x, 0.0, z, 0.0, 0.0, 0.0, 0.0])

    @classmethod
    def from_head(cls, head: Array) -> Recentring:
        """For a head pose (7,) in the reference space. Raises ValueError for a head that is not there."""
        if not np.all(np.isfinite(head)):
            raise ValueError("expected a head pose to recentre on, but it is NaN; wait until the head is tracked")
        floor = np.array([head[0], 0.0, head[2]])
        return cls(geometry.pose(floor, geometry.yaw(_heading(head[3:]))), float(head[1]))

    def to_session(self, body: Body) -> None:
        """Takes all joints of a body from the reference space into session space, in place; NaN stays NaN."""
        np.matmul(body.poses, self._turned, out=self._mixed)
        np.add(self._mixed, self._offset, out=body.poses)


def _heading(q: Array) -> float:
    """The yaw of a head, also for one that looks straight up or down, where its -Z axis has none."""
    forward = geometry.rotate(q, np.array([0.0, 0.0, -1.0]))
    if abs(forward[1]) < 0.9:
        return geometry.yaw_of(q)
    # Looking down, the top of the head points ahead; looking up, it points behind.
    up = geometry.rotate(q, np.array([0.0, 1.0, 0.0])) * (1.0 if forward[1] < 0 else -1.0)
    return float(np.arctan2(-up[0], -up[2]))
