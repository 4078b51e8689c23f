"""Whole sessions on a real runtime for losses beyond one hand: an arm above the elbow, and both hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.skeleton import HAND_JOINTS, Side
from vrrehab.geometry import normalise, pose
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.testing.session_process import SessionProcess

from .reflection import apart, matrix, recorded_hand, reflected, session_from_room
from .test_sitting import SEATED, SLIGHTLY, WRIST, Visit, visit_programme


@contextmanager
def session_of(
    profile: Profile, mode: str, screen: Screen, folder: Path
) -> Iterator[tuple[RemoteDevice, SessionProcess, Path, Callable[[], pd.DataFrame]]]:
    """A session begun; after it is over, its motion can be asked for."""
    data, programme = folder / "data", visit_programme(folder, mode=mode)
    with (
        Monado(screen, compositor=Compositor.NONE, eyes_percent=10) as monado,
        RemoteDevice(monado.remote_port) as person,
        RecorderProcess(data) as recorder,
        RecorderClient(recorder.address) as client,
    ):
        client.put_profile(profile)
        person.head(SEATED)
        for side in Side:
            person.lose(side)
        arguments = ("--participant", profile.code, "--programme", programme, "--recorder", recorder.address)
        with SessionProcess(data, *arguments, environment=monado.environment) as session:

            def motion() -> pd.DataFrame:
                assert session.wait(60) == 0, session.output()
                client.wait_sealed(session.session_id, timeout_s=60)
                return telemetry.open_store(data).motion(session.session_id)

            yield person, session, data, motion
    assert verify(data) == []


class HeadVisit(Visit):
    def send(self) -> None:
        self.person.head(self.head)


def test_an_arm_lost_above_the_elbow_is_the_reflection_of_the_other_and_hangs_on_its_own_shoulder(
    screen: Screen, tmp_path: Path
) -> None:
    lost = LimbLoss(limb="arm", side="left", level="upper_arm")
    with session_of(Profile(code="P001", limb_losses=(lost,)), "mirror", screen, tmp_path) as parts:
        person, session, data, motion_when_over = parts
        visit = Visit(Side.RIGHT, person, session, data)
        visit.send()
        session.tell("set", name="smoothing", value=False)
        visit.answer_for("before", "rate", value=7)
        session.until(lambda: "running" in set(visit.store.tasks()["status"]))
        hold = visit.hold(SLIGHTLY, pose([0.25, 1.1, -0.55], normalise(np.array([0.3, -0.5, 0.2, 0.7]))))
        for curl in (0.0, 1.0, 0.0, 1.0, 0.0):
            visit.hold(curl)
        visit.answer_for("after_task", "rate", value=4)
        visit.answer_for("after", "decline")
        motion = motion_when_over()
    (task,) = telemetry.open_store(data).tasks().itertuples()
    assert (task.side, task.status, task.repetitions, task.pain_change) == ("left", "completed", 2, -3)
    held = hold.of(motion)
    assert len(held) >= 3
    where = reflected(session_from_room(SEATED) @ matrix(hold.grip))
    metres, radians = apart(where, recorded_hand(held, "virtual", Side.LEFT)[:, WRIST])
    assert metres < 1e-4
    assert radians < 1e-3
    for joint in ("shoulder", "elbow"):
        assert np.isfinite(held[f"virtual_left_{joint}_px"]).all()


def test_who_lost_both_hands_watches_both_virtual_ones_move(screen: Screen, tmp_path: Path) -> None:
    lost = tuple(LimbLoss(limb="hand", side=side.value, level="wrist") for side in Side)
    with session_of(Profile(code="P001", limb_losses=lost), "observe", screen, tmp_path) as parts:
        person, session, data, motion_when_over = parts
        visit = HeadVisit(Side.RIGHT, person, session, data)
        visit.answer_for("before", "rate", value=6)
        visit.answer_for("after_task", "rate", value=5)
        visit.answer_for("after", "decline")
        motion = motion_when_over()
    store = telemetry.open_store(data)
    (task,) = store.tasks().itertuples()
    assert (task.mode, task.side, task.status, task.repetitions, task.pain_change) == (
        "observe",
        "both",
        "completed",
        2,
        -1,
    )
    performed = motion[motion["task_run_id"] == task.task_run_id]
    for side in Side:
        assert set(motion[f"tracked_{side}_wrist_provenance"]) == {"none"}
        assert set(performed[f"virtual_{side}_wrist_provenance"]) == {"scripted"}
        hand = recorded_hand(performed, "virtual", side)
        fist = hand[:, HAND_JOINTS.index("middle_tip"), :3] - hand[:, WRIST, :3]
        reach_m = np.linalg.norm(fist, axis=1)
        assert reach_m.max() > 1.5 * reach_m.min(), "the hand never closed"
