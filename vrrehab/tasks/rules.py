"""What counts as one repetition, kind by kind: the rules that a task's file may hold, checked as they are read.

A rule is data; the mechanic that counts by it stands in the module of the kind's name. Ways to places are (outward, up,
forward) in lengths of the limb from shoulder or hip, outward away from the middle of the body, so that one file serves
both sides and people of every size; a hand comes there with its fingertip, a foot with its ankle. Thresholds come in
pairs (hysteresis) and with a least time, so that neither tremor nor a glitch of tracking counts.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0, le=600)]
Angle = Annotated[float, Meta(ge=-math.pi, le=math.pi)]
Share = Annotated[float, Meta(ge=0, le=1)]
Speed = Annotated[float, Meta(gt=0, le=5)]
Radius = Annotated[float, Meta(ge=0.02, le=0.2)]
Way = tuple[float, float, float]

#: Places stay within this share of the limb's length, so that nobody has to strain (see docs/safety.md).
COMFORTABLE_REACH_RATIO = 0.9
#: No hand is asked to work higher than this over the shoulder, in arm lengths: that is about the chin.
HIGHEST_RATIO = 0.2

ArmFeature = Literal[
    "hand_closure", "finger_spread", "thumb_opposition", "pinch", "thumb_to_middle", "thumb_to_ring",
    "thumb_to_little", "wrist_flexion", "forearm_rotation", "elbow_flexion",
]  # fmt: skip
LegFeature = Literal[
    "hip_flexion", "knee_flexion", "knee_extension", "ankle_flexion", "foot_inversion", "toe_curl"
]  # fmt: skip
FeatureName = Literal[ArmFeature, LegFeature]

_ARM, _LEG = ("hand", "arm"), ("foot", "leg")
#: The limbs, as a profile names them, that a feature may be asked of.
LIMBS_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("hand_closure", "finger_spread", "thumb_opposition", "pinch"), _ARM),
    **dict.fromkeys(("thumb_to_middle", "thumb_to_ring", "thumb_to_little"), _ARM),
    **dict.fromkeys(("wrist_flexion", "forearm_rotation", "elbow_flexion"), _ARM),
    **dict.fromkeys(("hip_flexion", "knee_flexion", "knee_extension"), ("leg",)),
    **dict.fromkeys(("ankle_flexion", "foot_inversion", "toe_curl"), _LEG),
}


def within_reach(way: Way) -> None:
    """ValueError for a place that is further than comfortable, or overhead."""
    length = math.hypot(*way)
    if length > COMFORTABLE_REACH_RATIO:
        raise ValueError(
            f"expected every target within {COMFORTABLE_REACH_RATIO:g} lengths of the limb from shoulder or hip, "
            f"got {list(way)} at {length:.2f}"
        )
    if way[1] > HIGHEST_RATIO:
        raise ValueError(
            f"expected no target higher than {HIGHEST_RATIO:g} lengths of the limb over the shoulder, got {list(way)}"
        )


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Any rule; `limbs` are those that it may be for."""

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def limbs(self) -> tuple[str, ...]:
        return (*_ARM, *_LEG)


class RepetitionRule(Rule, frozen=True, tag="repetition"):
    """One repetition is a feature rising above `high` after it has been below `low`.

    feature: one of `vrrehab.tasks.features.FEATURES`, a share from 0 to 1 or an angle in radians. then: features that
    take their turn after it, such as the other fingers. least_half_s: how long each half has to last. beat_s: a pace,
    from one repetition to the next, that is shown and never demanded.
    """

    feature: FeatureName
    high: Angle
    low: Angle
    then: tuple[FeatureName, ...] = ()
    least_half_s: Seconds = 0.05
    beat_s: Annotated[float, Meta(ge=0.4, le=20)] | None = None

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"expected `low` below `high`, got low = {self.low} and high = {self.high}")

    @property
    def features(self) -> tuple[FeatureName, ...]:
        return (self.feature, *self.then)

    @property
    def limbs(self) -> tuple[str, ...]:
        return tuple(limb for limb in LIMBS_OF[self.feature] if all(limb in LIMBS_OF[name] for name in self.then))


class UnclenchRule(Rule, frozen=True, tag="unclench"):
    """One repetition is a clench past `high` held for `hold_s` and let go below `low`.

    release_s: how slowly letting go is shown; it counts however long it takes, and the time is measured.
    """

    feature: FeatureName
    high: Angle
    low: Angle
    hold_s: Seconds = 3.0
    release_s: Seconds = 5.0
    least_half_s: Seconds = 0.05

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"expected `low` below `high`, got low = {self.low} and high = {self.high}")

    @property
    def limbs(self) -> tuple[str, ...]:
        return LIMBS_OF[self.feature]


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
        return _ARM


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
        return _ARM


class KickRule(Rule, frozen=True, tag="kick"):
    """One repetition is a foot that meets the ball faster than `least_speed_m_s`; the ball rolls away and comes back.

    gap: how far before the toes of the resting foot the ball lies, in leg lengths.
    """

    gap: Annotated[float, Meta(ge=0.05, le=0.2)] = 0.12
    radius_m: Annotated[float, Meta(ge=0.06, le=0.16)] = 0.10
    least_speed_m_s: Speed = 0.25

    @property
    def limbs(self) -> tuple[str, ...]:
        return _LEG


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


#: What a limb may be stroked with, from the gentlest to the roughest: the graded list of desensitisation.
TEXTURES = ("silk", "cotton", "felt", "wool", "towel", "brush")
Texture = Literal["silk", "cotton", "felt", "wool", "towel", "brush"]


class StrokeRule(Rule, frozen=True, tag="stroke"):
    """One repetition is one stroke of the therapist along the limb: one way, over at least `least_way` of it.

    A stroke is over when it turns back or the hand is lifted. texture: what is seen to touch, unless the therapist
    chooses another.
    """

    texture: Texture = "cotton"
    least_way: Annotated[float, Meta(ge=0.05, le=0.9)] = 0.25


class BreathRule(Rule, frozen=True, tag="breath"):
    """One repetition is one breath at the pacer's speed, which is shown and not measured.

    breaths_per_min: 4 to 6, the range of paced breathing. in_share: how much of a breath goes in.
    """

    breaths_per_min: Annotated[float, Meta(ge=4, le=6)] = 5.5
    in_share: Annotated[float, Meta(ge=0.3, le=0.5)] = 0.4


class Guide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something said, and for how long. tension: 1 while the limbs are to be tensed, 0 at rest."""

    say: Annotated[str, Meta(min_length=1, max_length=240)]
    duration_s: Annotated[float, Meta(ge=2, le=120)]
    tension: Share = 0.0


class GuidedRule(Rule, frozen=True, tag="guided"):
    """A script that is said step by step; one repetition is one step gone through."""

    steps: Annotated[tuple[Guide, ...], Meta(min_length=1, max_length=60)]

    @property
    def duration_s(self) -> float:
        return sum(step.duration_s for step in self.steps)


HandPosture = Literal["open", "relaxed", "half_closed", "fist", "pointing", "two_fingers", "thumb_up"]
FootPosture = Literal["flat", "pointed", "raised", "turned_in", "turned_out"]
HandView = Literal["back", "palm", "thumb_side", "little_finger_side", "wrist", "fingertips"]
FootView = Literal["top", "sole", "inner_side", "outer_side", "toes"]
#: What a limb by itself can be shown in, and from where.
LONE_POSTURES = {"hand": get_args(HandPosture), "foot": get_args(FootPosture)}
LONE_VIEWS = {"hand": get_args(HandView), "foot": get_args(FootView)}


class LateralityRule(Rule, frozen=True, tag="laterality"):
    """One repetition is one answer to a picture: is it a left or a right one?

    postures, views, angles_deg: what the pictures are drawn of by lot; an angle is clockwise from fingers or toes up.
    Nothing named means all that there are for the task's limb. answer_within_s: after this long a picture goes, and
    counts as not answered. pause_s: between two pictures.
    """

    postures: tuple[Literal[HandPosture, FootPosture], ...] = ()
    views: tuple[Literal[HandView, FootView], ...] = ()
    angles_deg: Annotated[tuple[Annotated[float, Meta(ge=-180, le=360)], ...], Meta(min_length=1, max_length=24)] = (
        0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0,
    )  # fmt: skip
    answer_within_s: Annotated[float, Meta(ge=2, le=60)] = 10.0
    pause_s: Annotated[float, Meta(ge=0.5, le=10)] = 0.8

    @property
    def limbs(self) -> tuple[str, ...]:
        return tuple(
            limb
            for limb in ("hand", "foot")
            if set(self.postures) <= set(LONE_POSTURES[limb]) and set(self.views) <= set(LONE_VIEWS[limb])
        )


AnyRule = (
    RepetitionRule
    | UnclenchRule
    | ReachRule
    | CarryRule
    | DrumRule
    | KickRule
    | TraceRule
    | StrokeRule
    | BreathRule
    | GuidedRule
    | LateralityRule
)
