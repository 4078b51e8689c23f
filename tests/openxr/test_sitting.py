"""Whole sessions of the session program on a real runtime, into a recorder of their own: once for each missing hand.

Each is one visit: a person answers the pain question, holds poses, moves, is lost for a second, makes two fists and
answers again. What the store then holds is compared with what was sent to the runtime, worked out in `reflection`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.skeleton import HAND_JOINTS, HEAD, Body, Provenance, Side
from vrrehab.geometry import apply, normalise, pose, quaternion_multiply, yaw
from vrrehab.session.answering import Answering, panel_in_front_of
from vrrehab.session.panels import CONFIRM
from vrrehab.session.questions import PAIN, load_question
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.testing.session_process import SessionProcess

from .reflection import apart, matrix, provenance_of_hand, recorded_hand, reflected, session_from_room

#: A person who sits off the room's middle, faces another way than it does, and does not look level.
SEATED = pose([0.31, 1.23, -0.17], normalise(np.array([0.08, 0.35, 0.05, 0.93])))
WRIST = HAND_JOINTS.index("wrist")
#: How long a look has to rest on an answer, of the session's time.
DWELL_S = 0.3
SLIGHTLY, LITTLE = (0.05, 0.10, 0.15, 0.20, 0.25), (0.30, 0.25, 0.20, 0.15, 0.10)


def visit_programme(folder: Path, task: str = "open_close_hand", mode: str = "mirror") -> str:
    """A programme of one task, twice to be done; it ends with that and not with its time."""
    path = folder / "visit.toml"
    path.write_text(f"""
name = "visit"
title = "Visit"
mode = "{mode}"
place = "therapy_room"
ask = {{ before = ["phantom_pain"], after_task = ["phantom_pain"], after = ["phantom_pain"] }}

[[blocks]]
title = "One"
tasks = [{{ task = "{task}", goal = 2, demonstration_s = 0.1, time_limit_s = 600 }}]
""")
    return str(path)


@dataclass
class Hold:
    """What was driven while the frames from `first` to `last` were located, both included."""

    head: np.ndarray
    grip: np.ndarray
    curl: tuple[float, ...] | float
    first: int
    last: int

    def of(self, motion: pd.DataFrame) -> pd.DataFrame:
        return motion[motion["frame"].between(self.first, self.last)]


@dataclass
class Visit:
    """A person in the headset and a therapist beside them."""

    intact: Side
    person: RemoteDevice
    session: SessionProcess
    data: Path
    head: np.ndarray = field(default_factory=SEATED.copy)
    grip: np.ndarray = field(default_factory=lambda: pose([0.2, 0.75, -0.3]))
    panel_at: np.ndarray = field(default_factory=SEATED.copy)
    curl: tuple[float, ...] | float = 0.0
    holds: list[Hold] = field(default_factory=list)
    sent: list[tuple[int, np.ndarray]] = field(default_factory=list)
    lost: tuple[int, int] = (0, 0)

    @property
    def store(self) -> telemetry.Store:
        return telemetry.open_store(self.data)

    def send(self) -> None:
        self.person.hand(self.intact, self.grip, self.curl)
        self.person.head(self.head)

    def hold(
        self, curl: tuple[float, ...] | float, grip: np.ndarray | None = None, head: np.ndarray | None = None
    ) -> Hold:
        """Bring the hand and the head somewhere and keep them there for a few frames."""
        self.curl = curl
        self.grip = self.grip if grip is None else grip
        self.head = self.head if head is None else head
        self.send()
        time.sleep(0.15)  # the runtime reads its socket in a thread of its own
        first = self.session.frame()
        self.holds.append(Hold(self.head, self.grip, curl, first, self.session.after(3) - 1))
        return self.holds[-1]

    def move(self, seconds: float) -> None:
        """Wave and turn the hand, and nod; `sent` is every grip pose and when it was sent."""
        began = time.monotonic()
        start, head = self.grip, self.head
        while (t := time.monotonic() - began) < seconds:
            sway = np.array([0.12 * np.sin(2.1 * t), 0.08 * np.sin(1.3 * t), 0.15 * t / seconds])
            turn = normalise(np.array([0.4 * np.sin(1.7 * t), 0.3 * t, 0.2 * np.sin(t), 1.0]))
            self.grip = pose(start[:3] + sway, quaternion_multiply(turn, start[3:]))
            self.head = pose(head[:3], quaternion_multiply(head[3:], normalise(np.array([0.1 * np.sin(t), 0, 0, 1.0]))))
            self.sent.append((time.monotonic_ns(), self.grip))
            self.send()
            time.sleep(0.008)

    def vanish(self, seconds: float) -> None:
        """The intact hand is seen no more for that long, and for as long as the session takes to notice."""
        self.person.lose(self.intact)
        began = time.monotonic()
        time.sleep(0.15)
        first = self.session.frame()
        self.session.until(lambda: "tracking_lost" in set(self.store.events()["name"]))
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        self.lost = (first, self.session.frame() - 1)
        self.send()

    def answer_by_looking(self, phase: str, number: int, follows: bool = False) -> None:
        """Look at the number until it is chosen, and then at yes. A question that `follows` another stands where that
        stood.
        """
        self.asked(phase)
        if not follows:
            self.panel_at = panel_in_front_of(self.head)
        # A question of our own says where the buttons are: the panel stands by the head as it was when asked.
        question, body = Answering(load_question(PAIN), self.panel_at, ()), Body.unseen()
        body.poses[HEAD] = self._look_at(question, str(number))
        body.provenance[HEAD] = Provenance.MEASURED
        time.sleep(2 * DWELL_S)
        self.session.after(4)
        question.step(DWELL_S, DWELL_S, body, False)
        self._look_at(question, CONFIRM)
        self.answered(phase)

    def answer_for(self, phase: str, command: str, **arguments: float) -> None:
        """The therapist enters it."""
        self.asked(phase)
        self.session.tell(command, **arguments)
        self.answered(phase)

    def asked(self, phase: str) -> None:
        self.session.until(lambda: self._state_of(phase) == "awaiting")

    def answered(self, phase: str) -> None:
        self.session.until(lambda: self._state_of(phase) != "awaiting")

    def _state_of(self, phase: str) -> str:
        ratings = self.store.ratings()
        return "".join(ratings["status"][ratings["phase"] == phase])

    def _look_at(self, question: Answering, name: str) -> np.ndarray:
        button = next(button for button in question.panel.buttons if button.name == name)
        way = apply(question.panel.pose, np.array([button.x, button.y, 0.0])) - self.head[:3]
        nod = np.arctan2(way[1], np.hypot(way[0], way[2])) / 2
        turn = quaternion_multiply(yaw(np.arctan2(-way[0], -way[2])), np.array([np.sin(nod), 0, 0, np.cos(nod)]))
        self.head = pose(self.head[:3], turn)
        self.send()
        return self.head


@dataclass
class Visited:
    """A visit that is over, and what the store says of it."""

    visit: Visit
    intact: Side
    missing: Side
    store: telemetry.Store
    motion: pd.DataFrame
    damage: list[object]
    status: int
    said: str

    def in_session(self, grip: np.ndarray) -> np.ndarray:
        """What was driven, in session space: the head that recentred it was driven too."""
        return session_from_room(SEATED) @ matrix(grip)


@pytest.fixture(scope="module", params=list(Side), ids="{}_hand_missing".format)
def visited(request, screen: Screen, tmp_path_factory) -> Visited:
    missing: Side = request.param
    intact = missing.other
    folder = tmp_path_factory.mktemp(missing)
    data, programme = folder / "data", visit_programme(folder)
    with (
        Monado(screen, compositor=Compositor.NONE, eyes_percent=10) as monado,
        RemoteDevice(monado.remote_port) as person,
        RecorderProcess(data) as recorder,
        RecorderClient(recorder.address) as client,
    ):
        client.put_profile(
            Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side=missing.value, level="wrist"),))
        )
        person.head(SEATED)
        person.hand(missing, pose([0.0, 1.1, -0.3]), 0.5)  # a stump that the runtime takes for a hand
        arguments = ("--participant", "P001", "--programme", programme, "--recorder", recorder.address)
        with SessionProcess(data, *arguments, environment=monado.environment) as session:
            visit = Visit(intact, person, session, data)
            visit.send()
            session.tell("set", name="smoothing", value=False)
            session.tell("set", name="gaze_dwell_s", value=DWELL_S)
            by_looking = missing is Side.LEFT
            visit.answer_by_looking("before", 6) if by_looking else visit.answer_for("before", "rate", value=7)
            session.until(lambda: "running" in set(visit.store.tasks()["status"]))
            hold_and_move(visit)
            visit.vanish(1.0)
            visit.hold(0.0)
            for curl in (1.0, 0.0, 1.0, 0.0):
                visit.hold(curl)
            visit.answer_by_looking("after_task", 3) if by_looking else visit.answer_for("after_task", "rate", value=4)
            visit.answer_by_looking("after", 2, follows=True) if by_looking else visit.answer_for("after", "decline")
            status, said = session.wait(60), session.output()
        client.wait_sealed(session.session_id, timeout_s=60)
    store = telemetry.open_store(data)
    return Visited(visit, intact, missing, store, store.motion(session.session_id), verify(data), status, said)


def hold_and_move(visit: Visit) -> None:
    side = 1.0 if visit.intact is Side.RIGHT else -1.0
    visit.hold(SLIGHTLY, pose([0.05, 1.0, -0.5]))
    visit.hold(SLIGHTLY, pose([0.25 * side, 1.1, -0.55], normalise(np.array([0.3, -0.5, 0.2, 0.7]))))
    # The head turns and leans, and the mirror stays where the body is.
    turned = pose([0.25, 1.21, -0.12], normalise(np.array([-0.2, -0.3, 0.1, 0.9])))
    visit.hold(LITTLE, pose([-0.1, 0.9, -0.45], normalise(np.array([-0.6, 0.1, 0.4, 0.5]))), turned)
    visit.hold(LITTLE, pose([0.15, 1.25, -0.6], normalise(np.array([0.1, 0.9, -0.2, 0.3]))))
    visit.move(2.0)
    visit.hold(LITTLE)


# --- the mirror ---


def test_a_still_hand_is_where_it_was_driven_and_its_reflection_is_the_virtual_hand(visited: Visited) -> None:
    for hold in visited.visit.holds:
        motion, wrist = hold.of(visited.motion), visited.in_session(hold.grip)
        assert len(motion) >= 3
        tracked = recorded_hand(motion, "tracked", visited.intact)[:, WRIST]
        virtual = recorded_hand(motion, "virtual", visited.missing)[:, WRIST]
        for expected, found in ((wrist, tracked), (reflected(wrist), virtual)):
            metres, radians = apart(expected, found)
            assert metres < 1e-4
            assert radians < 1e-3
        assert (provenance_of_hand(motion, "tracked", visited.intact) == "measured").all()
        assert (provenance_of_hand(motion, "virtual", visited.missing) == "mirrored").all()


def test_all_joints_of_a_still_hand_are_reflected_with_the_wrist(visited: Visited) -> None:
    for learned, told in (visited.visit.holds[:2], visited.visit.holds[2:4]):
        assert learned.curl == told.curl
        joints_from_wrist = hand_at(visited, learned)
        expected = visited.in_session(told.grip) @ joints_from_wrist
        motion = told.of(visited.motion)
        for wanted, body, side in (
            (expected, "tracked", visited.intact),
            (reflected(expected), "virtual", visited.missing),
        ):
            metres, radians = apart(wanted, recorded_hand(motion, body, side))
            assert metres < 1e-4
            assert radians < 1e-3


def test_a_moving_hand_is_reflected_where_the_runtime_had_it_for_the_frames_time(visited: Visited) -> None:
    sent_ns = np.array([at for at, _ in visited.visit.sent])
    grips = np.stack([visited.in_session(grip) for _, grip in visited.visit.sent])
    motion = visited.motion
    motion = motion[motion["mono_ns"].between(sent_ns[0] + 100_000_000, sent_ns[-1])]
    tracked = recorded_hand(motion, "tracked", visited.intact)
    virtual = recorded_hand(motion, "virtual", visited.missing)
    # Which packet each frame shows: the runtime gives the last one whole, and does not mix two.
    way = np.linalg.norm(tracked[:, WRIST, None, :3] - grips[None, :, :3, 3], axis=-1)
    packets = way.argmin(axis=1)
    assert len(np.unique(packets)) > 8
    assert (np.diff(packets) >= 0).all()
    expected = grips[packets][:, None] @ hand_at(visited, visited.visit.holds[3])
    for wanted, found in ((expected, tracked), (reflected(expected), virtual)):
        metres, radians = apart(wanted, found)
        assert metres < 1e-4
        assert radians < 1e-3
    assert motion["display_time_ns"].is_monotonic_increasing


def hand_at(visited: Visited, hold: Hold) -> np.ndarray:
    """The joints as the runtime's hand model has them for a curl, (26, 4, 4) from the wrist: learned from one hold."""
    hand = matrix(recorded_hand(hold.of(visited.motion), "tracked", visited.intact)[0])
    return np.linalg.inv(hand[WRIST]) @ hand


# --- a hand that is lost ---


def test_a_lost_hand_is_held_in_all_its_joints_and_goes_on_where_it_is_found(visited: Visited) -> None:
    first, last = visited.visit.lost
    motion = visited.motion[visited.motion["frame"].between(first, last)]
    assert len(motion) >= 3
    for body, side in (("tracked", visited.intact), ("virtual", visited.missing)):
        assert (provenance_of_hand(motion, body, side) == "held").all()
        hand = recorded_hand(motion, body, side)
        assert (hand == hand[0]).all()
    expected = reflected(visited.in_session(visited.visit.holds[4].grip))
    metres, radians = apart(expected, recorded_hand(motion, "virtual", visited.missing)[:, WRIST])
    assert metres < 1e-4
    assert radians < 1e-3


def test_the_task_pauses_while_the_hand_is_lost_and_then_goes_on(visited: Visited) -> None:
    events = visited.store.events()
    (task,) = visited.store.tasks().itertuples()
    told = events[events["task_run_id"] == task.task_run_id]
    told = told[told["name"].isin(["tracking_lost", "tracking_found"])]
    assert told["name"].tolist() == ["tracking_lost", "tracking_found"]
    assert [json.loads(detail)["side"] for detail in told["detail"]] == [visited.intact] * 2
    lost_ns, found_ns = told["mono_ns"]
    motion = visited.motion
    # A frame counts for as long as it took, at most a quarter of a second; those of the pause do not count.
    step_s = (motion["display_time_ns"].diff() / 1e9).clip(upper=0.25)
    mono_ns = motion["mono_ns"]
    performed = (mono_ns > task.started_mono_ns) & (mono_ns <= task.ended_mono_ns)
    paused = (mono_ns >= lost_ns) & (mono_ns < found_ns)
    assert step_s[performed & paused].sum() > 0.2
    assert task.duration_s == pytest.approx(step_s[performed & ~paused].sum(), abs=1e-3)
    assert (task.status, task.repetitions) == ("completed", 2)


# --- what a researcher gets ---


def test_the_session_is_whole_sealed_and_a_persons(visited: Visited) -> None:
    assert visited.status == 0, visited.said
    assert visited.damage == []
    (session,) = visited.store.sessions().itertuples()
    assert (session.status, session.sealed, session.origin, session.mode) == ("completed", True, "person", "mirror")
    assert session.runtime.startswith("Monado")
    motion = visited.motion
    assert motion["frame"].tolist() == list(range(1, session.last_motion_seq + 1))
    assert (np.diff(motion["display_time_ns"]) > 0).all()
    assert {"runtime_connected", "runtime_state", "recentred"} <= set(visited.store.events()["name"])


def test_each_task_has_its_own_pain_score_answered_by_looking_or_by_the_therapist(visited: Visited) -> None:
    (task,) = visited.store.tasks().itertuples()
    ratings = visited.store.ratings()
    assert ratings["phase"].tolist() == ["before", "after_task", "after"]
    assert ratings["task_run_id"].isna().tolist() == [True, False, True]
    assert ratings["task_run_id"].iloc[1] == task.task_run_id
    if visited.missing is Side.LEFT:
        assert ratings["value"].tolist() == [6, 3, 2]
        assert ratings["status"].tolist() == ["given"] * 3
        assert set(ratings["source"]) == {"participant"}
        assert (task.rating_status, task.pain_before, task.pain_after, task.pain_change) == ("given", 6, 3, -3)
    else:
        assert ratings["value"].iloc[:2].tolist() == [7, 4]
        assert ratings["status"].tolist() == ["given", "given", "declined"]
        assert set(ratings["source"]) == {"therapist"}
        assert (task.rating_status, task.pain_before, task.pain_after, task.pain_change) == ("given", 7, 4, -3)


def test_the_tables_have_the_columns_that_were_agreed(visited: Visited) -> None:
    store = visited.store
    agreed = {
        "sessions": "session_id participant programme mode origin started_at ended_at status software_version",
        "tasks": "session_id participant task_run_id block_index task_index task mode limb side started_at duration_s "
        "repetitions status rating_status pain_before pain_after pain_change",
        "ratings": "rating_id session_id task_run_id phase site scale value status source asked_at answered_at "
        "supersedes",
        "settings": "who name old new applied_frame",
    }
    for name, columns in agreed.items():
        assert set(columns.split()) <= set(getattr(store, name)().columns), name
    motion = visited.motion
    assert (motion["time_s"].dtype, motion["display_time_ns"].dtype) == (np.float64, np.int64)
    for body in ("tracked", "virtual"):
        for joint in ("left_wrist", "right_index_tip", "centre_head"):
            for part in ("px", "py", "pz", "qx", "qy", "qz", "qw"):
                assert motion[f"{body}_{joint}_{part}"].dtype == np.float32
            provenance = motion[f"{body}_{joint}_provenance"].dtype
            assert set(provenance.categories) == {"none", "measured", "inferred", "held", "mirrored", "scripted"}
    (task,) = store.tasks()["task_run_id"]
    of_task = store.motion(store.sessions()["session_id"].iloc[0], task)
    assert len(of_task) == (motion["task_run_id"] == task).sum() > 0


def test_a_setting_that_was_changed_is_on_record_with_the_frame_it_holds_from(visited: Visited) -> None:
    settings = visited.store.settings()
    assert settings["name"].tolist() == ["smoothing", "gaze_dwell_s"]
    assert settings["who"].tolist() == ["anna"] * 2
    assert (settings["applied_frame"] > 0).all()
