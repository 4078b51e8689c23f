"""Starts the session program for a therapist, and says how that went.

The session is a program of its own, and outlives the console: it goes on and is recorded whatever becomes of the page.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vrrehab.console.desk import Desk
from vrrehab.errors import NotPossible
from vrrehab.session.checklist import Answers

_START_LIMIT_S = 60.0
_END_LIMIT_S = 5.0
#: Who presses Stop waits for it, and a session that has not begun has nothing to lose.
_STOP_LIMIT_S = 1.0
_LAST_LINES = 6


@dataclass(frozen=True, slots=True)
class Start:
    """What a session is started with; empty for what the programme says. The rest as `vrrehab session` takes it."""

    participant: str
    programme: str
    mode: str = ""
    place: str = ""
    intact: str = ""
    source: str = "openxr"
    display: str = ""
    checklist: Answers | None = None

    def arguments(self) -> list[str]:
        said = {
            name: getattr(self, name)
            for name in ("participant", "programme", "mode", "place", "intact", "source", "display")
        }
        return [part for name, value in said.items() if value for part in (f"--{name}", value)]


class Launcher:
    """The session program of a data folder. extra: arguments that every session here gets. here: whether sessions are
    started on this computer at all.
    """

    def __init__(self, data: Path, desk: Desk, extra: tuple[str, ...] = (), here: bool = True) -> None:
        self._here = here
        self._data = data
        self._desk = desk
        self._extra = extra
        self._log = data / "session.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = asyncio.Lock()
        # Between the loop that starts a session and the threads that stop it meanwhile.
        self._lock = threading.Lock()
        self._stopped_by = ""

    async def start(self, start: Start) -> str:
        """Start a session; its id, once it takes commands. Raises `NotPossible`, with what the program said, with who
        stopped it meanwhile, or with what to type at the computer where sessions run.
        """
        if not self._here:
            said = " ".join(start.arguments())
            raise NotPossible(
                f"Sessions run on the headset's computer. Start this one there: vrrehab session {said} "
                "--live tcp://0.0.0.0:5758 --commands tcp://0.0.0.0:5759"
            )
        async with self._busy:
            # One that another console started, or a terminal, would be out of reach of Stop beside a second one.
            if self.ended_with() is None or self._desk.running() is not None:
                raise NotPossible("A session is running already; stop it first.")
            self._stopped_by = ""
            self._desk.starting = self._stop
            try:
                return await self._begun(start)
            finally:
                self._desk.starting = None

    async def _begun(self, start: Start) -> str:
        await asyncio.to_thread(self._open, start)
        assert self._process is not None
        give_up = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < give_up:
            running = self._desk.running()
            if running is not None and self._is_wanted():
                return running.session_id
            if self._process.poll() is not None:
                self._check_wanted()
                raise NotPossible(self.said() or "The session ended before it began, and said nothing.")
            await asyncio.sleep(0.05)
        await asyncio.to_thread(_end, self._process, _END_LIMIT_S)
        raise NotPossible(f"The session did not begin within {_START_LIMIT_S:g} s. It said: {self.said()}")

    def _stop(self, who: str) -> bool:
        """End the session that is being started; whether one was. For any thread, also while the pages' loop hangs."""
        with self._lock:
            if self._desk.starting is None:
                return False
            self._stopped_by, process = who, self._process
        if process is not None:
            _end(process, _STOP_LIMIT_S)
        return True

    def _is_wanted(self) -> bool:
        """Whether the session that has just begun may go on; from here on a Stop is the session's."""
        with self._lock:
            if not self._stopped_by:
                self._desk.starting = None
        return not self._stopped_by

    def _check_wanted(self) -> None:
        if self._stopped_by:
            raise NotPossible(f"{self._stopped_by} pressed Stop before the session began.")

    def ended_with(self) -> int | None:
        """The exit status of the session that was started last (0 where none was); None while it runs."""
        return 0 if self._process is None else self._process.poll()

    def said(self) -> str:
        """The last lines of what the session program printed."""
        try:
            text = self._log.read_text(errors="replace")
        except OSError:
            return ""
        return " ".join(text.strip().splitlines()[-_LAST_LINES:]).removeprefix("vrrehab: ")

    def _open(self, start: Start) -> None:
        told = list(start.arguments())
        if start.checklist is not None:
            answers = self._data / "checklist.toml"
            answers.write_bytes(msgspec.toml.encode(start.checklist))
            told += ["--checklist", str(answers)]
        with self._log.open("wb") as log, self._lock:
            self._check_wanted()
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "vrrehab",
                    "session",
                    "--data",
                    str(self._data),
                    *told,
                    *self._extra,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the console's terminal is for the console alone.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )


def _end(process: subprocess.Popen[bytes], within_s: float) -> None:
    """End a program before its session has begun, whatever hangs in it: no other could be started beside it."""
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
