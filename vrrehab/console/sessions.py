"""Which session the console leads: the one on its own data folder, or one on another computer, at an address."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from telemetry.folder import RunningSession, running_session
from telemetry.live import LiveReader

#: How long what was found is believed. Looking opens files, and Stop should not wait for them.
_BELIEVED_S = 0.2


class Sessions(Protocol):
    """Where the running session is found; for any thread."""

    @property
    def here(self) -> bool:
        """Whether sessions run on this computer, and can be started here."""
        ...

    @property
    def live(self) -> str:
        """Where it shows itself, or will; empty where that is not known."""
        ...

    def running(self) -> RunningSession | None:
        """The running session; None where none is known of."""
        ...

    def heard(self, reader: LiveReader) -> None:
        """Something was seen of it."""
        ...


class OnThisComputer:
    """The session that runs on the data folder."""

    here = True

    def __init__(self, data: Path) -> None:
        self._data = data
        self._found: tuple[float, RunningSession | None] = (float("-inf"), None)

    @property
    def live(self) -> str:
        found = self.running()
        return found.live if found else ""

    def running(self) -> RunningSession | None:
        looked_s, found = self._found
        if found is None or time.monotonic() - looked_s > _BELIEVED_S:
            found = running_session(self._data)
            self._found = time.monotonic(), found
        return found

    def heard(self, reader: LiveReader) -> None:
        """Nothing that the folder does not say, too."""


class OnAnother:
    """The session that shows itself at `live`, an address as `vrrehab session --live` says it.

    One that falls silent is still there: only its own last word ends it, so that Stop is tried, and nobody is told that
    nothing runs.
    """

    here = False

    def __init__(self, live: str) -> None:
        self.live = live
        self._known: RunningSession | None = None

    def running(self) -> RunningSession | None:
        return self._known

    def heard(self, reader: LiveReader) -> None:
        if reader.standing is None or reader.state is None:
            return
        known = RunningSession(reader.standing.facts.session_id, reader.commands, self.live)
        self._known = None if reader.state.over else known
