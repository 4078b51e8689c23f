"""Who is let in from other computers, and what the others get: nothing, and a reason."""

from __future__ import annotations

import socket as tcp
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

import telemetry
from telemetry import wire
from telemetry.address import parse_address
from telemetry.client import RecorderClient
from telemetry.commands import Applied, CommandClient, CommandServer
from telemetry.door import Door, Line
from telemetry.errors import KeysMissing, KeysUnsafe, NobodyAnswers, NotLoopback, TelemetryError
from telemetry.folder import Folder
from telemetry.keys import Keyring
from telemetry.leftovers import deliver_leftovers
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, RecorderProcess, eventually


@pytest.fixture
def server(data: Path) -> Keyring:
    keyring = Keyring(Folder(data).keys)
    keyring.make()
    return keyring


@pytest.fixture
def headset(tmp_path: Path) -> Keyring:
    """The keys of another computer, which nobody knows yet."""
    keyring = Keyring(tmp_path / "headset" / "keys")
    keyring.make()
    return keyring


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def address(data: Path, server: Keyring, told: list[str]) -> Iterator[str]:
    """A recorder that every network of this computer can reach."""
    recorder = Recorder(data, "tcp://0.0.0.0:*", told.append)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    yield recorder.address
    recorder.stop()
    thread.join()


@pytest.fixture
def own(address: str, server: Keyring) -> Iterator[RecorderClient]:
    """The recorder's own computer asks."""
    with RecorderClient(address, keyring=server) as client:
        yield client


def test_without_keys_nobody_listens_where_others_can_come_in(data: Path) -> None:
    with pytest.raises(NotLoopback, match="vrrehab keys make"):
        Recorder(data, "tcp://0.0.0.0:*")
    assert not data.exists()
    with pytest.raises(NotLoopback):
        CommandServer("tcp://0.0.0.0:*")


def test_with_a_secret_that_others_can_read_nobody_listens(data: Path, server: Keyring) -> None:
    server.own_file.chmod(0o644)
    with pytest.raises(KeysUnsafe):
        Recorder(data, "tcp://0.0.0.0:*")


def test_a_session_on_an_allowed_computer_arrives_whole(
    address: str, own: RecorderClient, server: Keyring, headset: Keyring, data: Path, spool: Path
) -> None:
    server.allow(headset.own().public, "headset-1")
    sender = Sender(spool, "S1", address, FrameLayout(JOINTS), keyring=headset)
    PretendSession(sender).perform((6.0, 5.0), frames=40)
    assert sender.close(60.0)
    own.wait_sealed("S1", 60.0)
    assert telemetry.open_store(data).tasks()["pain_after"].tolist() == [6.0, 5.0]


def test_nothing_that_is_said_can_be_read_on_the_way(
    address: str, server: Keyring, headset: Keyring, own: RecorderClient
) -> None:
    server.allow(headset.own().public, "headset-1")
    heard = bytearray()
    port = int(address.rpartition(":")[2])
    listener = tcp.create_server(("127.0.0.1", 0))

    def eavesdrop() -> None:
        near, _ = listener.accept()
        far = tcp.create_connection(("127.0.0.1", port))

        def pass_on(one: tcp.socket, other: tcp.socket) -> None:
            while data := one.recv(4096):
                heard.extend(data)
                other.sendall(data)

        back = threading.Thread(target=pass_on, args=(far, near))
        back.start()
        pass_on(near, far)
        far.shutdown(tcp.SHUT_RDWR)
        back.join()
        near.close()
        far.close()

    thread = threading.Thread(target=eavesdrop)
    thread.start()
    through = f"{address.rpartition(':')[0]}:{listener.getsockname()[1]}"
    with RecorderClient(through, keyring=headset) as client:
        assert client.profile("SECRET-CODE") is None
    thread.join()
    listener.close()
    assert len(heard) > 500
    assert b"SECRET-CODE" not in heard


def test_an_unknown_computer_gets_nothing_is_told_and_comes_in_once_it_is_allowed(
    address: str, own: RecorderClient, server: Keyring, headset: Keyring, told: list[str], spool: Path
) -> None:
    sender = Sender(spool, "S1", address, FrameLayout(JOINTS), keyring=headset)
    session = PretendSession(sender)
    key = headset.own().public.hex()
    eventually(lambda: f"vrrehab keys allow {key} --name NAME" in sender.problem())
    eventually(lambda: own.status().refused_peers > 0)
    assert key in own.status().refused
    eventually(lambda: told)
    assert "turned away" in told[0]
    assert own.status().dropped_messages == 0
    assert own.status().open_sessions == ()
    server.allow(headset.own().public, "headset-1")
    session.perform((6.0,))
    assert sender.close(60.0)
    own.wait_sealed("S1", 60.0)


def test_a_computer_that_is_removed_is_cut_off_at_once(
    address: str, own: RecorderClient, server: Keyring, headset: Keyring
) -> None:
    server.allow(headset.own().public, "headset-1")
    with RecorderClient(address, 2.0, keyring=headset) as client:
        assert client.profiles() == []
        server.remove("headset-1")
        eventually(lambda: _why_nobody_answers(client.profiles))
    assert own.status().dropped_messages == 1


def _why_nobody_answers(ask: Callable[[], object]) -> str:
    """Empty where somebody does."""
    try:
        ask()
    except NobodyAnswers as error:
        return str(error)
    return ""


def test_who_speaks_in_the_clear_gets_nothing_and_both_sides_say_so(address: str, own: RecorderClient) -> None:
    plain = parse_address(address).endpoint
    with RecorderClient(plain, 1.0) as client:
        eventually(lambda: "speaks only encrypted" in _why_nobody_answers(client.status))
    eventually(lambda: "in the clear" in own.status().refused)


def test_a_recorder_with_another_key_is_not_spoken_to_and_both_sides_say_so(
    address: str, own: RecorderClient, server: Keyring, headset: Keyring
) -> None:
    server.allow(headset.own().public, "headset-1")
    port = address.rpartition(":")[2]
    wrong = f"curve://{headset.own().public.hex()}@127.0.0.1:{port}"
    with RecorderClient(wrong, 1.0, keyring=headset) as client:
        eventually(lambda: "cannot prove" in _why_nobody_answers(client.status))
    eventually(lambda: "another key" in own.status().refused)


def test_an_encrypted_address_needs_keys(address: str, tmp_path: Path) -> None:
    with pytest.raises(KeysMissing):
        RecorderClient(address)
    with pytest.raises(KeysMissing, match="vrrehab keys make"):
        RecorderClient(address, keyring=Keyring(tmp_path / "none" / "keys"))


def _knock(context: zmq.Context[zmq.Socket[bytes]], endpoint: str, server_key: bytes, how: int) -> zmq.Socket[bytes]:
    """Somebody who is not let in: an unknown key, a wrong one of the server, none, or never finishing to connect."""
    socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, 1)
    if how < 2:
        public, secret = zmq.curve_keypair()
        socket.curve_publickey, socket.curve_secretkey = public, secret
        socket.curve_serverkey = public if how else z85.encode(server_key)
    socket.connect(endpoint)
    socket.send(wire.encode(wire.ListParticipants(1)))
    return socket


def test_a_crowd_that_is_turned_away_does_not_hold_up_a_session(
    address: str, own: RecorderClient, server: Keyring, headset: Keyring, data: Path, spool: Path
) -> None:
    server.allow(headset.own().public, "headset-1")
    there = parse_address(address)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    crowd = [_knock(context, there.endpoint, there.server_key, number % 3) for number in range(30)]
    host, port = "127.0.0.1", int(address.rpartition(":")[2])
    silent = [tcp.create_connection((host, port)) for _ in range(30)]
    sender = Sender(spool, "S1", address, FrameLayout(JOINTS), keyring=headset)
    PretendSession(sender).perform((6.0, 5.0), frames=200)
    assert sender.close(60.0)
    own.wait_sealed("S1", 60.0)
    assert own.status().refused_peers >= 20
    assert own.status().dropped_messages == 0
    assert not any(socket.poll(0) for socket in crowd)
    for socket in crowd:
        socket.close()
    for connection in silent:
        connection.close()
    context.term()


def test_a_spool_is_delivered_with_keys(address: str, own: RecorderClient, server: Keyring, spool: Path) -> None:
    sender = Sender(spool, "S1", None, FrameLayout(JOINTS))
    PretendSession(sender).perform((6.0,))
    sender.close(0.0)
    (left,) = deliver_leftovers(spool, address, keyring=server)
    assert left.delivered, left.problem
    own.wait_sealed("S1", 60.0)


def test_commands_come_from_allowed_computers_only(server: Keyring, headset: Keyring) -> None:
    with CommandServer("tcp://0.0.0.0:*", server) as commands:
        with CommandClient(commands.address, headset) as client:
            stop = partial(client.send, "stop", {}, "anna", timeout_s=1.0)
            eventually(lambda: "vrrehab keys allow" in _why_nobody_answers(stop))
            assert headset.own().public.hex() in commands.refused
            assert commands.poll() == ()
        plain = parse_address(commands.address).endpoint
        with CommandClient(plain) as client:
            stop = partial(client.send, "stop", {}, "anna", timeout_s=1.0)
            eventually(lambda: "only encrypted" in _why_nobody_answers(stop))
        server.allow(headset.own().public, "console")
        with CommandClient(commands.address, headset) as client:
            answering = threading.Thread(target=_answer_one, args=(commands,))
            answering.start()
            assert client.send("stop", {}, "anna", timeout_s=60.0) == Applied(7)
            answering.join()


def _answer_one(commands: CommandServer) -> None:
    waiting: list[Callable[[int], None]] = []
    eventually(lambda: waiting or waiting.extend(command.applied for command in commands.poll()))
    waiting[0](7)


def _listen_as(stranger: str, port: int, keyring: Keyring) -> Callable[[], None]:
    """Listen as none of ours does that a line expects; what ends that."""
    if stranger in ("clear", "encrypted"):
        host, keys = ("127.0.0.1", None) if stranger == "clear" else ("0.0.0.0", keyring)
        door = Door(f"tcp://{host}:{port}", keys, 1 << 16, queue=4)
        door.open()
        return door.close
    listener = tcp.create_server(("127.0.0.1", port))

    def answer() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                near.recv(64)
                near.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                near.close()

    thread = threading.Thread(target=answer)
    thread.start()

    def end() -> None:
        listener.shutdown(tcp.SHUT_RDWR)
        thread.join()
        listener.close()

    return end


@pytest.mark.parametrize(("first", "then"), [("encrypted", "clear"), ("clear", "encrypted"), ("web", "encrypted")])
def test_a_line_finds_the_right_door_where_another_was_first(server: Keyring, first: str, then: str) -> None:
    with tcp.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
    end = _listen_as(first, port, server)
    key = server.own().public.hex()
    address = f"tcp://127.0.0.1:{port}" if then == "clear" else f"curve://{key}@127.0.0.1:{port}"
    keys = None if then == "clear" else server
    with closing(Line(address, keys, 1 << 16, wait=False)) as line:
        # Until it was disconnected; it takes that in when it is used.
        eventually(lambda: line._monitor.poll(20))
        assert line.receive(0.5) is None
        end()
        door = Door(f"tcp://{'127.0.0.1' if then == 'clear' else '0.0.0.0'}:{port}", keys, 1 << 16, queue=4)
        door.open()
        with closing(door):
            eventually(lambda: (line.send(b"here"), line.receive(0.02), door.receive())[-1], 20.0)
            assert line.problem == ""


def test_a_crowd_of_more_connections_than_the_system_allows_ends_no_recorder(
    data: Path, server: Keyring, headset: Keyring, spool: Path
) -> None:
    server.allow(headset.own().public, "headset-1")
    few = ("sh", "-c", 'ulimit -n 80 && exec "$@"', "sh")
    with RecorderProcess(data, "tcp://0.0.0.0:*", few) as recorder, ExitStack() as crowd:
        sender = Sender(spool, "S1", recorder.address, FrameLayout(JOINTS), keyring=headset)
        session = PretendSession(sender)
        eventually(lambda: sender.status().acknowledged["events"] == 1)
        for _ in range(100):
            crowd.enter_context(tcp.create_connection(("127.0.0.1", int(recorder.address.rpartition(":")[2]))))
        for _ in range(10):
            session.move(5)
            time.sleep(0.1)  # the list is read again and again
        crowd.close()
        session.perform((6.0,))
        assert sender.close(60.0), sender.problem()
        with RecorderClient(recorder.address, keyring=server) as client:
            client.wait_sealed("S1", 60.0)


def test_as_many_lines_as_one_likes_are_opened_one_after_the_other() -> None:
    """A line at the place in memory of one before it was refused, while ZeroMQ was still taking leave of that one."""
    for _ in range(200):
        Line("tcp://127.0.0.1:9", None, 1000).close()


def test_a_line_that_nobody_answers_stays_quiet() -> None:
    line = Line("tcp://127.0.0.1:1", None, 1 << 16, wait=False)
    assert not line.send(b"x")
    assert line.receive(0.05) is None
    assert line.problem == ""
    line.close()


def test_a_session_whose_keys_are_missing_or_unsafe_is_told_before_it_begins(
    address: str, headset: Keyring, spool: Path
) -> None:
    with pytest.raises(KeysMissing):
        Sender(spool, "S1", address, FrameLayout(JOINTS))
    headset.own_file.chmod(0o644)
    with pytest.raises(KeysUnsafe):
        Sender(spool, "S1", address, FrameLayout(JOINTS), keyring=headset)
    assert not spool.exists()


def test_an_address_without_a_port_is_told() -> None:
    with pytest.raises(TelemetryError, match="a host and a port"):
        RecorderClient("tcp://127.0.0.1:nothing")
