"""What the database keeps by itself, from whoever opens it with whatever: each tried with plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.erasure import erase
from telemetry.errors import RequestRefused
from telemetry.messages import Addendum, LateRating
from telemetry.testing import RecorderProcess
from telemetry.verify import verify

DAY_NS = 86_400_000_000_000


@pytest.fixture
def db(sealed_data: Path) -> Iterator[sqlite3.Connection]:
    """The database as any tool opens it, which does not ask for foreign keys to be enforced."""
    with closing(sqlite3.connect(sealed_data / "clinic.db")) as db:
        assert db.execute("PRAGMA foreign_keys").fetchone() == (0,)
        yield db


@pytest.fixture
def sealed(sealed_data: Path, address: str) -> Iterator[RecorderClient]:
    """Asks a recorder of the sealed store."""
    with RecorderClient(address) as client:
        yield client


def addendum(started_ns: int, **content: object) -> Addendum:
    said: dict[str, object] = {
        "addendum_id": "a1",
        "session_id": "S1",
        "kind": "rating",
        "who": "anna",
        "rating": LateRating(rating_id="next", value=3.0, source="participant"),
        "entered_utc_ns": started_ns + DAY_NS + 5_000_000_000,
        "about_utc_ns": started_ns + DAY_NS,
    }
    return Addendum(**{**said, **content})  # type: ignore[arg-type]


def started_ns(data: Path) -> int:
    return int(telemetry.open_store(data).sessions()["started_utc_ns"].iloc[0])


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("INSERT INTO ratings SELECT 'r9', 'nowhere', NULL, phase, site, item, scale, value, status, source, \"by\", "
         "who, NULL, current, asked_mono_ns, answered_mono_ns, corrected_mono_ns FROM ratings LIMIT 1",
         "needs its session"),
        ("UPDATE ratings SET session_id = 'nowhere'", "stays with its session"),
        ("DELETE FROM sessions", "with ratings cannot be deleted"),
        ("UPDATE task_runs SET rating_status = NULL", "task_runs_hold_0"),
        ("UPDATE task_runs SET rating_status = 'lost'", "rating_status_is_known"),
        ("UPDATE task_runs SET status = 'completed', ended_mono_ns = NULL", "task_runs_hold_0"),
        ("INSERT INTO ratings SELECT 'r9', session_id, task_run_id, phase, site, item, scale, value, status, source, "
         "\"by\", who, NULL, 1, asked_mono_ns, answered_mono_ns, corrected_mono_ns FROM ratings "
         "WHERE phase = 'after_task' LIMIT 1", "UNIQUE"),
        ("UPDATE ratings SET value = NULL WHERE status = 'given'", "ratings_hold_0"),
        ("UPDATE sessions SET origin = 'nobody'", "origin_is_known"),
    ],
)  # fmt: skip
def test_it_refuses_what_must_not_be(db: sqlite3.Connection, statement: str, says: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=says):
        db.execute(statement)


def test_addenda_are_appended_and_neither_changed_nor_taken_back(
    sealed: RecorderClient, db: sqlite3.Connection, data: Path
) -> None:
    sealed.add(addendum(started_ns(data)))
    for statement, says in (
        ("UPDATE addenda SET detail = '{}'", "never changed"),
        ("DELETE FROM addenda", "never taken back"),
        ("REPLACE INTO addenda SELECT * FROM addenda", "never replaced"),
    ):
        with pytest.raises(sqlite3.IntegrityError, match=says):
            db.execute(statement)
        db.rollback()


def test_the_next_days_rating_is_a_rating_of_its_session(sealed: RecorderClient, data: Path) -> None:
    began_ns = started_ns(data)
    sealed.add(addendum(began_ns))
    sealed.add(addendum(began_ns))  # the answer got lost, so it is sent again
    store = telemetry.open_store(data)
    (row,) = store.addenda().itertuples()
    assert (row.participant, row.kind, row.who, row.rating_id) == ("P001", "rating", "anna", "next")
    assert row.about_at.value == began_ns + DAY_NS
    rating = store.ratings().set_index("rating_id").loc["next"]
    assert (rating["phase"], rating["value"], rating["status"]) == ("next_day", 3.0, "given")
    assert rating["answered_at"].value == began_ns + DAY_NS
    assert verify(data) == []


def test_a_correction_after_the_seal_supersedes_and_the_ledger_follows(sealed: RecorderClient, data: Path) -> None:
    before = telemetry.open_store(data).tasks().iloc[1]
    corrected = LateRating(rating_id="better", value=2.0, source="therapist", supersedes=before["rating_id"])
    sealed.add(addendum(started_ns(data), kind="correction", rating=corrected))
    store = telemetry.open_store(data)
    after = store.tasks().iloc[1]
    assert (after["rating_id"], after["pain_after"]) == ("better", 2.0)
    old = store.ratings().set_index("rating_id").loc[before["rating_id"]]
    assert (old["value"], bool(old["current"])) == (before["pain_after"], False)
    assert verify(data) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"session_id": "S9"}, "expected a sealed session"),
        ({"addendum_id": ""}, "1 to 64 letters"),
        ({"rating": LateRating(rating_id="x", value=1.0, source="participant", supersedes="nothing")}, "to supersede"),
        ({"entered_utc_ns": 2**63}, "64 bits"),
    ],
)
def test_an_addendum_about_nothing_is_refused_and_leaves_nothing(
    sealed: RecorderClient, data: Path, content: dict[str, object], says: str
) -> None:
    with pytest.raises(RequestRefused, match=says):
        sealed.add(addendum(started_ns(data), **content))
    assert telemetry.open_store(data).addenda().empty
    assert "next" not in set(telemetry.open_store(data).ratings()["rating_id"])


def test_an_id_does_not_come_to_mean_something_else(sealed: RecorderClient, data: Path) -> None:
    sealed.add(addendum(started_ns(data)))
    with pytest.raises(RequestRefused, match="says something else"):
        sealed.add(addendum(started_ns(data), who="somebody else"))


def test_who_is_erased_goes_with_the_addenda(sealed_data: Path) -> None:
    with RecorderProcess(sealed_data) as recorder, RecorderClient(recorder.address) as client:
        client.add(addendum(started_ns(sealed_data)))
    erase(sealed_data, "P001")
    assert telemetry.open_store(sealed_data).addenda().empty
