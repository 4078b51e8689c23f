"""Movements of a joint that are repeated, and letting go of a clench.

Thresholds come in pairs (hysteresis) and with a least time, so that neither tremor nor a glitch of tracking counts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from vrrehab.tasks.rules.rule import ARM, LEG, Angle, Rule, Seconds

ArmFeature = Literal[
    "hand_closure", "finger_spread", "thumb_opposition", "pinch", "thumb_to_middle", "thumb_to_ring",
    "thumb_to_little", "wrist_flexion", "forearm_rotation", "elbow_flexion",
]  # fmt: skip
LegFeature = Literal[
    "hip_flexion", "knee_flexion", "knee_extension", "ankle_flexion", "foot_inversion", "toe_curl"
]  # fmt: skip
FeatureName = Literal[ArmFeature, LegFeature]

#: The limbs, as a profile names them, that a feature may be asked of.
LIMBS_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("hand_closure", "finger_spread", "thumb_opposition", "pinch"), ARM),
    **dict.fromkeys(("thumb_to_middle", "thumb_to_ring", "thumb_to_little"), ARM),
    **dict.fromkeys(("wrist_flexion", "forearm_rotation", "elbow_flexion"), ARM),
    **dict.fromkeys(("hip_flexion", "knee_flexion", "knee_extension"), ("leg",)),
    **dict.fromkeys(("ankle_flexion", "foot_inversion", "toe_curl"), LEG),
}


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
