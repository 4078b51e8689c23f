"""The runtime dies in the middle of a task and comes back: for the session, and for its record, that is a pause."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.skeleton import HAND_JOINTS, Side
from vrrehab.geometry import pose
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.testing.session_process import SessionProcess

from .reflection import apart, matrix, provenance_of_hand, recorded_hand, reflected, session_from_room

PROGRAMME = """
name = "fist"
title = "A fist"
mode = "mirror"
place = "therapy_room"
ask = ["after_task"]

[[blocks]]
title = "One"
tasks = [{ task = "open_close_hand", goal = 1, demonstration_s = 0.1, time_limit_s = 600 }]
"""
HEAD = pose([0.1, 1.2, -0.1], [0.0, np.sin(0.2), 0.0, np.cos(0.2)])
GRIP = pose([0.1, 1.0, -0.5], [0.0, 0.6, 0.0, 0.8])


@dataclass
class Survived:
    store: telemetry.Store
    session_id: str
    motion: pd.DataFrame
    status: int
    said: str
    damage: list[object]
    #: The last frame before the runtime was killed, one after it was gone, one after it was back.
    before: int
    gone: int
    back: int


@pytest.fixture(scope="module")
def survived(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Survived:
    folder: Path = tmp_path_factory.mktemp("restart")
    data, programme = folder / "data", folder / "fist.toml"
    programme.write_text(PROGRAMME)
    store = telemetry.open_store

    def happened(name: str) -> int:
        return int((store(data).events()["name"] == name).sum())

    with (
        Monado(screen, compositor=Compositor.NONE, eyes_percent=10) as monado,
        RecorderProcess(data) as recorder,
        RecorderClient(recorder.address) as client,
    ):
        client.put_profile(Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),)))
        arguments = ("--participant", "P001", "--programme", str(programme), "--recorder", recorder.address)
        person = RemoteDevice(monado.remote_port)
        person.head(HEAD)
        with SessionProcess(data, *arguments, environment=monado.environment) as session:
            session.tell("set", name="smoothing", value=False)
            session.until(lambda: "running" in set(store(data).tasks()["status"]))
            before = session.after(4)
            monado.kill()
            person.close()
            session.until(lambda: happened("runtime_lost") == 1)
            session.until(lambda: happened("tracking_lost") == happened("tracking_found") + 1)
            gone = session.after(4)
            monado.start()
            with RemoteDevice(monado.remote_port) as person:
                person.head(HEAD)
                person.hand(Side.RIGHT, GRIP)
                session.until(lambda: happened("runtime_connected") == 2)
                session.until(lambda: happened("recentred") == 2)
                session.after(4)
                session.tell("recentre")  # as a therapist does once the person sits as before
                session.until(lambda: happened("tracking_lost") == happened("tracking_found"))
                back = session.after(4)
                person.hand(Side.RIGHT, GRIP, curl=1.0)
                session.until(lambda: "awaiting" in set(store(data).ratings()["status"]))
                session.tell("rate", value=5)
                status, said = session.wait(60), session.output()
        client.wait_sealed(session.session_id, timeout_s=60)
    motion = store(data).motion(session.session_id)
    return Survived(store(data), session.session_id, motion, status, said, verify(data), before, gone, back)


def test_it_is_one_session_and_its_task_is_done_and_rated(survived: Survived) -> None:
    assert survived.status == 0, survived.said
    assert survived.damage == []
    (session,) = survived.store.sessions().itertuples()
    assert (session.session_id, session.status, session.sealed) == (survived.session_id, "completed", True)
    (task,) = survived.store.tasks().itertuples()
    assert (task.status, task.repetitions, task.rating_status, task.pain_after) == ("completed", 1, "given", 5)


def test_the_frames_go_on_and_their_time_goes_forward(survived: Survived) -> None:
    motion = survived.motion
    assert motion["frame"].tolist() == list(range(1, len(motion) + 1))
    assert (np.diff(motion["display_time_ns"]) > 0).all()
    assert (np.diff(motion["mono_ns"]) > 0).all()
    assert survived.before < survived.gone < survived.back < len(motion)


def test_what_happened_is_on_record_in_order(survived: Survived) -> None:
    events = survived.store.events()
    named = ("runtime_connected", "runtime_lost", "tracking_lost", "tracking_found", "space_changed", "recentred")
    (task,) = survived.store.tasks()["task_run_id"]
    during = events[events["task_run_id"] == task]
    told = [name for name in during["name"] if name in named]
    found = told.index("tracking_found")
    assert [*told[:found], *told[found + 1 :]] == [
        "runtime_lost", "tracking_lost", "runtime_connected", "space_changed", "recentred", "recentred",
    ]  # fmt: skip
    assert events["name"].tolist().count("runtime_connected") == 2


def test_the_room_comes_to_where_the_head_is_when_the_runtime_is_back(survived: Survived) -> None:
    """Its space may be elsewhere: what was measured from the old one says nothing of the new one."""
    where = [
        json.loads(detail) if isinstance(detail, str) else detail
        for detail in survived.store.events().query("name == 'recentred'")["detail"]
    ]
    assert len(where) == 3, "at the start, at the new connection, and when the therapist wants it"
    assert (where[-1]["px"], where[-1]["pz"]) == (pytest.approx(0.1, abs=1e-3), pytest.approx(-0.1, abs=1e-3))


def test_meanwhile_the_hand_is_held_and_afterwards_it_is_mirrored_in_the_same_place(survived: Survived) -> None:
    motion = survived.motion.set_index("frame", drop=False)
    gone = motion.loc[survived.gone - 2 : survived.gone - 2]
    for body, side in (("tracked", Side.RIGHT), ("virtual", Side.LEFT)):
        assert (provenance_of_hand(gone, body, side) == "held").all()
    back = motion.loc[survived.back - 2 : survived.back - 1]
    assert (provenance_of_hand(back, "virtual", Side.LEFT) == "mirrored").all()
    expected = reflected(session_from_room(HEAD) @ matrix(GRIP))
    metres, radians = apart(expected, recorded_hand(back, "virtual", Side.LEFT)[:, HAND_JOINTS.index("wrist")])
    assert metres < 1e-4
    assert radians < 1e-3
