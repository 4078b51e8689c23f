"""What the person in the headset sees of a session: the drawn limb, and the picture that the compositor shows.

The session runs in the test's own process, with the validation layer on, so that what is drawn can be looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import ImageGrab

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.rig import ARM_BONES, BONE_COUNT
from vrrehab.body.skeleton import FINGERS, HAND_JOINTS, JOINTS, Side
from vrrehab.geometry import normalise, pose
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.stage.avatar import body_model
from vrrehab.testing.monado import Monado, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.xr.headset import Headset

from .reflection import apart, matrix, recorded_hand, reflected, session_from_room

PROGRAMME = """
name = "look"
title = "Look"
mode = "mirror"
place = "therapy_room"
ask = []

[[blocks]]
title = "One"
tasks = [{ task = "open_close_hand", goal = 100, demonstration_s = 0.1, time_limit_s = 600 }]
"""
#: A head that looks down a little, at hands that are apart and in view, turned and half closed.
HEAD = pose([0.12, 1.22, -0.1], normalise(np.array([-0.2, 0.15, 0.0, 0.95])))
CURL = (0.1, 0.2, 0.35, 0.5, 0.3)
GRIP = {
    Side.LEFT: pose([-0.17, 1.0, -0.48], normalise(np.array([0.3, 0.2, 0.1, 0.9]))),
    Side.RIGHT: pose([0.13, 1.0, -0.58], normalise(np.array([0.3, 0.2, -0.2, 0.9]))),
}
WRIST = HAND_JOINTS.index("wrist")


@dataclass
class Told:
    """A therapist's command from within the process; implements `vrrehab.session.commands.Command`."""

    name: str
    arguments: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    who: str = "anna"

    def applied(self, frame: int) -> None: ...

    def refused(self, reason: str) -> None:
        raise AssertionError(reason)


@dataclass
class Look:
    """What was drawn in a frame, and both eyes' pictures (540, 480, 3) a moment later."""

    frame: int
    palette: np.ndarray
    eyes: tuple[np.ndarray, np.ndarray]


@dataclass
class Shown:
    missing: Side
    with_limb: Look
    without_limb: Look
    motion: pd.DataFrame
    #: Where the eyes were, (2, 7) quaternion first, and what they see, (2, 4) left, right, up, down in radians.
    eye_poses: np.ndarray
    eye_fovs: np.ndarray
    complaints: list[str]
    damage: list[object]
    status: str

    def virtual_hand(self, look: Look) -> np.ndarray:
        """As recorded of the frame that was drawn, (26, 7)."""
        return recorded_hand(self.motion[self.motion["frame"] == look.frame], "virtual", self.missing)[0]


class Story:
    """Has the session show the virtual limb and then not, frame by frame, and looks at the picture of each."""

    def __init__(self, stage: object, sitting: Sitting, picture: Callable[[], tuple[np.ndarray, np.ndarray]]) -> None:
        self._stage, self._sitting, self._picture = stage, sitting, picture
        self._script = self._frames()
        self.looks: list[Look] = []

    def __call__(self) -> list[Told]:
        return next(self._script, [])

    def _frames(self) -> Iterator[list[Told]]:
        yield [Told("set", {"name": "smoothing", "value": False})]
        while self._sitting.view.activity != "repetition":
            yield []
        for opacity in (1.0, 0.0):
            yield [Told("set", {"name": "limb_opacity_ratio", "value": opacity})]
            (limb,) = self._sitting.plan.limbs
            while abs(self._sitting.view.opacity[limb.side] - opacity) > 1e-6:  # it glides
                yield []
            # What was handed over a few frames ago is in the compositor's window by now.
            for _ in range(12):
                yield []
            frame = int(self._sitting._frame.number)
            self.looks.append(Look(frame - 1, self._stage._avatar.palette.copy(), self._picture()))
        yield [Told("skip")]


@pytest.fixture(scope="module", params=list(Side), ids="{}_hand_missing".format)
def shown(request, screen: Screen, stage, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    from vrrehab.stage.displays.headset import HeadsetDisplay

    missing: Side = request.param
    folder: Path = tmp_path_factory.mktemp(missing)
    data, programme = folder / "data", folder / "look.toml"
    programme.write_text(PROGRAMME)
    loss = LimbLoss(limb="hand", side=missing.value, level="wrist")
    plan = make_plan(Profile(code="P001", limb_losses=(loss,)), load_programme(str(programme)), None, "person", 1)
    with (
        Monado(screen) as monado,
        pytest.MonkeyPatch.context() as patch,
        RemoteDevice(monado.remote_port) as person,
        RecorderProcess(data) as recorder,
        ExitStack() as closing,
    ):
        for name, value in monado.environment.items():
            patch.setenv(name, value)
        person.head(HEAD)
        person.hand(missing.other, GRIP[missing.other], CURL)
        headset = Headset(validate=True)
        display = HeadsetDisplay(stage, headset, multisamples=0, spectator=False, eye_size=(240, 270))
        closing.callback(display.close)
        runtime = headset.link.runtime
        sender = Sender(data / "spool", plan.session_id, recorder.address, FrameLayout(JOINTS))
        sitting = Sitting(plan, OpenXRSource(headset), sender, runtime.name)
        story = Story(stage, sitting, lambda: eyes_in(screen))
        status = run(sitting, display, story)
        eyes = display._images.eyes
        eye_poses, eye_fovs = eyes.poses.copy(), eyes.fovs.copy()
        display.close()
        assert sender.close(timeout_s=60)
        with RecorderClient(recorder.address) as client:
            client.wait_sealed(plan.session_id, timeout_s=60)
    motion = telemetry.open_store(data).motion(plan.session_id)
    with_limb, without_limb = story.looks
    return Shown(
        missing, with_limb, without_limb, motion, eye_poses, eye_fovs, list(runtime.messages), verify(data), status
    )


def eyes_in(screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """The compositor's window, which lies in the screen's corner, an eye in each half."""
    window = ImageGrab.grab(bbox=(0, 0, 960, 540), xdisplay=screen.display).convert("RGB")
    pixels = np.asarray(window).astype(int)
    return pixels[:, :480], pixels[:, 480:]


def test_the_session_goes_through_and_the_validation_layer_finds_nothing_wrong(shown: Shown) -> None:
    assert (shown.status, shown.damage) == ("completed", [])
    assert shown.complaints == []


def test_the_drawn_joints_are_where_the_recorded_virtual_hand_has_them(shown: Shown) -> None:
    model, side = body_model(), shown.missing
    arm = shown.with_limb.palette[BONE_COUNT * (side is Side.RIGHT) :][:BONE_COUNT].astype(float)
    recorded = shown.virtual_hand(shown.with_limb)

    def drawn(bone: str, point: np.ndarray) -> np.ndarray:
        return (np.append(point, 1.0) @ arm[ARM_BONES.index(bone)])[:3]

    for bone in ARM_BONES[4:]:
        begins = model.rest[model.bones.index(f"{side}_{bone}"), :3, 3]
        np.testing.assert_allclose(drawn(bone, begins), recorded[HAND_JOINTS.index(bone), :3], atol=1e-4, err_msg=bone)
    for finger in ("thumb", *FINGERS):
        tip = drawn(f"{finger}_distal", model.points[f"{side}_{finger}_tip"])
        np.testing.assert_allclose(tip, recorded[HAND_JOINTS.index(f"{finger}_tip"), :3], atol=1e-4, err_msg=finger)


def test_the_drawn_wrist_is_the_reflection_of_the_driven_hand(shown: Shown) -> None:
    expected = reflected(session_from_room(HEAD) @ matrix(GRIP[shown.missing.other]))
    metres, radians = apart(expected, shown.virtual_hand(shown.with_limb)[WRIST])
    assert metres < 1e-4
    assert radians < 1e-3
    arm = shown.with_limb.palette[BONE_COUNT * (shown.missing is Side.RIGHT) :].astype(float)
    model = body_model()
    rest = np.append(model.rest[model.bones.index(f"{shown.missing}_wrist"), :3, 3], 1.0)
    np.testing.assert_allclose((rest @ arm[ARM_BONES.index("wrist")])[:3], expected[:3, 3], atol=1e-4)


def test_both_eyes_are_shown_the_room_from_two_places(shown: Shown) -> None:
    left, right = shown.with_limb.eyes
    assert left.std() > 20
    assert right.std() > 20
    assert 1 < np.abs(left - right).mean() < 60


def test_the_virtual_limb_is_in_view_where_the_virtual_hand_is(shown: Shown) -> None:
    hand = shown.virtual_hand(shown.with_limb)[:, :3]
    room = np.linalg.inv(session_from_room(HEAD))
    hand = hand @ room[:3, :3].T + room[:3, 3]
    solid = [
        HAND_JOINTS.index(name) for name in ("palm", "wrist", "middle_metacarpal", "middle_proximal", "ring_proximal")
    ]
    for eye in range(2):
        changed = np.abs(shown.with_limb.eyes[eye] - shown.without_limb.eyes[eye]).max(axis=-1) > 12
        across, down = on_screen(hand[solid], shown.eye_poses[eye], shown.eye_fovs[eye])
        assert changed[down, across].all(), f"eye {eye}: joints at {across}, {down}"
        # Nothing else has changed: what did lies round the hand and the arm behind it, on its side.
        assert 0.002 < changed.mean() < 0.2
        middle = np.nonzero(changed)[1].mean()
        assert (middle < 240) == (shown.missing is Side.LEFT)


def on_screen(points: np.ndarray, eye: np.ndarray, fov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows (n,) of an eye's half of the window, 480 by 540, where points (n, 3) of the room appear."""
    from_eye = np.linalg.inv(matrix(np.concatenate([eye[4:], eye[:4]])))
    x, y, z = (points @ from_eye[:3, :3].T + from_eye[:3, 3]).T
    left, right, up, down = np.tan(fov)
    across = (x / -z - left) / (right - left) * 480
    downward = (up - y / -z) / (up - down) * 540
    return across.astype(int), downward.astype(int)
