from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import telemetry
from telemetry.database import connect
from telemetry.errors import InUse, NotAStore
from telemetry.folder import Folder
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.stored import TRIGGERS
from telemetry.testing import JOINTS, PretendSession, RecorderProcess
from telemetry.verify import recover, verify

LAYOUT = FrameLayout(JOINTS)


@pytest.fixture(scope="module")
def sealed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole and finished store of one session with two tasks."""
    data = tmp_path_factory.mktemp("sealed") / "data"
    sender = Sender(data / "spool", "S1", None, LAYOUT)
    PretendSession(sender).perform((6.0, None), frames=50)
    sender.close(5.0)
    assert recover(data) == ["S1"]
    return data


@pytest.fixture
def sealed(sealed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed_once, tmp_path / "sealed"))


def session_folder(data: Path) -> Path:
    return Folder(data).session("P001", "S1")


def the_damage(data: Path) -> str:
    """What verify says of a folder with damage in it."""
    findings = [finding for finding in verify(data) if finding.damage]
    assert findings
    return "\n".join(map(str, findings))


def test_a_whole_store_has_no_findings(sealed: Path) -> None:
    assert verify(sealed) == []


@pytest.mark.parametrize("name", ["motion.parquet", "events.jsonl", "manifest.json"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_byte_is_found(sealed: Path, name: str, place: float) -> None:
    path = session_folder(sealed) / name
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x01
    path.write_bytes(content)
    assert name in the_damage(sealed)


@pytest.mark.parametrize("name", ["motion.parquet", "events.jsonl", "manifest.json"])
def test_a_missing_or_shortened_file_is_found(sealed: Path, name: str) -> None:
    path = session_folder(sealed) / name
    path.write_bytes(path.read_bytes()[:-20])
    assert name in the_damage(sealed)
    path.unlink()
    assert f"{name}: missing" in the_damage(sealed)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM ratings WHERE phase = 'after_task'", "no current rating carries its id"),
        ("UPDATE ratings SET task_run_id = NULL", "no current rating carries its id"),
        ("UPDATE ratings SET current = 0", "no current rating carries its id"),
        ("DELETE FROM task_runs", "refers to a row of task_runs that is not there"),
        ("DELETE FROM sessions", "refers to a row of sessions that is not there"),
        ("UPDATE ratings SET status = 'awaiting', value = NULL", "still awaits an answer"),
        ("UPDATE seals SET frames = 99", "differs from the seal in clinic.db"),
        ("UPDATE seals SET frames = 99", "expected frames 99, got 100"),
        ("UPDATE seals SET last_seq = 101", "do not cover 1 to 101"),
        ("DELETE FROM seals", "not sealed, and the journal has nothing of it"),
    ],
)
def test_a_broken_link_is_found(sealed: Path, statement: str, sentence: str) -> None:
    engine = connect(sealed / "clinic.db").execution_options(writes=True)
    with engine.connect() as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for name in TRIGGERS:
            db.exec_driver_sql(f"DROP TRIGGER {name}")
        db.exec_driver_sql(statement)
    engine.dispose()
    assert sentence in the_damage(sealed)


def test_a_damaged_database_is_found(sealed: Path) -> None:
    path = sealed / "clinic.db"
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 8] = b"\x5a" * 4096 * 6
    path.write_bytes(content)
    assert "clinic.db" in the_damage(sealed)


def test_a_hole_in_the_journal_is_found(
    recorder: RecorderProcess, start: Callable[..., tuple[Sender, PretendSession]], data: Path
) -> None:
    import sqlite3
    from contextlib import closing

    sender, session = start(recorder.address)
    session.move(20, pause_s=0.02)
    assert sender.close(5.0)
    recorder.stop()
    with closing(sqlite3.connect(data / "journal" / "journal.db")) as db, db:
        db.execute("DELETE FROM entries WHERE stream = 'motion' AND first = 1")
    assert "motion 1 to" in the_damage(data)


def test_what_is_still_recorded_is_open_and_no_damage(
    recorder: RecorderProcess, start: Callable[..., tuple[Sender, PretendSession]], data: Path
) -> None:
    sender, session = start(recorder.address)
    session.move(5)
    assert sender.close(5.0)
    (finding,) = verify(data)
    assert not finding.damage
    assert str(finding) == "open: S1: is not sealed; it is running, or: vrrehab recover"


def test_a_folder_without_a_record_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAStore):
        verify(tmp_path)
    with pytest.raises(NotAStore):
        recover(tmp_path)


def test_recover_seals_what_a_killed_recorder_left_as_interrupted(
    recorder: RecorderProcess, start: Callable[..., tuple[Sender, PretendSession]], data: Path
) -> None:
    sender, session = start(recorder.address)
    run = session.begin_task()
    session.move(30)
    session.end_task(run)
    session.ask("after_task", run)
    assert sender.close(5.0)
    with pytest.raises(InUse):
        recover(data)
    recorder.kill()
    assert recover(data) == ["S1"]
    assert recover(data) == []
    assert verify(data) == []
    store = telemetry.open_store(data)
    assert store.sessions()["status"].tolist() == ["interrupted"]
    assert store.tasks()["rating_status"].tolist() == ["interrupted"]
    assert store.ratings()["status"].tolist() == ["interrupted"]
    assert len(store.motion("S1")) == 30


def test_recover_takes_spools_in_but_leaves_a_living_one(data: Path) -> None:
    living = Sender(data / "spool", "S2", None, LAYOUT)
    PretendSession(living, "S2").move(5)
    dead = Sender(data / "spool", "S1", None, LAYOUT)
    PretendSession(dead, "S1").perform((3.0,), frames=7)
    dead.close(5.0)
    assert recover(data) == ["S1"]
    assert [path.name for path in (data / "spool").glob("*.db")] == ["S2.db"]
    assert [finding.damage for finding in verify(data)] == [False]
    living.close(5.0)
    assert recover(data) == ["S2"]
    assert telemetry.open_store(data).tasks()["pain_after"].tolist() == [3.0]
    assert verify(data) == []
