"""Seals what crashed sessions left in a data folder, without a recorder running on it.

Everything that reached this computer's spool or journal goes into the record; a session without an end is closed as
`interrupted`. Safe to run again, and to be killed.
"""

from __future__ import annotations

from pathlib import Path

from telemetry.errors import (
    Erased,
    InUse,
    JournalDamaged,
    JournalUnwritable,
    NotAStore,
    NotUnderstood,
    SealFailed,
    TelemetryError,
)
from telemetry.folder import Folder, lock_path
from telemetry.journal import STREAMS, Journal
from telemetry.leftovers import end_interrupted
from telemetry.lock import Lock
from telemetry.record import Record
from telemetry.seal import seal_session
from telemetry.spool import entries_behind, remove_spool

_AT_ONCE = 32


def recover(data_dir: Path) -> list[str]:
    """Seal every session of the folder that no live process is recording; the ids of those sealed.

    Raises `NotAStore` for a folder without a record, `InUse` while a recorder runs on it, and, after all the others are
    sealed, `SealFailed` with what cannot be taken over or sealed, and is kept as it is.
    """
    folder = Folder(data_dir)
    if not folder.journal.exists() and not folder.spool.is_dir():
        raise NotAStore(f"expected a data folder with a record in it, got {data_dir}; give the recorder's --data")
    record = Record(folder)
    try:
        problems: list[str] = []
        left_alone = _take_spools(record, problems)
        record.enter()
        sealed = []
        for session in record.journal.sessions():
            if session in left_alone:
                continue
            try:
                sealed += [session] if _seal(record, session) else []
            except JournalUnwritable:
                raise
            except Exception as error:  # whatever its frames and events say
                problems.append(f"session {session} cannot be sealed: {_in_words(error)}")
        if problems:
            raise SealFailed(f"{'; '.join(problems)}. Sessions sealed: {', '.join(sealed) or 'none'}")
        return sealed
    finally:
        record.close()


def _seal(record: Record, session: str) -> bool:
    """Whether it was sealed now."""
    is_new = record.seal_state(session) != "sealed"
    if is_new:
        end_interrupted(record.journal, session, record.clinic.latest_mono_ns(session))
        record.enter_again(session)
    if record.clinic.session(session) is None:
        return False
    seal_session(record.folder, record.journal, record.clinic, session)
    return is_new


def _take_spools(record: Record, problems: list[str]) -> set[str]:
    """Take over every spool on this computer that no process holds; the sessions of those that were not taken over."""
    left_alone = set()
    for spool in sorted(record.folder.spool.glob("*.db")):
        try:
            lock = Lock(lock_path(spool), f"{spool} belongs to a running session")
        except InUse:
            left_alone.add(spool.stem)
            continue
        try:
            if _take_spool(record, spool):
                remove_spool(spool)
        except (JournalDamaged, NotUnderstood) as error:
            left_alone.add(spool.stem)
            problems.append(f"spool {spool.stem} cannot be taken over: {error}")
        finally:
            lock.release(remove=True)
    return left_alone


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, TelemetryError | OSError | ValueError) else repr(error)


def _take_spool(record: Record, spool: Path) -> bool:
    """Bring a spool into the record; False where some of it could not be, so that it has to stay."""
    session = spool.stem
    journal = Journal(spool)
    try:
        if record.is_erased(session):
            return True
        for stream in STREAMS:
            after = record.reach(session)[stream]
            while entries := entries_behind(journal, session, stream, after, _AT_ONCE):
                if record.seal_state(session) == "sealed" or not record.take(session, stream, entries):
                    return False
                record.commit()
                after = entries[-1].last
        return True
    except Erased:
        return True  # to go, as everything else of that person went
    finally:
        journal.close()
