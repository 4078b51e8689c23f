"""What all rules have in common: the words and ranges of their values, and which limbs they are for.

A rule is data; the mechanic that counts by it stands in `vrrehab.tasks`, in the module of the kind's name.
"""

from __future__ import annotations

import math
from typing import Annotated

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

#: The limbs, as a profile names them.
ARM, LEG = ("hand", "arm"), ("foot", "leg")


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
        return (*ARM, *LEG)
