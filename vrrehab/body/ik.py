"""Where elbow and knee are, given both ends of the limb: two bones, one hinge, solved in closed form.

Nothing iterates and nothing remembers, so the same wrist always gives the same elbow.

The frames follow the hand's (OpenXR): -Z along the bone, +Y on the side to which the joint at its end points when the
limb bends (the point of the elbow, the kneecap), so that bending is a negative turn about +X in elbow and knee as it is
in every finger joint. A foot's -Z is along the sole, +Y out of its top.

Where elbow and knee point (the swivel) is a resting limb's direction, carried to where the limb reaches by the shortest
turn. That varies smoothly but for the one direction opposite to the resting limb's: up and behind, where no hand and no
foot goes.

Limits: the hinges bend one way only and to 150 degrees, the elbow's normal range (AAOS, 1965; a knee's active range is
135, kneeling folds it further). The hip turns the knee no further in or out than 45 degrees (AAOS); the swivel keeps
the upper arm within the shoulder's range (AAOS) wherever a hand works in front of its owner. All are met along a curve,
never with a jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vrrehab.body.build import Build
from vrrehab.body.single import Floats, Quaternion, Vector, about_x, about_z, along_z, conjugate, dot, multiply, rotate
from vrrehab.body.skeleton import Side
from vrrehab.geometry import Array

_UPRIGHT = (0.0, 0.0, 0.0, 1.0)
_RIGHT, _UP, _FORWARD = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)

#: A limb with its hinge bent to 150 degrees.
_FOLDED_COS = math.cos(math.radians(180.0 - 150.0))
#: The share of its length within which a limb comes to be straight. Without it the last millimetre of a reach, or of
#: tracking's noise, would move the hinge by centimetres: its height over the line goes with the root of what is left.
#: The hinge is at most 1 / sqrt(share) times as fast as the end. A knee's angle is measured, and may be 6 degrees off
#: where it is nearly straight; an elbow's is only seen.
ARM_EASING, LEG_EASING = 0.10, 0.05
#: The limb's root gives this much, as a shoulder does, before bones change their lengths.
GIVES_M = 0.03
#: How far the elbow is lifted outward beyond rest where the hand is close before the other half of the chest, which
#: leaves the upper arm no room at the side.
_LIFT_RAD = math.radians(75.0)
#: How far the foot's direction turns the knee.
_HIP_TURN_RAD = math.radians(45.0)


@dataclass(frozen=True, slots=True)
class Resting:
    """How a limb is turned where it rests: its frame (4,) in the trunk's, the bone's direction (3,), and which way
    along +X is outward.
    """

    frame: Quaternion
    ahead: Vector
    outward: float


def _resting(outward: float, lowered_rad: float, roll_rad: float) -> Resting:
    """A limb that is lowered from straight ahead and turned outward about itself from +Y up."""
    pitch, roll = -lowered_rad / 2, -outward * roll_rad / 2
    frame = multiply((math.sin(pitch), 0.0, 0.0, math.cos(pitch)), (0.0, 0.0, math.sin(roll), math.cos(roll)))
    return Resting(frame, rotate(frame, _FORWARD), outward)


_OUTWARD = {Side.LEFT: -1.0, Side.RIGHT: 1.0}
#: The hand ahead and a little below the shoulder, the elbow down and a little outward.
RESTING_ARM = {side: _resting(outward, math.radians(15.0), math.radians(156.0)) for side, outward in _OUTWARD.items()}
#: The foot ahead and below the hip, the knee up and a little outward.
RESTING_LEG = {side: _resting(outward, math.radians(45.0), math.radians(8.0)) for side, outward in _OUTWARD.items()}


def solve_arm(shoulder: Floats, wrist: Floats, build: Build, resting: Resting, torso: Floats = _UPRIGHT) -> Array:
    """Poses of shoulder and elbow, (2, 7), for the places (3,) of shoulder and wrist.

    resting: `RESTING_ARM` of the side. torso: the torso's rotation (4,), upright by default.

    Bones keep their lengths wherever the hand can be. As the arm comes to be straight, or folds to its limit, the
    shoulder gives way by millimetres, and further where the wrist is out of reach. Beyond that a wrist too far
    stretches both bones evenly, and one too near shortens the forearm, so that the arm never comes apart from the
    hand that was measured. NaN gives NaN.
    """
    (x, _, _), distance, swing = _reach(shoulder, wrist, torso, resting.ahead)
    # In shares of the arm: how far the hand has crossed to the other side, and how near it is.
    across = min(max(-resting.outward * x / (0.5 * build.arm), 0.0), 1.0)
    near = max(1.0 - distance / build.arm, 0.0)
    lift = resting.outward * _LIFT_RAD * across * across * (3.0 - 2.0 * across) * near / 2
    frame = multiply(swing, about_z(resting.frame, lift))
    return two_bones(shoulder, wrist, (build.upper_arm, build.forearm), multiply(torso, frame), ARM_EASING)


def solve_leg(hip: Floats, ankle: Floats, build: Build, resting: Resting, pelvis: Floats = _UPRIGHT) -> Array:
    """Poses of hip and knee, (2, 7), for the place (3,) of the hip and the pose (7,) of the ankle.

    resting: `RESTING_LEG` of the side. pelvis: the pelvis's rotation (4,), upright by default. Otherwise as
    `solve_arm`. The knee points up and ahead, and in or out as the toes do, by three quarters of a small turn of the
    foot and never further than the hip turns.
    """
    _, _, swing = _reach(hip, ankle[:3], pelvis, resting.ahead)
    frame = multiply(pelvis, multiply(swing, resting.frame))
    # The foot's axis to the right, in the frame of a leg that the foot has not turned.
    turn = _HIP_TURN_RAD * dot(rotate(frame, _UP), rotate(ankle[3:], _RIGHT)) / 2
    frame = about_z(frame, turn)
    return two_bones(hip, ankle[:3], (build.thigh, build.shin), frame, LEG_EASING)


def two_bones(
    root: Floats, end: Floats, bones_m: tuple[float, float], frame: Quaternion, easing: float, gives_m: float = GIVES_M
) -> Array:
    """Poses of the two bones, (2, 7), for the places (3,) of root and end; `frame`'s -Z points from root to end, and
    the hinge to its +Y. easing: `ARM_EASING` or `LEG_EASING`. gives_m: how far the root gives
    way, see `solve_arm`.
    """
    upper_m, lower_m = bones_m
    root_x, root_y, root_z = root
    end_x, end_y, end_z = end
    x, y, z = end_x - root_x, end_y - root_y, end_z - root_z
    distance = math.sqrt(x * x + y * y + z * z)
    length = upper_m + lower_m
    span = _eased(distance, length, _folded(upper_m, lower_m), easing * length)
    given = min(max(distance - span, -gives_m), gives_m)
    stretched = max((distance - given) / span, 1.0)

    # The law of cosines: how far along the line to the end the hinge is, and how far beside it.
    along = (upper_m**2 - lower_m**2 + span**2) / (2 * span)
    beside = math.sqrt(max(upper_m**2 - along**2, 0.0))
    raised, folded = math.atan2(beside, along) / 2, -math.atan2(beside, span - along) / 2
    upper = about_x(frame, raised)
    lower = about_x(frame, folded)

    if given:
        x, y, z = along_z(frame, -given)
        root_x, root_y, root_z = root_x + x, root_y + y, root_z + z
    x, y, z = along_z(upper, -upper_m * stretched)
    return np.array(((root_x, root_y, root_z, *upper), (root_x + x, root_y + y, root_z + z, *lower)))


def _folded(upper_m: float, lower_m: float) -> float:
    return math.sqrt(upper_m * upper_m + lower_m * lower_m - 2.0 * upper_m * lower_m * _FOLDED_COS)


def _eased(distance: float, length: float, folded: float, easing: float) -> float:
    """The distance that the bones are solved for: the same in the middle of the range, and at both ends of it come to
    along a curve, so that no joint is ever many times as fast as the hand.
    """
    left = (length - distance) / easing
    if left < 1.0:
        # A cubic that leaves 0 without slope and comes in to the straight line without a kink.
        left = max(left, 0.0)
        return length - easing * left * left * (2.0 - left)
    over = (distance - folded) / easing
    if over < 1.0:
        over = max(over + 1.0, 0.0)
        return folded + easing * over * over / 4
    return distance


def distance_before_easing(span: float, bones_m: tuple[float, float], easing: float) -> float:
    """How far the end was from the root before the root of a limb that now spans `span` gave way; see `two_bones`."""
    length, folded = sum(bones_m), _folded(*bones_m)
    easing *= length
    share = (length - span) / easing
    if share < 1.0:
        if share <= 1e-9:
            return length
        # The cubic of `_eased` undone by Newton's rule, which from here is right to 1e-9 in three steps.
        left = math.sqrt(share * (0.5 + 0.5 * share))
        for _ in range(3):
            left -= (left * left * (2.0 - left) - share) / (left * (4.0 - 3.0 * left))
        return length - easing * left
    over = max((span - folded) / easing, 0.0)
    return folded + easing * (2.0 * math.sqrt(over) - 1.0) if over < 1.0 else span


def aimed(turn: Floats, place: Floats, goal: Floats) -> Quaternion:
    """A bone's rotation (4,), by the shortest turn from `turn` to one whose -Z points from `place` to `goal` (3,)."""
    way = goal[0] - place[0], goal[1] - place[1], goal[2] - place[2]
    return multiply(_shortest_turn(along_z(turn, -1.0), way, math.sqrt(dot(way, way))), turn)


def _shortest_turn(ahead: Vector, way: Vector, distance: float) -> Quaternion:
    """From a direction to a way of that length: about an axis across both, with half of the angle to turn in it.

    Straight back, it is a half turn about any axis; a way of no length counts as ahead.
    """
    (a, b, c), (x, y, z) = ahead, way
    about_x, about_y, about_z = b * z - c * y, c * x - a * z + 1e-12, a * y - b * x
    onward = distance + a * x + b * y + c * z + 1e-9
    size = math.sqrt(about_x * about_x + about_y * about_y + about_z * about_z + onward * onward)
    return about_x / size, about_y / size, about_z / size, onward / size


def _reach(root: Floats, end: Floats, trunk: Floats, ahead: Vector) -> tuple[Vector, float, Quaternion]:
    """The way from a limb's root to its end in its trunk's frame, its length, and the shortest turn to it from where
    the limb rests.
    """
    root_x, root_y, root_z = root
    end_x, end_y, end_z = end
    way = x, y, z = rotate(conjugate(trunk), (end_x - root_x, end_y - root_y, end_z - root_z))
    distance = math.sqrt(x * x + y * y + z * z)
    return way, distance, _shortest_turn(ahead, way, distance)
