"""Where the elbow is, given shoulder and wrist: two bones, one hinge, solved in closed form.

Nothing iterates and nothing remembers, so the same wrist always gives the same elbow.

The frames follow the hand's (OpenXR): -Z along the bone, +Y on the side to which the elbow points when the
arm bends, so that bending is a negative turn about +X in the elbow as it is in every finger joint.
"""

from __future__ import annotations

import numpy as np

from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.skeleton import Side
from vrrehab.geometry import Array

_UPRIGHT = geometry.IDENTITY[3:]
_FORWARD = np.array([0.0, 0.0, -1.0])


def _rolled(outward: float, up: float) -> Array:
    """The attitude of an arm that reaches forward while its elbow points `outward` (to the right) and `up`."""
    roll = np.arctan2(-outward, up)
    return np.array([0.0, 0.0, np.sin(roll / 2), np.cos(roll / 2)])


#: How an arm that reaches straight ahead is turned about itself: the elbow points down and a little outward.
RESTING_ARM = {Side.LEFT: _rolled(-0.4, -0.9), Side.RIGHT: _rolled(0.4, -0.9)}


def solve_arm(shoulder: Array, wrist: Array, build: Build, resting: Array, torso: Array = _UPRIGHT) -> Array:
    """Poses of shoulder and elbow, (..., 2, 7), for the places (..., 3) of shoulder and wrist.

    resting: `RESTING_ARM` of the side, (..., 4). torso: the torso's rotation (4,), upright by default.

    Where the elbow points (the swivel) is the resting arm's direction, carried to the wrist by the shortest
    turn. That varies smoothly all over the reachable space: back for an arm that hangs, down for one held
    out, forward for one held up. The one direction without an answer is straight behind the shoulder.

    A wrist out of reach stretches both bones evenly on a straight line, and one too near (unequal bones)
    shortens the forearm, so that the arm never comes apart from the hand that was measured. NaN gives NaN.
    """
    upper_m, fore_m = build.upper_arm, build.forearm
    reach = geometry.rotate(geometry.quaternion_conjugate(torso), wrist - shoulder)
    distance = np.sqrt(np.einsum("...i,...i->...", reach, reach))

    # The shortest turn from straight ahead to the wrist; a wrist in the shoulder itself counts as ahead.
    swing = np.empty((*reach.shape[:-1], 4))
    swing[..., 0] = reach[..., 1]
    swing[..., 1] = -reach[..., 0] + 1e-12  # straight behind: a half turn about the vertical
    swing[..., 2] = 0.0
    swing[..., 3] = distance - reach[..., 2] + 1e-9
    frame = geometry.quaternion_multiply(geometry.normalise(swing), resting)
    frame = geometry.quaternion_multiply(torso, frame)

    # The law of cosines: how far along the line to the wrist the elbow is, and how far beside it.
    span = np.clip(distance, max(abs(upper_m - fore_m), 1e-6), build.arm)
    along = (upper_m**2 - fore_m**2 + span**2) / (2 * span)
    beside = np.sqrt(np.maximum(upper_m**2 - along**2, 0.0))
    out = np.empty((*reach.shape[:-1], 2, 7))
    bend = np.empty((*reach.shape[:-1], 2))
    bend[..., 0] = np.arctan2(beside, along)
    bend[..., 1] = -np.arctan2(beside, span - along)
    hinge = np.zeros((*reach.shape[:-1], 2, 4))
    hinge[..., 0], hinge[..., 3] = np.sin(bend / 2), np.cos(bend / 2)
    out[..., 3:] = geometry.quaternion_multiply(frame[..., None, :], hinge)

    stretched = upper_m * np.maximum(distance / build.arm, 1.0)
    out[..., 0, :3] = shoulder
    out[..., 1, :3] = shoulder + stretched[..., None] * geometry.rotate(out[..., 0, 3:], _FORWARD)
    return out
