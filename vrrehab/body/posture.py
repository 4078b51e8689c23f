"""A limb's posture as one vector of angles a joint, counted from the joint's neutral position.

In that form postures can be added, scaled and kept within what human joints do, and every component is a movement that
a clinic has a name for. All of it is told for a right limb; a left one is its mirror image.

A joint's vector is its swing and its twist, in radians: X and Y the axis of its turn out of line times the angle (X is
bending, negative; Y to the thumb's side), Z the twist about the bone before that (pronation). Frames are those of
`vrrehab.body.features`.

Ranges of motion are those of the American Academy of Orthopaedic Surgeons (1965) as Norkin and White tabulate them
(*Measurement of Joint Motion*, appendix A), none narrower: elbow 0 to 150 degrees, forearm 80 each way, wrist 80 flexed
and 70 extended, 20 to the thumb and 30 away; fingers 90, 100 and 90 flexed and 45 extended; ankle 20 up and 50 down;
knee 135. Where people commonly go further (knee, forearm, ankle) or the source says nothing (deviation of fingers,
turning of the foot) the range is wider, by our own allowance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import CHAIN_JOINTS, Chain
from vrrehab.body.skeleton import FINGERS, HAND_JOINTS, Side

Floats = NDArray[np.float64]
_THUMB = HAND_JOINTS.index("thumb_metacarpal")


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of one joint: its axis (3,) for a right limb, and how far people can go each way, in radians."""

    joint: str
    axis: tuple[float, float, float]
    least: float
    most: float


def _movement(joint: str, axis: tuple[float, float, float], least_deg: float, most_deg: float) -> Movement:
    return Movement(joint, axis, float(np.radians(least_deg)), float(np.radians(most_deg)))


def vectors_of(q: Floats) -> Floats:
    """The vectors (..., 3) of unit quaternions (..., 4): bending, turning aside, and the twist before them."""
    x, y, z, w = (q[..., i] for i in range(4))
    # Swing and twist: q = twist about Z, then a swing whose axis is square to it.
    along = np.maximum(np.sqrt(z * z + w * w), 1e-12)
    sin, cos = z / along, w / along
    out = np.empty((*q.shape[:-1], 3))
    out[..., 0] = cos * x + sin * y
    out[..., 1] = cos * y - sin * x
    sideways = np.sqrt(x * x + y * y)
    out[..., :2] *= (2.0 * np.arctan2(sideways, along) / np.maximum(sideways, 1e-12))[..., None]
    # q and -q are the same rotation: of both ways to twist the shorter one.
    out[..., 2] = 2.0 * np.arctan2(z * np.copysign(1.0, w), np.abs(w))
    return out


def quaternions_of(v: Floats) -> Floats:
    """Unit quaternions (..., 4) of vectors (..., 3); undoes `vectors_of`."""
    half = np.sqrt(v[..., 0] ** 2 + v[..., 1] ** 2) / 2.0
    scale = np.sinc(half / np.pi) / 2.0
    x, y, w = v[..., 0] * scale, v[..., 1] * scale, np.cos(half)
    sin, cos = np.sin(v[..., 2] / 2.0), np.cos(v[..., 2] / 2.0)
    out = np.empty((*v.shape[:-1], 4))
    out[..., 0], out[..., 1] = cos * x - sin * y, cos * y + sin * x
    out[..., 2], out[..., 3] = sin * w, cos * w
    return out


_BEND, _EXTEND, _TO_THUMB, _PRONATE = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_OPEN_THUMB = hand_pose(Side.RIGHT, 0.0)[_THUMB, 3:]
#: Opposition carries the thumb's metacarpal from beside the flat hand to where it lies in a fist.
_OPPOSING = vectors_of(
    geometry.quaternion_multiply(geometry.quaternion_conjugate(_OPEN_THUMB), hand_pose(Side.RIGHT, 1.0)[_THUMB, 3:])
)
#: How far opposition turns the thumb's metacarpal in a fist, in radians.
OPPOSED_RAD = float(np.linalg.norm(_OPPOSING))
_OPPOSE: tuple[float, float, float] = tuple((_OPPOSING / OPPOSED_RAD).tolist())

#: Every movement by its name, which is the same as its feature's where `vrrehab.body.features` has one.
MOVEMENTS: dict[Chain, dict[str, Movement]] = {
    Chain.ARM: {
        "elbow_flexion": _movement("elbow", _BEND, 0, 150),
        "forearm_rotation": _movement("wrist", _PRONATE, -85, 85),
        "wrist_flexion": _movement("wrist", _BEND, -70, 80),
        "wrist_deviation": _movement("wrist", _TO_THUMB, -30, 20),
        "thumb_opposition": Movement("thumb_metacarpal", _OPPOSE, -0.2, 1.3 * OPPOSED_RAD),
        "thumb_proximal_flexion": _movement("thumb_proximal", _BEND, -10, 60),
        "thumb_distal_flexion": _movement("thumb_distal", _BEND, -20, 85),
        **{
            f"{finger}_{name}": _movement(f"{finger}_{joint}", axis, least, most)
            for finger in FINGERS
            for name, joint, axis, least, most in (
                ("deviation", "proximal", _TO_THUMB, -25, 25),
                ("proximal_flexion", "proximal", _BEND, -45, 95),
                ("intermediate_flexion", "intermediate", _BEND, -5, 110),
                ("distal_flexion", "distal", _BEND, -10, 90),
            )
        },
    },
    Chain.LEG: {
        "knee_flexion": _movement("knee", _BEND, -5, 145),
        "ankle_flexion": _movement("ankle", _EXTEND, -50, 25),
        "foot_inversion": _movement("ankle", (0.0, 0.0, -1.0), -20, 35),
        "foot_rotation": _movement("ankle", _TO_THUMB, -25, 25),
        "toe_curl": _movement("ball", _BEND, -70, 45),
    },
}


def _neutral(chain: Chain) -> Floats:
    """Each joint's rotation in the frame of the one before it, (n, 4), where its vector is 0."""
    out = np.tile(geometry.IDENTITY[3:], (len(CHAIN_JOINTS[chain]), 1))
    half = np.sqrt(0.5)
    if chain is Chain.ARM:
        # Half way between palm up, where wrist and elbow have the same frame, and palm down.
        out[CHAIN_JOINTS[chain].index("wrist")] = 0.0, 0.0, half, half
        out[CHAIN_JOINTS[chain].index("thumb_metacarpal")] = _OPEN_THUMB
    else:
        out[CHAIN_JOINTS[chain].index("ankle")] = half, 0.0, 0.0, half  # the sole square to the shin
    return out


def _ranges(chain: Chain) -> Floats:
    """The least and the most of each component of each joint's vector, (2, n, 3); little where nothing is named."""
    out = np.empty((2, len(CHAIN_JOINTS[chain]), 3))
    out[:] = np.radians([-10.0, 10.0])[:, None, None]
    for movement in MOVEMENTS[chain].values():
        ends = np.outer([movement.least, movement.most], movement.axis)
        turned = np.abs(movement.axis) > 0.0
        joint = CHAIN_JOINTS[chain].index(movement.joint)
        out[0, joint, turned] = ends.min(axis=0)[turned]
        out[1, joint, turned] = ends.max(axis=0)[turned]
    if chain is Chain.ARM:  # a saddle joint, which turns about all three axes
        out[:, CHAIN_JOINTS[chain].index("thumb_metacarpal")] = np.radians([-45.0, 45.0])[:, None]
    return out


NEUTRAL = {chain: _neutral(chain) for chain in Chain}
RANGES = {chain: _ranges(chain) for chain in Chain}
