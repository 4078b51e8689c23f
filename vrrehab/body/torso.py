"""Where the torso is, from the head and the pelvis: it leans so that the neck meets the head, and follows a head that
turns far.
"""

from __future__ import annotations

import math

from vrrehab.body.build import Build
from vrrehab.body.single import Floats, multiply, rotate

_RIGHT = (1.0, 0.0, 0.0)
#: The neck alone turns the head so far with ease; where it turns as far as a neck with a back can, the torso has turned
#: `_MOST_RAD`. Beyond, the person turned with the chair, and the torso keeps to the mirror's plane again.
_NECK_RAD, _NECK_AND_BACK_RAD, _MOST_RAD = math.radians(40.0), math.radians(95.0), math.radians(40.0)
_BEHIND_RAD, _ABOUT_FACE_RAD = math.radians(115.0), math.radians(180.0)
#: A head whose axis from ear to ear stands steeper than this says little about where it faces, and then nothing.
_TILTED_COS = 0.35


def place_torso(head: list[float], pelvis: list[float], build: Build) -> tuple[float, ...]:
    """The torso (7,) at the height of the shoulders, for the poses (7,) of head and pelvis in session space."""
    head_x, head_y, head_z, *turn = head
    right, up, back = rotate(turn, (0.0, -build.eyes_above_neck, build.eyes_before_neck))
    neck_x, neck_y, neck_z = head_x + right, head_y + up, head_z + back
    x, y, z = neck_x - pelvis[0], neck_y - pelvis[1], neck_z - pelvis[2]
    length = math.sqrt(x * x + y * y + z * z)
    # Nobody's neck is below their hips: a headset laid on the floor leaves the torso upright.
    x, y, z = (x / length, y / length, z / length) if length > 0.1 and y > 0.0 else (0.0, 1.0, 0.0)
    below = build.neck_above_shoulders
    # The shortest turn from upright to the spine, and then the turn about the spine.
    norm = math.sqrt(2.0 + 2.0 * y)
    half = following(turn) / 2
    turned = multiply((z / norm, 0.0, -x / norm, (1.0 + y) / norm), (0.0, math.sin(half), 0.0, math.cos(half)))
    return neck_x - x * below, neck_y - y * below, neck_z - z * below, *turned


def following(head: Floats) -> float:
    """How far the shoulders turn with a head (4,) that is turned in session space; radians, to the left positive.

    Nothing for a glance. A person who looks at something beside them turns their neck first and then their back, so
    that the shoulder does not fill the view. At no point does it turn faster than the head by more than a tenth.
    """
    # The axis from ear to ear is level however far the head nods, so it tells the heading of one that looks down, too.
    x, _, z = rotate(head, _RIGHT)
    turned = math.atan2(-z, x)
    far = abs(turned)
    if far <= _NECK_RAD:
        return 0.0
    share = _smooth(_NECK_RAD, _NECK_AND_BACK_RAD, far) * (1.0 - _smooth(_BEHIND_RAD, _ABOUT_FACE_RAD, far))
    return math.copysign(_MOST_RAD * share * _smooth(0.0, _TILTED_COS, math.sqrt(x * x + z * z)), turned)


def _smooth(begin: float, end: float, value: float) -> float:
    """0 before `begin`, 1 after `end`, and a curve without a kink between them."""
    share = min(max((value - begin) / (end - begin), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)
