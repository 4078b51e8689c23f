"""The elbow: bones of the right length, a natural swivel, and no jump anywhere a hand can reach."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.ik import RESTING_ARM, solve_arm
from vrrehab.body.skeleton import Side

SHOULDER = np.array([0.18, 1.0, 0.0])
FORWARD = np.array([0.0, 0.0, -1.0])
RIGHT = RESTING_ARM[Side.RIGHT]


def directions(behind: float = 0.9) -> st.SearchStrategy[np.ndarray]:
    """Unit vectors, save those that point straight behind the shoulder."""
    numbers = st.floats(-1, 1)
    vectors = st.tuples(numbers, numbers, numbers).map(np.array)
    return vectors.filter(lambda v: np.linalg.norm(v) > 0.1 and v[2] / np.linalg.norm(v) < behind).map(
        lambda v: v / np.linalg.norm(v)
    )


REACHABLE = st.floats(abs(USUAL.upper_arm - USUAL.forearm) + 0.01, USUAL.arm - 0.001)


@given(directions(), REACHABLE)
def test_the_bones_keep_their_lengths_and_meet_the_wrist(direction: np.ndarray, distance: float) -> None:
    wrist = SHOULDER + distance * direction
    shoulder, elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)
    assert np.array_equal(shoulder[:3], SHOULDER)
    assert np.linalg.norm(elbow[:3] - SHOULDER) == pytest.approx(USUAL.upper_arm, abs=1e-7)
    assert np.linalg.norm(wrist - elbow[:3]) == pytest.approx(USUAL.forearm, abs=1e-7)


@given(directions(), REACHABLE)
def test_each_bone_points_along_minus_z_and_bends_about_x_like_a_finger(direction: np.ndarray, distance: float) -> None:
    wrist = SHOULDER + distance * direction
    shoulder, elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)
    assert np.allclose(geometry.rotate(shoulder[3:], FORWARD) * USUAL.upper_arm, elbow[:3] - SHOULDER, atol=1e-6)
    assert np.allclose(geometry.rotate(elbow[3:], FORWARD) * USUAL.forearm, wrist - elbow[:3], atol=1e-6)
    bend = geometry.quaternion_multiply(geometry.quaternion_conjugate(shoulder[3:]), elbow[3:])
    bend *= np.copysign(1.0, bend[3])
    assert np.allclose(bend[1:3], 0.0, atol=1e-9)
    assert bend[0] <= 1e-9, "an elbow bends one way only, the way fingers do"


@given(directions(), st.floats(0.02, 0.9))
def test_left_and_right_arms_are_mirror_images(direction: np.ndarray, distance: float) -> None:
    wrist = SHOULDER + distance * direction
    flip = np.array([-1.0, 1.0, 1.0])
    right = solve_arm(SHOULDER, wrist, USUAL, RIGHT)
    left = solve_arm(SHOULDER * flip, wrist * flip, USUAL, RESTING_ARM[Side.LEFT])
    mirrored = geometry.mirror(right)
    assert np.allclose(left[:, :3], mirrored[:, :3], atol=1e-9)
    assert np.all(geometry.angle_between(left[:, 3:], mirrored[:, 3:]) < 1e-6)


@given(directions(), st.floats(1.0, 3.0))
def test_a_wrist_out_of_reach_stretches_the_arm_evenly_and_straight(direction: np.ndarray, times: float) -> None:
    wrist = SHOULDER + times * USUAL.arm * direction
    elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)[1, :3]
    assert np.allclose(elbow, SHOULDER + times * USUAL.upper_arm * direction, atol=1e-6)


def test_a_folded_arm_and_a_wrist_in_the_shoulder_still_have_an_elbow() -> None:
    for distance in (0.0, 1e-9, 1e-4, abs(USUAL.upper_arm - USUAL.forearm)):
        arm = solve_arm(SHOULDER, SHOULDER + distance * FORWARD, USUAL, RIGHT)
        assert np.all(np.isfinite(arm))
        assert np.linalg.norm(arm[1, :3] - SHOULDER) == pytest.approx(USUAL.upper_arm, abs=1e-6)


@pytest.mark.parametrize(
    ("toward", "elbow_points"),
    [
        ((0, 0, -1), (0, -1, 0)),  # reaching forward: down
        ((0, -1, 0), (0, 0, 1)),  # hanging: back
        ((1, 0, 0), (0, -1, 0)),  # out to the side: down
        ((0, 1, 0), (0, 0, -1)),  # overhead: forward
        ((-1, 0, -1), (0, -1, 0)),  # across the chest: down
    ],
)
def test_the_elbow_points_where_a_relaxed_persons_does(toward, elbow_points) -> None:
    toward = np.array(toward) / np.linalg.norm(toward)
    wrist = SHOULDER + 0.4 * toward
    elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)[1, :3]
    beside = elbow - SHOULDER - ((elbow - SHOULDER) @ toward) * toward
    assert beside @ np.array(elbow_points) > 0.8 * np.linalg.norm(beside)


@given(directions(behind=0.7), st.floats(0.35, 0.97), directions())
def test_the_elbow_never_pops(direction: np.ndarray, share: float, step: np.ndarray) -> None:
    wrist = SHOULDER + share * USUAL.arm * direction
    before, after = (solve_arm(SHOULDER, place, USUAL, RIGHT)[1] for place in (wrist, wrist + 0.001 * step))
    assert np.linalg.norm(after[:3] - before[:3]) < 0.006
    assert geometry.angle_between(before[3:], after[3:]) < 0.04


def test_a_leaning_torso_carries_the_swivel_with_it() -> None:
    torso = geometry.yaw(0.5)
    upright = solve_arm(np.zeros(3), np.array([0.1, -0.2, -0.3]), USUAL, RIGHT)
    wrist = geometry.rotate(torso, np.array([0.1, -0.2, -0.3]))
    turned = solve_arm(np.zeros(3), wrist, USUAL, RIGHT, torso)
    assert np.allclose(turned[1, :3], geometry.rotate(torso, upright[1, :3]), atol=1e-9)
    assert geometry.angle_between(turned[1, 3:], geometry.quaternion_multiply(torso, upright[1, 3:])) < 1e-6


def test_an_unseen_wrist_gives_nan() -> None:
    shoulders = np.array([[-0.18, 1.0, 0.0], [0.18, 1.0, 0.0]])
    wrists = np.array([[np.nan] * 3, [0.2, 0.8, -0.3]])
    resting = (RESTING_ARM[Side.LEFT], RIGHT)
    arms = np.array([solve_arm(shoulders[i], wrists[i], USUAL, resting[i]) for i in (0, 1)])
    assert np.all(np.isnan(arms[0, 1]))
    assert np.allclose(arms[1], solve_arm(shoulders[1], wrists[1], USUAL, RIGHT))


def test_bodies_are_proportioned_by_stature_and_absurd_ones_refused() -> None:
    tall, short = Build.of_stature(1.9), Build.of_stature(1.5)
    assert tall.arm > short.arm > 0.45
    assert tall.arm == pytest.approx((0.186 + 0.146) * 1.9)
    with pytest.raises(ValueError, match=r"expected a stature of 0\.5 to 2\.5 m, but 175 came; give metres"):
        Build.of_stature(175)
