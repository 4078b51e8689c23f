"""What comes from outside is taken as it is, or refused with the file, the row and the column."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry.errors import BadImport
from telemetry.export import export_bids, export_tables
from telemetry.imports import BidsRecording, is_motion_bids, read_export, read_phenotype
from telemetry.recorded import RecordedSession
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study
from vrrehab.body.skeleton import Body, Provenance, Side, joint
from vrrehab.sources.session_recording import SessionSource, bids_source

PARTICIPANTS = """\
participant_id\tParticipantID\tAge\tSex\tHandLateralization\tFootLateralization\tAmputee\tPain\tAmputationLevel\tAmputationSide\tComment
sub-15\t15\t22\tM\t45\t-16\t0\t0\tn/a\tn/a\tn/a
sub-11\t11\t61\tF\t72\t18\t1\t1\tTransradial and transtibial\tQuadruple\tn/a
"""  # the form and two kinds of row of ds006921, CC0
PAIN = """\
participant_id\tsession_id\tPLPNRS\tPLPWords\tMPQThrobbing\tSleepInterference\tTelescoping\tPLPFrequency
sub-11\tses-1\t6\t3\t2\t4\t0\t1
sub-11\tses-2\t5\tn/a\t2\t4\t0\t1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "data"
    write_study(folder, simulate(Truth(declined=0.3), participants=1, sessions=1, seed=4, runs=3), movement_s=1.0)
    return folder


@pytest.fixture(scope="module")
def bids(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bids") / "out"
    export_bids(telemetry.open_store(study), out)
    return out


# --- questionnaires ---------------------------------------------------------------------------------------------------


def test_tables_of_ds006921_are_taken_with_their_codes(tmp_path: Path) -> None:
    (tmp_path / "participants.tsv").write_text(PARTICIPANTS)
    people = read_phenotype(tmp_path / "participants.tsv")
    assert list(people["Age"]) == [22, 61]
    assert list(people["AmputationSide"]) == ["n/a", "Quadruple"], "n/a is one of its codes there"
    assert people["AmputationLevel"].isna().tolist() == [True, False]
    (tmp_path / "pain-questionnaire_sessions.tsv").write_text(PAIN)
    pain = read_phenotype(tmp_path / "pain-questionnaire_sessions.tsv")
    assert list(pain["session_id"]) == ["ses-1", "ses-2"]
    assert list(pain["PLPNRS"]) == [6, 5]
    assert pain["PLPWords"].isna().tolist() == [False, True]


def test_our_own_phenotype_tables_are_taken(bids: Path) -> None:
    assert read_phenotype(bids / "participants.tsv")["Amputee"].tolist() == [1]
    assert len(read_phenotype(bids / "phenotype/pain_questionnaire.tsv")) == 1


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("\t6\t3\t", "\t11\t3\t", (2, "PLPNRS"), "expected PLPNRS to be one of 0, 1"),
        ("\t6\t3\t", "\tsix\t3\t", (2, "PLPNRS"), "got 'six'"),
        ("ses-2", "ses-1", (3, None), "here is another"),
        ("sub-11\tses-2", "Mary\tses-2", (3, "participant_id"), "expected sub- and a code"),
        ("\t0\t1\nsub-11\tses-2", "\t0\nsub-11\tses-2", (2, None), "expected 8 values, one a column, got 7"),
        ("PLPWords", "PLPWord", (1, "PLPWord"), "expected items of pain_questionnaire"),
        ("participant_id", "id", (1, None), "expected the columns participant_id"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_place(tmp_path: Path, old: str, new: str, where, what: str) -> None:
    path = tmp_path / "pain.tsv"
    path.write_text(PAIN.replace(old, new, 1))
    with pytest.raises(BadImport) as caught:
        read_phenotype(path)
    assert (caught.value.row, caught.value.column) == where
    assert what in str(caught.value)
    assert str(path) in str(caught.value)


# --- earlier exports --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_comes_back_as_the_store_gave_it(study: Path, tmp_path: Path, form: str) -> None:
    store = telemetry.open_store(study)
    export_tables(store, tmp_path / "out", form)
    back = read_export(tmp_path / "out")
    assert back.added == ()
    assert back.unknown == ()
    for name in ("sessions", "tasks", "ratings", "events", "task_pain"):
        expected = getattr(store, name)()
        table = back.tables[name][list(expected)]
        if form == "csv" and name == "task_pain":
            told = [column for column in expected if not column.startswith("setting_")]  # of no declared type
            expected, table = expected[told], table[told]
        if form == "csv":  # which has microseconds
            expected = expected.assign(**{c: expected[c].dt.floor("us") for c in expected.select_dtypes("datetimetz")})
        pd.testing.assert_frame_equal(table, expected, check_dtype=False, check_exact=form == "parquet", rtol=1e-12)


@pytest.fixture(scope="module")
def in_csv(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("csv") / "out"
    export_tables(telemetry.open_store(study), out, "csv")
    return out


def test_a_column_of_a_later_version_is_empty_and_one_of_another_stays(in_csv: Path, tmp_path: Path) -> None:
    shutil.copytree(in_csv, tmp_path / "out")
    tasks = pd.read_csv(tmp_path / "out/tasks.csv")
    tasks.drop(columns="chosen_by").assign(mood="fine").to_csv(tmp_path / "out/tasks.csv", index=False)
    back = read_export(tmp_path / "out")
    assert (back.added, back.unknown) == (("tasks.chosen_by",), ("tasks.mood",))
    assert back.tables["tasks"]["chosen_by"].isna().all()
    assert set(back.tables["tasks"]["mood"]) == {"fine"}


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("pain_after", "much", "expected a number, got 'much'"),
        ("run_number", "1.5", "expected a whole number"),
        ("rating_status", "lost", "expected one of awaiting, given"),
        ("started_at", "yesterday", "expected a time such as"),
    ],
)
def test_a_value_that_a_column_cannot_have_is_refused_with_its_place(
    in_csv: Path, tmp_path: Path, column: str, value: str, what: str
) -> None:
    shutil.copytree(in_csv, tmp_path / "out")
    path = tmp_path / "out/tasks.csv"
    tasks = pd.read_csv(path, dtype=object)
    tasks.loc[1, column] = value
    tasks.to_csv(path, index=False)
    with pytest.raises(BadImport, match=r"tasks\.csv, row 3") as caught:
        read_export(tmp_path / "out")
    assert caught.value.column == column
    assert what in str(caught.value)


def test_a_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImport, match="expected what vrrehab export csv or parquet wrote"):
        read_export(tmp_path)


# --- movement ---------------------------------------------------------------------------------------------------------


def test_a_motion_bids_recording_plays_as_the_session_that_it_was_made_of(study: Path, bids: Path) -> None:
    (session,) = telemetry.open_store(study).sessions()["session_id"]
    ours, theirs = SessionSource(RecordedSession(study, session)), bids_source(BidsRecording(bids))
    wrist = joint(Side.RIGHT, "wrist")
    seen = 0
    for at_ns in range(5, 3_000_000_000, 40_000_000):
        here, there = Body.unseen(), Body.unseen()
        ours.locate(at_ns, here)
        theirs.locate(at_ns, there)
        np.testing.assert_allclose(there.poses, here.poses, atol=1e-6)
        np.testing.assert_array_equal(there.provenance, here.provenance)
        seen += here.provenance[wrist] == Provenance.SCRIPTED
    assert seen > 50
    assert theirs.origin == "recording"


def test_a_folder_of_one_recording_or_its_file_is_known_as_such(bids: Path, tmp_path: Path) -> None:
    (path,) = bids.rglob("*tracksys-tracked_motion.tsv")
    assert is_motion_bids(path)
    assert is_motion_bids(bids)
    assert not is_motion_bids(tmp_path)
    assert BidsRecording(path).session_id == BidsRecording(bids / "sub-SIM001").session_id


def altered(bids: Path, to: Path, kind: str, alter: Callable[[str], str]) -> Path:
    """The tracked recording alone, with one of its files altered."""
    (motion,) = bids.rglob("*tracksys-tracked_motion.tsv")
    stem = motion.name.removesuffix("_motion.tsv")
    for name in ("motion.tsv", "motion.json", "channels.tsv"):
        text = motion.with_name(f"{stem}_{name}").read_text()
        (to / f"{stem}_{name}").write_text(alter(text) if name == kind else text)
    return to / f"{stem}_motion.tsv"


@pytest.mark.parametrize(
    ("kind", "alter", "what"),
    [
        ("motion.tsv", lambda text: text.replace("0.18", "far", 1), "row 1: expected numbers"),
        ("motion.tsv", lambda text: text.rstrip("\n").rpartition("\t")[0], "row 90: expected 73"),
        ("motion.tsv", lambda text: text.split("\n")[0] + "\n" + text, "row 2, column latency: expected"),
        ("motion.tsv", lambda text: "", "expected at least one frame"),
        ("motion.json", lambda text: "{}", "expected JSON with SamplingFrequency"),
        ("channels.tsv", lambda text: text.replace("quat_w", "quat_v"), "none has them all"),
        ("channels.tsv", lambda text: text.replace("tracked_point", "point"), "expected the columns tracked_point"),
        ("channels.tsv", lambda text: text.replace("\tm\t", "\tinch\t", 1), "column units: expected metres"),
    ],
)  # fmt: skip
def test_a_recording_that_cannot_be_played_is_refused_with_the_place(
    bids: Path, tmp_path: Path, kind: str, alter: Callable[[str], str], what: str
) -> None:
    path = altered(bids, tmp_path, kind, alter)
    with pytest.raises(BadImport) as caught:
        BidsRecording(path)
    assert what in str(caught.value)


def test_a_recording_in_millimetres_without_provenance_is_played_in_metres_as_measured(
    bids: Path, tmp_path: Path
) -> None:
    path = altered(
        bids, tmp_path, "channels.tsv", lambda text: text.replace("\tm\t", "\tmm\t").replace("_provenance", "_p")
    )
    body = Body.unseen()
    bids_source(BidsRecording(path)).locate(0, body)
    wrist = joint(Side.RIGHT, "wrist")
    assert body.provenance[wrist] == Provenance.MEASURED
    assert np.linalg.norm(body.poses[wrist, :3]) < 0.002


def test_other_axes_and_other_joints_are_refused(bids: Path, tmp_path: Path) -> None:
    path = altered(
        bids,
        tmp_path,
        "channels.tsv",
        lambda text: text.replace("centre_head", "LeftHandIndex1").replace("right_", "R."),
    )
    with pytest.raises(BadImport, match="expected tracked points such as left_wrist"):
        bids_source(BidsRecording(path))
    other = {"reference_frame": {"Levels": {"lab": {"SpatialAxes": "RAS"}}}}
    path.with_name(path.name.replace("motion.tsv", "channels.json")).write_text(json.dumps(other))
    with pytest.raises(BadImport, match="expected SpatialAxes RSP"):
        BidsRecording(path)


def test_two_recordings_in_a_folder_have_to_be_told_apart(bids: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"sub-{number}_task-x_tracksys-a_motion.tsv").write_text("")
    with pytest.raises(BadImport, match="expected one recording, but it holds 2; name one, such as sub-1"):
        BidsRecording(tmp_path)
