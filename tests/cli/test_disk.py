"""A data folder that is read-only or full: told before a session begins, and survived by one that is running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import telemetry
from telemetry.testing import fill


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes a disk of so many MB."""
    place = tmp_path / "disk"
    place.mkdir()

    def disk(size_mb: int) -> Path:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(place)]
        if os.name == "nt" or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("NOT RUN: full and read-only disks need the right to mount a tmpfs (root)")
        return place

    yield disk
    if place.is_mount():
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def test_a_read_only_folder_is_told_by_every_command_that_writes(vrrehab, session_on, disk) -> None:
    data = disk(200) / "data"
    assert vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--data", data).status == 0
    remount(data.parent, "ro")
    for command in (session_on(data), ("recorder", "--data", data), ("participant", "add", "P002", "--data", data)):
        vrrehab(*command).failed_with(str(data), "free space")
    vrrehab("demo", "--offscreen", "--data", data).failed_with(str(data), "free space")
    doctor = vrrehab("doctor", "--data", data)
    assert doctor.status == 1
    assert f"wrong data folder {data} cannot be written to" in " ".join(doctor.out.split())
    # What was there before can still be looked at.
    remount(data.parent, "rw")
    assert "left:hand:wrist" in vrrehab("participant", "show", "P001", "--data", data).out


def test_a_disk_without_room_for_a_session_is_told_before_it_begins(vrrehab, session_on, disk) -> None:
    data = disk(100) / "data"
    assert vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--data", data).status == 0
    vrrehab(*session_on(data)).failed_with("130 MB free", str(data), "choose another folder")
    assert not (data / "spool").exists()
    assert "\nwrong  disk " in vrrehab("doctor", "--data", data).out


def test_a_folder_that_is_a_file_is_told(vrrehab, session_on, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    vrrehab(*session_on(tmp_path / "file")).failed_with(str(tmp_path / "file"))
    vrrehab("recorder", "--data", tmp_path / "file").failed_with(str(tmp_path / "file"))
    assert vrrehab("doctor", "--data", tmp_path / "file").status == 1


def test_a_disk_that_fills_up_in_a_session_is_told_and_loses_nothing_when_there_is_room_again(
    vrrehab, session_on, disk, start, clinic
) -> None:
    data = disk(180) / "data"
    session = start(*session_on(data, "--recorder", clinic.recorder.address), small=True)
    session.wait_for("task 1 of 1")
    session_id = json.loads((data / "session.json").read_text())["session_id"]
    ballast = fill(data)
    session.wait_for("cannot be kept on this computer")
    ballast.unlink()
    session.wait_for("the record is in order again")
    session.signal(signal.SIGINT)
    session.wait()
    assert "The recorder has all of it." in session.said
    assert clinic.sealed(session_id) == []
    motion = telemetry.open_store(clinic.data).motion(session_id)
    assert motion["seq"].tolist() == list(range(1, len(motion) + 1))
