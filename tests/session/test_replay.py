"""A recorded session is shown again as it was, and goes through everything again as a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import telemetry
from telemetry import messages
from telemetry.client import RecorderClient
from telemetry.errors import NotAStore, UnknownSession
from telemetry.motion import FrameLayout
from telemetry.recorded import RecordedSession
from telemetry.sender import Sender
from telemetry.testing import JOINTS as FEW
from telemetry.testing import PretendSession, RecorderProcess
from vrrehab.body.skeleton import HAND, JOINTS, Body, Provenance, Side
from vrrehab.session.loop import run
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.replay import Replay
from vrrehab.session.sitting import Sitting
from vrrehab.sources import Source
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.sources.session_recording import SessionSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Kept

RATE_HZ = 60


def played(source: Source | None, plan: Plan, kept: Kept, *, then_to: str = "") -> Kept:
    """then_to: where the session goes in its first task run."""
    source = source or ScriptedSource(ScriptedParticipant.of(plan))
    sitting = Sitting(plan, source, kept, "none")

    def commands() -> tuple[()]:
        if then_to and sitting.conductor.ledger.run_number == 1 and not sitting.view.ambience.veil:
            sitting.go_to(then_to, "therapist")
        return ()

    run(sitting, SilentDisplay(VirtualClock(), RATE_HZ, 20_000), commands)
    return kept


@dataclass
class Both(Kept):
    """Keeps what is recorded, and hands it over to a sender that records it."""

    sender: Sender | None = None

    def event(self, event: messages.Event) -> None:
        super().event(event)
        assert self.sender is not None
        self.sender.event(event)

    def frame(self, record: np.ndarray) -> None:
        super().frame(record)
        assert self.sender is not None
        self.sender.frame(record)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Kept]:
    """The store, a session in it, and what was handed over."""
    place = tmp_path_factory.mktemp("replay")
    plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1)
    with RecorderProcess(place / "data") as process, RecorderClient(process.address) as client:
        client.put_profile(LOST_LEFT_HAND)
        sender = Sender(place / "spool", plan.session_id, process.address, FrameLayout(JOINTS), queue_frames=20_000)
        kept = played(None, plan, Both(sender=sender), then_to="beach")
        assert sender.close(60.0)
        client.wait_sealed(plan.session_id, 60.0)
    return place / "data", plan.session_id, kept


@pytest.fixture
def session(recorded: tuple[Path, str, Kept]) -> RecordedSession:
    return RecordedSession(*recorded[:2])


def test_every_frame_is_shown_as_it_was(session: RecordedSession, recorded: tuple[Path, str, Kept]) -> None:
    frames = recorded[2].frames
    replay = Replay(session)
    now_ns = session.started.mono_ns
    for frame in (frames[n] for n in (0, 1, 500, len(frames) // 2, len(frames) - 1)):
        list(replay.step((int(frame["mono_ns"][0]) - now_ns) / 1e9))
        now_ns = int(frame["mono_ns"][0])
        body = replay.view.virtual
        np.testing.assert_array_equal(body.provenance, frame["virtual_provenance"][0])
        there = body.provenance != Provenance.NONE
        np.testing.assert_allclose(body.poses[there], frame["virtual"][0][there], atol=1e-5)


def test_the_place_is_the_one_that_it_was_at_each_time_and_the_ledger_says_which_for_each_task_run(
    session: RecordedSession, recorded: tuple[Path, str, Kept]
) -> None:
    kept = recorded[2]
    (change,) = [change for change in kept.of(messages.SettingChanged) if change.name == "place"]
    runs = kept.of(messages.TaskStarted)
    assert runs[0].mono_ns < change.mono_ns < runs[1].mono_ns
    changed_s = (change.mono_ns - session.started.mono_ns) / 1e9
    replay = Replay(session)
    assert replay.place == "therapy_room"
    lines = [*replay.step(changed_s - 0.1), *replay.step(0.2)]
    assert any(line.endswith("the place: beach") for line in lines)
    assert (replay.place, replay.view.ambience.arrivals) == ("therapy_room", 0), "it goes into the mist first"
    for _ in range(100):
        list(replay.step(1 / 30))
    ambience = replay.view.ambience
    assert (ambience.place, ambience.arrivals, ambience.veil) == ("beach", 1, 0.0)
    late = Replay(session, start_s=changed_s + 5.0)
    assert (late.place, late.view.ambience.arrivals) == ("beach", 0), "it begins where the session was then"

    pain = telemetry.open_store(recorded[0]).task_pain()
    places = pain.drop_duplicates("task_run_id")["setting_place"].tolist()
    assert places == ["therapy_room", *["beach"] * (len(runs) - 1)]
    assert pain["settings_changed"].iloc[0] == 1


def test_between_two_frames_it_is_between_them(session: RecordedSession, recorded: tuple[Path, str, Kept]) -> None:
    a, b = recorded[2].frames[700:702]
    replay = Replay(session)
    middle_ns = (int(a["mono_ns"][0]) + int(b["mono_ns"][0])) // 2
    list(replay.step((middle_ns - session.started.mono_ns) / 1e9))
    wrist = JOINTS.index("right_wrist")
    halfway = (a["virtual"][0][wrist, :3] + b["virtual"][0][wrist, :3]) / 2
    np.testing.assert_allclose(replay.view.virtual.poses[wrist, :3], halfway, atol=1e-6)


def test_tasks_and_pain_are_told_as_they_came(session: RecordedSession, recorded: tuple[Path, str, Kept]) -> None:
    replay, lines, notices = Replay(session, speed=4.0), [], set()
    while not replay.over:
        lines += replay.step(0.1)
        notices.add(replay.view.notice)
    tasks = telemetry.open_store(recorded[0]).tasks()
    told = "\n".join(lines)
    for task in tasks.itertuples():
        assert f"task {task.run_number}: " in told
        assert f"{task.repetitions} repetition" in told
    given = [event.value for event in recorded[2].of(messages.RatingAnswered) if event.value is not None]
    assert [line for line in lines if "PLP" in line and "not" not in line.split("PLP")[1]]
    assert sum(f"PLP {value:g}" in line for value in given for line in lines) >= len(given)
    assert any("it was" in notice for notice in notices)
    assert lines == sorted(lines, key=lambda line: [int(part) for part in line.split()[0].split(":")])


@pytest.mark.parametrize("speed", [1.0, 50.0])
def test_it_takes_as_long_as_its_speed_says(session: RecordedSession, speed: float) -> None:
    replay, steps = Replay(session, speed), 0
    while not replay.over:
        list(replay.step(0.5))
        steps += 1
    assert steps == pytest.approx(replay.length_s / speed / 0.5, abs=2)
    assert replay.view.count.startswith(replay.view.count.split()[-1])


def test_a_start_inside_begins_with_what_was_so_then(
    session: RecordedSession, recorded: tuple[Path, str, Kept]
) -> None:
    second = recorded[2].of(messages.TaskStarted)[1]
    start_s = (second.mono_ns - session.started.mono_ns) / 1e9 + 1.0
    replay = Replay(session, start_s=start_s)
    assert list(replay.step(0.0)) == []
    assert replay.view.title == "Reach and touch"
    assert replay.view.notice == ""


def test_a_session_as_a_source_goes_through_everything_again_to_the_same_end(
    session: RecordedSession, recorded: tuple[Path, str, Kept]
) -> None:
    first = recorded[2]
    plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "recording", 1)
    again = played(SessionSource(session), plan, Kept())
    for what in ("task", "side", "limb"):
        assert [getattr(e, what) for e in again.of(messages.TaskStarted)] == [
            getattr(e, what) for e in first.of(messages.TaskStarted)
        ]
    assert [e.repetitions for e in again.of(messages.TaskEnded)] == [
        e.repetitions for e in first.of(messages.TaskEnded)
    ]
    assert [e.value for e in again.of(messages.RatingAnswered)] == [e.value for e in first.of(messages.RatingAnswered)]
    assert again.of(messages.SessionStarted)[0].origin == "recording"


def test_a_source_plays_what_was_seen_and_nothing_that_was_made_of_it(session: RecordedSession) -> None:
    source, body = SessionSource(session), Body.unseen()
    source.locate(0, body)
    source.locate(5_000_000_000, body)
    assert (body.provenance[HAND[Side.RIGHT]] == Provenance.SCRIPTED).all()
    assert not body.has(JOINTS.index("right_elbow")), "which was inferred"
    assert np.isnan(body.poses[~body.provenance.astype(bool)]).all()
    source.locate(3_600_000_000_000, body)
    assert source.exhausted
    assert not body.provenance.any()
    with pytest.raises(ValueError, match="start earlier"):
        SessionSource(session, 9999.0)


def test_what_is_not_there_is_said(recorded: tuple[Path, str, Kept], tmp_path: Path) -> None:
    with pytest.raises(UnknownSession, match=recorded[1]):
        RecordedSession(recorded[0], "another")
    with pytest.raises(NotAStore):
        RecordedSession(tmp_path, "S1")
    with pytest.raises(NotAStore, match="participant=CODE"):
        RecordedSession.in_folder(tmp_path)
    (place,) = (recorded[0] / "motion").glob("*/*")
    assert RecordedSession.in_folder(place).session_id == recorded[1]


def test_a_session_that_still_runs_is_shown_as_far_as_it_is_recorded(tmp_path: Path) -> None:
    with RecorderProcess(tmp_path / "data") as process, RecorderClient(process.address) as client:
        sender = Sender(tmp_path / "spool", "S1", process.address, FrameLayout(FEW))
        running = PretendSession(sender)
        running.begin_task()
        running.move(30)
        assert sender.close(10.0)
        client.status()  # asked behind the last entries, so they are in the tables when it answers
        replay, steps = Replay(RecordedSession(tmp_path / "data", "S1")), 0
        while not replay.over and steps < 100:
            list(replay.step(0.1))
            steps += 1
    assert replay.over
    assert replay.view.title == "open close"
