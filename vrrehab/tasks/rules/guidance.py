"""What is done with a person, or said to them, rather than counted of their movement: stroking, breathing, a script."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vrrehab.tasks.rules.rule import Rule, Share

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
