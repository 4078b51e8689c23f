"""The thread in which the recorder seals, so that acknowledging goes on meanwhile."""

from __future__ import annotations

import queue
import threading
import time

from telemetry.clinic import Clinic
from telemetry.errors import TelemetryError
from telemetry.folder import Folder
from telemetry.journal import Journal
from telemetry.seal import seal_session

_TRY_AGAIN_S = 10.0


class Sealer:
    """Seals what it is asked to, one session at a time, on database connections of its own.

    problem: why sealing does not work, in words; empty when it does.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._asked: set[str] = set()
        self._again_s: dict[str, float] = {}
        self._sessions: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self._thread.start()
        self.problem = ""

    def ask(self, session: str) -> None:
        """Seal this session soon; asking again while it is being done, or shortly after it failed, changes nothing."""
        if session not in self._asked and time.monotonic() >= self._again_s.get(session, 0.0):
            self._asked.add(session)
            self._sessions.put(session)

    def take_finished(self) -> bool:
        """Whether a session was sealed since the last call."""
        sealed = False
        while True:
            try:
                session, problem = self._outcomes.get_nowait()
            except queue.Empty:
                return sealed
            self._asked.discard(session)
            self.problem = problem
            if problem:
                self._again_s[session] = time.monotonic() + _TRY_AGAIN_S
            else:
                self._again_s.pop(session, None)
                sealed = True

    def close(self) -> None:
        """Finish the session being sealed and stop; the others are sealed by the next recorder."""
        while not self._sessions.empty():
            self._sessions.get()
        self._sessions.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (session := self._sessions.get()) is not None:
            self._outcomes.put((session, self._seal(session)))

    def _seal(self, session: str) -> str:
        """The reason why the session could not be sealed; empty when it was."""
        try:
            journal = Journal(self._folder.journal)
            try:
                clinic = Clinic(self._folder.clinic)
                try:
                    seal_session(self._folder, journal, clinic, session)
                finally:
                    clinic.close()
            finally:
                journal.close()
        except (TelemetryError, OSError, ValueError) as error:
            return f"session {session} cannot be sealed: {error}"
        except Exception as error:
            # Whatever a session's frames and events say: it is told, and the others are sealed.
            return f"session {session} cannot be sealed: {error!r}"
        return ""
