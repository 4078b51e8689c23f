"""The canonical hand: OpenXR's convention, bones that never change, and a fist that is one."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.features import finger_flexion
from vrrehab.body.hands import hand_from_grip, hand_pose
from vrrehab.body.skeleton import FINGERS, HAND_JOINTS, Side

RATIOS = st.floats(0, 1)
SIDES = st.sampled_from(list(Side))
FORWARD, UP = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])
at = HAND_JOINTS.index


def bones() -> list[tuple[int, int]]:
    """Every bone as the pair of joints it joins."""
    thumb = ["thumb_metacarpal", "thumb_proximal", "thumb_distal", "thumb_tip"]
    fingers = [[f"{f}_{b}" for b in ("metacarpal", "proximal", "intermediate", "distal", "tip")] for f in FINGERS]
    return [(at(a), at(b)) for chain in (thumb, *fingers) for a, b in itertools.pairwise(chain)]


@given(SIDES, RATIOS, RATIOS)
def test_bones_have_the_same_length_however_the_hand_is_held(side: Side, closure: float, spread: float) -> None:
    flat, hand = hand_pose(side, 0.0, 0.0), hand_pose(side, closure, spread)
    for a, b in bones():
        length = np.linalg.norm(hand[b, :3] - hand[a, :3])
        assert length == pytest.approx(np.linalg.norm(flat[b, :3] - flat[a, :3]))
        assert 0.015 < length < 0.07


@given(SIDES, RATIOS, RATIOS)
def test_every_joint_points_minus_z_at_the_next_and_tips_like_the_last_bone(
    side: Side, closure: float, spread: float
) -> None:
    hand = hand_pose(side, closure, spread)
    assert np.allclose(np.linalg.norm(hand[:, 3:], axis=1), 1.0)
    for a, b in bones():
        way = hand[b, :3] - hand[a, :3]
        assert np.allclose(geometry.rotate(hand[a, 3:], FORWARD), way / np.linalg.norm(way), atol=1e-9)
        if HAND_JOINTS[b].endswith("_tip"):
            assert np.array_equal(hand[b, 3:], hand[a, 3:])


@given(RATIOS, RATIOS)
def test_the_left_hand_is_the_right_hands_mirror_image(closure: float, spread: float) -> None:
    assert np.array_equal(
        hand_pose(Side.LEFT, closure, spread), geometry.mirror(hand_pose(Side.RIGHT, closure, spread))
    )


def test_the_wrist_is_the_origin_and_the_palm_the_middle_metacarpals_middle() -> None:
    hand = hand_pose(Side.RIGHT)
    assert np.array_equal(hand[at("wrist")], geometry.IDENTITY)
    middle = (hand[at("middle_metacarpal"), :3] + hand[at("middle_proximal"), :3]) / 2
    assert np.allclose(hand[at("palm"), :3], middle)


def test_palm_down_and_fingers_ahead_the_backs_are_up_and_the_thumbs_between_the_hands() -> None:
    right, left = hand_pose(Side.RIGHT, 0.0, 0.0), hand_pose(Side.LEFT, 0.0, 0.0)
    for name in ("index_proximal", "middle_distal", "little_metacarpal"):
        assert geometry.rotate(right[at(name), 3:], UP)[1] > 0.95
    assert right[at("thumb_tip"), 0] < right[at("index_tip"), 0] < right[at("little_tip"), 0]
    assert left[at("thumb_tip"), 0] > left[at("index_tip"), 0] > left[at("little_tip"), 0]
    assert np.all(right[[at(f"{finger}_tip") for finger in FINGERS], 2] < -0.13)


def test_a_fist_brings_the_fingertips_into_the_palm_and_the_thumb_across() -> None:
    fist = hand_pose(Side.RIGHT, 1.0)
    for finger in FINGERS:
        tip, knuckle = fist[at(f"{finger}_tip"), :3], fist[at(f"{finger}_proximal"), :3]
        assert tip[2] > knuckle[2], "behind the knuckle"
        assert -0.06 < tip[1] < -0.02, "in the palm, not through it"
    assert fist[at("thumb_tip"), 0] > fist[at("index_proximal"), 0]


def test_spreading_fans_the_fingers_and_a_fist_cannot_spread() -> None:
    def width(hand: np.ndarray) -> float:
        return float(np.linalg.norm(hand[at("index_tip"), :3] - hand[at("little_tip"), :3]))

    together, apart = hand_pose(Side.RIGHT, 0.0, 0.0), hand_pose(Side.RIGHT, 0.0, 1.0)
    assert width(apart) > width(together) + 0.03
    assert np.array_equal(hand_pose(Side.RIGHT, 1.0, 0.0), hand_pose(Side.RIGHT, 1.0, 1.0))


def test_closing_bends_every_finger_joint_steadily_and_never_looks_like_a_pinch() -> None:
    hands = [hand_pose(Side.RIGHT, closure) for closure in np.linspace(0, 1, 21)]
    totals = np.array([finger_flexion(hand).sum(axis=1) for hand in hands])
    assert np.all(np.diff(totals, axis=0) > 0)
    gaps = [np.linalg.norm(hand[at("thumb_tip"), :3] - hand[at("index_tip"), :3]) for hand in hands]
    assert min(gaps) > 0.025


def test_closure_and_spread_beyond_their_ends_are_clipped() -> None:
    assert np.array_equal(hand_pose(Side.RIGHT, 1.7, 2.0), hand_pose(Side.RIGHT, 1.0, 1.0))
    assert np.array_equal(hand_pose(Side.RIGHT, -1.0, -1.0), hand_pose(Side.RIGHT, 0.0, 0.0))


@pytest.mark.parametrize("side", list(Side))
def test_the_hand_around_a_controller_has_its_palm_at_the_grip(side: Side) -> None:
    grip = geometry.pose((0.3, 1.0, -0.2), geometry.yaw(0.6))
    hand = geometry.compose(geometry.invert(grip), hand_from_grip(grip, side))
    assert np.linalg.norm(hand[at("palm"), :3]) < 0.05
    outward = 1.0 if side is Side.RIGHT else -1.0
    # OpenXR: +X through the palm (out of the right hand's back), -Z from the little finger to the thumb.
    assert np.allclose(geometry.rotate(hand[at("wrist"), 3:], UP), [outward, 0, 0], atol=1e-9)
    across = hand[at("index_proximal"), :3] - hand[at("little_proximal"), :3]
    assert across[2] < -0.04


def test_the_grip_a_real_headset_reports_lies_where_ours_does(quest3_capture: Path) -> None:
    data = json.loads(quest3_capture.read_text())
    sides = {index: Side(kind["handedness"]) for index, kind in data["schema"] if kind["hasHand"]}
    checked = 0
    for frame in data["frames"][::10]:
        for values in frame[8:]:
            if values[0] in sides:
                ray, grip, wrist = (np.array(v, float) for v in (values[1:8], values[8], values[9][:7]))
                for pose in (ray, grip, wrist):
                    pose[3:] = geometry.normalise(pose[3:])
                wrist = geometry.compose(ray, wrist)
                ours = hand_from_grip(grip, sides[values[0]])[at("wrist")]
                assert np.linalg.norm(ours[:3] - wrist[:3]) < 0.005
                assert geometry.angle_between(ours[3:], wrist[3:]) < 0.02
                checked += 1
    assert checked > 100
