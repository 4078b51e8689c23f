"""From the render thread to pandas, over real sockets, files and processes, some of which are killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import zmq

import telemetry
import telemetry.journal
from telemetry import wire
from telemetry.client import RecorderClient
from telemetry.clinic import Clinic
from telemetry.entering import participant_row
from telemetry.errors import InUse, JournalUnwritable, NobodyAnswers, NotLoopback, RequestRefused
from telemetry.folder import running_recorder, store_id
from telemetry.journal import Entry
from telemetry.leftovers import deliver_leftovers
from telemetry.messages import LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from telemetry.stored import METADATA
from telemetry.testing import JOINTS, PretendSession, RecorderProcess, eventually, fill

Start = Callable[..., tuple[Sender, PretendSession]]


def seqs(data: Path, session: str = "S1") -> list[int]:
    return telemetry.open_store(data).motion(session)["seq"].tolist()


def test_a_session_arrives_whole_is_sealed_and_leaves_no_spool(
    address: str, client: RecorderClient, start: Start, data: Path, spool: Path
) -> None:
    sender, session = start(address)
    session.perform((6.0, 5.0), frames=40)
    assert sender.close(60.0)
    assert list(spool.iterdir()) == []
    client.wait_sealed("S1", 60.0)
    store = telemetry.open_store(data)
    assert store.tasks()["pain_change"].tolist() == [-1.0, -1.0]
    assert store.tasks()["rating_status"].tolist() == ["given", "given"]
    assert store.sessions()["sealed"].tolist() == [True]
    assert seqs(data) == list(range(1, 81))
    assert client.status().journal_entries == 0


def test_the_store_shows_a_session_while_it_is_recorded(address: str, start: Start, data: Path) -> None:
    sender, session = start(address)
    session.answer(session.ask("before"), 7.0)
    run = session.begin_task()
    session.move(20)
    eventually(lambda: sender.status().acknowledged == {"events": 4, "motion": 20})
    eventually(lambda: len(telemetry.open_store(data).tasks()) == 1)
    store = telemetry.open_store(data)
    assert store.sessions()["status"].tolist() == ["running"]
    assert store.tasks()["status"].tolist() == ["running"]
    assert store.tasks()["pain_before"].tolist() == [7.0]
    assert len(store.motion("S1", run)) == 20


def test_an_answered_rating_is_on_disk_at_once(start: Start, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the next regular commit, which never comes here."""
    monkeypatch.setattr("telemetry.sender._COMMIT_EVERY_S", 3600.0)
    _, session = start(None)
    eventually(lambda: _entries(spool / "S1.db", "events"))
    rating = session.ask("before")
    session.answer(rating, 3.0)

    def on_disk() -> bool:
        events = [wire.decode_event(e.payload) for e in _entries(spool / "S1.db", "events")]
        return any(getattr(event, "value", None) == 3.0 for event in events)

    eventually(on_disk)


def _entries(path: Path, stream: str) -> list[Entry]:
    if not path.exists():
        return []
    journal = telemetry.journal.Journal(path, read_only=True)
    try:
        return list(journal.all(path.stem, stream))
    except JournalUnwritable:
        return []  # just being made
    finally:
        journal.close()


def test_a_recorder_killed_again_and_again_loses_and_doubles_nothing(
    recorder: RecorderProcess, start: Start, data: Path
) -> None:
    sender, session = start(recorder.address)
    chance = random.Random(3)
    for _ in range(3):
        session.move(60, pause_s=0.002)
        time.sleep(chance.uniform(0.0, 0.15))
        recorder.kill()
        session.move(30, pause_s=0.001)
        recorder.start()
    session.perform((4.0,), frames=10)
    assert sender.close(60.0)
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    assert seqs(data) == list(range(1, session.frames + 1))
    assert telemetry.open_store(data).motion("S1")["frame"].tolist() == list(range(1, session.frames + 1))
    assert telemetry.open_store(data).tasks()["pain_after"].tolist() == [4.0]


def test_a_recorder_absent_for_the_whole_session_gets_it_later(start: Start, data: Path, spool: Path) -> None:
    sender, session = start("tcp://127.0.0.1:1")
    session.perform((6.0,), frames=50)
    assert not sender.close(0.2)
    assert (spool / "S1.db").exists()
    with RecorderProcess(data) as recorder:
        (leftover,) = deliver_leftovers(spool, recorder.address)
        assert leftover.delivered, leftover.problem
        assert list(spool.iterdir()) == []
        with RecorderClient(recorder.address) as client:
            client.wait_sealed("S1", 60.0)
        assert seqs(data) == list(range(1, 51))
        assert telemetry.open_store(data).sessions()["status"].tolist() == ["completed"]


SESSION = """
import sys
from pathlib import Path
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
sender = Sender(Path(sys.argv[1]), "S1", sys.argv[2], FrameLayout(JOINTS))
session = PretendSession(sender)
session.answer(session.ask("before"), 7.0)
run = session.begin_task()
session.move(50)
session.end_task(run)
session.answer(session.ask("after_task", run), 5.0)
session.begin_task()
session.move(100_000, pause_s=0.005)
"""


@pytest.mark.parametrize("recorder_there", [True, False])
def test_a_killed_session_is_delivered_and_closed_as_interrupted(
    recorder: RecorderProcess, data: Path, spool: Path, recorder_there: bool
) -> None:
    address = recorder.address if recorder_there else "tcp://127.0.0.1:1"
    process = subprocess.Popen([sys.executable, "-c", SESSION, str(spool), address])
    eventually(lambda: (entries := _entries(spool / "S1.db", "motion")) and entries[-1].last >= 60)
    assert deliver_leftovers(spool, recorder.address) == (), "a living session's spool is left alone"
    process.kill()
    process.communicate()
    (leftover,) = deliver_leftovers(spool, recorder.address)
    assert leftover.delivered, leftover.problem
    with RecorderClient(recorder.address) as client:
        client.wait_sealed("S1", 60.0)
    store = telemetry.open_store(data)
    assert store.sessions()["status"].tolist() == ["interrupted"]
    tasks = store.tasks()
    assert tasks["pain_after"].tolist()[0] == 5.0
    assert tasks["status"].tolist() == ["completed", "interrupted"]
    assert tasks["rating_status"].tolist() == ["given", "interrupted"]
    arrived = seqs(data)
    assert len(arrived) >= 60
    assert arrived == list(range(1, len(arrived) + 1))


def test_frames_that_found_the_queue_full_are_a_gap_and_the_rest_is_there(
    address: str, client: RecorderClient, start: Start, data: Path
) -> None:
    sender, session = start(address, queue_frames=16)
    session.move(5000)
    assert sender.status().lost_frames > 0
    session.end()
    assert sender.close(60.0)
    client.wait_sealed("S1", 60.0)
    events = telemetry.open_store(data).events()
    gaps = [json.loads(detail) for detail in events.loc[events["name"] == "gap", "detail"]]
    lost = {seq for gap in gaps for seq in range(gap["first"], gap["last"] + 1)}
    assert len(lost) == sender.status().lost_frames
    assert sorted(lost.union(seqs(data))) == list(range(1, 5001))
    assert not lost.intersection(seqs(data))
    motion = telemetry.open_store(data).motion("S1")
    assert motion["frame"].tolist() == motion["seq"].tolist()


def test_a_spool_that_cannot_be_written_is_told_and_raises_nothing(start: Start, spool: Path) -> None:
    spool.write_text("a file where the folder should be")
    sender, session = start(None)
    session.move(3)
    eventually(lambda: "cannot be kept on this computer" in sender.problem())
    spool.unlink()
    eventually(lambda: sender.problem() == "")
    session.end()
    sender.close(1.0)
    assert len(_entries(spool / "S1.db", "events")) == 2
    assert _entries(spool / "S1.db", "motion")[-1].last == 3


def test_a_full_disk_under_the_spool_costs_only_frames_and_those_become_a_gap(small_disk: Path) -> None:
    sender = Sender(small_disk, "S1", None, FrameLayout(JOINTS), queue_frames=64)
    session = PretendSession(sender)
    eventually(lambda: len(_entries(small_disk / "S1.db", "events")) == 1)
    ballast = fill(small_disk)
    session.move(2000, pause_s=0.0002)
    session.answer(session.ask("before"), 5.0)
    eventually(lambda: "free space" in sender.status().spool_problem)
    assert sender.status().lost_frames > 0
    ballast.unlink()
    eventually(lambda: sender.status().spool_problem == "")
    session.move(1)
    session.end()
    sender.close(5.0)
    assert len(_entries(small_disk / "S1.db", "events")) == 4
    motion = _entries(small_disk / "S1.db", "motion")
    assert motion[-1].last == 2001
    assert sum(e.last - e.first + 1 for e in motion if e.gap) == sender.status().lost_frames


def test_a_full_disk_under_the_recorder_is_told_to_the_session_and_nothing_is_lost(
    small_disk: Path, start: Start
) -> None:
    with RecorderProcess(small_disk) as recorder:
        sender, session = start(recorder.address)
        ballast = fill(small_disk)
        session.move(900, pause_s=0.001)
        eventually(lambda: "the recorder cannot keep the record" in sender.problem())
        assert "free space" in sender.problem()
        acknowledged = sender.status().acknowledged["motion"]
        assert acknowledged < 900
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        session.perform((3.0,), frames=5)
        assert sender.close(60.0)
        with RecorderClient(recorder.address) as client:
            client.wait_sealed("S1", 60.0)
            assert client.status().problem == ""
        assert seqs(small_disk) == list(range(1, 906))


def test_two_sessions_at_once_stay_apart(address: str, client: RecorderClient, start: Start, data: Path) -> None:
    (one, first), (two, second) = start(address, "S1"), start(address, "S2")
    for _ in range(10):
        first.move(7)
        second.move(3)
    first.perform((1.0,))
    second.perform((2.0,))
    assert one.close(30.0)
    assert two.close(30.0)
    client.wait_sealed("S1", 60.0)
    client.wait_sealed("S2", 60.0)
    assert len(seqs(data, "S1")) == 100
    assert len(seqs(data, "S2")) == 60
    tasks = telemetry.open_store(data).tasks()
    assert dict(zip(tasks["session_id"], tasks["pain_after"], strict=True)) == {"S1": 1.0, "S2": 2.0}


def _dealer(address: str) -> zmq.Socket[bytes]:
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.rcvtimeo = 30_000
    socket.connect(address)
    return socket


def _say(socket: zmq.Socket[bytes], message: wire.ToRecorder) -> wire.FromRecorder:
    socket.send(wire.encode(message))
    return wire.decode_from_recorder(socket.recv())


def test_entries_that_come_twice_are_kept_once_and_those_behind_a_hole_are_asked_for(address: str, data: Path) -> None:
    frames = FrameLayout(JOINTS).new_record().tobytes()
    chunks = [Entry(1, 2, False, frames * 2), Entry(3, 3, False, frames), Entry(4, 6, False, frames * 3)]
    socket = _dealer(address)
    assert _say(socket, wire.Entries("S1", 1, "motion", chunks[:1])) == wire.Ack("S1", 1, {"events": 0, "motion": 2})
    assert _say(socket, wire.Entries("S1", 1, "motion", chunks[2:])) == wire.Have("S1", 1, {"events": 0, "motion": 2})
    assert _say(socket, wire.Entries("S1", 2, "motion", chunks)) == wire.Ack("S1", 2, {"events": 0, "motion": 6})
    assert _say(socket, wire.Entries("S1", 2, "motion", chunks)) == wire.Ack("S1", 2, {"events": 0, "motion": 6})
    assert _say(socket, wire.Hello("S1", 3)) == wire.Have("S1", 3, {"events": 0, "motion": 6})
    socket.close()


@pytest.mark.parametrize(
    ("stream", "payload", "why"),
    [
        ("events", b"\xc1", "expected a message"),
        (
            "events",
            wire.encode({"kind": "session_ended", "mono_ns": 1, "status": "completed", "last_motion_seq": 0}),
            "start",
        ),
        ("motion", b"", "frames of one size"),
    ],
)
def test_entries_that_could_never_be_stored_are_refused_with_the_reason(
    address: str, stream: wire.Stream, payload: bytes, why: str
) -> None:
    socket = _dealer(address)
    answer = _say(socket, wire.Entries("S1", 1, stream, [Entry(1, 1, False, payload)]))
    assert isinstance(answer, wire.Refused)
    assert why in answer.reason
    socket.close()


def test_a_session_of_another_protocol_is_told_what_to_do(address: str) -> None:
    socket = _dealer(address)
    answer = _say(socket, wire.Hello("S1", 1, protocol=99))
    assert isinstance(answer, wire.Refused)
    assert "same version" in answer.reason
    socket.close()


def test_a_session_waits_for_the_recorder_of_its_own_store(start: Start, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    with RecorderProcess(mine):
        pass
    with RecorderProcess(other) as stranger, RecorderClient(stranger.address) as client:
        sender, session = start(stranger.address, store=store_id(mine))
        session.perform((6.0,), frames=10)
        eventually(lambda: "belongs to another folder" in sender.status().recorder_problem)
        assert str(other) in sender.status().recorder_problem
        status = client.status()
        assert (status.open_sessions, status.journal_entries) == ((), 0)
    with RecorderProcess(mine, stranger.address) as own, RecorderClient(own.address) as client:
        assert sender.close(60.0)
        client.wait_sealed("S1", 60.0)
    assert seqs(mine) == list(range(1, 11))


def test_a_store_keeps_its_name_wherever_its_folder_goes(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        with RecorderProcess(tmp_path / name):
            pass
    name = store_id(tmp_path / "mine")
    assert name
    assert name != store_id(tmp_path / "other")
    moved = (tmp_path / "mine").rename(tmp_path / "elsewhere")
    with RecorderProcess(moved) as recorder, RecorderClient(recorder.address) as client:
        assert client.status().store_id == name == store_id(moved)
    assert store_id(tmp_path / "nowhere") == ""


def test_hostile_bytes_are_counted_and_the_recorder_goes_on(address: str, client: RecorderClient) -> None:
    chance = np.random.default_rng(1)
    socket = _dealer(address)
    good = wire.encode(wire.Hello("S1", 1))
    for _ in range(200):
        socket.send(chance.bytes(int(chance.integers(0, 300))))
        broken = bytearray(good)
        broken[int(chance.integers(0, 12))] ^= 0xFF
        socket.send(bytes(broken))
        socket.send_multipart([b"", chance.bytes(5), b""])
    for name in ("../../etc", "a/b", "", "a" * 65, "C:x"):
        socket.send(wire.encode(wire.Hello(name, 1)))
    eventually(lambda: client.status().dropped_messages == 605)
    assert _say(socket, wire.Hello("S1", 1)) == wire.Have("S1", 1, {"events": 0, "motion": 0})
    socket.close()


def test_a_message_larger_than_the_limit_only_ends_its_own_connection(address: str, client: RecorderClient) -> None:
    socket = _dealer(address)
    socket.send(b"\0" * (wire.MOST_MESSAGE_BYTES + 1))
    assert client.status().problem == ""
    socket.close()


def test_a_second_recorder_on_a_folder_is_refused_in_one_line(recorder: RecorderProcess, data: Path) -> None:
    with pytest.raises(InUse, match="in use by another recorder"):
        Recorder(data, "tcp://127.0.0.1:*")
    second = subprocess.run(
        [sys.executable, "-m", "telemetry.recorder", "--data", str(data), "--bind", "tcp://127.0.0.1:*"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr == f"{data} is in use by another recorder; stop that one first\n"
    assert running_recorder(data) == recorder.address


def test_a_recorder_tells_its_address_while_it_runs_and_leaves_cleanly(recorder: RecorderProcess, data: Path) -> None:
    assert running_recorder(data) == recorder.address
    assert recorder.stop() == 0
    assert running_recorder(data) is None
    assert not (data / "recorder.json").exists()


def test_the_address_that_a_killed_recorder_left_is_not_believed(recorder: RecorderProcess, data: Path) -> None:
    recorder.kill()
    assert (data / "recorder.json").exists()
    assert running_recorder(data) is None


@pytest.mark.parametrize("bind", ["tcp://0.0.0.0:5757", "tcp://*:5757", "tcp://192.168.1.5:5757", "tcp://[::]:1"])
def test_an_address_that_others_could_reach_is_refused(data: Path, bind: str) -> None:
    with pytest.raises(NotLoopback, match="encrypted"):
        Recorder(data, bind)
    assert not data.exists()


def test_participants_are_added_changed_and_listed(client: RecorderClient) -> None:
    loss = LimbLoss(limb="arm", side="left", level="forearm")
    profile = Profile(code="P001", limb_losses=(loss,), consent="research")
    client.put_profile(profile)
    assert client.profile("P001") == profile
    assert client.profile("P002") is None
    client.put_profile(Profile(code="P001", language="de", version=2))
    assert [p.language for p in client.profiles()] == ["de"]
    with pytest.raises(RequestRefused, match="expected version 3 of participant P001, got 2"):
        client.put_profile(Profile(code="P001", version=2))
    with pytest.raises(RequestRefused, match=r"got '\.\./x'"):
        client.put_profile(Profile(code="../x"))
    with pytest.raises(RequestRefused, match="which is P001 written otherwise"):
        client.put_profile(Profile(code="p001"))
    assert len(client.profiles()) == 1


def test_a_list_that_is_longer_than_any_message_of_a_session_still_comes(
    address: str, client: RecorderClient, data: Path
) -> None:
    rows = [participant_row(Profile(code=f"P{number:05d}")) for number in range(9000)]
    with closing(Clinic(data / "clinic.db")) as clinic, clinic._writing.begin() as db:
        db.execute(METADATA.tables["participants"].insert(), rows)
    profiles = client.profiles()
    assert len(wire.encode(profiles)) > wire.MOST_MESSAGE_BYTES
    assert len(profiles) == 9000


def test_history_lists_a_participants_sessions(address: str, client: RecorderClient, start: Start) -> None:
    sender, session = start(address)
    session.perform((6.0, None))
    assert sender.close(60.0)
    (past,) = client.history("P001")
    assert (past.session_id, past.status, past.task_runs, past.pain_given) == ("S1", "completed", 2, 2)
    assert client.history("P002") == ()


def test_nobody_answering_is_told_with_the_address_and_a_remedy() -> None:
    with (
        RecorderClient("tcp://127.0.0.1:1", timeout_s=0.1) as client,
        pytest.raises(NobodyAnswers, match="vrrehab recorder"),
    ):
        client.status()


def test_a_sender_without_a_recorder_says_so_and_a_session_without_an_end_keeps_its_spool(
    start: Start, spool: Path, address: str
) -> None:
    sender, session = start(address)
    session.move(5)
    assert sender.close(5.0), "all that there was is acknowledged"
    assert (spool / "S1.db").exists(), "but the session has no end yet"
    lonely, _ = start("tcp://127.0.0.1:1", "S2")
    eventually(lambda: "No recorder answers" in lonely.problem())
    assert not lonely.status().connected
