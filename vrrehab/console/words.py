"""The console's words: every sentence that a page shows goes through `Words`, in the reader's language.

A catalogue a language lies in `languages` (gettext's format). What it lacks is looked up in the participant's own
catalogue, which has the tasks and questions, and else said in English.
"""

from __future__ import annotations

import re
import string
from datetime import datetime
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


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """What tells each sentence that has values in it, those with most words first."""
    found = []
    for text, said in sorted(_texts(language).items(), key=lambda entry: -len(entry[0])):
        parts = [(before, name) for before, name, _, _ in string.Formatter().parse(text)]
        if any(name for _, name in parts):
            pattern = "".join(re.escape(before) + (f"(?P<{name}>.+)" if name else "") for before, name in parts)
            found.append((re.compile(pattern, re.DOTALL), said))
    return found


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

    def name(self, name: str) -> str:
        """What a name in the code is called here, such as `therapy_room`."""
        return self(name.replace("_", " "))

    def number(self, value: float, places: int | None = None) -> str:
        """A number as it is written in this language; with so many places, or as many as it has."""
        said = f"{value:g}" if places is None else f"{value:.{places}f}"
        return said.replace("-", "\N{MINUS SIGN}").replace(".", self("."))

    def day(self, utc_ns: int, seconds: bool = False) -> str:
        """A day and a time, by this computer's clock."""
        form = self("%d %b %Y, %H:%M") + (":%S" if seconds else "")
        return datetime.fromtimestamp(utc_ns / 1e9).strftime(form)

    def heard(self, text: str) -> str:
        """What another program said, with its values in it already: in this language where the catalogue knows it."""
        if text in self._texts:
            return self._texts[text]
        for pattern, said in _patterns(self.language):
            if (found := pattern.fullmatch(text)) is not None:
                return said.format(**{name: self(value) for name, value in found.groupdict().items()})
        return self(text)
