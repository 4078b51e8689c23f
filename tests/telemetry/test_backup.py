"""A backup made while the recorder runs is a store again, and what it is restored to goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import telemetry
from telemetry import wire
from telemetry.backup import back_up, last_backup
from telemetry.client import RecorderClient
from telemetry.erasure import erase
from telemetry.errors import NotAStore, SealFailed
from telemetry.folder import Folder
from telemetry.journal import Entry, Journal
from telemetry.keys import Keyring
from telemetry.record import Record
from telemetry.seal import seal_session
from telemetry.sender import Sender
from telemetry.testing import PretendSession, RecorderProcess, eventually
from telemetry.testing.script import handed_over
from telemetry.verify import frames_not_kept, recover, verify

Start = Callable[..., tuple[Sender, PretendSession]]


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "other disk" / "backup"


@pytest.mark.parametrize(
    ("short_bytes", "lost"), [(0, 0), (1 << 60, 80)], ids=["a disk with room", "a disk that is short"]
)
def test_a_session_that_ran_gives_a_restored_backup_again_what_was_acknowledged_since(
    sealed_data: Path, to: Path, start: Start, spool: Path, short_bytes: int, lost: int
) -> None:
    """All of it, but for frames that it had to let go of: those are a gap, to the last number."""
    with RecorderProcess(sealed_data) as recorder, RecorderClient(recorder.address) as client:
        sender, running = start(recorder.address, "S2", short_bytes=short_bytes)
        running.answer(running.ask("before"), 7.0)
        running.move(20)
        eventually(lambda: sender.status().acknowledged == {"events": 3, "motion": 20})
        back_up(sealed_data, to)
        first = running.begin_task()
        running.move(80)
        running.end_task(first)
        running.answer(running.ask("after_task", first), 4.0)
        eventually(lambda: sender.status().acknowledged == {"events": 7, "motion": 100})
        client.status()
    # The computer is lost with what it acknowledged, and an older state comes to where it was.
    running.move(40)
    eventually(lambda: _held(spool / "S2.db") == (101 if lost else 1, 140))
    assert not [finding for finding in verify(to) if finding.damage]
    shutil.rmtree(sealed_data)
    shutil.copytree(to, sealed_data)
    with RecorderProcess(sealed_data, recorder.address) as again, RecorderClient(again.address) as client:
        running.end()
        assert sender.close(60.0), sender.problem()
        client.wait_sealed("S2", 60.0)
    assert verify(sealed_data) == []
    store = telemetry.open_store(sealed_data)
    tasks, events = store.tasks(), store.events()
    assert tasks.loc[tasks["session_id"] == "S2", ["pain_before", "pain_after"]].to_numpy().tolist() == [[7.0, 4.0]]
    gaps = [json.loads(detail) for detail in events.loc[events["name"] == "gap", "detail"]]
    assert [(gap["first"], gap["last"]) for gap in gaps] == ([(21, 100)] if lost else [])
    assert store.motion("S2")["seq"].tolist() == [n for n in range(1, 141) if not (lost and 20 < n <= 100)]
    assert frames_not_kept(sealed_data) == ({"S2": (lost, 140)} if lost else {})


def _held(spool: Path) -> tuple[int, int]:
    """The first and the last frame that a spool holds."""
    journal = Journal(spool, read_only=True)
    try:
        return journal.read(spool.stem, "motion", 0, 1)[0].first, journal.reach(spool.stem, "motion")
    finally:
        journal.close()


def _ahead(data: Path, to: Path, *, ended: bool) -> tuple[list[Entry], list[Entry]]:
    """Leave a backup of an unsealed session S1 in `to` whose tables are ahead of its journal; its events and motion.

    The journal is copied first, and events may come and be entered before the tables are: here the last ten, or all of
    those but the end.
    """
    handed = handed_over("S1", seed=11, steps=12)
    events = [Entry(seq, seq, False, wire.encode(event)) for seq, event in enumerate(handed.events, start=1)]
    motion = [Entry(seq, seq, False, frame) for seq, frame in enumerate(handed.frames, start=1)]
    record = Record(Folder(data))
    assert record.take("S1", "motion", motion[:10])
    assert record.take("S1", "events", events[:-10])
    record.commit()
    back_up(data, to)
    early = Folder(to).journal.read_bytes()
    assert record.take("S1", "events", events if ended else events[:-1])
    record.commit()
    record.enter()
    back_up(data, to)
    record.close()
    Folder(to).journal.write_bytes(early)
    return events, motion


def test_a_restored_backup_whose_tables_are_ahead_of_its_journal_is_sealed_once_it_has_the_rest(
    data: Path, to: Path
) -> None:
    events, motion = _ahead(data, to, ended=True)
    restored = Record(Folder(to))
    restored.enter()
    assert restored.ready() == []
    assert restored.take("S1", "events", events)
    assert restored.take("S1", "motion", motion)
    restored.commit()
    restored.enter()
    assert restored.ready() == ["S1"]
    seal_session(restored.folder, restored.journal, restored.clinic, "S1")
    restored.close()
    assert verify(to) == []


@pytest.mark.parametrize(("ended", "status"), [(False, "interrupted"), (True, "completed")])
def test_what_nobody_brings_to_a_backup_whose_tables_are_ahead_is_closed_by_recovery(
    data: Path, to: Path, ended: bool, status: str
) -> None:
    """The end that recovery gives the journal comes before events that the tables have; they keep these."""
    _ahead(data, to, ended=ended)
    before = telemetry.open_store(to)
    scores, runs = before.ratings()["value"].tolist(), len(before.tasks())
    assert recover(to) == ["S1"]
    assert recover(to) == []
    store = telemetry.open_store(to)
    (session,) = store.sessions().itertuples()
    assert (session.status, session.sealed) == (status, True)
    assert session.ended_at >= session.started_at
    tasks, ratings = store.tasks(), store.ratings()
    assert (ratings["value"].tolist(), len(tasks)) == (scores, runs)
    assert "running" not in set(tasks["status"])
    assert (tasks["ended_at"] >= tasks["started_at"]).all()
    assert session.ended_at >= max(tasks["ended_at"].max(), ratings["answered_at"].max())
    assert verify(to) == []


def test_a_further_backup_copies_what_is_new_and_lets_go_of_who_was_erased(sealed_data: Path, to: Path) -> None:
    assert back_up(sealed_data, to).copied == 1
    assert back_up(sealed_data, to).copied == 0
    said = last_backup(sealed_data)
    assert said is not None
    assert said["to"] == str(to)
    assert str(to) in " ".join(erase(sealed_data, "P001").unreached)
    back_up(sealed_data, to)
    assert not list((to / "motion").glob("*/*"))
    assert telemetry.open_store(to).sessions().empty


def test_who_may_connect_is_in_a_backup_as_it_is_now_and_the_secret_key_stays_where_it_is(
    sealed_data: Path, to: Path
) -> None:
    keys = Keyring(Folder(sealed_data).keys)
    keys.make()
    keys.allow(bytes(32), "headset-1")
    keys.allow(bytes(range(32)), "headset-2")
    back_up(sealed_data, to)
    assert Keyring(Folder(to).keys).allowed() == keys.allowed()
    keys.remove("headset-2")
    keys.remove("headset-1")
    keys.allow(bytes(range(1, 33)), "headset-1")
    back_up(sealed_data, to)
    assert Keyring(Folder(to).keys).allowed() == {"headset-1": bytes(range(1, 33))}
    assert not list(to.rglob("own.key"))


def test_what_was_damaged_since_its_seal_is_not_taken_for_a_backup(sealed_data: Path, to: Path) -> None:
    (motion,) = sealed_data.rglob("motion.parquet")
    content = bytearray(motion.read_bytes())
    content[len(content) // 2] ^= 1
    motion.write_bytes(content)
    with pytest.raises(SealFailed, match="not what was sealed"):
        back_up(sealed_data, to)
    assert not list(to.rglob("motion.parquet"))


def test_a_backup_goes_nowhere_where_it_could_do_harm(sealed_data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.odt").write_text("all of it")
    for place, says in ((other, "other things"), (sealed_data / "here", "outside")):
        with pytest.raises(NotAStore, match=says):
            back_up(sealed_data, place)
    with pytest.raises(NotAStore):
        back_up(other, tmp_path / "new")
    assert (other / "thesis.odt").read_text() == "all of it"
