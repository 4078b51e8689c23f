"""Bytes from somebody who means harm, on every socket: nothing crashes, memory has its bounds, and they are counted."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from telemetry import live_messages, wire
from telemetry.client import RecorderClient
from telemetry.commands import Applied, CommandClient, CommandServer, _Order
from telemetry.errors import NobodyAnswers, TelemetryError
from telemetry.live import LiveReader, LiveShow
from telemetry.messages import Profile
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, RecorderProcess, eventually
from telemetry.testing.fuzz import fuzz, hostile, real_messages


def test_a_recorder_survives_50_000_hostile_messages_counts_them_and_goes_on(
    recorder: RecorderProcess, spool: Path
) -> None:
    done = fuzz(recorder, 50_000, seed=7)
    assert done.no_messages > 20_000
    assert done.no_messages <= done.counted <= done.sent
    assert done.grown_bytes < 128 << 20
    sender = Sender(spool, "S1", recorder.address, FrameLayout(JOINTS))
    PretendSession(sender).perform((6.0,))
    assert sender.close(60.0)
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
        assert client.status().problem == ""


def test_a_message_without_an_end_of_parts_is_not_kept(recorder: RecorderProcess) -> None:
    with RecorderClient(recorder.address) as client:
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(recorder.address)
        socket.send_multipart([b"x" * 1000] * 5000)
        eventually(lambda: client.status().dropped_messages == 1)
        socket.close()


def test_answers_that_nobody_reads_are_not_kept_without_end(address: str, client: RecorderClient) -> None:
    client.put_profile(Profile(code="P001", language="x" * 1_000_000))
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, 1)
    socket.connect(address)
    for number in range(200):
        socket.send(wire.encode(wire.GetParticipant(number, "P001")))
    for _ in range(5):  # what was asked before this was answered by then
        client.status()
    kept = 0
    while socket.poll(500):
        socket.recv()
        kept += 1
    socket.close()
    assert 64 <= kept < 120, "64 of them, and what was on the way"


def test_a_session_takes_commands_after_20_000_hostile_messages() -> None:
    order = msgspec.msgpack.encode(_Order("k", "stop", "anna", {"gently": True}))
    with CommandServer("tcp://127.0.0.1:*") as server:
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(server.address)
        sent = 20_000
        # What is understood by chance is a command, and refused as one too many when enough wait.
        for parts in itertools.islice(hostile(random.Random(3), [order]), sent):
            socket.send_multipart(parts)
            while socket.poll(0):
                socket.recv()
        eventually(lambda: server.dropped_messages > sent // 2)
        socket.send(b"\xc1last")
        before = 0

        def all_heard() -> bool:
            nonlocal before
            same, before = server.dropped_messages == before, server.dropped_messages
            return same

        eventually(all_heard)
        socket.close()
        assert len(server.poll()) <= 64
        with CommandClient(server.address) as client:
            asking = threading.Thread(target=_apply_next, args=(server,))
            asking.start()
            assert client.send("stop", {}, "anna", key="mine") == Applied(3)
            asking.join()


def _apply_next(server: CommandServer) -> None:
    waiting: list = []
    eventually(lambda: waiting or waiting.extend(c for c in server.poll() if c.who == "anna" and c.arguments == {}))
    waiting[0].applied(3)


@pytest.fixture
def impostor() -> Iterator[str]:
    """Somebody who answers whatever is said with hostile bytes, as fast as possible."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    over = threading.Event()
    answers = [
        wire.encode(wire.Have("S1", 0, {"events": 0, "motion": 0})),
        wire.encode(wire.Ack("S1", 0, {"events": 1})),
    ]

    def answer() -> None:
        # Nothing that is understood by chance: an acknowledgement from one's own recorder is to be believed.
        lies = hostile(random.Random(5), [answers[0][:-3]])
        while not over.is_set():
            if socket.poll(20):
                identity, *_ = socket.recv_multipart()
                for parts in itertools.islice(lies, 300):
                    socket.send_multipart([identity, *parts])
        socket.close()

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"tcp://127.0.0.1:{port}"
    over.set()
    thread.join()
    context.term()


def test_a_session_that_speaks_to_an_impostor_keeps_everything_itself(impostor: str, spool: Path) -> None:
    sender = Sender(spool, "S1", impostor, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.move(200, pause_s=0.002)
    assert not sender.close(1.0)
    assert "stopped" not in sender.problem()
    assert (spool / "S1.db").exists()


def test_who_asks_an_impostor_is_told(impostor: str) -> None:
    with RecorderClient(impostor, 1.0) as client, pytest.raises(TelemetryError):
        client.status()
    with CommandClient(impostor) as client, pytest.raises(NobodyAnswers):
        client.send("stop", {}, "anna", timeout_s=0.5)


def test_every_real_message_is_understood() -> None:
    for data in real_messages():
        wire.decode_to_recorder(data)


def test_a_session_is_shown_after_5_000_hostile_messages() -> None:
    ask = live_messages.encode(live_messages.Ask(("state", "picture"), 5))
    with LiveShow("tcp://127.0.0.1:*", lambda: live_messages.RecordHealth(connected=True)) as show:
        messages = hostile(random.Random(3), [ask])
        with zmq.Context.instance().socket(zmq.DEALER) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(show.address)

            def send(count: int) -> None:
                for parts in itertools.islice(messages, count):
                    socket.send_multipart(parts)
                    while socket.poll(0):
                        socket.recv_multipart()

            send(5_000)
            # One that is too long costs its connection, and what was on its way there; so more are sent until enough
            # have come.
            eventually(lambda: (send(100), show.dropped_messages > 200)[-1])
        # Its own thread forgets the oldest once it has heard all that lay there: at once, and not for being old.
        eventually(lambda: len(show._watchers) <= 16, 4.0)
        show.stand(pretend_standing())
        with LiveReader(show.address) as reader:
            shown = live_messages.State(frame=1, mono_ns=1, time_s=0.0, doing="task")
            eventually(lambda: (show.show(shown), reader.receive(0.02), reader.state is not None)[-1])


def pretend_standing() -> live_messages.Standing:
    facts = live_messages.Facts(
        session_id="S1", participant="P001", programme="p", title="P", mode="mirror", origin="scripted",
        intact_side="right", limbs=(), steps=(), place="room", joints=(), software_version="1", runtime="none",
        commands="", started_utc_ns=0,
    )  # fmt: skip
    return live_messages.first_standing(facts, {})
