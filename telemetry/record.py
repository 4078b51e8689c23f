"""The record itself, held by its only writer: journal first, then the tables, then the seal.

    take() -> commit() -> [acknowledge] -> enter() -> ready() to be sealed

Knows nothing of sockets. What `commit` returned for is on disk; everything behind it can be redone from the journal at
any time, and is, when the writer starts.
"""

from __future__ import annotations

from typing import Any

import msgspec

from telemetry import messages, wire
from telemetry.clinic import Clinic, alike
from telemetry.errors import Erased, NotUnderstood
from telemetry.folder import Folder
from telemetry.journal import STREAMS, Entry, Journal, Stream
from telemetry.lock import Lock
from telemetry.motion import Gap

_EVENTS_AT_ONCE = 256
_safe_name = msgspec.json.Decoder(wire.SafeName)


class Record:
    """The open data folder. Raises `InUse` where another process has it open for writing.

    Methods raise `JournalUnwritable` when the disk is full or read-only; they may be repeated when it is not.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        folder.make()
        self._lock = Lock(folder.lock, f"{folder.path} is in use by another recorder; stop that one first", 1.0)
        try:
            self.journal = Journal(folder.journal)
            try:
                self.clinic = Clinic(folder.clinic)
                self._sealed = self.clinic.sealed_reach()
                self._erased = self.clinic.erased()
            except BaseException:
                self.journal.close()
                raise
        except BaseException:
            self._lock.release()
            raise
        self._pending: list[tuple[str, Stream, Entry]] = []
        self._pending_reach: dict[tuple[str, Stream], int] = {}
        # Sessions with something in the journal that the tables may not have.
        self._behind: set[str] = set(self.journal.sessions())
        # What the motion of each ended and unsealed session reaches.
        self._ended: dict[str, int] = {}

    def close(self) -> None:
        self.clinic.close()
        self.journal.close()
        self._lock.release()

    def is_erased(self, session: str) -> bool:
        """Whether the session is one of a person who was erased."""
        return any(session in sessions for sessions in self._erased.values())

    def reach(self, session: str) -> dict[Stream, int]:
        """What is committed of each stream, sealed or not."""
        if session in self._sealed:
            events, motion = self._sealed[session]
            return {"events": events, "motion": motion}
        return {stream: self.journal.reach(session, stream) for stream in STREAMS}

    def take(self, session: str, stream: Stream, entries: list[Entry]) -> bool:
        """Add entries to what `commit` will commit; known ones are passed over.

        False if they begin behind a hole: the sender has to go back. Raises `NotUnderstood`, and takes none, if they
        are not what the stream holds, or come after the session was sealed, and `Erased` if they are of a person who
        was erased.
        """
        if self.is_erased(session):
            raise Erased(f"the participant of session {session} was erased")
        key = (session, stream)
        reach = self._pending_reach.get(key) or self.reach(session)[stream]
        fresh = []
        for entry in entries:
            if entry.last <= reach and entry.first <= entry.last:
                continue
            if entry.first > reach + 1:
                break
            _check(session, stream, entry, reach)
            self._check_start(session, stream, entry)
            fresh.append((session, stream, entry))
            reach = entry.last
        if fresh and session in self._sealed:
            raise NotUnderstood(
                f"session {session} is sealed already; what came after that stays in its spool, keep the file"
            )
        self._pending.extend(fresh)
        self._pending_reach[key] = reach
        return reach >= entries[-1].last

    def _check_start(self, session: str, stream: Stream, entry: Entry) -> None:
        """Raises `Erased` for the start of a session of somebody who was erased, of which nothing is kept then, and
        `NotUnderstood` for one whose folder would be that of another where capitals do not count.
        """
        if stream != "events" or entry.first != 1:
            return
        if other := self.clinic.session_like(session):
            raise NotUnderstood(
                f"expected a session's id that is not another one's in other capitals, got {session} beside {other}; "
                "it stays in its spool, keep the file"
            )
        started = wire.decode_event(entry.payload)
        assert isinstance(started, messages.SessionStarted)
        code = alike(started.participant, self._erased)
        if code is not None:
            self.clinic.erase(code, [session])
            self._erased = self.clinic.erased()
            # Its motion may have come first.
            self._pending = [item for item in self._pending if item[0] != session]
            self.journal.drop_session(session)
            raise Erased(f"participant {code}, of session {session}, was erased")

    def commit(self) -> None:
        """Bring what was taken to the disk in one transaction; what could not be is forgotten, and will come again."""
        pending, self._pending, self._pending_reach = self._pending, [], {}
        if pending:
            self.journal.append(pending)
            # Frames are in no table; looking for each of them would cost more than keeping them.
            self._behind.update(s for s, stream, entry in pending if stream == "events" or entry.gap)

    def enter(self) -> None:
        """Bring the tables up to what is committed."""
        for session in sorted(self._behind):
            self._enter_session(session)
            self._behind.discard(session)

    def enter_again(self, session: str) -> None:
        """Bring the tables up to a journal that somebody else has added to."""
        self._enter_session(session)

    def ready(self) -> list[str]:
        """Sessions that ended, of which everything is here, and that are not sealed."""
        return [session for session, last in self._ended.items() if self.reach(session)["motion"] >= last]

    def now_sealed(self) -> None:
        """Take note of what a sealer has sealed."""
        self._sealed = self.clinic.sealed_reach()
        self._ended = {session: last for session, last in self._ended.items() if session not in self._sealed}

    def seal_state(self, session: str) -> wire.SealState:
        if session in self._sealed:
            return "sealed"
        return "open" if self.journal.reach(session, "events") else "unknown"

    def _enter_session(self, session: str) -> None:
        if session in self._sealed:
            # Sealed, but stopped before the journal had let go of it.
            self._ended[session] = 0
            return
        after = self.clinic.projected(session)
        while entries := self.journal.read(session, "events", after, _EVENTS_AT_ONCE):
            self.clinic.project(session, entries, ())
            after = entries[-1].last
        if after and (gaps := self.journal.gaps(session)):
            self.clinic.project(session, (), gaps)
        last = self.clinic.ended(session)
        # In a restored backup the tables may be ahead of the journal, which is what is sealed.
        if self.journal.reach(session, "events") >= after:
            if last is not None:
                self._ended[session] = last
        elif last is None and (end := self.journal.newest(session, "events")) and _is_end(end):
            # Recovery ended it: what the tables have behind that nobody brings any more.
            self.clinic.project(session, [end], ())


def _is_end(entry: Entry) -> bool:
    return isinstance(wire.decode_event(entry.payload), messages.SessionEnded)


def _check(session: str, stream: Stream, entry: Entry, reach: int) -> None:
    """Raises `NotUnderstood` unless this may stand in the stream behind `reach`; nothing that does can fail later."""
    frames = entry.last - entry.first + 1
    if entry.first != reach + 1 or entry.last < entry.first:
        raise NotUnderstood(f"expected {stream} from {reach + 1} on, got {entry.first} to {entry.last}")
    if stream == "motion" and entry.gap:
        try:
            msgspec.msgpack.decode(entry.payload, type=Gap)
        except msgspec.DecodeError as error:
            raise NotUnderstood(f"expected a gap as number {entry.first} of motion, but {error}") from error
    elif stream == "motion":
        if not entry.payload or len(entry.payload) % frames:
            raise NotUnderstood(f"expected {frames} frames of one size, got {len(entry.payload)} bytes")
    else:
        if frames != 1 or entry.gap:
            raise NotUnderstood(f"expected one event as number {entry.first}, got {frames}")
        event = wire.decode_event(entry.payload)
        _check_numbers(msgspec.to_builtins(event))
        if isinstance(event, messages.SessionStarted) != (entry.first == 1):
            raise NotUnderstood("expected a session's first event, and no other, to be its start")
        if isinstance(event, messages.SessionStarted):
            if event.session_id != session:
                raise NotUnderstood(f"expected the start of session {session}, got that of {event.session_id}")
            check_code(event.participant)


def check_code(code: str) -> None:
    """Raises `NotUnderstood` unless `code` may be a participant's code, and so a folder's name."""
    try:
        _safe_name.decode(msgspec.json.encode(code))
    except msgspec.ValidationError:
        raise NotUnderstood(
            f"expected a participant's code of letters, digits, dots, dashes and underscores, without a dot at its end "
            f"and not the name of a device such as NUL, got {code!r}"
        ) from None


def check_addendum(addendum: messages.Addendum) -> None:
    """Raises `NotUnderstood` unless it can be kept."""
    for name in (addendum.addendum_id, addendum.rating.rating_id if addendum.rating else addendum.addendum_id):
        if not 0 < len(name) <= 64:
            raise NotUnderstood(f"expected an id of 1 to 64 letters, got {name[:80]!r}")
    _check_numbers(msgspec.to_builtins(addendum))


def check_entry(entry: messages.Entry) -> None:
    """Raises `NotUnderstood` unless it can be kept."""
    if not 0 < len(entry.entry_id) <= 64:
        raise NotUnderstood(f"expected an id of 1 to 64 letters, got {entry.entry_id[:80]!r}")
    if not 0 < len(entry.who.strip()) <= 64:
        raise NotUnderstood(f"expected who enters it, in at most 64 letters, got {entry.who[:80]!r}")
    _check_numbers(msgspec.to_builtins(entry))


def _check_numbers(value: Any) -> None:
    """SQLite holds 64 bits."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise NotUnderstood(f"expected whole numbers of 64 bits, got {value}")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        _check_numbers(part)
