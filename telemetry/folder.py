"""Where everything lies in a data folder, and how programs on one computer find each other through it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from telemetry.errors import InUse, JournalUnwritable
from telemetry.files import put_in_place, remove
from telemetry.lock import Lock


@dataclass(frozen=True, slots=True)
class Folder:
    """A data folder; nothing here touches the disk except `make`."""

    path: Path

    @property
    def clinic(self) -> Path:
        """The database of participants, sessions, task runs and ratings."""
        return self.path / "clinic.db"

    @property
    def journal(self) -> Path:
        """What was acknowledged and is not sealed yet."""
        return self.path / "journal" / "journal.db"

    @property
    def lock(self) -> Path:
        """Held by the one process that may write."""
        return self.path / "recorder.lock"

    @property
    def address(self) -> Path:
        """The running recorder's address and process id, as JSON."""
        return self.path / "recorder.json"

    @property
    def backups(self) -> Path:
        """Copies of the database, each made before it was brought up to a newer version."""
        return self.path / "backups"

    @property
    def last_backup(self) -> Path:
        """When and where the last backup went, as JSON."""
        return self.path / "last_backup.json"

    @property
    def spool(self) -> Path:
        """Where a session on this computer keeps what the recorder does not have yet."""
        return self.path / "spool"

    def profile(self, code: str) -> Path:
        """A session's copy of a participant's profile, for when no recorder answers."""
        return self.path / "profiles" / f"{code}.json"

    @property
    def keys(self) -> Path:
        """This computer's keys, and those of the computers that it lets in; see `telemetry.keys`."""
        return self.path / "keys"

    @property
    def features(self) -> Path:
        """Measures of the movement of each task run: computed from the motion, and so never more than a copy."""
        return self.path / "features.parquet"

    def session(self, participant: str, session: str) -> Path:
        """The folder of a sealed session."""
        return self.of_participant(participant) / f"session={session}"

    def of_participant(self, participant: str) -> Path:
        """The folder of a participant's sealed sessions."""
        return self.path / "motion" / f"participant={participant}"

    @property
    def session_address(self) -> Path:
        """The running session's id, and the addresses that take its commands and show it live, as JSON."""
        return self.path / "session.json"

    @property
    def session_lock(self) -> Path:
        """Held by the one session that may sit."""
        return self.path / "session.lock"

    def make(self) -> None:
        """Make the folder. Raises `JournalUnwritable`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # what people said of their pain is in it
            self.journal.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise JournalUnwritable(
                f"expected to be able to write to {self.path}, but: {error.strerror}; "
                "free space, or choose another folder with --data"
            ) from error


def running_recorder(data_dir: Path) -> str | None:
    """The address of the recorder that is running on this data folder; None where none is."""
    folder = Folder(data_dir)
    said = _read(folder.address)
    if said is None:
        return None
    try:
        Lock(folder.lock, "").release()
    except InUse:
        return str(said.get("address"))
    except JournalUnwritable:
        return None
    return None


def store_id(data_dir: Path) -> str:
    """The name of the store in this data folder; empty where none was made yet."""
    with suppress(sqlite3.Error), closing(open_read_only(Folder(data_dir).clinic)) as db:
        return str(db.execute("SELECT store_id FROM store").fetchone()[0])
    return ""


def open_read_only(path: Path) -> sqlite3.Connection:
    """The database file for reading, also while a recorder writes it, or on a disk that nobody can write to.

    Raises `sqlite3.Error`.
    """
    address = path.absolute().as_uri()
    db = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=10.0, check_same_thread=False)
    try:
        db.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        # SQLite wants to note beside the file that it is being read. Where nobody can write, nothing changes either.
        if os.access(path.parent, os.W_OK) or path.with_name(path.name + "-wal").exists():
            db.close()
            raise
        db.close()
        return sqlite3.connect(f"{address}?immutable=1", uri=True, check_same_thread=False)
    except sqlite3.Error:
        db.close()
        raise
    return db


def say_where(path: Path, said: dict[str, Any]) -> None:
    """Write a small JSON file, with this process's id, so that it is there whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**said, "pid": os.getpid()}))
    put_in_place(part, path)


@dataclass(frozen=True, slots=True)
class RunningSession:
    """commands: where it takes commands. live: where it shows itself, see `telemetry.live.LiveReader`."""

    session_id: str
    commands: str
    live: str


@contextmanager
def sole_session(data_dir: Path) -> Iterator[None]:
    """While this lasts no other session sits on this data folder, which is there: one on which no console's Stop acts.

    Raises `InUse`, with what runs since when and what to do, where one does; one whose program was killed is gone.
    """
    folder = Folder(data_dir)
    try:
        lock = Lock(folder.session_lock, "")
    except InUse:
        raise InUse(_told_apart(folder)) from None
    try:
        if running_session(data_dir) is not None:
            raise InUse(_told_apart(folder))
        yield
    finally:
        lock.release()


def _told_apart(folder: Folder) -> str:
    """That another session sits, and which."""
    where = f"expected no other session on {folder.path}, but"
    if running_session(folder.path) is None:
        return f"{where} another one is just beginning or ending there; wait a moment, or choose another with --data"
    said = _read(folder.session_address) or {}
    since = datetime.fromtimestamp(float(said.get("since_utc_s", 0.0))).strftime("%Y-%m-%d %H:%M")
    return (
        f"{where} {said.get('session_id')} of {said.get('participant')} runs there since {since} (process "
        f"{said.get('pid')}); stop it on the console or by Esc in its window, or choose another folder with --data"
    )


@contextmanager
def announce_session(data_dir: Path, session_id: str, commands: str, live: str, *, participant: str) -> Iterator[None]:
    """While this lasts, programs on this computer find the running session through `running_session`."""
    path = Folder(data_dir).session_address
    said = {"session_id": session_id, "participant": participant, "since_utc_s": round(time.time())}
    say_where(path, {**said, "address": commands, "live": live})
    try:
        yield
    finally:
        with suppress(OSError):  # who reads it asks whether somebody is there
            remove(path)


def running_session(data_dir: Path) -> RunningSession | None:
    """The session that is running on this data folder; None where none is, also where one was killed."""
    folder = Folder(data_dir)
    said = _read(folder.session_address)
    if said is None:
        return None
    session = RunningSession(str(said.get("session_id")), str(said.get("address")), str(said.get("live")))
    lock = lock_path(folder.spool / f"{session.session_id}.db")
    if not lock.exists():
        return None
    try:
        Lock(lock, "").release()
    except InUse:
        return session
    except JournalUnwritable:
        return None
    return None


def lock_path(spool: Path) -> Path:
    """The file that is locked while a live process has the spool open."""
    return spool.with_suffix(".lock")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
