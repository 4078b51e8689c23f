"""The recorder: the one process that writes a data folder.

    while not told to stop:
        drain what senders and clients have said
        commit it to the journal, in one transaction
        acknowledge it
        enter its events into the tables
        seal, in a thread, what has ended

What is acknowledged is on disk. A disk that is full or read-only stops nothing but the acknowledging: senders keep what
they have, are told why, and bring it again.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from telemetry import wire
from telemetry.address import RECORDER, is_loopback, parse_address
from telemetry.door import Door
from telemetry.errors import Erased, JournalDamaged, JournalUnwritable, NotUnderstood, RequestRefused, TelemetryError
from telemetry.files import remove
from telemetry.folder import Folder, say_where
from telemetry.keys import Keyring
from telemetry.leftovers import deliver_leftovers
from telemetry.record import Record, check_addendum, check_code, check_entry
from telemetry.sealing import Sealer

_WAIT_MS = 100
_MOST_AT_ONCE = 256
#: What a round holds in memory at most.
_MOST_BYTES_AT_ONCE = 16 << 20
#: How many messages of one peer wait, of `wire.MOST_MESSAGE_BYTES` at most, or answers to one that does not listen.
_MOST_WAITING_OF_ONE = 64
_TELL_EVERY_S = 10.0
#: What asks a recorder to leave; on Windows Ctrl-Break, a window that is closed and a computer that is shut down too.
_LEAVE = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


class Recorder:
    """Serves `data_dir` at `bind` (port * picks a free one) until `stop`.

    Other computers come in encrypted, with keys that the folder's list allows. Raises `InUse` and what `Door` raises.
    tell: is given a line when somebody was turned away.
    """

    def __init__(self, data_dir: Path, bind: str = RECORDER, tell: Callable[[str], None] = lambda line: None) -> None:
        folder = Folder(data_dir)
        # An address that is refused leaves no folder behind.
        most = _MOST_WAITING_OF_ONE
        self._door = Door(bind, Keyring(folder.keys), wire.MOST_MESSAGE_BYTES, queue=most, answers=most)
        try:
            self._record = Record(folder)
        except BaseException:
            self._door.close()
            raise
        try:
            # Left by one that was killed.
            remove(folder.address)
            self._door.open()
        except BaseException:
            self._record.close()
            raise
        self.address = self._door.address
        #: What was done to a store of an earlier version, in words.
        self.brought_up = self._record.clinic.brought_up
        # A convenience for programs on this computer: the address is printed as well.
        with suppress(OSError):
            say_where(self._record.folder.address, {"address": self.address})
        self._sealer = Sealer(self._record.folder)
        self._tell = tell
        self._told_refused, self._tell_due_s = 0, 0.0
        self._stopping = False
        self._dropped_messages = 0
        self._problem = ""

    def run(self) -> None:
        """Serve until `stop`; then leave everything whole."""
        folder = self._record.folder
        try:
            while not self._stopping:
                self._round()
        finally:
            self._door.close()
            self._sealer.close()
            with suppress(OSError):  # who reads it asks whether somebody is there
                remove(folder.address)
            self._record.close()

    def stop(self) -> None:
        """Ask `run` to return; may be called from a signal handler."""
        self._stopping = True

    # --- the loop -----------------------------------------------------------------------------------------------------

    def _round(self) -> None:
        said = self._drain()
        waiting: dict[tuple[bytes, str], int] = {}
        for identity, message in said:
            match message:
                case wire.Hello():
                    self._greet(identity, message)
                case wire.Entries():
                    if self._take(identity, message):
                        waiting[identity, message.session] = message.attempt
        self._commit(waiting)
        self._keep_up()
        self._tell_refused()
        for identity, message in said:
            if isinstance(message, wire.Request):
                self._say(identity, self._answer(message))

    def _drain(self) -> list[tuple[bytes, wire.ToRecorder]]:
        """What has come, bounded; waits a little where nothing has."""
        said: list[tuple[bytes, wire.ToRecorder]] = []
        if not self._door.socket.poll(_WAIT_MS):
            return said
        size = 0
        for _ in range(_MOST_AT_ONCE):
            if size > _MOST_BYTES_AT_ONCE or (received := self._door.receive()) is None:
                break
            identity, data = received
            try:
                if data is None:
                    raise NotUnderstood("expected one part, from a computer on the list")
                size += len(data)
                message = wire.decode_to_recorder(data)
                if isinstance(message, wire.AskTime):  # at once: what it waits for is taken for its way
                    self._tell_time(identity, message)
                else:
                    said.append((identity, message))
            except NotUnderstood:
                self._dropped_messages += 1
        return said

    def _tell_time(self, identity: bytes, asked: wire.AskTime) -> None:
        came_ns = time.time_ns()
        self._say(identity, wire.Time(asked.session, asked.sent_mono_ns, came_ns, time.time_ns()))

    def _tell_refused(self) -> None:
        """Say that somebody was turned away, seldom enough that nobody fills a disk by knocking."""
        refused, now_s = self._door.refused_peers, time.monotonic()
        if refused > self._told_refused and now_s >= self._tell_due_s:
            self._tell(f"{self._door.refused} (turned away so far: {refused})")
            self._told_refused, self._tell_due_s = refused, now_s + _TELL_EVERY_S

    def _greet(self, identity: bytes, hello: wire.Hello) -> None:
        if hello.protocol != wire.PROTOCOL:
            reason = (
                f"this recorder speaks protocol {wire.PROTOCOL}, the session {hello.protocol}; "
                "install the same version of vrrehab on both computers"
            )
            self._say(identity, wire.Refused(hello.session, reason))
            return
        if hello.store and hello.store != self._record.clinic.store_id:
            reason = (
                f"The recorder that listens there keeps {self._record.folder.path.absolute()}, and the session belongs "
                "to another folder; all is kept on this computer until the recorder of its own folder runs"
            )
            self._say(identity, wire.Refused(hello.session, reason))
            return
        if self._record.is_erased(hello.session):
            self._say(identity, wire.Erased(hello.session))
            return
        self._say(identity, wire.Have(hello.session, hello.attempt, self._record.reach(hello.session)))

    def _take(self, identity: bytes, message: wire.Entries) -> bool:
        try:
            if self._record.take(message.session, message.stream, message.entries):
                return True
        except Erased:
            self._say(identity, wire.Erased(message.session))
            return False
        except (JournalUnwritable, JournalDamaged) as error:
            self._say(identity, wire.Refused(message.session, f"the recorder cannot keep the record: {error}"))
            return False
        except NotUnderstood as error:
            self._dropped_messages += 1
            self._say(identity, wire.Refused(message.session, str(error)))
            return False
        # Only what is on disk may be named, not what was taken a moment ago.
        have = wire.Have(message.session, message.attempt, self._record.reach(message.session))
        self._say(identity, have)
        return False

    def _commit(self, waiting: dict[tuple[bytes, str], int]) -> None:
        try:
            self._record.commit()
        except (JournalUnwritable, JournalDamaged) as error:
            self._problem = str(error)
            for identity, session in waiting:
                self._say(identity, wire.Refused(session, f"the recorder cannot keep the record: {error}"))
            return
        for (identity, session), attempt in waiting.items():
            self._say(identity, wire.Ack(session, attempt, self._record.reach(session)))

    def _keep_up(self) -> None:
        try:
            self._record.enter()
            if self._sealer.take_finished():
                self._record.now_sealed()
            for session in self._record.ready():
                self._sealer.ask(session)
        except (JournalUnwritable, JournalDamaged) as error:
            # Acknowledged and in the journal: it is entered as soon as that is possible again.
            self._problem = str(error)
        else:
            self._problem = self._sealer.problem

    def _answer(self, request: wire.AnyRequest) -> wire.Reply:
        record, number = self._record, request.request
        try:
            match request:
                case wire.GetParticipant(code=code):
                    return wire.Reply(number, profiles=record.clinic.participants(code))
                case wire.ListParticipants():
                    return wire.Reply(number, profiles=record.clinic.participants())
                case wire.PutParticipant(profile=profile):
                    check_code(profile.code)
                    record.clinic.put_participant(profile)
                    return wire.Reply(number, profiles=(profile,))
                case wire.PutAddendum(addendum=addendum):
                    check_addendum(addendum)
                    record.clinic.add(addendum)
                    return wire.Reply(number)
                case wire.PutEntry(entry=entry):
                    check_entry(entry)
                    record.clinic.enter(entry)
                    return wire.Reply(number)
                case wire.PutEntries(entries=entries):
                    for entry in entries:
                        check_entry(entry)
                    return wire.Reply(number, appended=record.clinic.enter_all(entries))
                case wire.GetEntries(code=code):
                    return wire.Reply(number, entries=record.clinic.entries(code))
                case wire.GetHistory(code=code):
                    return wire.Reply(number, history=record.clinic.history(code))
                case wire.GetSealState(session=session):
                    return wire.Reply(number, seal=record.seal_state(session))
                case wire.GetStatus():
                    return wire.Reply(number, status=self._status())
        except (RequestRefused, NotUnderstood, JournalUnwritable, JournalDamaged) as error:
            return wire.Reply(number, refused=str(error))

    def _status(self) -> wire.RecorderStatus:
        return wire.RecorderStatus(
            data_dir=str(self._record.folder.path.absolute()),
            store_id=self._record.clinic.store_id,
            open_sessions=tuple(self._record.clinic.unsealed()),
            journal_entries=self._record.journal.count(),
            dropped_messages=self._dropped_messages,
            problem=self._problem,
            refused_peers=self._door.refused_peers,
            refused=self._door.refused,
        )

    def _say(self, identity: bytes, message: wire.FromRecorder) -> None:
        # Who is gone, or does not listen, will say hello when it is back.
        self._door.send(identity, wire.encode(message))


def run_recorder(data_dir: Path, bind: str = RECORDER) -> None:
    """Run a recorder in this process until Ctrl-C, SIGTERM or Ctrl-Break, saying on standard output where it listens.

    Sessions that ran on this folder while no recorder did are brought in first thing.
    """
    recorder = Recorder(data_dir, bind, tell=lambda line: print(line, file=sys.stderr, flush=True))
    folder = Folder(data_dir)
    leftovers = threading.Thread(
        target=deliver_leftovers,
        args=(folder.spool, recorder.address),
        kwargs={"keyring": Keyring(folder.keys)},
        daemon=True,
    )

    def leave(_signal: int, _frame: FrameType | None) -> None:
        recorder.stop()

    before = [(number, signal.signal(number, leave)) for number in _LEAVE]
    try:
        if recorder.brought_up:
            print(recorder.brought_up, file=sys.stderr, flush=True)
        print(f"listening on {recorder.address}", flush=True)
        if not is_loopback(bind):
            port = recorder.address.rpartition(":")[2]
            key = parse_address(recorder.address).server_key.hex()
            print(f"other computers reach it as curve://{key}@{socket.gethostname()}:{port}", flush=True)
        leftovers.start()
        recorder.run()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def main() -> int:
    parser = ArgumentParser(prog="python -m telemetry.recorder", description="Record sessions into a data folder.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--bind", default=RECORDER, metavar="ADDRESS")
    arguments = parser.parse_args()
    try:
        run_recorder(arguments.data, arguments.bind)
    except (TelemetryError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
