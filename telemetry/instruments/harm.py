"""Something untoward that became known after its session: the same words as for one that was entered during it."""

from __future__ import annotations

from typing import get_args

from telemetry import messages
from telemetry.instruments.definition import Instrument, Item


def _words(choice: object) -> dict[str, str]:
    return {word: word.replace("_", " ").capitalize() for word in get_args(choice)}


ADVERSE_EVENT = Instrument(
    "adverse_event",
    "Adverse event",
    (
        Item("kind", "What happened", levels=_words(messages.AdverseKind)),
        Item("severity", "How strong it was", levels=_words(messages.Severity)),
        Item("serious", "Life-threatening, lasting, or needed a hospital", levels={"no": "No", "yes": "Yes"}),
        Item("relatedness", "How far the session is thought to have caused it", levels=_words(messages.Relatedness)),
        Item("action", "What was done about it", levels=_words(messages.AdverseAction)),
        Item("text", "Anything else", letters=2000, optional=True),
    ),
    "the words of `telemetry.messages.AdverseEvent`; serious as in ICH E2A",
    "own",
)
