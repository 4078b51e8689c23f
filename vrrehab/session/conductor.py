"""Conducts a session: welcome, measuring, first rating, each task run and its rating, last rating, farewell.

`_conduct` is the whole programme, read top to bottom; every `yield` is one frame. `step` advances it by a frame, and a
therapist's commands act between frames. Nothing here draws, sends or waits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import msgspec

from telemetry import messages
from telemetry.reviews import REVIEWS
from vrrehab.body.build import Build
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import HEAD, Body, Side
from vrrehab.language import mark
from vrrehab.session.agenda import LEAST_S, Agenda
from vrrehab.session.asking import ask
from vrrehab.session.attendance import Attendance
from vrrehab.session.calibration import calibrate
from vrrehab.session.calm import Calm
from vrrehab.session.edited import Edited
from vrrehab.session.ledger import Ledger, Record
from vrrehab.session.performing import Performing
from vrrehab.session.plan import Plan, check_steps
from vrrehab.session.programme import Step
from vrrehab.session.questions import PAIN, load_question
from vrrehab.session.safety import Concern, Overheard, Response, Safety
from vrrehab.session.settings import Settings
from vrrehab.session.situation import Script, Situation
from vrrehab.session.view import View

_FAREWELL_S = 2.5
#: How long a virtual limb takes to go, and to come again, when what drives it changes.
_CHANGE_S = 0.4

Detail = dict[str, float | int | str | bool | None]


class Conductor:
    """The programme of one session, a frame at a time.

    `over` is the status the session ended with, None while it runs. `frozen` is true from the frame that
    Stop acts in: the limb then stays as it is. While the calm scene is there the programme stands still. `limb_ratio`:
    how far the virtual limbs are there, 1 unless what drives them is just changing.
    """

    def __init__(self, plan: Plan, settings: Settings, view: View, record: Record) -> None:
        self._view = view
        #: The rules that watch over the person, and whether the console is still there.
        self.safety = Safety(settings, plan.profile.pain_ceiling)
        self.attendance = Attendance(settings)
        self.calm = Calm(view)
        #: The last rule that found something, and when; for whoever only looks.
        self.concern, self.concern_ns = "", 0
        self.ledger = Ledger(plan, Overheard(record, self.safety.hear))
        self._here = Situation(plan, settings, view, self.ledger)
        self._performing = Performing(self._here)
        self._agenda = Agenda(plan)
        self._pain = load_question(PAIN)
        #: What a virtual limb does that follows nobody: `Performing.play`.
        self.play = self._performing.play
        #: What is known of the person's body; measured at the beginning if the programme says so.
        self.measures = plan.profile.measures
        self.over: messages.SessionStatus | None = None
        self.frozen = False
        self.limb_ratio = 1.0
        self._leaving = False
        self._script: Script = self._conduct()

    def begin(self, mono_ns: int) -> None:
        """A frame begins; what a therapist does before `step` happens in it."""
        self.ledger.mono_ns = mono_ns

    def step(self, elapsed_s: float, tracked: Body, driven: Body, sight: Sight, selecting: bool) -> None:
        """One frame, as `Situation.step` takes it."""
        self._here.step(elapsed_s, tracked, driven, sight, selecting)
        change = -elapsed_s if self._leaving else elapsed_s
        self.limb_ratio = min(max(self.limb_ratio + change / _CHANGE_S, 0.0), 1.0)
        if self.over is not None:
            return
        self._mind(elapsed_s)
        self.calm.step(elapsed_s)
        if self.calm.final or not self.calm.shown:
            if not self._here.held:
                self._here.unheld_s += elapsed_s
            next(self._script, None)

    @property
    def here(self) -> Situation:
        """What the session's scripts share; for whoever only looks."""
        return self._here

    @property
    def performing(self) -> Performing:
        """The task runs; for whoever only looks."""
        return self._performing

    @property
    def plan(self) -> Plan:
        """The plan as it is now: its mode is that of the step being performed."""
        return self._here.plan

    @property
    def notice(self) -> str:
        """What the participant should be told now, most pressing first."""
        if self.calm.reason:
            return self._here.say(self.calm.words)
        if self.attendance.lost:
            return self._here.say("Your therapist's screen is not connected just now. Please wait a moment.")
        if self._here.held:
            return self._here.say("A short break. We go on when you are ready.")
        if self._here.lost is not None:
            return self._here.say(_out_of_sight(self._here.lost, self.plan.mode == "residual"))
        return ""

    # --- what happens, in order ---

    def _conduct(self) -> Script:
        self._tell_course()
        self._tell_allocation()
        yield from self._welcome()
        if self.plan.programme.calibrate:
            self.measures = yield from calibrate(self._here, self.measures)
            self._here.build = Build.of_measures(self.measures)
            self._performing.prepare()
        yield from ask(self._here, "before", None)
        block_index = None
        while (step := self._agenda.begin_next()) is not None:
            while self.attendance.lost:
                yield
            if self.safety.winding_down:
                break
            if (shortened := self._within_block(step)) is None:
                continue
            # The end of the last block is the end of the session, where nobody is asked the same twice.
            if block_index not in (None, step.block_index):
                yield from ask(self._here, "block_end", None)
            block_index = step.block_index
            yield from self._go_over_to(shortened)
            began_s = self._here.unheld_s
            task_run_id = yield from self._performing.perform(shortened)
            self._agenda.spend(step, self._here.unheld_s - began_s)
            yield from ask(self._here, "after_task", task_run_id)
        yield from ask(self._here, "after", None)
        yield from self._farewell()
        self.over = "completed"

    def _tell_course(self) -> None:
        """Puts on record what of a course the session is, and whether it is time to look back."""
        plan = self.plan
        if plan.due is not None:
            self.happened("course", plan.due.told())
        if plan.session_number in REVIEWS:
            self.happened("review", {"session_number": plan.session_number})

    def _tell_allocation(self) -> None:
        """Puts on record in which order the tasks are to come, and what lot said so."""
        programme, seed = self.plan.programme, self.plan.seed
        for i, block in enumerate(programme.blocks):
            steps = [step for step in self.plan.steps if step.block_index == i]
            self.happened(
                "allocation",
                {
                    "block_index": i,
                    "order": block.order or programme.order,
                    "seed": seed,
                    "task_indices": " ".join(str(step.task_index) for step in steps),
                    "tasks": " ".join(step.task.name for step in steps),
                },
            )

    def _within_block(self, step: Step) -> Step | None:
        """The step with no more time than its block has left; None, and that on record, where that is too little. What
        a therapist wants is done in any case.
        """
        left_s = self._agenda.left_s(step)
        if left_s is None or step.by_therapist:
            return step
        most_s = left_s - step.task.demonstration_s
        if most_s < LEAST_S:
            self.happened("left_out", {"block_index": step.block_index, "task_index": step.task_index,
                                       "task": step.task.name, "left_s": round(left_s, 1)})  # fmt: skip
            return None
        task = msgspec.structs.replace(step.task, time_limit_s=min(step.task.time_limit_s, most_s))
        return dataclasses.replace(step, task=task)

    def _go_over_to(self, step: Step) -> Script:
        """The plan becomes that of the step; where something else drives the virtual limb, it goes and comes again."""
        here = self._here
        plan = here.plan.for_step(step)
        if plan.mode != here.plan.mode:
            self._leaving = True
            while self.limb_ratio > 0.0:
                yield
            here.plan = self.ledger.plan = plan
            yield  # in which it is driven otherwise
            self._leaving = False
        here.plan = self.ledger.plan = plan

    def _welcome(self) -> Script:
        """Until the head and all that the session goes by have been seen: nothing can be mirrored before that."""
        view = self._view
        say = self._here.say
        view.title = say(self.plan.programme.title)
        view.text = f"{say('Welcome.')} {say(_asked_of_the_limbs(self.plan))}"
        while not self._here.met and not self._here.take_moving_on():
            yield
        view.text = ""

    def _farewell(self) -> Script:
        say = self._here.say
        self._view.title, self._view.text = say("Thank you"), say("That was the last one. Rest a moment.")
        shown_s = 0.0
        while shown_s < _FAREWELL_S:
            yield
            shown_s += self._here.elapsed_s

    def _ending(self, status: messages.SessionStatus) -> Script:
        """In the calm scene, with no way back: at most a therapist's rating still comes in, then the session ends."""
        here, view = self._here, self._view
        view.title = view.text = view.count = ""
        view.panel, view.targets, view.props, view.ghost, view.activity, view.movement = None, [], [], None, "", ""
        waited_s = 0.0
        while waited_s < here.settings.number("calm_before_end_s") and not here.take_moving_on():
            yield
            waited_s += here.elapsed_s
        self.end(status)

    # --- what watches over the person ---

    def _mind(self, elapsed_s: float) -> None:
        """A frame for the rules and for the console that may be missed."""
        attendance = self.attendance
        was_lost = attendance.lost
        attendance.step(elapsed_s)
        if attendance.lost and not was_lost:
            self.happened("console_lost", {"who": attendance.in_control})
        if attendance.missed:
            self._come_to_rest("console_lost", {"who": "safety"})
        exposed = self._here.tracked.has(HEAD) and self._view.calm < 1.0
        for concern in self.safety.step(elapsed_s, exposed):
            self._respond(concern)

    def _respond(self, concern: Concern) -> None:
        self.concern, self.concern_ns = concern.rule, self.ledger.mono_ns
        found: Detail = {"who": "safety", "rule": concern.rule, "value": concern.value, "limit": concern.limit}
        if concern.response is Response.STOP:
            self.stop("safety", found)
        elif concern.response is Response.CALM:
            self._come_to_rest(concern.rule, found)
        elif concern.response is Response.WIND_DOWN:
            self.happened("wind_down", found)
        else:
            self.happened("safety_prompt", found)

    def _come_to_rest(self, reason: str, detail: Detail) -> None:
        """The calm scene comes; a task run that is on ends here, and its rating is asked."""
        if self.calm.reason:
            return
        self.happened("calm", {**detail, "reason": reason})
        self.calm.come(reason)
        self._suspend()

    def _suspend(self) -> None:
        task_run_id = self.ledger.task_run_id
        self._performing.suspend()
        if task_run_id is not None and (self.calm.final or "after_task" in self.plan.programme.ask):
            self.ledger.ask(self._pain, "after_task", task_run_id)

    # --- what a therapist does ---

    def stop(self, who: str, detail: Detail | None = None) -> None:
        """Freeze task and limb at once and fade to calm, with no way back; once more ends the session."""
        if self.calm.final:
            self._here.move_on()
            return
        self.frozen = True
        self.happened("stop", {**(detail or {}), "who": who})
        self.calm.come("stop", final=True)
        self._suspend()
        self._script.close()
        self._script = self._ending("stopped")

    def rest(self, who: str, reason: str = "asked", frozen: bool = False) -> None:
        """Bring the calm scene, from which `go_on` leads back; `frozen` holds the limb still while it fades."""
        self.frozen = self.frozen or frozen
        self._come_to_rest(reason, {"who": who})

    def go_on(self, who: str) -> None:
        """End a break or the calm scene. ValueError where there is no way back, or nobody says that they restart."""
        if self.calm.final:
            raise ValueError("the session was stopped, and there is no way back; start a new one")
        if self.calm.reason:
            if not who.strip():
                raise ValueError("expected the name of whoever lets the session go on, got none")
            if self.attendance.lost:
                self.attendance.release()  # whoever goes on without it does not miss it
            self.happened("restarted", {"who": who, "after": self.calm.reason})
            self.calm.go()
            self.frozen = False
            self._here.take_moving_on()
        self.pause(False, who)

    def attended(self, who: str) -> None:
        """The console in control is there. ValueError without a name."""
        before, was_lost = self.attendance.in_control, self.attendance.lost
        self.attendance.beat(who)
        if was_lost or who != before:
            self.happened("console_found" if was_lost else "console_in_control", {"who": who})

    def unattended(self, who: str) -> None:
        """The console gives control away on purpose."""
        if self.attendance.in_control:
            self.attendance.release()
            self.happened("console_released", {"who": who})

    def stroke(self, at: float | None, who: str) -> None:
        """The therapist's hand is so far along the limb, 0 to 1, or None where it was lifted. ValueError when no
        limb is being stroked.
        """
        self._performing.stroke(at, who)

    def end(self, status: messages.SessionStatus) -> None:
        """Close whatever is open, so that the record is whole; the session is over from here."""
        if self.over is not None:
            return
        self._performing.end("interrupted")
        self.ledger.answer("interrupted", {}, "participant", "")
        self.over = status

    def source_ended(self) -> None:
        """A recording has come to its end, and with it whatever was being performed."""
        self.happened("source_ended", {})
        self._performing.end("stopped")
        self.end("stopped")

    @property
    def resting(self) -> bool:
        """Whether a break or the calm scene is on."""
        return self._here.held or bool(self.calm.reason)

    def pause(self, held: bool, who: str) -> None:
        """Hold the programme where it is, or let it go on."""
        if held != self._here.held:
            self._here.held = held
            self.happened("paused" if held else "resumed", {"who": who})

    def move_on(self, who: str) -> None:
        """Skip what is shown now: a demonstration, a task, a question or the wait after Stop. ValueError in the calm
        scene, which only `go_on` or `stop` ends.
        """
        if self.calm.reason and not self.calm.final:
            raise ValueError("the calm scene is shown; resume or stop")
        self._here.move_on()
        self._overridden("skip", who)

    def repeat(self, who: str) -> None:
        """The task that was begun last comes once more, next. ValueError before the first one."""
        step = self._agenda.repeat()
        self._overridden("repeat", who, task=step.task.name)

    def choose(self, task: str, mode: str | None, who: str) -> None:
        """This task comes next, in this mode or as before. ValueError where that cannot be."""
        step = self._agenda.choose(task, mode)
        self._overridden("choose", who, task=step.task.name, mode=step.mode)

    def change_mode(self, mode: str, who: str) -> None:
        """The tasks to come are performed in this mode. ValueError where that cannot be."""
        steps = self._agenda.change_mode(mode)
        self._overridden("mode", who, mode=mode, steps=steps)

    def extend(self, seconds: float, who: str) -> None:
        """The task that is being performed goes on for so much longer. ValueError if none is."""
        self._performing.extend(seconds)
        if self._agenda.current is not None:
            self._agenda.extend(self._agenda.current, seconds)
        self._overridden("extend", who, seconds=seconds)

    def take_up(self, edited: Edited) -> None:
        """Go on by a programme that was edited: what was begun stays as it was. ValueError where that cannot be."""
        plan = self.plan
        if edited.programme.place != plan.programme.place:
            raise ValueError(
                f"{edited.programme.place} cannot be gone to while {plan.programme.place} is shown; it is used "
                "from the next session on"
            )
        new = dataclasses.replace(
            plan, programme=edited.programme, steps=edited.steps, questions=edited.questions,
            catalogue={**plan.catalogue, **{step.task.name: step.task for step in edited.steps}},
        )  # fmt: skip
        check_steps(new)
        self._agenda.take(edited.programme, new)
        self._here.plan = self.ledger.plan = new
        self._performing.prepare()
        self.happened("programme_edited", {"programme": new.programme.name, "steps_to_come": len(self._agenda)})
        self._tell_allocation()

    def press(self, button: str, who: str) -> None:
        """A therapist's press of a button that a task asks by, such as `left`. ValueError where none is asked for."""
        self._performing.press(button, "console")
        self.happened("pressed", {"who": who, "button": button})

    def _overridden(self, what: str, who: str, **detail: float | str) -> None:
        """Puts on record that a therapist did otherwise than the programme says."""
        self.happened("override", {"what": what, "who": who, **detail})

    def rate(self, answer: float | str | None, who: str, of: Mapping[str, str]) -> None:
        """A therapist's entry for the question that awaits an answer; None declines.

        of: what the therapist meant to answer, as far as it was said: `question`, `site`, `scale` or `item`. ValueError
        where no question or another one awaits an answer, or that is no answer to it.
        """
        asked = self.ledger.asked
        if asked is None:
            raise ValueError("no rating awaits an answer; wait for the question, then enter it")
        for what, meant in of.items():
            awaiting = asked.name if what == "question" else getattr(asked, what)
            if meant != awaiting:
                raise ValueError(
                    f"the question that awaits an answer is {asked.name}, of {what} {awaiting!r}, not {meant!r}"
                )
        if answer is None:
            self.ledger.answer("declined", {}, "therapist", "console")
        else:
            try:
                values = asked.accept(answer)
            except ValueError as error:
                raise ValueError(f"rate {error}") from None
            self.ledger.answer("given", values, "therapist", "console")
        self.happened("rated", {"who": who, "question": asked.name})

    def happened(self, name: str, detail: Detail) -> None:
        """Put something else that happened on record."""
        self.ledger.happened(name, detail)


_SIT = mark("Please sit comfortably.")
_HOLD_UP = {
    Side.LEFT: mark("Please hold your left hand where you can see it."),
    Side.RIGHT: mark("Please hold your right hand where you can see it."),
}
_FOOT_DOWN = {
    Side.LEFT: mark("Please sit comfortably, your left foot on the floor."),
    Side.RIGHT: mark("Please sit comfortably, your right foot on the floor."),
}
_HAND_UNSEEN = {
    Side.LEFT: mark("I cannot see your left hand. Please hold it in front of you."),
    Side.RIGHT: mark("I cannot see your right hand. Please hold it in front of you."),
}
_TRACKER_UNSEEN = {
    Limb(Chain.ARM, Side.LEFT): mark("I cannot see the tracker on your left arm. Please sit still for a moment."),
    Limb(Chain.ARM, Side.RIGHT): mark("I cannot see the tracker on your right arm. Please sit still for a moment."),
    Limb(Chain.LEG, Side.LEFT): mark("I cannot see the tracker on your left leg. Please sit still for a moment."),
    Limb(Chain.LEG, Side.RIGHT): mark("I cannot see the tracker on your right leg. Please sit still for a moment."),
}


def _asked_of_the_limbs(plan: Plan) -> str:
    """What the participant has to do to be seen."""
    followed = plan.followed
    if plan.mode == "residual":
        return mark("Please sit comfortably. Your therapist looks after the tracker.")
    hands = [limb.side for limb in followed if limb.chain is Chain.ARM]
    if hands:
        return _HOLD_UP[hands[0]]
    return _FOOT_DOWN[followed[0].side] if followed else _SIT


def _out_of_sight(limb: Limb, residual: bool) -> str:
    return _TRACKER_UNSEEN[limb] if residual or limb.chain is Chain.LEG else _HAND_UNSEEN[limb.side]
