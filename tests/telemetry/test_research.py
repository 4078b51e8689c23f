"""What a researcher does from the command line: a study, its measures, reports and the examples."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from telemetry.clinic import Clinic
from telemetry.errors import NotAnalysable, UnknownSession
from telemetry.folder import Folder
from telemetry.messages import Profile
from telemetry.report_cohort import write_cohort_report
from telemetry.report_page import signed
from telemetry.report_participant import write_participant_report
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study

ROOT = Path(__file__).parents[2]
SCRIPTED = ("scripted",)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three participants, nine sessions, no movement: enough for every analysis and quick to write."""
    data = tmp_path_factory.mktemp("study")
    write_study(data, simulate(Truth(), participants=3, sessions=9, seed=8), movement_s=0.0)
    return data


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("first_look.py",), "pain_change: pain_after - pain_before"),
        (("does_dose_matter.py",), "A minute more of a task is associated with"),
        (("single_case.py", "SIM001"), "randomisation test"),
    ],
)
def test_an_example_runs_and_draws_a_figure(study: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    script, *more = arguments
    command = [sys.executable, str(ROOT / "examples" / script), str(study), *more, "scripted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    pixels = imread(tmp_path / script.replace(".py", ".png"))
    blue = np.abs(pixels[..., :3] - np.array([0x1D, 0x6F, 0x83]) / 255).max(axis=2) < 0.02
    assert pixels.shape[1] > 900
    assert blue.sum() > 500, "what was found is drawn, not only its axes"
    assert said in done.stdout
    assert "caused" not in done.stdout.replace("not shown to be caused", "")


def page_of(path: Path) -> str:
    page = path.read_text("utf-8")
    outside = re.findall(r"""(?:src|href)=["'](?!#)([^"']*)|url\((?!#)([^)]*)|@import""", page)
    assert outside == [], "a report needs nothing but itself"
    assert "nothing here shows that a task caused a change" in page
    assert "no person, and no pain" in page
    return page


def test_a_participants_report_has_course_reviews_tasks_and_limits(study: Path, tmp_path: Path) -> None:
    write_participant_report(study, "SIM002", tmp_path / "p.html", SCRIPTED)
    page = page_of(tmp_path / "p.html")
    assert "review 7" in page
    assert "<td>session 7</td>" in page
    assert "<td>session 10</td>" not in page, "the course has nine sessions"
    assert page.count("<svg") == 2, "course and tasks; without measures no movement"
    assert "vrrehab features" in page
    assert "turn wrist" in page


def test_a_cohorts_report_has_model_sensitivity_and_account(study: Path, tmp_path: Path) -> None:
    write_cohort_report(study, tmp_path / "c.html", SCRIPTED)
    page = page_of(tmp_path / "c.html")
    assert "mode: mirror against intact only" in page
    assert "unanswered scores taken as worse" in page
    assert "it may be too narrow" in page, "three participants are fewer than were tried"
    assert "162 task runs analysed" in page
    assert "d_z" in page


def test_a_person_is_not_mixed_with_a_demonstration(study: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownSession, match="54 scripted"):
        write_participant_report(study, "SIM001", tmp_path / "p.html")
    with pytest.raises(NotAnalysable, match="162 of origin scripted"):
        write_cohort_report(study, tmp_path / "c.html")


def test_a_course_of_one_session_has_a_report(tmp_path: Path) -> None:
    write_study(tmp_path, simulate(Truth(declined=1, missed=0), participants=1, sessions=1, seed=2), movement_s=0.0)
    write_participant_report(tmp_path, "SIM001", tmp_path / "p.html", SCRIPTED)
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "The first review is after 7 sessions" in page
    assert "6 declined" in page


def test_a_study_is_made_measured_and_reported_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from vrrehab.cli import app

    for name in ("research", "report"):
        importlib.import_module(f"vrrehab.cli.{name}")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == code, done.output
        return done.output

    data = str(tmp_path / "study")
    assert "4 of 4 sessions" in run("demo-study", "--participants", "2", "--sessions", "2", "--data", data)
    assert "24 task runs of 4 sessions are measured" in run("features", "--workers", "1", "--data", data)
    run("report", "SIM001", "--origin", "scripted", "--data", data)
    assert (tmp_path / "SIM001.html").read_text("utf-8").count("<svg") == 3, "and the movement"
    run("report", "SIM001-01", "--data", data)
    run("report", "--cohort", "--origin", "scripted", "--data", data)
    assert "expected at least 3 participants" in (tmp_path / "cohort.html").read_text("utf-8")
    run("report", "--data", data, code=2)
    with closing(Clinic(Folder(tmp_path / "study").clinic)) as clinic:
        clinic.put_participant(Profile(code="NEW"))
    with pytest.raises(UnknownSession, match="expected task runs of NEW whose origin is person, but there are none"):
        CliRunner().invoke(app, ["report", "NEW", "--data", data], catch_exceptions=False)
    run("demo-study", "--data", data, code=2)


def test_a_change_is_written_with_its_sign_and_nothing_as_nothing() -> None:
    assert [signed(v) for v in (-0.04, 0.0, 1.25, -2.0, float("nan"))] == ["0.0", "0.0", "+1.2", "−2.0", "–"]
