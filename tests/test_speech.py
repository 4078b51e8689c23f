"""What is shown is also said: by the platform's speech, in a process of its own, and never twice."""

from __future__ import annotations

import itertools
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import Body
from vrrehab.session.settings import Settings
from vrrehab.session.spoken import Spoken
from vrrehab.session.view import Panel, View
from vrrehab.speech import engine
from vrrehab.speech.engine import Engine, find_engine, recording, recording_name
from vrrehab.speech.voice import Voice

_session = runpy.run_path(str(Path(__file__).parent / "session" / "conftest.py"))
sit, Told = _session["sit"], _session["Told"]
#: Stands for a speech program: writes down how it was called and what it was given, and takes its time.
PROGRAM = """#!{python}
import os, sys, time
said = sys.stdin.buffer.read().decode() if "--stdin" in sys.argv else ""
with open({log!r}, "a") as log:
    print(os.path.basename(sys.argv[0]), *sys.argv[1:], said, sep="|", file=log, flush=True)
time.sleep({lasts_s})
with open({log!r}, "a") as log:
    print("done", said or sys.argv[-1], sep="|", file=log, flush=True)
"""


class Heard(list):
    """A voice that keeps what it was to say."""

    def say(self, text: str, loudness: float) -> None:
        self.append((text, loudness))

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a speech program or a player of this name on the path; what it did comes into the file returned."""
    if os.name == "nt":
        pytest.skip("Windows speaks by itself")
    log, bin_folder = tmp_path / "log", tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", str(bin_folder))

    def program(name: str, lasts_s: float = 0.0) -> Path:
        path = bin_folder / name
        path.write_text(PROGRAM.format(python=sys.executable, log=str(log), lasts_s=lasts_s))
        path.chmod(0o755)
        return log

    return program


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def until(happens: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < give_up_s
        time.sleep(0.01)


def test_what_is_handed_over_is_said_in_its_language_and_as_loud_as_asked(program: Callable[..., Path]) -> None:
    log = program("espeak-ng")
    voice = Voice("de")
    assert voice.found
    voice.say("Schließen Sie die Hand.", 0.5)
    until(lambda: len(lines(log)) == 2)
    voice.close()
    assert lines(log)[0] == "espeak-ng|-v|de|-s|135|-a|50|--stdin|Schließen Sie die Hand."


def test_a_new_text_takes_the_place_of_the_one_that_is_being_said(program: Callable[..., Path]) -> None:
    log = program("espeak-ng", lasts_s=30.0)
    voice = Voice("en")
    voice.say("A long instruction.", 1.0)
    until(lambda: len(lines(log)) == 1)
    voice.say("A question?", 1.0)
    until(lambda: len(lines(log)) == 2)
    voice.say("", 0.0)
    voice.close()
    assert [line.rpartition("|")[2] for line in lines(log)] == ["A long instruction.", "A question?"]


def test_the_last_words_may_be_said_to_their_end(program: Callable[..., Path]) -> None:
    log = program("espeak-ng", lasts_s=0.3)
    voice = Voice("en")
    voice.say("Thank you.", 1.0)
    voice.close()
    assert lines(log)[-1] == "done|Thank you."


def test_a_recording_is_played_in_place_of_the_platforms_speech(
    program: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = program("espeak-ng")
    program("aplay")
    monkeypatch.setattr(engine, "languages_folder", lambda: tmp_path)
    voices = tmp_path / "voices" / "de"
    voices.mkdir(parents=True)
    file = voices / f"{recording_name('Gut.')}.wav"
    file.write_bytes(b"RIFF")
    assert recording("Gut.", "de") == file
    assert recording("Gut.", "en") is None
    speaker = engine.Speaker("de")
    for text in ("Gut.", "Weiter."):
        speaker.say(text, 1.0)
        speaker.finish(10.0)
    assert [line for line in lines(log) if not line.startswith("done")] == [
        f"aplay|-q|{file}|", "espeak-ng|-v|de|-s|135|-a|100|--stdin|Weiter.",
    ]  # fmt: skip


def test_without_anything_that_speaks_nothing_is_started(program: Callable[..., Path]) -> None:
    assert find_engine() is None
    voice = Voice("en")
    assert not voice.found
    voice.say("Nobody hears this.", 1.0)
    voice.close()


def test_a_session_goes_on_when_what_speaks_is_gone(program: Callable[..., Path]) -> None:
    program("espeak-ng")
    voice = Voice("en")
    assert voice._process is not None
    voice._process.kill()
    voice._process.wait()
    for _ in range(3):
        voice.say("Hello.", 1.0)
    voice.close()


def test_speech_dispatcher_is_asked_in_its_own_way() -> None:
    command = Engine("spd-say", "/usr/bin/spd-say").command("de", 0.75)
    assert command == ["/usr/bin/spd-say", "-w", "-e", "-l", "de", "-r", "-20", "-i", "50"]


def test_each_text_is_said_once_as_it_appears_and_the_most_pressing_first() -> None:
    heard, settings, view = Heard(), Settings(), View(Body.unseen())
    spoken = Spoken(heard, settings)
    view.text = "Open your hand."
    for _ in range(3):
        spoken.step(view)
    view.text, view.panel = "", Panel(geometry.IDENTITY.copy(), 0.6, 0.3, "How much?", "", "", ())
    spoken.step(view)
    view.notice, view.text = "A short break.", "Rest."
    spoken.step(view)
    view.notice, view.panel = "", None
    spoken.step(view)
    assert heard.texts == ["Open your hand.", "How much?", "A short break."]
    settings.change("speech", False)
    view.text = "Not this."
    spoken.step(view)
    settings.change("speech", True)
    view.text = "But this."
    spoken.step(view)
    assert heard[3:] == [("", 0.0), ("But this.", 0.7)], "switching it off ends what is being said"


def test_a_session_says_its_instructions_and_questions_and_sounds_for_what_was_done(sit: Callable[..., object]) -> None:
    heard = Heard()
    seen: list[dict[str, int]] = []

    def watch(sitting, frame: int) -> Iterable[object]:
        if sitting._spoken is None:
            sitting._spoken = Spoken(heard, sitting.settings)
        seen.append(dict(sitting.view.cues))
        return ()

    sat = sit(tell=watch)
    # The last repetition of a task is heard as the task that is done.
    repetitions = sum(event.repetitions for event in sat.record.of(_session["messages"].TaskEnded))
    assert sat.sitting.view.cues == {"repetition": repetitions - 3, "question": 5, "done": 3}
    assert max(b[name] - a[name] for a, b in itertools.pairwise(seen) for name in a) == 1
    assert heard.texts.count("How much does the missing limb hurt now?") == 5
    assert any(text.startswith("Close your hand gently") for text in heard.texts)


def test_a_task_that_was_skipped_or_stopped_makes_no_sound(sit: Callable[..., object]) -> None:
    done: list[int] = []
    runs: list[int] = []

    def skip(sitting, frame: int) -> Iterable[object]:
        runs.append(sitting.conductor.ledger.run_number)
        if done or runs[-2:] != [1, 1]:  # shown, and therefore to be skipped
            done.extend([sitting.view.cues["done"]] * (bool(done) and len(done) < 5))
            return ()
        done.append(0)
        return (Told("skip"),)

    sat = sit(tell=skip, most_frames=1000)
    assert sat.record.of(_session["messages"].TaskEnded)[0].status == "skipped"
    assert done == [0] * 5
