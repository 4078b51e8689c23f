"""The set-up behind `make demo` and `make test`: done once, again when what it holds changes, told where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("Makefile", "pyproject.toml", "constraints.txt", ".ci/system-packages")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("make") is None, reason="NOT RUN: make and the set-up are of Linux"
)


def would_install(folder: Path) -> bool:
    """Whether `make demo` would install packages; nothing is carried out."""
    said = subprocess.run(["make", "-n", "demo"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "vrrehab demo" in said
    return "pip install" in said


def test_packages_are_installed_once_and_again_when_what_is_wanted_changes(tmp_path: Path) -> None:
    for part in PARTS:
        (tmp_path / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    assert would_install(tmp_path)
    stamp = tmp_path / ".venv" / ".set-up"
    stamp.parent.mkdir()
    for part in ("pyproject.toml", "constraints.txt"):
        stamp.touch()
        assert not would_install(tmp_path)
        later_s = time.time() + 10
        os.utime(tmp_path / part, (later_s, later_s))
        assert would_install(tmp_path)
        os.utime(tmp_path / part, (0, 0))


def test_whoever_may_not_install_system_packages_is_told_the_command(tmp_path: Path) -> None:
    # A machine on which no package is installed, and a user who is not root.
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\nexit 1\n")
    query.chmod(0o755)
    user = tmp_path / "id"
    user.write_text("#!/bin/sh\necho 1000\n")
    user.chmod(0o755)
    ran = subprocess.run(
        ["sh", str(ROOT / ".ci" / "system-packages")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "    sudo apt-get install libgl1 " in ran.stdout
    assert " xvfb" in ran.stdout
