"""What of a limb a task can count, and how a limb looks while it does that: one table for both.

A feature is measured on a body by `vrrehab.body.features`. Its gesture is the limb of a body of some build put into a
row of postures from less to more of it, once; between them it goes over smoothly, which costs a frame very little. The
gesture knows what is measured of each of its postures, so that it can be asked for a value.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body import features
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.limb import CHAIN_JOINTS, Chain, Limb, put_together, take_apart
from vrrehab.body.posture import MOVEMENTS, NEUTRAL, OPPOSED_RAD, quaternions_of, vectors_of
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side
from vrrehab.tasks.demonstration import DemonstratingArm, DemonstratingLeg

Floats = NDArray[np.float64]
#: A right limb with its root at the origin, (m, n, 7), for shares (m,) from 0 to 1 of a gesture.
_Posing = Callable[[Build, Floats], Floats]

#: Postures of a gesture; between two of them no joint moves by more than some millimetres.
_POSTURES = 33
#: A demonstration goes beyond the thresholds by this share of the way between them.
_BEYOND = 0.3
#: Where the hand of a demonstrating arm is, (outward, up, forward) in arm lengths from the shoulder: raised before the
#: face, so that its fingers are seen; lower, with the elbow bent, for what wrist and forearm do;
#: and with the upper arm forward, over a table, for the elbow.
_RAISED, _BENT, _FORWARD = (-0.06, -0.10, 0.98), (0.02, -0.27, 0.78), (0.0, -0.14, 1.0)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something of a limb that a task can count.

    measure: from a body and a side, NaN where it is not there. posing: the limb while it does a share of it. whole:
    whether it is shown from none to all of it, as of fingers, and not just beyond what is asked for.
    """

    chain: Chain
    measure: Callable[[Body, Side], float]
    posing: _Posing
    whole: bool = False


def _degrees(**angles: float) -> dict[str, float]:
    return {name: math.radians(value) for name, value in angles.items()}


def _turned(limb: Floats, chain: Chain, angles: Mapping[str, Floats]) -> Floats:
    """A right limb (n, 7) with the named movements (`vrrehab.body.posture`) at each of these angles (m,) in radians:
    (m, n, 7).
    """
    names, movements = CHAIN_JOINTS[chain], MOVEMENTS[chain]
    apart = take_apart(chain, limb)
    count = len(next(iter(angles.values())))
    apart_each = np.repeat(apart[:, None], count, axis=1)
    for joint in {movements[name].joint for name in angles}:
        row, neutral = names.index(joint), NEUTRAL[chain][names.index(joint)]
        turn = geometry.quaternion_multiply(geometry.quaternion_conjugate(neutral), apart[row, 3:])
        vectors = np.tile(vectors_of(turn), (count, 1))
        ours = [name for name in angles if movements[name].joint == joint]
        for name in ours:
            vectors[:, np.abs(movements[name].axis) > 0.0] = 0.0
        for name in ours:
            vectors += angles[name][:, None] * np.array(movements[name].axis)
        apart_each[row, :, 3:] = geometry.quaternion_multiply(neutral, quaternions_of(vectors))
    out = np.empty_like(apart_each)
    put_together(chain, apart_each, out)
    return out.swapaxes(0, 1)


def _arm(build: Build, place: tuple[float, float, float], closure: float = RELAXED) -> Floats:
    arm = DemonstratingArm(Side.RIGHT, build)
    into = np.empty((len(CHAIN_JOINTS[Chain.ARM]), 7))
    arm.pose(arm.place(place), closure, np.zeros(3), into)
    return into


def _closing(build: Build, shares: Floats) -> Floats:
    return np.array([_arm(build, _RAISED, share) for share in shares])


def _spreading(build: Build, shares: Floats) -> Floats:
    arms = np.tile(_arm(build, _RAISED), (len(shares), 1, 1))
    hands = np.array([hand_pose(Side.RIGHT, 0.04, share) for share in shares])
    hands[..., :3] *= build.arm / USUAL.arm
    arms[:, 2:] = geometry.compose(arms[:, 3:4], hands)
    return arms


def _between(place: tuple[float, float, float], none: Mapping[str, float], whole: Mapping[str, float]) -> _Posing:
    """An arm whose movements go from one set of angles to another."""

    def posing(build: Build, shares: Floats) -> Floats:
        angles = {name: none[name] + shares * (whole[name] - none[name]) for name in whole}
        return _turned(_arm(build, place, 0.15), Chain.ARM, angles)

    return posing


#: Thumb and finger where their pads touch, in degrees: opposition, then the thumb's two joints, then the finger's
#: deviation and its three joints from the knuckle on. Found once, as the posture nearest to a hand's middle one.
_TOUCHING = {
    "index": (40, 7, -13, -4, 58, 41, 18),
    "middle": (43, 16, -10, -2, 55, 41, 15),
    "ring": (43, 31, 0, 5, 54, 38, 7),
    "little": (43, 45, 7, 13, 58, 28, 0),
}


def _to_finger(finger: str) -> Feature:
    opposed, proximal, distal, aside, *bent = _TOUCHING[finger]
    joints = ("proximal", "intermediate", "distal")
    whole = _degrees(
        thumb_opposition=opposed,
        thumb_proximal_flexion=proximal,
        thumb_distal_flexion=distal,
        **{f"{finger}_deviation": aside},
        **{f"{finger}_{name}_flexion": angle for name, angle in zip(joints, bent, strict=True)},
    )
    none = _degrees(
        thumb_opposition=4,
        thumb_proximal_flexion=5,
        thumb_distal_flexion=3,
        **{f"{finger}_deviation": 0},
        **{f"{finger}_{name}_flexion": 8 for name in joints},
    )

    def measure(body: Body, side: Side) -> float:
        return features.thumb_to_finger(body, side, finger)

    return Feature(Chain.ARM, measure, _between(_RAISED, none, whole), whole=True)


#: The thumb laid across to the base of the little finger.
_ACROSS_PALM = {"thumb_opposition": 1.25 * OPPOSED_RAD} | _degrees(thumb_proximal_flexion=55, thumb_distal_flexion=60)
_BESIDE_HAND = {"thumb_opposition": 0.0} | _degrees(thumb_proximal_flexion=0, thumb_distal_flexion=0)


def _leg(low: float, high: float, angles: Callable[[float], dict[str, float]]) -> _Posing:
    """A seated leg that goes from one angle to another; the hip is as high as the leg's own chair."""

    def posing(build: Build, shares: Floats) -> Floats:
        into = np.empty((len(shares), len(CHAIN_JOINTS[Chain.LEG]), 7))
        hip = np.array([0.0, seated_hip_m(build), 0.0])
        leg = DemonstratingLeg(Side.RIGHT, build)
        for row, share in zip(into, shares, strict=True):
            leg.pose(hip, row, **angles(low + share * (high - low)))
        into[..., :3] -= hip
        return into

    return posing


def seated_hip_m(build: Build) -> float:
    """How high the hip is on a chair that lets thighs be level and soles lie on the floor."""
    return build.shin + build.ankle_height


#: What a foot does is shown with the leg stretched out a little, so that it has room over the floor.
_OUT_RAD = math.radians(40.0)
_OUT = math.pi / 2 - _OUT_RAD


def _knee_extension(body: Body, side: Side) -> float:
    """How far the knee is straightened from the right angle in which people sit, radians."""
    return math.pi / 2 - features.knee_flexion(body, side)


FEATURES: dict[str, Feature] = {
    "hand_closure": Feature(Chain.ARM, features.hand_closure, _closing, whole=True),
    "finger_spread": Feature(Chain.ARM, features.finger_spread, _spreading, whole=True),
    "thumb_opposition": Feature(
        Chain.ARM, features.thumb_opposition, _between(_RAISED, _BESIDE_HAND, _ACROSS_PALM), whole=True
    ),
    "pinch": _to_finger("index"),
    "thumb_to_middle": _to_finger("middle"),
    "thumb_to_ring": _to_finger("ring"),
    "thumb_to_little": _to_finger("little"),
    "wrist_flexion": Feature(
        Chain.ARM, features.wrist_flexion, _between(_BENT, _degrees(wrist_flexion=-55), _degrees(wrist_flexion=60))
    ),
    "forearm_rotation": Feature(
        Chain.ARM,
        features.forearm_rotation,
        _between(_BENT, _degrees(forearm_rotation=-70), _degrees(forearm_rotation=75)),
    ),
    "elbow_flexion": Feature(
        Chain.ARM, features.elbow_flexion, _between(_FORWARD, _degrees(elbow_flexion=25), _degrees(elbow_flexion=115))
    ),
    "hip_flexion": Feature(Chain.LEG, features.hip_flexion, _leg(1.40, 2.05, lambda value: {"hip": value})),
    "knee_flexion": Feature(Chain.LEG, features.knee_flexion, _leg(0.10, 1.75, lambda value: {"knee": value})),
    "knee_extension": Feature(
        Chain.LEG, _knee_extension, _leg(-0.15, 1.50, lambda value: {"knee": math.pi / 2 - value})
    ),
    "ankle_flexion": Feature(
        Chain.LEG, features.ankle_flexion, _leg(-0.70, 0.40, lambda value: {"knee": _OUT, "ankle": value})
    ),
    "foot_inversion": Feature(
        Chain.LEG, features.foot_inversion, _leg(-0.32, 0.55, lambda value: {"knee": _OUT, "inversion": value})
    ),
    "toe_curl": Feature(Chain.LEG, features.toe_curl, _leg(-0.45, 0.70, lambda value: {"knee": _OUT, "toes": value})),
}


class Gesture:
    """A limb that does as much of a feature as it is asked to."""

    def __init__(self, name: str, limb: Limb, build: Build) -> None:
        self._shares, self._values, self._poses = _postures(name, limb, build)
        #: The least and the most that it can show.
        self.least, self.most = float(self._values[0]), float(self._values[-1])
        self._whole = FEATURES[name].whole

    def shown(self, low: float, high: float) -> tuple[float, float]:
        """From what to what it is shown, for a task that asks for less than `low` and more than `high`."""
        if self._whole:
            return self.least, self.most
        beyond = _BEYOND * (high - low)
        return max(low - beyond, self.least), min(high + beyond, self.most)

    def pose(self, value: float, root: Floats, into: Floats) -> None:
        """Write the limb (n, 7), hung on the shoulder or hip at `root` (3,), where `value` is measured of it."""
        at = float(np.interp(value, self._values, self._shares)) * (_POSTURES - 1)
        first = min(int(at), _POSTURES - 2)
        poses = self._poses
        np.subtract(poses[first + 1], poses[first], out=into)
        into *= at - first
        into += poses[first]
        into[:, 3:] /= np.sqrt(np.einsum("ij,ij->i", into[:, 3:], into[:, 3:]))[:, None]
        into[:, :3] += root


@functools.lru_cache(maxsize=128)
def _postures(name: str, limb: Limb, build: Build) -> tuple[Floats, Floats, Floats]:
    """(shares, values measured, poses (postures, n, 7)) of a gesture, in the order of rising values."""
    feature = FEATURES[name]
    if limb.chain is not feature.chain:
        raise ValueError(f"expected {name} of {'an arm' if feature.chain is Chain.ARM else 'a leg'}, got the {limb}")
    shares = np.linspace(0.0, 1.0, _POSTURES)
    right = feature.posing(build, shares)
    poses = right if limb.side is Side.RIGHT else geometry.mirror(right)
    # Neighbours on the same half of the quaternions' sphere, so that what lies between them is on the short way.
    for before, after in itertools.pairwise(poses):
        flipped = np.einsum("ij,ij->i", before[:, 3:], after[:, 3:]) < 0.0
        after[flipped, 3:] *= -1.0
    body = Body.unseen()
    body.provenance[limb.joints] = Provenance.SCRIPTED
    body.poses[PELVIS], body.provenance[PELVIS] = geometry.IDENTITY, Provenance.SCRIPTED
    values = np.empty(_POSTURES)
    for row, posture in enumerate(poses):
        body.poses[limb.joints] = posture
        values[row] = feature.measure(body, limb.side)
    # What is measured may rest at its least or most; what is asked for is then reached where it first is.
    return shares, np.maximum.accumulate(values), poses


def prepare(names: Iterable[str], limb: Limb, build: Build) -> None:
    """Makes the gestures of these features now, which takes some milliseconds each, and keeps them."""
    for name in names:
        _postures(name, limb, build)
