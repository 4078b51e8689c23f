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
        there = f"Known: {', '.join(known)}." if known else "Check the name and the folder."
        super().__init__(f"No {what} {name!r} in {where}. {hint}{there}")


class NotPossible(ValueError):
    """A combination that makes no sense, such as a mirror with no intact side; the message says what would."""


class NotMeasured(ValueError):
    """A measurement of the person that did not come about; the message says why, and how to repeat it."""


class NoGraphics(RuntimeError):
    """Nothing can be drawn on this machine; the message says what was tried and what to install."""


class BadModel(ValueError):
    """A model file that is not one of ours, or not whole."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"Expected a model made by `python -m models.bake`, but {path}: {what}. Install the package again."
        )


class BadRecording(ValueError):
    """A file that cannot be played as a recorded movement."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"Expected a WebXR capture of a Meta Quest 3 (JSON with schema and frames), but {path}: {what}. "
            "Name another file."
        )


class SceneFileError(ValueError):
    """A scene file cannot be used; the message names the file, the line and the remedy.

    file: the path as it was given. line: counted from 1, or None where the whole file is meant. problem: the
    message without file and line.
    """

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        super().__init__(f"{file}:{line}: {problem}" if line else f"{file}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem
