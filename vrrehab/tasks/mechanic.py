"""The door through which every kind of movement enters a task run."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Limb
from vrrehab.body.skeleton import Body
from vrrehab.session.view import Target
from vrrehab.tasks.definition import RepetitionRule, TaskDefinition
from vrrehab.tasks.movement import RepeatedMovement
from vrrehab.tasks.reach import Reach


class Mechanic(Protocol):
    """Counts one kind of movement on the body it is shown, and demonstrates it.

    `step` is called once a frame while the participant performs, never while tracking is lost, with a time
    that stands still during pauses. `cycle_s` is how long the demonstration takes for one repetition.
    """

    cycle_s: float

    @property
    def repetitions(self) -> int: ...

    @property
    def targets(self) -> list[Target]: ...

    def step(self, now_s: float, body: Body) -> None: ...

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the limb that shows the movement, (28, 7) shoulder to fingertips or (4, 7) hip to ball, for a shoulder
        or hip at `root` (3,).
        """
        ...


class Imagined:
    """A movement that nobody makes. Imagined at the pace of its demonstration, time counts; at rest nothing does."""

    def __init__(self, movement: Mechanic, at_rest: bool = False) -> None:
        self._movement = movement
        self.cycle_s = math.inf if at_rest else movement.cycle_s
        self.repetitions = 0
        self.targets: list[Target] = []

    def step(self, now_s: float, body: Body) -> None:
        self.repetitions = int(now_s / self.cycle_s)

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._movement.demonstrate(elapsed_s, root, into)


def make_mechanic(task: TaskDefinition, limb: Limb, root: NDArray[np.float64], seed: int) -> Mechanic:
    """The mechanic for a task performed by `limb`, whose shoulder or hip is at `root` (3,), session space."""
    if isinstance(task.rule, RepetitionRule):
        return RepeatedMovement(task.rule, limb)
    return Reach(task.rule, limb.side, root, seed)
