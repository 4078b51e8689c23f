"""The journal: entries on disk, in order and without holes, that a power cut cannot take back.

One component used at both ends, as the session's spool and as the recorder's journal. A stream's entries cover its
sequence numbers from 1 on without a hole; `append` refuses anything else, so a reader never has to check. It must
never interpret what it keeps.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from telemetry.errors import JournalDamaged, JournalUnwritable
from telemetry.folder import open_read_only

Stream = Literal["events", "motion"]
STREAMS: tuple[Stream, ...] = ("events", "motion")

Seq = Annotated[int, Meta(ge=1, le=2**53)]
#: What one entry may hold; a chunk of frames or an event far below it.
MOST_ENTRY_BYTES = 1 << 20

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DROPPED_AT_ONCE = 200


class Entry(Struct, frozen=True, array_like=True):
    """A stretch of a stream, `first` to `last`: an event, a chunk of frames, or (`gap`) what stands for lost ones."""

    first: Seq
    last: Seq
    gap: bool
    payload: Annotated[bytes, Meta(max_length=MOST_ENTRY_BYTES)]


class Journal:
    """One SQLite file. Used by one thread at a time; other threads and processes open their own.

    A journal opened `read_only` may be one that another process writes, or lie where nobody can write. Every method
    raises `JournalUnwritable` (an OSError) when the disk is full, read-only or failing, and `JournalDamaged` when the
    file is not a journal; an `append` that raised has changed nothing.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._reaches: dict[tuple[str, str], int] = {}
        if read_only:
            with self._told():
                self._db = open_read_only(path)
            return
        with self._told():
            self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
        try:
            with self._told():
                self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                # rowid order is arrival order, so large payloads are written one behind the other.
                self._db.executescript(
                    """CREATE TABLE IF NOT EXISTS entries (
                         session TEXT NOT NULL, stream TEXT NOT NULL, first INTEGER NOT NULL,
                         last INTEGER NOT NULL, gap INTEGER NOT NULL, payload BLOB NOT NULL);
                       CREATE UNIQUE INDEX IF NOT EXISTS place ON entries (session, stream, first, last);
                       CREATE INDEX IF NOT EXISTS gaps ON entries (session, first) WHERE gap;"""
                )
        except BaseException:
            self._db.close()
            raise

    def append(
        self,
        entries: Iterable[tuple[str, Stream, Entry]],
        drop_through: tuple[str, dict[Stream, int]] | None = None,
    ) -> None:
        """Commit (session, stream, entry) rows in one transaction; they are on disk when this returns.

        `drop_through` is (session, {stream: seq}): entries up to there go in the same transaction, except each
        stream's newest, which keeps its place. ValueError if an entry does not begin where its stream ends.
        """
        rows: list[tuple[str, str, int, int, bool, bytes]] = []
        reaches: dict[tuple[str, str], int] = {}
        for session, stream, entry in entries:
            key = (session, stream)
            reach = reaches[key] if key in reaches else self.reach(session, stream)
            if entry.first != reach + 1 or entry.last < entry.first:
                raise ValueError(
                    f"expected an entry of {stream} that begins at {reach + 1}, got {entry.first} to {entry.last}"
                )
            rows.append((session, stream, entry.first, entry.last, entry.gap, entry.payload))
            reaches[key] = entry.last
        with self._told(), self._transaction():
            self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)
            if drop_through is not None:
                session, through = drop_through
                self._db.executemany(
                    "DELETE FROM entries WHERE session = ? AND stream = ? AND first <= ? AND last <= ? AND last < ?",
                    [
                        (session, s, seq, seq, reaches.get((session, s), self.reach(session, s)))
                        for s, seq in through.items()
                    ],
                )
        self._reaches.update(reaches)

    def reach(self, session: str, stream: Stream) -> int:
        """The last sequence number of the stream; 0 where there is none."""
        key = (session, stream)
        if key not in self._reaches:
            with self._told():
                row = self._db.execute(
                    "SELECT last FROM entries WHERE session = ? AND stream = ? ORDER BY first DESC LIMIT 1", key
                ).fetchone()
            if row is None:
                return 0
            self._reaches[key] = row[0]
        return self._reaches[key]

    def read(self, session: str, stream: Stream, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries behind sequence number `after`, in order."""
        with self._told():
            rows = self._db.execute(
                "SELECT first, last, gap, payload FROM entries WHERE session = ? AND stream = ? AND first > ? "
                "ORDER BY first LIMIT ?",
                (session, stream, after, limit),
            ).fetchall()
        return [Entry(first, last, bool(gap), payload) for first, last, gap, payload in rows]

    def all(self, session: str, stream: Stream) -> Iterator[Entry]:
        """Every entry of the stream, in order, without holding more than a few at a time."""
        after = 0
        while entries := self.read(session, stream, after, limit=64):
            yield from entries
            after = entries[-1].last

    def newest(self, session: str, stream: Stream) -> Entry | None:
        """The entry that the stream ends with; None for an empty stream."""
        with self._told():
            row = self._db.execute(
                "SELECT first, last, gap, payload FROM entries WHERE session = ? AND stream = ? "
                "ORDER BY first DESC LIMIT 1",
                (session, stream),
            ).fetchone()
        return None if row is None else Entry(row[0], row[1], bool(row[2]), row[3])

    def gaps(self, session: str) -> list[Entry]:
        """The gaps in the session's motion, in order."""
        with self._told():
            rows = self._db.execute(
                "SELECT first, last, payload FROM entries WHERE session = ? AND gap ORDER BY first", (session,)
            ).fetchall()
        return [Entry(first, last, True, payload) for first, last, payload in rows]

    def sessions(self) -> list[str]:
        """The sessions that have entries here."""
        with self._told():
            return [row[0] for row in self._db.execute("SELECT DISTINCT session FROM entries ORDER BY session")]

    def count(self) -> int:
        """How many entries are kept."""
        with self._told():
            return int(self._db.execute("SELECT count(*) FROM entries").fetchone()[0])

    def drop_session(self, session: str) -> None:
        """Forget a session. Commits in small steps so that another connection never waits long; may be repeated."""
        dropped = 1
        while dropped:
            with self._told(), self._transaction():
                dropped = self._db.execute(
                    "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE session = ? LIMIT ?)",
                    (session, _DROPPED_AT_ONCE),
                ).rowcount
            with self._told():
                # The disk gets the space back; as a script, because `execute` would free one page and stop.
                self._db.executescript("PRAGMA incremental_vacuum")
        for stream in STREAMS:
            self._reaches.pop((session, stream), None)

    def scrub(self) -> None:
        """Overwrite what dropped entries left in the file."""
        with self._told():
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled the transaction back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors, as this module's."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED:
                raise JournalDamaged(
                    f"{self.path} is damaged or is no journal ({error}); move it away, keep it, and restore a backup"
                ) from error
            raise JournalUnwritable(
                f"{self.path} cannot be used: {error}; free space or make the folder writable, "
                "what was committed before is safe"
            ) from error
