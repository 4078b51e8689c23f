"""Seals what crashed sessions left in a data folder, without a recorder running on it.

Everything that reached this computer's spool or journal goes into the record; a session without an end is closed as
`interrupted`. Safe to run again, and to be killed.
"""

from __future__ import annotations

from pathlib import Path

from telemetry.errors import Erased, InUse, NotAStore
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

    Raises `NotAStore` for a folder without a record, and `InUse` while a recorder runs on it.
    """
    folder = Folder(data_dir)
    if not folder.journal.exists() and not folder.spool.is_dir():
        raise NotAStore(f"expected a data folder with a record in it, got {data_dir}; give the recorder's --data")
    record = Record(folder)
    try:
        living = _take_spools(record)
        record.enter()
        left = [session for session in record.journal.sessions() if session not in living]
        sealed = []
        for session in left:
            is_new = record.seal_state(session) != "sealed"
            if is_new:
                end_interrupted(record.journal, session, record.clinic.latest_mono_ns(session))
                record.enter_again(session)
            if record.clinic.session(session) is not None:
                seal_session(folder, record.journal, record.clinic, session)
                sealed += [session] if is_new else []
        return sealed
    finally:
        record.close()


def _take_spools(record: Record) -> set[str]:
    """Take over every spool on this computer that no process holds; the sessions of the others."""
    living = set()
    for spool in sorted(record.folder.spool.glob("*.db")):
        try:
            lock = Lock(lock_path(spool), f"{spool} belongs to a running session")
        except InUse:
            living.add(spool.stem)
            continue
        try:
            if _take_spool(record, spool):
                remove_spool(spool)
        finally:
            lock.release(remove=True)
    return living


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
