"""Every error of the record, in one place; each is also the builtin that a caller would guess.

Messages say what was expected, what came and what to do.
"""

from __future__ import annotations

from pathlib import Path


class TelemetryError(Exception):
    """Any error of this package."""


class JournalUnwritable(TelemetryError, OSError):
    """A journal's disk is full, read-only or failing; what was committed before is untouched."""


class JournalDamaged(TelemetryError, ValueError):
    """A journal's file is not a database, or is one no longer."""


class InUse(TelemetryError, RuntimeError):
    """Another live process holds this folder or spool."""


class NotAStore(TelemetryError, FileNotFoundError):
    """The folder holds no record, or one that cannot be read."""


class OtherVersion(TelemetryError, RuntimeError):
    """A store that another version of the programs wrote, and that has to be brought up first, or cannot be."""


class FolderTaken(TelemetryError, FileExistsError):
    """A folder that should be empty holds something, which is not written over."""


class UnknownSession(TelemetryError, LookupError):
    """The store has no such session or task run."""


class SealFailed(TelemetryError, RuntimeError):
    """What was read back differs from what was to be sealed; the journal is kept."""


class NotUnderstood(TelemetryError, ValueError):
    """Bytes came that are no message of this protocol."""


class NotLoopback(TelemetryError, ValueError):
    """An address that other computers could reach, which needs encryption."""


class BadKey(TelemetryError, ValueError):
    """Something that should be a key, or the name of one, and is not."""


class KeysMissing(TelemetryError, FileNotFoundError):
    """An encrypted connection needs this computer's keys, and there are none."""


class KeysUnsafe(TelemetryError, PermissionError):
    """A secret key that others can read."""


class Erased(TelemetryError, LookupError):
    """The participant was erased from the record; nothing of them is taken any more."""


class NobodyAnswers(TelemetryError, TimeoutError):
    """No answer came in time."""


class RequestRefused(TelemetryError, ValueError):
    """The recorder understood a request and declined it."""


class NotAnalysable(TelemetryError, ValueError):
    """The rows do not allow this analysis: too few, all equal, or of a kind that it is not for."""


class MeasuresMissing(UserWarning):
    """Measures of movement that were computed once cannot be taken; scores and settings are there without them."""


class BadImport(TelemetryError, ValueError):
    """A file from outside that cannot be taken; the message names it, the row (from 1) and the column."""

    def __init__(self, path: Path, what: str, row: int | None = None, column: str | None = None) -> None:
        where = str(path) + ("" if row is None else f", row {row}") + ("" if column is None else f", column {column}")
        super().__init__(f"{where}: {what}; mend the file, or name another")
        self.path, self.row, self.column = path, row, column
