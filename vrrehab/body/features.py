"""What a body is doing, as a few numbers that do not depend on its size: closure, pinch, angles of joints.

Reads joints and writes nothing; what is not there gives NaN. Angles are radians, the same for a left and a right limb
that do the same, and 0 in the clinic's neutral position. Where a joint turns about more than one axis, its angle is
that of the joint coordinate systems which the International Society of Biomechanics recommends: Wu and others (2002)
for hip and ankle, (2005) for wrist and hand, Grood and Suntay (1983) for the knee. The first turn is about an axis of
the bone nearer to the trunk, the last about one of the bone further out, and the one between about an axis across both.

Frames are those of `vrrehab.body.ik`: -Z along the bone, +Y out of its front or back, +X to the right.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.single import Quaternion, Vector, conjugate, multiply, rotate
from vrrehab.body.skeleton import FINGERS, HAND, HAND_JOINTS, PELVIS, Body, Provenance, Side, joint

_TIPS = {side: np.array([joint(side, name) for name in HAND_JOINTS if name.endswith("_tip")]) for side in Side}
_THUMB_TIP, _INDEX_TIP, _KNUCKLE, _WRIST = (
    HAND_JOINTS.index(name) for name in ("thumb_tip", "index_tip", "middle_proximal", "wrist")
)
_SHOULDER, _ELBOW, _HAND, _HIP, _KNEE, _ANKLE, _BALL = (
    {side: joint(side, name) for side in Side}
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "ball")
)
_INDEX, _LITTLE = (HAND_JOINTS.index(f"{finger}_metacarpal") for finger in ("index", "little"))
_LITTLE_KNUCKLE = HAND_JOINTS.index("little_proximal")
_RIGHT, _UP, _BACK = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
#: Which way is outward along +X.
_OUTWARD = {Side.LEFT: -1.0, Side.RIGHT: 1.0}
#: Thumb tip to little finger's knuckle, in lengths from wrist to middle knuckle: with the thumb stretched out beside
#: a flat hand (the widest that a Meta Quest 3 recorded), and laid on that knuckle (joints lie inside the hand).
_UNOPPOSED, _OPPOSED = 1.4, 0.2
#: Thumb tip to fingertip where the pads touch, in lengths from wrist to middle knuckle; joints lie inside the finger.
_PADS_TOUCH = 0.2
_FINGER_TIP = {finger: HAND_JOINTS.index(f"{finger}_tip") for finger in FINGERS}
_FIRST_FINGER = HAND_JOINTS.index("index_metacarpal")


def finger_flexion(hand: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the joints of the four fingers are bent, (4, 3) radians, for the joints of one hand (26, 7).

    Rows index to little, columns knuckle (MCP), middle (PIP) and end joint (DIP). The angle between
    neighbouring bones, positive toward the palm, so that an overstretched joint counts as less than flat.
    Only the wrist's rotation is used, to know which way the palm is.
    """
    return np.array(_finger_flexions(hand)).reshape(4, 3)


def _finger_flexions(hand: NDArray[np.float64]) -> list[float]:
    """`finger_flexion`, row by row; in plain floats, see `vrrehab.body.single`."""
    x, y, z, w = hand[_WRIST, 3:].tolist()
    x, y, z = 2 * (y * y + z * z) - 1, -2 * (x * y + z * w), 2 * (y * w - x * z)  # -X of the wrist
    places = hand[_FIRST_FINGER:, :3].tolist()
    flexions = []
    for first in range(0, len(places), 5):
        (ax, ay, az), (bx, by, bz), *joints = places[first : first + 5]
        px, py, pz = bx - ax, by - ay, bz - az
        for cx, cy, cz in joints:
            dx, dy, dz = cx - bx, cy - by, cz - bz
            # (proximal x distal) . left, as proximal . (distal x left).
            sin = px * (dy * z - dz * y) + py * (dz * x - dx * z) + pz * (dx * y - dy * x)
            flexions.append(math.atan2(sin, px * dx + py * dy + pz * dz))
            bx, by, bz, px, py, pz = cx, cy, cz, dx, dy, dz
    return flexions


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
    return min(max(sum(_finger_flexions(hand)) / (4 * math.pi), 0.0), 1.0)


def pinch_ratio(body: Body, side: Side) -> float:
    """The gap from thumb tip to index tip over the length from wrist to middle knuckle; NaN without a hand.

    About 0.2 where the fingertips' pads touch (joints lie inside the finger), about 1 for an open hand.
    """
    hand = body.poses[HAND[side]]
    gap = hand[_THUMB_TIP, :3] - hand[_INDEX_TIP, :3]
    length = hand[_KNUCKLE, :3] - hand[_WRIST, :3]
    return math.sqrt(float(gap @ gap) / float(length @ length))


def thumb_to_finger(body: Body, side: Side, finger: str) -> float:
    """How near the thumb's tip is to a finger's tip: 1 where their pads touch, 0 where a hand's length is between them.

    The positions of Kapandji's test of opposition (1986), told by distance and so for hands of every size. NaN without
    a hand.
    """
    hand = body.poses[HAND[side]]
    gap = math.dist(hand[_THUMB_TIP, :3], hand[_FINGER_TIP[finger], :3])
    length = math.dist(hand[_KNUCKLE, :3], hand[_WRIST, :3])
    if math.isnan(gap):
        return math.nan
    return min(max((1.0 - gap / length) / (1.0 - _PADS_TOUCH), 0.0), 1.0)


def fingertips(body: Body, side: Side) -> NDArray[np.float64]:
    """Where the five fingertips are, thumb first, (5, 3) metres; NaN without a hand."""
    return body.poses[_TIPS[side], :3]


def thumb_opposition(body: Body, side: Side) -> float:
    """0 for a thumb stretched out beside the flat hand to 1 where its tip lies on the base of the little finger.

    Goniometry: the distance from the thumb's tip to the base of the little finger, by which hand therapists measure
    opposition, made independent of the hand's size.
    """
    hand = body.poses[HAND[side]]
    gap = math.dist(hand[_THUMB_TIP, :3], hand[_LITTLE_KNUCKLE, :3])
    length = math.dist(hand[_KNUCKLE, :3], hand[_WRIST, :3])
    return min(max((_UNOPPOSED - gap / length) / (_UNOPPOSED - _OPPOSED), 0.0), 1.0)


def finger_spread(body: Body, side: Side) -> float:
    """How far index and little finger are spread apart, their abductions added: 0 with each finger in line with its
    metacarpal.

    Wu (2005), metacarpophalangeal joints: the angle by which the proximal phalanx leaves the plane in which the finger
    bends. From the places of joints and the wrist's rotation; also told of bent fingers, which hardly spread.
    """
    hand = body.poses[HAND[side]]
    dorsal = rotate(hand[_WRIST, 3:].tolist(), _UP)
    index, little = (_abduction(hand[first : first + 3, :3], dorsal) for first in (_INDEX, _LITTLE))
    return (little - index) * _OUTWARD[side]


def wrist_flexion(body: Body, side: Side) -> float:
    """How far the hand is bent toward the palm; negative is extension.

    Wu (2005), radiocarpal joint, with the forearm turned along with the hand: the angle from the forearm's long axis
    to the back of the hand, less a right angle. The forearm's own turn does not count.
    """
    poses = body.poses
    return -_rise(rotate(_turn(poses[_ELBOW[side]].tolist(), poses[_HAND[side]].tolist()), _UP), axis=2)


def elbow_flexion(body: Body, side: Side) -> float:
    """How far the elbow is bent: 0 straight, overstretched negative.

    Wu (2005), elbow joint: the turn about the upper arm's axis from left to right, which the hinge has here. The elbow
    is inferred wherever no tracker is strapped to the arm:
    the angle then goes by how far the hand is from the shoulder.
    """
    poses = body.poses
    _, y, z = rotate(_turn(poses[_SHOULDER[side]].tolist(), poses[_ELBOW[side]].tolist()), _BACK)
    return math.atan2(y, z)


def forearm_rotation(body: Body, side: Side) -> float:
    """How far the palm is turned down: pronation positive, supination negative, 0 with the thumb up and elbow bent.

    Goniometry's neutral position, 90 degrees from the anatomical one. The turn of the hand about the forearm's long
    axis, against the hinge of the elbow, which is inferred wherever no tracker is strapped to the arm.
    """
    poses = body.poses
    x, y, _ = rotate(_turn(poses[_ELBOW[side]].tolist(), poses[_HAND[side]].tolist()), _UP)
    # The back of the hand from the side on which the point of the elbow is, where it is in the anatomical position.
    turned = math.atan2(-x * _OUTWARD[side], y) - math.pi / 2
    return turned if turned > -math.pi else turned + 2.0 * math.pi


def hip_flexion(body: Body, side: Side) -> float:
    """How far the thigh is raised to the front of the pelvis: 0 standing, a right angle or so seated, extension
    negative.

    Wu (2002), hip joint: the turn about the pelvis's axis from left to right.
    """
    poses = body.poses
    _, y, z = rotate(_turn(poses[PELVIS].tolist(), poses[_HIP[side]].tolist()), _BACK)
    return math.atan2(z, y)


def knee_flexion(body: Body, side: Side) -> float:
    """How far the knee is bent: 0 straight, overstretched negative.

    Grood and Suntay (1983), which Wu (2002) follows: the turn about the thigh's axis from left to right.
    """
    poses = body.poses
    _, y, z = rotate(_turn(poses[_HIP[side]].tolist(), poses[_KNEE[side]].tolist()), _BACK)
    return math.atan2(y, z)


def ankle_flexion(body: Body, side: Side) -> float:
    """How far the foot is raised to the shin: dorsiflexion positive, 0 with the sole square to the shin.

    Wu (2002), ankle joint complex: the turn about the shin's axis from left to right.
    """
    _, y, z = _instep(body, side)
    return math.atan2(-y, z)


def foot_inversion(body: Body, side: Side) -> float:
    """How far the sole is turned inward, to the other foot; eversion is negative.

    Wu (2002), ankle joint complex: the turn about the axis across those of dorsiflexion and of the foot's turning in.
    """
    return _rise(_instep(body, side), axis=0) * _OUTWARD[side]


def toe_curl(body: Body, side: Side) -> float:
    """How far the toes are bent to the sole; extension is negative. NaN unless the toes themselves were tracked.

    Goniometry: the first metatarsophalangeal joint's flexion, in line with the foot at 0.
    """
    ankle, ball = _ANKLE[side], _BALL[side]
    if body.provenance[ball] == Provenance.INFERRED:
        return math.nan
    _, y, z = rotate(_turn(body.poses[ankle].tolist(), body.poses[ball].tolist()), _BACK)
    return math.atan2(y, z)


def _turn(nearer: list[float], further: list[float]) -> Quaternion:
    """The rotation of a bone in the frame of the one before it, for their poses (7,)."""
    return multiply(conjugate(nearer[3:]), further[3:])


def _instep(body: Body, side: Side) -> Vector:
    """The top of the foot's direction in the frame of the shin: +Z, back up the shin, in the neutral position."""
    return rotate(_turn(body.poses[_KNEE[side]].tolist(), body.poses[_ANKLE[side]].tolist()), _UP)


def _rise(direction: Vector, axis: int) -> float:
    """The angle of a unit vector above the plane across an axis, exact near the axis too."""
    above = direction[axis]
    return math.atan2(above, math.sqrt(sum(part * part for part in direction) - above * above))


def _abduction(finger: NDArray[np.float64], dorsal: Vector) -> float:
    """How far a finger leans to the right of its metacarpal, for the places (3, 3) of metacarpal, knuckle and joint
    after it.
    """
    metacarpal, bone = finger[1:] - finger[:-1]
    right = np.cross(metacarpal, dorsal)
    across = float(bone @ right) / math.sqrt(float(right @ right) * float(bone @ bone))
    return math.asin(min(max(across, -1.0), 1.0))
