"""A real Meta Quest 3 recording, played through a real runtime into a session: once for each missing side.

The session's clock is a virtual one that waits for the runtime, so that the session sees the recording 90 times a
second of its own time, however slow the machine is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.export import check_bids, export_bids
from telemetry.messages import LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import RecorderProcess
from telemetry.testing.bids import validator_errors
from telemetry.verify import verify
from vrrehab.body.features import hand_closure_of
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, JOINTS, Body, Side
from vrrehab.session.frame import FrameTime
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.sources.recording import RecordingSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.testing.remote_player import RemotePlayer
from vrrehab.xr.hands import Seen
from vrrehab.xr.headset import Headset
from vrrehab.xr.session import State

from .reflection import apart, matrix, provenance_of_hand, recorded_hand, reflected, session_from_room

#: Both hands are there from 10.66 s; the left one is lost from 14.40 to 15.41 s, both from 19.13 s.
BEGINS_S, LEFT_LOST_S, BOTH_LOST_S = 10.5, (14.40, 15.41), 19.13
WRIST = HAND_JOINTS.index("wrist")
#: The task ends while both hands are lost already, so that whoever counts a hand that is merely held counts too many.
TIME_LIMIT_S = {Side.LEFT: 8.2, Side.RIGHT: 8.6}


class Lockstep(SilentDisplay):
    """Before each frame the recording is shown to the runtime, and waited for until the runtime has taken it."""

    def __init__(self, player: RemotePlayer, headset: Headset) -> None:
        super().__init__(VirtualClock(time.monotonic_ns()), 90.0)
        self._player, self._headset = player, headset
        self._head, self._hand = np.empty(7), np.empty((26, 7))

    def wait(self) -> FrameTime | None:
        frame = super().wait()
        assert frame is not None
        self._player.show(frame.display_time_ns)
        give_up = time.monotonic() + 60
        while not self._taken(self._headset.xr_time(frame.display_time_ns)):
            assert time.monotonic() < give_up, f"the runtime's head is at {self._head}, one hand's {self._hand[WRIST]}"
        return frame

    def _taken(self, time_ns: int) -> bool:
        shown, link = self._player.body, self._headset.link
        assert link is not None
        if not shown.has(HEAD):  # the recording is over
            return True
        link.spaces.head.locate(time_ns, self._head)
        taken = same(self._head, shown.poses[HEAD])
        for side in Side:
            seen = link.hands[side.value].locate(time_ns, self._hand) is not Seen.NOTHING
            there = shown.has(HAND[side].start)
            taken &= seen == there and (not there or same(self._hand[WRIST], shown.poses[HAND[side]][WRIST]))
        return taken


def same(pose: np.ndarray, other: np.ndarray) -> bool:
    """Whether two poses are the same but for float32, and for the sign of the quaternion."""
    off = np.abs(pose - other)
    off[3:] = min(off[3:].max(), np.abs(pose[3:] + other[3:]).max())
    return bool(off.max() < 1e-6)


@dataclass
class Played:
    """A session that is over; `seen` is the recording at each recorded frame, `at_s` where in it that is."""

    intact: Side
    store: telemetry.Store
    session_id: str
    motion: pd.DataFrame
    at_s: np.ndarray
    seen: list[Body]
    damage: list[object]


@pytest.fixture(scope="module")
def runtime(screen: Screen) -> Iterator[Monado]:
    with Monado(screen, compositor=Compositor.NONE) as monado, pytest.MonkeyPatch.context() as patch:
        for name, value in monado.environment.items():
            patch.setenv(name, value)
        yield monado


@pytest.fixture(scope="module", params=list(Side), ids="{}_hand_intact".format)
def played(request, runtime: Monado, quest3_capture: Path, fists_for, tmp_path_factory) -> Played:
    intact: Side = request.param
    folder = tmp_path_factory.mktemp(f"{intact}")
    programme = load_programme(fists_for(TIME_LIMIT_S[intact]))
    loss = LimbLoss(limb="hand", side=intact.other.value, level="wrist")
    plan = make_plan(Profile(code="P001", limb_losses=(loss,)), programme, None, "person", 1)
    headset = Headset()
    headset.connect(None)
    data = folder / "data"
    try:
        with RemoteDevice(runtime.remote_port) as person, RecorderProcess(data) as recorder:
            source = OpenXRSource(headset)
            until_focused(headset, source)
            sender = Sender(data / "spool", plan.session_id, recorder.address, FrameLayout(JOINTS))
            sitting = Sitting(plan, source, sender, "Monado")
            sitting.settings.change("smoothing", False)
            display = Lockstep(RemotePlayer(RecordingSource(quest3_capture, BEGINS_S), person), headset)
            assert run(sitting, display, lambda: ()) == "completed"
            assert sender.close(timeout_s=60)
            with RecorderClient(recorder.address) as client:
                client.wait_sealed(plan.session_id, timeout_s=60)
    finally:
        headset.close()
    store = telemetry.open_store(data)
    motion = store.motion(plan.session_id)
    recording, seen = RecordingSource(quest3_capture, BEGINS_S), []
    for time_ns in motion["display_time_ns"]:
        recording.locate(time_ns, body := Body.unseen())
        seen.append(body)
    at_s = ((motion["display_time_ns"] - motion["display_time_ns"].iloc[0]) / 1e9 + BEGINS_S).to_numpy()
    return Played(intact, store, plan.session_id, motion, at_s, seen, verify(data))


def until_focused(headset: Headset, source: OpenXRSource) -> None:
    give_up, body = time.monotonic() + 60, Body.unseen()
    while headset.link is None or headset.link.session.state is not State.FOCUSED or not body.has(HEAD):
        source.locate(time.monotonic_ns(), body)
        assert time.monotonic() < give_up, f"{headset.events}"
        time.sleep(0.01)
    source.news()


def test_four_fists_are_counted_and_the_task_is_whole(played: Played) -> None:
    (task,) = played.store.tasks().itertuples()
    assert (task.repetitions, task.status, task.side) == (4, "completed", played.intact.other)
    assert played.at_s[(played.motion["task_run_id"] == task.task_run_id).to_numpy()][-1] > BOTH_LOST_S
    assert played.store.sessions()["sealed"].tolist() == [True]
    assert played.damage == []


def test_the_virtual_hand_is_the_recorded_one_reflected_in_every_frame_that_has_it(played: Played) -> None:
    room = session_from_room(played.seen[0].poses[HEAD])
    wrists = np.stack([body.poses[HAND[played.intact]][WRIST] for body in played.seen])
    there = ~np.isnan(wrists[:, 0])
    assert there.sum() > 600
    expected = room @ matrix(wrists[there])
    motion = played.motion[there]
    metres, radians = apart(expected, recorded_hand(motion, "tracked", played.intact)[:, WRIST])
    assert metres < 1e-4
    assert radians < 1e-3
    metres, radians = apart(reflected(expected), recorded_hand(motion, "virtual", played.intact.other)[:, WRIST])
    assert metres < 1e-4
    assert radians < 1e-3
    assert (provenance_of_hand(motion, "tracked", played.intact) == "measured").all()
    assert (provenance_of_hand(motion, "virtual", played.intact.other) == "mirrored").all()


def test_the_virtual_fingers_close_as_the_recorded_ones_do(played: Played) -> None:
    virtual = recorded_hand(played.motion, "virtual", played.intact.other)
    off = []
    for body, hand in zip(played.seen, virtual, strict=True):
        if body.has(HAND[played.intact].start):
            off.append(hand_closure_of(hand) - hand_closure_of(body.poses[HAND[played.intact]]))
    assert np.abs(off).max() < 0.08


@pytest.mark.parametrize("side", list(Side))
def test_hands_are_held_exactly_while_the_recording_has_lost_them(played: Played, side: Side) -> None:
    began = next(i for i, body in enumerate(played.seen) if body.has(HAND[side].start))
    lost = np.array([not body.has(HAND[side].start) for body in played.seen])[began:]
    held = provenance_of_hand(played.motion, "tracked", side)[began:] == "held"
    assert (held == lost[:, None]).all()
    during = (played.at_s[began:] > LEFT_LOST_S[0] + 0.02) & (played.at_s[began:] < LEFT_LOST_S[1] - 0.02)
    assert lost[during].all() == (side is Side.LEFT)
    if side is played.intact:
        virtual = recorded_hand(played.motion, "virtual", side.other)[began:]
        assert (provenance_of_hand(played.motion, "virtual", side.other)[began:][lost] == "held").all()
        first = int(np.argmax(lost))
        still = int(np.argmin(lost[first:]))
        assert (virtual[first : first + still] == virtual[first - 1]).all()


def test_the_loss_pauses_the_task_of_the_hand_that_was_lost_and_no_other(played: Played) -> None:
    events = played.store.events()
    events = events[events["task_run_id"].notna() & events["name"].isin(["tracking_lost", "tracking_found"])]
    (task,) = played.store.tasks().itertuples()
    wall_s = (task.ended_mono_ns - task.started_mono_ns) / 1e9
    if played.intact is Side.RIGHT:
        assert events.empty
        assert wall_s == pytest.approx(task.duration_s, abs=0.05)
        return
    assert events["name"].tolist() == ["tracking_lost", "tracking_found"]
    lost_ns, found_ns = events["mono_ns"]
    # Half a second is let pass before the task pauses.
    assert (found_ns - lost_ns) / 1e9 == pytest.approx(LEFT_LOST_S[1] - LEFT_LOST_S[0] - 0.5, abs=0.05)
    assert wall_s - task.duration_s == pytest.approx((found_ns - lost_ns) / 1e9, abs=0.03)


def test_it_leaves_as_a_bids_data_set_that_the_official_validator_passes(played: Played, tmp_path: Path) -> None:
    assert export_bids(played.store, tmp_path / "bids").sessions == 1
    assert validator_errors(tmp_path / "bids") == []
    assert check_bids(tmp_path / "bids") == []
    (frames,) = (tmp_path / "bids").rglob("*tracksys-tracked_motion.tsv")
    with frames.open() as file:
        assert sum(1 for _ in file) == len(played.motion)
