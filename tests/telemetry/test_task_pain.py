"""The ledger in one table, on live and on sealed stores."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry import messages
from telemetry.analysis.selection import given_scores, is_on_nrs, missing_bounds
from telemetry.features import measure_session, write_features
from telemetry.folder import Folder
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study
from telemetry.verify import recover, verify

STUDY = simulate(Truth(declined=0.2, missed=0.1), participants=2, sessions=2, seed=4)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("study")
    write_study(data, STUDY, movement_s=3.0)
    return data


def play(data: Path, sealed: bool) -> pd.DataFrame:
    """A session with changes of a setting, a correction, a stump score and an open question."""
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.happened("settings_in_force", gain=1.0, calm=True)
    session.answer(session.ask("before"), 7.0)
    session.change_setting("gain", 1.0, 1.5)
    first = session.begin_task()
    session.change_setting("gain", 1.5, 2.0)
    session.score(first, accuracy=0.85, response_s=1.9, said="left")
    session.end_task(first)
    rating = session.ask("after_task", first)
    session.answer(rating, 5.0)
    session.correct(rating, 4.0)
    session.answer(session.ask("after_task", first, "RLP"), 3.0)
    second = session.begin_task("reach_touch")
    session.end_task(second)
    session.answer(session.ask("after_task", second), None, "declined")
    session.answer(session.ask("after_task", second, "RLP"), 2.0)
    third = session.begin_task()
    session.end_task(third)
    session.ask("after_task", third)
    if sealed:
        session.end()
    sender.close(5.0)
    if sealed:
        recover(data)
    else:
        # What a recorder does that has everything and has not sealed it yet.
        record = Record(Folder(data))
        from telemetry.recovery import _take_spools

        _take_spools(record, [])
        record.enter()
        record.close()
    return telemetry.open_store(data).task_pain()


@pytest.mark.parametrize("sealed", [True, False])
def test_every_task_run_has_its_scores_by_site(data: Path, sealed: bool) -> None:
    ledger = play(data, sealed)
    assert ledger["site"].astype(str).tolist() == ["PLP", "RLP", "PLP", "RLP", "PLP"]
    assert ledger["pain_before"].fillna(-1).tolist() == [7, -1, 4, 3, 4]
    assert ledger["pain_after"].fillna(-1).tolist() == [4, 3, -1, 2, -1]
    assert ledger["pain_change"].fillna(99).tolist() == [-3, 99, 99, -1, 99]
    unanswered = "interrupted" if sealed else "awaiting"
    assert ledger["rating_status"].tolist() == ["given", "given", "declined", "given", unanswered]
    assert ledger["corrected"].tolist() == [True, False, False, False, False]
    assert ledger["before_phase"].astype("string").fillna("-").tolist() == [
        "before",
        "-",
        "after_task",
        "after_task",
        "after_task",
    ]
    assert set(ledger["sealed"]) == {sealed}


def test_settings_are_those_in_force_when_the_task_run_began(data: Path) -> None:
    ledger = play(data, sealed=True)
    plp = ledger[ledger["site"] == "PLP"]
    assert plp["setting_gain"].tolist() == [1.5, 2.0, 2.0]
    assert plp["settings_changed"].tolist() == [1, 0, 0]
    assert plp["setting_calm"].tolist() == [True, True, True]
    assert plp["setting_calm"].dtype == "boolean"


def test_what_a_task_measured_itself_stands_beside_its_scores_of_pain(data: Path) -> None:
    ledger = play(data, sealed=True)
    assert ledger["score_accuracy"].fillna(-1).tolist() == [0.85, 0.85, -1, -1, -1]
    assert ledger["score_response_s"].fillna(-1).tolist() == [1.9, 1.9, -1, -1, -1]
    assert [name for name in ledger if name.startswith("score_")] == ["score_accuracy", "score_response_s"]
    explained = telemetry.open_store(data).dictionary().query("table == 'task_pain'")["column"]
    assert explained.tolist() == list(ledger)


def test_order_and_dose_are_counted_within_the_session(data: Path) -> None:
    plp = play(data, sealed=True).query("site == 'PLP'")
    assert plp["previous_task"].fillna("-").tolist() == ["-", "open_close", "reach_touch"]
    assert plp["dose_before_s"].tolist() == [0.0, 12.5, 25.0]
    assert plp["repetitions_before"].tolist() == [0, 5, 10]
    assert plp["time_in_session_s"].is_monotonic_increasing


def test_a_simulated_study_comes_out_of_the_store_as_it_went_in(study: Path) -> None:
    ledger = telemetry.open_store(study).task_pain().set_index("task_run_id")
    planted = STUDY.set_index("task_run_id").loc[ledger.index]
    for name in ("pain_before", "pain_after", "pain_change", "pain_at_start", "session_number", "course_day",
                 "duration_s", "dose_before_s", "time_in_session_s"):  # fmt: skip
        np.testing.assert_allclose(ledger[name].astype(float), planted[name].astype(float), err_msg=name)
    assert (ledger["rating_status"].astype(str) == planted["rating_status"].astype(str)).all()
    assert set(ledger["origin"]) == {"scripted"}
    assert verify(study) == []


def test_measures_appear_in_the_ledger_once_they_are_computed(study: Path) -> None:
    store = telemetry.open_store(study)
    assert store.task_pain()["feature_path_length_m"].isna().all()
    write_features(study, workers=1)
    ledger = store.task_pain()
    assert ledger["feature_path_length_m"].notna().all()
    assert ledger["feature_moved_side"].tolist() == ["right"] * len(ledger)
    assert ledger["feature_sparc"].median() == pytest.approx(-1.41, abs=0.1)
    dictionary = store.dictionary().query("table == 'task_pain'")
    assert dictionary["column"].tolist() == list(ledger)
    assert dictionary["description"].str.len().min() > 3


def test_a_break_that_a_therapist_took_is_in_no_measure_of_its_task_run(study: Path) -> None:
    runs = telemetry.open_store(study).tasks().set_index("task_run_id")
    before = measure_session(study, "SIM001-01").set_index("task_run_id")["path_length_m"]
    held, *others = before.index
    began, frames = runs.loc[held, "started_mono_ns"], telemetry.open_store(study).motion("SIM001-01", held)
    middle_ns = int(frames["mono_ns"].median())
    with closing(sqlite3.connect(study / "clinic.db")) as db, db:
        for seq, name, mono_ns in ((9001, "paused", began), (9002, "resumed", middle_ns)):
            db.execute("INSERT INTO events (session_id, stream, seq, mono_ns, name, detail) VALUES (?, ?, ?, ?, ?, ?)",
                       ("SIM001-01", "events", seq, int(mono_ns), name, "{}"))  # fmt: skip
    after = measure_session(study, "SIM001-01").set_index("task_run_id")["path_length_m"]
    assert after[held] == pytest.approx(before[held] / 2, rel=0.2)
    assert after[others].tolist() == before[others].tolist()


def test_a_session_whose_motion_is_lost_says_so_and_the_others_are_measured(tmp_path: Path) -> None:
    write_study(tmp_path, STUDY[STUDY["session_number"] == 1], movement_s=2.0)
    (tmp_path / "motion/participant=SIM001/session=SIM001-01/motion.parquet").unlink()
    measures = write_features(tmp_path, workers=1).set_index("session_id")
    assert "SIM001-01" in measures.loc["SIM001-01", "problem"].iloc[0]
    assert measures.loc["SIM002-01", "problem"].isna().all()
    assert measure_session(tmp_path, "SIM002-01")["path_length_m"].notna().all()


def test_a_store_without_sessions_has_a_ledger_without_rows(data: Path) -> None:
    Record(Folder(data)).close()
    ledger = telemetry.open_store(data).task_pain()
    assert len(ledger) == 0
    assert {"pain_change", "feature_sparc"} <= set(ledger)
    assert ledger["origin"].cat.categories.tolist() == list(messages.Origin.__args__)


@pytest.fixture
def two_scales(data: Path) -> telemetry.Store:
    """A session scored on 0-100 at first, then on 0-10; its last task run was never asked about."""
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.answer(session.ask("before", scale="VAS-100"), 70.0)
    for scale, value in (("VAS-100", 60.0), ("nrs_0_10", 6.0), ("NRS-11", 5.0), ("VAS-100", 40.0)):
        run = session.begin_task()
        session.end_task(run)
        session.answer(session.ask("after_task", run, scale=scale), value)
    session.end_task(session.begin_task())
    session.end()
    sender.close(5.0)
    recover(data)
    return telemetry.open_store(data)


def test_scores_of_different_scales_are_never_subtracted(two_scales: telemetry.Store) -> None:
    ledger = two_scales.task_pain()
    for table in (ledger, two_scales.tasks()):
        assert table["pain_before"].fillna(-1).tolist() == [70, -1, 6, 60, 40]
        assert table["pain_change"].fillna(99).tolist() == [-10, 99, -1, -20, 99]
    assert ledger["pain_at_start"].tolist() == [70, 6, 6, 70, 70]
    assert ledger["scale"].tolist() == ["VAS-100", "nrs_0_10", "NRS-11", "VAS-100", "VAS-100"]


def test_a_task_run_that_was_never_asked_about_is_on_the_scale_of_the_score_before(two_scales: telemetry.Store) -> None:
    ledger = two_scales.task_pain()
    assert is_on_nrs(ledger).tolist() == [False, True, True, False, False]
    _, account = given_scores(ledger, ("scripted",))
    assert "1 of 5 task runs analysed; left out: 3 scored on another scale" in str(account)
    filled = missing_bounds(ledger, ("scripted",))["worse"]
    assert filled["pain_after"].tolist() == [5.0], "40 of 100 is no 10 of 10"
