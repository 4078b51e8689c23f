"""Plays the sound of a place in a loop, and a session's soft notes, where there is something to play them on.

OpenAL mixes in a thread of its own that holds no Python lock; all that a frame does is to say how loud. A machine
without sound is silent, and says so once (`Audio.found`).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from panda3d import core

from vrrehab.stage import sounds

#: Volume glides by this much a frame, so that nothing begins or ends suddenly.
_GLIDE = 0.01
_FOLDER = "/vrrehab-sounds"
_PIECE_BYTES = 1 << 15


class Audio:
    """The sound of a place. It begins silent: `hear` makes it as loud as asked. `cue` plays a note at once."""

    def __init__(self, sound: str) -> None:
        self._manager = _manager()
        self._volume = 0.0
        self._sound: core.AudioSound | None = None
        #: What is to be heard once this has faded: its name and its file.
        self._next: tuple[str, bytes] | None = None
        self._cues: dict[str, core.AudioSound] = {}
        if not self.found:
            return
        # All of it before the first frame: what is loaded then is only played later.
        self._cues = {name: self._manager.get_sound(keep(name, sounds.wav(sounds.cue(name)))) for name in sounds.CUES}
        self._begin(sound, sounds.wav(sounds.loop(sound)))

    def _begin(self, sound: str, wav: bytes) -> None:
        self._sound = self._manager.get_sound(keep(sound, wav))
        self._sound.set_loop(True)
        self._sound.set_volume(0.0)
        self._sound.play()

    def change(self, sound: str, wav: bytes) -> None:
        """The sound of another place: this one fades, then that one comes. In a frame, call `keep` before it."""
        if self.found:
            self._next = sound, wav

    @property
    def found(self) -> bool:
        """Whether there is something to play on."""
        return bool(self._manager.is_valid())

    @property
    def time_s(self) -> float:
        """How far into its loop the sound is; 0 where there is none."""
        return float(self._sound.get_time()) if self._sound is not None else 0.0

    def hear(self, volume: float) -> None:
        """Call once a frame: 0 silent to 1 as it was made."""
        if self._sound is None:
            return
        if self._next is not None:
            volume = 0.0
            if self._volume == 0.0:
                self._sound.stop()
                self._begin(*self._next)
                self._next = None
        if volume != self._volume:
            self._volume = min(max(volume, self._volume - _GLIDE), self._volume + _GLIDE)
            self._sound.set_volume(self._volume)
        self._manager.update()

    def cue(self, name: str, volume: float) -> None:
        """Play one of `sounds.CUES` once, 0 silent to 1 as it was made; one that still sounds begins again."""
        if volume > 0.0 and name in self._cues:
            self._cues[name].set_volume(volume)
            self._cues[name].play()

    def close(self) -> None:
        if self._sound is not None:
            self._sound.stop()
            self._sound = None
        self._cues.clear()
        self._manager.shutdown()


def _manager() -> core.AudioManager:
    core.load_prc_file_data("vrrehab sound", "audio-library-name p3openal_audio\naudio-preload-threshold 8000000")
    with _hushed():
        return core.AudioManager.create_AudioManager()


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """What ALSA and OpenAL write when they find no sound card is nothing that a person can act on; doctor's line is."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def keep(sound: str, wav: bytes) -> core.Filename:
    """Where in memory a sound is to be played from; put there if it is not yet. In pieces, because to copy them Panda3D
    holds the lock of Python, which another thread draws with.
    """
    files = core.VirtualFileSystem.get_global_ptr()
    path = core.Filename(f"{_FOLDER}/{sound}.wav")
    if not files.exists(_FOLDER):
        files.mount(core.VirtualFileMountRamdisk(), _FOLDER, 0)
    if not files.exists(path):
        stream = files.open_write_file(path, False, True)
        to = core.StreamWriter(stream, False)
        for begin in range(0, len(wav), _PIECE_BYTES):
            to.append_data(wav[begin : begin + _PIECE_BYTES])
            time.sleep(0.0)
        files.close_write_file(stream)
    return path
