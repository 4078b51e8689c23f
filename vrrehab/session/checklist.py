"""The checklist before a session: what is asked, what speaks against holding it, and how that is put on record.

The questions are data (`scenes/checklists`). Whoever asks them, a terminal or a console, hands the answers to
`checked`. A checklist is no diagnosis: it says when a clinician has to decide, and keeps who did.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from vrrehab.errors import NotPossible
from vrrehab.session.toml_file import read_toml

_Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
_Words = Annotated[str, Meta(min_length=1, max_length=300)]
#: What a session without answers says of its checklist: nobody wanted it asked, or nobody was there to be asked.
SKIPPED, NOT_ASKED = "skipped", "not_asked"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. The first of `answers` is the usual one; each of `against` speaks against a session, `because`."""

    name: _Name
    ask: _Words
    answers: Annotated[tuple[_Words, ...], Meta(min_length=2, max_length=6)]
    against: tuple[str, ...] = ()
    because: str = ""

    def __post_init__(self) -> None:
        for answer in self.against:
            if answer not in self.answers:
                raise ValueError(f"expected `against` to name answers ({', '.join(self.answers)}), got {answer!r}")
        if self.against and not self.because:
            raise ValueError("expected `because` to say why an answer speaks against a session, but it is missing")


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=40)]


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checklist that was gone through by `by`.

    despite: who says, as a clinician, that the session may be held although an answer speaks against it; empty where
    nobody did.
    """

    by: Annotated[str, Meta(min_length=1, max_length=64)]
    answers: dict[_Name, str]
    despite: Annotated[str, Meta(max_length=64)] = ""


def load_checklist() -> Checklist:
    """The checklist that ships."""
    return read_toml(resources.files("scenes") / "checklists" / "before_session.toml", Checklist)


def load_answers(path: Path) -> Answers:
    """Answers from a TOML file: `by`, `[answers]` with a line an item, and `despite` where it is needed.

    Raises `SceneFileError` for a file that holds no such thing.
    """
    return read_toml(path, Answers)


def objections(checklist: Checklist, answers: Mapping[str, str]) -> list[Item]:
    """The items whose answer speaks against a session. Raises `NotPossible` unless each is answered with its words."""
    known = {item.name for item in checklist.items}
    if strange := sorted(answers.keys() - known):
        raise NotPossible(f"Expected answers to {', '.join(sorted(known))}, but {strange[0]!r} came; leave it out.")
    for item in checklist.items:
        if answers.get(item.name) not in item.answers:
            came = repr(answers[item.name]) if item.name in answers else "no answer"
            raise NotPossible(
                f"Expected the checklist's {item.name} ({item.ask}) to be {' or '.join(item.answers)}, but {came} came."
            )
    return [item for item in checklist.items if answers[item.name] in item.against]


def checked(checklist: Checklist, given: Answers) -> dict[str, str]:
    """The answers as they go on record. Raises `NotPossible` where one speaks against a session and nobody answers for
    holding it, with all the reasons.
    """
    against = objections(checklist, given.answers)
    if against and not given.despite.strip():
        reasons = "; ".join(f"{item.name}: {given.answers[item.name]} ({item.because})" for item in against)
        raise NotPossible(
            f"The checklist speaks against this session: {reasons}. Hold it another day, or let a clinician answer for "
            "it by name: `despite` in the answers' file."
        )
    told = {"status": "asked", "by": given.by, **given.answers}
    if against:
        told |= {"despite": given.despite, "against": ", ".join(item.name for item in against)}
    return told
