"""The recorder, asked from a page: profiles, history and how it is doing, and no page ever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from telemetry.client import RecorderClient
from telemetry.errors import NobodyAnswers
from telemetry.folder import Folder, running_recorder
from telemetry.keys import Keyring
from telemetry.messages import Profile
from telemetry.wire import PastSession, RecorderStatus

T = TypeVar("T")
_ANSWER_S = 2.0


class Records:
    """The recorder at `address`, or else whichever runs on `data`.

    Every method raises `NobodyAnswers` where none does, and `RequestRefused` where it declines.
    """

    def __init__(self, data: Path, address: str | None = None) -> None:
        self._data = data
        self._named = address
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="records")
        self._client: RecorderClient | None = None
        self._address = ""

    def close(self) -> None:
        self._worker.submit(self._hang_up).result()
        self._worker.shutdown()

    async def profiles(self) -> list[Profile]:
        return await self.ask(lambda client: client.profiles())

    async def profile(self, code: str) -> Profile | None:
        return await self.ask(lambda client: client.profile(code))

    async def put(self, profile: Profile) -> None:
        """Add a participant, or change one; and keep the copy with which a session starts without a recorder."""
        from vrrehab.cli.connection import keep_copy

        await self.ask(lambda client: client.put_profile(profile))
        await asyncio.to_thread(keep_copy, self._data, profile)

    async def history(self, code: str) -> tuple[PastSession, ...]:
        return await self.ask(lambda client: client.history(code))

    async def status(self) -> RecorderStatus:
        return await self.ask(lambda client: client.status())

    async def ask(self, what: Callable[[RecorderClient], T]) -> T:
        """Ask the recorder something, on the thread that has its socket."""
        return await asyncio.wrap_future(self._worker.submit(self._ask, what))

    def _ask(self, what: Callable[[RecorderClient], T]) -> T:
        address = self._named or running_recorder(self._data)
        if address is None:
            self._hang_up()
            raise NobodyAnswers("the recorder is not running; start it with: vrrehab recorder, or vrrehab clinic")
        if self._client is None or address != self._address:
            self._hang_up()
            self._client = RecorderClient(address, _ANSWER_S, keyring=Keyring(Folder(self._data).keys))
            self._address = address
        return what(self._client)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
