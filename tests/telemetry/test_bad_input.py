"""Whatever a study lacks, what it does not lack is analysed, and what is missing is told by its session and column."""

from __future__ import annotations

import importlib
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import telemetry
from telemetry.analysis import alternation_test, by_session, by_task, courses, given_scores, pain_model, piecewise
from telemetry.errors import MeasuresMissing, NotAnalysable, OtherVersion
from telemetry.export import check_bids, export_bids
from telemetry.features import measure_store, write_features
from telemetry.features.task_run import measure
from telemetry.folder import Folder
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.recovery import _take_spools
from telemetry.report_cohort import write_cohort_report
from telemetry.report_participant import write_participant_report
from telemetry.sender import Sender
from telemetry.testing import PretendSession
from telemetry.testing.earlier import store_of_revision
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import JOINTS, write_study
from telemetry.verify import recover

SCRIPTED = ("scripted",)
STUDY = simulate(Truth(declined=0, missed=0), participants=3, sessions=7, seed=4, runs=3)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, a session each, with a second of movement in each task run."""
    data = tmp_path_factory.mktemp("bad") / "data"
    write_study(data, STUDY[(STUDY["session_number"] == 1) & (STUDY["participant"] != "SIM003")], movement_s=1.0)
    return data


@pytest.fixture
def study(written: Path, tmp_path: Path) -> Path:
    """A copy to be broken."""
    shutil.copytree(written, tmp_path / "data")
    return tmp_path / "data"


def run(*arguments: str) -> str:
    for name in ("research", "report", "export"):
        importlib.import_module(f"vrrehab.cli.{name}")
    from vrrehab.cli import app

    return CliRunner().invoke(app, list(arguments)).output


def test_a_session_that_was_cut_off_is_named_and_the_sealed_ones_are_measured_and_exported(study: Path) -> None:
    sender = Sender(study / "spool", "CUT", None, FrameLayout(JOINTS))
    session = PretendSession(sender, "CUT", "SIM001")
    session.answer(session.ask("before"), 5.0)
    task = session.begin_task()
    session.end_task(task)
    session.answer(session.ask("after_task", task), 4.0)
    sender.close(5.0)
    record = Record(Folder(study))
    _take_spools(record, [])  # what a recorder does that was killed before the seal
    record.enter()
    record.close()
    ledger = telemetry.open_store(study).task_pain()
    cut = ledger[ledger["session_id"] == "CUT"]
    assert (cut["sealed"].tolist(), cut["pain_change"].tolist()) == ([False], [-1.0]), "its scores are there"
    said = run("features", "--workers", "1", "--data", str(study))
    assert "6 task runs of 2 sessions are measured" in said
    assert "CUT: not sealed yet, so not measured; end it, or run: vrrehab recover" in said
    exported = export_bids(telemetry.open_store(study), study.parent / "bids")
    assert exported.sessions == 2
    assert exported.left_out == (("CUT", "it is not sealed yet; end it, or run: vrrehab recover"),)
    assert check_bids(study.parent / "bids") == []


def test_a_session_without_any_score_is_named_and_the_others_are_analysed(tmp_path: Path) -> None:
    silent = STUDY["session_id"] == "SIM002-04"
    ledger = STUDY.copy()
    ledger.loc[silent, ["pain_before", "pain_after", "pain_change", "pain_at_start"]] = np.nan
    ledger.loc[silent, "rating_status"] = "declined"
    rows, account = given_scores(ledger, SCRIPTED)
    assert len(rows) == len(STUDY) - 3
    assert "3 with rating declined" in str(account)
    assert "with no pain_before and pain_after of one task run: session SIM002-04" in str(account)
    assert "session SIM002-04" in str(pain_model(ledger, SCRIPTED))
    course = courses(ledger, SCRIPTED)[1]
    assert (course.sessions, math.isnan(course.before), course.by_points is None) == (7, False, False)
    write_study(tmp_path, STUDY.assign(rating_status="declined", pain_at_start=6.0), movement_s=0.0)
    write_participant_report(tmp_path, "SIM002", tmp_path / "p.html", SCRIPTED)
    assert "21 declined" in (tmp_path / "p.html").read_text("utf-8")
    with pytest.raises(NotAnalysable, match="pain_before and pain_after, but 0 of 63"):
        write_cohort_report(tmp_path, tmp_path / "c.html", SCRIPTED)


def test_a_course_without_one_score_has_a_report_with_dashes(study: Path) -> None:
    sender = Sender(study / "spool", "MUTE", None, FrameLayout(JOINTS))
    session = PretendSession(sender, "MUTE", "MUTE1")
    session.answer(session.ask("before"), None, "declined")
    task = session.begin_task()
    session.end_task(task)
    session.answer(session.ask("after_task", task), None, "missed")
    session.end()
    sender.close(5.0)
    recover(study)
    write_participant_report(study, "MUTE1", study / "p.html", SCRIPTED)
    page = (study / "p.html").read_text("utf-8")
    assert "nan" not in page.split("</style>")[1].replace("nance", "")
    assert "<b>–</b><span>pain, first 3 sessions</span>" in page
    assert "1 missed" in page


def test_one_participant_alone_is_described_and_not_modelled(tmp_path: Path) -> None:
    alone = STUDY[STUDY["participant"] == "SIM001"]
    with pytest.raises(NotAnalysable, match=r"at least 3 participants, got 1; .*single_case"):
        pain_model(alone, SCRIPTED)
    table, _ = by_task(alone, origins=SCRIPTED)
    assert table["mean"].notna().all()
    assert table["low"].isna().all()
    write_study(tmp_path, alone, movement_s=0.0)
    write_cohort_report(tmp_path, tmp_path / "c.html", SCRIPTED)
    page = (tmp_path / "c.html").read_text("utf-8")
    assert "No model was made: expected at least 3 participants, got 1" in page
    assert "not tested: expected at least two pairs, got 1" in page


def test_equal_scores_are_told_and_reported_as_no_change(tmp_path: Path) -> None:
    columns = ["pain_before", "pain_after", "pain_at_start"]
    equal = STUDY.assign(**dict.fromkeys(columns, 5.0), pain_change=0.0)
    with pytest.raises(NotAnalysable, match="expected pain_change to vary, but all 63 task runs have 0"):
        pain_model(equal, SCRIPTED)
    assert {(c.change, c.by_points, c.reliable) for c in courses(equal, SCRIPTED)} == {(0.0, False, None)}
    found = alternation_test([5.0] * 6, ["A", "B"] * 3)
    assert (found.difference, found.p, found.least_p) == (0.0, 1.0, 1.0)
    assert piecewise([5.0] * 4, [5.0] * 4).level_change.value == pytest.approx(0.0, abs=1e-9)
    write_study(tmp_path, equal, movement_s=0.0)
    write_cohort_report(tmp_path, tmp_path / "c.html", SCRIPTED)
    page = (tmp_path / "c.html").read_text("utf-8")
    assert "pain_change to vary, but all 63 task runs have 0" in page
    assert "all 3 are 0; no test can be made" in page


def test_a_session_without_a_frame_is_named_and_exported_without_movement(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    write_study(empty, STUDY[STUDY["session_id"] == "SIM001-01"], movement_s=0.0)
    said = run("features", "--workers", "1", "--data", str(empty))
    assert "SIM001-01: no frames" in said
    exported = export_bids(telemetry.open_store(empty), tmp_path / "bids")
    assert (exported.sessions, exported.left_out) == (1, ())
    assert list((tmp_path / "bids").rglob("*_motion.tsv")) == []
    assert check_bids(tmp_path / "bids") == []


@pytest.mark.parametrize("still", [0.18, math.nan])
def test_a_point_that_never_moves_or_is_never_there_is_named(still: float) -> None:
    motion = pd.DataFrame({"time_s": np.arange(300) / 90, "pose_age_ns": 20_000_000})
    for axis in "xyz":
        motion[f"tracked_right_wrist_p{axis}"] = np.full(300, still, np.float32)
    motion["tracked_right_wrist_provenance"] = "measured"
    found = measure(motion, "arm", "right")
    where = "no movement in tracked_right_wrist" if still == still else "tracked_right_wrist_provenance"
    assert where in found["problem"]
    assert math.isnan(found["sparc"])


def test_measures_of_another_version_are_missing_with_a_warning_until_they_are_made_anew(study: Path) -> None:
    write_features(study, workers=1)
    path = study / "features.parquet"
    ours = pd.read_parquet(path)
    ours.drop(columns="sparc").to_parquet(path)
    with pytest.warns(MeasuresMissing, match=r"column sparc in .*SIM001-01, SIM002-01; .*: vrrehab features --data"):
        ledger = telemetry.open_store(study).task_pain()
    assert ledger["feature_path_length_m"].isna().all()
    assert ledger["pain_change"].notna().all(), "and all else is there"
    with pytest.warns(MeasuresMissing, match="column sparc"):
        write_participant_report(study, "SIM001", study / "p.html", SCRIPTED)
    assert "The movement was not measured; vrrehab features does it" in (study / "p.html").read_text("utf-8")
    assert "6 task runs of 2 sessions are measured" in run("features", "--workers", "1", "--data", str(study))
    pd.testing.assert_frame_equal(pd.read_parquet(path), ours)


def test_measures_that_came_about_otherwise_are_another_versions_with_the_same_columns_too(study: Path) -> None:
    ours = write_features(study, workers=1)
    older = ours.assign(path_length_m=0.0)
    older.attrs["version"] = 1
    older.to_parquet(study / "features.parquet")
    with pytest.warns(MeasuresMissing, match=r"expected version 2 of the measures in .*SIM001-01, SIM002-01"):
        assert telemetry.open_store(study).features().empty
    assert (write_features(study, workers=1)["path_length_m"] > 0.0).all()
    assert len(telemetry.open_store(study).features()) == len(ours)


@pytest.mark.parametrize("file_of_before", [False, True])
def test_movement_that_could_not_be_read_is_measured_once_it_is_restored(study: Path, file_of_before: bool) -> None:
    (motion,) = study.glob("motion/*/session=SIM001-01/motion.parquet")
    content = motion.read_bytes()
    motion.unlink()
    measured = write_features(study, workers=1).set_index("session_id")
    assert measured.loc["SIM001-01", "problem"].str.contains("is missing although the session is sealed").all()
    kept = pd.read_parquet(study / "features.parquet")
    assert kept.attrs["unread"] == ["SIM001-01"]
    if file_of_before:
        del kept.attrs["unread"]
    # What it says in words decides nothing.
    kept.assign(problem=kept["problem"].fillna("session of the other one")).to_parquet(study / "features.parquet")
    motion.write_bytes(content)
    measured = write_features(study, workers=1).set_index("session_id")
    assert measured.loc["SIM001-01", "path_length_m"].notna().all()
    assert (measured.loc["SIM002-01", "problem"] == "session of the other one").any(), "it is not measured again"
    assert len(measured) == 6


@pytest.mark.parametrize("damage", ["text", "truncated"])
def test_measures_that_cannot_be_read_do_not_stop_the_scores(study: Path, damage: str) -> None:
    path = study / "features.parquet"
    if damage == "text":
        write_features(study, workers=1)
        pd.read_parquet(path).astype({"lag_s": object}).assign(lag_s="late").to_parquet(path)
    else:
        path.write_bytes(b"PAR1 and no more")
    with pytest.warns(MeasuresMissing, match="the column lag_s in .*SIM001-01" if damage == "text" else "cannot be"):
        ledger = telemetry.open_store(study).task_pain()
    assert (len(ledger), ledger["feature_lag_s"].isna().all()) == (6, True)


def test_a_command_tells_a_warning_in_one_line(study: Path) -> None:
    (study / "features.parquet").write_bytes(b"PAR1 and no more")
    command = [sys.executable, "-m", "vrrehab", "report", "SIM001", "--origin", "scripted", "--data", str(study)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=study)
    (line,) = done.stderr.splitlines()
    assert line.startswith("vrrehab: ")
    assert "so no session has measures of movement; measure anew: vrrehab features" in line


def test_a_store_of_another_version_is_named_with_what_to_do(tmp_path: Path) -> None:
    store_of_revision(tmp_path / "clinic.db", "0003")
    with pytest.raises(OtherVersion, match=r"revision 0003, expected .*vrrehab recorder --data"):
        telemetry.open_store(tmp_path)


def test_sessions_of_different_joints_and_settings_are_one_study(study: Path) -> None:
    sender = Sender(study / "spool", "LEGS", None, FrameLayout(("centre_head", "right_ankle")))
    session = PretendSession(sender, "LEGS", "SIM001", joints=("centre_head", "right_ankle"))
    session.happened("settings_in_force", smoothing=False, only_here=3)
    session.perform((5.0, 4.0), frames=20)
    sender.close(5.0)
    recover(study)
    store = telemetry.open_store(study)
    ledger = store.task_pain().set_index("session_id")
    assert ledger.loc["LEGS", "setting_only_here"].tolist() == [3.0, 3.0]
    assert ledger.loc["SIM001-01", "setting_only_here"].isna().all()
    measures = measure_store(study, workers=1).set_index("session_id")
    assert measures.loc["LEGS", "problem"].str.contains("no joints of a hand in the columns of motion").all()
    assert measures.loc["SIM001-01", "path_length_m"].notna().all()
    assert export_bids(store, study.parent / "bids").sessions == 3
    assert check_bids(study.parent / "bids") == []


def test_an_unknown_site_or_scale_is_named_and_never_mixed_with_the_others() -> None:
    with pytest.raises(NotAnalysable, match="expected site to be one of PLP, RLP, PLS, got 'back'"):
        given_scores(STUDY, SCRIPTED, site="back")
    other = STUDY["session_id"] == "SIM001-02"
    ledger = STUDY.assign(scale=STUDY["scale"].where(~other, "VAS-100"))
    ledger.loc[other, "pain_after"] = 70.0
    _, account = given_scores(ledger, SCRIPTED)
    assert "3 scored on another scale than NRS-11" in str(account)
    assert "session SIM001-02" in str(account)
    assert by_session(ledger, SCRIPTED)["last"].max() <= 10
    assert "SIM001-02" not in set(by_session(ledger, SCRIPTED)["session_id"])
