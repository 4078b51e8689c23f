"""What the doctor says is read at a glance, and its exit status means: a session in a headset can run here, or not."""

from __future__ import annotations

from pathlib import Path

import pytest

import telemetry


@pytest.fixture(scope="module")
def said(vrrehab, clinic):
    return vrrehab("doctor", "--data", clinic.data)


def test_every_line_says_how_it_is_and_fits_a_terminal(said) -> None:
    findings, _, conclusion = said.out.rstrip().rpartition("\n\n")
    heads = [line for line in findings.splitlines() if not line.startswith(" ")]
    assert {line.split()[0] for line in heads} <= {"ok", "less", "wrong"}
    assert all(len(line) <= 100 for line in said.out.splitlines() if "/" not in line)
    assert "\x1b" not in said.out, "no colours where no terminal is"
    assert conclusion
    about = [line[7:26].strip() for line in heads]
    for expected in ("vrrehab", "telemetry", "graphics", "OpenXR runtime", "disk", "disk speed", "recorder"):
        assert expected in about


def test_a_machine_without_a_runtime_cannot_run_a_session_in_a_headset(said) -> None:
    assert said.status == 1
    assert "\nwrong  OpenXR runtime " in said.out
    assert said.out.endswith("cannot run before this is put right: OpenXR runtime.\n")
    assert said.out.count("Start the headset's program") == 1, "what to do is said once"
    assert said.err == ""


def test_a_recorder_that_runs_is_found(said, clinic, vrrehab, tmp_path: Path) -> None:
    assert f"listening on {clinic.recorder.address}" in said.out
    nowhere = vrrehab("doctor", "--data", tmp_path / "data")
    assert f"vrrehab recorder --data {tmp_path / 'data'}" in " ".join(nowhere.out.split())
    assert not (tmp_path / "data").exists(), "a doctor only looks"


def test_another_package_of_the_same_name_is_noticed(vrrehab, tmp_path: Path) -> None:
    # PyPI has one; whatever is first on the path is imported.
    folder = tmp_path / "telemetry"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"__path__.append({str(Path(telemetry.__file__).parent)!r})\n")
    ran = vrrehab("doctor", "--data", tmp_path / "data", folder=tmp_path)
    assert ran.status == 1
    assert "\nwrong  telemetry " in ran.out
    assert "pip uninstall telemetry" in " ".join(ran.out.split())
