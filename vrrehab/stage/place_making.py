"""Makes another place ready while a session runs: in a process of its own, and read back by a thread.

Building a place is seconds of numpy, which would hold the lock of Python for longer than a frame has to spare. So
`python -m vrrehab.stage.place_making FOLDER` with a `_Wanted` on its standard input builds it and leaves it in FOLDER:
its meshes and patterns as Panda3D's own files, which are read without that lock, and the rest pickled. Ends with 1 and
one line that says what is wrong with the place's file.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from panda3d import core

from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.stage.audio import keep
from vrrehab.stage.material import Tier
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import AnyPlace, place_for
from vrrehab.stage.places import Made, make, patterns_for

_NODES, _PATTERNS, _REST = "nodes.bam", "patterns.txo", "rest.pickle"
_LIMIT_S = 120.0
#: How much less pressing than the session it is, where the system knows such a thing.
_NICE = 10


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be made. has: the last of the patterns that are there already."""

    name: str
    tier: Tier
    legs_in_view: bool
    has: Pattern
    heard: bool


class PlaceMaker:
    """Makes one place at a time, from when it is made until `close`; implements `vrrehab.session.going.Places`."""

    def __init__(self, place: AnyPlace, tier: Tier, *, legs_in_view: bool = False, heard: bool = False) -> None:
        """place: the one that is shown. heard: whether its sound is."""
        self._has = patterns_for(place)
        self._tier, self._legs_in_view, self._heard = tier, legs_in_view, heard
        self._jobs: list[_Job] = []

    def make(self, name: str) -> None:
        """Begin; what was asked for before is let go."""
        if self._jobs:
            self._jobs[-1].drop()
        wanted = _Wanted(name, self._tier, self._legs_in_view, self._has, self._heard)
        self._jobs = [job for job in self._jobs if job.busy]
        self._jobs.append(_Job(wanted))

    def made(self, name: str) -> bool:
        """Whether it is ready; ValueError says why it never will be."""
        job = self._jobs[-1] if self._jobs else None
        if job is None or job.wanted.name != name:
            raise ValueError(f"{name} is not being made")
        if job.problem:
            raise ValueError(job.problem)
        return job.made is not None

    def take(self, name: str) -> Made:
        """The place, once it is ready; it is the stage's then."""
        if not self.made(name):
            raise ValueError(f"{name} is not ready yet")
        made = self._jobs.pop().made
        assert made is not None
        if made.patterns is not None:
            self._has = patterns_for(made.place)
        return made

    def close(self) -> None:
        """Let go of what is being made. May be repeated."""
        for job in self._jobs:
            job.drop()
            job.join()
        self._jobs.clear()


class _Job:
    """One place being made. made: the place, once it is. problem: why it could not be, in words."""

    def __init__(self, wanted: _Wanted) -> None:
        self.wanted = wanted
        self.made: Made | None = None
        self.problem = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._dropped = False
        self._thread = threading.Thread(target=self._run, name="place", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    def drop(self) -> None:
        self._dropped = True
        if self._process is not None:
            self._process.kill()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="vrrehab-place-", ignore_cleanup_errors=True) as name:
                folder = Path(name)
                self._build(folder)
                if not (self._dropped or self.problem):
                    self.made = _read(folder)
        except Exception as error:  # whatever it is, somebody waits to be told
            self.problem = f"{self.wanted.name} could not be made: {error}"

    def _build(self, folder: Path) -> None:
        command = [sys.executable, "-m", __spec__.name, str(folder)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            self._process = process
            if self._dropped:  # meanwhile
                process.kill()
            try:
                _, told = process.communicate(pickle.dumps(self.wanted), _LIMIT_S)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            why = told.decode(errors="replace").strip().rpartition("\n")[2] or f"exit status {process.returncode}"
            self.problem = f"{self.wanted.name} cannot be gone to: {why}"


def _filename(path: Path) -> core.Filename:
    name = core.Filename.from_os_specific(str(path))
    name.set_binary()
    return name


def _write(made: Made, folder: Path) -> None:
    nodes = core.NodePath("place")
    for layer in made.world.layers:
        nodes.attach_new_node(layer.node)
    written = nodes.write_bam_file(_filename(folder / _NODES))
    if made.patterns is not None:
        written = made.patterns.write(_filename(folder / _PATTERNS)) and written
    if not written:
        raise OSError(f"expected room for 150 MB in {folder}, but it could not be written")
    layers = tuple(replace(layer, node=None) for layer in made.world.layers)
    rest = replace(made, world=replace(made.world, layers=layers), patterns=None)
    (folder / _REST).write_bytes(pickle.dumps(rest))


def _read(folder: Path) -> Made:
    """Panda3D's own files are read without the lock of Python, which another thread draws with."""
    made: Made = pickle.loads((folder / _REST).read_bytes())  # our own child's, in a folder of ours
    if made.sound is not None:
        keep(made.place.sound, made.sound)
    no_cache = core.LoaderOptions(core.LoaderOptions.LF_no_cache)
    root = core.Loader.get_global_ptr().load_sync(_filename(folder / _NODES), no_cache)
    if root is None:
        raise OSError(f"expected the place's meshes in {folder}, but they could not be read")
    nodes = core.NodePath(root).children
    layers = tuple(replace(layer, node=path.node()) for layer, path in zip(made.world.layers, nodes, strict=True))
    patterns = None
    if (folder / _PATTERNS).exists():
        patterns = core.Texture()
        if not patterns.read(_filename(folder / _PATTERNS)):
            raise OSError(f"expected the place's patterns in {folder}, but they could not be read")
    return replace(made, world=replace(made.world, layers=layers), patterns=patterns)


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICE)
    folder, wanted = Path(sys.argv[1]), pickle.loads(sys.stdin.buffer.read())
    try:
        place = place_for(wanted.name, legs=wanted.legs_in_view)
    except (SceneFileError, UnknownName) as error:
        sys.exit(" ".join(str(error).split()))
    _write(make(place, wanted.tier, wanted.has, heard=wanted.heard), folder)


if __name__ == "__main__":
    main()
