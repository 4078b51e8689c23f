"""Brings a spool to the recorder: says hello, resumes where the recorder is, and knows what is acknowledged.

`step` does a small piece of work and waits for milliseconds at most, so that whoever calls it stays in charge of its
thread. It must never touch what the spool holds; letting go of any of it is the owner's work.
"""

from __future__ import annotations

from collections import deque

from telemetry import wire
from telemetry.clock_offset import OffsetEstimate
from telemetry.door import Line
from telemetry.errors import NotUnderstood
from telemetry.journal import STREAMS, Journal, Stream
from telemetry.keys import Keyring
from telemetry.spool import entries_behind

# Entries on the way at once, and how many are read from the spool in one go: a few tens of kilobytes each.
_WINDOW = 64
_READ_AT_ONCE = 12
_MOST_IN_ONE_MESSAGE = 1 << 19
_HELLO_AGAIN_S = 0.5
_GREET_WHEN_IDLE_S = 1.0
_SILENCE_S = 3.0
_AFTER_REFUSAL_S = 2.0
_MOST_HEARD_AT_ONCE = 256
#: A recorder on this computer has answered what time it is by then.
_HEARD_AT_ONCE_S = 0.003


class Delivery:
    """One session's conversation with the recorder at `address`. Raises as `Line` does.

    store: the id of the only store that may have the session; empty for any. keyring: this computer's keys, for a
    curve:// address. clock: what asks how far the recorder's clock is from ours, if anything does.

    erased: the recorder takes nothing of this session, whose participant was erased. acknowledged: what the recorder
    has committed of each stream, less than before where it was set back to a backup. refused: why it takes nothing, in
    its words; empty while it does. problem: what is wrong, in words; empty when all is well.
    """

    def __init__(
        self,
        journal: Journal,
        session_id: str,
        address: str,
        now_s: float,
        store: str = "",
        keyring: Keyring | None = None,
        clock: OffsetEstimate | None = None,
    ) -> None:
        self.erased = False
        self.refused = ""
        self.acknowledged: dict[Stream, int] = dict.fromkeys(STREAMS, 0)
        self._journal = journal
        self._session = session_id
        self._address = address
        self._store = store
        self._clock = clock
        # Queue only for a recorder that is there: to one that is not, a fresh hello says all that is needed.
        self._line = Line(address, keyring, wire.MOST_MESSAGE_BYTES, wait=False)
        self._greeted = False
        self._attempt = 0
        self._sent: dict[Stream, int] = dict.fromkeys(STREAMS, 0)
        self._in_flight: dict[Stream, deque[int]] = {stream: deque() for stream in STREAMS}
        self._now_s = now_s
        self._asked_s = now_s - _HELLO_AGAIN_S
        self._heard_s = now_s
        self._moved_s = now_s
        self._hole = ""

    @property
    def connected(self) -> bool:
        """Whether the recorder said something lately."""
        return self._greeted and self._now_s - self._heard_s < _SILENCE_S

    @property
    def awaiting(self) -> bool:
        """Whether something sent lately is not acknowledged yet, so that `step` should be called soon again."""
        waiting = self._clock is not None and self._clock.waiting
        return self.connected and (waiting or any(self._in_flight.values()))

    @property
    def complete(self) -> bool:
        """Whether the recorder has everything that the spool has ever held."""
        return self._greeted and all(
            self.acknowledged[stream] >= self._journal.reach(self._session, stream) for stream in STREAMS
        )

    @property
    def problem(self) -> str:
        if self.erased:
            return (
                f"The participant of session {self._session} was erased from the record: nothing of it is taken, and "
                "what this computer has of it is removed."
            )
        if self.refused or self._hole:
            return self.refused or self._hole
        if self._now_s - self._heard_s >= _SILENCE_S:
            if self._line.problem:
                return f"The recorder cannot be reached: {self._line.problem}; all is kept on this computer meanwhile."
            return f"No recorder answers at {self._address}; all is kept on this computer and delivered later."
        return ""

    def step(self, now_s: float) -> None:
        """Take in what the recorder said and send what it lacks, within the window."""
        self._now_s = now_s
        self._listen()
        if self.erased:
            return
        in_flight = any(self._in_flight.values())
        if in_flight and now_s - self._moved_s > _SILENCE_S:
            # Lost on the way, or the recorder restarted: ask anew what it has.
            self._begin_again()
        if not self._greeted:
            if now_s - self._asked_s >= _HELLO_AGAIN_S:
                self._greet()
            return
        if not in_flight and now_s - max(self._heard_s, self._asked_s) >= _GREET_WHEN_IDLE_S:
            self._greet()
        for stream in STREAMS:
            self._send_entries(stream)
        if self._clock is not None and (question := self._clock.question(now_s)) is not None:
            self._say(question)
            self._listen(_HEARD_AT_ONCE_S)

    def close(self) -> None:
        self._line.close()

    def _greet(self) -> None:
        self._asked_s = self._now_s
        self._say(wire.Hello(self._session, self._attempt, store=self._store))

    def _begin_again(self) -> None:
        self._greeted = False
        self._attempt += 1
        self._asked_s = self._now_s - _HELLO_AGAIN_S
        for waiting in self._in_flight.values():
            waiting.clear()

    def _say(self, message: wire.ToRecorder) -> bool:
        return self._line.send(wire.encode(message))

    def _listen(self, wait_s: float = 0.0) -> None:
        # Bounded, so that nobody who talks without end keeps the spool from the disk.
        for n in range(_MOST_HEARD_AT_ONCE):
            data = self._line.receive(0.0 if n else wait_s)
            if data is None:
                return
            try:
                said = wire.decode_from_recorder(data)
            except NotUnderstood:
                # Whatever answers at that address is no recorder; the lack of a real answer is reported as such.
                continue
            if isinstance(said, wire.Reply) or said.session != self._session:
                continue
            self._heard_s = self._now_s
            match said:
                case wire.Have(attempt=attempt, reach=reach):
                    if attempt == self._attempt:
                        self._resume(reach)
                case wire.Ack(attempt=attempt, reach=reach) if attempt == self._attempt:
                    self.refused = ""
                    self._acknowledge(reach)
                case wire.Erased():
                    self.erased = True
                case wire.Time() if self._clock is not None:
                    self._clock.answer(said)
                case wire.Refused(reason=reason):
                    self.refused = reason
                    self._begin_again()
                    self._asked_s = self._now_s + _AFTER_REFUSAL_S - _HELLO_AGAIN_S

    def _resume(self, reach: dict[Stream, int]) -> None:
        # A second answer to the same attempt is stale: it would rewind what has been sent since. So is what a recorder
        # acknowledged before it was set back to a backup; what it has is what it says now.
        self._attempt += 1
        self.acknowledged.update(reach)
        self._greeted = True
        for waiting in self._in_flight.values():
            waiting.clear()
        self._acknowledge(reach)
        self._sent.update(reach)
        if self.complete:
            self.refused = ""

    def _acknowledge(self, reach: dict[Stream, int]) -> None:
        self._moved_s = self._now_s
        for stream, seq in reach.items():
            self.acknowledged[stream] = max(seq, self.acknowledged[stream])
            waiting = self._in_flight[stream]
            while waiting and waiting[0] <= seq:
                waiting.popleft()

    def _send_entries(self, stream: Stream) -> None:
        waiting = self._in_flight[stream]
        # The journal knows its reach without a query, and most steps have nothing to send.
        while self._sent[stream] < self._journal.reach(self._session, stream):
            room = min(_READ_AT_ONCE, _WINDOW - len(waiting))
            if room <= 0:
                return
            entries = entries_behind(self._journal, self._session, stream, self._sent[stream], room)
            if not entries or entries[0].first != self._sent[stream] + 1:
                # No spool of this version is like that; one that an earlier version left may be.
                self._hole = (
                    f"The recorder at {self._address} has {stream} of session {self._session} only up to "
                    f"{self._sent[stream]}, less than it acknowledged. Its data folder was exchanged: give it the "
                    "right one back; the rest is kept on this computer"
                )
                return
            self._hole = ""
            size = taken = 0
            for entry in entries:
                size += len(entry.payload)
                if taken and size > _MOST_IN_ONE_MESSAGE:
                    break
                taken += 1
            if not waiting:
                self._moved_s = self._now_s
            if not self._say(wire.Entries(self._session, self._attempt, stream, entries[:taken])):
                return
            waiting.extend(entry.last for entry in entries[:taken])
            self._sent[stream] = entries[taken - 1].last
