"""Every error of this package that a person may read, in one place.

Each message says what was expected, what came and what to do; each class is a builtin that a caller would guess.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path


class UnknownName(LookupError):
    """A task, programme, place or mode that is not there."""

    def __init__(self, what: str, name: str, known: Sequence[str], where: Path | str) -> None:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        super().__init__(f"No {what} {name!r} in {where}. {hint}Known: {', '.join(known) or 'none'}.")


class NotPossible(ValueError):
    """A combination that makes no sense, such as a mirror with no intact side; the message says what would."""


class NoGraphics(RuntimeError):
    """Nothing can be drawn on this machine; the message says what was tried and what to install."""
