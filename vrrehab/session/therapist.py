"""What a therapist does to the programme while it runs: otherwise than it says, and that on record as such.

Stop, breaks and the calm scene are the guard's; what a command is called and what it has to be told, `commands` says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from vrrehab.session.agenda import Agenda
from vrrehab.session.amendment import Amendment, amended
from vrrehab.session.edited import Edited
from vrrehab.session.guard import Guard
from vrrehab.session.opening import tell_allocation
from vrrehab.session.performing import Performing
from vrrehab.session.plan import check_steps
from vrrehab.session.situation import Situation


class Therapist:
    """What may be done between two frames; what cannot be done now is a ValueError that says why."""

    def __init__(self, here: Situation, agenda: Agenda, performing: Performing, guard: Guard) -> None:
        self._here = here
        self._agenda = agenda
        self._performing = performing
        self._guard = guard

    def move_on(self, who: str) -> None:
        """Skip what is shown now: a demonstration, a task, a question or the wait after Stop. ValueError in the calm
        scene, which only `Guard.go_on` or `Guard.stop` ends, and while nothing of these is shown: what comes next has
        not been seen by whoever presses.
        """
        calm = self._guard.calm
        if calm.reason and not calm.final:
            raise ValueError("the calm scene is shown; resume or stop")
        if not (calm.final or self._here.may_move_on):
            raise ValueError("nothing is shown now that could be skipped; skip once the next task or question is there")
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

    def take_up(self, edited: Edited, frame: int) -> Amendment:
        """Go on by a programme that was edited, from this frame on; a task run that is on, in what may change of it.
        ValueError where that cannot be.
        """
        here, agenda = self._here, self._agenda
        plan, was = here.plan, agenda.current and agenda.in_time(agenda.current)
        new = dataclasses.replace(
            plan, programme=edited.programme, steps=edited.steps, questions=edited.questions,
            catalogue={**plan.catalogue, **{step.task.name: step.task for step in edited.steps}},
        )  # fmt: skip
        check_steps(new)
        now = agenda.take(edited.programme, new)
        here.plan = here.ledger.plan = new
        self._performing.prepare()
        amendment = Amendment(new.programme.name, frame, len(agenda))
        if was is not None and now is not None:
            now = agenda.in_time(dataclasses.replace(now, by_therapist=was.by_therapist))
            if self._performing.take_up(now):
                amendment = amended(amendment, was, now)
        here.ledger.happened("programme_edited", amendment.detail())
        tell_allocation(here.ledger, new)
        return amendment

    def stroke(self, at: float | None, who: str) -> None:
        """The therapist's hand is so far along the limb, 0 to 1, or None where it was lifted. ValueError when no
        limb is being stroked.
        """
        self._performing.stroke(at, who)

    def press(self, button: str, who: str) -> None:
        """A press of a button that a task asks by, such as `left`. ValueError where none is asked for."""
        self._performing.press(button, "console")
        self._here.ledger.happened("pressed", {"who": who, "button": button})

    def rate(self, answer: float | str | None, who: str, of: Mapping[str, str]) -> None:
        """An entry for the question that awaits an answer; None declines.

        of: what the therapist meant to answer, as far as it was said: `question`, `site`, `scale` or `item`. ValueError
        where no question or another one awaits an answer, or that is no answer to it.
        """
        ledger = self._here.ledger
        asked = ledger.asked
        if asked is None:
            raise ValueError("no rating awaits an answer; wait for the question, then enter it")
        for what, meant in of.items():
            awaiting = asked.name if what == "question" else getattr(asked, what)
            if meant != awaiting:
                raise ValueError(
                    f"the question that awaits an answer is {asked.name}, of {what} {awaiting!r}, not {meant!r}"
                )
        if answer is None:
            ledger.answer("declined", {}, "therapist", "console")
        else:
            try:
                values = asked.accept(answer)
            except ValueError as error:
                raise ValueError(f"rate {error}") from None
            ledger.answer("given", values, "therapist", "console")
        ledger.happened("rated", {"who": who, "question": asked.name})

    def _overridden(self, what: str, who: str, **detail: float | str) -> None:
        """Puts on record that a therapist did otherwise than the programme says."""
        self._here.ledger.happened("override", {"what": what, "who": who, **detail})
