"""What counts as one repetition, kind by kind: the rules that a task's file may hold, checked as they are read."""

from __future__ import annotations

from vrrehab.tasks.rules.aim import CarryRule, DrumRule, KickRule, ReachRule, TraceRule
from vrrehab.tasks.rules.guidance import TEXTURES, BreathRule, Guide, GuidedRule, StrokeRule
from vrrehab.tasks.rules.laterality import LONE_POSTURES, LONE_VIEWS, LateralityRule
from vrrehab.tasks.rules.movement import RepetitionRule, UnclenchRule
from vrrehab.tasks.rules.rule import COMFORTABLE_REACH_RATIO, Rule, Seconds, Way

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

__all__ = [
    "COMFORTABLE_REACH_RATIO",
    "LONE_POSTURES",
    "LONE_VIEWS",
    "TEXTURES",
    "AnyRule",
    "BreathRule",
    "CarryRule",
    "DrumRule",
    "Guide",
    "GuidedRule",
    "KickRule",
    "LateralityRule",
    "ReachRule",
    "RepetitionRule",
    "Rule",
    "Seconds",
    "StrokeRule",
    "TraceRule",
    "UnclenchRule",
    "Way",
]
