"""One fault at a time, on real processes, sockets and disks; `test_proof` mixes them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

import telemetry
from telemetry import messages
from telemetry.client import RecorderClient
from telemetry.errors import JournalUnwritable
from telemetry.journal import Entry, Journal
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from telemetry.testing import JOINTS, Faults, LossyWire, PretendSession, RecorderProcess, eventually

Start = Callable[..., tuple[Sender, PretendSession]]
HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize(
    "faults",
    [
        Faults(drop=0.3, duplicate=0.0, delay=0.0),
        Faults(drop=0.0, duplicate=1.0, delay=0.0),
        Faults(drop=0.0, duplicate=0.3, delay=0.7, delay_s=0.3),
    ],
    ids=["drops", "duplicates", "delays and reorders"],
)
def test_a_session_arrives_whole_through_a_wire_that(
    faults: Faults, recorder: RecorderProcess, start: Start, data: Path
) -> None:
    with LossyWire(recorder.address, faults, seed=3) as wire:
        sender, session = start(wire.address)
        for _ in range(20):
            session.move(20, pause_s=0.001)
        session.perform((6.0, 5.0), frames=30)
        assert sender.close(40.0), sender.problem()
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    store = telemetry.open_store(data)
    assert store.motion("S1")["frame"].tolist() == list(range(1, 461))
    assert store.tasks()["pain_after"].tolist() == [6.0, 5.0]
    assert store.events().empty


def test_a_connection_that_is_half_open_is_told_and_made_good(
    recorder: RecorderProcess, start: Start, data: Path
) -> None:
    with LossyWire(recorder.address, Faults(0.0, 0.0, 0.0)) as wire:
        sender, session = start(wire.address)
        session.move(20)
        eventually(lambda: sender.status().acknowledged["motion"] == 20)
        wire.freeze()
        session.perform((6.0,), frames=20)
        eventually(lambda: "No recorder answers" in sender.problem())
        assert sender.status().waiting_to_deliver > 0
        wire.thaw()
        assert sender.close(60.0), sender.problem()
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    assert telemetry.open_store(data).motion("S1")["frame"].tolist() == list(range(1, 41))


def test_clocks_that_are_set_during_a_session_change_neither_order_nor_times(
    address: str, client: RecorderClient, start: Start, data: Path
) -> None:
    sender, session = start(address)
    for hours in (5, -7, 0):
        utc_ns = time.time_ns() + hours * HOUR_NS
        sender.event(messages.ClockPair(mono_ns=session.now_ns, xr_ns=session.now_ns, utc_ns=utc_ns))
        session.answer(session.ask("before"), 5.0)
    session.perform((6.0, 5.0))
    assert sender.close(60.0)
    client.wait_sealed("S1", 60.0)
    store = telemetry.open_store(data)
    tasks, session_row = store.tasks(), store.sessions().iloc[0]
    assert tasks["run_number"].tolist() == [1, 2]
    assert tasks["started_at"].is_monotonic_increasing
    elapsed = pd.to_timedelta(tasks["ended_mono_ns"] - session_row["started_mono_ns"], unit="ns")
    assert (tasks["ended_at"] - session_row["started_at"]).tolist() == elapsed.tolist()


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_read_only_disk_under_the_spool_is_told_and_what_was_handed_over_is_kept_when_it_is_not(
    small_disk: Path,
) -> None:
    _remount(small_disk, "ro")
    sender = Sender(small_disk, "S1", None, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.move(30)
    eventually(lambda: "cannot be kept on this computer" in sender.problem())
    _remount(small_disk, "rw")
    eventually(lambda: sender.problem() == "")
    session.end()
    sender.close(2.0)
    journal = Journal(small_disk / "S1.db", read_only=True)
    assert journal.reach("S1", "motion") == 30
    assert journal.reach("S1", "events") == 2
    journal.close()


def test_a_read_only_disk_under_the_recorder_is_told_and_the_session_keeps_the_record_until_it_is_not(
    small_disk: Path, start: Start
) -> None:
    _remount(small_disk, "ro")
    with pytest.raises(JournalUnwritable, match="choose another folder"):
        Recorder(small_disk, "tcp://127.0.0.1:*")
    subprocess.run(["mount", "-o", "remount,rw,size=64m", str(small_disk)], check=True)
    with RecorderProcess(small_disk) as recorder:
        recorder.kill()
        sender, session = start(recorder.address)
        session.perform((6.0,), frames=20)
        recorder.start()
        assert sender.close(60.0), sender.problem()
        with RecorderClient(recorder.address) as client:
            client.wait_sealed("S1", 60.0)


def test_a_record_cut_off_at_any_byte_of_its_last_commit_holds_all_the_earlier_ones(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    with closing(sqlite3.connect(whole)) as db:
        # Small pages make the last commit short, so that every byte of it can be tried.
        db.execute("PRAGMA page_size=512")
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("VACUUM")
    journal = Journal(whole)
    wal = whole.with_name(whole.name + "-wal")
    entries = [Entry(seq, seq, False, f"answer {seq}".encode()) for seq in range(1, 6)]
    for entry in entries[:-1]:
        journal.append([("S1", "events", entry)])
    before = wal.stat().st_size
    journal.append([("S1", "events", entries[-1])])
    after = wal.stat().st_size
    # Copied while it is open, as a power cut finds it: a journal that is closed has no such file.
    content = wal.read_bytes()
    cut = tmp_path / "cut.db"
    cut_wal = cut.with_name(cut.name + "-wal")
    found = set()
    for length in range(before, after + 1):
        shutil.copyfile(whole, cut)
        cut_wal.write_bytes(content[:length])
        # Opened for writing, which flushes to the disk several times, for some of them; the others are only read.
        reopened = Journal(cut, read_only=length % 20 != 0)
        kept = list(reopened.all("S1", "events"))
        reopened.close()
        assert kept in (entries[:-1], entries), f"cut at {length} of {after}"
        found.add(len(kept))
    journal.close()
    assert after > before
    assert found == {4, 5}
