"""A whole session of a person who lost the left leg below the knee, with a controller strapped to the right ankle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile, TrackerMount
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.skeleton import Side
from vrrehab.geometry import compose, normalise, pose, yaw, yaw_of
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.testing.session_process import SessionProcess

from .reflection import apart, matrix, reflected, session_from_room
from .test_sitting import SEATED, Hold, Visit, Visited, visit_programme

OFFSET = pose([0.05, 0.09, -0.02], normalise(np.array([0.4, -0.2, 0.7, 0.5])))
MOUNT = TrackerMount(joint="right_ankle", device="/user/hand/right", joint_from_device=tuple(OFFSET.tolist()))
#: The foot under the knee, and out in front, in session space.
LOW, HIGH = pose([0.12, 0.10, -0.35]), pose([0.14, 0.42, -0.68], [np.sin(0.3), 0.0, 0.0, np.cos(0.3)])


class LegVisit(Visit):
    def send(self) -> None:
        self.person.hold_controller(Side.RIGHT, self.grip)
        self.person.head(self.head)


def controller_at(ankle: np.ndarray) -> np.ndarray:
    """Where in the room the controller is, for an ankle in session space."""
    room = pose([SEATED[0], 0.0, SEATED[2]], yaw(yaw_of(SEATED[3:])))
    return compose(compose(room, ankle), OFFSET)


@pytest.fixture(scope="module")
def visited(screen: Screen, tmp_path_factory) -> Visited:
    folder = tmp_path_factory.mktemp("leg")
    data, programme = folder / "data", visit_programme(folder, "stretch_knee")
    with (
        Monado(screen, compositor=Compositor.NONE, eyes_percent=10) as monado,
        RemoteDevice(monado.remote_port) as person,
        RecorderProcess(data) as recorder,
        RecorderClient(recorder.address) as client,
    ):
        lost = LimbLoss(limb="leg", side="left", level="below_knee")
        client.put_profile(Profile(code="P001", limb_losses=(lost,), tracker_mounts=(MOUNT,)))
        person.head(SEATED)
        person.hold_controller(Side.RIGHT, controller_at(LOW))  # from the first frame on
        arguments = ("--participant", "P001", "--programme", programme, "--recorder", recorder.address)
        with SessionProcess(data, *arguments, environment=monado.environment) as session:
            visit = LegVisit(Side.RIGHT, person, session, data, grip=controller_at(LOW))
            visit.send()
            session.tell("set", name="smoothing", value=False)
            visit.answer_for("before", "rate", value=7)
            session.until(lambda: "running" in set(visit.store.tasks()["status"]))
            visit.hold(0.0, controller_at(LOW))
            visit.vanish(1.0)
            for ankle in (HIGH, LOW, HIGH, LOW):
                visit.hold(0.0, controller_at(ankle))
            visit.answer_for("after_task", "rate", value=4)
            visit.answer_for("after", "decline")
            status, said = session.wait(60), session.output()
        client.wait_sealed(session.session_id, timeout_s=60)
    store = telemetry.open_store(data)
    motion = store.motion(session.session_id)
    return Visited(visit, Side.RIGHT, Side.LEFT, store, motion, verify(data), status, said)


def ankle_in(motion: pd.DataFrame, body: str, side: Side) -> np.ndarray:
    return motion[[f"{body}_{side}_ankle_{part}" for part in ("px", "py", "pz", "qx", "qy", "qz", "qw")]].to_numpy(
        float
    )


def expected(hold: Hold) -> np.ndarray:
    return session_from_room(SEATED) @ matrix(hold.grip) @ np.linalg.inv(matrix(OFFSET))


def test_the_ankle_is_where_its_controller_was_driven_and_the_virtual_one_is_its_reflection(visited: Visited) -> None:
    for hold in visited.visit.holds:
        motion = hold.of(visited.motion)
        assert len(motion) >= 3
        for where, body, side in (
            (expected(hold), "tracked", Side.RIGHT),
            (reflected(expected(hold)), "virtual", Side.LEFT),
        ):
            metres, radians = apart(where, ankle_in(motion, body, side))
            assert metres < 1e-4
            assert radians < 1e-3
        assert set(motion["tracked_right_ankle_provenance"]) == {"measured"}
        assert set(motion["virtual_left_ankle_provenance"]) == {"mirrored"}
        for joint in ("hip", "knee", "ball"):
            assert set(motion[f"tracked_right_{joint}_provenance"]) == {"inferred"}


def test_the_strapped_controller_is_no_hand_in_the_record(visited: Visited) -> None:
    assert set(visited.motion["tracked_right_wrist_provenance"]) == {"none"}


def test_while_the_controller_is_lost_the_leg_is_held_and_the_task_waits(visited: Visited) -> None:
    first, last = visited.visit.lost
    motion = visited.motion[visited.motion["frame"].between(first, last)]
    assert not motion.empty  # a software renderer that shares its cores draws few frames meanwhile
    assert set(motion["tracked_right_ankle_provenance"]) == {"held"}
    metres, radians = apart(expected(visited.visit.holds[0]), ankle_in(motion, "tracked", Side.RIGHT))
    assert metres < 1e-4
    assert radians < 1e-3
    events = visited.store.events()
    names = events["name"][events["task_run_id"].notna()]
    assert names[names.isin(["tracking_lost", "tracking_found"])].tolist() == ["tracking_lost", "tracking_found"]


def test_the_virtual_knees_movement_is_counted_and_its_pain_score_kept(visited: Visited) -> None:
    assert visited.status == 0, visited.said
    assert visited.damage == []
    (task,) = visited.store.tasks().itertuples()
    assert (task.task, task.mode, task.side, task.status, task.repetitions) == (
        "stretch_knee",
        "mirror",
        "left",
        "completed",
        2,
    )
    assert (task.pain_before, task.pain_after, task.pain_change) == (7, 4, -3)
