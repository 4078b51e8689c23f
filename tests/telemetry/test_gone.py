"""Who goes away in the middle, or vanishes without a word: no program of ours ends with it, and nothing is lost by it.

What once ended a program took the whole process with it, so that those tests run in one of their own.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.errors import NobodyAnswers
from telemetry.folder import Folder
from telemetry.keys import Keyring
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, RecorderProcess, eventually

Start = Callable[..., tuple[Sender, PretendSession]]

FULL_DOOR = """
import time, zmq
from telemetry.door import Door
door = Door("tcp://127.0.0.1:*", None, 1 << 20, queue=4)
door.open()
with zmq.Context() as peers:
    for _ in range(3):
        with peers.socket(zmq.DEALER) as peer:
            peer.setsockopt(zmq.LINGER, 0)
            peer.setsockopt(zmq.SNDHWM, 4)
            peer.connect(door.address)
            while peer.poll(300, zmq.POLLOUT):
                peer.send(bytes(100_000))
time.sleep(3.0)  # time enough to ask twice whether they are still there
heard = 0
while door.socket.poll(500):
    heard += door.receive() is not None
door.close()
print("heard", heard)
"""

FULL_LINE = """
import sys, time
from telemetry.door import Door, Line
door = Door("tcp://127.0.0.1:*", None, 1 << 16, queue=4, answers=5000)
door.open()
line = Line(door.address, None, 1 << 16)

def heard_by_the_door(data):
    line.send(data)
    while True:
        received = door.receive()
        if received and received[1] == data:
            return received[0]
        time.sleep(0.01)

peer = heard_by_the_door(b"here")
for number in range(4000):
    door.send(peer, b"%d" % number)
time.sleep(1.0)
if sys.argv[1] == "leaves":
    door.close()
    time.sleep(2.5)
    door = Door(door.address, None, 1 << 16, queue=4)
    door.open()
else:
    time.sleep(4.0)  # longer than what is silent was once taken to be there
numbers = []
while (data := line.receive(0.5)) is not None:
    numbers.append(int(data))
assert numbers == list(range(len(numbers)))
door.send(heard_by_the_door(b"again"), b"welcome")
assert line.receive(10.0) == b"welcome"
print("heard", len(numbers))
"""

IDLE_LINE = """
import time, zmq
from telemetry.door import Door, Line
nobody = "tcp://127.0.0.1:1"
idle = Line(nobody, None, 1 << 16)
# Hours of vain tries within seconds.
idle._socket.setsockopt(zmq.RECONNECT_IVL, 1)
idle._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 0)
idle._socket.disconnect(nobody)
idle._socket.connect(nobody)
time.sleep(5.0)
door = Door("tcp://127.0.0.1:*", None, 1 << 16, queue=4)
door.open()
other = Line(door.address, None, 1 << 16)
other.send(b"here")
print("heard", int(door.socket.poll(10_000) == zmq.POLLIN), flush=True)
other.close()
idle.close()
door.close()
"""


def _heard(script: str, *arguments: str) -> int:
    """How many messages the script heard; a script that did not end by itself fails the test."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def test_a_door_whose_queue_is_full_outlives_the_peers_that_filled_it() -> None:
    assert _heard(FULL_DOOR) >= 12


@pytest.mark.parametrize("door", ["leaves", "stays"])
def test_a_line_that_did_not_listen_for_long_outlives_it_and_speaks_again(door: str) -> None:
    heard = _heard(FULL_LINE, door)
    assert heard == 4000 if door == "stays" else heard >= 1000


def test_a_line_that_is_not_used_for_long_holds_up_no_other() -> None:
    assert _heard(IDLE_LINE) == 1


CROWD = """
import sys, time, zmq
from telemetry import wire
socket = zmq.Context.instance().socket(zmq.DEALER)
socket.setsockopt(zmq.SNDHWM, 0)
socket.connect(sys.argv[1])
for attempt in range(5000):
    socket.send(wire.encode(wire.Hello("S2", attempt)))
time.sleep(1.0)
print("said", flush=True)
time.sleep(60.0)
"""


def test_a_recorder_that_waits_for_its_disk_outlives_a_program_that_is_killed_meanwhile(
    recorder: RecorderProcess, data: Path, start: Start
) -> None:
    sender, session = start(recorder.address)
    with (
        RecorderClient(recorder.address, 0.3) as client,
        closing(sqlite3.connect(Folder(data).journal, isolation_level=None)) as disk,
    ):
        disk.execute("BEGIN IMMEDIATE")
        session.move(50)

        def waits() -> bool:
            try:
                client.status()
            except NobodyAnswers:
                return True
            return False

        eventually(waits)
        command = [sys.executable, "-c", CROWD, recorder.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "said\n"
            crowd.kill()
        time.sleep(2.5)  # time enough to ask twice whether it is still there
        disk.execute("ROLLBACK")
    session.perform((6.0,), frames=20)
    assert sender.close(60.0), sender.problem()
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    assert recorder.process.poll() is None
    assert telemetry.open_store(data).motion("S1")["frame"].tolist() == list(range(1, 71))


def test_a_recorder_that_stands_still_for_a_while_gets_everything_once(
    recorder: RecorderProcess, data: Path, start: Start
) -> None:
    sender, session = start(recorder.address)
    session.move(20)
    eventually(lambda: sender.status().acknowledged["motion"] == 20)
    recorder.freeze()
    session.move(200)
    eventually(lambda: "No recorder answers" in sender.problem())
    session.move(200)
    recorder.thaw()
    session.perform((6.0,), frames=20)
    assert sender.close(60.0), sender.problem()
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    assert telemetry.open_store(data).motion("S1")["frame"].tolist() == list(range(1, 441))


class _OtherComputer:
    """A network of its own on this computer, at the other end of a cable."""

    def __init__(self) -> None:
        number = os.getpid()
        self.name = f"vrrehab-{number}"
        self.cable = f"vr{number}"
        # Two of them on one computer have each a network of its own.
        self.here, self.there = (f"10.213.{number % 251}.{number // 251 % 63 * 4 + end}" for end in (1, 2))
        self.within = ("ip", "netns", "exec", self.name)

    def connect(self) -> None:
        self._run("ip", "netns", "add", self.name)
        self._run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        self._run("ip", "address", "add", f"{self.here}/30", "dev", self.cable)
        self._run("ip", "link", "set", self.cable, "up")
        self._run(*self.within, "ip", "address", "add", f"{self.there}/30", "dev", "eth0")
        self.plug_in()
        assert self.connections() == (0, 0)

    def plug_in(self) -> None:
        self._run(*self.within, "ip", "link", "set", "eth0", "up")

    def pull_out(self) -> None:
        self._run(*self.within, "ip", "link", "set", "eth0", "down")

    def connections(self) -> tuple[int, int]:
        """How many each end takes to be open."""
        look = ("ss", "--no-header", "--tcp", "--numeric", "state", "established", "dst")
        said = self._run(*look, self.there), self._run(*self.within, *look, self.here)
        return len(said[0].splitlines()), len(said[1].splitlines())

    def remove(self) -> None:
        # The cable goes with its other end.
        with suppress(OSError):
            subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)

    def _run(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@pytest.fixture
def other() -> Iterator[_OtherComputer]:
    other = _OtherComputer()
    try:
        other.connect()
    except (OSError, subprocess.CalledProcessError) as error:
        other.remove()
        pytest.skip(f"NOT RUN: pulling out a cable needs the right to lay one (root, Linux, iproute2): {error}")
    yield other
    other.remove()


def test_a_computer_that_vanishes_is_given_up_at_both_ends_and_gets_everything_when_it_is_back(
    other: _OtherComputer, data: Path, spool: Path
) -> None:
    keyring = Keyring(Folder(data).keys)
    keyring.make()
    with (
        RecorderProcess(data, f"tcp://{other.there}:*", other.within) as recorder,
        RecorderClient(recorder.address, keyring=keyring) as client,
    ):
        assert client.profiles() == []
        sender = Sender(spool, "S1", recorder.address, FrameLayout(JOINTS), keyring=keyring)
        session = PretendSession(sender)
        session.move(20)
        eventually(lambda: sender.status().acknowledged["motion"] == 20)
        assert other.connections() == (2, 2), (
            "that of the sender, who has much to say, and that of the client, who has not"
        )
        other.pull_out()
        session.move(20)
        eventually(lambda: other.connections() == (0, 0))
        assert "No recorder answers" in sender.problem()
        other.plug_in()
        session.perform((6.0,), frames=20)
        assert sender.close(60.0), sender.problem()
        client.wait_sealed("S1", 60.0)
    assert telemetry.open_store(data).motion("S1")["frame"].tolist() == list(range(1, 61))
