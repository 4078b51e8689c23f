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
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import zmq
from msgspec import Meta, Struct

from telemetry.errors import NobodyAnswers, TelemetryError
from telemetry.wire import PROTOCOL, require_loopback

Scalar = float | int | str | bool | None

_MOST_BYTES = 1 << 16
_MOST_WAITING = 64
#: For how many commands the answer is kept, to be given again.
_REMEMBERED = 1024
_ANSWER_EVERY_MS = 5
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
    """Takes commands at `address` from when it is made until `close`. Raises `NotLoopback`."""

    def __init__(self, bind: str) -> None:
        require_loopback(bind)
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _MOST_BYTES)
        try:
            self._socket.bind(bind)
        except zmq.ZMQError as error:
            self._socket.close()
            raise TelemetryError(
                f"expected to take commands on {bind}, but {error.strerror}; stop what uses that port"
            ) from error
        self.address = str(self._socket.getsockopt_string(zmq.LAST_ENDPOINT))
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
                if self._socket.poll(_ANSWER_EVERY_MS if self._asked else _LISTEN_EVERY_MS):
                    self._listen()
                self._give_answers()
            self._give_answers()
        finally:
            self._socket.close()

    def _listen(self) -> None:
        identity, *parts = self._socket.recv_multipart()
        try:
            order = self._decoder.decode(b"".join(parts))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.dropped_messages += 1
            return
        if order.key in self._answered:
            self._say(identity, self._answered[order.key])
        elif order.key in self._asked:
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
        with suppress(zmq.ZMQError):
            self._socket.send_multipart((identity, msgspec.msgpack.encode(answer)), zmq.NOBLOCK)


class CommandClient:
    """Sends commands to the session at `address`; one thread's."""

    def __init__(self, address: str) -> None:
        require_loopback(address)
        self._address = address
        self._decoder = msgspec.msgpack.Decoder(_Answer)
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
        self._socket.connect(address)

    def __enter__(self) -> CommandClient:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

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
            self._socket.send(data)
            again_s = time.monotonic() + min(left_s, max(0.1, timeout_s / 3))
            while (wait_s := again_s - time.monotonic()) > 0 and self._socket.poll(int(wait_s * 1000) + 1):
                answer = self._decoder.decode(self._socket.recv())
                if answer.key == order.key:
                    return Applied(answer.frame) if answer.outcome == "applied" else Refused(answer.reason)
        raise NobodyAnswers(
            f"the session at {self._address} did not answer {name!r} within {timeout_s:g} s; "
            "whether it was carried out is not known, look before sending it again"
        )
