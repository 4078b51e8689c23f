"""The participant's language: every text that is shown or spoken in a session goes through `Language.say`.

The texts are written in English where they are used and are their own keys; a catalogue in `scenes/languages` has them
in another language (gettext's format, one file a language). What a catalogue lacks is said in English: a participant
reads an English line rather than none. A catalogue says of itself whether a clinician has read and signed it.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import polib

ENGLISH_CODE = "en"
#: Header fields of a catalogue: who answers for it, when they said so, and for which texts.
REVIEWER, REVIEWED_ON, REVIEWED_TEXTS = "X-Reviewed-By", "X-Reviewed-On", "X-Reviewed-Texts"


def mark(text: str) -> str:
    """Marks a text that a participant will read, so that catalogues get it; `Language.say` translates it later."""
    return text


class Language:
    """Says texts in one language.

    code: two letters. reviewed_by: the clinician who signed the catalogue as it is now; empty where nobody has. English
    is what the texts are written in and needs none.
    """

    def __init__(self, code: str = ENGLISH_CODE, texts: dict[str, str] | None = None, reviewed_by: str = "") -> None:
        self.code = code
        self.reviewed_by = reviewed_by
        self._texts = texts or {}

    @property
    def reviewed(self) -> bool:
        return self.code == ENGLISH_CODE or bool(self.reviewed_by)

    def say(self, text: str, **values: object) -> str:
        """The text in this language, with its `{values}` filled in."""
        said = self._texts.get(text, text)
        return said.format(**values) if values else said


ENGLISH = Language()


def languages_folder() -> Path:
    """Where the catalogues are."""
    return Path(str(resources.files("scenes"))) / "languages"


def languages() -> list[str]:
    """The languages there are, by their codes; English first."""
    return [ENGLISH_CODE, *sorted(path.stem for path in languages_folder().glob("*.po"))]


def load_language(code: str) -> Language:
    """The language of this code; English where there is no catalogue for it."""
    path = languages_folder() / f"{code}.po"
    if not path.is_file():
        return ENGLISH
    catalogue = polib.pofile(str(path))
    texts = {entry.msgid: entry.msgstr for entry in catalogue.translated_entries()}
    return Language(code, texts, reviewer_of(catalogue))


def reviewer_of(catalogue: polib.POFile) -> str:
    """Who signed the catalogue; empty where nobody has, or where a text has changed since."""
    signed = catalogue.metadata.get(REVIEWER, "").strip()
    return signed if signed and catalogue.metadata.get(REVIEWED_TEXTS) == fingerprint(catalogue) else ""


def fingerprint(catalogue: polib.POFile) -> str:
    """What stands for all texts and their translations as they are now."""
    pairs = sorted((entry.msgid, entry.msgstr) for entry in catalogue if not entry.obsolete)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()[:16]
