"""What was filled in elsewhere comes into a record through its recorder: all of it once, or none of it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import telemetry
from telemetry.client import RecorderClient
from telemetry.errors import BadImport, RequestRefused, TelemetryError
from telemetry.export import Level, export_bids, export_tables
from telemetry.imports import entries_of_export, entries_of_tables
from telemetry.messages import Entry, Profile
from telemetry.testing import RecorderProcess
from vrrehab.errors import UnknownName

PEOPLE = """\
participant_id\tAge\tSex\tAmputee\tPain\tAmputationLevel\tAmputationSide\tComment
sub-11\t61\tF\t1\t1\tTransradial\tLeft\tn/a
sub-15\t22\tM\t0\t0\tn/a\tn/a\tn/a
"""
PAIN = """\
participant_id\tsession_id\tPLPNRS\tPLPWords\tTelescoping
sub-11\tses-1\t6\t3\t0
sub-11\tses-2\t5\tn/a\t1
sub-15\tses-1\tn/a\tn/a\tn/a
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clinic") / "data"


@pytest.fixture(scope="module")
def recorder(data: Path) -> Iterator[str]:
    with RecorderProcess(data) as process, RecorderClient(process.address) as client:
        for code in ("11", "15"):
            client.put_profile(Profile(code=code))
        yield process.address


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "set/phenotype").mkdir(parents=True)
    (tmp_path / "set/participants.tsv").write_text(PEOPLE)
    (tmp_path / "set/phenotype/pain.tsv").write_text(PAIN)
    return tmp_path / "set"


def run(data: Path, *arguments: str | Path) -> Result:
    for name in ("importing", "report"):  # one command alone has no name
        importlib.import_module(f"vrrehab.cli.{name}")
    from vrrehab.cli import app

    return CliRunner().invoke(app, ["import", *map(str, arguments), "--by", "dr_a", "--data", str(data)])


def test_a_data_set_becomes_dated_entries_of_those_who_are_known_once(recorder: str, data: Path, tables: Path) -> None:
    for new in (3, 0):
        done = run(data, tables, "--about", "2019-03-01", "--sitting", "")
        assert isinstance(done.exception, BadImport), "two sittings cannot be of one time"
        done = run(data, tables / "participants.tsv", "--about", "2019-03-01")
        assert done.exit_code == 0, done.output
        assert f"profile: 2 of 2 participants\n{2 if new else 0} entries are new" in done.output
        done = run(data, tables / "phenotype/pain.tsv", "--about", "2019-03-01", "--sitting", "ses-1")
        assert "1 rows without an answer in them make no entry" in done.output
        assert f"{1 if new else 0} entries are new, {0 if new else 1} were there already" in done.output
    rows = telemetry.open_store(data).entries()
    assert sorted(rows["instrument"]) == ["pain_questionnaire", "profile", "profile"]
    assert set(rows["origin"]) == {"imported"}
    assert set(rows["who"]) == {"dr_a"}
    assert set(rows["about_at"].dt.tz_convert(None).dt.year) == {2019}
    (pain,) = telemetry.open_store(data).entries("pain_questionnaire").itertuples()
    assert (pain.participant, pain.PLPNRS, pain.PLPWords, pain.Telescoping) == ("11", 6, 3, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sub-15", "sub-16", "No participant '16' in"),
        ("Telescoping", "Mood", "row 1, column Mood: expected items of pain_questionnaire"),
        ("\t6\t3", "\t16\t3", "row 2, column PLPNRS: expected PLPNRS to be one of"),
        ("\t6\t3", "\tn/a\t3", "row 2: expected an answer to PLPNRS, got none"),
    ],
)
def test_what_cannot_be_taken_is_told_once_and_nothing_of_its_file_is_kept(
    recorder: str, data: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    before = len(telemetry.open_store(data).entries())
    text = PAIN.replace("sub-15\tses-1\tn/a", "sub-15\tses-1\t2").replace("sub-11\tses-2\t5\tn/a\t1\n", "")
    (tmp_path / "pain.tsv").write_text(text.replace(old, new, 1))
    done = run(data, tmp_path / "pain.tsv", "--about", "2020-01-01")
    assert isinstance(done.exception, TelemetryError | UnknownName), done.output
    assert said in str(done.exception)
    assert len(telemetry.open_store(data).entries()) == before


def test_the_recorder_keeps_all_of_a_batch_or_nothing_of_it(recorder: str, data: Path) -> None:
    def entry(number: int, **answers: int) -> Entry:
        return Entry(entry_id=f"batch-{number}", participant="11", instrument="pgic", who="dr_a", source="participant",
                     entered_utc_ns=1, about_utc_ns=number, answers=answers)  # fmt: skip

    with RecorderClient(recorder) as client:
        with pytest.raises(RequestRefused, match="entry of pgic: expected change to be one of"):
            client.enter_all([entry(1, change=2), entry(2, change=99)])
        assert "batch-1" not in set(telemetry.open_store(data).entries()["entry_id"])
        assert client.enter_all([entry(1, change=2), entry(2, change=3), entry(1, change=2)]) == 2
        with pytest.raises(RequestRefused, match="entry batch-1 says something else already"):
            client.enter_all([entry(3, change=2), entry(1, change=4)])
        with pytest.raises(RequestRefused, match="more; give them in parts"):
            client.enter_all([entry(n, change=2) for n in range(20_000)])
    assert "batch-3" not in set(telemetry.open_store(data).entries()["entry_id"])


def test_an_earlier_export_brings_its_entries_back_with_their_dates_and_corrections(
    recorder: str, data: Path, tmp_path: Path
) -> None:
    first = Entry(entry_id="log-1", participant="11", instrument="pain_log", who="anna", source="therapist",
                  entered_utc_ns=10**18, about_utc_ns=10**18, answers={"pain": 6, "site": "PLP"})  # fmt: skip
    with RecorderClient(recorder) as client:
        client.enter(first)
        client.enter(
            Entry(entry_id="log-0", participant="11", instrument="pain_log", who="anna", source="therapist",
                  entered_utc_ns=2 * 10**18, about_utc_ns=10**18, answers={"pain": 4, "site": "PLP"},
                  supersedes="log-1")
        )  # fmt: skip
    store = telemetry.open_store(data)
    export_tables(store, tmp_path / "csv", "csv")
    other = tmp_path / "other"
    with RecorderProcess(other) as process, RecorderClient(process.address) as client:
        for code in ("11", "15"):
            client.put_profile(Profile(code=code))
        assert run(other, tmp_path / "csv").exit_code == 0
        done = run(other, tmp_path / "csv")
    assert f"0 entries are new, {len(store.entries())} were there already" in done.output
    there, here = (s.entries().set_index("entry_id") for s in (telemetry.open_store(other), store))
    pd.testing.assert_frame_equal(
        there[["about_at", "answers", "source", "supersedes", "current"]].sort_index(),
        here[["about_at", "answers", "source", "supersedes", "current"]].sort_index(),
    )
    assert set(there["origin"]) == {"imported"}
    done = run(data, tmp_path / "csv")
    assert "0 entries are new" in done.output, "nor where they were entered"


@pytest.mark.parametrize("days", ["36526", "-1e300", "1e308", "inf", "nan", "soon"])
def test_days_that_no_life_has_are_refused(tmp_path: Path, days: str) -> None:
    path = tmp_path / "pain.tsv"
    path.write_text(f"participant_id\tdays\tPLPNRS\nsub-11\t{days}\t6\n")
    with pytest.raises(BadImport, match=r"row 2, column days: expected a number of days, 36525 at most"):
        entries_of_tables(path, 0, "dr_a", 1)


def test_tables_about_a_year_that_is_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pain.tsv"
    path.write_text("participant_id\tPLPNRS\nsub-11\t6\n")
    with pytest.raises(BadImport, match="expected a time between 1900 and 2200"):
        entries_of_tables(path, 253_402_300_799 * 10**9, "dr_a", 1)


def test_our_own_data_set_comes_in_with_the_days_that_it_tells(recorder: str, data: Path, tmp_path: Path) -> None:
    export_bids(telemetry.open_store(data), tmp_path / "bids")
    table = tmp_path / "bids/phenotype/pain_questionnaire.tsv"
    table.write_text(table.read_text().replace("\t0\t6\t", "\t2.5\t6\t"))
    (found,) = entries_of_tables(table, 86_400 * 10**9, "dr_a", 7).entries
    assert found.about_utc_ns == 3.5 * 86_400 * 10**9
    assert found.answers == {"PLPNRS": 6, "PLPWords": 3, "Telescoping": 0}


def test_what_says_no_true_date_is_refused(recorder: str, data: Path, tables: Path, tmp_path: Path) -> None:
    assert "say when these tables were filled in" in run(data, tables).output
    with RecorderClient(recorder) as client:
        client.put_profile(Profile(code="11", consent="open", version=2))
    export_tables(telemetry.open_store(data), tmp_path / "shared", "csv", level=Level.SHAREABLE)
    with pytest.raises(BadImport, match="expected a full export"):
        entries_of_export(tmp_path / "shared", "dr_a", 1)
    assert "leave --about" in run(data, tmp_path / "shared", "--about", "2020-01-01").output
