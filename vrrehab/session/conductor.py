"""Conducts a session: welcome, first rating, each task run and its rating, last rating, farewell.

`_conduct` is the whole programme, read top to bottom; every `yield` in this module is one frame. `step`
advances it by a frame, and a therapist's commands act between frames. Nothing here draws, sends or waits.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.body.skeleton import ARM, HEAD, Body, Side, joint
from vrrehab.session.ledger import Ledger, Record
from vrrehab.session.plan import Plan
from vrrehab.session.programme import Step
from vrrehab.session.questions import Answered, PainQuestion
from vrrehab.session.settings import Settings
from vrrehab.session.view import View
from vrrehab.tasks.demonstration import DemonstratingArm
from vrrehab.tasks.mechanic import make_mechanic
from vrrehab.tasks.run import TaskPhase, TaskRun

Script = Generator[None, None, None]

#: The picture fades to calm in this time; slower would leave someone in distress waiting, faster would flash.
FADE_S = 0.5
_FAREWELL_S = 2.5
_GHOST_OPACITY = 0.9


class Conductor:
    """The programme of one session, a frame at a time.

    `over` is the status the session ended with, None while it runs. `frozen` is true from the frame that
    Stop acts in: the limb then stays as it is.
    """

    def __init__(self, plan: Plan, settings: Settings, view: View, record: Record) -> None:
        self._plan = plan
        self._settings = settings
        self._view = view
        self._record = record
        self.ledger = Ledger(plan, record)
        self.over: messages.SessionStatus | None = None
        self.frozen = False
        self._resting = DemonstratingArm(plan.affected_side)
        self._held_by_therapist = False
        self._moving_on = False
        self._lost = False
        self._seen = False
        self._run: TaskRun | None = None
        self._script: Script = self._conduct()
        # What the frame being stepped brings; scripts read it after each yield.
        self._mono_ns = 0
        self._frame = 0
        self._elapsed_s = 0.0
        self._tracked = view.virtual
        self._selecting = False

    def begin(self, mono_ns: int, frame: int) -> None:
        """A frame begins; what a therapist does before `step` happens in it."""
        self._mono_ns = mono_ns
        self._frame = frame

    def step(self, elapsed_s: float, tracked: Body, lost_for_s: float, selecting: bool) -> None:
        """One frame: `tracked` is the tracked body, `lost_for_s` how long the intact hand has not been
        seen.
        """
        self._elapsed_s = elapsed_s
        self._tracked = tracked
        self._selecting = selecting
        self._watch_tracking(lost_for_s)
        if self.over is None:
            next(self._script, None)

    @property
    def notice(self) -> str:
        """What the participant should be told now, most pressing first."""
        if self.frozen:
            return ""
        if self._held_by_therapist:
            return "A short break. We go on when you are ready."
        if self._lost:
            return f"I cannot see your {self._plan.intact_side} hand. Please hold it in front of you."
        return ""

    def play(self, elapsed_s: float, shoulder: NDArray[np.float64], arm: NDArray[np.float64]) -> None:
        """What the virtual arm does in `observe`: the movement of the task, and rest between tasks."""
        if self._run is not None and self._run.phase is TaskPhase.PERFORMING:
            self._run.mechanic.demonstrate(self._run.performed_s, shoulder, arm)
        else:
            self._resting.rest(shoulder, arm)

    # --- what happens, in order ---

    def _conduct(self) -> Script:
        yield from self._welcome()
        asked = self._plan.programme.ask
        if "before" in asked:
            yield from self._ask("before", None)
        for step in self._plan.steps:
            task_run_id = yield from self._perform(step)
            if "after_task" in asked:
                yield from self._ask("after_task", task_run_id)
        if "after" in asked:
            yield from self._ask("after", None)
        yield from self._farewell()
        self.over = "completed"

    def _welcome(self) -> Script:
        """Until the head and the intact hand have been seen: nothing can be mirrored before that."""
        view, side = self._view, self._plan.intact_side
        view.title = self._plan.programme.title
        view.text = f"Welcome. Please hold your {side} hand where you can see it."
        wrist = joint(side, "wrist")
        while not (self._tracked.has(HEAD) and self._tracked.has(wrist)) and not self._take_moving_on():
            yield
        view.text = ""

    def _perform(self, step: Step) -> Generator[None, None, str]:
        view, task = self._view, step.task
        yield from self._until_ready()
        side = self._plan.acting_side
        shoulder = self._shoulder(side)
        seed = self._plan.seed * 1000 + step.block_index * 100 + step.task_index
        run = self._run = TaskRun(task, make_mechanic(task, side, shoulder, seed))
        view.title, view.text, view.count = task.title, task.instruction, ""
        view.ghost_side = side
        while run.phase is TaskPhase.DEMONSTRATING and not self._take_moving_on():
            run.mechanic.demonstrate(run.demonstrated_s, shoulder, view.ghost_arm)
            left_s = task.demonstration_s - run.demonstrated_s
            view.ghost_opacity = _GHOST_OPACITY * min(1.0, run.demonstrated_s / 0.4, left_s / 0.4)
            yield
            run.demonstrate(self._elapsed_s)
        view.ghost_side, view.ghost_opacity = None, 0.0
        run.phase = TaskPhase.PERFORMING
        task_run_id = self.ledger.begin_task(step, self._mono_ns)
        view.targets = run.mechanic.targets
        view.activity = task.rule.__struct_config__.tag  # type: ignore[assignment]
        shown = -1
        status: messages.TaskStatus = "completed"
        while run.phase is not TaskPhase.FINISHED:
            if run.repetitions != shown:
                shown = run.repetitions
                view.count = f"{shown} of {task.goal}"
            yield
            if self._take_moving_on():
                status = "skipped"
                break
            if self._lost or self._held_by_therapist:
                run.pause()
            else:
                run.resume()
            run.perform(self._elapsed_s, view.virtual, self._seen)
        self._end_run(status)
        return task_run_id

    def _ask(self, phase: messages.Phase, task_run_id: str | None) -> Script:
        view = self._view
        yield from self._until_ready()
        title = "How much does the missing limb hurt now?"
        question = PainQuestion(self._tracked.poses[HEAD], (self._plan.intact_side,), title)
        self.ledger.ask(phase, task_run_id, self._mono_ns)
        view.title, view.text, view.count = "", "", ""
        view.panel = question.panel
        waited_s = 0.0
        while question.answer is None and self.ledger.awaiting:
            yield
            waited_s += self._elapsed_s
            question.step(self._elapsed_s, self._settings.number("gaze_dwell_s"), self._tracked, self._selecting)
            if self._take_moving_on() or waited_s >= self._settings.number("answer_within_s"):
                self.ledger.answer("missed", None, "participant", "", self._mono_ns)
        if question.answer is Answered.GIVEN:
            self._answer("given", float(question.value or 0), "participant", str(question.by))
        elif question.answer is Answered.DECLINED:
            self._answer("declined", None, "participant", str(question.by))
        view.panel = None

    def _farewell(self) -> Script:
        self._view.title, self._view.text = "Thank you", "That was the last one. Rest a moment."
        shown_s = 0.0
        while shown_s < _FAREWELL_S:
            yield
            shown_s += self._elapsed_s

    def _calm(self, status: messages.SessionStatus) -> Script:
        """The calm picture: at most a therapist's rating still comes in, then the session ends."""
        view = self._view
        view.title = view.text = view.count = ""
        view.panel, view.targets, view.ghost_side, view.activity = None, [], None, ""
        calm_s = 0.0
        while calm_s < self._settings.number("calm_before_end_s") and not self._take_moving_on():
            view.calm = min(1.0, calm_s / FADE_S)
            yield
            calm_s += self._elapsed_s
        self.end(status)

    # --- what a therapist does ---

    def stop(self, who: str) -> None:
        """Freeze task and limb at once and fade to calm, with no way back; once more ends the session."""
        if self.frozen:
            self._moving_on = True
            return
        self.frozen = True
        self.happened("stop", {"who": who})
        task_run_id = self.ledger.task_run_id
        self._end_run("stopped")
        if task_run_id is not None:
            self.ledger.ask("after_task", task_run_id, self._mono_ns)
        self._script.close()
        self._script = self._calm("stopped")

    def end(self, status: messages.SessionStatus) -> None:
        """Close whatever is open, so that the record is whole; the session is over from here."""
        if self.over is not None:
            return
        self._end_run("interrupted")
        self.ledger.answer("interrupted", None, "participant", "", self._mono_ns)
        self.over = status

    def source_ended(self) -> None:
        """A recording has come to its end, and with it whatever was being performed."""
        self.happened("source_ended", {})
        self._end_run("stopped")
        self.end("stopped")

    def pause(self, held: bool, who: str) -> None:
        """Hold the programme where it is, or let it go on."""
        if held != self._held_by_therapist:
            self._held_by_therapist = held
            self.happened("paused" if held else "resumed", {"who": who})

    def move_on(self, who: str) -> None:
        """Skip what is shown now: a demonstration, a task, a question or the calm picture."""
        self._moving_on = True
        self.happened("skip", {"who": who})

    def rate(self, value: float | None, who: str) -> None:
        """A therapist's entry for the rating that awaits an answer; None declines. ValueError if none does."""
        if not self.ledger.awaiting:
            raise ValueError("no rating awaits an answer; wait for the question, then enter it")
        self._answer("declined" if value is None else "given", value, "therapist", "console")
        self.happened("rated", {"who": who})

    def happened(self, name: str, detail: dict[str, float | int | str | bool | None]) -> None:
        self._record.event(
            messages.Happened(mono_ns=self._mono_ns, name=name, detail=detail, task_run_id=self.ledger.task_run_id)
        )

    # --- small parts ---

    def _answer(
        self,
        status: messages.RatingStatus,
        value: float | None,
        source: messages.RatingSource,
        by: str,
    ) -> None:
        self.ledger.answer(status, value, source, by, self._mono_ns)

    def _until_ready(self) -> Script:
        """Until no break is on and there is a head to put things in front of."""
        while self._held_by_therapist or not self._tracked.has(HEAD):
            yield

    def _take_moving_on(self) -> bool:
        moving_on, self._moving_on = self._moving_on, False
        return moving_on

    def _end_run(self, status: messages.TaskStatus) -> None:
        run, view = self._run, self._view
        if run is not None:
            self.ledger.end_task(status, run.performed_s, run.repetitions, self._mono_ns)
        self._run = None
        view.targets, view.ghost_side, view.activity = [], None, ""

    def _watch_tracking(self, lost_for_s: float) -> None:
        self._seen = lost_for_s == 0.0
        lost = lost_for_s > self._settings.number("pause_after_lost_s")
        if lost == self._lost:
            return
        self._lost = lost
        side = self._plan.intact_side
        self.happened("tracking_lost" if lost else "tracking_found", {"side": side.value})

    def _shoulder(self, side: Side) -> np.ndarray:
        return self._view.virtual.poses[ARM[side].start, :3].copy()
