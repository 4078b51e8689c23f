"""Asks the checklist in the terminal before a person's session, or reads the answers that a console wrote."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from vrrehab.session.checklist import (
    NOT_ASKED,
    SKIPPED,
    Answers,
    Checklist,
    Item,
    checked,
    load_answers,
    load_checklist,
    objections,
)


def gone_through(said: str | None, person: bool) -> dict[str, str]:
    """The checklist as it goes on record, from what --checklist says: a file of answers, `skip`, or nothing.

    Nothing asks in the terminal, if a person is to wear the headset and somebody is there to be asked. Raises
    `NotPossible` where the answers speak against the session and nobody answers for holding it.
    """
    if said == "skip":
        return {"status": SKIPPED}
    if said is not None:
        return checked(load_checklist(), load_answers(Path(said)))
    if not person:
        return {}
    if not sys.stdin.isatty():
        return {"status": NOT_ASKED}
    return checked(checklist := load_checklist(), _ask(checklist))


def _ask(checklist: Checklist) -> Answers:
    print(f"{checklist.title}. Enter takes the answer in brackets; Ctrl-C leaves.")
    by = typer.prompt("Who asks")
    answers = {item.name: _answer(item) for item in checklist.items}
    against = objections(checklist, answers)
    despite = ""
    if against:
        print("This speaks against a session today:")
        for item in against:
            print(f"  {item.name}: {answers[item.name]} ({item.because})")
        despite = typer.prompt(
            "A clinician may answer for it: by name, or Enter to leave", default="", show_default=False
        )
    return Answers(by=by, answers=answers, despite=despite)


def _answer(item: Item) -> str:
    """The answer to one item, whole or as its first letters."""
    usual = item.answers[0]
    while True:
        said = typer.prompt(f"{item.ask} ({'/'.join(item.answers)})", default=usual).strip().lower()
        fitting = [answer for answer in item.answers if answer.startswith(said)]
        if said in item.answers or len(fitting) == 1:
            return said if said in item.answers else fitting[0]
        print(f"  Please answer {' or '.join(item.answers)}.")
