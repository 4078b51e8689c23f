"""Watches the files of the programme that runs, and hands over what was edited, read and checked, between two frames.

A thread looks at the files' times once a second; another process reads them (`vrrehab.session.edited`). What was read
is taken up before the next frame, or refused with the reason, and either is told with that frame's number. The place
that is shown is gone to anew as it was edited, and another one if the programme names another now.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from vrrehab.session.edited import Edited
    from vrrehab.session.plan import Plan
    from vrrehab.session.sitting import Sitting

_LOOK_EVERY_S = 1.0
_READ_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that cannot be used, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class EditedPlace:
    """A place whose file was edited."""

    name: str


class Editing:
    """Watches from when it is made until `close`. look_every_s: how often it looks at the files' times."""

    def __init__(
        self, name: str, plan: Plan, mode: str | None, places: Mapping[str, Path], look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        """name, mode: of the programme as the session was started. places: the file of each place."""
        from vrrehab.session.edited import files_of
        from vrrehab.session.programme import load_programme

        self._name = name
        own = [str(plan.seed), *([mode] if mode else [])]
        self._command = [sys.executable, "-m", "vrrehab.session.edited", name, *own]
        #: Where another place is shown than is written.
        self._shown_for = {load_programme(name).place: plan.programme.place}
        self._files, self._places = tuple(files_of(plan.programme, name)), dict(places)
        self._look_every_s = look_every_s
        self._found: deque[Edited | EditedPlace | Refusal] = deque()
        self._closing = threading.Event()
        self._seen = self._times()
        self._thread = threading.Thread(target=self._watch, name="editing", daemon=True)
        self._thread.start()

    def apply(self, sitting: Sitting) -> str:
        """Let the sitting go on by what was edited; what there is to say about it, empty if nothing. Between frames."""
        if not self._found:
            return ""
        found = self._found.popleft()
        if isinstance(found, Refusal):
            return _refused(sitting, found.reason)
        try:
            if isinstance(found, EditedPlace):
                # Any other place is read when it is gone to.
                made = sitting.place_edited(found.name, "the place's file")
                return f"From frame {sitting.frame} on {found.name} is made anew as it was edited." if made else ""
            place, before = found.programme.place, sitting.conductor.plan.programme.place
            sitting.settings.accept("place", place)
            amendment = sitting.conductor.therapist.take_up(found, sitting.frame)
            if place != before and not sitting.conductor.guard.frozen:
                sitting.go_to(place, "the programme's file")
        except ValueError as error:
            return _refused(sitting, str(error))
        return str(amendment)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    # --- the thread ---

    def _times(self) -> dict[Path, int]:
        return {path: _changed_ns(path) for path in (*self._files, *self._places.values())}

    def _watch_for(self, files: Iterable[Path]) -> None:
        """Look at these files from now on; what has changed meanwhile of those that were looked at is still news."""
        self._files = tuple(dict.fromkeys(files))
        self._seen = {**self._times(), **self._seen}

    def _watch(self) -> None:
        while not self._closing.wait(self._look_every_s):
            times = self._times()
            changed = {path for path, at in times.items() if at not in (0, self._seen[path])}
            self._seen = times
            self._found.extend(EditedPlace(name) for name, path in self._places.items() if path in changed)
            if changed.intersection(self._files):
                self._found.append(self._read())

    def _read(self) -> Edited | Refusal:
        from vrrehab.session.edited import decode, files_of

        try:
            done = subprocess.run(
                self._command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_READ_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Refusal(f"it could not be read ({error}); save it once more")
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            if named := re.match(r"(.+?\.toml):", reason):  # perhaps a task's file that is new; it will be mended
                self._watch_for([*self._files, Path(named[1])])
            return Refusal(reason)
        edited = decode(done.stdout)
        self._watch_for(files_of(edited.programme, self._name))
        written = edited.programme.place
        programme = msgspec.structs.replace(edited.programme, place=self._shown_for.get(written, written))
        return msgspec.structs.replace(edited, programme=programme)


def _changed_ns(path: Path) -> int:
    """When it was changed; 0 while it is not there, as while an editor puts another in its place."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _refused(sitting: Sitting, reason: str) -> str:
    sitting.conductor.happened("edit_refused", {"reason": reason, "frame": sitting.frame})
    return f"The edit is not used, in frame {sitting.frame}: {reason}"
