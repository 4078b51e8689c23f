from __future__ import annotations

import numpy as np
import pytest

from vrrehab.body.build import Build
from vrrehab.body.mounting import MOUNTABLE, joint_from_device, mounted_joint, posture_for
from vrrehab.body.skeleton import INDEX
from vrrehab.errors import NotMeasured, UnknownName
from vrrehab.geometry import angle_between, compose, invert, normalise, pose, quaternion_multiply, rotate, yaw

#: On the floor below a person of 1.8 m who sits off the room's middle and faces another way than it does.
ROOM_FROM_SESSION = pose([0.4, 0.0, -0.9], yaw(2.1))
STATURE_M = 1.8
#: Where the joints are while that person sits as asked, and where on the limb the strap is, in session space.
SEATED = {
    "left_ankle": ([-0.12, 0.039 * STATURE_M, -0.5], [-0.05, 0.06, 0.0]),
    "right_ankle": ([0.12, 0.039 * STATURE_M, -0.5], [0.05, 0.06, 0.0]),
    "left_ball": ([-0.14, 0.013 * STATURE_M, -0.63], [0.0, 0.05, 0.0]),
    "right_knee": ([0.15, 0.285 * STATURE_M, -0.5], [0.05, -0.2, 0.0]),
    "left_hip": ([-0.09, 0.53, -0.1], [0.0, 0.05, -0.245 * STATURE_M / 2]),
    "right_elbow": ([0.2, 0.75, -0.25], [0.0, 0.05, -0.146 * STATURE_M / 2]),
    "left_shoulder": ([-0.2, 1.05, -0.05], [-0.05, -0.186 * STATURE_M / 2, 0.0]),
}


def looking(frames: int = 40, down_rad: float = 0.0) -> np.ndarray:
    """The head of that person, who may look down to their knees."""
    nod = [np.sin(-down_rad / 2), 0.0, 0.0, np.cos(down_rad / 2)]
    return np.repeat(compose(ROOM_FROM_SESSION, pose([0.0, 1.25, 0.0], nod))[None], frames, axis=0)


def strapped(joint: str, frames: int = 40) -> np.ndarray:
    """A device on that person, turned any way, and trembling a little."""
    place, strap = SEATED[joint]
    turn = normalise(np.array([0.3, -0.7, 0.2, 0.5]))
    device = compose(ROOM_FROM_SESSION, pose(np.add(place, strap), turn))
    wave = np.sin(np.linspace(0.0, 2.0 * np.pi, frames, endpoint=False))
    devices = np.repeat(device[None], frames, axis=0)
    devices[:, 1] += 0.002 * wave
    # The same rotation may be told as q or -q, from frame to frame.
    devices[::3, 3:] *= -1.0
    return devices


@pytest.mark.parametrize("joint", SEATED)
@pytest.mark.parametrize("down_rad", [0.0, 1.3])
def test_once_measured_the_device_tells_where_the_joint_is_wherever_the_limb_goes(joint: str, down_rad: float) -> None:
    found = joint_from_device(joint, strapped(joint), looking(down_rad=down_rad), Build.of_stature(STATURE_M))
    seated = compose(ROOM_FROM_SESSION, pose(SEATED[joint][0], posture_for(joint).turn))
    moves = pose([0.3, 0.2, -0.1], normalise(np.array([0.5, 0.1, -0.4, 0.6])))
    place, strap = SEATED[joint]
    still = compose(ROOM_FROM_SESSION, pose(np.add(place, strap), normalise(np.array([0.3, -0.7, 0.2, 0.5]))))
    for moved in (pose(), moves):
        told = compose(compose(moved, still), invert(found))
        expected = compose(moved, seated)
        np.testing.assert_allclose(told[:3], expected[:3], atol=1e-6)
        assert angle_between(told[3:], expected[3:]) < 1e-6


@pytest.mark.parametrize(
    ("joint", "ahead", "front"),
    [
        ("left_ankle", [0, 0, -1], [0, 1, 0]),
        ("left_ball", [0, 0, -1], [0, 1, 0]),
        ("left_knee", [0, -1, 0], [0, 0, -1]),
        ("left_hip", [0, 0, -1], [0, 1, 0]),
        ("left_elbow", [0, 0, -1], [0, -1, 0]),
        ("left_shoulder", [0, -1, 0], [0, 0, 1]),
    ],
)
def test_in_each_posture_the_bone_and_its_front_point_where_the_skeleton_says(joint: str, ahead, front) -> None:
    # Knees and thighs have their front on +Y; arms the side on which the point of the elbow is.
    turn = np.array(posture_for(joint).turn)
    np.testing.assert_allclose(rotate(turn, np.array([0.0, 0.0, -1.0])), ahead, atol=1e-9)
    np.testing.assert_allclose(rotate(turn, np.array([0.0, 1.0, 0.0])), front, atol=1e-9)


def test_a_strap_measured_along_the_limb_moves_the_joint_by_that_much() -> None:
    near, far = (
        joint_from_device("right_elbow", strapped("right_elbow"), looking(), along_m=along) for along in (0.05, 0.15)
    )
    np.testing.assert_allclose(far[:3] - near[:3], [0.0, 0.0, -0.1], atol=1e-9)


def test_a_device_that_moves_or_turns_is_refused() -> None:
    devices = strapped("left_ankle")
    devices[20:, 0] += 0.03
    with pytest.raises(NotMeasured, match=r"left_ankle to be kept still .* moved by 1\.5 cm"):
        joint_from_device("left_ankle", devices, looking())
    devices = strapped("left_ankle")
    devices[20:, 3:] = quaternion_multiply(devices[20:, 3:], yaw(np.radians(20.0)))
    with pytest.raises(NotMeasured, match="turned by 10 degrees"):
        joint_from_device("left_ankle", devices, looking())


def test_a_device_or_a_head_that_was_not_seen_all_the_time_is_refused() -> None:
    devices, heads = strapped("left_ankle"), looking()
    devices[3] = np.nan
    with pytest.raises(NotMeasured, match="seen in 39 of 40 frames"):
        joint_from_device("left_ankle", devices, heads)
    heads[:] = np.nan
    with pytest.raises(NotMeasured, match="the headset all the time"):
        joint_from_device("left_ankle", strapped("left_ankle"), heads)


def test_a_controller_that_is_held_in_the_hand_is_no_ankles() -> None:
    devices = strapped("left_ankle")
    devices[:, 1] += 0.7
    with pytest.raises(NotMeasured, match="within 50 cm of left_ankle, but it is 76 cm"):
        joint_from_device("left_ankle", devices, looking(), Build.of_stature(STATURE_M))


def test_every_limbs_joint_can_be_mounted_and_no_other() -> None:
    assert len(MOUNTABLE) == 12
    assert all(mounted_joint(name) == INDEX[name] for name in MOUNTABLE)
    with pytest.raises(UnknownName, match="Did you mean 'left_ankle'"):
        mounted_joint("left_ancle")
    with pytest.raises(UnknownName, match="left_wrist"):
        mounted_joint("left_wrist")
