"""Where a limb ends: how far along an arm or a leg each level of loss lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vrrehab.body.skeleton import Side

#: In segments from the shoulder: 1 the elbow, 2 the wrist, 3 the knuckles, 4 the fingertips.
ARM_LEVELS: dict[str, float] = {
    "shoulder": 0.1, "upper_arm": 0.5, "elbow": 1.0, "forearm": 1.5, "wrist": 2.0,
    "partial_hand": 2.6, "fingers": 3.42,
}  # fmt: skip
#: In segments from the hip: 1 the knee, 2 the ankle, 3 the ball of the foot, 4 the toes' ends.
LEG_LEVELS: dict[str, float] = {
    "hip": 0.12, "above_knee": 0.5, "knee": 1.0, "below_knee": 1.4, "ankle": 2.0, "partial_foot": 2.5, "toes": 3.3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loss:
    """A lost limb, by the level at which the residual limb ends. Raises ValueError for a level that there is not."""

    side: Side
    level: str

    def __post_init__(self) -> None:
        if self.level not in ARM_LEVELS and self.level not in LEG_LEVELS:
            raise ValueError(f"expected a level of loss ({', '.join((*ARM_LEVELS, *LEG_LEVELS))}), got {self.level!r}")


def arm_ends(losses: Iterable[Loss], side: Side) -> float | None:
    """How many segments of this side's arm are left; `None` if it is whole."""
    return _ends(losses, side, ARM_LEVELS)


def leg_ends(losses: Iterable[Loss], side: Side) -> float | None:
    """How many segments of this side's leg are left; `None` if it is whole."""
    return _ends(losses, side, LEG_LEVELS)


def _ends(losses: Iterable[Loss], side: Side, levels: dict[str, float]) -> float | None:
    # Of several losses of one limb the one nearest to the trunk counts.
    return min((levels[loss.level] for loss in losses if loss.side is side and loss.level in levels), default=None)
