"""The script that asks: each question of a moment in turn, its answer put on record, whoever gives it."""

from __future__ import annotations

from telemetry import messages
from vrrehab.body.skeleton import HEAD
from vrrehab.session.answering import Answered, Answering, panel_in_front_of
from vrrehab.session.questions import Question
from vrrehab.session.situation import Script, Situation


def ask(here: Situation, phase: messages.Phase, task_run_id: str | None) -> Script:
    """Ask whatever the programme asks at this moment; a `task_run_id` ties each answer to that task run.

    A task run that the calm scene ended may have been answered there, by the therapist.
    """
    for question in here.plan.questions.get(phase, ()):
        if not here.ledger.settled(question, task_run_id):
            yield from _ask(here, question, phase, task_run_id)


def _ask(here: Situation, question: Question, phase: messages.Phase, task_run_id: str | None) -> Script:
    """Ask once. It ends with an answer, the participant's or a therapist's, declined, or as missed."""
    view, ledger = here.view, here.ledger
    yield from here.until_ready()
    # One that follows another stands where that stood; where the head looks, it has just answered.
    follows = bool(ledger.answers) and ledger.answers[-1].mono_ns == ledger.mono_ns
    if not follows or here.asked_at is None:
        here.asked_at = panel_in_front_of(here.tracked.poses[HEAD])
    answering = Answering(question, here.asked_at, here.plan.hands, here.say)
    if ledger.asked != question:  # else the calm scene has asked already
        ledger.ask(question, phase, task_run_id)
    view.title, view.text, view.count = "", "", ""
    view.panel = answering.panel
    view.cues["question"] += 1
    waited_s = 0.0
    while answering.answer is None and ledger.asked == question:
        yield
        if here.asked_at is None:  # session space has moved
            here.asked_at = answering.panel.pose[:] = panel_in_front_of(here.tracked.poses[HEAD])
        if here.ready:
            waited_s += here.elapsed_s
        answering.step(here.elapsed_s, here.settings.number("gaze_dwell_s"), here.tracked, here.selecting)
        moving_on = here.take_moving_on()
        if answering.answer is None and (moving_on or waited_s >= here.settings.number("answer_within_s")):
            ledger.answer("missed", {}, "participant", "")
    if ledger.asked == question:
        status: messages.RatingStatus = "declined" if answering.answer is Answered.DECLINED else "given"
        ledger.answer(status, answering.given, "participant", str(answering.by))
    view.panel = None
