"""A pace that is shown and never demanded: a small light that swells once a beat, and how near to beats things came."""

from __future__ import annotations

import math

import numpy as np

from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.mechanic import Performer

#: Where the light is: this far ahead of the shoulder or hip and over it, in the middle of the body.
_AHEAD_M, _ABOVE_M = 0.95, 0.05
_LEAST_M, _MOST_M = 0.016, 0.030


class Pace:
    """Beats every `beat_s` seconds from the start."""

    def __init__(self, beat_s: float, performer: Performer) -> None:
        self._beat_s = beat_s
        place = np.array([0.0, performer.root[1] + _ABOVE_M, performer.root[2] - _AHEAD_M])
        self.targets = [Target(place, _LEAST_M, TargetState.ACTIVE)]
        self._hits = 0
        self._off_s = 0.0

    def swell(self, now_s: float) -> float:
        """0 between beats to 1 on the beat, smooth."""
        return (0.5 + 0.5 * math.cos(2 * math.pi * now_s / self._beat_s)) ** 2

    def step(self, now_s: float) -> None:
        self.targets[0].radius_m = _LEAST_M + self.swell(now_s) * (_MOST_M - _LEAST_M)

    def hit(self, now_s: float) -> None:
        self._hits += 1
        self._off_s += abs(now_s - self._beat_s * round(now_s / self._beat_s))

    def measures(self) -> dict[str, float]:
        """The mean distance in time from the nearest beat."""
        return {"off_beat_s": self._off_s / self._hits} if self._hits else {}
