"""Conducts a session: welcome, measuring, first rating, each task run and its rating, last rating, farewell.

`_conduct` is the whole programme, read top to bottom; every `yield` in this module is one frame. `step`
advances it by a frame, and a therapist's commands act between frames. Nothing here draws, sends or waits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import HEAD, Body, Side, joint
from vrrehab.body.stillness import Stillness
from vrrehab.session.calibration import Measuring
from vrrehab.session.ledger import Ledger, Record
from vrrehab.session.plan import Plan, lost_limbs
from vrrehab.session.programme import Step
from vrrehab.session.questions import Answered, PainQuestion
from vrrehab.session.settings import Settings
from vrrehab.session.view import View
from vrrehab.tasks.definition import RepetitionRule
from vrrehab.tasks.demonstration import resting
from vrrehab.tasks.mechanic import Imagined, make_mechanic
from vrrehab.tasks.run import TaskPhase, TaskRun

Script = Generator[None, None, None]

#: The picture fades to calm in this time; slower would leave someone in distress waiting, faster would flash.
FADE_S = 0.5
_FAREWELL_S = 2.5
_GHOST_OPACITY = 0.9
_REST = "Lean back and breathe slowly, in and out. There is nothing that you have to do."
_ACROSS = np.array([-1.0, 1.0, 1.0])


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
        #: What is known of the person's body; measured at the beginning if the programme says so.
        self.measures = plan.profile.measures
        self.over: messages.SessionStatus | None = None
        self.frozen = False
        self._resting = {limb: resting(limb) for limb in plan.limbs}
        self._held_by_therapist = False
        self._moving_on = False
        self._lost: Limb | None = None
        self._seen = False
        self._never_seen = True
        self._run: TaskRun | None = None
        self._acting: Limb | None = None
        self._stillness: Stillness | None = None
        self._script: Script = self._conduct()
        # What the frame being stepped brings; scripts read it after each yield.
        self._mono_ns = 0
        self._frame = 0
        self._elapsed_s = 0.0
        self._tracked = self._driven = view.virtual
        self._selecting = False

    def begin(self, mono_ns: int, frame: int) -> None:
        """A frame begins; what a therapist does before `step` happens in it."""
        self._mono_ns = mono_ns
        self._frame = frame

    def step(self, elapsed_s: float, tracked: Body, driven: Body, sight: Sight, selecting: bool) -> None:
        """One frame: the body as tracked, and with its virtual limbs as the mode drives them, before an experiment or
        the phantom's shape alters what is seen of them; what `sight` has of the limbs that the session goes by.
        """
        self._elapsed_s = elapsed_s
        self._tracked = tracked
        self._driven = driven
        self._selecting = selecting
        self._watch_tracking(sight)
        if self.over is None:
            next(self._script, None)

    @property
    def notice(self) -> str:
        """What the participant should be told now, most pressing first."""
        if self.frozen:
            return ""
        if self._held_by_therapist:
            return "A short break. We go on when you are ready."
        if self._lost is not None:
            return _out_of_sight(self._lost, self._plan.mode == "residual")
        return ""

    def play(self, elapsed_s: float, limb: Limb, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """What a virtual limb does that follows nobody: in `observe` the movement of the task, and rest between tasks;
        else rest.
        """
        run, acting = self._run, self._acting
        playing = self._plan.mode == "observe" and run is not None and run.phase is TaskPhase.PERFORMING
        if not playing or run is None or acting is None or limb.chain is not acting.chain:
            self._resting[limb].rest(root, into)
        elif limb == acting:
            run.mechanic.demonstrate(run.performed_s, root, into)
        else:
            run.mechanic.demonstrate(run.performed_s, root * _ACROSS, into)
            geometry.mirror(into, out=into)

    # --- what happens, in order ---

    def _conduct(self) -> Script:
        yield from self._welcome()
        if self._plan.programme.calibrate:
            yield from self._calibrate()
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
        """Until the head and all that the session goes by have been seen: nothing can be mirrored before that."""
        view = self._view
        view.title = self._plan.programme.title
        view.text = f"Welcome. {self._asked_of_the_limbs()}"
        while (self._never_seen or not self._tracked.has(HEAD)) and not self._take_moving_on():
            yield
        view.text = ""

    def _calibrate(self) -> Script:
        """Measures the person on one whole arm, and on a leg if one is tracked."""
        view = self._view
        for limb in self._measurable():
            yield from self._until_ready()
            measuring = Measuring(limb, self.measures)
            view.title, view.activity, view.movement = "Getting your size", "measuring", str(limb)
            while not measuring.over and not self._take_moving_on():
                view.text, view.count = measuring.text, measuring.count
                yield
                if not self._held_by_therapist:
                    measuring.step(self._elapsed_s, self._tracked)
            view.text, view.count, view.activity, view.movement = "", "", "", ""
            if measuring.measures is None:
                self.happened("not_calibrated", {"limb": str(limb), "reason": measuring.reason})
            else:
                self.measures = measuring.measures
                self.happened("calibrated", {"limb": str(limb), **msgspec.structs.asdict(self.measures)})

    def _perform(self, step: Step) -> Generator[None, None, str]:
        view, task = self._view, step.task
        yield from self._until_ready()
        acting = self._acting = self._plan.acting(task)[0]
        root = view.virtual.poses[acting.joints.start, :3].copy()
        seed = self._plan.seed * 1000 + step.block_index * 100 + step.task_index
        mechanic = make_mechanic(task, acting, root, seed)
        imagining, relaxing = self._plan.mode == "imagery", self._plan.mode == "relax"
        still = imagining or relaxing
        run = self._run = TaskRun(task, Imagined(mechanic, relaxing) if still else mechanic)
        view.title, view.text, view.count = task.title, task.instruction, ""
        if imagining:
            view.text = f"Only imagine it, and keep still. {task.instruction}"
        if relaxing:
            view.title, view.text = "Rest", _REST
            run.phase = TaskPhase.PERFORMING
        # There is a ghost arm and no ghost leg: a leg's movement is told in words alone.
        view.ghost_side = acting.side if acting.chain is Chain.ARM else None
        while run.phase is TaskPhase.DEMONSTRATING and not self._take_moving_on():
            if view.ghost_side is not None:
                run.mechanic.demonstrate(run.demonstrated_s, root, view.ghost_arm)
            left_s = task.demonstration_s - run.demonstrated_s
            view.ghost_opacity = _GHOST_OPACITY * min(1.0, run.demonstrated_s / 0.4, left_s / 0.4)
            yield
            run.demonstrate(self._elapsed_s)
        view.ghost_side, view.ghost_opacity = None, 0.0
        run.phase = TaskPhase.PERFORMING
        task_run_id = self.ledger.begin_task(step, self._mono_ns)
        view.targets = run.mechanic.targets
        view.activity = "imagining" if imagining else task.rule.__struct_config__.tag  # type: ignore[assignment]
        if relaxing:
            view.activity = "resting"
        view.movement = task.rule.feature if isinstance(task.rule, RepetitionRule) else ""
        self._stillness = Stillness([acting.other]) if imagining and self._plan.intact_side else None
        # A repetition is what the person does; a light is touched by what they see.
        counted = self._driven if isinstance(task.rule, RepetitionRule) else view.virtual
        shown = -1
        status: messages.TaskStatus = "completed"
        while run.phase is not TaskPhase.FINISHED:
            if run.repetitions != shown:
                shown = run.repetitions
                view.count = "" if relaxing else f"{shown} of {task.goal}"
            yield
            if self._take_moving_on():
                status = "skipped"
                break
            if self._lost is not None or self._held_by_therapist:
                run.pause()
            else:
                run.resume()
            run.perform(self._elapsed_s, counted, self._seen)
            if self._stillness is not None and run.phase is not TaskPhase.PAUSED:
                self._stillness.step(self._tracked, self._elapsed_s)
        self._end_run(status)
        return task_run_id

    def _ask(self, phase: messages.Phase, task_run_id: str | None) -> Script:
        view = self._view
        yield from self._until_ready()
        title = "How much does the missing limb hurt now?"
        question = PainQuestion(self._tracked.poses[HEAD], self._plan.hands, title)
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
        view.panel, view.targets, view.ghost_side, view.activity, view.movement = None, [], None, "", ""
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
            self._tell_stillness()
            self.ledger.end_task(status, run.performed_s, run.repetitions, self._mono_ns)
        self._run = None
        view.targets, view.ghost_side, view.activity, view.movement = [], None, "", ""

    def _tell_stillness(self) -> None:
        """Puts on record how still the intact limb was while its movement was imagined."""
        still, self._stillness = self._stillness, None
        if still is None or self._acting is None:
            return
        limb = self._acting.other
        measured = {"moved_m": still.moved_m, "speed_m_s": still.speed_m_s}
        told = {name: None if math.isnan(value) else round(value, 5) for name, value in measured.items()}
        detail = {"limb": limb.chain.value, "side": limb.side.value, "seen_ratio": round(still.seen_ratio, 4), **told}
        self.happened("stillness", detail)

    def _watch_tracking(self, sight: Sight) -> None:
        lost_for_s = sight.lost_for_s
        self._seen = lost_for_s == 0.0
        self._never_seen = lost_for_s == math.inf
        lost = sight.missing if lost_for_s > self._settings.number("pause_after_lost_s") else None
        if lost == self._lost:
            return
        for limb, name in ((self._lost, "tracking_found"), (lost, "tracking_lost")):
            if limb is not None:
                self.happened(name, {"limb": limb.chain.value, "side": limb.side.value})
        self._lost = lost

    def _measurable(self) -> Iterator[Limb]:
        """A whole arm, that of the intact side first; and a whole leg that something is strapped to."""
        for chain, joint_name in ((Chain.ARM, "wrist"), (Chain.LEG, "ankle")):
            whole = [Limb(chain, side) for side in Side if Limb(chain, side) not in lost_limbs(self._plan.profile)]
            whole.sort(key=lambda limb: limb.side is not self._plan.intact_side)
            seen = (limb for limb in whole if self._tracked.has(joint(limb.side, joint_name)))
            yield from itertools.islice(seen, 1)

    def _asked_of_the_limbs(self) -> str:
        """What the participant has to do to be seen."""
        followed = self._plan.followed
        if self._plan.mode == "residual":
            return "Please sit comfortably. Your therapist looks after the tracker."
        hands = [limb.side for limb in followed if limb.chain is Chain.ARM]
        if hands:
            return f"Please hold your {hands[0]} hand where you can see it."
        if followed:
            return f"Please sit comfortably, your {followed[0].side} foot on the floor."
        return "Please sit comfortably."


def _out_of_sight(limb: Limb, residual: bool) -> str:
    if residual or limb.chain is Chain.LEG:
        return f"I cannot see the tracker on your {limb}. Please sit still for a moment."
    return f"I cannot see your {limb.side} hand. Please hold it in front of you."
