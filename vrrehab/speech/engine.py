"""What this computer can speak with: a recording of the text if there is one, else the platform's speech synthesis.

Recordings are `scenes/languages/voices/LANGUAGE/NAME.wav`, where NAME is `recording_name` of the text as it is said.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from vrrehab.language import languages_folder

#: Words a minute: slower than these programs' own, which is too quick for somebody who is in pain and wears a headset.
_WORDS_PER_MIN = 135

#: Windows' own speech, kept running: each line of JSON is said in place of what is being said.
_SAPI = """
[Console]::InputEncoding = [Text.Encoding]::UTF8
Add-Type -AssemblyName System.Speech
$voice = New-Object System.Speech.Synthesis.SpeechSynthesizer
try { $voice.SelectVoiceByHints('NotSet', 0, 0, [Globalization.CultureInfo]::GetCultureInfo('LANGUAGE')) } catch {}
$voice.Rate = -2
while (($line = [Console]::In.ReadLine()) -ne $null) {
    $order = ConvertFrom-Json $line
    $voice.SpeakAsyncCancelAll()
    $voice.Volume = [int](100 * $order.loudness)
    if ($order.text) { [void]$voice.SpeakAsync($order.text) }
}
"""


def recording_name(text: str) -> str:
    """The name of the file in which a text is recorded, without `.wav`."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def recording(text: str, language: str) -> Path | None:
    """The recording of a text in this language; None where there is none."""
    path = languages_folder() / "voices" / language / f"{recording_name(text)}.wav"
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that says one text and ends. name: what it is called."""

    name: str
    path: str

    def command(self, language: str, loudness: float) -> list[str]:
        """How it is called to say what comes on its standard input, as loud as 0 to 1."""
        if self.name in ("espeak-ng", "espeak"):
            volume = str(round(100 * loudness))
            return [self.path, "-v", language, "-s", str(_WORDS_PER_MIN), "-a", volume, "--stdin"]
        if self.name == "spd-say":
            return [self.path, "-w", "-e", "-l", language, "-r", "-20", "-i", str(round(200 * loudness - 100))]
        return [self.path, "-r", str(_WORDS_PER_MIN), "-f", "-"]  # macOS's say, as loud as the computer


def find_engine() -> Engine | None:
    """What speaks here; None where nothing does. On Windows it is always its own."""
    if sys.platform == "win32":
        path = shutil.which("powershell")
        return Engine("Windows speech", path) if path else None
    for name in ("espeak-ng", "espeak", "spd-say", "say"):
        if path := shutil.which(name):
            return Engine(name, path)
    return None


def find_player() -> list[str] | None:
    """What plays a WAV file given as its last argument; None where nothing does."""
    for name, *options in (("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",)):
        if path := shutil.which(name):
            return [path, *options]
    return None


class Speaker:
    """Says one text at a time; a new one takes the place of the one before. Used by its own process alone."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._engine = find_engine()
        self._player = find_player()
        self._speaking: subprocess.Popen[bytes] | None = None
        self._sapi: subprocess.Popen[bytes] | None = None

    def say(self, text: str, loudness: float) -> None:
        """Begin to say it; an empty text only ends what is being said."""
        if sys.platform == "win32":
            self._say_on_windows(text, loudness)
            return
        self.finish(0.0)
        if not text or loudness <= 0.0:
            return
        if self._player and (recorded := recording(text, self._language)):
            self._speaking = _started([*self._player, str(recorded)], "")
        elif self._engine is not None:
            self._speaking = _started(self._engine.command(self._language, loudness), text)

    def finish(self, within_s: float) -> None:
        """Let what is being said come to its end, or cut it off after that time."""
        if self._sapi is not None and self._sapi.stdin is not None:
            self._sapi.stdin.close()
        for process in (self._speaking, self._sapi):
            if process is None:
                continue
            try:
                process.wait(within_s)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait()
        self._speaking = self._sapi = None

    def _say_on_windows(self, text: str, loudness: float) -> None:
        if self._engine is None:
            return
        if self._sapi is None:
            script = _SAPI.replace("LANGUAGE", self._language)
            self._sapi = subprocess.Popen(
                [self._engine.path, "-NoProfile", "-Command", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
        assert self._sapi.stdin is not None
        self._sapi.stdin.write(json.dumps({"text": text, "loudness": loudness}, ensure_ascii=False).encode() + b"\n")
        self._sapi.stdin.flush()


def _started(command: list[str], text: str) -> subprocess.Popen[bytes]:
    """A program that was given `text` on its standard input, and whose own words nobody reads."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(text.encode())
    return process
