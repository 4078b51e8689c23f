"""Where on a limb a tracker is strapped: the joints it can stand for, and its pose on one, from sitting still.

A tracker says where it is and nothing of where the joint is. While the person sits as asked, the joint's rotation is
known from the posture and the way the head faces. Its height is known over the floor, for a foot that stands on it; or
else the strap's distance along the limb is, for which half of the bone is taken where nobody gives it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import INDEX, Side
from vrrehab.errors import NotMeasured, UnknownName
from vrrehab.geometry import Array

#: A limb at rest moves less than this in a second, and trembles less than this.
_STILL_M, _STILL_RAD = 0.01, math.radians(3.0)
#: A device is strapped no further from its joint than this; one that lies on the table is.
_REACH_M = 0.50
#: The ankle is at 0.039 of the stature over the floor (Drillis and Contini, 1966); see `Build` for the ball.
_ANKLE_PER_BALL = 0.039 / 0.026
#: Half a limb and what is strapped on it, from the joint's centre to the middle of a controller: our own allowance.
_THICK_M = 0.05

_LEVEL = (0.0, 0.0, 0.0, 1.0)
_DOWN_KNEE_AHEAD = (-math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
_DOWN_ELBOW_BACK = (0.0, math.sqrt(0.5), math.sqrt(0.5), 0.0)
_AHEAD_ELBOW_DOWN = (0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Posture:
    """How to sit while a tracker on a joint is measured, and what is known of the joint then.

    words: what the person is asked. turn: the joint's rotation in session space (see `vrrehab.body.ik` for its axes).
    upright: whether the limb hangs or stands so, with the strap on its outside; it points ahead otherwise, with the
    strap on top. bone: from the joint on, as `Build` names it; empty where the floor tells how high the joint is.
    """

    words: str
    turn: tuple[float, float, float, float]
    upright: bool
    bone: str = ""


POSTURES: dict[str, Posture] = {
    "shoulder": Posture("the upper arm hangs straight down", _DOWN_ELBOW_BACK, True, "upper_arm"),
    "elbow": Posture("the forearm lies on the table, straight ahead", _AHEAD_ELBOW_DOWN, False, "forearm"),
    "hip": Posture("the thigh is level and points straight ahead", _LEVEL, False, "thigh"),
    "knee": Posture("the shin stands upright, its front straight ahead", _DOWN_KNEE_AHEAD, True),
    "ankle": Posture("the foot stands flat and points straight ahead", _LEVEL, True),
    "ball": Posture("the foot stands flat and points straight ahead", _LEVEL, False),
}

#: Every joint that a tracker can stand for, as JOINTS names it. Head and hands are tracked by the headset itself.
MOUNTABLE: tuple[str, ...] = tuple(f"{side}_{name}" for side in Side for name in POSTURES)


def mounted_joint(joint: str) -> int:
    """The index of a joint that a tracker can stand for. Raises `UnknownName`."""
    if joint not in MOUNTABLE:
        raise UnknownName("joint", joint, MOUNTABLE, "what a tracker can be strapped to")
    return INDEX[joint]


def posture_for(joint: str) -> Posture:
    """How to sit for a joint of MOUNTABLE. Raises `UnknownName`."""
    mounted_joint(joint)
    return POSTURES[joint.partition("_")[2]]


def joint_from_device(
    joint: str, devices: Array, heads: Array, build: Build = USUAL, *, along_m: float | None = None
) -> Array:
    """The strapped device's pose on `joint`, (7,), from about a second in its `posture_for`.

    devices, heads: (n, 7) in the source's reference space (floor at y = 0), NaN where not seen. along_m: how far down
    the limb the device is from the joint; used where the floor does not tell.

    Raises `UnknownName`, and `NotMeasured` where the device or the head was not seen all the time, moved, or is not on
    that limb.
    """
    posture = posture_for(joint)
    for what, poses in ((f"the device on {joint}", devices), ("the headset", heads)):
        _check_seen(what, poses)
    _check_still(joint, devices)
    recentring = Recentring.from_head(_mean(heads))
    session_from_reference = geometry.invert(recentring.reference_from_session)
    session_from_device = geometry.compose(session_from_reference, _mean(devices))

    right, up, back = session_from_device[:3]
    along = getattr(build, posture.bone) / 2 if posture.bone and along_m is None else along_m or 0.0
    if posture.upright:
        right += _THICK_M if joint.startswith("left") else -_THICK_M
        up += along
    else:
        up -= _THICK_M
        back += along
    if not posture.bone:
        up = _height(joint, build)
    session_from_joint = geometry.pose((right, up, back), posture.turn)
    found = geometry.compose(geometry.invert(session_from_joint), session_from_device)
    distance = float(np.linalg.norm(found[:3]))
    if distance > _REACH_M:
        raise NotMeasured(
            f"Expected the device within {100 * _REACH_M:.0f} cm of {joint}, but it is {100 * distance:.0f} cm from "
            f"where that joint is while {posture.words}. Strap it on, sit that way, and measure again."
        )
    return found


def _height(joint: str, build: Build) -> float:
    """Over the floor, of a joint of a leg that stands on it."""
    ankle = build.ball_below_ankle * _ANKLE_PER_BALL
    name = joint.partition("_")[2]
    return {"ball": ankle - build.ball_below_ankle, "ankle": ankle, "knee": ankle + build.shin}[name]


def _mean(poses: Array) -> Array:
    """The mean of poses (n, 7) that lie close together."""
    turns = geometry.near(poses[:, 3:], poses[0, 3:])
    return geometry.pose(poses[:, :3].mean(axis=0), geometry.normalise(turns.mean(axis=0)))


def _check_seen(what: str, poses: Array) -> None:
    seen = int(np.isfinite(poses).all(axis=1).sum())
    if len(poses) == 0 or seen < len(poses):
        raise NotMeasured(
            f"Expected to see {what} all the time, but it was seen in {seen} of {len(poses)} frames. Switch it on, "
            "turn it so that the headset's cameras or the base stations see it, and measure again."
        )


def _check_still(joint: str, devices: Array) -> None:
    mean = _mean(devices)
    moved_m = float(np.linalg.norm(devices[:, :3] - mean[:3], axis=1).max())
    turned_rad = float(geometry.angle_between(devices[:, 3:], mean[3:]).max())
    if moved_m > _STILL_M or turned_rad > _STILL_RAD:
        raise NotMeasured(
            f"Expected {joint} to be kept still for a second, but the device moved by {100 * moved_m:.1f} cm and "
            f"turned by {math.degrees(turned_rad):.0f} degrees. Rest the limb, and measure again."
        )
