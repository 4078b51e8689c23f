from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import telemetry
import telemetry.seal
from telemetry import wire
from telemetry.errors import SealFailed
from telemetry.folder import Folder
from telemetry.journal import Entry, Journal, Stream
from telemetry.motion import FrameLayout
from telemetry.motion_file import MotionContext, read_groups, read_table, to_frames, write_motion
from telemetry.record import Record
from telemetry.recorded import RecordedSession
from telemetry.seal import seal_session
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.testing.script import Handed
from telemetry.verify import recover, verify

LAYOUT = FrameLayout(JOINTS)


@pytest.fixture
def ended(data: Path) -> Path:
    """A data folder whose journal holds an ended session, entered and not sealed."""
    folder = Folder(data)
    sender = Sender(data / "made", "S1", None, LAYOUT)
    PretendSession(sender).perform((6.0, None, 5.0, 4.0), frames=100)
    sender.close(5.0)
    record = Record(folder)
    made = Journal(data / "made" / "S1.db")
    for stream in ("events", "motion"):
        for entry in made.all("S1", stream):
            record.take("S1", stream, [entry])
    record.commit()
    record.enter()
    made.close()
    record.close()
    shutil.rmtree(data / "made")
    return data


@pytest.fixture
def record(ended: Path) -> Iterator[Record]:
    record = Record(Folder(ended))
    yield record
    record.close()


def seal(record: Record) -> Path:
    seal_session(record.folder, record.journal, record.clinic, "S1")
    return record.folder.session("P001", "S1")


def test_the_file_gives_back_every_frame_to_the_last_bit(record: Record) -> None:
    handed_over = b"".join(entry.payload for entry in record.journal.all("S1", "motion"))
    place = seal(record)
    read_back = b"".join(to_frames(group, LAYOUT).tobytes() for group in read_groups(place / "motion.parquet"))
    assert read_back == handed_over
    assert len(handed_over) == 400 * LAYOUT.dtype.itemsize


def test_the_file_is_laid_out_for_poses(record: Record) -> None:
    path = seal(record) / "motion.parquet"
    with pq.ParquetFile(path) as file:
        assert file.num_row_groups == 2, "one a block"
        group = file.metadata.row_group(0)
        columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
        pose = columns["virtual_left_wrist_qx"]
        assert pose.compression == "ZSTD"
        assert "BYTE_STREAM_SPLIT" in pose.encodings
        assert not pose.has_dictionary_page
        schema = file.schema_arrow
    assert json.loads(schema.metadata[b"joints"]) == list(JOINTS)
    assert b"X right" in schema.metadata[b"space"]
    assert schema.field("virtual_left_wrist_px").metadata[b"unit"] == b"m"


def test_the_manifest_says_what_was_sealed_and_the_journal_lets_go(record: Record) -> None:
    place = seal(record)
    manifest = json.loads((place / "manifest.json").read_text())
    assert (manifest["frames"], manifest["first_seq"], manifest["last_seq"]) == (400, 1, 400)
    assert manifest["events"] == len((place / "events.jsonl").read_text().splitlines())
    assert manifest["gaps"] == []
    assert record.journal.sessions() == []
    assert verify(record.folder.path) == []


def test_a_session_that_is_sealed_while_somebody_goes_through_it_is_gone_through_to_its_end(data: Path) -> None:
    handed = Handed()
    session = PretendSession(handed, "S1")
    session.move(300)
    session.end()
    record = Record(Folder(data))
    record.take("S1", "events", [Entry(n, n, False, wire.encode(e)) for n, e in enumerate(handed.events, 1)])
    record.take("S1", "motion", [Entry(n, n, False, frame) for n, frame in enumerate(handed.frames, 1)])
    record.commit()
    record.enter()
    recorded = RecordedSession(data, "S1")
    pieces = recorded.frames()
    shown = [next(pieces).tobytes()]
    seal(record)
    shown += [piece.tobytes() for piece in pieces]
    assert b"".join(shown) == b"".join(handed.frames)
    assert RecordedSession(data, "S1").events == recorded.events == tuple(handed.events)
    record.close()


def test_sealing_again_changes_nothing(record: Record) -> None:
    place = seal(record)
    before = {path: path.read_bytes() for path in place.iterdir()}
    seal(record)
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_a_sealer_stopped_before_the_journal_let_go_only_lets_go(ended: Path) -> None:
    kept = ended.parent / "kept"
    shutil.copytree(ended / "journal", kept)
    record = Record(Folder(ended))
    place = seal(record)
    record.close()
    shutil.rmtree(ended / "journal")
    shutil.copytree(kept, ended / "journal")
    before = {path: path.stat().st_mtime_ns for path in place.iterdir()}
    record = Record(Folder(ended))
    record.enter()
    assert record.ready() == ["S1"], "the recorder notices"
    seal(record)
    assert record.journal.sessions() == []
    record.close()
    assert {path: path.stat().st_mtime_ns for path in place.iterdir()} == before


# Kills itself when the n-th file of the session's folder is opened or renamed.
KILLED = """
import os, sys
from pathlib import Path
from telemetry.verify import recover
data, after = Path(sys.argv[1]), int(sys.argv[2])
seen = 0
def watch(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.mkdir") and "session=S1" in str(arguments[0]):
        seen += 1
        if seen == after:
            os._exit(9)
sys.addaudithook(watch)
recover(data)
"""


def test_a_sealer_killed_at_any_step_is_made_good_by_the_next(ended: Path) -> None:
    killed = 0
    for after in range(1, 60, 6):
        work = ended.parent / f"work{after}"
        shutil.copytree(ended, work)
        code = subprocess.run([sys.executable, "-c", KILLED, str(work), str(after)], check=False).returncode
        assert code in (0, 9)
        if code == 0:
            break
        killed += 1
        assert recover(work) == ["S1"]
        assert verify(work) == []
        assert len(telemetry.open_store(work).motion("S1")) == 400
        assert not list(work.rglob("*.part"))
        shutil.rmtree(work)
    assert killed >= 3


def test_a_file_that_was_written_wrongly_is_not_sealed_and_the_journal_is_kept(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_bit(path: Path, chunks: Iterable[tuple[int, np.ndarray]], context: MotionContext) -> None:
        broken = []
        for first, frames in chunks:
            frames = frames.copy()
            frames["virtual"][-1, 1, 3] += np.float32(1e-6)
            broken.append((first, frames))
        write_motion(path, broken, context)

    monkeypatch.setattr(telemetry.seal, "write_motion", lose_a_bit)
    with pytest.raises(SealFailed, match="the journal is kept"):
        seal(record)
    assert record.journal.sessions() == ["S1"]
    assert not list(record.folder.path.rglob("motion.parquet"))
    monkeypatch.undo()
    seal(record)
    assert verify(record.folder.path) == []


def test_frames_of_another_layout_are_not_sealed_and_the_journal_is_kept(record: Record) -> None:
    joints = json.dumps(["centre_head"])
    with record.clinic._writing.begin() as db:
        db.exec_driver_sql("UPDATE sessions SET joints = ?", (joints,))
    with pytest.raises(SealFailed, match="other joints"):
        seal(record)
    assert record.journal.sessions() == ["S1"]
    assert verify(record.folder.path) != []


def test_a_provenance_without_a_name_is_told_and_the_journal_is_kept(record: Record) -> None:
    reach = record.reach("S1")["motion"]
    frame = LAYOUT.new_record()
    frame["virtual_provenance"][0, 1] = 9
    record.take("S1", "motion", [Entry(reach + 1, reach + 1, False, frame.tobytes())])
    record.commit()
    with pytest.raises(SealFailed, match="provenance codes 0 to 5, got 9"):
        seal(record)
    assert record.journal.sessions() == ["S1"]


def test_every_folder_that_a_seal_makes_is_on_the_disk_before_the_journal_lets_go(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut takes a folder whose name is not, with the files in it."""
    flushed: list[Path] = []

    def flush(descriptor: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        assert record.journal.reach("S1", "motion") == 400

    monkeypatch.setattr(os, "fsync", flush)
    place = seal(record)
    assert {place, *place.parents} & set(flushed) == {
        place, place.parent, place.parent.parent, record.folder.path
    }  # fmt: skip


def test_motion_that_is_sealed_while_it_is_read_is_read_from_the_file(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = telemetry.open_store(record.folder.path)
    read = Journal.all

    def sealed_before(journal: Journal, session: str, stream: Stream) -> Iterator[Entry]:
        monkeypatch.undo()
        seal(record)
        return read(journal, session, stream)

    monkeypatch.setattr(Journal, "all", sealed_before)
    assert len(store.motion("S1")) == 400


def test_a_task_run_is_read_without_the_blocks_that_it_is_not_in(record: Record) -> None:
    path = seal(record) / "motion.parquet"
    whole = read_table(path).to_pandas()
    of_run = read_table(path, run_number=3).to_pandas()
    wanted = whole[whole["run_number"] == 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_run, wanted, check_categorical=False)
    assert len(of_run) == 100
    head = read_table(path, {"time_s", "tracked_centre_head_px"}, run_number=3)
    assert head.column_names == ["time_s", "tracked_centre_head_px"]
    assert head.num_rows == 100
    assert read_table(path, run_number=99).num_rows == 0


def test_the_events_file_is_readable_by_anything(record: Record) -> None:
    lines = [json.loads(line) for line in (seal(record) / "events.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["event"]["kind"] == "session_started"
    assert lines[-1]["event"] == {"kind": "session_ended", "mono_ns": lines[-1]["event"]["mono_ns"],
                                  "status": "completed", "last_motion_seq": 400}  # fmt: skip
