from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import zmq

from telemetry.commands import Applied, Command, CommandClient, CommandServer, Refused
from telemetry.errors import NobodyAnswers, NotLoopback, TelemetryError
from telemetry.testing import eventually


@pytest.fixture
def server() -> Iterator[CommandServer]:
    with CommandServer("tcp://127.0.0.1:*") as server:
        yield server


@pytest.fixture
def client(server: CommandServer) -> Iterator[CommandClient]:
    with CommandClient(server.address) as client:
        yield client


class Frames:
    """A render thread: obeys what comes, a frame at a time."""

    def __init__(self, server: CommandServer, obey: Callable[[Command, int], None]) -> None:
        self.obeyed: list[tuple[str, dict[str, object], str]] = []
        self._server, self._obey = server, obey
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Frames:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        frame = 0
        while not self._over.wait(0.002):
            frame += 1
            for command in self._server.poll():
                self.obeyed.append((command.name, dict(command.arguments), command.who))
                self._obey(command, frame)


def test_a_command_is_applied_with_the_frame_or_refused_with_the_reason(
    server: CommandServer, client: CommandClient
) -> None:
    def obey(command: Command, frame: int) -> None:
        if command.name == "stop":
            command.applied(77)
        else:
            command.refused("there is nothing to skip")

    with Frames(server, obey) as frames:
        assert client.send("stop", {"gently": True, "after_s": 0.5, "why": None}, "anna") == Applied(77)
        assert client.send("skip", {}, "anna") == Refused("there is nothing to skip")
    assert frames.obeyed == [("stop", {"gently": True, "after_s": 0.5, "why": None}, "anna"), ("skip", {}, "anna")]


def test_a_repeated_key_gets_the_first_answer_and_is_not_carried_out_again(
    server: CommandServer, client: CommandClient
) -> None:
    with Frames(server, lambda command, frame: command.applied(frame)) as frames:
        first = client.send("skip", {}, "anna", key="k1")
        with CommandClient(server.address) as other:
            assert other.send("skip", {}, "anna", key="k1") == first
        assert client.send("skip", {}, "anna", key="k2") != first
    assert len(frames.obeyed) == 2


def test_a_command_that_is_sent_again_while_it_waits_is_carried_out_once(
    server: CommandServer, client: CommandClient
) -> None:
    with pytest.raises(NobodyAnswers, match="not known"):
        client.send("stop", {}, "anna", timeout_s=0.4, key="k1")
    eventually(lambda: server._waiting)
    (command,) = server.poll()
    command.applied(5)
    assert client.send("stop", {}, "anna", key="k1") == Applied(5)
    assert server.poll() == ()


def test_a_session_that_is_not_there_is_told() -> None:
    with CommandClient("tcp://127.0.0.1:1") as client, pytest.raises(TimeoutError, match="did not answer 'stop'"):
        client.send("stop", {}, "anna", timeout_s=0.2)


def test_closing_refuses_what_still_waits(server: CommandServer, client: CommandClient) -> None:
    outcomes: list[Applied | Refused] = []
    asking = threading.Thread(target=lambda: outcomes.append(client.send("stop", {}, "anna")))
    asking.start()
    eventually(lambda: server._waiting)
    server.close()
    asking.join()
    assert outcomes == [Refused("the session is over")]


def test_hostile_bytes_are_counted_and_commands_still_work(server: CommandServer, client: CommandClient) -> None:
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(server.address)
    chance = np.random.default_rng(2)
    for _ in range(300):
        socket.send(chance.bytes(int(chance.integers(0, 100))))
    eventually(lambda: server.dropped_messages == 300)
    socket.close()
    with Frames(server, lambda command, frame: command.applied(1)):
        assert client.send("stop", {}, "anna") == Applied(1)


def test_more_commands_than_anybody_sends_are_refused_not_kept(server: CommandServer) -> None:
    with CommandClient(server.address) as client:
        for number in range(70):
            try:
                outcome = client.send("note", {}, "flood", timeout_s=0.005, key=str(number))
            except NobodyAnswers:
                continue
            assert isinstance(outcome, Refused)
            assert "too many" in outcome.reason
        eventually(lambda: len(server._waiting) == 64)


def test_an_address_that_others_could_reach_is_refused() -> None:
    with pytest.raises(NotLoopback):
        CommandServer("tcp://0.0.0.0:*")
    with pytest.raises(NotLoopback):
        CommandClient("tcp://192.168.0.3:5000")


def test_an_address_in_use_is_told(server: CommandServer) -> None:
    with pytest.raises(TelemetryError, match="stop what uses that port"):
        CommandServer(server.address)
