from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import telemetry
from telemetry import wire
from telemetry.erasure import erase
from telemetry.errors import Erased, NotUnderstood, RequestRefused
from telemetry.folder import Folder
from telemetry.journal import Entry, Journal
from telemetry.messages import Profile
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.seal import seal_session
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.testing.script import Handed
from telemetry.verify import verify

Start = Callable[..., tuple[Sender, PretendSession]]


@pytest.fixture
def events(start: Start, spool: Path) -> list[Entry]:
    """The events of a session of one task, as they come from its spool."""
    sender, session = start(None)
    session.perform((5.0,), frames=0)
    sender.close(5.0)
    journal = Journal(spool / "S1.db")
    events = list(journal.all("S1", "events"))
    journal.close()
    return events


def test_events_that_were_committed_and_not_entered_are_entered_once(data: Path, events: list[Entry]) -> None:
    for entry in events:
        record = Record(Folder(data))
        assert record.take("S1", "events", [entry])
        record.commit()
        record.close()  # as if killed before the tables had it
        record = Record(Folder(data))
        record.enter()
        record.enter()
        record.close()
    store = telemetry.open_store(data)
    assert store.tasks()["pain_change"].tolist() == [-2.0]
    assert len(store.ratings()) == 2
    assert len(store.events()) == 0, "nothing contradicted anything"


def test_what_was_taken_and_not_committed_is_not_there(data: Path, events: list[Entry]) -> None:
    record = Record(Folder(data))
    assert record.take("S1", "events", events[:2])
    assert record.reach("S1") == {"events": 0, "motion": 0}
    record.close()
    record = Record(Folder(data))
    assert record.reach("S1") == {"events": 0, "motion": 0}
    assert record.take("S1", "events", events)
    record.commit()
    assert record.reach("S1") == {"events": len(events), "motion": 0}
    record.close()


def test_entries_behind_a_hole_are_not_taken(data: Path, events: list[Entry]) -> None:
    record = Record(Folder(data))
    assert record.take("S1", "events", events[:2])
    assert not record.take("S1", "events", events[3:])
    record.commit()
    assert record.reach("S1")["events"] == 2
    record.close()


def test_an_entry_that_overlaps_what_is_there_is_refused(data: Path) -> None:
    record = Record(Folder(data))
    assert record.take("S1", "motion", [Entry(1, 2, False, b"ab")])
    with pytest.raises(NotUnderstood, match="expected motion from 3 on, got 2 to 3"):
        record.take("S1", "motion", [Entry(2, 3, False, b"bc")])
    record.close()


def test_what_comes_after_the_seal_is_refused_with_advice(data: Path, events: list[Entry]) -> None:
    record = Record(Folder(data))
    record.take("S1", "events", events)
    record.commit()
    record.enter()
    assert record.ready() == ["S1"]
    seal_session(record.folder, record.journal, record.clinic, "S1")
    record.now_sealed()
    assert record.take("S1", "events", events), "the same again is nothing new"
    with pytest.raises(NotUnderstood, match="sealed already"):
        record.take("S1", "motion", [Entry(1, 1, False, b"x")])
    record.close()


def of(code: str, session: str) -> list[Entry]:
    """The events of a session of that participant."""
    handed = Handed()
    PretendSession(handed, session, code).perform((5.0,), frames=0)
    return [Entry(seq, seq, False, wire.encode(event)) for seq, event in enumerate(handed.events, start=1)]


def test_a_session_whose_id_is_anothers_in_other_capitals_is_refused(data: Path) -> None:
    """Where folders are told apart without regard to case, the one sealed last would be written over the other."""
    record = Record(Folder(data))
    assert record.take("S1a", "events", of("P001", "S1a"))
    record.commit()
    record.enter()
    with pytest.raises(NotUnderstood, match="got s1A beside S1a; it stays in its spool"):
        record.take("s1A", "events", of("P001", "s1A"))
    assert record.take("S1a", "events", of("P001", "S1a")), "the same again is nothing new"
    assert record.take("S1b", "events", of("P001", "S1b"))
    record.close()


def test_a_code_in_other_capitals_is_the_same_person_whoever_brings_it_and_for_good(data: Path) -> None:
    """Where folders are told apart without regard to case, two people's files would be in one."""
    folder = Folder(data)
    record = Record(folder)
    record.clinic.put_participant(Profile(code="P001"))
    assert record.take("S1", "events", of("p001", "S1"))
    record.commit()
    record.enter()
    seal_session(folder, record.journal, record.clinic, "S1")
    assert [past.session_id for past in record.clinic.history("P001")] == ["S1"]
    assert [profile.code for profile in record.clinic.participants()] == ["P001"]
    assert (folder.session("P001", "S1") / "motion.parquet").exists()
    with pytest.raises(RequestRefused, match="which is P001 written otherwise"):
        record.clinic.put_participant(Profile(code="p001"))
    record.close()
    assert verify(data) == []

    sender = Sender(folder.spool, "S2", None, FrameLayout(JOINTS))
    PretendSession(sender, "S2", "p001")
    sender.close(1.0)
    folder.profile("p001").parent.mkdir()
    folder.profile("p001").write_text("{}")
    assert erase(data, "P001").sessions == ("S1", "S2")
    assert not list(folder.spool.iterdir())
    assert not folder.profile("p001").exists()
    record = Record(folder)
    with pytest.raises(Erased, match="was erased"):
        record.take("S3", "events", of("p001", "S3"))
    with pytest.raises(RequestRefused, match="was erased"):
        record.clinic.put_participant(Profile(code="p001"))
    assert set(record.clinic.erased()) == {"P001"}
    record.close()
