"""How people move, as functions of time: smooth reaches, tremor and sway; seeded, and the same every time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def minimum_jerk(ratio: float) -> float:
    """How far a reach has come, 0 to 1, at a share of its duration (Flash and Hogan 1985)."""
    t = min(max(ratio, 0.0), 1.0)
    return t * t * t * (10.0 + t * (6.0 * t - 15.0))


class Movement:
    """A value (a place, an angle, a closure) that goes from goal to goal in minimum-jerk strokes.

    A goal that changes on the way adds a second stroke to the first one, which goes on (Flash and Henis
    1991), so that there is never a jump, in place or in speed.
    """

    def __init__(self, start: ArrayLike) -> None:
        self._settled = np.array(start, float)
        self._strokes: list[tuple[float, float, NDArray[np.float64]]] = []
        self.goal = self._settled.copy()

    def go(self, goal: ArrayLike, at_s: float, duration_s: float) -> None:
        """Begins a stroke toward `goal` at `at_s`, which must not lie in the past."""
        goal = np.asarray(goal, float)
        self._strokes.append((at_s, duration_s, goal - self.goal))
        self.goal = goal

    def at(self, now_s: float) -> NDArray[np.float64]:
        """The value at a time; times must not go back."""
        while self._strokes and now_s >= self._strokes[0][0] + self._strokes[0][1]:
            self._settled = self._settled + self._strokes.pop(0)[2]
        value = self._settled
        for began_s, duration_s, way in self._strokes:
            value = value + minimum_jerk((now_s - began_s) / duration_s) * way
        return value


class Wavering:
    """A small restless motion: a few sines with random frequencies in a band and random phases, for each
    axis.

    amplitude: the root mean square of each axis.
    """

    def __init__(
        self, random: np.random.Generator, low_hz: float, high_hz: float, amplitude: ArrayLike, axes: int = 3
    ) -> None:
        waves = 3
        self._turns = 2 * math.pi * random.uniform(low_hz, high_hz, (waves, axes))
        self._phases = random.uniform(0, 2 * math.pi, (waves, axes))
        self._amplitude = np.asarray(amplitude, float) * math.sqrt(2 / waves)

    def at(self, now_s: float) -> NDArray[np.float64]:
        return self._amplitude * np.sin(self._turns * now_s + self._phases).sum(axis=0)
