"""What is filled in for a participant reaches the store once, is never changed, and goes with who is erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.erasure import erase
from telemetry.errors import RequestRefused
from telemetry.messages import Entry, Profile
from telemetry.testing import RecorderProcess

DAY_NS = 86_400 * 10**9
NOW_NS = 1_790_000_000 * 10**9


def entry(entry_id: str, instrument: str, days_ago: float = 0, **answers: float | int | str | bool | None) -> Entry:
    return Entry(
        entry_id=entry_id,
        participant="P001",
        instrument=instrument,
        who="dr_a",
        source="participant",
        entered_utc_ns=NOW_NS,
        about_utc_ns=NOW_NS - int(days_ago * DAY_NS),
        answers=answers,
    )


@pytest.fixture
def known(client: RecorderClient) -> RecorderClient:
    client.put_profile(Profile(code="P001"))
    return client


LOG = entry("e1", "pain_log", 2, pain=6, site="PLP", triggers="stress,weather", duration=20)
PILL = entry("e2", "medication", 9, substance="pregabalin", group="gabapentinoid", change="dose", daily_dose=300)


def test_dated_entries_come_out_of_the_store_in_the_order_of_what_they_are_about(
    known: RecorderClient, data: Path
) -> None:
    for each in (LOG, PILL, LOG):
        known.enter(each)
    known.enter(entry("e3", "pgic", change=2))
    rows = telemetry.open_store(data).entries()
    assert rows["entry_id"].tolist() == ["e2", "e1", "e3"]
    assert rows["instrument"].tolist() == ["medication", "pain_log", "pgic"]
    assert rows["scores"].tolist() == ["{}", "{}", '{"change": 2.0}']
    assert str(rows["about_at"].iloc[2] - rows["about_at"].iloc[1]) == "2 days 00:00:00"
    (log,) = telemetry.open_store(data).entries("pain_log").itertuples()
    assert (log.pain, log.site, log.triggers, log.duration) == (6, "PLP", "stress,weather", 20)
    assert [each.entry_id for each in known.entries("P001")] == ["e2", "e1", "e3"]
    assert known.entries("P001")[1] == LOG


def test_before_anything_was_filled_in_there_are_no_rows_and_all_columns(data: Path) -> None:
    data.mkdir()
    rows = telemetry.open_store(data).entries("ssq")
    assert rows.empty
    assert {"entry_id", "about_at", "vertigo", "score_total"} <= set(rows.columns)


def test_a_correction_is_a_new_entry_and_the_corrected_one_stays(known: RecorderClient, data: Path) -> None:
    known.enter(LOG)
    better = msgspec.structs.replace(LOG, entry_id="e9", answers={"pain": 4, "site": "PLP"}, supersedes="e1")
    known.enter(better)
    rows = telemetry.open_store(data).entries("pain_log").set_index("entry_id")
    assert rows.loc["e1", "pain"] == 6
    assert (rows["current"].to_dict(), rows.loc["e9", "supersedes"]) == ({"e1": False, "e9": True}, "e1")
    again = msgspec.structs.replace(better, entry_id="e10")
    with pytest.raises(RequestRefused, match="correct the newest entry"):
        known.enter(again)
    with pytest.raises(RequestRefused, match="expected an entry of pgic of P001 to correct"):
        known.enter(msgspec.structs.replace(entry("e11", "pgic", change=2), supersedes="e1"))


def test_what_does_not_fit_is_refused_with_what_was_expected(known: RecorderClient, data: Path) -> None:
    known.enter(LOG)
    for wrong, expected in (
        (entry("e4", "pain_log", pain=99, site="PLP"), "pain to be one of"),
        (entry("e4", "horoscope", sign=1), "an instrument of profile"),
        (msgspec.structs.replace(LOG, who="dr_b"), "says something else already"),
        (msgspec.structs.replace(LOG, entry_id="e5", participant="P999"), "cannot be kept"),
        (msgspec.structs.replace(LOG, entry_id="e5", session_id="nowhere"), "cannot be kept"),
        (msgspec.structs.replace(LOG, entry_id="e5", who=" "), "who enters it"),
    ):
        with pytest.raises(RequestRefused, match=expected):
            known.enter(wrong)
    assert telemetry.open_store(data).entries()["entry_id"].tolist() == ["e1"]
    with pytest.raises(KeyError, match="expected an instrument of profile"):
        telemetry.open_store(data).entries("horoscope")


def test_the_database_itself_keeps_entries_and_lets_go_of_who_is_erased(data: Path) -> None:
    with RecorderProcess(data) as process, RecorderClient(process.address) as client:
        client.put_profile(Profile(code="P001"))
        client.enter(LOG)
    with closing(sqlite3.connect(data / "clinic.db")) as db:
        for change in ("UPDATE entries SET answers = '{}'", "DELETE FROM entries",
                       "INSERT OR REPLACE INTO entries SELECT * FROM entries"):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError, match="an entry is never"):
                db.execute(change)
    erase(data, "P001")
    assert telemetry.open_store(data).entries().empty
