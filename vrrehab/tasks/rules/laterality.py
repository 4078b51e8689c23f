"""Pictures of a hand or a foot by itself: is it a left or a right one?"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

from vrrehab.tasks.rules.rule import Rule

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
