"""A clinic on one computer, as it is started by hand, and what becomes of it when one of its programs dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from telemetry.errors import NobodyAnswers
from telemetry.folder import Folder
from vrrehab.cli.clinic import Kept, watch_over


def test_a_recorder_that_dies_is_told_and_started_again_and_the_console_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vrrehab", "clinic", "--no-browser", "--port", "0", "--data", str(tmp_path)]
    clinic = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert clinic.stdout is not None
    try:
        said = clinic.stdout.readline()
        assert said.startswith("the clinic is open at http://127.0.0.1:"), said
        console = said.split()[-1]
        with urllib.request.urlopen(f"{console}/login") as page:  # nobody has an account yet
            assert page.url == f"{console}/first"
        os.kill(json.loads(Folder(tmp_path).address.read_text())["pid"], signal.SIGKILL)
        assert clinic.stdout.readline().startswith("the recorder has ended (status -9) and is started again")
        assert clinic.stdout.readline() == "the recorder is there again\n"
        with urllib.request.urlopen(f"{console}/login") as page:
            assert page.status == 200
    finally:
        clinic.send_signal(signal.SIGTERM)
        clinic.communicate(timeout=60)
    assert clinic.returncode == 1


def test_a_program_that_dies_again_and_again_is_not_started_for_ever() -> None:
    kept = Kept("help", ["--help"], "Usage")
    kept.start()
    said: list[str] = []
    for _ in range(2):
        _until_it_ended(kept)
        watch_over((kept,), said.append)
    assert len(said) == 4
    _until_it_ended(kept)
    with pytest.raises(NobodyAnswers, match="3 times"):
        watch_over((kept,), said.append)


def _until_it_ended(kept: Kept) -> None:
    assert kept.process is not None
    kept.process.wait(60)
