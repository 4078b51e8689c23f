"""A session's spool as whoever delivers it sees it: all of the session until the recorder has all of it.

What was acknowledged stays too, because a recorder may be set back to a backup and ask for it again. Only where its
disk gets short does a spool let go of acknowledged frames before the end; never of an event.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from telemetry.files import remove
from telemetry.journal import Entry, Journal, Stream
from telemetry.motion import Gap, first_mono_ns

_LET_GO = (
    "the recorder was set back to an earlier state, and the session's computer no longer had these frames, which were "
    "acknowledged before"
)


def entries_behind(spool: Journal, session: str, stream: Stream, after: int, limit: int) -> list[Entry]:
    """At most `limit` entries of a spool behind sequence number `after`, in order, as they are to be delivered.

    A gap stands for acknowledged frames that the spool has let go of and whoever asks does not have. Nothing but the
    spool itself decides that: frames that it still holds are in no gap, whatever the recorder says.
    """
    entries = spool.read(session, stream, after, limit)
    if stream == "motion" and entries and entries[0].first > after + 1:
        # When the first of them was lost nobody knows any more; it was before the frame behind them.
        gap = Gap(first_mono_ns(entries[0]), _LET_GO)
        entries.insert(0, Entry(after + 1, entries[0].first - 1, True, msgspec.msgpack.encode(gap)))
    return entries


def remove_spool(spool: Path) -> None:
    """Remove a delivered spool; all of it is in the recorder."""
    for suffix in (".db", ".db-wal", ".db-shm"):
        remove(spool.with_suffix(suffix))
