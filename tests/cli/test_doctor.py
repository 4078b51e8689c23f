"""What the doctor says is read at a glance, and its exit status means: a session in a headset can run here, or not."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

import telemetry
from vrrehab.cli.own_record import not_ours


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
    for expected in ("vrrehab", "telemetry", "graphics", "OpenXR runtime", "disk", "disk speed", "console", "record",
                     "who may read it", "backup", "keys", "recorder", "services"):  # fmt: skip
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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("open_store = print", "telemetry: another package of that name was imported, from "),
        (f"open_store = print; __path__.append({str(Path(telemetry.__file__).parent)!r})", "\nwrong  telemetry "),
    ],
    ids=["nothing of ours", "so that everything works"],
)
def test_another_package_of_the_same_name_is_noticed(process, tmp_path: Path, content: str, says: str) -> None:
    # PyPI has one; whatever is first on the path is imported.
    folder = tmp_path / "telemetry"
    folder.mkdir()
    (folder / "__init__.py").write_text(content)
    ran = process("doctor", "--data", tmp_path / "data", folder=tmp_path)
    assert ran.status == 1
    assert says in ran.out + ran.err
    assert "pip uninstall telemetry" in " ".join((ran.out + ran.err).split())
    assert "Traceback" not in ran.err


def test_a_package_that_was_installed_over_ours_is_noticed(tmp_path: Path) -> None:
    ours = tmp_path / "telemetry" / "__init__.py"
    ours.parent.mkdir()
    ours.write_text("ours")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"ours").digest()).decode().rstrip("=")
    _install(tmp_path, "vrrehab", f"telemetry/__init__.py,sha256={digest},4\n")
    assert not_ours(ours, tmp_path) == ""
    ours.write_text("theirs")
    assert "is not what was installed with vrrehab" in not_ours(ours, tmp_path)
    ours.write_text("ours")
    _install(tmp_path, "telemetry", "telemetry/__init__.py,,\n")
    assert "telemetry 1.0, another package of that name, was installed over ours" in not_ours(ours, tmp_path)
    ours.unlink()
    assert "are gone" in not_ours(ours, tmp_path)


def _install(site: Path, name: str, record: str) -> None:
    """As pip notes it."""
    noted = site / f"{name}-1.0.dist-info"
    noted.mkdir()
    (noted / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (noted / "RECORD").write_text(record)


def test_the_record_its_backup_and_what_waits_are_looked_at(vrrehab, alone: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    new = " ".join(vrrehab("doctor", "--data", alone).out.split())  # a long folder moves where lines end
    assert "none was made with vrrehab backup" in new
    assert "sessions: 0, sealed: 0; waiting to be delivered: 0" in new
    assert vrrehab("backup", tmp_path / "backup", "--data", alone).out == (
        f"{tmp_path / 'backup'}: sealed sessions: 0, of them new: 0\n"
    )
    (alone / "spool").mkdir()
    (alone / "spool" / "S9.db").touch()
    later = vrrehab("doctor", "--data", alone).out
    assert f"0.0 days ago, to {tmp_path / 'backup'}" in " ".join(later.split())
    assert f"vrrehab recover {alone}" in " ".join(later.split())
    with closing(sqlite3.connect(alone / "clinic.db")) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    assert "\nwrong  record " in vrrehab("doctor", "--data", alone).out
    vrrehab("recorder", "--data", alone).failed_with("newer version of vrrehab", "nothing was changed")


def test_who_may_read_the_record_and_how_its_services_are_is_said(vrrehab, alone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    asked = programs / "systemctl"
    asked.write_text(
        '#!/bin/sh\ncase "$2" in *recorder*) echo LoadState=loaded; echo ActiveState=failed;;\n'
        "*) echo LoadState=not-found; echo ActiveState=inactive;; esac\n"
    )
    asked.chmod(0o755)
    assert alone.stat().st_mode & 0o077 == 0, "a folder that a recorder makes is its account's alone"
    path = f"{programs}:{os.environ['PATH']}"
    ours = " ".join(vrrehab("doctor", "--data", alone, PATH=path).out.split())
    assert "ok who may read it this account alone" in ours
    assert "less services vrrehab-recorder: failed See why" in ours
    assert "vrrehab-console" not in ours
    alone.chmod(0o755)
    asked.write_text("#!/bin/sh\necho LoadState=loaded; echo ActiveState=active\n")
    open_to_all = " ".join(vrrehab("doctor", "--data", alone, PATH=path).out.split())
    assert f"chmod -R go= {alone}" in open_to_all
    assert "ok services vrrehab-recorder: active, vrrehab-console: active" in open_to_all
