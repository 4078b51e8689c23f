"""Which mechanic counts by which rule: the one table that a new kind of task is added to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vrrehab.tasks.breath import Breath
from vrrehab.tasks.carry import Carry
from vrrehab.tasks.drum import Drum
from vrrehab.tasks.guided import Guided
from vrrehab.tasks.kick import Kick
from vrrehab.tasks.laterality import Laterality
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.movement import RepeatedMovement
from vrrehab.tasks.reach import Reach
from vrrehab.tasks.rules import (
    AnyRule,
    BreathRule,
    CarryRule,
    DrumRule,
    GuidedRule,
    KickRule,
    LateralityRule,
    ReachRule,
    RepetitionRule,
    StrokeRule,
    TraceRule,
    UnclenchRule,
)
from vrrehab.tasks.stroke import Stroke
from vrrehab.tasks.trace import Trace
from vrrehab.tasks.unclench import Unclench

_MAKERS: dict[type, Callable[[Any, Performer], Mechanic]] = {
    RepetitionRule: RepeatedMovement,
    UnclenchRule: Unclench,
    ReachRule: Reach,
    CarryRule: Carry,
    DrumRule: Drum,
    KickRule: Kick,
    TraceRule: Trace,
    StrokeRule: Stroke,
    BreathRule: Breath,
    GuidedRule: Guided,
    LateralityRule: Laterality,
}


def make_mechanic(rule: AnyRule, performer: Performer) -> Mechanic:
    """The mechanic that counts by `rule` what `performer` does."""
    return _MAKERS[type(rule)](rule, performer)
