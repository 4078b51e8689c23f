"""A canonical hand: 26 OpenXR joints from bone lengths and joint angles, for hands that nobody tracks.

Used by the ghost that demonstrates, by the scripted participant and for controllers. Never mixed into what
was
measured: whoever writes these joints says so in their provenance.

Bone lengths are the means of Buryanov and Kotiuk (2010), *Proportions of hand segments*, the fingertip's
soft tissue included. Where each metacarpal begins, and how the thumb's stands, is rounded from the hand
that a Meta Quest 3 reports. A fist bends the fingers' joints by about four fifths of their range of motion
(AAOS).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HAND_JOINTS, Side

# Everything below is for a right hand, palm down, fingers forward (-Z): the thumb is on the left (-X).
# Rows: index, middle, ring, little. Columns: metacarpal, proximal, intermediate, distal with the tip's
# tissue.
_BONES_M = np.array(
    [
        [0.0681, 0.0398, 0.0224, 0.0197],
        [0.0646, 0.0446, 0.0263, 0.0214],
        [0.0580, 0.0414, 0.0257, 0.0213],
        [0.0537, 0.0327, 0.0181, 0.0197],
    ]
)
_THUMB_BONES_M = np.array([0.0462, 0.0316, 0.0273])

_METACARPAL_BASES_M = np.array(
    [[-0.018, -0.010, -0.036], [-0.003, -0.008, -0.035], [0.014, -0.007, -0.035], [0.023, -0.010, -0.034]]
)
_THUMB_BASE_M = np.array([-0.028, -0.018, -0.035])

# How each bone is turned about +Y, in columns metacarpal to tip: the metacarpals' fan goes on through the
# finger, and spreading the fingers adds to it from the knuckle on.
_FAN_RAD = np.radians(np.array([[5.0], [0.0], [-5.0], [-14.0]]) * np.ones(5))
_SPREAD_RAD = np.radians(np.array([[10.0], [0.0], [-10.0], [-20.0]]) * np.array([0, 1, 1, 1, 1]))

# How far each bone is bent against the one before it: a flat hand and a fist. The tip goes with the last
# bone.
_OPEN_RAD = np.radians(np.array([[0.0, 2.0, 2.0, 0.0, 0.0]] * 4))
_FIST_RAD = np.radians(
    np.array(
        [
            [0.0, 66.0, 92.0, 52.0, 0.0],
            [0.0, 70.0, 96.0, 54.0, 0.0],
            [0.0, 74.0, 94.0, 54.0, 0.0],
            [0.0, 76.0, 90.0, 54.0, 0.0],
        ]
    )
)

# The thumb: its metacarpal's attitude beside a flat hand and across a fist, then the bending of its bones.
_THUMB_OPEN = np.array([0.06, 0.41, 0.58, 0.70])
_THUMB_FIST = np.array([-0.16, 0.36, 0.71, 0.58])
_THUMB_OPEN_RAD = np.radians([0.0, 5.0, 3.0, 0.0])
_THUMB_FIST_RAD = np.radians([0.0, 27.0, 34.0, 0.0])

_FORWARD = np.array([0.0, 0.0, -1.0])
_PALM, _WRIST, _MIDDLE = (HAND_JOINTS.index(name) for name in ("palm", "wrist", "middle_metacarpal"))
_THUMB, _FINGERS = slice(2, 6), slice(6, 26)

#: How far a hand at rest is closed.
RELAXED = 0.25
#: How far a hand is closed around a controller.
HOLDING = 0.6

# The wrist in the space of OpenXR's grip pose, which lies in the palm's middle with +X through the palm and
# -Z from the little finger to the thumb; measured on a Meta Quest 3, which reports both.
_WRIST_IN_GRIP = geometry.pose((0.037, 0.065, 0.002), (-0.5, -0.5, -0.5, 0.5))


def hand_pose(side: Side, closure: float = RELAXED, spread: float = 0.5) -> NDArray[np.float64]:
    """The joints of a hand relative to its wrist, (26, 7), by OpenXR's convention (-Z to the tip, +Y out of
    the back).

    closure: 0 flat to 1 a fist. spread: 0 fingers together to 1 wide apart; a fist leaves no room for it.
    Both are clipped to 0 to 1.
    """
    closure, spread = min(max(closure, 0.0), 1.0), min(max(spread, 0.0), 1.0)
    joints = np.empty((26, 7))
    joints[_WRIST] = geometry.IDENTITY

    # Every bone of a finger is turned by the yaw of its knuckle and then bent by all the joints before it.
    bent = np.cumsum(_OPEN_RAD + closure * (_FIST_RAD - _OPEN_RAD), axis=1)
    yaw = _FAN_RAD + (spread * (1.0 - closure)) * _SPREAD_RAD
    half_sin, half_cos = np.sin(bent / 2), np.cos(bent / 2)
    yaw_sin, yaw_cos = np.sin(yaw / 2), np.cos(yaw / 2)
    fingers = joints[_FINGERS].reshape(4, 5, 7)
    fingers[..., 3] = -half_sin * yaw_cos
    fingers[..., 4] = half_cos * yaw_sin
    fingers[..., 5] = half_sin * yaw_sin
    fingers[..., 6] = half_cos * yaw_cos
    flat = np.cos(bent)
    fingers[..., 0], fingers[..., 1], fingers[..., 2] = (
        -np.sin(yaw) * flat,
        -np.sin(bent),
        -np.cos(yaw) * flat,
    )
    _string_together(fingers[..., :3], _BONES_M[..., None], _METACARPAL_BASES_M)

    # The thumb comes in last, or it would meet the index finger on the way and look like a pinch.
    crossing = closure * closure
    bent = np.cumsum(_THUMB_OPEN_RAD + crossing * (_THUMB_FIST_RAD - _THUMB_OPEN_RAD))
    thumb = joints[_THUMB]
    base = geometry.normalise(_THUMB_OPEN + crossing * (_THUMB_FIST - _THUMB_OPEN))
    turns = np.zeros((4, 4))
    turns[:, 0], turns[:, 3] = -np.sin(bent / 2), np.cos(bent / 2)
    thumb[:, 3:] = geometry.quaternion_multiply(base, turns)
    thumb[:, :3] = geometry.rotate(thumb[:, 3:], _FORWARD)
    _string_together(thumb[:, :3], _THUMB_BONES_M[:, None], _THUMB_BASE_M)

    # OpenXR's palm is the middle of the middle finger's metacarpal.
    joints[_PALM] = joints[_MIDDLE]
    joints[_PALM, :3] = (joints[_MIDDLE, :3] + joints[_MIDDLE + 1, :3]) / 2
    return joints if side is Side.RIGHT else geometry.mirror(joints)


def _string_together(bones: NDArray[np.float64], lengths: NDArray[np.float64], base: NDArray[np.float64]) -> None:
    """Bones' directions (..., bone, 3) become the places where they begin, the first at `base`; in place."""
    ends = np.cumsum(bones[..., :-1, :] * lengths, axis=-2)
    bones[..., 1:, :] = base[..., None, :] + ends
    bones[..., 0, :] = base


def hand_from_grip(grip: NDArray[np.float64], side: Side) -> NDArray[np.float64]:
    """The hand that holds a controller, (26, 7) in the space of its grip pose (7,); OpenXR's grip
    convention.
    """
    wrist_in_grip = _WRIST_IN_GRIP if side is Side.RIGHT else geometry.mirror(_WRIST_IN_GRIP)
    return geometry.compose(geometry.compose(grip, wrist_in_grip), _holding(side))


@functools.cache
def _holding(side: Side) -> NDArray[np.float64]:
    return hand_pose(side, HOLDING, spread=0.0)
