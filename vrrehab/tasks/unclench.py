"""Unclenching: match the phantom's clench, hold it with both, and let go slowly.

For people whose phantom is cramped. What is measured is how slowly it was let go; every release counts.
"""

from __future__ import annotations

import enum
import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Body
from vrrehab.language import mark
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.features import FEATURES, Gesture
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.repetition import RepetitionCounter
from vrrehab.tasks.rules import UnclenchRule


class Phase(enum.Enum):
    MATCHING = enum.auto()
    HOLDING = enum.auto()
    RELEASING = enum.auto()


_SAID = {
    Phase.MATCHING: {
        Chain.ARM: mark("Close your hand until it is as tight as the missing one feels. Both together."),
        Chain.LEG: mark("Pull your foot up until it is as tight as the missing one feels. Both together."),
    },
    Phase.HOLDING: dict.fromkeys(Chain, mark("Hold it, both together. Breathe on.")),
    Phase.RELEASING: dict.fromkeys(Chain, mark("Now let both go, slowly, as the light grows.")),
}
#: The light that shows how far to let go: small where clenched, large where open, this far ahead of shoulder or hip.
_AHEAD_M, _CLENCHED_M, _OPEN_M = 0.95, 0.022, 0.075
#: The first part of a demonstration, in which the limb clenches.
_CLENCHING_S, _RESTING_S = 1.5, 1.0


class Unclench(Mechanic):
    """Counts a clench that was held and let go. One that is let go too early begins again, without a word."""

    def __init__(self, rule: UnclenchRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._chain, self._side = performer.limb.chain, performer.limb.side
        self._measure = FEATURES[rule.feature].measure
        self._gesture = Gesture(rule.feature, performer.limb, performer.build)
        self._clenched = RepetitionCounter(rule.high, rule.low, rule.least_half_s)
        self._phase = Phase.MATCHING
        self._since_s = self._last_high_s = 0.0
        self._held_s: list[float] = []
        self._released_s: list[float] = []
        self.cycle_s = _CLENCHING_S + rule.hold_s + rule.release_s + _RESTING_S
        place = np.array([0.0, performer.root[1] + 0.05, performer.root[2] - _AHEAD_M])
        self.targets = [Target(place, _OPEN_M, TargetState.WAITING)]
        self.text = _SAID[self._phase][self._chain]

    def step(self, now_s: float, body: Body) -> None:
        rule, phase = self._rule, self._phase
        value = self._measure(body, self._side)
        if math.isnan(value):
            return
        clenched = self._clenched.step(now_s, value)
        if value >= rule.high:
            self._last_high_s = now_s
        if phase is Phase.MATCHING and clenched:
            self._go(Phase.HOLDING, now_s)
        elif phase is Phase.HOLDING:
            if self._clenched.low:
                self._go(Phase.MATCHING, now_s)
            elif now_s - self._since_s >= rule.hold_s:
                self._held_s.append(now_s - self._since_s)
                self._go(Phase.RELEASING, now_s)
        elif phase is Phase.RELEASING and self._clenched.low:
            self.repetitions += 1
            self._released_s.append(now_s - self._last_high_s)
            self._go(Phase.MATCHING, now_s)
        self._light(now_s)

    def _go(self, phase: Phase, now_s: float) -> None:
        self._phase, self._since_s = phase, now_s
        self.text = _SAID[phase][self._chain]

    def _light(self, now_s: float) -> None:
        """The light grows as slowly as the clench is to be let go, and shrinks with the clench before."""
        light, rule = self.targets[0], self._rule
        goal = _OPEN_M
        if self._phase is Phase.HOLDING:
            goal = _CLENCHED_M
        elif self._phase is Phase.RELEASING:
            share = min((now_s - self._since_s) / rule.release_s, 1.0)
            goal = _CLENCHED_M + share * (_OPEN_M - _CLENCHED_M)
        light.radius_m += 0.08 * (goal - light.radius_m)
        light.state = TargetState.WAITING if self._phase is Phase.MATCHING else TargetState.ACTIVE

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        rule = self._rule
        into_cycle_s = elapsed_s % self.cycle_s
        closed = min(into_cycle_s / _CLENCHING_S, 1.0)
        let_go = min(max((into_cycle_s - _CLENCHING_S - rule.hold_s) / rule.release_s, 0.0), 1.0)
        tight = _eased(closed) * (1.0 - _eased(let_go))
        least, most = self._gesture.shown(rule.low, rule.high)
        self._gesture.pose(least + tight * (most - least), root, into)

    def measures(self) -> dict[str, float]:
        """How long clenches were held and how long letting go took, on average."""
        if not self._released_s:
            return {}
        held, released = self._held_s[: len(self._released_s)], self._released_s
        return {"hold_s": sum(held) / len(held), "release_s": sum(released) / len(released)}


def _eased(ratio: float) -> float:
    return ratio * ratio * (3.0 - 2.0 * ratio)
