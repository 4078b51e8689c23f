"""What of a session is still to come, and what a therapist changes of it while it runs.

Only the order lives here: what a step looks like is the programme's, and what becomes of it is performed and recorded
elsewhere.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import msgspec

from vrrehab.session.plan import Plan
from vrrehab.session.programme import Programme, Step

#: A task is not begun for less than this of its block's time.
LEAST_S = 15.0
#: A time limit is never less, however little a block has left.
_SHORTEST_S = 0.1


class Agenda:
    """The steps of a plan, one after the other.

    current: the step that was begun last, None before the first.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._coming = deque(plan.steps)
        self._begun: set[tuple[int, int]] = set()
        self._left_s = _budgets(plan.programme)
        self.current: Step | None = None

    def __len__(self) -> int:
        """How many steps are still to come."""
        return len(self._coming)

    @property
    def coming(self) -> tuple[Step, ...]:
        return tuple(self._coming)

    def begin_next(self) -> Step | None:
        """The next step; None when all are done."""
        if not self._coming:
            return None
        step = self.current = self._coming.popleft()
        self._begun.add((step.block_index, step.task_index))
        return step

    def left_s(self, step: Step) -> float | None:
        """What is left of the time of the step's block; None where a block may take as long as it takes."""
        return self._left_s.get(step.block_index)

    def in_time(self, step: Step) -> Step:
        """The step with no more time than its block has left; what a therapist wants has all of its own."""
        left_s = self.left_s(step)
        if left_s is None or step.by_therapist:
            return step
        limit_s = max(min(step.task.time_limit_s, left_s - step.task.demonstration_s), _SHORTEST_S)
        return replace(step, task=msgspec.structs.replace(step.task, time_limit_s=limit_s))

    def spend(self, step: Step, seconds: float) -> None:
        """Take so much (or, below 0, give so much more) of the time of the step's block."""
        if step.block_index in self._left_s:
            self._left_s[step.block_index] -= seconds

    # --- what a therapist changes ---

    def repeat(self) -> Step:
        """The step that was begun last comes again, next. ValueError before the first one."""
        if self.current is None:
            raise ValueError("nothing has been performed yet; repeat a task once it has begun")
        return self._insert(replace(self.current, by_therapist=True))

    def choose(self, task: str, mode: str | None = None) -> Step:
        """This task comes next, in this mode or as the step before it. ValueError where that cannot be."""
        known = self._plan.catalogue
        if task not in known:
            raise ValueError(f"no task {task!r}; there are {', '.join(known)}")
        near = self.current or self._plan.steps[0]
        step = replace(near, task=known[task], mode=mode or near.mode, by_therapist=True)
        self._plan.for_step(step)
        return self._insert(step)

    def change_mode(self, mode: str) -> int:
        """Whatever is to come in the mode of the step that is next comes in this one; how many steps those are.

        ValueError where there are none, or where one of them cannot be performed so.
        """
        if not self._coming:
            raise ValueError("no task is to come any more whose mode could change")
        was = self._coming[0].mode
        changed = [replace(s, mode=mode, by_therapist=True) if s.mode == was else s for s in self._coming]
        for step in changed:
            self._plan.for_step(step)
        self._coming = deque(changed)
        return sum(step.mode == mode for step in changed)

    def extend(self, step: Step, seconds: float) -> None:
        """The step's block may take so much longer."""
        self.spend(step, -seconds)

    def take(self, programme: Programme, plan: Plan) -> Step | None:
        """Go on by a programme that was edited: what was begun is not begun anew; all that is to come, also what a
        therapist has repeated, is as it is written now. Gives the step that was begun last as it is written now; None
        where it is not in its place any more.
        """
        spent = {block: left - self._left_s.get(block, left) for block, left in _budgets(self._plan.programme).items()}
        self._plan = plan
        # What a therapist had put before it stays there.
        wanted = [
            replace(step, task=(self._now(step) or step).task)
            for step in self._coming
            if step.by_therapist and self._is_begun(step)
        ]
        self._coming = deque([*wanted, *(step for step in self._plan.steps if not self._is_begun(step))])
        self._left_s = {block: left - spent.get(block, 0.0) for block, left in _budgets(programme).items()}
        if self.current is None or (now := self._now(self.current)) is None:
            return None
        self.current = replace(self.current, task=now.task)
        return now

    def _now(self, step: Step) -> Step | None:
        """The step of the plan with this task in this place."""
        return next((each for each in self._plan.steps if each.is_of(step)), None)

    def _is_begun(self, step: Step) -> bool:
        return (step.block_index, step.task_index) in self._begun

    def _insert(self, step: Step) -> Step:
        self._coming.appendleft(step)
        return step


def _budgets(programme: Programme) -> dict[int, float]:
    return {i: 60.0 * block.minutes for i, block in enumerate(programme.blocks) if block.minutes is not None}
