"""What places sound like: loops without a seam, quiet, and silence where there is nothing to play on."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from vrrehab.stage import sounds

PLAY = """
import time
from vrrehab.stage.audio import Audio
audio = Audio("beach")
began = time.monotonic()
while audio.found and audio.time_s < 0.3 and time.monotonic() - began < 20:
    audio.hear(0.5)
    time.sleep(0.02)
print(audio.found, audio.time_s > 0)
audio.hear(0.0)
audio.close()
"""


@pytest.fixture(scope="module", params=["room", "garden", "beach"])
def loop(request: pytest.FixtureRequest) -> np.ndarray:
    return sounds.loop(request.param) / 32767.0


def test_a_loop_never_clips_and_stays_quiet(loop: np.ndarray) -> None:
    assert np.abs(loop).max() <= sounds.PEAK
    moments = np.sqrt((loop.reshape(-1, sounds.RATE_HZ // 2) ** 2).mean(axis=1))
    assert 0.001 < moments.mean() < 0.04
    # Nothing in it makes one start: no half second is 8 dB above the whole.
    assert moments.max() < 2.5 * np.sqrt((loop**2).mean())


def test_a_loop_goes_on_at_its_end_as_anywhere_else(loop: np.ndarray) -> None:
    steps = np.abs(np.diff(loop))
    across = np.abs(np.diff(np.concatenate([loop[-200:], loop[:200]])))
    assert across.max() <= steps.max()
    assert np.sqrt((across**2).mean()) < 3 * np.sqrt((steps**2).mean())


def play(drivers: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        env={**os.environ, "ALSOFT_DRIVERS": drivers},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_sound_plays_where_there_is_something_to_play_on() -> None:
    assert play("null") == "True True"


def test_a_machine_without_sound_is_silent_without_a_word_on_the_terminal() -> None:
    assert play("nothing") == "False False"
