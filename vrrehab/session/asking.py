"""The script that asks how much it hurts, and puts the answer on record, whoever gives it."""

from __future__ import annotations

from telemetry import messages
from vrrehab.body.skeleton import HEAD
from vrrehab.session.questions import Answered, PainQuestion
from vrrehab.session.situation import Script, Situation


def ask(here: Situation, phase: messages.Phase, task_run_id: str | None) -> Script:
    """Ask once. It ends with an answer, the participant's or a therapist's, or as missed.

    A task run that the calm scene ended may have been answered there, by the therapist.
    """
    view, ledger = here.view, here.ledger
    if ledger.settled(task_run_id):
        return
    yield from here.until_ready()
    title = "How much does the missing limb hurt now?"
    question = PainQuestion(here.tracked.poses[HEAD], here.plan.hands, title)
    if not ledger.awaiting:  # the calm scene has asked already
        ledger.ask(phase, task_run_id)
    view.title, view.text, view.count = "", "", ""
    view.panel = question.panel
    waited_s = 0.0
    while question.answer is None and ledger.awaiting:
        yield
        waited_s += here.elapsed_s
        question.step(here.elapsed_s, here.settings.number("gaze_dwell_s"), here.tracked, here.selecting)
        if here.take_moving_on() or waited_s >= here.settings.number("answer_within_s"):
            ledger.answer("missed", None, "participant", "")
    if question.answer is Answered.GIVEN:
        ledger.answer("given", float(question.value or 0), "participant", str(question.by))
    elif question.answer is Answered.DECLINED:
        ledger.answer("declined", None, "participant", str(question.by))
    view.panel = None
