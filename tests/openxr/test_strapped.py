"""A controller strapped to a limb: on the runtime, and through the command that measures how it sits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile, TrackerMount
from telemetry.testing import RecorderProcess
from vrrehab.body.build import USUAL
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HAND, HEAD, INDEX, LEG, Body, Provenance, Side, joint
from vrrehab.body.tracking import Tracker
from vrrehab.errors import NotPossible, UnknownName
from vrrehab.geometry import normalise, pose
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.testing.monado import Compositor, Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.xr.headset import Connected, Headset
from vrrehab.xr.runtime import VIVE_TRACKERS, Runtime
from vrrehab.xr.session import State

from .reflection import apart, matrix
from .watched import Watched, near

ANKLE = joint(Side.LEFT, "ankle")
OFFSET = pose([0.05, 0.09, -0.02], normalise(np.array([0.4, -0.2, 0.7, 0.5])))
MOUNT = TrackerMount(joint="left_ankle", device="/user/hand/left", joint_from_device=tuple(OFFSET.tolist()))
RESTING = pose([-0.15, 0.22, -0.45], normalise(np.array([0.1, 0.6, -0.3, 0.7])))
SWUNG = pose([-0.1, 0.4, -0.7], normalise(np.array([-0.5, 0.3, 0.2, 0.6])))


def where_the_ankle_is(device: np.ndarray) -> np.ndarray:
    return matrix(device) @ np.linalg.inv(matrix(OFFSET))


def is_at(body: Body, device: np.ndarray) -> bool:
    metres, radians = apart(where_the_ankle_is(device), body.poses[ANKLE])
    return metres < 1e-4 and radians < 1e-3


@pytest.fixture
def strapped(tracking: Headset, person: RemoteDevice) -> Watched:
    """The left controller is on the left ankle; the right hand is bare."""
    person.hold_controller(Side.LEFT, RESTING)
    watched = Watched(tracking, [MOUNT])
    watched.until(lambda body: tracking.link.session.state is State.FOCUSED and body.has(HEAD) and body.has(ANKLE))
    return watched


def test_the_ankle_is_where_the_controller_on_it_says(strapped, person) -> None:
    for device in (RESTING, SWUNG):
        person.hold_controller(Side.LEFT, device)
        body = strapped.until(lambda body, device=device: is_at(body, device))
        assert body.provenance[ANKLE] == Provenance.MEASURED


def test_a_strapped_ankle_has_a_whole_leg(strapped) -> None:
    seen, leg = Body.unseen(), Body.unseen()
    seen.copy_from(strapped.body)
    recentring = Recentring.from_head(seen.poses[HEAD])
    recentring.to_session(seen)
    Tracker(recentring.eye_height_m).update(seen, leg, 0.0)
    hip, knee, ankle, ball = leg.poses[LEG[Side.LEFT], :3]
    assert np.linalg.norm(knee - hip) == pytest.approx(USUAL.thigh, abs=1e-6)
    assert np.linalg.norm(ankle - knee) == pytest.approx(USUAL.shin, abs=1e-6)
    assert np.linalg.norm(ball - ankle) == pytest.approx(np.hypot(USUAL.ball_before_ankle, USUAL.ball_below_ankle))
    guessed = Provenance.INFERRED
    assert leg.provenance[LEG[Side.LEFT]].tolist() == [guessed, guessed, Provenance.MEASURED, guessed]
    assert not leg.provenance[LEG[Side.RIGHT]].any()


def test_a_strapped_controller_is_no_hand_and_the_other_hand_is_still_seen(strapped, person) -> None:
    person.hand(Side.RIGHT, SWUNG)
    body = strapped.until(lambda body: near(body, joint(Side.RIGHT, "wrist"), SWUNG))
    assert is_at(body, RESTING)
    assert (body.provenance[HAND[Side.RIGHT]] == Provenance.MEASURED).all()
    assert not body.provenance[HAND[Side.LEFT]].any()
    assert np.isnan(body.poses[HAND[Side.LEFT]]).all()
    assert np.isnan(strapped.source.grip[Side.LEFT]).all()
    others = np.setdiff1d(np.arange(len(body.poses)), [HEAD, ANKLE, *np.r_[HAND[Side.RIGHT]]])
    assert not body.provenance[others].any()


def test_the_ankle_is_unseen_while_its_controller_is(strapped, person) -> None:
    person.lose(Side.LEFT)
    body = strapped.until(lambda body: not body.has(ANKLE))
    assert np.isnan(body.poses[ANKLE]).all()
    person.hold_controller(Side.LEFT, SWUNG)
    strapped.until(lambda body: is_at(body, SWUNG))


def test_nobody_stops_with_an_ankle(strapped, person) -> None:
    heard = []
    person.click(Side.LEFT, "b")
    # The right controller's button is pressed later, so once it is heard the left one's has come through.
    person.hold_controller(Side.RIGHT, pose([0.2, 1.0, -0.4]))
    person.click(Side.RIGHT, "a")
    strapped.until(lambda _: bool(heard.extend(strapped.source.pressed()) or heard))
    assert heard == ["hide"]


def test_nobody_selects_with_an_ankle(strapped, person) -> None:
    person.press(Side.LEFT)
    # The right controller's trigger is pressed later, so once it is heard the left one's has come through.
    person.hold_controller(Side.RIGHT, pose([0.2, 1.0, -0.4]))
    person.press(Side.RIGHT)
    strapped.until(lambda _: strapped.source.selecting())
    person.press(Side.RIGHT, False)
    strapped.until(lambda _: not strapped.source.selecting())
    assert strapped.headset.link.controllers.pressed("select", MOUNT.device), "the runtime still has it pressed"


def test_a_hand_that_is_seen_beside_the_strapped_controller_stays(strapped, person) -> None:
    # Some headsets see hands and controllers at the same time; this runtime has both in the same place.
    person.hand(Side.LEFT, SWUNG)
    body = strapped.until(lambda body: near(body, joint(Side.LEFT, "wrist"), SWUNG))
    assert (body.provenance[HAND[Side.LEFT]] == Provenance.MEASURED).all()
    assert is_at(body, SWUNG)


def test_a_tracker_that_the_runtime_does_not_know_is_never_seen(tracking, person) -> None:
    role = "/user/vive_tracker_htcx/role/left_foot"
    watched = Watched(tracking, [TrackerMount(joint="left_ball", device=role)])
    body = watched.until(lambda body: body.has(HEAD) and body.has(joint(Side.LEFT, "wrist")))
    assert not body.has(INDEX["left_ball"])


def test_a_runtime_that_refuses_the_trackers_it_offers_keeps_the_rest(person, monkeypatch) -> None:
    # This runtime has no trackers, so it refuses to be asked for them, as one would that knows other roles.
    really_has = Runtime.has

    def has(runtime: Runtime, extension: str) -> bool:
        runtime.offered.setdefault(VIVE_TRACKERS, 3)
        return extension == VIVE_TRACKERS or really_has(runtime, extension)

    monkeypatch.setattr(Runtime, "has", has)
    headset = Headset()
    headset.connect(None)
    try:
        connected = next(event for event in headset.take_events() if isinstance(event, Connected))
        assert "PATH_UNSUPPORTED" in connected.trackers_refused
        person.hold_controller(Side.LEFT, RESTING)
        watched = Watched(headset, [MOUNT])
        watched.until(lambda body: body.has(ANKLE) and is_at(body, RESTING))
        assert "/user/vive_tracker_htcx/role/left_foot" not in headset.link.controllers.devices
    finally:
        headset.close()


@pytest.mark.parametrize(
    ("mounts", "error", "words"),
    [
        ([TrackerMount(joint="left_ancle", device="/user/hand/left")], UnknownName, "Did you mean 'left_ankle'"),
        ([MOUNT, TrackerMount(joint="left_knee", device=MOUNT.device)], NotPossible, "tracker remove"),
        ([MOUNT, TrackerMount(joint="left_ankle", device="/user/hand/right")], NotPossible, "each joint with one"),
        (
            [TrackerMount(joint="left_knee", device="/user/hand/left", joint_from_device=(0.0,) * 7)],
            NotPossible,
            "pose",
        ),
    ],
)
def test_a_mount_that_cannot_be_is_refused(mounts, error, words) -> None:
    with pytest.raises(error, match=words):
        OpenXRSource(Headset(), mounts)


# --- vrrehab tracker mount ---


@pytest.fixture(scope="module")
def clinic(screen: Screen, tmp_path_factory):
    """A runtime and a recorder, with a participant who lost a leg."""
    data = tmp_path_factory.mktemp("clinic")
    with (
        Monado(screen, compositor=Compositor.NONE, eyes_percent=10) as monado,
        RemoteDevice(monado.remote_port) as person,
        RecorderProcess(data) as recorder,
        RecorderClient(recorder.address) as client,
    ):
        client.put_profile(Profile(code="P001", limb_losses=(LimbLoss(limb="leg", side="right", level="below_knee"),)))

        def tracker(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "vrrehab", "tracker", *arguments, "--data", str(data), "--participant", "P001"],
                env={**os.environ, **monado.environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )

        yield tracker, person, client, data


def test_a_device_is_measured_while_the_person_sits_and_kept_in_the_profile(clinic) -> None:
    from vrrehab.stage.avatar import body_model

    tracker, person, client, data = clinic
    # The foot is flat, 6.6 cm to the left of the middle and pointing as the head does; the strap is 5 cm outside.
    person.head(pose([0.0, 1.2, 0.0], [-0.5, 0.0, 0.0, np.sqrt(0.75)]))
    turn = normalise(np.array([0.1, 0.6, -0.3, 0.7]))
    person.hold_controller(Side.LEFT, pose([-0.116, 0.15, -0.4], turn))
    ran = tracker("mount", "--joint", "left_ankle", "--device", "/user/hand/left")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "the foot stands flat and points straight ahead" in ran.stdout
    assert "P001: /user/hand/left is strapped to left_ankle, 10 cm from its centre" in ran.stdout
    profile = client.profile("P001")
    (mount,) = profile.tracker_mounts
    assert (mount.joint, mount.device, profile.version) == ("left_ankle", "/user/hand/left", 2)
    # An ankle is at 0.039 of the stature, that of the body which the session shows.
    ankle_m = 0.039 * body_model(profile.appearance, profile.measures).stature_m
    np.testing.assert_allclose(mount.joint_from_device, [-0.05, 0.15 - ankle_m, 0.0, *turn], atol=1e-5)
    assert b"left_ankle" in (Path(data) / "profiles" / "P001.json").read_bytes()

    gone = tracker("remove", "--joint", "left_ankle")
    assert gone.returncode == 0, gone.stderr
    assert client.profile("P001").tracker_mounts == ()
    assert "on record: nothing" in tracker("remove", "--joint", "left_ankle").stderr


def test_a_device_that_is_not_there_is_told_with_those_that_are(clinic) -> None:
    tracker, person, client, _ = clinic
    person.lose(Side.LEFT)
    person.hold_controller(Side.RIGHT, pose([0.1, 0.15, -0.4]))
    before = client.profile("P001")
    ran = tracker("mount", "--joint", "left_ankle", "--device", "/user/hand/left")
    assert ran.returncode == 1
    assert "vrrehab: Expected to see /user/hand/left" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "devices seen: /user/hand/right" in ran.stderr
    assert client.profile("P001") == before
