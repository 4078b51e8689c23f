"""Watches the files of the programme that runs, and hands over what was edited, read and checked, between two frames.

A thread looks at the files' times once a second; another process reads them (`vrrehab.session.edited`). A place is
built before a session begins, which takes seconds: an edit of it is refused with that reason and with the settings that
change its light, hour, detail and sound at once.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
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


class Editing:
    """Watches from when it is made until `close`. look_every_s: how often it looks at the files' times."""

    def __init__(
        self, name: str, plan: Plan, mode: str | None, place: Path, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        """name, mode: of the programme as the session was started. place: the file of the place that is shown."""
        from vrrehab.session.edited import files_of
        from vrrehab.session.programme import load_programme

        own = [str(plan.seed), *([mode] if mode else [])]
        self._command = [sys.executable, "-m", "vrrehab.session.edited", name, *own]
        #: Where another place is shown than is written.
        self._places = {load_programme(name).place: plan.programme.place}
        self._files, self._place = tuple(files_of(plan.programme, name)), place
        self._look_every_s = look_every_s
        self._found: deque[Edited | Refusal] = deque()
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
            sitting.conductor.happened("edit_refused", {"reason": found.reason})
            return f"The edit is not used: {found.reason}"
        try:
            sitting.conductor.therapist.take_up(found)
        except ValueError as error:
            sitting.conductor.happened("edit_refused", {"reason": str(error)})
            return f"The edit is not used: {error}"
        return f"The session goes on by {found.programme.name} as it was edited."

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    # --- the thread ---

    def _times(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns if path.exists() else 0 for path in (*self._files, self._place)}

    def _watch(self) -> None:
        while not self._closing.wait(self._look_every_s):
            times = self._times()
            changed = {path for path, at in times.items() if at != self._seen[path]}
            self._seen = times
            if self._place in changed:
                self._found.append(
                    Refusal(
                        f"{self._place} is a place, which is built before a session; it is used from the next one on. "
                        "Now the settings light_ratio, time_of_day_h, place_detail and sound_ratio change it"
                    )
                )
            if changed - {self._place}:
                self._found.append(self._read())

    def _read(self) -> Edited | Refusal:
        from vrrehab.session.edited import decode

        try:
            done = subprocess.run(
                self._command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_READ_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Refusal(f"it could not be read ({error}); save it once more")
        if done.returncode:
            return Refusal(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        edited = decode(done.stdout)
        written = edited.programme.place
        programme = msgspec.structs.replace(edited.programme, place=self._places.get(written, written))
        return msgspec.structs.replace(edited, programme=programme)
