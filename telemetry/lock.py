"""A lock on a file that the operating system releases when its holder dies, the same on Windows and Linux.

It is an exclusive SQLite transaction on an empty side file: nothing is ever written to that file.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from telemetry.errors import InUse, JournalUnwritable


class Lock:
    """Holds the file at `path` until `release` or the end of the process.

    Raises `InUse` with `in_use` as its message if it is held already, in this process or another, for longer than
    `patience_s`, and
    `JournalUnwritable` if the file cannot be made.
    """

    def __init__(self, path: Path, in_use: str, patience_s: float = 0.0) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except BaseException:
                connection.close()
                raise
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise InUse(in_use) from None
            raise JournalUnwritable(
                f"expected to be able to write to {path.parent}, but {error}; free space or choose another folder"
            ) from error
        self._connection = connection

    def release(self, *, remove: bool = False) -> None:
        """Let go; `remove` takes the file away as well, for a lock that nobody will ask for again."""
        if self._connection is None:
            return
        removed = False
        if remove:
            # While it is still held, so that nobody else can be holding the file that goes; Windows refuses that.
            with suppress(PermissionError):
                self._path.unlink(missing_ok=True)
                removed = True
        self._connection.close()
        self._connection = None
        if remove and not removed:
            with suppress(PermissionError):
                self._path.unlink(missing_ok=True)
