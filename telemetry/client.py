"""Asks a running recorder: profiles, history and how it is doing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from telemetry import wire
from telemetry.door import Line
from telemetry.errors import NobodyAnswers, NotUnderstood, RequestRefused
from telemetry.keys import Keyring
from telemetry.messages import Addendum, Entry, Profile


class RecorderClient:
    """A connection to the recorder at `address`; each method waits at most `timeout_s`.

    keyring: this computer's keys, for an address that begins with curve://.

    Methods raise `NobodyAnswers` (a TimeoutError) and, where the recorder declined, `RequestRefused` (a ValueError).
    """

    def __init__(self, address: str, timeout_s: float = 3.0, *, keyring: Keyring | None = None) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._line = Line(address, keyring, wire.MOST_REPLY_BYTES)

    def __enter__(self) -> RecorderClient:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._line.close()

    def profile(self, code: str) -> Profile | None:
        """The participant with this code; None where there is none."""
        profiles = self._ask(wire.GetParticipant(next(self._numbers), code)).profiles
        return profiles[0] if profiles else None

    def profiles(self) -> list[Profile]:
        """Every participant, by code."""
        return list(self._ask(wire.ListParticipants(next(self._numbers))).profiles)

    def put_profile(self, profile: Profile) -> None:
        """Add a participant (version 1) or change one (version one above the stored one)."""
        self._ask(wire.PutParticipant(next(self._numbers), profile))

    def add(self, addendum: Addendum) -> None:
        """Append a fact about a sealed session; the same again is appended once."""
        self._ask(wire.PutAddendum(next(self._numbers), addendum))

    def enter(self, entry: Entry) -> None:
        """Append an instrument that was filled in; the same again is appended once."""
        self._ask(wire.PutEntry(next(self._numbers), entry))

    def enter_all(self, entries: Sequence[Entry]) -> int:
        """Append instruments that were filled in, all of them or none; how many were not there yet."""
        request = wire.PutEntries(next(self._numbers), tuple(entries))
        if len(wire.encode(request)) > wire.MOST_MESSAGE_BYTES:
            raise RequestRefused(
                f"expected entries of at most {wire.MOST_MESSAGE_BYTES >> 20} MB at once, got {len(entries)} that are "
                "more; give them in parts"
            )
        return self._ask(request).appended

    def entries(self, code: str) -> tuple[Entry, ...]:
        """What was filled in for a participant, by the time that it is about; corrected entries too."""
        return self._ask(wire.GetEntries(next(self._numbers), code)).entries

    def history(self, code: str) -> tuple[wire.PastSession, ...]:
        """The participant's sessions, oldest first."""
        return self._ask(wire.GetHistory(next(self._numbers), code)).history

    def seal_state(self, session: str) -> wire.SealState:
        return self._ask(wire.GetSealState(next(self._numbers), session)).seal

    def wait_sealed(self, session: str, timeout_s: float) -> None:
        """Return once the session is sealed. Raises `NobodyAnswers` if it is not within `timeout_s`."""
        until_s = time.monotonic() + timeout_s
        while (state := self.seal_state(session)) != "sealed":
            if time.monotonic() > until_s:
                why = self.status().problem or "see: vrrehab verify"
                raise NobodyAnswers(
                    f"expected session {session} to be sealed within {timeout_s:g} s, but it is {state}: {why}"
                )
            time.sleep(0.02)

    def status(self) -> wire.RecorderStatus:
        status = self._ask(wire.GetStatus(next(self._numbers))).status
        if status is None:
            raise NotUnderstood(f"expected the status of the recorder at {self._address}, got an empty reply")
        return status

    def _ask(self, request: wire.AnyRequest) -> wire.Reply:
        self._line.send(wire.encode(request))
        until_s = time.monotonic() + self._timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            data = self._line.receive(left_s)
            if data is None:
                continue
            said = wire.decode_from_recorder(data)
            if not isinstance(said, wire.Reply) or said.request != request.request:
                continue  # the late answer to a request that was given up
            if said.refused:
                raise RequestRefused(said.refused)
            return said
        if self._line.problem:
            raise NobodyAnswers(f"the recorder cannot be asked: {self._line.problem}")
        raise NobodyAnswers(
            f"no recorder answered at {self._address} within {self._timeout_s:g} s; start one with: vrrehab recorder"
        )
