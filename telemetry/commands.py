"""Commands to a running session: each is carried out at most once, and answered applied, refused or not at all.

The session program serves a socket in a thread; the render thread takes what has come, between two frames, and answers
it, without touching the socket. What a command means, and whether it may be, only the session knows.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from telemetry.door import Door, Line
from telemetry.errors import NobodyAnswers
from telemetry.keys import Keyring
from telemetry.wire import PROTOCOL

Scalar = float | int | str | bool | None

_MOST_BYTES = 1 << 16
_MOST_WAITING = 64
#: How many connections may ask for the same command, as one that reconnects does.
_MOST_ASKING = 8
#: For how many commands the answer is kept, to be given again.
_REMEMBERED = 1024
_ANSWER_EVERY_MS = 2
_LISTEN_EVERY_MS = 50

_Name = Annotated[str, Meta(min_length=1, max_length=64)]


class _Order(Struct, frozen=True):
    """A command on the wire; `key` is the same whenever the same command is sent again."""

    key: _Name
    name: _Name
    who: Annotated[str, Meta(max_length=64)]
    arguments: Annotated[dict[_Name, Scalar], Meta(max_length=64)]
    protocol: int = PROTOCOL


class _Answer(Struct, frozen=True):
    key: str
    outcome: Literal["applied", "refused"]
    frame: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The command was carried out; `frame` is the number of the first frame that shows it."""

    frame: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The command was not carried out, and why."""

    reason: str


class Command:
    """One command as it came, to be answered exactly once, on the thread that polled it."""

    def __init__(self, order: _Order, answers: deque[_Answer]) -> None:
        self.name = order.name
        self.arguments = order.arguments
        self.who = order.who
        self._key = order.key
        self._answers = answers

    def applied(self, frame: int) -> None:
        self._answers.append(_Answer(self._key, "applied", frame))

    def refused(self, reason: str) -> None:
        self._answers.append(_Answer(self._key, "refused", reason=reason))


class CommandServer:
    """Takes commands at `address` from when it is made until `close`.

    keyring: the keys for an address that other computers can reach. Raises what `Door` raises.
    """

    def __init__(self, bind: str, keyring: Keyring | None = None) -> None:
        self._door = Door(bind, keyring, _MOST_BYTES, _MOST_WAITING)
        self._door.open()
        self.address = self._door.address
        self.dropped_messages = 0
        self._decoder = msgspec.msgpack.Decoder(_Order)
        self._waiting: deque[Command] = deque()
        self._answers: deque[_Answer] = deque()
        # Of the socket's thread: who asked for what, and what was answered to it.
        self._asked: dict[str, set[bytes]] = {}
        self._answered: OrderedDict[str, _Answer] = OrderedDict()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)
        self._thread.start()

    def __enter__(self) -> CommandServer:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @property
    def refused(self) -> str:
        """Who was turned away last, in words; empty where nobody was."""
        return self._door.refused

    def poll(self) -> Sequence[Command]:
        """What has come since the last call, in order; never waits."""
        if not self._waiting:
            return ()
        commands = []
        while self._waiting:
            commands.append(self._waiting.popleft())
        return commands

    def close(self) -> None:
        """Refuse what is not answered yet, and stop. May be repeated."""
        for command in self.poll():
            command.refused("the session is over")
        self._closing = True
        self._thread.join()

    # --- the socket's thread ---

    def _run(self) -> None:
        try:
            while not self._closing:
                if self._door.socket.poll(_ANSWER_EVERY_MS if self._asked else _LISTEN_EVERY_MS):
                    self._listen()
                self._give_answers()
            self._give_answers()
        finally:
            self._door.close()

    def _listen(self) -> None:
        received = self._door.receive()
        if received is None:
            return
        identity, data = received
        try:
            order = self._decoder.decode(data or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.dropped_messages += 1
            return
        if order.key in self._answered:
            self._say(identity, self._answered[order.key])
        elif order.key in self._asked:
            if len(self._asked[order.key]) < _MOST_ASKING:
                self._asked[order.key].add(identity)
        elif order.protocol != PROTOCOL:
            reason = (
                f"the session speaks protocol {PROTOCOL}, not {order.protocol}; install the same version of vrrehab"
            )
            self._say(identity, _Answer(order.key, "refused", reason=reason))
        elif len(self._asked) >= _MOST_WAITING:
            reason = "the session has too many commands to answer; wait a moment"
            self._say(identity, _Answer(order.key, "refused", reason=reason))
        else:
            self._asked[order.key] = {identity}
            self._waiting.append(Command(order, self._answers))

    def _give_answers(self) -> None:
        while self._answers:
            answer = self._answers.popleft()
            self._answered[answer.key] = answer
            if len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)
            for identity in self._asked.pop(answer.key, ()):
                self._say(identity, answer)

    def _say(self, identity: bytes, answer: _Answer) -> None:
        # Who is gone asks again when it is back.
        self._door.send(identity, msgspec.msgpack.encode(answer))


class CommandClient:
    """Sends commands to the session at `address`; one thread's. keyring: this computer's keys, for curve://."""

    def __init__(self, address: str, keyring: Keyring | None = None) -> None:
        self._address = address
        self._decoder = msgspec.msgpack.Decoder(_Answer)
        self._line = Line(address, keyring, _MOST_BYTES)

    def __enter__(self) -> CommandClient:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._line.close()

    def send(
        self, name: str, arguments: dict[str, Scalar], who: str, timeout_s: float = 2.0, *, key: str | None = None
    ) -> Applied | Refused:
        """Send a command and wait for its outcome; it is sent again meanwhile, and still carried out once.

        Sending again with the `key` of an earlier command asks what became of that one. Raises `NobodyAnswers`:
        whether the command was carried out is not known then.
        """
        order = _Order(key or secrets.token_hex(8), name, who, arguments)
        data = msgspec.msgpack.encode(order)
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._line.send(data)
            again_s = time.monotonic() + min(left_s, max(0.1, timeout_s / 3))
            while (wait_s := again_s - time.monotonic()) > 0:
                answer = self._heard(wait_s)
                if answer is not None and answer.key == order.key:
                    return Applied(answer.frame) if answer.outcome == "applied" else Refused(answer.reason)
        if self._line.problem:
            raise NobodyAnswers(f"the session cannot be told {name!r}: {self._line.problem}")
        raise NobodyAnswers(
            f"the session at {self._address} did not answer {name!r} within {timeout_s:g} s; "
            "whether it was carried out is not known, look before sending it again"
        )

    def _heard(self, wait_s: float) -> _Answer | None:
        data = self._line.receive(wait_s)
        try:
            return None if data is None else self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None  # whoever listens there is no session
