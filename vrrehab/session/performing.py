"""The script of one task run: the movement is shown, then it is the participant's turn until goal or time limit.

What counts as a repetition is the mechanic's (`vrrehab.tasks`); when a run pauses and how it ends is decided here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.drives import root_of
from vrrehab.body.limb import Limb
from vrrehab.body.skeleton import HEAD
from vrrehab.body.stillness import Stillness
from vrrehab.language import mark
from vrrehab.session.difficulty import Adapting
from vrrehab.session.pressing import Pressing
from vrrehab.session.programme import Step
from vrrehab.session.settings import AS_TASK
from vrrehab.session.situation import Script, Situation
from vrrehab.tasks.definition import TaskDefinition
from vrrehab.tasks.demonstration import resting
from vrrehab.tasks.features import prepare
from vrrehab.tasks.imagery import TimedImagery
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Imagined, Performer
from vrrehab.tasks.rules import AnyRule, RepetitionRule, StrokeRule, UnclenchRule
from vrrehab.tasks.run import TaskPhase, TaskRun

_GHOST_OPACITY = 0.9
_REST = mark("Lean back and breathe slowly, in and out. There is nothing that you have to do.")
_ACROSS = np.array([-1.0, 1.0, 1.0])
#: Said in turn as things are achieved; nothing is ever said of what was not.
_PRAISE = (mark("Good."), mark("Well done."), mark("Nice and easy."), mark("That is it."))
#: In these modes nobody's movement is counted, so that nothing tells how difficult a task was.
_NOT_TELLING = ("observe", "imagery", "relax")


class Performing:
    """The task runs of a session, one after the other."""

    def __init__(self, here: Situation) -> None:
        self._here = here
        #: The step that is being performed, or was last; None before the first.
        self.step: Step | None = None
        self._adapting = Adapting(here.settings)
        self._run: TaskRun | None = None
        #: What the run is for whoever performs it, as `View.activity` has it.
        self._activity = ""
        self._acting: Limb | None = None
        self._stillness: Stillness | None = None
        self._stroking: str | None = None
        self._pressing: Pressing | None = None
        #: How often session space had moved when the task's board was put before the head.
        self._placed_after = 0
        self.prepare()
        self.fit(here.build)

    def fit(self, build: Build) -> None:
        """From the next frame on, the virtual limb that lies still is built so."""
        self._resting = {limb: resting(limb, build) for limb in self._here.plan.limbs}

    def prepare(self) -> None:
        """What takes longer than a frame is made before it is needed: the gestures of all tasks for this person."""
        plan = self._here.plan
        for task in (step.task for step in plan.steps):
            if isinstance(task.rule, RepetitionRule | UnclenchRule):
                names = task.rule.features if isinstance(task.rule, RepetitionRule) else (task.rule.feature,)
                for limb in plan.acting(task)[:1]:
                    prepare(names, limb, self._here.build)

    @property
    def run(self) -> TaskRun | None:
        """The task run that is on, demonstrated or performed; None between task runs."""
        return self._run

    def perform(self, step: Step) -> Generator[None, None, str]:
        """The task run of this step from its demonstration to its end; returns its id."""
        here = self._here
        self.step = step
        yield from here.until_ready()
        yield from here.until_watched()
        step = self.step  # it may have been edited meanwhile
        view, task, mode = here.view, step.task, here.plan.mode
        acting = self._acting = here.plan.acting(task)[0]
        root = root_of(acting, view.virtual, here.build)
        seed = here.plan.seed * 1000 + step.block_index * 100 + step.task_index
        level = self._adapting.level(task.name)
        rule = task.rule_at(level)
        view.rule = rule
        here.brush.at = None
        performer = Performer(acting, root, here.build, seed, here.brush, here.tracked.poses[HEAD].copy(), here.say)
        self._placed_after = here.recentrings
        mechanic = movement = make_mechanic(rule, performer)
        imagining = mode == "imagery" and not mechanic.paced
        relaxing = mode == "relax" and not mechanic.paced
        if imagining or relaxing:
            timed = imagining and step.timed
            mechanic = TimedImagery(mechanic, performer) if timed else Imagined(mechanic, relaxing)
        run = self._run = TaskRun(task, mechanic)
        self._activity = "imagining" if imagining else "resting" if relaxing else rule.kind
        view.count, view.task = "", task.name
        self._instruct(task)
        if not relaxing:
            # What a movement is for is in the scene while it is shown, also where it is then only imagined.
            view.targets, view.props = movement.targets, movement.props
            yield from self._demonstrate(run, acting, root)
        run.phase = TaskPhase.PERFORMING
        begun = dataclasses.replace(step, task=run.task)
        task_run_id = here.ledger.begin_task(begun, {"difficulty_ratio": level, **_numbers(rule)})
        view.targets, view.props = mechanic.targets, mechanic.props
        view.panel = mechanic.panel
        self._pressing = Pressing(mechanic.panel, here.plan.hands) if mechanic.panel else None
        self._place(run)
        view.activity = self._activity
        view.movement = rule.feature if isinstance(rule, RepetitionRule | UnclenchRule) else ""
        self._stroking = "" if isinstance(rule, StrokeRule) and mechanic.touches else None
        self._stillness = Stillness([acting.other]) if imagining and here.plan.intact_side else None
        status: messages.TaskStatus = "completed"
        shown = -1
        while run.phase is not TaskPhase.FINISHED:
            if run.repetitions != shown or run.task is not task:
                self._encourage(run, run.repetitions != shown)
                shown, task = run.repetitions, run.task
            if mechanic.text:
                view.text = here.say(mechanic.text)
            yield
            if here.take_moving_on():
                status = "skipped"
                break
            self._step(run)
        on = self._run is run
        if on and status == "completed" and mode not in _NOT_TELLING and not mechanic.paced:
            self._adapt(run)
        self.end(status)
        return task_run_id

    def _instruct(self, task: TaskDefinition) -> None:
        """What is to be done, in words."""
        here, view = self._here, self._here.view
        view.title, view.text = here.say(task.title), here.say(task.instruction)
        if self._activity == "imagining":
            view.text = f"{here.say('Only imagine it, and keep still.')} {view.text}"
        elif self._activity == "resting":
            view.title, view.text = here.say("Rest"), here.say(_REST)

    def _encourage(self, run: TaskRun, fresh: bool) -> None:
        """A word and a soft note for every repetition. fresh: whether one was just made."""
        view, mechanic, done = self._here.view, run.mechanic, run.repetitions
        if not mechanic.counts:
            view.count = ""
            return
        say = self._here.say
        view.count = say("{done} of {goal}", done=done, goal=run.task.goal)
        if done and not isinstance(mechanic, Imagined) and not mechanic.paced:
            view.count = f"{say(_PRAISE[(done - 1) % len(_PRAISE)])}  {view.count}"
            view.cues["repetition"] += fresh

    def _adapt(self, run: TaskRun) -> None:
        task = run.task
        change = self._adapting.ended(task.name, run.repetitions / task.goal, run.performed_s / task.time_limit_s)
        if change is not None:
            old, new, why = change
            self._here.ledger.happened("difficulty", {"task": task.name, "old": old, "new": new, "why": why})

    def stroke(self, at: float | None, who: str) -> None:
        """Where the therapist's hand is on the limb; ValueError when no limb is being stroked."""
        if self._run is None or self._run.phase is not TaskPhase.PERFORMING or self._stroking is None:
            raise ValueError("no limb is being stroked now; a stroke is for a task with textures, while it runs")
        if who != self._stroking:
            self._stroking = who
            self._here.ledger.happened("stroking", {"who": who})
        self._here.brush.at = at

    def play(self, _elapsed_s: float, limb: Limb, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """What a virtual limb does that follows nobody: in `observe` the movement of the task, and rest between tasks;
        else rest.
        """
        run, acting = self._run, self._acting
        playing = self._here.plan.mode == "observe" and run is not None and run.phase is TaskPhase.PERFORMING
        if not playing or run is None or acting is None or limb.chain is not acting.chain:
            self._resting[limb].rest(root, into)
        elif limb == acting:
            run.mechanic.demonstrate(run.performed_s, root, into)
        else:
            run.mechanic.demonstrate(run.performed_s, root * _ACROSS, into)
            geometry.mirror(into, out=into)

    def extend(self, seconds: float) -> None:
        """Let the task run that is being performed go on for longer. ValueError if none is."""
        if self._run is None or self._run.phase is TaskPhase.DEMONSTRATING:
            raise ValueError("no task is being performed just now; extend one while it is")
        self._run.extend(seconds)

    def take_up(self, step: Step) -> bool:
        """The step was edited; whether it is being demonstrated or performed, and so goes on by what of it may change
        from one frame to the next (`vrrehab.tasks.run.LIVE`).
        """
        if self.step is None or not self.step.is_of(step):
            return False
        self.step = dataclasses.replace(self.step, task=step.task)
        if self._run is None:
            return False
        self._run.take(step.task)
        self._instruct(self._run.task)
        return True

    def end(self, status: messages.TaskStatus) -> None:
        """End the task run that is being performed, if one is."""
        run, view = self._run, self._here.view
        if run is not None and self._here.ledger.task_run_id is not None:
            self._tell_stillness()
            self._tell_news(run)
            self._tell_score(run)
            self._here.ledger.end_task(status, run.performed_s, run.repetitions)
            if status == "completed":
                view.cues["done"] += 1
        self._run = self._stroking = None
        if self._pressing is not None:
            self._pressing, view.panel, view.lone = None, None, None
        view.targets, view.props, view.ghost, view.activity, view.movement, view.task = [], [], None, "", "", ""
        view.rule = None

    def _tell_news(self, run: TaskRun) -> None:
        for name, detail in run.mechanic.news:
            self._here.ledger.happened(name, detail)
        run.mechanic.news.clear()

    @property
    def buttons(self) -> tuple[str, ...]:
        """The names of the buttons by which the task asks just now; empty where it asks nothing."""
        run = self._run
        panel = None if run is None else run.mechanic.panel
        if run is None or panel is None or not run.mechanic.asks or run.phase is not TaskPhase.PERFORMING:
            return ()
        # A list, because a generator leaves something to the collector.
        return tuple([each.name for each in panel.buttons])

    def press(self, button: str, by: str, ago_s: float = 0.0) -> None:
        """A button of the task's panel is pressed. ValueError where there is none that could be."""
        names = self.buttons
        if self._run is None or button not in names:
            asked = f"; it asks for {' or '.join(names)}" if names else ""
            raise ValueError(f"no task waits for {button!r} just now{asked}")
        self._run.mechanic.pressed(button, by, ago_s)

    def _tell_score(self, run: TaskRun) -> None:
        """Puts on record what the mechanic measured, beside how much of the goal was reached."""
        measures = {name: round(value, 5) for name, value in run.mechanic.measures().items()}
        goal = {"goal_ratio": round(run.repetitions / run.task.goal, 4)} if run.mechanic.counts else {}
        self._here.ledger.happened("score", {**goal, **measures})

    def suspend(self) -> None:
        """End the task run that is being performed, if one is, as stopped; its script comes to its end by itself."""
        if self._run is not None and self._run.phase is not TaskPhase.DEMONSTRATING:
            self._run.phase = TaskPhase.FINISHED
            self.end("stopped")

    def _demonstrate(self, run: TaskRun, acting: Limb, root: NDArray[np.float64]) -> Script:
        here, view = self._here, self._here.view
        view.ghost = acting
        while run.phase is TaskPhase.DEMONSTRATING and not here.take_moving_on():
            run.mechanic.demonstrate(run.demonstrated_s, root, view.ghost_joints[acting.chain])
            left_s = run.task.demonstration_s - run.demonstrated_s
            view.ghost_opacity = _GHOST_OPACITY * min(1.0, run.demonstrated_s / 0.4, left_s / 0.4)
            yield
            if here.ready and not here.unwatched:
                run.demonstrate(here.elapsed_s)
        view.ghost, view.ghost_opacity = None, 0.0

    def _step(self, run: TaskRun) -> None:
        here = self._here
        self._place(run)
        if here.lost is not None or here.held:
            run.pause()
        else:
            run.resume()
        texture = str(here.settings["stroke_texture"])
        here.brush.texture = "" if texture == AS_TASK else texture
        # A repetition is what the person does; a light is touched by what they see.
        run.perform(here.elapsed_s, here.view.virtual if run.mechanic.touches else here.driven, here.seen)
        self._ask(run)
        if run.mechanic.news:
            self._tell_news(run)
        if self._stillness is not None and run.phase is not TaskPhase.PAUSED and run.mechanic.at_rest:
            self._stillness.step(here.tracked, here.elapsed_s)

    def _place(self, run: TaskRun) -> None:
        """Where session space has moved, the task's board comes before the head again; a look that rests there by that
        presses nothing.
        """
        if self._placed_after == self._here.recentrings:
            return
        self._placed_after = self._here.recentrings
        run.mechanic.come_before(self._here.tracked.poses[HEAD])
        if self._pressing is not None:
            self._pressing.again()

    def _ask(self, run: TaskRun) -> None:
        """A frame of the panel that the task asks by, if it does."""
        here, pressing = self._here, self._pressing
        if pressing is None:
            return
        here.view.lone = run.mechanic.lone
        if not run.mechanic.asks or run.phase is not TaskPhase.PERFORMING:
            pressing.again()
            return
        press = pressing.step(here.elapsed_s, here.settings.number("gaze_dwell_s"), here.tracked, here.selecting)
        if press is not None:
            self.press(press.name, press.by, press.ago_s)

    def _tell_stillness(self) -> None:
        """Puts on record how still the intact limb was while its movement was imagined."""
        still, self._stillness = self._stillness, None
        if still is None or self._acting is None:
            return
        limb = self._acting.other
        measured = {"moved_m": still.moved_m, "speed_m_s": still.speed_m_s}
        told = {name: None if math.isnan(value) else round(value, 5) for name, value in measured.items()}
        detail = {"limb": limb.chain.value, "side": limb.side.value, "seen_ratio": round(still.seen_ratio, 4), **told}
        self._here.ledger.happened("stillness", detail)


def _numbers(rule: AnyRule) -> dict[str, float | int | str | bool]:
    """A rule's single values, as they are put on record with the task run."""
    own: dict[str, object] = msgspec.to_builtins(rule)
    return {name: value for name, value in own.items() if isinstance(value, float | int | str | bool)}
