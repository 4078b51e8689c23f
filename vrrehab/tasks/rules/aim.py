"""Movements to a place or along a way: reaching, carrying, drumming, kicking, tracing.

Ways to places are (outward, up, forward) in lengths of the limb from shoulder or hip, outward away from the middle of
the body, so that one file serves both sides and people of every size; a hand comes there with its fingertip, a foot
with its ankle.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vrrehab.tasks.rules.rule import ARM, LEG, Radius, Rule, Seconds, Share, Speed, Way, within_reach


class ReachRule(Rule, frozen=True, tag="reach"):
    """One repetition is the index fingertip, or the ball of the foot, staying in the lit target for `hold_s`."""

    targets: Annotated[tuple[Way, ...], Meta(min_length=1, max_length=24)]
    radius_m: Radius = 0.05
    hold_s: Seconds = 0.15

    def __post_init__(self) -> None:
        for target in self.targets:
            within_reach(target)


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to carry: where it stands and where it goes, (outward, forward) in arm lengths from the shoulder.

    What is put where another thing stands is stacked on it.
    """

    shape: Literal["block", "cup", "ball"]
    size_m: Annotated[float, Meta(ge=0.03, le=0.10)]
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
    stands: tuple[float, float]
    goes: tuple[float, float]


class CarryRule(Rule, frozen=True, tag="carry"):
    """One repetition is a thing taken, carried and let go at its place; when all are there, they are carried back.

    A hand takes what is within `near_m` of its palm or of the tips of thumb and index finger when it closes or pinches
    past `close`, and lets go when it opens below `open`. What is let go within `snap_m` of its place settles there.
    """

    things: Annotated[tuple[Thing, ...], Meta(min_length=1, max_length=6)]
    close: Share = 0.5
    open: Share = 0.35
    near_m: Annotated[float, Meta(ge=0.03, le=0.15)] = 0.07
    snap_m: Annotated[float, Meta(ge=0.02, le=0.15)] = 0.06
    surface_m: Annotated[float, Meta(ge=0.4, le=1.1)] = 0.72

    def __post_init__(self) -> None:
        if self.open >= self.close:
            raise ValueError(f"expected `open` below `close`, got open = {self.open} and close = {self.close}")
        for thing in self.things:
            for outward, forward in (thing.stands, thing.goes):
                within_reach((outward, 0.0, forward))

    @property
    def limbs(self) -> tuple[str, ...]:
        return ARM


class DrumRule(Rule, frozen=True, tag="drum"):
    """One repetition is a stroke down onto the lit pad, with the palm's speed above `least_speed_m_s`.

    pads: (outward, forward) in arm lengths from the shoulder. beat_s: the pace at which pads light up, which waits.
    """

    pads: Annotated[tuple[tuple[float, float], ...], Meta(min_length=1, max_length=6)]
    radius_m: Annotated[float, Meta(ge=0.06, le=0.2)] = 0.09
    beat_s: Annotated[float, Meta(ge=0.4, le=5)] = 1.0
    least_speed_m_s: Speed = 0.15
    surface_m: Annotated[float, Meta(ge=0.4, le=1.1)] = 0.72

    def __post_init__(self) -> None:
        for outward, forward in self.pads:
            within_reach((outward, 0.0, forward))

    @property
    def limbs(self) -> tuple[str, ...]:
        return ARM


class KickRule(Rule, frozen=True, tag="kick"):
    """One repetition is a foot that meets the ball faster than `least_speed_m_s`; the ball rolls away and comes back.

    gap: how far before the toes of the resting foot the ball lies, in leg lengths.
    """

    gap: Annotated[float, Meta(ge=0.05, le=0.2)] = 0.12
    radius_m: Annotated[float, Meta(ge=0.06, le=0.16)] = 0.10
    least_speed_m_s: Speed = 0.25

    @property
    def limbs(self) -> tuple[str, ...]:
        return LEG


class TraceRule(Rule, frozen=True, tag="trace"):
    """One repetition is once round a closed path, or from one end of a line to the other; progress counts along it.

    path: a circle, a line or a lying eight of `width` and `height` (lengths of the limb) about `middle`, upright before
    the body (`frontal`), upright and pointing ahead (`sagittal`) or flat (`level`). near_m: how far from the path still
    is on it. other_draws: what the other hand is asked to draw meanwhile, whose shape is then measured.
    """

    path: Literal["circle", "line", "eight"]
    middle: Way
    width: Annotated[float, Meta(gt=0, le=0.8)]
    height: Annotated[float, Meta(ge=0, le=0.8)] = 0.0
    plane: Literal["frontal", "sagittal", "level"] = "frontal"
    near_m: Annotated[float, Meta(ge=0.02, le=0.2)] = 0.06
    beat_s: Annotated[float, Meta(ge=0.8, le=20)] = 4.0
    other_draws: Literal["", "line"] = ""

    def __post_init__(self) -> None:
        if self.path != "line" and self.height <= 0.0:
            raise ValueError(f"expected a `height` above 0 for a path of {self.path}, got {self.height}")
        for way in self.ways(24):
            within_reach(way)

    def ways(self, count: int) -> tuple[Way, ...]:
        """`count` places along the path in order; a closed one does not come back to the first."""
        ends = count - 1 if self.path == "line" else count
        out = []
        for k in range(count):
            turn = 2 * math.pi * k / ends
            if self.path == "line":
                a, b = self.width * (k / ends - 0.5), self.height * (k / ends - 0.5)
            elif self.path == "circle":
                a, b = self.width / 2 * math.cos(turn), self.height / 2 * math.sin(turn)
            else:  # the lemniscate of Gerono
                a, b = self.width / 2 * math.cos(turn), self.height * math.cos(turn) * math.sin(turn)
            x, y, z = self.middle
            out.append(
                {"frontal": (x + a, y + b, z), "sagittal": (x, y + b, z + a), "level": (x + a, y, z + b)}[self.plane]
            )
        return tuple(out)
