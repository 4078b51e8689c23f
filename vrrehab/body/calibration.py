"""The person's measures from a few seconds of sitting upright with a limb held straight out.

What is asked is the same for everybody: sit upright, look ahead, hold the arm straight out in front at the height of
the shoulder, the hand open; or the leg. What comes back was measured or is None; what cannot be trusted is refused with
a reason that can be read to the person.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from telemetry.messages import Measures
from vrrehab import geometry
from vrrehab.body.build import FOREARM, HAND_LENGTH, SHIN, THIGH, UPPER_ARM, Build, stature_of
from vrrehab.body.limb import Chain
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, Body, Provenance, Side, joint
from vrrehab.errors import NotMeasured

Floats = NDArray[np.float64]
#: Where the neck (3,) of a person of a build is.
_Neck = Callable[[Build], Floats]

#: How long the person is looked at, and how many frames of that are kept.
WINDOW_S = 2.0
_MOST_FRAMES = 400
_LEAST_FRAMES, _LEAST_S = 30, 1.0
#: The limb is seen in at least this share of the frames.
_SEEN_SHARE = 0.8
#: A head that sits still moves less than this about its middle place, and so does a limb held out.
_STILL_HEAD_M, _STILL_LIMB_M = 0.03, 0.05
#: A limb that is held out rises or falls no more than this, and points no further to a side.
_RAISED_RAD, _ASIDE_RAD = math.radians(40.0), math.radians(45.0)
#: The hand says how long the arm should be; one that is shorter than this share of it is bent.
_STRAIGHT_SHARE, _LONGEST_SHARE = 0.85, 1.25

# The 5th percentile of women's statures and the 95th of men's, and an eighth beyond (Fryar and others 2025,
# *Anthropometric reference data for children and adults: United States, August 2021-August 2023*, Vital Health Stat
# 3(50), table 7).
_STATURES_M = (0.875 * 1.496, 1.125 * 1.872)
#: Eyes over the floor: from a low chair and a small person to a high wheelchair and a tall one; and no one who stands.
_SEATED_EYES_M = (0.95, 1.50)
_ROUNDS = 6
_MEASURED = (int(Provenance.MEASURED), int(Provenance.SCRIPTED))
_MIDDLE_FINGER = [
    HAND_JOINTS.index(name)
    for name in ("wrist", "middle_proximal", "middle_intermediate", "middle_distal", "middle_tip")
]


def hand_length(hand: Floats) -> float:
    """Wrist to tip of the stretched middle finger in metres, for the joints of one hand (26, 7), however it is bent."""
    places = hand[_MIDDLE_FINGER, :3]
    return float(np.linalg.norm(places[1:] - places[:-1], axis=1).sum())


class Calibration:
    """Looks at the last `WINDOW_S` of one person; `add` what is seen in each frame, then ask for `measures`.

    side: of the limb that is held out. chain: an arm, or a leg with a tracker on it. known: measures that are known
    already, such as the stature, and are handed on.
    """

    def __init__(self, side: Side, chain: Chain = Chain.ARM, known: Measures | None = None) -> None:
        self._side, self._chain = side, chain
        self._outward = 1.0 if side is Side.RIGHT else -1.0
        self._known = known or Measures()
        self._end = joint(side, "wrist" if chain is Chain.ARM else "ankle")
        self._times_s = np.full(_MOST_FRAMES, -math.inf)
        self._heads = np.full((_MOST_FRAMES, 7), np.nan)
        self._ends = np.full((_MOST_FRAMES, 3), np.nan)
        self._hands = np.full(_MOST_FRAMES, np.nan)
        self._count = 0

    def add(self, seen: Body, now_s: float) -> None:
        """One frame, in any space whose floor is at y = 0. Only what was measured counts, nothing held or inferred."""
        row = self._count % _MOST_FRAMES
        self._count += 1
        self._times_s[row] = now_s
        self._heads[row] = seen.poses[HEAD] if seen.provenance[HEAD] in _MEASURED else np.nan
        there = seen.provenance[self._end] in _MEASURED
        self._ends[row] = seen.poses[self._end, :3] if there else np.nan
        hand = HAND[self._side]
        self._hands[row] = hand_length(seen.poses[hand]) if there and self._chain is Chain.ARM else np.nan

    def measures(self) -> Measures:
        """What was measured. Raises `NotMeasured` with the reason where it cannot be trusted."""
        newest = self._times_s.max()
        rows = self._times_s >= newest - WINDOW_S
        limb = "hand" if self._chain is Chain.ARM else "foot"
        limb = f"{self._side} {limb}"
        self._check_seen("head", rows, self._heads[:, 0])
        self._check_seen(limb, rows, self._ends[:, 0])
        heads, ends = self._heads[rows & ~np.isnan(self._heads[:, 0])], self._ends[rows & ~np.isnan(self._ends[:, 0])]
        _check_still("head", heads[:, :3], _STILL_HEAD_M)
        _check_still(limb, ends, _STILL_LIMB_M)
        # In the space of one who faces ahead.
        head = np.median(heads, axis=0)
        head[3:] = heads[len(heads) // 2, 3:]
        facing = Recentring.from_head(head).reference_from_session
        ahead_from_here = geometry.invert(facing)
        eyes, end = geometry.apply(ahead_from_here, np.stack([head[:3], np.median(ends, axis=0)]))
        turn = geometry.quaternion_multiply(ahead_from_here[3:], head[3:])

        def neck(build: Build) -> Floats:
            return eyes + geometry.rotate(turn, np.array([0.0, -build.eyes_above_neck, build.eyes_before_neck]))

        eye_height = float(eyes[1])
        _within("The eyes over the floor", eye_height, _SEATED_EYES_M, "sit upright")
        if self._chain is Chain.ARM:
            return self._arm(neck, end, eye_height, float(np.nanmedian(self._hands[rows])))
        return self._leg(neck, end, eye_height)

    def _arm(self, neck: _Neck, wrist: Floats, eye_height: float, hand: float) -> Measures:
        _within("The hand", hand, _range(HAND_LENGTH), "hold it open before you")
        share = UPPER_ARM + FOREARM
        way = self._way(neck, wrist, share, lambda build: (build.shoulder_breadth, build.neck_above_shoulders))
        _check_held_out("arm", way)
        reach, usual = float(np.linalg.norm(way)), share / HAND_LENGTH * hand
        _within("The arm", reach, (_STRAIGHT_SHARE * usual, _LONGEST_SHARE * usual), "stretch it, without leaning")
        _within("The arm", reach, _range(share), "stretch it, without leaning")
        return replace(self._known, seated_eye_height_m=eye_height, reach_m=reach, hand_m=hand)

    def _leg(self, neck: _Neck, ankle: Floats, eye_height: float) -> Measures:
        share = THIGH + SHIN
        way = self._way(
            neck,
            ankle,
            share,
            lambda build: (build.hip_breadth, build.neck_above_shoulders + build.shoulders_above_hips),
        )
        _check_held_out("leg", way)
        leg = float(np.linalg.norm(way))
        _within("The leg", leg, _range(share), "stretch it")
        return replace(self._known, seated_eye_height_m=eye_height, shin_m=SHIN / share * leg)

    def _way(self, neck: _Neck, end: Floats, share: float, root: Callable[[Build], tuple[float, float]]) -> Floats:
        """From the limb's root to its end, (3,); `root` gives the breadth between both roots and their depth below the
        neck.

        Where the root is depends on the stature, and that on the length if nothing else is known of it: settled to a
        millimetre in a few rounds.
        """
        stature, way = stature_of(self._known), np.zeros(3)
        for _ in range(_ROUNDS):
            build = Build.of_stature(stature)
            breadth, below = root(build)
            way = end - neck(build) - np.array([self._outward * breadth / 2, -below, 0.0])
            if self._known == Measures():
                stature = min(max(float(np.linalg.norm(way)) / share, _STATURES_M[0]), _STATURES_M[1])
        return way

    def _check_seen(self, what: str, rows: NDArray[np.bool_], values: Floats) -> None:
        seen = rows & ~np.isnan(values)
        if seen.sum() < max(_SEEN_SHARE * rows.sum(), 1):
            raise NotMeasured(
                f"Expected to see the {what} all the time, but it was seen in {seen.sum()} of {rows.sum()} frames. "
                "Hold it where the headset's cameras see it."
            )
        if seen.sum() < _LEAST_FRAMES or np.ptp(self._times_s[seen]) < _LEAST_S:
            raise NotMeasured(
                f"Expected to see the {what} for {_LEAST_S:.0f} second, but it was seen in {seen.sum()} frames. Wait."
            )


def _range(share: float) -> tuple[float, float]:
    """What a length may be that is this share of the stature."""
    return share * _STATURES_M[0], share * _STATURES_M[1]


def _check_still(what: str, places: Floats, most_m: float) -> None:
    # One frame of a hand seen wrongly does not count.
    moved = float(np.percentile(np.linalg.norm(places - np.median(places, axis=0), axis=1), 95))
    if moved > most_m:
        raise NotMeasured(
            f"Expected the {what} to keep still, but it moved by {100 * moved:.0f} cm. Hold still for "
            f"{WINDOW_S:.0f} seconds."
        )


def _check_held_out(limb: str, way: Floats) -> None:
    right, up, back = way.tolist()
    flat = math.hypot(right, back)
    if abs(math.atan2(up, flat)) > _RAISED_RAD or abs(math.atan2(right, -back)) > _ASIDE_RAD:
        raise NotMeasured(
            f"Expected the {limb} straight out in front, but it points {100 * -back:.0f} cm ahead, {100 * up:.0f} cm "
            f"up and {100 * right:.0f} cm to the right. Hold it out where you look."
        )


def _within(what: str, value_m: float, limits_m: tuple[float, float], remedy: str) -> None:
    least_m, most_m = limits_m
    if not least_m <= value_m <= most_m:
        raise NotMeasured(
            f"{what}: expected {100 * least_m:.0f} to {100 * most_m:.0f} cm, but {100 * value_m:.0f} cm came. Please "
            f"{remedy}, and measure again."
        )
