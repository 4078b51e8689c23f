"""What the participant is told so that they, or what is strapped to them, can be seen."""

from __future__ import annotations

from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Side
from vrrehab.language import mark
from vrrehab.session.plan import Plan

_SIT = mark("Please sit comfortably.")
_HOLD_UP = {
    Side.LEFT: mark("Please hold your left hand where you can see it."),
    Side.RIGHT: mark("Please hold your right hand where you can see it."),
}
_FOOT_DOWN = {
    Side.LEFT: mark("Please sit comfortably, your left foot on the floor."),
    Side.RIGHT: mark("Please sit comfortably, your right foot on the floor."),
}
_HAND_UNSEEN = {
    Side.LEFT: mark("I cannot see your left hand. Please hold it in front of you."),
    Side.RIGHT: mark("I cannot see your right hand. Please hold it in front of you."),
}
_TRACKER_UNSEEN = {
    Limb(Chain.ARM, Side.LEFT): mark("I cannot see the tracker on your left arm. Please sit still for a moment."),
    Limb(Chain.ARM, Side.RIGHT): mark("I cannot see the tracker on your right arm. Please sit still for a moment."),
    Limb(Chain.LEG, Side.LEFT): mark("I cannot see the tracker on your left leg. Please sit still for a moment."),
    Limb(Chain.LEG, Side.RIGHT): mark("I cannot see the tracker on your right leg. Please sit still for a moment."),
}


def to_be_seen(plan: Plan) -> str:
    """What the participant has to do to be seen."""
    followed = plan.followed
    if plan.mode == "residual":
        return mark("Please sit comfortably. Your therapist looks after the tracker.")
    hands = [limb.side for limb in followed if limb.chain is Chain.ARM]
    if hands:
        return _HOLD_UP[hands[0]]
    return _FOOT_DOWN[followed[0].side] if followed else _SIT


def out_of_sight(limb: Limb, plan: Plan) -> str:
    """What there is to do about a limb that is not seen any more."""
    by_tracker = plan.mode == "residual" or limb.chain is Chain.LEG
    return _TRACKER_UNSEEN[limb] if by_tracker else _HAND_UNSEEN[limb.side]
