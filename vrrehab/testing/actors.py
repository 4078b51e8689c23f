"""Who does what: the actor of every kind of task, see `vrrehab.testing.acting`; and those who lie still meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from vrrehab.body.limb import Chain
from vrrehab.tasks.demonstration import resting
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import (
    AnyRule,
    BreathRule,
    CarryRule,
    DrumRule,
    GuidedRule,
    KickRule,
    ReachRule,
    RepetitionRule,
    StrokeRule,
    TraceRule,
    UnclenchRule,
)
from vrrehab.testing.acting import Actor, Effort, Floats, Scene
from vrrehab.testing.handling import CarryActor, DrumActor, KickActor, ReachActor, TraceActor
from vrrehab.testing.movement import minimum_jerk
from vrrehab.testing.repeating import FeatureActor, UnclenchActor


class Still(Actor):
    """Lies still; what counts goes by time, or by somebody else's hand."""

    def __init__(self, rule: BreathRule | GuidedRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        limb = np.empty((28 if performer.limb.chain is Chain.ARM else 4, 7))
        resting(performer.limb, performer.build).rest(self.root, limb)
        self._limb = limb
        if isinstance(rule, BreathRule):
            self.truth_s = [k * 60.0 / rule.breaths_per_min for k in range(1, 100)]
        else:
            self.truth_s = np.cumsum([step.duration_s for step in rule.steps]).tolist()

    def _go_on(self, now_s: float, scene: Scene) -> None:
        """There is nothing to do."""

    def _pose(self, now_s: float, into: Floats) -> None:
        into[:] = self._limb


class Stroker(Actor):
    """A therapist whose hand strokes the limb, there and back and lifted in between; or only a little way."""

    def __init__(self, rule: StrokeRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._brush = performer.brush
        limb = np.empty((28 if performer.limb.chain is Chain.ARM else 4, 7))
        resting(performer.limb, performer.build).rest(self.root, limb)
        self._limb = limb
        self._began_s, self._takes_s = math.inf, 1.0
        self._from = self._to = 0.1
        self._forward = True

    def _go_on(self, now_s: float, scene: Scene) -> None:
        if self.tired:
            self._brush.at = None
            self._began_s = math.inf
            return
        whole = self._attempts()
        turns_back = math.isfinite(self._began_s) and self._random.random() < 0.5
        self._from = self._to
        way = self._random.uniform(1.4, 2.5) * self._rule.least_way if whole else 0.6 * self._rule.least_way
        if turns_back:
            self._forward = not self._forward
            room = 1.0 - self._from if self._forward else self._from
            turns_back = room > way
        if not turns_back:
            self._from, self._forward = 0.1 + 0.1 * self._random.random(), True
        self._to = self._from + (way if self._forward else -way)
        if not turns_back:
            self._brush.at = None
        self._began_s, self._takes_s = now_s + (0.0 if turns_back else 0.2), self._takes(0.9)
        if whole:
            # Known to be over where it turns back or is lifted.
            self.truth_s.append(self._began_s + self._takes_s)
        self._next(self._began_s + self._takes_s + 0.05)

    def _pose(self, now_s: float, into: Floats) -> None:
        into[:] = self._limb
        if now_s >= self._began_s:
            done = minimum_jerk((now_s - self._began_s) / self._takes_s)
            self._brush.at = self._from + done * (self._to - self._from)


_ACTORS: dict[type, Callable[..., Actor]] = {
    RepetitionRule: FeatureActor,
    UnclenchRule: UnclenchActor,
    ReachRule: ReachActor,
    CarryRule: CarryActor,
    DrumRule: DrumActor,
    KickRule: KickActor,
    TraceRule: TraceActor,
    BreathRule: Still,
    GuidedRule: Still,
    StrokeRule: Stroker,
}


def has_actor(rule: AnyRule) -> bool:
    """Whether a person moves a limb, or rests, for this kind of task; judgements of pictures are answered otherwise."""
    return type(rule) in _ACTORS


def make_actor(
    rule: AnyRule,
    performer: Performer,
    effort: Effort,
    seed: int,
    lapses: bool = True,
    most: float = math.inf,
) -> Actor:
    """Somebody who does, half does or does not do what `rule` asks of `performer`, in at most so many attempts."""
    return _ACTORS[type(rule)](rule, performer, effort, seed, lapses, most)
