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
    audio.cue("done", 0.5)
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


def test_a_sound_is_put_where_it_is_played_from_in_pieces_whole_and_once() -> None:
    from panda3d import core

    from vrrehab.stage.audio import keep

    wav = sounds.wav(sounds.cue("done"))
    path = keep("a sound of this test", wav)
    files = core.VirtualFileSystem.get_global_ptr()
    assert len(wav) > 32768, "several pieces"
    assert files.read_file(path, False) == wav
    assert keep("a sound of this test", b"another") == path
    assert files.read_file(path, False) == wav


def play(drivers: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        env={**os.environ, "ALSOFT_DRIVERS": drivers},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_sound_plays_where_there_is_something_to_play_on() -> None:
    assert play("null") == "True True"


def test_a_machine_without_sound_is_silent_without_a_word_on_the_terminal() -> None:
    assert play("nothing") == "False False"


@pytest.mark.parametrize("name", sorted(sounds.CUES))
def test_a_cue_is_soft_short_and_begins_and_ends_in_silence(name: str) -> None:
    cue = sounds.cue(name) / 32767.0
    assert 0.1 < np.abs(cue).max() <= 0.13
    assert len(cue) / sounds.RATE_HZ < 1.5
    assert np.abs(cue[:5]).max() < 0.01
    assert np.abs(cue[-5:]).max() < 0.002
    assert np.abs(np.diff(cue)).max() < 0.05, "nothing clicks"


def test_cues_go_up_and_never_down() -> None:
    for notes in sounds.CUES.values():
        assert [hz for hz, _ in notes] == sorted(hz for hz, _ in notes)


class Ear:
    """What a stage plays through."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def hear(self, volume: float) -> None: ...

    def cue(self, name: str, volume: float) -> None:
        self.heard.append((name, volume))


def test_a_cue_is_heard_once_as_loud_as_set_and_not_in_the_calm_scene(stage) -> None:
    from vrrehab.stage.picture import seated

    view, ear = seated(0.0), Ear()
    stage._heard = dict.fromkeys(sounds.CUES, 0)
    view.cue_ratio = 0.4
    for cues, calm in (({"repetition": 1}, 0.0), ({"repetition": 1}, 0.0), ({"repetition": 2, "question": 1}, 0.0),
                       ({"done": 1}, 0.5), ({}, 0.0)):  # fmt: skip
        view.cues |= cues
        view.calm = calm
        stage._sound_cues(ear, view)
    assert ear.heard == [("repetition", 0.4), ("repetition", 0.4), ("question", 0.4)]
    stage._heard = dict.fromkeys(sounds.CUES, 0)
