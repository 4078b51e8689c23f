"""One performance of a task: demonstration, movement, pauses and end, on a clock that stands still while
paused.
"""

from __future__ import annotations

import enum
import math

import msgspec

from vrrehab.body.skeleton import Body
from vrrehab.tasks.definition import TaskDefinition
from vrrehab.tasks.mechanic import Mechanic

#: What of a definition may become another one while a run is on: how much is asked for, how long, and in what words.
#: What counts as a repetition, of which limb and in which mode, is the same from a run's beginning to its end.
LIVE = ("title", "instruction", "goal", "time_limit_s", "demonstration_s")


class TaskPhase(enum.Enum):
    DEMONSTRATING = "demonstrating"
    PERFORMING = "performing"
    PAUSED = "paused"
    FINISHED = "finished"


class TaskRun:
    """Steps a mechanic until its goal or its time limit is reached.

    `performed_s` counts only time spent performing: it is the task run's duration in the record, and what
    the mechanic sees as its clock, so that a pause neither counts nor resets anything.
    """

    def __init__(self, task: TaskDefinition, mechanic: Mechanic) -> None:
        self.task = self._written = task
        self._extended_s = 0.0
        self.mechanic = mechanic
        self.phase = TaskPhase.DEMONSTRATING
        self.demonstrated_s = 0.0
        self.performed_s = 0.0

    @property
    def repetitions(self) -> int:
        return self.mechanic.repetitions

    def demonstrate(self, elapsed_s: float) -> None:
        self.demonstrated_s += elapsed_s
        if self.demonstrated_s >= self.task.demonstration_s:
            self.phase = TaskPhase.PERFORMING

    def extend(self, seconds: float) -> None:
        """Let it last so much longer, and its goal grow in the same measure."""
        self._extended_s += seconds
        self.take(self._written)

    def take(self, task: TaskDefinition) -> None:
        """Go on by a definition that was edited, in what is `LIVE`; by how much it was extended stays."""
        self._written = written = msgspec.structs.replace(self._written, **{name: getattr(task, name) for name in LIVE})
        limit_s = written.time_limit_s + self._extended_s
        goal = max(written.goal, math.ceil(written.goal * limit_s / written.time_limit_s))
        self.task = msgspec.structs.replace(written, time_limit_s=limit_s, goal=goal)

    def pause(self) -> None:
        if self.phase is TaskPhase.PERFORMING:
            self.phase = TaskPhase.PAUSED
            self.mechanic.interrupted()

    def resume(self) -> None:
        if self.phase is TaskPhase.PAUSED:
            self.phase = TaskPhase.PERFORMING

    def perform(self, elapsed_s: float, body: Body, seen: bool) -> None:
        """Take one frame of movement; does nothing unless performing.

        seen: whether the intact hand is seen in this frame. A hand that is only held where it was makes no movement.
        """
        if self.phase is not TaskPhase.PERFORMING:
            return
        self.performed_s += elapsed_s
        if seen:
            self.mechanic.step(self.performed_s, body)
        done = self.mechanic.over or (self.mechanic.counts and self.repetitions >= self.task.goal)
        if done or self.performed_s >= self.task.time_limit_s:
            self.phase = TaskPhase.FINISHED
