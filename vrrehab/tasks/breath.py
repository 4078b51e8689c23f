"""Breathing to a pacer: a light that swells while one breathes in and sinks while one breathes out.

Four to six breaths a minute are the range of slow paced breathing. The breath is shown and not measured: what counts is
the pacer's, and the record says so by the task's kind.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import Body
from vrrehab.language import mark
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.demonstration import resting
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.rules import BreathRule

#: The light, (3,) metres from the floor below the head, where a gaze rests; its radius without and with air.
_PLACE_M = (0.0, 0.93, -1.10)
_EMPTY_M, _FULL_M = 0.055, 0.135
_IN, _OUT = mark("Breathe in, down into your belly."), mark("And out, slowly.")


class Breath(Mechanic):
    """Counts breaths by time."""

    paced = True

    def __init__(self, rule: BreathRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self.cycle_s = 60.0 / rule.breaths_per_min
        self.targets = [Target(np.array(_PLACE_M), _EMPTY_M, TargetState.ACTIVE)]
        self.text = _IN
        self._resting = resting(performer.limb, performer.build)

    def step(self, now_s: float, body: Body) -> None:
        self.repetitions = int(now_s / self.cycle_s)
        self._light(now_s)

    def _light(self, now_s: float) -> None:
        into = now_s / self.cycle_s % 1.0
        share = self._rule.in_share
        going_in = into < share
        full = into / share if going_in else (1.0 - into) / (1.0 - share)
        self.targets[0].radius_m = _EMPTY_M + (0.5 - 0.5 * math.cos(math.pi * full)) * (_FULL_M - _EMPTY_M)
        self.text = _IN if going_in else _OUT

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._resting.rest(root, into)
