"""A BIDS data set holds what the record holds, the official validator has nothing against it, and our checks see what
the validator does not look at."""

from __future__ import annotations

import importlib
import itertools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import telemetry
from telemetry.errors import FolderTaken
from telemetry.export import Level, Release, check_bids, export_bids, export_tables
from telemetry.export.bids_motion import Piece, coarser
from telemetry.folder import Folder
from telemetry.messages import ConsentLevel, Entry, LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.testing.bids import validator_errors
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study
from telemetry.verify import recover
from vrrehab.cli import app

NOW_NS = 1_790_000_000 * 10**9  # in September 2026
SECRETS = ("anna", "Aunt Mary", "lavender oil", "Dr. Winter", "Elm Street", "20260921")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "data"
    write_study(folder, simulate(Truth(declined=0.3), participants=2, sessions=2, seed=4), movement_s=1.0)
    return folder


@pytest.fixture(scope="module")
def full(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bids") / "full"
    assert export_bids(telemetry.open_store(study), out).sessions == 4
    return out


@pytest.fixture
def dataset(full: Path, tmp_path: Path) -> Path:
    """A copy to be broken."""
    shutil.copytree(full, tmp_path / "bids")
    return tmp_path / "bids"


def motion_file(dataset: Path) -> Path:
    return min(dataset.rglob("*tracksys-tracked_motion.tsv"))


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_the_validator_and_our_checks_have_nothing_against_the_synthetic_study(full: Path) -> None:
    assert validator_errors(full) == []
    assert check_bids(full) == []


def test_every_frame_is_there_with_its_channels_to_the_last_bit(full: Path, study: Path) -> None:
    store = telemetry.open_store(study)
    session = store.sessions().sort_values(["participant", "started_at"])["session_id"].iloc[0]
    motion = store.motion(session)
    path = motion_file(full)
    channels = pd.read_csv(path.with_name(path.name.replace("_motion", "_channels")), sep="\t")
    frames = pd.read_csv(path, sep="\t", header=None, names=list(channels["name"]), na_values=["n/a"])
    assert len(frames) == len(motion)
    np.testing.assert_allclose(frames["latency"], motion["time_s"] - motion["time_s"].iloc[0], atol=1e-9)
    for name in channels["name"][channels["type"].isin(["POS", "ORNT"])]:
        assert frames[name].to_numpy(np.float32).tobytes() == motion[f"tracked_{name}"].to_numpy().tobytes(), name
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["MotionChannelCount"] == len(channels)
    assert told["SamplingFrequency"] == pytest.approx(30.0, abs=0.01)
    assert "left_wrist" not in set(channels["tracked_point"]), "nobody tracked the missing arm"
    shown = next(path.parent.glob("*tracksys-virtual_channels.tsv"))
    assert "left_wrist" in set(pd.read_csv(shown, sep="\t")["tracked_point"])


def test_events_have_every_task_run_its_rating_and_the_settings(full: Path, study: Path) -> None:
    tasks = telemetry.open_store(study).tasks()
    events = pd.concat([pd.read_csv(path, sep="\t", na_values=["n/a"]) for path in sorted(full.rglob("*_events.tsv"))])
    runs, ratings = (events[events["trial_type"] == kind] for kind in ("task_run", "rating"))
    assert len(runs) == len(tasks)
    after = ratings[ratings["phase"] == "after_task"]
    assert after["value"].dropna().sum() == tasks["pain_after"].sum()
    assert sorted(after["status"]) == sorted(tasks["rating_status"].astype(str))
    assert {"limb_opacity_ratio", "smoothing"} <= set(events.loc[events["trial_type"] == "setting", "name"])


def test_onsets_count_from_the_first_frame_of_the_movement(full: Path) -> None:
    path = motion_file(full)
    events = pd.read_csv(next(path.parent.glob("*_events.tsv")), sep="\t")
    first = events[events["trial_type"] == "task_run"].iloc[0]
    assert first["onset"] == pytest.approx(-0.02), "frames are timed by when they are seen, 20 ms later"


def test_the_ledger_is_there_with_its_measures_and_every_column_explained(full: Path, study: Path) -> None:
    ledger = telemetry.open_store(study).task_pain()
    back = pd.concat([pd.read_csv(p, sep="\t", na_values=["n/a"]) for p in sorted(full.rglob("*taskruns_beh.tsv"))])
    assert back["pain_change"].dropna().sum() == ledger["pain_change"].sum()
    for path in full.rglob("*_beh.tsv"):
        told = json.loads(path.with_suffix(".json").read_text())
        assert set(pd.read_csv(path, sep="\t", nrows=0).columns) <= set(told)


def test_a_participant_has_one_row_with_the_fields_of_ds006921_and_repeats_are_elsewhere(full: Path) -> None:
    people = pd.read_csv(full / "participants.tsv", sep="\t")
    assert list(people["participant_id"]) == ["sub-SIM001", "sub-SIM002"]
    assert list(people.columns[1:9]) == [
        "Age", "Sex", "HandLateralization", "FootLateralization", "Amputee", "Pain", "AmputationLevel",
        "AmputationSide",
    ]  # fmt: skip
    assert list(people["AmputationLevel"]) == ["Wrist disarticulation", "Transradial"]
    asked = pd.read_csv(full / "phenotype/pain_questionnaire.tsv", sep="\t")
    assert list(asked["participant_id"]) == ["sub-SIM001", "sub-SIM002"]
    repeated = pd.read_csv(full / "sub-SIM001/beh/sub-SIM001_task-painquestionnaire_beh.tsv", sep="\t")
    assert len(repeated) == 2
    assert repeated["PLPNRS"].iloc[0] == asked["PLPNRS"].iloc[0]
    told = json.loads((full / "phenotype/pain_questionnaire.json").read_text())
    assert told["PLPNRS"]["Levels"]["10"] == "10 - Worst possible pain"


def test_a_folder_that_holds_something_is_left_as_it_is(study: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FolderTaken, match="expected an empty folder"):
        export_bids(telemetry.open_store(study), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# --- what is wrong with one -------------------------------------------------------------------------------------------


def test_the_validator_refuses_a_broken_export(dataset: Path) -> None:
    motion_file(dataset).with_suffix(".json").unlink()
    events = min(dataset.rglob("*_events.tsv"))
    events.write_text(events.read_text().replace("onset\t", "when\t", 1))
    people = dataset / "participants.tsv"
    people.write_text(people.read_text().replace("participant_id", "code", 1))
    codes = {issue["code"] for issue in validator_errors(dataset)}
    assert {"TSV_COLUMN_MISSING", "SIDECAR_KEY_REQUIRED"} <= codes, codes


def altered(path: Path, alter: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(alter(path.read_text().splitlines())) + "\n")


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda rows: ["\t".join(["time"] * (rows[0].count("\t") + 1)), *rows], "row 1, column latency: expected"),
        (lambda rows: [*rows[:40], rows[40].replace("\t", "\tfar\t", 1).rsplit("\t", 1)[0], *rows[41:]], "row 41, c"),
        (lambda rows: [*rows[:40], rows[40].rsplit("\t", 1)[0], *rows[41:]], "row 41: expected 73 values"),
        (lambda rows: [*rows[:40], rows[39], *rows[40:]], "row 41, column latency: expected times that rise"),
        (lambda rows: [], "expected"),
    ],
)  # fmt: skip
def test_our_checks_see_what_is_wrong_in_a_motion_file(dataset: Path, alter, said: str) -> None:
    altered(motion_file(dataset), alter)
    (problem,) = check_bids(dataset)
    assert problem.path == str(motion_file(dataset).relative_to(dataset))
    assert said in str(problem)


def test_the_validator_does_not_see_it(dataset: Path) -> None:
    """The reason for having checks of our own; where this fails, the validator has learnt it."""
    altered(motion_file(dataset), lambda rows: ["\t".join(["time"] * (rows[0].count("\t") + 1)), *rows])
    next(motion_file(dataset).parent.glob("*virtual_channels.tsv")).unlink()
    assert validator_errors(dataset) == []
    assert len(check_bids(dataset)) == 2


def test_our_checks_see_counts_missing_channels_and_words_among_numbers(dataset: Path) -> None:
    motion = motion_file(dataset)
    told = json.loads(motion.with_suffix(".json").read_text())
    motion.with_suffix(".json").write_text(json.dumps(told | {"POSChannelCount": 1}))
    next(motion.parent.glob("*virtual_channels.tsv")).unlink()
    ratings = min(dataset.rglob("*ratings_beh.tsv"))
    altered(ratings, lambda rows: [rows[0], rows[1].replace("\tgiven\t", "\tgiven up\t"), *rows[2:]])
    ledger = min(dataset.rglob("*taskruns_beh.tsv"))
    altered(ledger, lambda rows: rows[1:])
    people = dataset / "participants.tsv"
    altered(people, lambda rows: [rows[0], *(re.sub(r"\t\d\d\t", "\tforty\t", row, count=1) for row in rows[1:2])])
    said = "\n".join(map(str, check_bids(dataset)))
    assert "POSChannelCount: expected 27" in said
    assert "channels.tsv beside it, but there is none" in said
    assert "column status: expected one of" in said
    assert "expected a header row" in said
    assert "participants.tsv, row 2, column Age: expected a number, got 'forty'" in said
    assert "expected a row for sub-SIM002" in said


# --- what may be shared -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people who agreed to different things, each with a session full of what must not get out."""
    data = tmp_path_factory.mktemp("clinic") / "data"
    levels: dict[str, ConsentLevel] = {"P001": "care", "P002": "research", "P003": "open"}
    for number, code in enumerate(levels):
        start_ns = NOW_NS + number * 86_400 * 10**9
        session_id = f"20260921T1426{number:02d}Z-ab{number}c"
        sender = Sender(data / "spool", session_id, None, FrameLayout(JOINTS))
        session = PretendSession(sender, session_id, code, utc_ns=start_ns)
        session.happened("note", text="Aunt Mary called", who="anna")
        session.happened("score", hits=7, comment="Elm Street", xr_ns=start_ns)
        session.change_setting("gain_ratio", 1.0, 1.5)
        session.adverse_event(text="smelled of lavender oil")
        session.perform((6.0, None), frames=40)
        sender.close(5.0)
    recover(data)
    record = Record(Folder(data))
    for code, consent in levels.items():
        losses = (LimbLoss(limb="leg", side="right", level="below_knee"),)
        record.clinic.put_participant(Profile(code=code, consent=consent, limb_losses=losses))
        for name, answers in (
            ("profile", {"Age": 94, "Amputee": 1, "Pain": 1, "AmputationLevel": "Dr. Winter", "AmputationYear": 2016}),
            ("pain_log", {"pain": 4, "site": "PLP", "text": "lavender oil"}),
            ("medication", {"substance": "lavender oil", "change": "taken"}),
        ):
            record.clinic.enter(
                Entry(entry_id=f"20260921-{code}-{name}", participant=code, instrument=name, who="anna",
                      source="participant", entered_utc_ns=NOW_NS, about_utc_ns=NOW_NS, answers=answers)
            )  # fmt: skip
    record.close()
    return data


def everything_in(folder: Path) -> str:
    return "\n".join(f"{path}\n{path.read_text()}" for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def shared(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bids") / "shared"
    assert export_bids(telemetry.open_store(clinic), out, Level.SHAREABLE).withheld == ("P001",)
    return out


def test_consent_decides_what_is_shared_of_whom(shared: Path) -> None:
    assert not (shared / "sub-P001").exists()
    assert "P001" not in everything_in(shared)
    assert list((shared / "sub-P002").rglob("*_beh.tsv")), "scores of who agreed to research"
    assert not list((shared / "sub-P002").rglob("*motion*")), "and no movement"
    (motion,) = (shared / "sub-P003").rglob("*_motion.tsv")
    told = json.loads(motion.with_suffix(".json").read_text())
    assert told["SamplingFrequency"] == 10.0
    assert len(motion.read_text().splitlines()) == 10, "0.9 s of movement"
    assert validator_errors(shared) == []
    assert check_bids(shared) == []


def test_a_shareable_data_set_has_no_date_no_name_and_no_free_text(shared: Path, clinic: Path, tmp_path: Path) -> None:
    text = everything_in(shared)
    in_full = tmp_path / "full"
    export_bids(telemetry.open_store(clinic), in_full)
    for secret in SECRETS:
        assert re.search(rf"\b{secret}\b", text) is None, secret
    for secret in ("anna", "Aunt Mary", "lavender oil", "Dr. Winter", "20260921"):
        assert re.search(rf"\b{secret}", everything_in(in_full)), "else the test shows nothing"
    assert re.findall(r"\b20[0-9]{2}-[0-9]{2}", text) == [], "a date of this century"
    assert re.findall(r"\b1[67][0-9]{17}\b", text) == [], "nanoseconds since 1970"
    sessions = pd.read_csv(shared / "sub-P003/sub-P003_sessions.tsv", sep="\t")
    assert sessions["acq_time"].iloc[0] == "1901-01-01T00:00:00.000000"


def test_what_is_measured_is_still_there(shared: Path) -> None:
    events = pd.read_csv(next((shared / "sub-P002").rglob("*_events.tsv")), sep="\t", na_values=["n/a"])
    score = events[events["name"] == "score"].iloc[0]
    assert json.loads(score["detail"]) == {"hits": 7}
    assert json.loads(events[events["name"] == "note"].iloc[0]["detail"]) == {}
    assert list(events.loc[events["trial_type"] == "task_run", "repetitions"]) == [5, 5]
    person = pd.read_csv(shared / "participants.tsv", sep="\t").iloc[0]
    assert (person["Age"], person["YearsSinceAmputation"]) == (89, 10)
    assert person["AmputationLevel"] == "below knee", "of the profile's list, not what was written"


def test_the_data_set_says_what_was_removed(shared: Path, full: Path) -> None:
    told = " ".join((shared / "README.md").read_text().split())
    for words in ("consent is `care`: 1", "10 frames a second", "Dates are shifted", "`ratings.who`", "identify"):
        assert words in told
    assert "It stays in the clinic" in (full / "README.md").read_text()


def test_a_session_that_cannot_be_read_is_told_and_the_rest_goes_on(clinic: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(clinic, data)
    (data / "motion/participant=P002").rename(data / "motion/participant=P009")
    exported = export_bids(telemetry.open_store(data), tmp_path / "out")
    ((session, reason),) = exported.left_out
    assert session.endswith("ab1c")
    assert "vrrehab verify" in reason
    assert exported.sessions == 2
    assert not (tmp_path / "out/sub-P002/ses-001").exists()
    assert check_bids(tmp_path / "out") == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_are_shared_by_the_same_rules(clinic: Path, tmp_path: Path, form: str) -> None:
    exported = export_tables(telemetry.open_store(clinic), tmp_path / "out", form, level=Level.SHAREABLE)
    assert exported.withheld == ("P001",)
    read = pd.read_csv if form == "csv" else pd.read_parquet
    tables = [read(path) for path in exported.files if path.suffix == f".{form}"]
    text = "\n".join(table.to_csv() for table in tables)
    assert not [secret for secret in (*SECRETS, "P001") if secret in text]
    tasks = read(tmp_path / f"out/tasks.{form}")
    assert list(tasks["task_run_id"]) == [f"{c}-s001-t00{n}" for c in ("P002", "P003") for n in (1, 2)]
    ratings = read(tmp_path / f"out/ratings.{form}")
    assert set(tasks["rating_id"].dropna()) <= set(ratings["rating_id"])
    assert "What was removed" in (tmp_path / "out/README.md").read_text()
    with pytest.raises(ValueError, match="every frame of it identifies a person"):
        export_tables(telemetry.open_store(clinic), tmp_path / "more", form, motion=True, level=Level.SHAREABLE)


def test_a_full_release_is_the_store(clinic: Path) -> None:
    store = telemetry.open_store(clinic)
    for name in ("participants", "task_pain", "events", "entries"):
        pd.testing.assert_frame_equal(Release(store).table(name), getattr(store, name)())


def test_coarser_movement_is_the_mean_of_each_interval_whatever_pieces_it_comes_in() -> None:
    times = np.arange(100) / 90
    place = np.stack([times, -times, times * 0, *np.zeros((3, 100)), np.ones(100)], axis=1)
    poses = place[:, None, :].astype(np.float32)
    poses[1::2, :, 3:] *= -1  # the same rotation, told with the other sign
    codes = np.ones((100, 1), np.uint8)
    poses[40:60], codes[40:60] = np.nan, 0

    def at(*cuts: int) -> Piece:
        bounds = [0, *cuts, 100]
        pieces = [Piece(times[a:b], poses[a:b], codes[a:b]) for a, b in itertools.pairwise(bounds)]
        made = list(coarser(iter(pieces), 10.0, 0.0))
        return Piece(*(np.concatenate([getattr(p, n) for p in made]) for n in ("times_s", "poses", "codes")))

    whole = at()
    assert len(whole.times_s) == 12
    np.testing.assert_allclose(whole.poses[0, 0, 0], times[:9].mean(), atol=6e-4)
    np.testing.assert_allclose(whole.poses[~np.isnan(whole.poses[:, 0, 0]), 0, 6], 1.0)
    assert list(whole.codes[:, 0]) == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    for cuts in ((50,), (3, 4, 5), (45, 46, 90)):
        other = at(*cuts)
        np.testing.assert_array_equal(other.poses, whole.poses)
        np.testing.assert_array_equal(other.codes, whole.codes)


def test_the_command_shares_by_consent_and_refuses_every_frame(clinic: Path, tmp_path: Path) -> None:
    for name in ("export", "report"):  # one command alone has no name
        importlib.import_module(f"vrrehab.cli.{name}")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["export", *arguments, "--data", str(clinic), "--level", "shareable"])

    done = run("bids", "--out", str(tmp_path / "bids"))
    assert done.exit_code == 0, done.output
    assert "2 sessions. Left out as agreed to care only: 1 of the participants." in done.output
    assert not (tmp_path / "bids/sub-P001").exists()
    assert run("csv", "--out", str(tmp_path / "csv"), "--motion").exit_code == 2
