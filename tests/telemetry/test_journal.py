from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.errors import JournalDamaged, JournalUnwritable
from telemetry.journal import Entry, Journal
from telemetry.testing import fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def entry(first: int, last: int | None = None, payload: bytes = b"x") -> Entry:
    return Entry(first, last or first, False, payload)


def test_what_was_appended_is_there_after_reopening(path: Path) -> None:
    journal = Journal(path)
    journal.append([("S1", "motion", entry(1, 9, b"abc")), ("S1", "motion", entry(10, 12)), ("S1", "events", entry(1))])
    journal.close()
    journal = Journal(path)
    assert journal.read("S1", "motion", after=0, limit=9) == [entry(1, 9, b"abc"), entry(10, 12)]
    assert journal.reach("S1", "motion") == 12
    assert journal.reach("S1", "events") == 1
    assert journal.sessions() == ["S1"]
    journal.close()


def test_a_commit_is_flushed_to_the_disk(path: Path) -> None:
    journal = Journal(path)
    full = 2
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (full,), "a power cut takes nothing back"
    journal.close()


def test_reading_goes_on_behind_a_position_and_stops_at_the_limit(path: Path) -> None:
    journal = Journal(path)
    journal.append([("S1", "events", entry(seq)) for seq in range(1, 201)])
    assert [e.first for e in journal.read("S1", "events", after=20, limit=3)] == [21, 22, 23]
    assert [e.first for e in journal.all("S1", "events")] == list(range(1, 201))
    journal.close()


@pytest.mark.parametrize("wrong", [entry(1), entry(2), entry(4), entry(3, 2)])
def test_an_entry_that_leaves_a_hole_or_overlaps_is_refused_and_changes_nothing(path: Path, wrong: Entry) -> None:
    journal = Journal(path)
    journal.append([("S1", "events", entry(1)), ("S1", "events", entry(2))])
    with pytest.raises(ValueError, match="begins at 3"):
        journal.append([("S2", "events", entry(1)), ("S1", "events", wrong)])
    assert journal.reach("S1", "events") == 2
    assert journal.reach("S2", "events") == 0
    journal.close()


def test_dropping_keeps_the_newest_entry_so_that_the_stream_keeps_its_place(path: Path) -> None:
    journal = Journal(path)
    journal.append([("S1", "motion", entry(1, 5)), ("S1", "motion", entry(6, 9))])
    journal.append([], drop_through=("S1", {"motion": 9}))
    assert [e.first for e in journal.all("S1", "motion")] == [6]
    journal.append([("S1", "motion", entry(10))], drop_through=("S1", {"motion": 9}))
    assert [e.first for e in journal.all("S1", "motion")] == [10]
    journal.close()
    journal = Journal(path)
    assert journal.reach("S1", "motion") == 10
    journal.close()


def test_dropping_a_session_leaves_the_others_and_gives_the_space_back(path: Path) -> None:
    journal = Journal(path)
    for seq in range(1, 300):
        journal.append([("S1", "motion", entry(seq, payload=b"x" * 10_000)), ("S2", "events", entry(seq))])
    journal.drop_session("S1")
    assert journal.reach("S1", "motion") == 0
    assert journal.reach("S2", "events") == 299
    journal.close()
    assert path.stat().st_size < 200_000


def test_gaps_are_found_among_the_frames(path: Path) -> None:
    journal = Journal(path)
    gap = Entry(3, 7, True, b"lost")
    journal.append([("S1", "motion", entry(1, 2)), ("S1", "motion", gap), ("S1", "motion", entry(8))])
    assert journal.gaps("S1") == [gap]
    journal.close()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be one" * 40, b"SQLite format 3\0" + b"\7" * 5000]
)
def test_a_file_that_is_no_journal_is_told_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalDamaged, match=r"journal\.db is damaged or is no journal"):
        Journal(path)
    assert path.read_bytes() == content


def test_a_journal_with_an_overwritten_page_is_told(path: Path) -> None:
    journal = Journal(path)
    journal.append([("S1", "motion", entry(seq, payload=b"x" * 3000)) for seq in range(1, 50)])
    journal.close()
    content = bytearray(path.read_bytes())
    content[4096:20480] = b"\xff" * 16384
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        [*Journal(path).all("S1", "motion")]


def test_a_missing_folder_is_told_as_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be used"):
        Journal(tmp_path / "nowhere" / "journal.db")


def test_a_full_disk_is_told_and_what_was_committed_stays(small_disk: Path) -> None:
    journal = Journal(small_disk / "journal.db")
    committed = 0

    def append_until_full() -> None:
        nonlocal committed
        while True:
            journal.append([("S1", "motion", entry(committed + 1, payload=b"x" * 10_000))])
            committed += 1

    with pytest.raises(JournalUnwritable, match="free space"):
        append_until_full()
    assert committed > 1
    assert journal.reach("S1", "motion") == committed
    assert len(list(journal.all("S1", "motion"))) == committed
    journal.close()


def test_a_journal_goes_on_when_a_full_disk_has_space_again(small_disk: Path) -> None:
    journal = Journal(small_disk / "journal.db")
    journal.append([("S1", "events", entry(1))])
    ballast = fill(small_disk)
    with pytest.raises(JournalUnwritable):
        journal.append([("S1", "events", entry(2, payload=b"x" * 100_000))])
    ballast.unlink()
    journal.append([("S1", "events", entry(2))])
    assert journal.reach("S1", "events") == 2
    journal.close()


def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    Journal(small_disk / "journal.db").close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(JournalUnwritable, match="make the folder writable"):
        Journal(small_disk / "journal.db")


WRITER = """
import sys
from pathlib import Path
from telemetry.journal import Entry, Journal
from telemetry.testing import fill
journal = Journal(Path(sys.argv[1]))
for seq in range(1, 10_000):
    journal.append([("S1", "motion", Entry(seq, seq, False, b"x" * 5000))])
    print(seq, flush=True)
"""


def test_a_killed_writer_leaves_everything_that_it_had_committed(path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(25):
        writer.stdout.readline()
    writer.kill()
    committed = 25 + len(writer.communicate()[0].split())
    journal = Journal(path)
    assert committed <= journal.reach("S1", "motion") <= committed + 1
    assert [e.first for e in journal.all("S1", "motion")] == list(range(1, journal.reach("S1", "motion") + 1))
    journal.close()
