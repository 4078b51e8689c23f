"""Where the elbow is, given shoulder and wrist: two bones, one hinge, solved in closed form.

Nothing iterates and nothing remembers, so the same wrist always gives the same elbow.

The frames follow the hand's (OpenXR): -Z along the bone, +Y on the side to which the elbow points when the
arm bends, so that bending is a negative turn about +X in the elbow as it is in every finger joint.
"""

from __future__ import annotations

import math

import numpy as np

from vrrehab.body.build import Build
from vrrehab.body.single import Floats, Quaternion, conjugate, multiply, rotate
from vrrehab.body.skeleton import Side
from vrrehab.geometry import Array

_UPRIGHT = (0.0, 0.0, 0.0, 1.0)
_FORWARD = (0.0, 0.0, -1.0)


def _rolled(outward: float, up: float) -> Quaternion:
    """The attitude of an arm that reaches forward while its elbow points `outward` (to the right) and `up`."""
    roll = math.atan2(-outward, up)
    return 0.0, 0.0, math.sin(roll / 2), math.cos(roll / 2)


#: How an arm that reaches straight ahead is turned about itself: the elbow points down and a little outward.
RESTING_ARM = {Side.LEFT: _rolled(-0.4, -0.9), Side.RIGHT: _rolled(0.4, -0.9)}


def solve_arm(shoulder: Floats, wrist: Floats, build: Build, resting: Floats, torso: Floats = _UPRIGHT) -> Array:
    """Poses of shoulder and elbow, (2, 7), for the places (3,) of shoulder and wrist.

    resting: `RESTING_ARM` of the side. torso: the torso's rotation (4,), upright by default.

    Where the elbow points (the swivel) is the resting arm's direction, carried to the wrist by the shortest
    turn. That varies smoothly all over the reachable space: back for an arm that hangs, down for one held
    out, forward for one held up. The one direction without an answer is straight behind the shoulder.

    A wrist out of reach stretches both bones evenly on a straight line, and one too near (unequal bones)
    shortens the forearm, so that the arm never comes apart from the hand that was measured. NaN gives NaN.
    """
    shoulder_x, shoulder_y, shoulder_z = shoulder
    wrist_x, wrist_y, wrist_z = wrist
    x, y, z = rotate(conjugate(torso), (wrist_x - shoulder_x, wrist_y - shoulder_y, wrist_z - shoulder_z))
    distance = math.sqrt(x * x + y * y + z * z)

    # The shortest turn from straight ahead to the wrist: about an axis across, with half of the way to turn in it.
    # Straight behind, it is a half turn about the vertical; a wrist in the shoulder itself counts as ahead.
    about_x, about_y, onward = y, -x + 1e-12, distance - z + 1e-9
    length = math.sqrt(about_x * about_x + about_y * about_y + onward * onward)
    swing = about_x / length, about_y / length, 0.0, onward / length
    frame = multiply(torso, multiply(swing, resting))

    # The law of cosines: how far along the line to the wrist the elbow is, and how far beside it.
    upper_m, fore_m = build.upper_arm, build.forearm
    span = min(max(distance, abs(upper_m - fore_m), 1e-6), build.arm)
    along = (upper_m**2 - fore_m**2 + span**2) / (2 * span)
    beside = math.sqrt(max(upper_m**2 - along**2, 0.0))
    raised, folded = math.atan2(beside, along) / 2, -math.atan2(beside, span - along) / 2
    upper = multiply(frame, (math.sin(raised), 0.0, 0.0, math.cos(raised)))
    fore = multiply(frame, (math.sin(folded), 0.0, 0.0, math.cos(folded)))

    stretched = upper_m * max(distance / build.arm, 1.0)
    x, y, z = rotate(upper, _FORWARD)
    elbow = shoulder_x + stretched * x, shoulder_y + stretched * y, shoulder_z + stretched * z
    return np.array([[shoulder_x, shoulder_y, shoulder_z, *upper], [*elbow, *fore]])
