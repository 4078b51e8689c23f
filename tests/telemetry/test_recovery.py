"""Whatever one session or one spool says keeps no other from the record."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import telemetry
from telemetry import messages, wire
from telemetry.client import RecorderClient
from telemetry.errors import RequestRefused, SealFailed
from telemetry.folder import Folder
from telemetry.journal import Entry, Journal
from telemetry.leftovers import deliver_leftovers
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.recorded import RecordedSession
from telemetry.recovery import recover
from telemetry.seal import seal_session
from telemetry.sealing import Sealer
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, eventually
from telemetry.testing.script import Handed
from telemetry.verify import verify


@pytest.fixture
def keep(data: Path) -> Callable[..., None]:
    """Brings a short session into the record, ended and not sealed."""

    def keep(session: str, *events: messages.Event, joints: tuple[str, ...] = JOINTS) -> None:
        handed = Handed()
        pretend = PretendSession(handed, session, joints=joints)
        pretend.move(3)
        for event in events:
            handed.event(event)
        pretend.end()
        record = Record(Folder(data))
        record.take(session, "events", [Entry(n, n, False, wire.encode(e)) for n, e in enumerate(handed.events, 1)])
        record.take(session, "motion", [Entry(n, n, False, frame) for n, frame in enumerate(handed.frames, 1)])
        record.commit()
        record.enter()
        record.close()

    return keep


@pytest.mark.parametrize(
    "event",
    [
        messages.Happened(mono_ns=1, name="score", detail={"accuracy": math.nan}),
        messages.TaskEnded(mono_ns=1, task_run_id="S1-t01", status="completed", duration_s=math.nan, repetitions=1),
        messages.SettingChanged(mono_ns=1, who="anna", name="gain", old=1.0, new=math.nan, applied_frame=7),
        messages.TaskStarted(
            mono_ns=1,
            task_run_id="S1-t02",
            run_number=2,
            block_index=0,
            task_index=1,
            task="open_close",
            mode="mirror",
            limb="hand",
            side="left",
            parameters={"goal": math.nan, "pace": 2.0},
        ),
    ],
    ids=["a measure", "a duration", "a setting", "a parameter"],
)
def test_a_number_that_is_none_keeps_no_session_from_its_seal_nor_from_being_gone_through_again(
    keep: Callable[..., None], data: Path, event: messages.Event
) -> None:
    start = messages.TaskStarted(
        mono_ns=1, task_run_id="S1-t01", run_number=1, block_index=0, task_index=0, task="open_close", mode="mirror",
        limb="hand", side="left", parameters={},
    )  # fmt: skip
    keep("S1", start, event)
    assert recover(data) == ["S1"]
    assert verify(data) == []
    lines = (Folder(data).session("P001", "S1") / "events.jsonl").read_text().splitlines()
    assert None in [*_numbers(json.loads(lines[-2])["event"])]
    again = RecordedSession(data, "S1").events[-2]
    # A measure may be missing; what has to be a number is none again.
    missing = msgspec.structs.replace(event, detail={"accuracy": None}) if hasattr(event, "detail") else event
    assert repr(again) == repr(missing)


def _numbers(said: dict[str, Any]) -> Iterator[Any]:
    for value in said.values():
        yield from _numbers(value) if isinstance(value, dict) else [value]


def test_a_sealer_that_finds_what_it_does_not_expect_tells_it_and_seals_the_next(
    keep: Callable[..., None], data: Path
) -> None:
    keep("S1", joints=("left_wrist", "left_wrist"))
    keep("S2")
    sealer = Sealer(Folder(data))
    sealer.ask("S1")
    eventually(lambda: sealer.take_finished() or sealer.problem)
    assert "session S1 cannot be sealed" in sealer.problem
    sealer.ask("S2")
    eventually(sealer.take_finished)
    assert sealer.problem == ""
    sealer.close()


def test_recovery_seals_all_that_can_be_and_then_tells_what_cannot(keep: Callable[..., None], data: Path) -> None:
    keep("S1", joints=("left_wrist", "left_wrist"))
    keep("S2")
    folder = Folder(data)
    record = Record(folder)
    record.take("S3", "events", [_start_of("S3")])
    record.take("S3", "motion", [Entry(1, 1, False, b"x")])
    record.commit()
    record.close()
    folder.spool.mkdir()
    (folder.spool / "S4.db").write_text("no spool, but as long as the head of a database has to be " * 20)
    spool = Journal(folder.spool / "S5.db")
    spool.append([("S5", "events", _start_of("S6"))])
    spool.close()
    for sealed in ("S2", "none"):
        with pytest.raises(SealFailed, match=rf"S4 cannot.*S5 cannot.*S1 cannot.*S3 cannot.*sealed: {sealed}$"):
            recover(data)
    record = Record(folder)
    assert record.seal_state("S2") == "sealed"
    assert record.journal.sessions() == ["S1", "S3"]
    record.close()
    assert {path.name for path in folder.spool.glob("*.db")} == {"S4.db", "S5.db"}


def _start_of(session: str) -> Entry:
    handed = Handed()
    PretendSession(handed, session)
    return Entry(1, 1, False, wire.encode(handed.events[0]))


def test_a_late_rating_of_no_time_of_its_session_is_refused(keep: Callable[..., None], data: Path) -> None:
    keep("S1")
    record = Record(Folder(data))
    seal_session(record.folder, record.journal, record.clinic, "S1")
    rating = messages.LateRating(rating_id="r1", value=3.0, source="therapist")
    addendum = messages.Addendum(addendum_id="a1", session_id="S1", kind="rating", who="anna", entered_utc_ns=1,
                                 about_utc_ns=-(2**63), rating=rating)  # fmt: skip
    with pytest.raises(RequestRefused, match="no times of this session"):
        record.clinic.add(addendum)
    record.close()


def test_a_spool_that_is_refused_is_told_at_once_and_kept(
    sealed_data: Path, address: str, client: RecorderClient, spool: Path
) -> None:
    """Every session's end waited for it, as long as it lay there."""
    sender = Sender(spool, "S1", None, FrameLayout(JOINTS))
    PretendSession(sender, "S1").perform((6.0, 5.0, 4.0), frames=20)
    sender.close(5.0)
    (left,) = deliver_leftovers(spool, address, timeout_s=300.0)
    assert (left.delivered, left.problem.partition(";")[0]) == (False, "session S1 is sealed already")
    assert (spool / "S1.db").exists()
    assert client.status().dropped_messages == 1, "asked once"


def test_a_session_that_died_before_its_first_frame_is_delivered_and_closed(
    address: str, client: RecorderClient, spool: Path, data: Path
) -> None:
    sender = Sender(spool, "S1", None, FrameLayout(JOINTS))
    PretendSession(sender)
    sender.close(1.0)
    (left,) = deliver_leftovers(spool, address)
    assert left.delivered, left.problem
    client.wait_sealed("S1", 30.0)
    assert telemetry.open_store(data).sessions()["status"].tolist() == ["interrupted"]
