"""Sends hostile bytes to a recorder that listens in a process of its own, and sees that it does not mind.

python -m telemetry.testing.fuzz --messages 1000000

The messages are random bytes, real messages with bytes changed, cut off or put in, promises of huge content, deep
nesting, messages of many parts, and connections that speak no ZeroMQ at all.
"""

from __future__ import annotations

import random
import socket as tcp
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq

from telemetry import messages, wire
from telemetry.client import RecorderClient
from telemetry.errors import NotUnderstood
from telemetry.journal import Entry
from telemetry.motion import FrameLayout
from telemetry.testing.pretend import JOINTS
from telemetry.testing.processes import RecorderProcess

_HUGE = (
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\x91" * 5_000,
    b"\x81\xa1x" * 2_000,
)
_HEARD_EVERY = 200
_PATIENCE_MS = 60_000


def hostile(chance: random.Random, real: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Without end: the parts of a message that nobody means well with; `real` are messages to distort."""
    while True:
        data = bytearray(chance.choice(real))
        match chance.randrange(8):
            case 0:
                data = bytearray(chance.randbytes(chance.randrange(200)))
            case 1:
                for _ in range(chance.randint(1, 4)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            case 2:
                del data[chance.randrange(len(data)) :]
            case 3:
                place = chance.randrange(len(data))
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            case 4:
                place = chance.randrange(len(data))
                data[place:] = chance.choice(_HUGE)
            case 5:
                yield [bytes(data)] + [b"more"] * chance.randint(1, 5)
                continue
            case 6:
                # Understood as a message, but with nonsense in it.
                entries = [
                    Entry(chance.randint(1, 9), chance.randint(1, 9), chance.random() < 0.5, chance.randbytes(40))
                ]
                data = bytearray(wire.encode(wire.Entries("F1", 1, chance.choice(("events", "motion")), entries)))
        yield [bytes(data)]


def real_messages() -> list[bytes]:
    """One of everything that a recorder understands."""
    frame = FrameLayout(JOINTS).new_record().tobytes()
    said: list[wire.ToRecorder] = [
        wire.Hello("F1", 1),
        wire.Entries("F1", 1, "motion", [Entry(1, 2, False, frame * 2)]),
        wire.GetParticipant(1, "P001"),
        wire.PutParticipant(1, messages.Profile(code="P001", version=9)),
        wire.ListParticipants(1),
        wire.GetHistory(1, "P001"),
        wire.GetStatus(1),
        wire.GetSealState(1, "F1"),
        wire.AskTime("F1", 1),
        wire.PutEntries(1, ()),
        wire.PutAddendum(
            1,
            messages.Addendum(
                addendum_id="a", session_id="F1", kind="note", who="anna", entered_utc_ns=1, about_utc_ns=1
            ),
        ),
    ]
    return [wire.encode(message) for message in said]


def is_message(parts: list[bytes]) -> bool:
    """Whether a recorder can understand these parts, before it looks what is in its entries."""
    try:
        wire.decode_to_recorder(parts[0])
    except NotUnderstood:
        return False
    return len(parts) == 1


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """sent: how many messages. no_messages: how many of them could not be understood. counted: what the recorder says
    that it dropped. grown_bytes: by how much more memory its process held at its largest."""

    sent: int
    no_messages: int
    counted: int
    grown_bytes: int


def fuzz(recorder: RecorderProcess, count: int, seed: int) -> Fuzzed:
    """Send `count` hostile messages. Raises `NobodyAnswers` if the recorder does not answer afterwards."""
    chance = random.Random(seed)
    host, port = "127.0.0.1", int(recorder.address.rpartition(":")[2])
    no_messages = 0
    with RecorderClient(recorder.address, 30.0) as client:
        before_dropped, before_bytes = client.status().dropped_messages, _most_memory(recorder.process.pid)
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, _PATIENCE_MS)
        socket.setsockopt(zmq.SNDTIMEO, _PATIENCE_MS)
        socket.connect(recorder.address)
        for number, parts in zip(range(count), hostile(chance, real_messages()), strict=False):
            socket.send_multipart(parts)
            no_messages += not is_message(parts)
            if number % _HEARD_EVERY == 0:
                while socket.poll(0):
                    socket.recv()
                with tcp.create_connection((host, port)) as garbage:
                    garbage.sendall(chance.randbytes(chance.randrange(1, 200)))
        # Told last on the same connection, and so answered last.
        socket.send(wire.encode(wire.GetStatus(2**50)))
        while not _is_last(socket):
            pass
        counted = client.status().dropped_messages - before_dropped
        socket.close(0)
        return Fuzzed(count, no_messages, counted, _most_memory(recorder.process.pid) - before_bytes)


def _is_last(socket: zmq.Socket[bytes]) -> bool:
    # Answers may be dropped on a connection that does not listen as fast as it asks; the question is then repeated.
    if not socket.poll(2000):
        socket.send(wire.encode(wire.GetStatus(2**50)))
        return False
    said = wire.decode_from_recorder(socket.recv())
    return isinstance(said, wire.Reply) and said.request == 2**50


def _most_memory(pid: int) -> int:
    """The most memory that a process has held, bytes; 0 where the system does not tell (only Linux does)."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return 0
    return next(int(line.split()[1]) * 1024 for line in path.read_text().splitlines() if line.startswith("VmHWM"))


def main() -> int:
    parser = ArgumentParser(prog="python -m telemetry.testing.fuzz", description="Send hostile bytes to a recorder.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, RecorderProcess(Path(folder) / "data") as recorder:
        done = fuzz(recorder, said.messages, said.seed)
    print(msgspec.json.format(msgspec.json.encode(done)).decode())
    print(f"{time.monotonic() - began_s:.0f} s")
    whole = done.no_messages <= done.counted <= done.sent and done.grown_bytes < 128 << 20
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
