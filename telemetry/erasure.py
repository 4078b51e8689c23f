"""Erases a person from a data folder: rows, motion, journal, spool and profile, and keeps that it was so.

What is kept is the code and the ids of its sessions, so that what another computer still has of them is refused when it
is delivered, and dropped there. Everything may be cut off at any point and done again. The files of a person go;
what copies of them there are elsewhere nobody here can know, and that is said.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from telemetry import messages, wire
from telemetry.backup import last_backup
from telemetry.clinic import alike
from telemetry.errors import JournalDamaged, JournalUnwritable, NotAStore, NotUnderstood, RequestRefused
from telemetry.folder import Folder, lock_path
from telemetry.journal import Journal
from telemetry.keys import Keyring
from telemetry.lock import Lock
from telemetry.record import Record
from telemetry.spool import remove_spool

#: What a data folder consists of; anything else in it was put there by somebody.
_OURS = frozenset(
    ("backups", "clinic.db", "clinic.db-wal", "clinic.db-shm", "journal", "keys", "motion", "profiles", "recorder.json",
     "last_backup.json", "recorder.lock", "recorder.lock-journal", "session.json", "session.lock",
     "session.lock-journal", "spool")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased. unreached: where something of the person may be that was not looked into, in words."""

    code: str
    sessions: tuple[str, ...]
    unreached: tuple[str, ...]


def erase(data_dir: Path, code: str) -> Erasure:
    """Erase the participant `code`; repeated, it finishes what was begun and finds what came since.

    Raises `NotAStore`, `InUse` while a recorder runs on the folder or a session of the person does, and
    `RequestRefused` where nothing is known of the code. Nothing is changed then.
    """
    folder = Folder(data_dir)
    if not folder.clinic.exists():
        raise NotAStore(f"expected a data folder with clinic.db in it, got {data_dir}; give the recorder's --data")
    with ExitStack() as held:
        record = Record(folder)
        held.callback(record.close)
        record.enter()
        # As the record writes it: in other capitals it would be found in some places and not in others.
        code = alike(code, (profile.code for profile in record.clinic.participants())) or code
        spools, unread = _spools_of(folder, code)
        for spool in spools:
            lock = Lock(lock_path(spool), f"{spool} belongs to a running session of {code}; end that first")
            held.callback(lock.release, remove=True)
        before = record.clinic.erased()
        sessions = {*record.clinic.sessions_of(code), *(spool.stem for spool in spools), *before.get(code, ())}
        if not (sessions or code in before or record.clinic.participants(code) or folder.profile(code).exists()):
            raise RequestRefused(f"expected a participant of {data_dir}, got {code}; see: vrrehab participant list")
        # First of all nothing more is taken; then what is there goes.
        record.clinic.erase(code, sorted(sessions))
        for session in sorted(sessions):
            record.journal.drop_session(session)
        for spool in spools:
            remove_spool(spool)
        for copy in folder.profile(code).parent.glob("*.json"):
            if alike(code, [copy.stem]):
                copy.unlink()
        if (motion := folder.of_participant(code)).exists():
            shutil.rmtree(motion)
        folder.features.unlink(missing_ok=True)  # a copy of everybody's, computed again when it is asked for
        for copy in folder.backups.glob("clinic-*.db"):
            copy.unlink()  # of before the database was brought up, with everybody in it
        record.clinic.scrub()
        record.journal.scrub()
    return Erasure(code, tuple(sorted(sessions)), tuple(unread + _elsewhere(folder)))


def _spools_of(folder: Folder, code: str) -> tuple[list[Path], list[str]]:
    """The spools of this computer that hold a session of the person, and those that cannot be read, in words."""
    found, unread = [], []
    for spool in sorted(folder.spool.glob("*.db")):
        try:
            journal = Journal(spool, read_only=True)
            try:
                first = journal.read(spool.stem, "events", 0, 1)
            finally:
                journal.close()
            started = wire.decode_event(first[0].payload) if first else None
        except (JournalDamaged, JournalUnwritable, NotUnderstood) as error:
            unread.append(f"{spool}, which cannot be read: {error}")
            continue
        if isinstance(started, messages.SessionStarted) and alike(code, [started.participant]):
            found.append(spool)
    return found, unread


def _elsewhere(folder: Folder) -> list[str]:
    known = [
        f"{path}, which is no part of the record" for path in sorted(folder.path.iterdir()) if path.name not in _OURS
    ]
    known += [
        f"the computer {name}: its copy of the profile; what it has not delivered is refused, and dropped there"
        for name in Keyring(folder.keys).allowed()
    ]
    if last := last_backup(folder.path):
        known.append(f"the backup in {last['to']}, until the next one is made there")
    return [*known, f"backups of {folder.path}, and exports and reports made from it"]
