"""Checks a data folder: every seal, every file, every link. Changes nothing; works while a recorder runs.

`recover`, which seals what a crash left, is offered here as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from telemetry.errors import JournalDamaged, JournalUnwritable, NotAStore
from telemetry.folder import Folder, open_read_only
from telemetry.journal import STREAMS, Journal
from telemetry.motion import FrameLayout
from telemetry.recovery import recover
from telemetry.seal import EVENTS_FILE, MANIFEST_FILE, MOTION_FILE, read_motion_facts, sha256_of_file

__all__ = ["Finding", "frames_not_kept", "recover", "verify"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about a store. `damage` is false for what is merely unfinished."""

    damage: bool
    where: str
    what: str

    def __str__(self) -> str:
        return f"{'DAMAGE' if self.damage else 'open'}: {self.where}: {self.what}"


def verify(data_dir: Path) -> list[Finding]:
    """Everything that is damaged or unfinished in the folder; empty for a whole and finished store.

    Raises `NotAStore` where there is no record at all.
    """
    folder = Folder(Path(data_dir))
    if not folder.clinic.exists():
        raise NotAStore(f"expected a data folder with clinic.db in it, got {data_dir}; give the recorder's --data")
    try:
        with closing(open_read_only(folder.clinic)) as db:
            db.row_factory = sqlite3.Row
            found = list(_check_database(db))
            if any(finding.damage for finding in found):
                return found
            sessions = {row["session_id"]: row for row in db.execute("SELECT * FROM sessions ORDER BY session_id")}
            seals = {row["session_id"]: row for row in db.execute("SELECT * FROM seals")}
            found += _check_links(db)
    except sqlite3.DatabaseError as error:
        return [Finding(True, str(folder.clinic), f"cannot be read ({error}); restore a backup")]
    for session, row in sessions.items():
        if session in seals:
            found += _check_seal(folder, row, seals[session])
    return found + list(_check_journal(folder, sessions, seals))


def frames_not_kept(data_dir: Path) -> dict[str, tuple[int, int]]:
    """How many frames of each session are in gaps, and how many there were; sessions without a gap are left out.

    A gap is no damage: it says what is missing and why (`store.events()`), and the session was sealed with it.
    """
    with closing(open_read_only(Folder(Path(data_dir)).clinic)) as db:
        rows = db.execute(
            "SELECT session_id, last_seq - frames, last_seq FROM seals WHERE last_seq > frames"
        ).fetchall()
    return {session: (lost, all_of_them) for session, lost, all_of_them in rows}


def _check_database(db: sqlite3.Connection) -> Iterator[Finding]:
    for (answer,) in db.execute("PRAGMA integrity_check"):
        if answer != "ok":
            yield Finding(True, "clinic.db", f"{answer}; restore a backup")
    for row in db.execute("PRAGMA foreign_key_check"):
        yield Finding(True, "clinic.db", f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there")


#: What must hold between tables: the sentence, and a query for the ids where it does not.
_LINKS: tuple[tuple[str, str], ...] = (
    (
        "finished without a rating status",
        "SELECT task_run_id FROM task_runs WHERE status <> 'running' AND rating_status IS NULL",
    ),
    (
        "says it was rated, but no current rating carries its id",
        "SELECT task_run_id FROM task_runs WHERE rating_status IN ('given', 'declined', 'missed') AND NOT EXISTS ("
        "SELECT 1 FROM ratings r WHERE r.task_run_id = task_runs.task_run_id AND r.current AND r.site = 'PLP' "
        "AND r.item IS NULL AND r.phase = 'after_task' AND r.status = task_runs.rating_status)",
    ),
    (
        "has more than one current rating of one site and item",
        "SELECT task_run_id FROM ratings WHERE current AND phase = 'after_task' AND task_run_id IS NOT NULL "
        "GROUP BY task_run_id, site, coalesce(item, '') HAVING count(*) > 1",
    ),
    (
        "belongs to a task run of another session",
        "SELECT rating_id FROM ratings JOIN task_runs USING (task_run_id) "
        "WHERE ratings.session_id <> task_runs.session_id",
    ),
    (
        "still awaits an answer although its session is sealed",
        "SELECT rating_id FROM ratings JOIN seals USING (session_id) WHERE status = 'awaiting' UNION ALL "
        "SELECT task_run_id FROM task_runs JOIN seals USING (session_id) WHERE rating_status = 'awaiting'",
    ),
    (
        "holds an event that contradicts the tables; see store.events()",
        "SELECT DISTINCT session_id FROM events WHERE name = 'contradiction'",
    ),
)


def _check_links(db: sqlite3.Connection) -> Iterator[Finding]:
    for sentence, query in _LINKS:
        for (name,) in db.execute(query):
            yield Finding(True, str(name), sentence)


def _check_seal(folder: Folder, session: sqlite3.Row, seal: sqlite3.Row) -> list[Finding]:
    """Everything that differs from what was sealed."""
    place = folder.session(session["participant"], session["session_id"])
    found: list[Finding] = []

    def damaged(name: str, what: str) -> None:
        found.append(Finding(True, str(place / name), what))

    for name in (EVENTS_FILE, MOTION_FILE, MANIFEST_FILE):
        if not (place / name).is_file():
            damaged(name, "missing; restore it from a backup")
    if found:
        return found
    for name, expected in ((EVENTS_FILE, "events_file_sha256"), (MOTION_FILE, "motion_file_sha256")):
        if sha256_of_file(place / name) != seal[expected]:
            damaged(name, "changed since it was sealed; restore it from a backup")
    if _manifest(place / MANIFEST_FILE) != {**dict(seal), "gaps": json.loads(seal["gaps"])}:
        damaged(MANIFEST_FILE, "differs from the seal in clinic.db")
    events = (place / EVENTS_FILE).read_bytes().count(b"\n")
    if events != seal["events"]:
        damaged(EVENTS_FILE, f"expected {seal['events']} events, got {events}")
    try:
        facts = read_motion_facts(place / MOTION_FILE, FrameLayout(tuple(json.loads(session["joints"]))))
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        damaged(MOTION_FILE, f"cannot be read ({error}); restore it from a backup")
        return found
    for name in ("frames", "first_seq", "frames_sha256"):
        if facts[name] != seal[name]:
            damaged(MOTION_FILE, f"expected {name} {seal[name]}, got {facts[name]}")
    lost = sum(gap["last"] - gap["first"] + 1 for gap in json.loads(seal["gaps"]))
    if seal["frames"] + lost != seal["last_seq"]:
        damaged(MOTION_FILE, f"{seal['frames']} frames and {lost} in gaps do not cover 1 to {seal['last_seq']}")
    return found


def _manifest(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except ValueError:
        return None


def _check_journal(
    folder: Folder, sessions: dict[str, sqlite3.Row], seals: dict[str, sqlite3.Row]
) -> Iterator[Finding]:
    """What is not sealed yet has to be in the journal, without a hole."""
    in_journal: list[str] = []
    if folder.journal.exists():
        try:
            journal = Journal(folder.journal, read_only=True)
            try:
                in_journal = journal.sessions()
                for session in in_journal:
                    yield from _check_open(journal, session, seals)
            finally:
                journal.close()
        except (JournalDamaged, JournalUnwritable) as error:
            yield Finding(isinstance(error, JournalDamaged), str(folder.journal), str(error))
            return
    for session in sessions:
        if session not in seals and session not in in_journal:
            yield Finding(True, session, "is not sealed, and the journal has nothing of it")
    for spool in sorted(folder.spool.glob("*.db")):
        yield Finding(False, str(spool), "is not delivered; the next session does that, or: vrrehab recover")


def _check_open(journal: Journal, session: str, seals: dict[str, sqlite3.Row]) -> Iterator[Finding]:
    for stream in STREAMS:
        after = 0
        for entry in journal.all(session, stream):
            if entry.first != after + 1 and session not in seals:
                yield Finding(True, session, f"{stream} {after + 1} to {entry.first - 1} are missing in the journal")
            after = entry.last
    if session not in seals:
        yield Finding(False, session, "is not sealed; it is running, or: vrrehab recover")
