"""The running session as it shows itself: state, skeleton and picture, for whoever looks.

One thread reads the live view. Pictures are asked for, and made JPEG here, only while somebody looks at them: the
session's computer has better things to do.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from telemetry.errors import TelemetryError
from telemetry.folder import Folder, RunningSession
from telemetry.keys import Keyring
from telemetry.live import LiveReader
from telemetry.live_messages import Joints, Picture, RecordHealth, Standing, State
from vrrehab.console.desk import Desk
from vrrehab.console.sessions import Sessions
from vrrehab.console.words import Words

T = TypeVar("T")
#: What is shown and its number; None where it is not another than the one before.
Numbered = tuple[int, bytes | None]

_WAIT_S, _LOOK_FOR_SESSION_S = 0.05, 0.2
#: Pictures are asked for until this long after somebody last wanted one.
_LOOKED_AT_S = 3.0
#: How long a skeleton waits for a picture. Each alone would have a page painted more often.
_TOGETHER_S = 0.1
_QUALITY = 72


class Latest(Generic[T]):
    """The newest of something, for any number of event loops to wait for."""

    def __init__(self) -> None:
        self.number = 0
        self.value: T | None = None
        self.wanted_s = float("-inf")
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def put(self, value: T | None) -> None:
        with self._lock:
            self.number += 1
            self.value = value
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def after(self, number: int, timeout_s: float) -> tuple[int, T | None]:
        """The newest, once it is another than `number`; None where none came in time."""
        self.wanted_s = time.monotonic()
        event = asyncio.Event()
        with self._lock:
            if self.number != number and self.value is not None:
                return self.number, self.value
            entry = (asyncio.get_running_loop(), event)
            self._waiting.append(entry)
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            with self._lock:
                if entry in self._waiting:
                    self._waiting.remove(entry)
            return number, None
        return self.number, self.value

    def newest(self, after: int) -> tuple[int, T | None]:
        """The newest if it is another than `after`; never waits."""
        self.wanted_s = time.monotonic()
        with self._lock:
            return self.number, self.value if self.number != after else None

    def wanted(self) -> bool:
        return time.monotonic() - self.wanted_s < _LOOKED_AT_S


class Watch:
    """Follows whichever session runs.

    standing, state, record: the newest of each, None while no session has shown itself. heard_s: when the state came,
    on this computer's monotonic clock. problem: why nothing can be seen, in words.
    """

    def __init__(self, desk: Desk, sessions: Sessions, data: Path) -> None:
        self.standing: Standing | None = None
        self.state: State | None = None
        self.record: RecordHealth | None = None
        self.problem = ""
        self._desk = desk
        self._sessions = sessions
        self._folder = Folder(data)
        self._keyring = Keyring(self._folder.keys)
        #: The participant of a session whose program has ended without saying so; empty after the next one begins.
        self.vanished = ""
        self._stale = True
        self._pictures: Latest[bytes] = Latest()
        self._drawn: Latest[bytes] = Latest()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    @property
    def silent(self) -> bool:
        """Whether a session is said to run of which nothing is heard."""
        return self._stale and self._desk.running() is not None

    @property
    def live(self) -> bool:
        """Whether a session runs, and shows itself."""
        return not self._stale and self.state is not None and not self.state.over

    async def jpeg(self, after: int, timeout_s: float) -> tuple[int, bytes | None]:
        """The newest picture and its number, once it is another than `after`; None where none came in time."""
        return await self._pictures.after(after, timeout_s)

    async def seen(self, pictured: int, drawn: int, timeout_s: float) -> tuple[Numbered, Numbered]:
        """The newest picture and the newest skeleton, each with its number and None where it is the one given.

        A skeleton waits a little for the picture that it comes with; both are None where neither came in time.
        """
        until_s = time.monotonic() + timeout_s
        while True:
            picture = await self._pictures.after(pictured, _TOGETHER_S)
            skeleton = self._drawn.newest(drawn)
            if picture[1] is not None or skeleton[1] is not None or time.monotonic() >= until_s:
                return picture, skeleton

    def in_words(self, t: Words) -> tuple[str, str]:
        """How the session is, in a few words, and how good that is."""
        if self.silent:
            return t("Session does not answer"), "bad"
        if self.vanished:
            return t("{code}: session gone", code=self.vanished), "bad"
        if self._desk.running() is None or self.state is None or self.standing is None:
            return t("No session"), ""
        if self.state.frozen:
            return t("{code}: stopped", code=self.standing.facts.participant), "warn"
        return t("{code}: session runs", code=self.standing.facts.participant), "good"

    # --- the thread ---

    def _run(self) -> None:
        reader: LiveReader | None = None
        running: RunningSession | None = None
        pictured, at = False, ""
        seen: tuple[Joints | None, Picture | None] = (None, None)
        looked_s = float("-inf")
        while not self._closing.is_set():
            wanted = self._pictures.wanted()
            if time.monotonic() - looked_s >= _LOOK_FOR_SESSION_S:
                looked_s = time.monotonic()
                now, where = self._desk.running(), self._sessions.live
                if now != running:
                    self._forget(now)
                    running = now
                if where != at or wanted != pictured or reader is None:
                    if reader is not None:
                        reader.close()
                    at, pictured = where, wanted
                    reader = self._opened(at, pictured) if at else None
            if reader is None:
                self._stale = True
                if not at:
                    self.problem = ""
                self._closing.wait(_WAIT_S)
                continue
            news = reader.receive(_WAIT_S)
            self._stale, self.problem = reader.stale, reader.problem
            self._sessions.heard(reader)
            if not news:
                continue
            self.standing, self.state, self.record = reader.standing, reader.state, reader.record
            if reader.picture is not None and reader.picture is not seen[1]:
                self._pictures.put(_jpeg(reader.picture))
            if reader.joints is not None and reader.joints is not seen[0] and self._drawn.wanted():
                self._drawn.put(self._draw(reader.joints))
            seen = reader.joints, reader.picture
        if reader is not None:
            reader.close()

    def _opened(self, address: str, pictured: bool) -> LiveReader | None:
        try:
            return LiveReader(address, self._keyring, joints=True, pictures=pictured)
        except TelemetryError as error:
            self.problem = str(error)
            return None

    def _forget(self, now: RunningSession | None) -> None:
        if now is not None:
            self.vanished = ""
        elif self.standing is not None and self._folder.session_address.exists():
            # Who ends takes the announcement back; the last state may never have been seen.
            self.vanished = self.standing.facts.participant
        self.standing = self.state = self.record = None
        self._pictures.put(None)
        self._drawn.put(None)

    @staticmethod
    def _draw(joints: Joints) -> bytes:
        """The tracked and the virtual body as JSON."""
        tracked, virtual = (_places(body) for body in joints.poses()[:, :, :3])
        return json.dumps({"tracked": tracked, "virtual": virtual}, separators=(",", ":")).encode()


def _places(body: NDArray[np.float32]) -> list[list[int] | None]:
    """Where each joint is, in millimetres; None where that is not known."""
    return [[round(float(x) * 1000) for x in place] if np.isfinite(place).all() else None for place in body]


def _jpeg(picture: Picture) -> bytes:
    made = io.BytesIO()
    Image.fromarray(picture.rgb).save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
