"""The console's words: every sentence that a page shows goes through `Words`, in the reader's language.

A catalogue a language lies in `languages` (gettext's format). What it lacks is looked up in the participant's own
catalogue, which has the tasks and questions, and else said in English.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import polib

from vrrehab.language import load_language


def catalogue_file(language: str) -> Path:
    """Where a language's catalogue of the console is."""
    return Path(str(resources.files("vrrehab.console"))) / "languages" / f"{language}.po"


@cache
def _texts(language: str) -> dict[str, str]:
    path = catalogue_file(language)
    if not path.is_file():
        return {}
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)).translated_entries()}


class Words:
    """Says the console's sentences in one language, two letters."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = _texts(language)
        self._participants = load_language(language)

    def __call__(self, text: str, **values: object) -> str:
        """The sentence in this language, with its `{values}` filled in."""
        said = self._texts.get(text) or self._participants.say(text)
        return said.format(**values) if values else said
