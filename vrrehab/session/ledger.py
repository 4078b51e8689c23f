"""The task-pain ledger while it is being written: which rating was asked, for which task run, and what
became of it.

Every rating and task run of a session passes through here, so that each asked rating ends in exactly one
answer and each task run in exactly one end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.session.plan import Plan
from vrrehab.session.programme import Step
from vrrehab.session.questions import Question, Words


class Record(Protocol):
    """Where a session's record goes; never blocks and never raises."""

    def event(self, event: messages.Event) -> None: ...

    def frame(self, record: NDArray[np.void]) -> None: ...

    def problem(self) -> str:
        """What is wrong with the record path, in words for a person; empty when all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one question. values: each item's, as in `Question.items`; empty unless `status` is given."""

    question: Question
    phase: messages.Phase
    task_run_id: str | None
    status: messages.RatingStatus
    values: Mapping[str, float]
    source: messages.RatingSource
    mono_ns: int


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
        #: What became of every question of the session so far, in order.
        self.answers: list[Answer] = []
        #: The question that awaits an answer, None while none does.
        self.asked: Question | None = None
        self._phase: messages.Phase = "before"
        self._asked_for: str | None = None
        #: The rating of each item that awaits its value.
        self._open: dict[str, str] = {}
        #: The question of each rating that was given and may be corrected.
        self._given: dict[str, Question] = {}
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

    def ask(self, question: Question, phase: messages.Phase, task_run_id: str | None) -> None:
        """Put a question on record as awaiting its answer; one that still does is interrupted by it."""
        self.answer("interrupted", {}, "participant", "")
        self.asked, self._phase, self._asked_for = question, phase, task_run_id
        for item in question.items:
            self._ratings += 1
            self._open[item] = f"{self.plan.session_id}-r{self._ratings:02d}"
            self._record.event(
                messages.RatingAsked(
                    mono_ns=self.mono_ns,
                    rating_id=self._open[item],
                    task_run_id=task_run_id,
                    phase=phase,
                    site=question.site,
                    scale=question.scale,
                    item=item,
                )
            )

    @property
    def awaiting(self) -> bool:
        """Whether a rating has been asked and not answered."""
        return self.asked is not None

    def settled(self, question: Question, task_run_id: str | None) -> bool:
        """Whether this has been asked about this task run, and the question ended."""
        if task_run_id is None:
            return False
        return any(a.task_run_id == task_run_id and a.question.name == question.name for a in self.answers)

    def answer(
        self, status: messages.RatingStatus, values: Mapping[str, float], source: messages.RatingSource, by: str
    ) -> None:
        """What became of the question that awaits an answer, if one does; `values` are those of a given answer."""
        if self.asked is None:
            return
        # Settled first: whoever hears of it may look at the ledger.
        answer = Answer(self.asked, self._phase, self._asked_for, status, dict(values), source, self.mono_ns)
        open_ratings, self._open, self.asked = self._open, {}, None
        self.answers.append(answer)
        for item, rating_id in open_ratings.items():
            if item in values:
                self._given[rating_id] = answer.question
            self._record.event(
                messages.RatingAnswered(
                    mono_ns=self.mono_ns,
                    rating_id=rating_id,
                    status=status,
                    value=values.get(item),
                    source=source,
                    by=by,
                )
            )

    def correct(self, rating_id: str, answer: float, who: str) -> None:
        """Put another value in the place of one that was given; its row stays on record.

        ValueError where no rating of that id was given, one that was corrected already, or that is no answer to it.
        """
        question = self._given.get(rating_id)
        if question is None:
            raise ValueError(f"expected a rating of this session that was given and stands, got {rating_id!r}")
        if isinstance(question.answer, Words):
            raise ValueError(f"{question.name} is answered by words, which are not corrected one by one")
        value = question.accept(answer)[question.item]
        del self._given[rating_id]
        self._ratings += 1
        new_id = f"{self.plan.session_id}-r{self._ratings:02d}"
        self._given[new_id] = question
        self._record.event(
            messages.RatingCorrected(
                mono_ns=self.mono_ns,
                rating_id=new_id,
                supersedes=rating_id,
                value=value,
                source="therapist",
                who=who,
            )
        )
