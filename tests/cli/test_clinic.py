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


def test_a_program_that_does_not_start_once_is_started_once_more() -> None:
    kept = Kept("help", ["--help"], "Usage")
    kept.start()
    _until_it_ended(kept)
    said: list[str] = []
    kept.arguments = ["help", "me"]
    watch_over((kept,), said.append)
    assert said[-1] == "expected the help to start, but it did not; what it said stands above"
    kept.arguments = ["--help"]
    watch_over((kept,), said.append)
    assert said[-1] == "the help is there again"
    assert "it did not start" in said[-2]
    kept.stop()


def test_a_program_that_starts_and_says_nothing_does_not_hold_up_the_watch_over_the_others(tmp_path: Path) -> None:
    silent = Kept("recorder", ["recorder", "--data", str(tmp_path), "--bind", "tcp://127.0.0.1:*"], "listening", 0.05)
    with pytest.raises(NobodyAnswers, match="expected the recorder to start"):
        silent.start()
    assert not silent.runs


def _until_it_ended(kept: Kept) -> None:
    assert kept.process is not None
    kept.process.wait(60)
