"""Actors of what one joint does: repeating a movement, and unclenching; see `vrrehab.testing.acting`."""

from __future__ import annotations

from typing import Any

from vrrehab.body.limb import Chain
from vrrehab.tasks.features import Gesture
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import RepetitionRule, UnclenchRule
from vrrehab.testing.acting import Actor, Floats, Scene, passes_s
from vrrehab.testing.movement import Movement, Wavering

#: A value's tremor, and how far beyond a threshold people go, or short of it, in shares of the way between both.
_VALUE_TREMOR, _BEYOND, _SHORT_OF = 0.03, 0.3, 0.35
#: A threshold that is passed stays so for at least this much longer than it has to.
_LONGER_S = 0.1
#: How often a movement hesitates at the threshold itself.
_TREMBLES = 0.35


class FeatureActor(Actor):
    """Repeats the movement of a joint, or of several in turn."""

    def __init__(self, rule: RepetitionRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._gestures = [Gesture(name, performer.limb, performer.build) for name in rule.features]
        self._gesture = self._gestures[0]
        way = rule.high - rule.low
        self._low = max(rule.low - _BEYOND * way, self._gesture.least) if len(self._gestures) == 1 else 0.0
        self._high = rule.high + _BEYOND * way
        self._value = Movement(self._low)
        self._wavering = Wavering(self._random, 8.0, 12.0, _VALUE_TREMOR * way, axes=1)
        self._down_from_s: float | None = None
        self._stroke_s = 0.7 if performer.limb.chain is Chain.ARM else 0.9

    def _go_on(self, now_s: float, scene: Scene) -> None:
        rule, stroke_s = self._rule, self._takes(self._stroke_s)
        dwell_s = rule.least_half_s + _LONGER_S + self._takes(0.15)
        if self._down_from_s is not None:
            self._value.go(self._low, now_s, stroke_s)
            self._down_from_s = None
            self._next(now_s + stroke_s + dwell_s)
            return
        if self.tired:
            return
        self._gesture = self._gestures[len(self.truth_s) % len(self._gestures)]
        whole, hidden = self._attempts(), self._hides()
        high = min(self._high, self._gesture.most) if whole else rule.high - _SHORT_OF * (rule.high - rule.low)
        share = (rule.high - self._low) / (high - self._low) if whole else 1.0
        reached_s = now_s + passes_s(share, stroke_s)
        trembles = whole and not hidden and self._random.random() < _TREMBLES
        if trembles:
            # Comes just to the threshold, trembles there for a moment, and goes on.
            self._value.go(rule.high, now_s, stroke_s)
            reached_s, stroke_s = now_s + stroke_s, stroke_s + 0.5
            self._value.go(high, now_s + stroke_s, 0.3)
            stroke_s += 0.3
        else:
            self._value.go(high, now_s, stroke_s)
        self._down_from_s = now_s + stroke_s + dwell_s
        self._next(self._down_from_s)
        if hidden:
            self._hide(now_s, self._down_from_s + 2.0 * self._stroke_s)
        else:
            self._blinks(now_s, now_s + stroke_s)
            if whole:
                self.truth_s.append(reached_s)

    def _pose(self, now_s: float, into: Floats) -> None:
        value = float(self._value.at(now_s)) + float(self._wavering.at(now_s)[0])
        self._gesture.pose(value, self.root, into)


class UnclenchActor(Actor):
    """Clenches, holds, and lets go slowly; or too early, where it falls short."""

    def __init__(self, rule: UnclenchRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._gesture = Gesture(rule.feature, performer.limb, performer.build)
        way = rule.high - rule.low
        self._low, self._high = max(rule.low - _BEYOND * way, self._gesture.least), rule.high + _BEYOND * way
        self._high = min(self._high, self._gesture.most)
        self._value = Movement(self._low)
        self._wavering = Wavering(self._random, 8.0, 12.0, _VALUE_TREMOR * way, axes=1)
        self._let_go_s: float | None = None
        self.releases_s: list[float] = []

    def _go_on(self, now_s: float, scene: Scene) -> None:
        rule = self._rule
        if self._let_go_s is not None:
            self._value.go(self._low, now_s, self._let_go_s)
            self._next(now_s + self._let_go_s + rule.least_half_s + _LONGER_S + 0.2)
            self._let_go_s = None
            return
        if self.tired:
            return
        closing_s, whole = self._takes(0.8), self._attempts()
        self._value.go(self._high, now_s, closing_s)
        held_s = rule.hold_s + 0.4 if whole else 0.5 * rule.hold_s
        begins_s = now_s + closing_s + held_s
        self._let_go_s = self._takes(rule.release_s) if whole else self._takes(0.6)
        self._next(begins_s)
        if whole:
            share = (self._high - rule.low) / (self._high - self._low)
            self.truth_s.append(begins_s + passes_s(share, self._let_go_s) + rule.least_half_s)
            from_share = (self._high - rule.high) / (self._high - self._low)
            self.releases_s.append(passes_s(share, self._let_go_s) - passes_s(from_share, self._let_go_s))
            self._blinks(now_s + closing_s + 0.3, begins_s - 0.3)

    def _pose(self, now_s: float, into: Floats) -> None:
        value = float(self._value.at(now_s)) + float(self._wavering.at(now_s)[0])
        self._gesture.pose(value, self.root, into)
