"""The live view: what a reader is shown, and that nobody who watches is waited for."""

from __future__ import annotations

import itertools
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zmq

from telemetry.door import Door
from telemetry.errors import NotLoopback
from telemetry.folder import Folder
from telemetry.keys import Keyring
from telemetry.live import LiveReader, LiveShow
from telemetry.live_messages import (
    Facts,
    Joints,
    RecordHealth,
    Standing,
    State,
    changed,
    decode_shown,
    encode,
    first_standing,
)
from telemetry.testing import Faults, LossyWire, eventually

HEALTH = RecordHealth(connected=True, waiting=3, disk_free_mb=512.0)


def standing(session: str = "S1", **settings: float) -> Standing:
    facts = Facts(
        session_id=session, participant="P001", programme="p", title="P", mode="mirror", origin="scripted",
        intact_side="right", limbs=("left arm",), steps=(), place="room", joints=("a", "b"), software_version="1",
        runtime="none", commands="tcp://127.0.0.1:4711", started_utc_ns=0,
    )  # fmt: skip
    return first_standing(facts, {"gain": 1.0, **settings})


def state(frame: int, **content: object) -> State:
    return State(frame=frame, mono_ns=frame, time_s=frame / 10, doing="task", **content)  # type: ignore[arg-type]


@pytest.fixture
def show() -> Iterator[LiveShow]:
    with LiveShow("tcp://127.0.0.1:*", lambda: HEALTH) as show:
        show.stand(standing())
        yield show


@pytest.fixture
def reader(show: LiveShow) -> Iterator[LiveReader]:
    with LiveReader(show.address, joints=True, pictures=True) as reader:
        yield reader


def watch(show: LiveShow, reader: LiveReader, frame: int, **content: object) -> State:
    """Show a frame until the reader has it."""
    shown = state(frame, **content)

    def seen() -> bool:
        show.show(shown)
        reader.receive(0.02)
        return reader.state == shown

    eventually(seen)
    return shown


def test_the_first_answer_is_a_snapshot_and_updates_follow(show: LiveShow, reader: LiveReader) -> None:
    for frame in range(1, 6):
        watch(show, reader, frame, repetitions=frame)
    assert reader.standing is not None
    assert reader.standing.facts.participant == "P001"
    assert reader.record == HEALTH
    assert reader.resynchronised == 1
    assert not reader.stale
    assert reader.problem == ""


def test_what_changed_besides_comes_as_a_snapshot_again(show: LiveShow, reader: LiveReader) -> None:
    before = standing()
    show.stand(before)
    watch(show, reader, 1)
    show.stand(changed(before, settings={"gain": 2.0}))
    watch(show, reader, 2)
    assert reader.standing is not None
    assert reader.standing.settings == {"gain": 2.0}
    assert reader.resynchronised == 2


def test_a_reader_that_was_away_is_shown_the_newest_and_nothing_old(show: LiveShow, reader: LiveReader) -> None:
    watch(show, reader, 1)
    for frame in range(2, 1000):
        show.show(state(frame))
    show.stand(changed(standing(), settings={"gain": 3.0}))
    seen = []
    while not seen or seen[-1] < 1000:
        show.show(state(1000))
        if reader.receive(0.05) and reader.state is not None:
            seen.append(reader.state.frame)
    # What was answered before it went away may still lie there; after that comes what is so now.
    assert len(set(seen)) <= 3
    assert reader.standing is not None
    assert reader.standing.settings == {"gain": 3.0}


def test_one_who_asks_and_never_listens_is_not_waited_for_nor_kept_a_store_for(
    show: LiveShow, reader: LiveReader
) -> None:
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger, socket.rcvhwm = 0, 1
    socket.connect(show.address)
    pixels = np.zeros((270, 480, 4), np.uint8)
    for frame in range(200):
        socket.send(encode({"wants": ["state", "picture"]}))
        show.show(state(frame))
        show.offer(frame, pixels, lambda pixels: None)
    watch(show, reader, 201)
    show.close()
    socket.close()


WATCHES = """
import sys
from telemetry.live import LiveReader
with LiveReader(sys.argv[1], joints=True, pictures=True) as reader:
    while True:
        if reader.receive(0.05) and reader.state is not None:
            print(reader.state.frame, reader.standing.settings["gain"], reader.resynchronised, flush=True)
"""


def test_a_stopped_reader_falls_behind_and_resynchronises_and_nobody_waits_for_it(
    show: LiveShow, reader: LiveReader
) -> None:
    pixels = np.zeros((270, 480, 4), np.uint8)
    back: list[object] = []
    stopped = subprocess.Popen([sys.executable, "-c", WATCHES, show.address], stdout=subprocess.PIPE, text=True)
    try:
        assert stopped.stdout is not None
        told: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=lambda: [told.put(line) for line in stopped.stdout or ()], daemon=True).start()
        eventually(lambda: (show.show(state(1)), not told.empty())[-1])
        stopped.send_signal(signal.SIGSTOP)
        before = standing()
        for frame in range(2, 40):
            if frame == 20:
                show.stand(changed(before, settings={"gain": 2.0}))
            show.offer(frame, pixels, back.append)
            watch(show, reader, frame)  # who listens has each of them meanwhile
        eventually(lambda: len(back) == 38)
        while not told.empty():
            told.get()
        stopped.send_signal(signal.SIGCONT)
        heard: list[str] = []

        def caught_up() -> bool:
            show.show(state(40))
            while not told.empty():
                heard.append(told.get())
            return bool(heard) and heard[-1].startswith("40 ")

        eventually(caught_up)
    finally:
        stopped.kill()
        stopped.communicate()
    frames = [int(line.split()[0]) for line in heard]
    assert frames == sorted(frames)
    # What was on its way when it was stopped may come; nothing was kept for it but that.
    assert len(set(frames)) <= 3
    assert heard[-1].split()[1:] == ["2.0", "2"]


def test_joints_arrive_as_they_were(show: LiveShow, reader: LiveReader) -> None:
    poses = np.arange(28, dtype=np.float32).reshape(2, 2, 7)
    sent = Joints(5, 7, poses.tobytes(), bytes([1, 2, 3, 4]))
    eventually(lambda: (show.show(state(1), sent), reader.receive(0.02), reader.joints is not None)[-1])
    assert reader.joints is not None
    np.testing.assert_array_equal(reader.joints.poses(), poses)
    np.testing.assert_array_equal(reader.joints.provenance(), [[1, 2], [3, 4]])


def test_a_picture_arrives_as_it_was_and_its_buffer_comes_back(show: LiveShow, reader: LiveReader) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (27, 48, 4), np.uint8)
    back: list[object] = []
    watch(show, reader, 1)
    eventually(lambda: show.pictured)
    show.offer(9, pixels, back.append)
    eventually(lambda: reader.receive(0.02) and reader.picture is not None)
    assert reader.picture is not None
    assert reader.picture.frame == 9
    np.testing.assert_array_equal(reader.picture.rgb, pixels[..., :3])
    assert len(back) == 1


def test_pictures_that_nobody_takes_give_their_buffers_back(show: LiveShow) -> None:
    back: list[object] = []
    for frame in range(20):
        show.offer(frame, np.zeros((2, 2, 3), np.uint8), back.append)
    eventually(lambda: len(back) == 20)
    assert not show.watched


def test_silence_is_told_and_another_session_at_the_address_is_taken_for_another(show: LiveShow) -> None:
    address = show.address
    with LiveReader(address) as reader:
        watch(show, reader, 1)
        show.close()
        eventually(lambda: (reader.receive(0.02), reader.stale)[-1])
        assert "no session shows anything" in reader.problem
        with LiveShow(address, lambda: HEALTH) as after:
            after.stand(standing("S2"))
            watch(after, reader, 7)
            assert reader.standing is not None
            assert reader.standing.facts.session_id == "S2"
            assert reader.problem == ""


def test_the_last_state_is_shown_to_whoever_watches() -> None:
    # Often, because it depends on which of the two is quicker.
    for _ in range(40):
        with LiveShow("tcp://127.0.0.1:*", lambda: HEALTH) as show, LiveReader(show.address, pictures=True) as reader:
            show.stand(standing())
            watch(show, reader, 1)
            show.show(state(2, over="completed"))
            closing = threading.Thread(target=show.close)
            closing.start()
            eventually(lambda: (reader.receive(0.02), reader.state.over == "completed")[-1], 10.0)
            closing.join()
            assert not reader.stale


def test_over_a_wire_that_loses_most_of_it_the_newest_still_comes(show: LiveShow) -> None:
    with LossyWire(show.address, Faults(drop=0.5, duplicate=0.3), seed=3) as wire, LiveReader(wire.address) as reader:
        before = standing()
        for frame in range(1, 8):
            before = changed(before, settings={"gain": float(frame)})
            show.stand(before)
            watch(show, reader, frame)
            assert reader.standing is not None
            assert reader.standing.settings == {"gain": float(frame)}


def test_hostile_bytes_are_counted_and_the_session_is_still_shown(show: LiveShow, reader: LiveReader) -> None:
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(show.address)
    chance = np.random.default_rng(2)
    for _ in range(300):
        socket.send(chance.bytes(int(chance.integers(0, 100))))
    eventually(lambda: show.dropped_messages == 300)
    socket.close()
    watch(show, reader, 1)


def test_a_reader_counts_what_no_session_shows_and_goes_on() -> None:
    door = Door("tcp://127.0.0.1:*", None, 512, 8)
    door.open()
    with LiveReader(door.address) as reader:
        identity = b""
        while not identity:
            reader.receive(0.02)
            identity = (door.receive() or (b"", b""))[0]
        for nonsense in (b"", b"RGB8", b"RGB8" + bytes(12) + b"x", b"\x81", encode({"show": "joints"})):
            door.send(identity, nonsense)
        door.send(identity, encode(Joints(1, 1, b"abc", b"x")))
        eventually(lambda: (reader.receive(0.02), reader.dropped_messages == 6)[-1])
        assert reader.joints is None
    door.close()


def test_another_version_of_the_programs_is_told_so(show: LiveShow, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = state(1)
    monkeypatch.setattr("telemetry.live.encode", lambda message: encode({**msgspec.to_builtins(message), "protocol": 2})
                        if hasattr(message, "wants") else encode(message))  # fmt: skip
    with LiveReader(show.address) as reader:
        show.show(watched)
        eventually(lambda: (reader.receive(0.02), "same version" in reader.problem)[-1])
        assert reader.state is None


def test_what_decodes_is_a_message_of_the_live_view_and_nothing_else() -> None:
    assert decode_shown(encode({"show": "applause"})) is None
    assert decode_shown(b"\xc1") is None


def test_it_is_shown_to_other_computers_only_with_keys_and_to_none_that_was_removed(tmp_path: Path) -> None:
    with pytest.raises(NotLoopback):
        LiveShow("tcp://0.0.0.0:*", lambda: HEALTH)
    server, console = Keyring(Folder(tmp_path / "a").keys), Keyring(tmp_path / "b" / "keys")
    server.make()
    console.make()
    with LiveShow("tcp://0.0.0.0:*", lambda: HEALTH, server) as show:
        show.stand(standing())
        with LiveReader(show.address, console) as reader:
            eventually(lambda: (reader.receive(0.05), "vrrehab keys allow" in reader.problem)[-1])
            assert "not on the list" in show.refused
            server.allow(console.own().public, "console")
            watch(show, reader, 1)
            assert reader.commands.endswith("@127.0.0.1:4711")
            assert reader.commands.startswith("curve://")
            server.remove("console")
            frames = itertools.count(2)

            def nothing_comes_any_more() -> bool:
                shown = next(frames)
                show.show(state(shown))
                reader.receive(0.05)
                assert reader.state is not None
                return reader.state.frame < shown - 20

            eventually(nothing_comes_any_more)
