"""Elbow and knee: bones of the right length, a natural swivel, and no jump anywhere a hand or a foot can reach."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.ik import ARM_EASING, RESTING_ARM, RESTING_LEG, solve_arm, solve_leg
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


FOLDED = math.sqrt(
    USUAL.upper_arm**2 + USUAL.forearm**2 - 2 * USUAL.upper_arm * USUAL.forearm * math.cos(math.radians(30))
)
EASING = ARM_EASING * USUAL.arm
REACHABLE = st.floats(FOLDED, USUAL.arm - 1e-6)


@given(directions(), REACHABLE)
def test_the_bones_keep_their_lengths_and_meet_the_wrist(direction: np.ndarray, distance: float) -> None:
    wrist = SHOULDER + distance * direction
    shoulder, elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)
    assert np.linalg.norm(elbow[:3] - shoulder[:3]) == pytest.approx(USUAL.upper_arm, abs=1e-7)
    assert np.linalg.norm(wrist - elbow[:3]) == pytest.approx(USUAL.forearm, abs=1e-7)
    assert np.linalg.norm(shoulder[:3] - SHOULDER) < 0.015


@given(directions(), st.floats(FOLDED + EASING, USUAL.arm - EASING))
def test_the_shoulder_stays_where_it_is_but_for_an_arm_nearly_straight_or_folded(
    direction: np.ndarray, distance: float
) -> None:
    assert np.allclose(solve_arm(SHOULDER, SHOULDER + distance * direction, USUAL, RIGHT)[0, :3], SHOULDER, atol=1e-12)


@given(directions(), REACHABLE)
def test_each_bone_points_along_minus_z_and_bends_about_x_like_a_finger(direction: np.ndarray, distance: float) -> None:
    wrist = SHOULDER + distance * direction
    shoulder, elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)
    assert np.allclose(geometry.rotate(shoulder[3:], FORWARD) * USUAL.upper_arm, elbow[:3] - shoulder[:3], atol=1e-6)
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
def test_a_wrist_out_of_reach_pulls_the_shoulder_and_then_stretches_the_arm_evenly_and_straight(
    direction: np.ndarray, times: float
) -> None:
    wrist = SHOULDER + times * USUAL.arm * direction
    shoulder, elbow = solve_arm(SHOULDER, wrist, USUAL, RIGHT)[:, :3]
    given = min((times - 1.0) * USUAL.arm, 0.03)
    assert np.allclose(shoulder, SHOULDER + given * direction, atol=1e-6)
    assert np.allclose(elbow, shoulder + (wrist - shoulder) * USUAL.upper_arm / USUAL.arm, atol=1e-6)


def test_a_folded_arm_and_a_wrist_in_the_shoulder_still_have_an_elbow_bent_to_its_limit() -> None:
    for distance in (0.0, 1e-9, 1e-4, abs(USUAL.upper_arm - USUAL.forearm), FOLDED - EASING):
        shoulder, elbow = solve_arm(SHOULDER, SHOULDER + distance * FORWARD, USUAL, RIGHT)
        assert np.all(np.isfinite([shoulder, elbow]))
        assert np.linalg.norm(elbow[:3] - shoulder[:3]) == pytest.approx(USUAL.upper_arm, abs=1e-6)
        assert np.degrees(geometry.angle_between(shoulder[3:], elbow[3:])) == pytest.approx(150.0, abs=0.01)


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
    assert beside @ np.array(elbow_points) > 0.75 * np.linalg.norm(beside)


def wandering(seed: int, centre: tuple[float, ...], spread: tuple[float, ...]) -> np.ndarray:
    """A smooth path (n, 3) all over a box, at speeds of a hand or a foot, 90 times a second."""
    random = np.random.default_rng(seed)
    time_s = np.arange(1800)[:, None] / 90.0
    swings = random.uniform(0.2, 1.0, (5, 1, 3))
    turns = random.uniform(0.03, 0.35, (5, 1, 3)) * time_s + random.uniform(0, 1, (5, 1, 3))
    path = (swings * np.sin(2 * np.pi * turns)).sum(axis=0)
    return np.array(centre) + np.array(spread) * path / np.abs(path).max(axis=0)


def speeds(limb: np.ndarray, end: np.ndarray, reachable: np.ndarray) -> tuple[float, float]:
    """The most by which hinge and root are faster than the end, and the fastest turn of a bone in rad per metre of the
    end's way.
    """
    steps = np.linalg.norm(np.diff(end, axis=0), axis=1)
    both = reachable[1:] & reachable[:-1] & (steps > 1e-6)
    places = np.linalg.norm(np.diff(limb[..., :3], axis=0), axis=2).max(axis=1)
    turns = geometry.angle_between(limb[1:, :, 3:], limb[:-1, :, 3:]).max(axis=1)
    assert both.mean() > 0.5, "the path keeps to where the limb can be"
    return float((places / steps)[both].max()), float((turns / steps)[both].max())


@pytest.mark.parametrize("seed", range(4))
def test_no_path_of_the_hand_makes_the_elbow_pop(seed: int) -> None:
    # Everywhere: across the chest, behind the back, overhead, straight, folded and out of reach.
    wrists = wandering(seed, (0, 0, 0), (0.6, 0.6, 0.6))
    arms = np.array([solve_arm((0.0, 0.0, 0.0), wrist.tolist(), USUAL, RIGHT) for wrist in wrists])
    distance = np.linalg.norm(wrists, axis=1)
    behind = wrists @ np.array(RIGHT.ahead) / distance < -math.cos(math.radians(45))
    reachable = (distance > FOLDED) & (distance < USUAL.arm + 0.03) & ~behind
    faster, turn = speeds(arms, wrists, reachable)
    assert faster < 4.0, "an elbow's place on a straightening arm is no better known than that"
    assert turn < 25.0
    # The path comes to all of these places.
    assert np.any(reachable & (distance > USUAL.arm - 0.01))
    assert np.any(reachable & (distance < FOLDED + 0.02))
    assert np.any(reachable & (wrists[:, 0] < -0.2))
    assert np.any(reachable & (wrists[:, 2] > 0.1) & (wrists[:, 1] < 0.0))


@pytest.mark.parametrize("seed", range(4))
def test_no_path_of_the_foot_makes_the_knee_pop(seed: int) -> None:
    ankles = wandering(seed, (0, -0.45, -0.4), (0.35, 0.45, 0.45))
    yaw = wandering(seed + 50, (0, 0, 0), (0.9, 0.9, 0.9))[:, 0]
    poses = [
        [*place, 0.0, math.sin(turn / 2), 0.0, math.cos(turn / 2)] for place, turn in zip(ankles, yaw, strict=True)
    ]
    legs = np.array([solve_leg((0.0, 0.0, 0.0), pose, USUAL, RESTING_LEG[Side.RIGHT]) for pose in poses])
    distance = np.linalg.norm(ankles, axis=1)
    reachable = (distance > 0.2) & (distance < USUAL.leg + 0.03)
    # Turning the foot moves the knee, too: a radian of it counts as half a metre of way.
    faster, turn = speeds(legs, np.column_stack([ankles, 0.5 * yaw]), reachable)
    assert faster < 4.6
    assert turn < 12.0
    assert np.any(reachable & (distance > USUAL.leg - 0.01))


def knee_points(ankle: list[float], side: Side = Side.RIGHT) -> np.ndarray:
    """Which way the knee of a leg hung at (0, 0, 0) points, seen along the line from hip to ankle."""
    knee = solve_leg((0.0, 0.0, 0.0), ankle, USUAL, RESTING_LEG[side])[1, :3]
    line = np.array(ankle[:3]) / np.linalg.norm(ankle[:3])
    beside = knee - (knee @ line) * line
    return beside / np.linalg.norm(beside)


@pytest.mark.parametrize("side", list(Side))
def test_the_knee_points_up_and_ahead_and_in_or_out_with_the_toes(side: Side) -> None:
    out = -1.0 if side is Side.LEFT else 1.0
    seated = [0.05 * out, -0.42, -0.42]
    straight = knee_points([*seated, 0, 0, 0, 1], side)
    assert straight @ np.array([0, 1, -1]) / math.sqrt(2) > 0.95
    assert out * straight[0] > 0.0, "a little outward"
    toes_out, toes_in = (knee_points([*seated, *geometry.yaw(-out * turn)], side) for turn in (0.5, -0.5))
    assert out * toes_out[0] > out * straight[0] + 0.2
    assert out * toes_in[0] < out * straight[0] - 0.2
    # However the foot is said to lie, the hip turns no further than hips do.
    turned = [knee_points([*seated, *geometry.yaw(turn)], side) for turn in np.linspace(-np.pi, np.pi, 61)]
    assert max(math.acos(min(straight @ each, 1.0)) for each in turned) < math.radians(46)


@pytest.mark.parametrize(
    ("ankle", "knee"),
    [
        ((0, -0.8, 0), (0, 0, -1)),  # standing: ahead
        ((0, -0.1, -0.75), (0, 1, 0)),  # held out: up
        ((0, -0.42, 0.2), (0, 0, -1)),  # drawn back under the chair: ahead
        ((-0.3, -0.4, -0.4), (0, 1, -1)),  # across the other leg: up and ahead
    ],
)
def test_the_knee_points_where_a_seated_persons_does(ankle, knee) -> None:
    goal = np.array(knee) / np.linalg.norm(knee)
    assert knee_points([*ankle, 0, 0, 0, 1]) @ goal > 0.8


def test_a_leg_bends_backward_only_and_its_bones_keep_their_lengths() -> None:
    random = np.random.default_rng(4)
    for _ in range(300):
        direction = random.normal(size=3) * [0.5, 0.5, 0.5] + [0, -0.7, -0.7]
        distance = random.uniform(0.23, USUAL.leg)
        ankle = np.concatenate([distance * direction / np.linalg.norm(direction), [0, 0, 0, 1]])
        hip, knee = solve_leg((0.0, 0.0, 0.0), ankle.tolist(), USUAL, RESTING_LEG[Side.LEFT])
        assert np.linalg.norm(knee[:3] - hip[:3]) == pytest.approx(USUAL.thigh, abs=1e-7)
        assert np.linalg.norm(ankle[:3] - knee[:3]) == pytest.approx(USUAL.shin, abs=1e-7)
        bend = geometry.quaternion_multiply(geometry.quaternion_conjugate(hip[3:]), knee[3:])
        bend *= np.copysign(1.0, bend[3])
        assert np.allclose(bend[1:3], 0.0, atol=1e-9)
        assert -2 * math.asin(math.sin(math.radians(75))) - 1e-6 <= 2 * math.asin(bend[0]) <= 1e-9


def test_left_and_right_legs_are_mirror_images() -> None:
    random = np.random.default_rng(6)
    for _ in range(100):
        ankle = geometry.pose(random.normal([0, -0.4, -0.4], 0.15), geometry.normalise(random.normal(size=4)))
        pelvis = geometry.normalise(random.normal([0, 0, 0, 1], 0.1))
        right = solve_leg((0.09, 0.0, 0.0), ankle, USUAL, RESTING_LEG[Side.RIGHT], pelvis)
        image, turned = geometry.mirror(ankle), geometry.mirror(geometry.pose((0, 0, 0), pelvis))[3:]
        left = solve_leg((-0.09, 0.0, 0.0), image, USUAL, RESTING_LEG[Side.LEFT], turned)
        assert np.allclose(left[:, :3], geometry.mirror(right)[:, :3], atol=1e-9)
        assert np.all(geometry.angle_between(left[:, 3:], geometry.mirror(right)[:, 3:]) < 1e-6)


def test_wherever_a_hand_works_the_upper_arm_stays_within_the_shoulders_range() -> None:
    # AAOS: 60 degrees of extension behind the trunk, 135 of horizontal adduction, which is 45 beyond straight ahead.
    random, behind, inward = np.random.default_rng(8), [], []
    while len(behind) < 2000:
        wrist = random.uniform([-0.3, -0.5, -0.56], [0.56, 0.5, -0.1])
        if FOLDED < np.linalg.norm(wrist) < USUAL.arm:
            shoulder, elbow = solve_arm((0.0, 0.0, 0.0), wrist.tolist(), USUAL, RIGHT)[:, :3]
            x, _, z = (elbow - shoulder) / USUAL.upper_arm
            behind.append(math.degrees(math.asin(z)))
            inward.append(math.degrees(math.atan2(-x, max(-z, 0.0))))
    assert max(behind) < 60.0
    assert np.percentile(inward, 98) < 45.0


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
