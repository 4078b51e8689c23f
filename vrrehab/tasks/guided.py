"""A script that guides through something: progressive relaxation, or grounding when pain jolts.

Each step is said for its time. Where limbs are to be tensed the demonstrating limb, and in `observe` the virtual one,
tenses and lets go with the words; how much the person's own did is measured, never asked for.
"""

from __future__ import annotations

import bisect
import itertools
import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Body
from vrrehab.tasks.features import FEATURES, Gesture
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.rules import GuidedRule

#: Limbs take this long to tense and to let go.
_EASE_S = 1.2
#: The feature that shows tension, and its values at rest and tensed.
_TENSED = {Chain.ARM: ("hand_closure", 0.25, 0.92), Chain.LEG: ("ankle_flexion", -0.25, 0.22)}


class Guided(Mechanic):
    """Goes through its steps once."""

    paced = True
    counts = False

    def __init__(self, rule: GuidedRule, performer: Performer) -> None:
        super().__init__()
        self._steps = rule.steps
        #: When each step is over.
        self._ends_s = list(itertools.accumulate(step.duration_s for step in rule.steps))
        self.cycle_s = self._ends_s[-1] / len(rule.steps)
        self.text = rule.steps[0].say
        feature, self._at_rest, self._tense = _TENSED[performer.limb.chain]
        self._measure, self._side = FEATURES[feature].measure, performer.limb.side
        self._gesture = Gesture(feature, performer.limb, performer.build)
        self._sums = {True: 0.0, False: 0.0}
        self._frames = {True: 0, False: 0}

    def step(self, now_s: float, body: Body) -> None:
        self.repetitions = bisect.bisect_right(self._ends_s, now_s)
        step = self._steps[min(self.repetitions, len(self._steps) - 1)]
        self.text = step.say
        value = self._measure(body, self._side)
        if not math.isnan(value):
            self._sums[step.tension > 0.0] += value
            self._frames[step.tension > 0.0] += 1

    @property
    def over(self) -> bool:
        return self.repetitions == len(self._steps)

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        index = min(bisect.bisect_right(self._ends_s, elapsed_s), len(self._steps) - 1)
        began_s = self._ends_s[index - 1] if index else 0.0
        before = self._steps[index - 1].tension if index else 0.0
        ratio = min((elapsed_s - began_s) / _EASE_S, 1.0)
        tension = before + ratio * ratio * (3.0 - 2.0 * ratio) * (self._steps[index].tension - before)
        self._gesture.pose(self._at_rest + tension * (self._tense - self._at_rest), root, into)

    def measures(self) -> dict[str, float]:
        """The limb's mean closure (an arm's) or flexion (a leg's) while it was to be tense and while it was not."""
        names = {True: "while_tense", False: "while_loose"}
        return {names[key]: self._sums[key] / count for key, count in self._frames.items() if count}
