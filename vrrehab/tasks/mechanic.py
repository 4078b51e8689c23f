"""The door through which every kind of movement enters a task run."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import Body, Side
from vrrehab.session.view import Target
from vrrehab.tasks.definition import RepetitionRule, TaskDefinition
from vrrehab.tasks.hand_movement import HandMovement
from vrrehab.tasks.reach import Reach


class Mechanic(Protocol):
    """Counts one kind of movement on the body it is shown, and demonstrates it.

    `step` is called once a frame while the participant performs, never while tracking is lost, with a time
    that stands still during pauses.
    """

    @property
    def repetitions(self) -> int: ...

    @property
    def targets(self) -> list[Target]: ...

    def step(self, now_s: float, body: Body) -> None: ...

    def demonstrate(self, elapsed_s: float, shoulder: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the arm that shows the movement, (28, 7) shoulder to fingertips, for a shoulder at
        `shoulder` (3,).
        """
        ...


def make_mechanic(task: TaskDefinition, side: Side, shoulder: NDArray[np.float64], seed: int) -> Mechanic:
    """The mechanic for a task, performed by the arm of `side` whose shoulder is at `shoulder` (3,), session
    space.
    """
    if isinstance(task.rule, RepetitionRule):
        return HandMovement(task.rule, side)
    return Reach(task.rule, side, shoulder, seed)
