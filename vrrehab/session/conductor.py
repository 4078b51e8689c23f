"""Conducts a session: welcome, measuring, first rating, each task run and its rating, last rating, farewell.

`_conduct` is the whole programme, read top to bottom; every `yield` is one frame. `step` advances it by a frame. What
may interrupt it is in `guard`, what a therapist changes of it in `therapist`; both act between frames. Nothing here
draws, sends or waits.
"""

from __future__ import annotations

from telemetry import messages
from vrrehab.body.build import Build, BuildOf
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import Body
from vrrehab.session.agenda import LEAST_S, Agenda
from vrrehab.session.asking import ask
from vrrehab.session.calibration import calibrate
from vrrehab.session.guard import Detail, Guard
from vrrehab.session.ledger import Ledger, Record
from vrrehab.session.notices import out_of_sight, to_be_seen
from vrrehab.session.opening import tell_allocation, tell_course
from vrrehab.session.performing import Performing
from vrrehab.session.plan import Plan
from vrrehab.session.programme import Step
from vrrehab.session.safety import Overheard, Safety
from vrrehab.session.settings import Settings
from vrrehab.session.situation import Script, Situation
from vrrehab.session.therapist import Therapist
from vrrehab.session.view import View

_FAREWELL_S = 2.5
#: How long a virtual limb takes to go, and to come again, when what drives it changes.
_CHANGE_S = 0.4


class Conductor:
    """The programme of one session, a frame at a time.

    `over` is the status the session ended with, None while it runs. `guard` watches over the person, `therapist` is
    what may be done to the programme. `limb_ratio`: how far the virtual limbs are there, 1 unless what drives them is
    just changing.
    """

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        view: View,
        record: Record,
        build_of: BuildOf = Build.of_measures,
    ) -> None:
        self._view = view
        self._build_of = build_of
        safety = Safety(settings, plan.profile.pain_ceiling)
        self.ledger = Ledger(plan, Overheard(record, safety.hear))
        self._here = Situation(plan, settings, view, self.ledger, build_of)
        self._performing = Performing(self._here)
        self._agenda = Agenda(plan)
        self.guard = Guard(self._here, safety, self._performing)
        self.therapist = Therapist(self._here, self._agenda, self._performing, self.guard)
        #: What a virtual limb does that follows nobody, and how it is built: `Performing.play` and `fit`.
        self.play, self.fit = self._performing.play, self._performing.fit
        #: What is known of the person's body; measured at the beginning if the programme says so.
        self.measures = plan.profile.measures
        self.over: messages.SessionStatus | None = None
        self.limb_ratio = 1.0
        self._leaving = self._ending = False
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
        self.guard.step(elapsed_s)
        calm = self.guard.calm
        if calm.final and not self._ending:
            self._ending = True
            self._script.close()
            self._script = self._end_in_calm()
        if calm.final or not calm.shown:
            if not self._here.held:
                self._here.unheld_s += elapsed_s
            next(self._script, None)
            if not calm.final:
                self._here.forget_moving_on()

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
        say = self._here.say
        if self.guard.calm.reason:
            return say(self.guard.calm.words)
        if self.guard.attendance.lost:
            return say("Your therapist's screen is not connected just now. Please wait a moment.")
        if self._here.held:
            return say("A short break. We go on when you are ready.")
        if self._here.lost is not None:
            return say(out_of_sight(self._here.lost, self.plan))
        return ""

    def happened(self, name: str, detail: Detail) -> None:
        """Put something else that happened on record."""
        self.ledger.happened(name, detail)

    def recentred(self, detail: Detail) -> None:
        """Session space has moved; a question that is asked, or a task's board, comes before the head again."""
        self._here.asked_at = None
        self._here.recentrings += 1
        self.happened("recentred", detail)

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

    # --- what happens, in order ---

    def _conduct(self) -> Script:
        tell_course(self.ledger, self.plan)
        tell_allocation(self.ledger, self.plan)
        yield from self._welcome()
        if self.plan.programme.calibrate:
            self.measures = yield from calibrate(self._here, self.measures)
            self._here.build = self._build_of(self.measures)
            self._performing.prepare()
        yield from ask(self._here, "before", None)
        block_index = None
        while (step := self._agenda.begin_next()) is not None:
            yield from self._here.until_watched()
            if self.guard.safety.winding_down:
                break
            if not self._fits(step):
                continue
            # The end of the last block is the end of the session, where nobody is asked the same twice.
            if block_index not in (None, step.block_index):
                yield from ask(self._here, "block_end", None)
            block_index = step.block_index
            yield from self._go_over_to(step)
            began_s = self._here.unheld_s
            step = self._agenda.current or step  # it may have been edited meanwhile
            task_run_id = yield from self._performing.perform(self._agenda.in_time(step))
            self._agenda.spend(step, self._here.unheld_s - began_s)
            yield from ask(self._here, "after_task", task_run_id)
        yield from ask(self._here, "after", None)
        yield from self._farewell()
        self.over = "completed"

    def _fits(self, step: Step) -> bool:
        """Whether its block has enough time left for it; where not, that goes on record. What a therapist wants is done
        in any case.
        """
        left_s = self._agenda.left_s(step)
        if left_s is None or step.by_therapist or left_s - step.task.demonstration_s >= LEAST_S:
            return True
        self.happened("left_out", {"block_index": step.block_index, "task_index": step.task_index,
                                   "task": step.task.name, "left_s": round(left_s, 1)})  # fmt: skip
        return False

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
        view.text = f"{say('Welcome.')} {say(to_be_seen(self.plan))}"
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

    def _end_in_calm(self) -> Script:
        """In the calm scene, with no way back: at most a therapist's rating still comes in, then the session ends."""
        here, view = self._here, self._view
        self._performing.end("stopped")  # also what was only being demonstrated
        view.title = view.text = view.count = ""
        view.panel = None
        waited_s = 0.0
        while waited_s < here.settings.number("calm_before_end_s"):
            # Whoever presses Stop again in haste does not tear the picture away.
            if view.calm == 1.0 and here.take_moving_on():
                break
            yield
            waited_s += here.elapsed_s
        self.end("stopped")
