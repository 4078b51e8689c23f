"""How a scripted person does what a task asks: each kind of task has an actor, which knows what it truly did.

An actor moves one limb in minimum-jerk strokes with a person's tremor, falls short or rests as it is told to, and is
out of the cameras' sight now and then. It goes by the task's rule and by what is shown (lights, things), as a person
does, and never by what was counted. `truth_s` says when each repetition was truly made: by its own plan, so that a
mechanic can be held against it.
"""

from __future__ import annotations

import enum
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.session.view import Prop, Target
from vrrehab.tasks.mechanic import Performer
from vrrehab.testing.movement import Wavering, minimum_jerk

Floats = NDArray[np.float64]


class Effort(enum.StrEnum):
    """Does all of it; does part of it and falls short of the rest; rests."""

    SUCCEEDS = "succeeds"
    HALF = "half"
    NOTHING = "nothing"


class Scene(Protocol):
    """What is shown of a task: a mechanic has it, and so has a `View`."""

    @property
    def targets(self) -> Sequence[Target]: ...

    @property
    def props(self) -> Sequence[Prop]: ...


#: How often an attempt falls short where only half is done, and how often one is not seen, in part or wholly.
_SHORT, _BLINKS, _HIDDEN = 0.5, 0.2, 0.12
_RIGHT_AHEAD_M = np.array([0.0, -0.2, -0.35])


class Actor(ABC):
    """Call `act` once a frame, with times that do not go back; then `seen` says whether cameras see the limb.

    truth_s: when each repetition was made, planned and so known a stroke ahead. attempts: how many there were, and
    `most` how many there will be. lapses: whether the limb is out of sight at times.
    """

    def __init__(
        self, performer: Performer, effort: Effort, seed: int, lapses: bool = True, most: float = math.inf
    ) -> None:
        self.truth_s: list[float] = []
        self.attempts = 0
        self.most = most
        self.limb, self.root = performer.limb, performer.root
        self._effort = effort
        self._lapses = lapses
        self._random = np.random.default_rng([seed, 7])
        self._tremor = Wavering(self._random, 8.0, 12.0, 0.0004)
        self._act_s = self._takes(0.6)
        self._hidden_from_s = self._hidden_until_s = -1.0
        self.seen = True
        self.now_s = 0.0

    @property
    def tired(self) -> bool:
        """Whether it begins nothing more."""
        return self._effort is Effort.NOTHING or self.attempts >= self.most

    @property
    def done(self) -> bool:
        """Whether it begins nothing more, and all that it began is over."""
        return self.tired and self._act_s == math.inf

    def act(self, now_s: float, scene: Scene, into: Floats) -> None:
        """Write the limb (n, 7) as it is at `now_s`."""
        self.now_s = now_s
        if now_s >= self._act_s:
            self._act_s = math.inf
            if self._effort is not Effort.NOTHING:
                self._go_on(now_s, scene)
        self.seen = not self._hidden_from_s <= now_s < self._hidden_until_s
        self._pose(now_s, into)

    @abstractmethod
    def _go_on(self, now_s: float, scene: Scene) -> None:
        """The time has come for the next stroke: begin it, and say with `_next` when the one after it comes."""

    @abstractmethod
    def _pose(self, now_s: float, into: Floats) -> None: ...

    def _next(self, when_s: float) -> None:
        self._act_s = when_s

    def _takes(self, median_s: float, spread: float = 0.15) -> float:
        return float(median_s * np.exp(self._random.normal(0.0, spread)))

    def _attempts(self) -> bool:
        """Begins an attempt; whether it is to be a whole one."""
        self.attempts += 1
        if self._effort is Effort.SUCCEEDS:
            return True
        # The first one is whole and the second is not, so that it is neither all nor nothing.
        return self.attempts == 1 or (self.attempts > 2 and self._random.random() >= _SHORT)

    def _hides(self) -> bool:
        """Whether the coming attempt is wholly out of sight, and so none that anybody could count."""
        return self._lapses and self._effort is Effort.SUCCEEDS and self._random.random() < _HIDDEN

    def _blinks(self, from_s: float, until_s: float) -> None:
        """The limb is out of sight for a moment within a span, now and then."""
        if self._lapses and until_s - from_s > 0.1 and self._random.random() < _BLINKS:
            length_s = min(self._random.uniform(0.06, 0.3), until_s - from_s)
            start_s = self._random.uniform(from_s, until_s - length_s)
            self._hide(start_s, start_s + length_s)

    def _hide(self, from_s: float, until_s: float) -> None:
        self._hidden_from_s, self._hidden_until_s = from_s, until_s


def passes_s(share: float, duration_s: float) -> float:
    """How long after its beginning a minimum-jerk stroke has come a share of its way."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if minimum_jerk(middle) < share else (low, middle)
    return high * duration_s
