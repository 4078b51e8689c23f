"""What a hand is doing, as a few numbers that do not depend on its size: closure, pinch, fingertips.

Reads joints and writes nothing; a hand that is not there gives NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import HAND, HAND_JOINTS, Body, Side, joint

_TIPS = {side: np.array([joint(side, name) for name in HAND_JOINTS if name.endswith("_tip")]) for side in Side}
_THUMB_TIP, _INDEX_TIP, _KNUCKLE, _WRIST = (
    HAND_JOINTS.index(name) for name in ("thumb_tip", "index_tip", "middle_proximal", "wrist")
)
_YZX, _ZXY = np.array([1, 2, 0]), np.array([2, 0, 1])
_FIRST_FINGER = HAND_JOINTS.index("index_metacarpal")


def finger_flexion(hand: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the joints of the four fingers are bent, (4, 3) radians, for the joints of one hand (26, 7).

    Rows index to little, columns knuckle (MCP), middle (PIP) and end joint (DIP). The angle between
    neighbouring bones, positive toward the palm, so that an overstretched joint counts as less than flat.
    Only the wrist's rotation is used, to know which way the palm is.
    """
    places = hand[_FIRST_FINGER:, :3].reshape(4, 5, 3)
    bones = places[:, 1:] - places[:, :-1]
    proximal, distal = bones[:, :-1], bones[:, 1:]
    x, y, z, w = hand[_WRIST, 3:].tolist()
    left_x, left_y, left_z = 2 * (y * y + z * z) - 1, -2 * (x * y + z * w), 2 * (y * w - x * z)  # -X of the wrist
    # (proximal x distal) . left, as proximal . (distal x left).
    turned = distal.take(_YZX, axis=2) * (left_z, left_x, left_y) - distal.take(_ZXY, axis=2) * (left_y, left_z, left_x)
    return np.arctan2(np.add.reduce(proximal * turned, axis=2), np.add.reduce(proximal * distal, axis=2))


def hand_closure(body: Body, side: Side) -> float:
    """0 for a flat hand to 1 for a fist; NaN where the hand is not there.

    The fingers' mean total flexion (MCP + PIP + DIP, the hand clinic's total active motion) over 180
    degrees: 1 where the fingertips have turned back to point at the forearm. A firm fist goes on to 230 and
    more and stays 1. The thumb does not count, nor do the size of the hand and the spread of its fingers.
    """
    if not body.has(HAND[side].start):
        return math.nan
    return hand_closure_of(body.poses[HAND[side]])


def hand_closure_of(hand: NDArray[np.float64]) -> float:
    """`hand_closure` for the joints of one hand, (26, 7) in any space."""
    total = float(finger_flexion(hand).sum())
    return min(max(total / (4 * math.pi), 0.0), 1.0)


def pinch_ratio(body: Body, side: Side) -> float:
    """The gap from thumb tip to index tip over the length from wrist to middle knuckle; NaN without a hand.

    About 0.2 where the fingertips' pads touch (joints lie inside the finger), about 1 for an open hand.
    """
    hand = body.poses[HAND[side]]
    gap = hand[_THUMB_TIP, :3] - hand[_INDEX_TIP, :3]
    length = hand[_KNUCKLE, :3] - hand[_WRIST, :3]
    return math.sqrt(float(gap @ gap) / float(length @ length))


def fingertips(body: Body, side: Side) -> NDArray[np.float64]:
    """Where the five fingertips are, thumb first, (5, 3) metres; NaN without a hand."""
    return body.poses[_TIPS[side], :3]
