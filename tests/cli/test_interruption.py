"""Ctrl-C, a polite kill and a rude one, at any moment: a line, a whole record, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

import telemetry
from telemetry.testing import RecorderProcess, eventually
from telemetry.verify import verify
from vrrehab.cli import interruption

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: signals are sent and looked up as on Linux")

LONG = Path(__file__).parent / "long.toml"
NOTHING_YET = "vrrehab: interrupted; what was recorded until then is kept\n"


def interrupted(session, clinic) -> str:
    """See that an interrupted session has left a whole record; its id."""
    assert session.wait() == 1
    assert "Traceback" not in session.said
    assert " interrupted: " in session.said
    session_id = session.said.split("Session ")[1].split()[0]
    assert clinic.sealed(session_id) == []
    store = telemetry.open_store(clinic.data)
    (status,) = store.sessions().query("session_id == @session_id")["status"]
    assert status == "interrupted"
    motion = store.motion(session_id)
    assert motion["seq"].tolist() == list(range(1, len(motion) + 1))
    return session_id


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_session_that_is_asked_to_leave_ends_its_task_and_its_record(clinic, start, session_on, number) -> None:
    session = start(*session_on(clinic.data, "--programme", LONG), small=True)
    session.wait_for("task 1 of 1")
    time.sleep(0.3)
    session.signal(number)
    session_id = interrupted(session, clinic)
    tasks = telemetry.open_store(clinic.data).tasks()
    (task,) = tasks[tasks["session_id"] == session_id].itertuples()
    assert (task.status, task.rating_status) == ("interrupted", "interrupted")


def test_an_unanswered_question_is_interrupted_with_its_session(clinic, start, session_on) -> None:
    session = start(*session_on(clinic.data), small=True)
    session.wait_for("task 1 of 1")
    store = telemetry.open_store(clinic.data)
    eventually(lambda: "awaiting" in store.ratings()["status"].to_list(), 60.0)
    session.signal(signal.SIGINT)
    session_id = interrupted(session, clinic)
    tasks = telemetry.open_store(clinic.data).tasks()
    (task,) = tasks[tasks["session_id"] == session_id].itertuples()
    assert (task.status, task.rating_status) == ("completed", "interrupted")
    assert "; pain: not answered\n" in session.said


@pytest.mark.parametrize("moment_s", [0.0, 0.2, 0.5, 0.8, 1.1])
def test_ctrl_c_while_a_session_starts_says_so_and_leaves_nothing_half_done(
    clinic, start, session_on, moment_s
) -> None:
    session = start(*session_on(clinic.data))
    session.wait_until_it_listens_to_signals()
    time.sleep(moment_s)
    session.signal(signal.SIGINT)
    assert session.wait() == 1, session.said
    if "Session" in session.said:
        interrupted(session, clinic)
    else:
        assert session.said == NOTHING_YET
        assert not list((clinic.data / "spool").glob("*"))


def test_a_wish_to_leave_that_a_library_drops_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "_asked", False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        interruption.leave_on_any_signal()
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(interruption.Interrupted), interruption.held_back():
            pytest.fail("went on although somebody had asked to leave")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_ctrl_c_before_the_command_has_loaded_says_so(start, tmp_path: Path) -> None:
    # Python looks in the folder that it is started in first, so this is what the command imports.
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = start("doctor", folder=tmp_path)
    assert command.wait() == 1
    assert command.said == "vrrehab: interrupted before it began\n"


def test_ctrl_c_in_the_last_moment_leaves_a_whole_session(clinic, start, session_on) -> None:
    session = start(*session_on(clinic.data), small=True)
    session.wait_for("; pain: ")
    session_id = clinic.running()
    time.sleep(2.3)  # the farewell takes 2.5 s
    if session.process.poll() is None:
        session.signal(signal.SIGINT)
    session.wait()
    assert "1 of 1 tasks done, 1 of 1 questions answered" in session.said
    assert clinic.sealed(session_id) == []
    tasks = telemetry.open_store(clinic.data).tasks()
    assert tasks[["status", "rating_status"]].iloc[-1].tolist() == ["completed", "given"]


def test_a_killed_session_is_sealed_by_recover_while_the_recorder_runs(clinic, vrrehab, start, session_on) -> None:
    killed = start(*session_on(clinic.data, "--programme", LONG), small=True)
    killed.wait_for("task 1 of 1")
    session_id = clinic.running()
    time.sleep(0.5)
    eventually(lambda: len(verify(clinic.data)) == 2)  # the recorder has heard of it
    killed.end()
    assert [finding.damage for finding in verify(clinic.data)] == [False, False], "an open session, and its spool"
    assert vrrehab("recover", clinic.data).out.startswith(f"delivered: {session_id}\n")
    assert clinic.sealed(session_id) == []
    store = telemetry.open_store(clinic.data)
    (task,) = store.tasks().query("session_id == @session_id").itertuples()
    assert (task.status, task.rating_status) == ("interrupted", "interrupted")
    assert store.motion(session_id)["time_s"].iloc[-1] > 0.3


def test_a_session_killed_with_its_recorder_is_sealed_by_recover(alone: Path, vrrehab, start, session_on) -> None:
    with RecorderProcess(alone) as recorder:
        killed = start(*session_on(alone, "--programme", LONG, "--recorder", recorder.address), small=True)
        killed.wait_for("task 1 of 1")
        recorder.kill()
        time.sleep(0.5)
        killed.end()
    (session_id,) = (path.stem for path in (alone / "spool").glob("*.db"))
    assert vrrehab("recover", alone).out == f"sealed: {session_id}\n{alone}: sessions sealed: 1\n"
    assert vrrehab("recover", alone).out == f"{alone}: sessions sealed: 0\n"
    assert vrrehab("verify", alone).out == f"{alone}: every seal and every link is whole\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_recorder_that_is_asked_to_leave_does(start, tmp_path: Path, number) -> None:
    recorder = start("recorder", "--data", tmp_path / "data", "--bind", "tcp://127.0.0.1:*")
    recorder.wait_for("listening on")
    time.sleep(0.1)
    recorder.signal(number)
    status = recorder.wait()
    assert (status, recorder.said.count("\n")) in ((0, 1), (1, 2))
    assert not (tmp_path / "data" / "recorder.json").exists()


@pytest.mark.parametrize("words", ["sits down", "the room is shown"])
def test_an_interrupted_demo_leaves_no_recorder_behind(start, tmp_path: Path, words: str) -> None:
    demo = start("demo", "--offscreen", "--data", tmp_path / "data")
    demo.wait_for(words)
    time.sleep(0.25)
    demo.press_ctrl_c()
    assert demo.wait() == 1
    assert demo.said.endswith(NOTHING_YET)
    assert "Traceback" not in demo.said
    needle = str(tmp_path / "data").encode()
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and needle in _command_line(pid)]
    if (tmp_path / "data" / "clinic.db").exists():
        assert verify(tmp_path / "data") == []


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
