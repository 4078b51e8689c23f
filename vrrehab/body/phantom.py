"""How a phantom limb is felt, as a shape that the virtual limb can take: posture, length (telescoping) and place.

The virtual limb starts as it is felt and goes over into how it is driven, by a share from 1 to 0. At 0 nothing of this
is computed, so that it ends as the driven limb exactly. Whether matching the felt shape helps is not known
(docs/safety.md claims nothing): it is offered, and recorded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import CHAIN_JOINTS, LEVELS, PARENTS, Chain
from vrrehab.body.posture import MOVEMENTS, NEUTRAL, OPPOSED_RAD, quaternions_of, vectors_of
from vrrehab.body.skeleton import FINGERS
from vrrehab.errors import UnknownName
from vrrehab.geometry import quaternion_conjugate, quaternion_multiply

Floats = NDArray[np.float64]
Angles = dict[str, float]

#: A bone that is felt to be gone is drawn this short; a hand or foot felt inside the residual limb this small.
_LEAST_BONE, _LEAST_HAND = 0.04, 0.35
#: A change of shape, and a share that is to change at once, take this long: nothing snaps.
_AT_ONCE_S = 0.5


def _fingers(proximal: float, intermediate: float, distal: float) -> Angles:
    """Four fingers bent alike, in degrees."""
    bent = {"proximal": proximal, "intermediate": intermediate, "distal": distal}
    return {f"{finger}_{name}_flexion": math.radians(value) for finger in FINGERS for name, value in bent.items()}


def _thumb(opposed: float, proximal: float, distal: float) -> Angles:
    """A thumb: opposition as a share of a fist's, then degrees."""
    return {
        "thumb_opposition": opposed * OPPOSED_RAD,
        "thumb_proximal_flexion": math.radians(proximal),
        "thumb_distal_flexion": math.radians(distal),
    }


def _degrees(**angles: float) -> Angles:
    return {name: math.radians(value) for name, value in angles.items()}


_RELAXED = _fingers(22, 28, 16) | _thumb(0.2, 9, 10)
_CLENCHED = _fingers(72, 94, 54) | _thumb(1.0, 27, 34)

#: Postures by name, for each chain: angles of those movements that the posture fixes; the rest go on as driven.
POSTURES: dict[Chain, dict[str, Angles]] = {
    Chain.ARM: {
        "relaxed": _RELAXED,
        "open": _fingers(0, 2, 0)
        | _thumb(0.0, 5, 3)
        | _degrees(index_deviation=10, middle_deviation=0, ring_deviation=-10, little_deviation=-20),
        "clenched": _CLENCHED,
        "flexed_wrist": _RELAXED | _degrees(wrist_flexion=60),
        "twisted_forearm": _RELAXED | _degrees(forearm_rotation=80),
        "pointing": _CLENCHED
        | _degrees(index_proximal_flexion=5, index_intermediate_flexion=4, index_distal_flexion=2),
        "thumb_in_palm": _fingers(62, 92, 50) | _thumb(1.25, 52, 72),
    },
    Chain.LEG: {
        "relaxed": _degrees(ankle_flexion=-20, toe_curl=5),
        "plantarflexed": _degrees(ankle_flexion=-45, toe_curl=10),
        "inverted": _degrees(ankle_flexion=-15, foot_inversion=30),
        "toes_clenched": _degrees(ankle_flexion=-10, toe_curl=42),
    },
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A phantom's shape in numbers, one row a joint of its chain, as of a right limb except for `offset_m`.

    fixed: (n, 3) 1 for the components of a joint's vector (`vrrehab.body.posture`) that the shape fixes, else 0.
    vectors: (n, 3) what it fixes them to. lengths: (n,) of each joint's distance from the one before, in shares of
    the driven limb's. offset_m: (3,), session space.
    """

    fixed: Floats
    vectors: Floats
    lengths: Floats
    offset_m: Floats

    @property
    def as_driven(self) -> bool:
        """Whether it changes nothing."""
        return not self.fixed.any() and not self.offset_m.any() and bool((self.lengths == 1.0).all())


def shape_of(
    chain: Chain,
    posture: str,
    joints_rad: Mapping[str, float],
    telescoping: float,
    offset_m: tuple[float, float, float],
    segments_left: float,
) -> Shape:
    """A shape from its description (`telemetry.messages.PhantomShape`).

    joints_rad: added to the posture's angles, by movement; kept within what the joint can do.
    segments_left: where the residual limb ends, as in `vrrehab.body.loss`.
    Raises `UnknownName` for a posture or a movement that the chain does not have.
    """
    postures, movements = POSTURES[chain], MOVEMENTS[chain]
    if posture not in postures:
        raise UnknownName("posture", posture, list(postures), f"those of {_article(chain)}")
    angles = dict(postures[posture])
    for name, change in joints_rad.items():
        if name not in movements:
            raise UnknownName("movement", name, list(movements), f"those of {_article(chain)}")
        angles[name] = angles.get(name, 0.0) + change
    names = CHAIN_JOINTS[chain]
    fixed, vectors = np.zeros((2, len(names), 3))
    for name, angle in angles.items():
        movement = movements[name]
        row = names.index(movement.joint)
        fixed[row, np.abs(movement.axis) > 0.0] = 1.0
        vectors[row] += min(max(angle, movement.least), movement.most) * np.array(movement.axis)
    lengths = _lengths(chain, telescoping, segments_left)
    return Shape(fixed, vectors, lengths, np.array(offset_m, float))


def _article(chain: Chain) -> str:
    return "an arm" if chain is Chain.ARM else "a leg"


def _lengths(chain: Chain, telescoping: float, segments_left: float) -> Floats:
    """What lies beyond the residual limb's end, shortened; the hand or the foot itself only where no more is lost."""
    out = np.ones(len(CHAIN_JOINTS[chain]))
    end = CHAIN_JOINTS[chain].index("wrist" if chain is Chain.ARM else "ankle")
    for bone, joint in enumerate((1, end)):
        left = min(max(segments_left - bone, 0.0), 1.0)
        out[joint] = max(left + (1.0 - left) * (1.0 - telescoping), _LEAST_BONE)
    if segments_left >= 2.0:
        beyond = np.ones(len(out), bool)
        beyond[[0, 1, end]] = False
        out[beyond] = 1.0 - (1.0 - _LEAST_HAND) * telescoping
    return out


class Morph:
    """One virtual limb between its phantom's shape and how it is driven."""

    def __init__(self, chain: Chain, shape: Shape, share: float) -> None:
        self._neutral = NEUTRAL[chain]
        self._chain = chain
        self._from = self._to = shape
        self._show(shape)
        self._changed = 1.0
        self.share = share
        self._share_from = self._share_to = share
        self._gone = 1.0

    def take(self, shape: Shape) -> None:
        """The phantom is felt otherwise from now on."""
        self._from, self._to, self._changed = self._shape, shape, 0.0

    def step(self, elapsed_s: float, share: float, minutes: float) -> None:
        """Goes on for a frame toward a share, at a speed that would take `minutes` from 1 to 0."""
        if share != self._share_to:
            self._share_from, self._share_to, self._gone = self.share, share, 0.0
        if self._gone < 1.0:
            takes_s = max(minutes * 60.0 * abs(self._share_to - self._share_from), _AT_ONCE_S)
            self._gone = min(self._gone + elapsed_s / takes_s, 1.0)
            self.share = self._share_from + _eased(self._gone) * (self._share_to - self._share_from)
            if self._gone == 1.0:
                self.share = self._share_to
        if self._changed < 1.0:
            self._changed = min(self._changed + elapsed_s / _AT_ONCE_S, 1.0)
            self._show(_between(self._from, self._to, _eased(self._changed)) if self._changed < 1.0 else self._to)

    def _show(self, shape: Shape) -> None:
        self._shape = shape
        #: (n,) which joints are elsewhere than the person has them: what the shape turns or moves, and all beyond.
        self.touched = shape.fixed.any(axis=1) | (shape.lengths != 1.0)
        for joints in LEVELS[self._chain]:
            self.touched[joints] |= self.touched[PARENTS[self._chain][joints]]

    @property
    def offset_m(self) -> Floats:
        """How far from its driven place the limb's end is now, (3,)."""
        return self.share * self._shape.offset_m

    @property
    def idle(self) -> bool:
        """Whether the limb is just as it is driven."""
        return self.share == 0.0 or self._shape.as_driven

    def bend(self, turns: Floats) -> Floats:
        """The joints' turns (n, 4), each in the frame before it and as of a right limb, on the way to the shape's."""
        driven = vectors_of(quaternion_multiply(quaternion_conjugate(self._neutral), turns))
        shape = self._shape
        driven += (self.share * shape.fixed) * (shape.vectors - driven)
        bent = quaternion_multiply(self._neutral, quaternions_of(driven))
        # What the shape leaves alone stays to the last bit.
        return np.where(shape.fixed.any(axis=1, keepdims=True), bent, turns)

    @property
    def lengths(self) -> Floats:
        """(n, 1) of each joint's distance from the one before, in shares of the driven limb's."""
        return (1.0 + self.share * (self._shape.lengths - 1.0))[:, None]


def _eased(ratio: float) -> float:
    return ratio * ratio * (3.0 - 2.0 * ratio)


def _between(a: Shape, b: Shape, ratio: float) -> Shape:
    """A shape on the way from one to another; where only one of them fixes something, that is what it is fixed to."""
    a_vectors = np.where(a.fixed > 0.0, a.vectors, b.vectors)
    b_vectors = np.where(b.fixed > 0.0, b.vectors, a.vectors)
    return Shape(
        a.fixed + ratio * (b.fixed - a.fixed),
        a_vectors + ratio * (b_vectors - a_vectors),
        a.lengths + ratio * (b.lengths - a.lengths),
        a.offset_m + ratio * (b.offset_m - a.offset_m),
    )
