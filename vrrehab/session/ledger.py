"""The task-pain ledger while it is being written: which rating was asked, for which task run, and what
became of it.

Every rating and task run of a session passes through here, so that each asked rating ends in exactly one
answer and each task run in exactly one end.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.session.plan import Plan
from vrrehab.session.programme import Step
from vrrehab.session.questions import SCALE


class Record(Protocol):
    """Where a session's record goes; never blocks and never raises."""

    def event(self, event: messages.Event) -> None: ...

    def frame(self, record: NDArray[np.void]) -> None: ...

    def problem(self) -> str:
        """What is wrong with the record path, in words for a person; empty when all is well."""
        ...


class Ledger:
    """Writes task runs, ratings and whatever else happens as events, with their ids.

    `mono_ns` is the time that they carry: when the frame in which they happen was begun.
    """

    def __init__(self, plan: Plan, record: Record) -> None:
        #: The plan as it is now: for the mode of the step that is being performed.
        self.plan = plan
        self._record = record
        self.mono_ns = 0
        self._ratings = 0
        self._runs = 0
        self._open_rating: str | None = None
        self._asked_for: str | None = None
        self._settled: set[str] = set()
        self.task_run_id: str | None = None

    @property
    def run_number(self) -> int:
        """The number that frames carry: of the task run being performed, 0 between task runs."""
        return self._runs if self.task_run_id else 0

    def happened(self, name: str, detail: dict[str, float | int | str | bool | None]) -> None:
        self._record.event(
            messages.Happened(mono_ns=self.mono_ns, name=name, detail=detail, task_run_id=self.task_run_id)
        )

    def adverse(self, event: messages.AdverseEvent) -> None:
        """Put something untoward that happened to the person on record, at this moment."""
        self._record.event(msgspec.structs.replace(event, mono_ns=self.mono_ns, task_run_id=self.task_run_id))

    def begin_task(self, step: Step, parameters: dict[str, float | int | str | bool]) -> str:
        self._runs += 1
        plan, task = self.plan, step.task
        self.task_run_id = f"{plan.session_id}-t{self._runs:02d}"
        self._record.event(
            messages.TaskStarted(
                mono_ns=self.mono_ns,
                task_run_id=self.task_run_id,
                run_number=self._runs,
                block_index=step.block_index,
                task_index=step.task_index,
                task=task.name,
                mode=plan.mode,
                limb=plan.moved_limb(task),
                side=plan.moved_side(task),
                parameters={
                    "goal": task.goal,
                    "time_limit_s": task.time_limit_s,
                    "drawn_index": step.drawn_index,
                    "chosen_by": "therapist" if step.by_therapist else "programme",
                    **parameters,
                },
            )
        )
        return self.task_run_id

    def end_task(self, status: messages.TaskStatus, duration_s: float, repetitions: int) -> None:
        if self.task_run_id is None:
            return
        self._record.event(
            messages.TaskEnded(
                mono_ns=self.mono_ns,
                task_run_id=self.task_run_id,
                status=status,
                duration_s=duration_s,
                repetitions=repetitions,
            )
        )
        self.task_run_id = None

    def ask(self, phase: messages.Phase, task_run_id: str | None) -> None:
        self._ratings += 1
        self._asked_for = task_run_id
        self._open_rating = f"{self.plan.session_id}-r{self._ratings:02d}"
        self._record.event(
            messages.RatingAsked(
                mono_ns=self.mono_ns,
                rating_id=self._open_rating,
                task_run_id=task_run_id,
                phase=phase,
                site="PLP",
                scale=SCALE,
            )
        )

    @property
    def awaiting(self) -> bool:
        """Whether a rating has been asked and not answered."""
        return self._open_rating is not None

    def settled(self, task_run_id: str | None) -> bool:
        """Whether this task run has been asked about, and the question ended."""
        return task_run_id in self._settled

    def answer(
        self,
        status: messages.RatingStatus,
        value: float | None,
        source: messages.RatingSource,
        by: str,
    ) -> None:
        if self._open_rating is None:
            return
        self._record.event(
            messages.RatingAnswered(
                mono_ns=self.mono_ns,
                rating_id=self._open_rating,
                status=status,
                value=value,
                source=source,
                by=by,
            )
        )
        if self._asked_for is not None:
            self._settled.add(self._asked_for)
        self._open_rating = None
