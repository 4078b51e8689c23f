"""What stands between a session and a person who should not go on: breaks, the calm scene, Stop, and who may lead back.

Asks the rules (`safety`) and whether the console is still there (`attendance`) once a frame, and acts on what they
found; a therapist's own break or Stop goes the same way. What the programme does meanwhile is the conductor's.
"""

from __future__ import annotations

from vrrehab.session.attendance import Attendance
from vrrehab.session.calm import CONSOLE_LOST, Calm
from vrrehab.session.performing import Performing
from vrrehab.session.questions import PAIN, load_question
from vrrehab.session.safety import Concern, Response, Safety
from vrrehab.session.situation import Situation

Detail = dict[str, float | int | str | bool | None]

#: What is pressed within this time of a Stop is that Stop, also by somebody else or from somewhere else.
SAME_STOP_S = 2.0


class Guard:
    """frozen: true from the frame that Stop acts in; the limb then stays as it is. While `calm` is shown the programme
    stands still, and once it is final there is no way back.
    """

    def __init__(self, here: Situation, safety: Safety, performing: Performing) -> None:
        """safety: the rules, which have to hear what goes on record (`Overheard`)."""
        self._here = here
        self._performing = performing
        self._pain = load_question(PAIN)
        self.safety = safety
        self.attendance = Attendance(here.settings)
        self.calm = Calm(here.view)
        self.frozen = False
        self._stopped_for_s = 0.0
        #: What was found last, by a rule's setting, and when; for whoever only looks.
        self.concern, self.concern_ns = "", 0

    @property
    def resting(self) -> bool:
        """Whether a break or the calm scene is on."""
        return self._here.held or bool(self.calm.reason)

    def step(self, elapsed_s: float) -> None:
        """A frame for the rules, for the console that may be missed, and for the fade."""
        if self.calm.final:
            self._stopped_for_s += elapsed_s
        attendance = self.attendance
        was_lost = attendance.lost
        attendance.step(elapsed_s)
        self._here.unwatched = attendance.lost
        if attendance.lost and not was_lost:
            self._happened(CONSOLE_LOST, {"who": attendance.in_control})
        if attendance.missed:
            self._come_to_rest(CONSOLE_LOST, {"who": "safety"})
        exposed = self._here.worn and self._here.view.calm < 1.0
        for concern in self.safety.step(elapsed_s, exposed):
            self._respond(concern)
        self.calm.step(elapsed_s)

    def noticed(self, what: str) -> None:
        """The therapist is to know of something that changes nothing here; why the person rests comes before it."""
        if not self.calm.reason:
            self.concern, self.concern_ns = what, self._here.ledger.mono_ns

    # --- what a therapist does, or the person ---

    def stop(self, who: str) -> None:
        """Freeze task and limb at once and fade to calm, with no way back; once more, `SAME_STOP_S` later, ends the
        session. Before that it is two who saw the same need, or one who pressed twice: nobody who wants it to end.
        """
        if not self.calm.final:
            self._stop({"who": who})
        elif self._stopped_for_s >= SAME_STOP_S:
            self._here.move_on()

    def rest(self, who: str, reason: str = "asked", frozen: bool = False) -> None:
        """Bring the calm scene, from which `go_on` leads back; `frozen` holds the limb still while it fades."""
        self.frozen = self.frozen or frozen
        self._come_to_rest(reason, {"who": who})

    def pause(self, held: bool, who: str) -> None:
        """Hold the programme where it is, or let it go on."""
        if held != self._here.held:
            self._here.held = held
            self._happened("paused" if held else "resumed", {"who": who})

    def go_on(self, who: str) -> None:
        """End a break or the calm scene. ValueError where there is no way back, or nobody says that they restart."""
        if self.calm.final:
            raise ValueError("the session was stopped, and there is no way back; start a new one")
        if self.calm.reason:
            if not who.strip():
                raise ValueError("expected the name of whoever lets the session go on, got none")
            if self.attendance.lost:
                self.attendance.release()  # whoever goes on without it does not miss it
            self._happened("restarted", {"who": who, "after": self.calm.reason})
            self.calm.go()
            self.frozen = False
            self._here.forget_moving_on()
        self.pause(False, who)

    def attended(self, who: str) -> None:
        """The console in control is there. ValueError without a name."""
        before, was_lost = self.attendance.in_control, self.attendance.lost
        self.attendance.beat(who)
        if was_lost or who != before:
            self._happened("console_found" if was_lost else "console_in_control", {"who": who})

    def unattended(self, who: str) -> None:
        """The console gives control away on purpose."""
        if self.attendance.in_control:
            self.attendance.release()
            self._happened("console_released", {"who": who})

    # --- what it does about it ---

    def _respond(self, concern: Concern) -> None:
        self.concern, self.concern_ns = concern.rule, self._here.ledger.mono_ns
        found: Detail = {"who": "safety", "rule": concern.rule, "value": concern.value, "limit": concern.limit}
        if concern.response is Response.STOP:
            self._stop(found)
        elif concern.response is Response.CALM:
            self._come_to_rest(concern.rule, found)
        elif concern.response is Response.WIND_DOWN:
            self._happened("wind_down", found)
        else:
            self._happened("safety_prompt", found)

    def _stop(self, detail: Detail) -> None:
        self.frozen = True
        if not self.calm.final:
            self._here.forget_moving_on()  # what was to be skipped is stopped now; it is not the wait after Stop
        self._happened("stop", detail)
        self.calm.come("stop", final=True)
        self._suspend()

    def _come_to_rest(self, reason: str, detail: Detail) -> None:
        """The calm scene comes; a task run that is on ends here, and its rating is asked."""
        if self.calm.reason:
            return
        self._happened("calm", {**detail, "reason": reason})
        self.calm.come(reason)
        self._suspend()

    def _suspend(self) -> None:
        here = self._here
        task_run_id = here.ledger.task_run_id
        self._performing.suspend()
        if task_run_id is not None and (self.calm.final or "after_task" in here.plan.programme.ask):
            here.ledger.ask(self._pain, "after_task", task_run_id)

    def _happened(self, name: str, detail: Detail) -> None:
        self._here.ledger.happened(name, detail)
