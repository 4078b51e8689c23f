"""Entries of another record's sessions come in as they were there, and what is wrong with one is told where it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pandas as pd
import pytest

import telemetry
from telemetry.clinic import Clinic
from telemetry.erasure import erase
from telemetry.errors import BadImport, RequestRefused
from telemetry.export import FORMATS, export_tables
from telemetry.imports import entries_of_export
from telemetry.messages import Entry, Profile
from telemetry.verify import verify

ANSWERS = {"kind": "fall", "severity": "mild", "serious": "no", "relatedness": "possible", "action": "watched"}
FIRST = Entry(entry_id="fall-1", participant="P001", instrument="adverse_event", who="anna", source="therapist",
              entered_utc_ns=10**18, about_utc_ns=10**18, answers=ANSWERS, session_id="S1")  # fmt: skip
#: Entered on a computer whose clock is a day slow.
BETTER = msgspec.structs.replace(FIRST, entry_id="fall-0", entered_utc_ns=10**18 - 86_400 * 10**9, supersedes="fall-1",
                                 answers={**ANSWERS, "severity": "severe"})  # fmt: skip


def _with_entries(data: Path) -> Path:
    with closing(Clinic(data / "clinic.db")) as clinic:
        assert clinic.enter_all([FIRST, BETTER]) == 2
    return data


@pytest.fixture
def of_a_session(sealed_data: Path) -> Path:
    """A record with an adverse event of its session S1, and a correction of that."""
    return _with_entries(sealed_data)


@pytest.fixture(scope="module")
def exports(_sealed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What such a record exports, in both forms."""
    place = tmp_path_factory.mktemp("exports")
    shutil.copytree(_sealed_once, place / "data")
    store = telemetry.open_store(_with_entries(place / "data"))
    for kind in FORMATS:
        export_tables(store, place / kind, kind)
    return {kind: place / kind for kind in FORMATS}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Clinic]:
    """Another record, in which P001 is known and no session is."""
    (tmp_path / "other").mkdir()
    with closing(Clinic(tmp_path / "other" / "clinic.db")) as clinic:
        clinic.put_participant(Profile(code="P001"))
        yield clinic


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_entry_of_a_session_that_is_not_here_keeps_its_name_and_a_correction_what_it_corrects(
    exports: dict[str, Path], of_a_session: Path, other: Clinic, tmp_path: Path, kind: str
) -> None:
    found = entries_of_export(exports[kind], "dr_b", 2 * 10**18).entries
    assert other.enter_all(found) == 2
    assert other.enter_all(found) == 0
    store = telemetry.open_store(tmp_path / "other")
    rows = store.entries("adverse_event").set_index("entry_id")
    assert rows["session_id"].tolist() == ["S1", "S1"]
    assert rows["current"].to_dict() == {"fall-1": False, "fall-0": True}
    assert store.adverse_events().empty, "it is an event of a session of another record"
    assert verify(tmp_path / "other") == []
    (severe,) = telemetry.open_store(of_a_session).adverse_events().itertuples()
    assert severe.severity == "severe"
    with closing(Clinic(of_a_session / "clinic.db")) as clinic:
        assert clinic.enter_all(found) == 0, "nor is it new where it was entered"
    # Back where it came from, or in a third record, it is still the same.
    export_tables(store, tmp_path / "again", "csv")
    assert {e.session_id for e in entries_of_export(tmp_path / "again", "dr_b", 1).entries} == {"S1"}


def test_an_entry_that_is_made_here_is_of_a_session_of_its_participant(of_a_session: Path) -> None:
    with closing(Clinic(of_a_session / "clinic.db")) as clinic:
        clinic.put_participant(Profile(code="P002"))
        for wrong in ({"session_id": "S9"}, {"participant": "P002"}):
            with pytest.raises(RequestRefused, match=r"of a session of its participant.*a session of theirs"):
                clinic.enter(msgspec.structs.replace(FIRST, entry_id="fall-2", **wrong))
        # One that was imported is nobody's here but its participant's, also where the session's name is known.
        clinic.enter(msgspec.structs.replace(FIRST, entry_id="fall-3", participant="P002", origin="imported"))
    erase(of_a_session, "P001")
    assert telemetry.open_store(of_a_session).entries()["entry_id"].tolist() == ["fall-3"]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("entry_id", None, "expected a value, got an empty cell"),
        ("participant", None, "expected a value, got an empty cell"),
        ("source", None, "expected a value, got an empty cell"),
        ("answers", None, "expected a value, got an empty cell"),
        ("about_utc_ns", None, "expected a value, got an empty cell"),
        ("about_utc_ns", 10**19, "expected a whole number of 64 bits"),
        ("about_utc_ns", 9 * 10**18, "expected a time between 1900 and 2200"),
        ("entry_id", "fall-1", "expected each entry once, got fall-1 again"),
        ("answers", "[1]", "Expected `object`, got `array`"),
        ("answers", "{", "Input data was truncated"),
        ("answers", '{"kind": "fall"}', "expected an answer to severity"),
    ],
)
@pytest.mark.parametrize(("kind", "row"), [("csv", 3), ("parquet", 2)])
def test_a_cell_that_cannot_be_taken_is_told_by_row_and_column(
    exports: dict[str, Path], tmp_path: Path, kind: str, row: int, column: str, value: object, said: str
) -> None:
    place = tmp_path / kind
    shutil.copytree(exports[kind], place)
    path = place / f"entries.{kind}"
    table = pd.read_csv(path, dtype=object) if kind == "csv" else pd.read_parquet(path).astype(object)
    table = table.sort_values("entry_id", ascending=False)
    table.loc[table["entry_id"] == "fall-0", column] = value
    if kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.astype("string").to_parquet(path)
    with pytest.raises(BadImport, match=rf"row {row}, column {column}: ") as raised:
        entries_of_export(place, "dr_b", 1)
    assert said in str(raised.value)


def test_an_answer_that_is_another_than_the_records_is_told_with_both_and_what_to_do(of_a_session: Path) -> None:
    other = msgspec.structs.replace(FIRST, origin="imported", about_utc_ns=7, answers={**ANSWERS, "kind": "skin"})
    with closing(Clinic(of_a_session / "clinic.db")) as clinic, pytest.raises(RequestRefused) as raised:
        clinic.enter_all([other])
    said = str(raised.value)
    assert "adverse_event of P001" in said
    assert "about_utc_ns 1000000000000000000 there and 7 here, kind 'fall' there and 'skin' here" in said
    assert "severity" not in said
    assert "vrrehab enter adverse_event ... --corrects fall-1" in said
