"""Angles of the body from the places of joints: how far fingers, elbow, shoulder, knee and ankle moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]
_BONES = ("metacarpal", "proximal", "intermediate", "distal", "tip")

FINGERS = ("index", "middle", "ring", "little")


def between(first: Places, second: Places) -> NDArray[np.float64]:
    """The angle between two directions (n, 3), radians, 0 to pi; by atan2, exact also for small angles."""
    across = np.linalg.norm(np.cross(first, second), axis=1)
    along = np.einsum("ij,ij->i", first, second)
    return np.arctan2(across, along)


def finger(places: list[Places]) -> NDArray[np.float64]:
    """Total flexion of a finger, radians: the sum of its three joints' angles (MCP + PIP + DIP), 0 straight.

    Unsigned, so that an overstretched joint counts as bent. places: metacarpal, proximal, intermediate, distal, tip.
    """
    bones = np.diff(np.stack(places), axis=0)
    return np.sum([between(bones[i], bones[i + 1]) for i in range(3)], axis=0)


def hinge(places: list[Places]) -> NDArray[np.float64]:
    """The angle at the middle of three places, radians: pi where the limb is straight."""
    near, middle, far = places
    return between(near - middle, far - middle)


def lift(places: list[Places]) -> NDArray[np.float64]:
    """The angle of the upper arm from hanging down, radians. places: shoulder, elbow."""
    shoulder, elbow = places
    down = np.broadcast_to((0.0, -1.0, 0.0), shoulder.shape)
    return between(elbow - shoulder, down)


def joints_of(finger_name: str) -> tuple[str, ...]:
    return tuple(f"{finger_name}_{bone}" for bone in _BONES)


#: For each named angle the joints of one side that it needs, and how it is had from their places. All of a hand's
#: fingers that the recording has are taken together.
HINGES: dict[str, tuple[tuple[str, ...], Callable[[list[Places]], NDArray[np.float64]]]] = {
    "elbow": (("shoulder", "elbow", "wrist"), hinge),
    "shoulder": (("shoulder", "elbow"), lift),
    "knee": (("hip", "knee", "ankle"), hinge),
    "ankle": (("knee", "ankle", "ball"), hinge),
}
