"""The tracked body: true to what was seen, whole hands held, the rest inferred without the headset's yaw."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.features import ankle_flexion, hip_flexion, knee_flexion
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import ARM, HAND, HEAD, LEG, PELVIS, SIDE, TORSO, Body, Provenance, Side, joint
from vrrehab.body.tracking import Tracker

LEFT, RIGHT = Side.LEFT, Side.RIGHT
EYES_M = 1.2
NECK_FROM_EYES = np.array([0.0, -USUAL.eyes_above_neck, USUAL.eyes_before_neck])


class Watched(Tracker):
    """A tracker, and beside it the sight by which a session goes of each limb; a lost arm's is that of its stump."""

    def __init__(self, eye_height_m: float) -> None:
        super().__init__(eye_height_m)
        arms, legs = ([Limb(chain, side) for side in Side] for chain in Chain)
        self._sights = {("hand", limb.side): Sight([limb], {}) for limb in arms}
        self._sights |= {("arm", limb.side): Sight([limb], {limb: "elbow"}) for limb in arms}
        self._sights |= {("leg", limb.side): Sight([limb], {}) for limb in legs}

    def update(self, seen: Body, tracked: Body, now_s: float) -> None:
        super().update(seen, tracked, now_s)
        for sight in self._sights.values():
            sight.update(tracked, now_s)

    def lost_for_s(self, side: Side, part: str = "hand") -> float:
        return self._sights[part, side].lost_for_s


@pytest.fixture
def tracker() -> Watched:
    return Watched(EYES_M)


def head_turned_about_its_neck(turn: np.ndarray, shift: np.ndarray | float = 0.0) -> np.ndarray:
    neck = np.array([0.0, EYES_M, 0.0]) + NECK_FROM_EYES + shift
    return geometry.pose(neck - geometry.rotate(turn, NECK_FROM_EYES), turn)


def test_what_was_seen_is_passed_on_bit_for_bit(tracker: Watched, make_body) -> None:
    seen, tracked = make_body(), Body.unseen()
    tracker.update(seen, tracked, 1.0)
    for joints in (HEAD, HAND[LEFT], HAND[RIGHT]):
        assert np.array_equal(tracked.poses[joints], seen.poses[joints])
        assert np.all(tracked.provenance[joints] == Provenance.MEASURED)
    assert tracker.lost_for_s(LEFT) == tracker.lost_for_s(RIGHT) == 0.0


def test_a_lost_hand_is_held_where_it_was_last_seen(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    first = make_body()
    tracker.update(first, tracked, 1.0)
    for now_s in (1.1, 1.5, 60.0):
        tracker.update(make_body(left=None), tracked, now_s)
        assert np.array_equal(tracked.poses[HAND[LEFT]], first.poses[HAND[LEFT]])
        assert np.all(tracked.provenance[HAND[LEFT]] == Provenance.HELD)
        assert np.all(tracked.provenance[HAND[RIGHT]] == Provenance.MEASURED)
        assert tracker.lost_for_s(LEFT) == pytest.approx(now_s - 1.0)
        assert tracker.lost_for_s(RIGHT) == 0.0


def test_one_joint_short_and_the_whole_hand_is_held(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    first = make_body(closure=0.1)
    tracker.update(first, tracked, 1.0)
    partly = make_body(closure=0.9)
    tip = joint(LEFT, "ring_tip")
    partly.poses[tip], partly.provenance[tip] = np.nan, Provenance.NONE
    tracker.update(partly, tracked, 1.1)
    assert np.array_equal(tracked.poses[HAND[LEFT]], first.poses[HAND[LEFT]])
    assert np.all(tracked.provenance[HAND[LEFT]] == Provenance.HELD)


def test_a_hand_that_comes_back_is_true_at_once(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(), tracked, 1.0)
    tracker.update(make_body(left=None), tracked, 1.5)
    back = make_body(left=geometry.pose((-0.4, 1.1, -0.2)))
    tracker.update(back, tracked, 2.0)
    assert np.array_equal(tracked.poses[HAND[LEFT]], back.poses[HAND[LEFT]])
    assert np.all(tracked.provenance[HAND[LEFT]] == Provenance.MEASURED)
    assert tracker.lost_for_s(LEFT) == 0.0


def test_a_hand_never_seen_is_not_there(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(left=None), tracked, 1.0)
    assert tracker.lost_for_s(LEFT) == math.inf
    arm = ARM[LEFT]
    assert np.all(tracked.provenance[HAND[LEFT]] == Provenance.NONE)
    assert np.all(np.isnan(tracked.poses[HAND[LEFT]]))
    assert tracked.provenance[arm.start] == Provenance.INFERRED, "a shoulder needs no hand"
    assert tracked.provenance[arm.start + 1] == Provenance.NONE, "an elbow does"
    assert np.all(np.isnan(tracked.poses[arm.start + 1]))


def test_a_lost_head_is_held_and_without_any_head_nothing_is_inferred(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(head=None), tracked, 1.0)
    for joints in (HEAD, TORSO, PELVIS, ARM[LEFT].start, ARM[LEFT].start + 1):
        assert tracked.provenance[joints] == Provenance.NONE
    tracker.update(make_body(), tracked, 1.1)
    head = tracked.poses[HEAD].copy()
    tracker.update(make_body(head=None), tracked, 1.2)
    assert np.array_equal(tracked.poses[HEAD], head)
    assert tracked.provenance[HEAD] == Provenance.HELD
    assert tracked.provenance[TORSO] == Provenance.INFERRED


@pytest.mark.parametrize("yaw", [-0.69, -0.3, 0.5, 0.69])
@pytest.mark.parametrize("nod", [-1.2, 0.0, 0.5])
def test_a_glance_turns_neither_pelvis_nor_torso_nor_shoulders(
    tracker: Watched, make_body, yaw: float, nod: float
) -> None:
    ahead, turned = Body.unseen(), Body.unseen()
    turn = geometry.quaternion_multiply(geometry.yaw(yaw), np.array([math.sin(nod / 2), 0, 0, math.cos(nod / 2)]))
    tracker.update(make_body(head=head_turned_about_its_neck(geometry.yaw(0.0))), ahead, 1.0)
    tracker.update(make_body(head=head_turned_about_its_neck(turn)), turned, 1.1)
    for joints in (PELVIS, TORSO, ARM[LEFT], ARM[RIGHT]):
        assert np.allclose(turned.poses[joints], ahead.poses[joints], atol=1e-9)


@pytest.mark.parametrize("side", list(Side))
def test_shoulders_follow_a_head_that_turns_far_and_the_pelvis_does_not(
    tracker: Watched, make_body, side: Side
) -> None:
    tracked = Body.unseen()
    left = 1.0 if side is LEFT else -1.0
    down = np.array([-0.3, 0, 0, math.sqrt(0.91)])
    told = []
    for degrees in range(0, 181, 2):
        turn = geometry.quaternion_multiply(geometry.yaw(left * math.radians(degrees)), down)
        tracker.update(make_body(head=head_turned_about_its_neck(turn)), tracked, 1.0)
        told.append(left * math.degrees(geometry.yaw_of(tracked.poses[TORSO, 3:])))
        assert np.array_equal(tracked.poses[PELVIS, 3:], [0, 0, 0, 1])
        assert tracked.poses[PELVIS, 0] == 0.0
    by_degree = dict(zip(range(0, 181, 2), told, strict=True))
    assert by_degree[40] == pytest.approx(0.0, abs=1e-6)
    assert 4.0 < by_degree[56] < 12.0, "looking down at one's own hand beside the chair"
    assert by_degree[100] == pytest.approx(40.0, abs=0.1), "as far as a back turns"
    assert by_degree[180] == pytest.approx(0.0, abs=0.1), "who faces backward turned with the chair"
    assert np.max(np.abs(np.diff(told))) <= 1.1 * 2.0, "never much faster than the head"
    shoulder = ARM[side].start
    tracker.update(make_body(head=head_turned_about_its_neck(geometry.yaw(left * 1.5))), tracked, 1.0)
    assert tracked.poses[shoulder, 2] > USUAL.eyes_before_neck + 0.05, "the shoulder of the side looked at goes back"


def test_a_head_laid_on_the_shoulder_does_not_turn_the_torso(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    told = []
    for degrees in range(0, 180, 2):
        half = math.radians(degrees) / 2
        tracker.update(make_body(head=[0, 1.2, 0, 0, 0, math.sin(half), math.cos(half)]), tracked, 1.0)
        told.append(geometry.yaw_of(tracked.poses[TORSO, 3:]))
    assert np.allclose(told, 0.0, atol=1e-3)


def test_an_upright_trunk_lies_in_the_mirrors_plane_with_shoulders_either_side(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(), tracked, 1.0)
    assert tracked.poses[PELVIS, 0] == tracked.poses[TORSO, 0] == 0.0
    assert np.allclose(tracked.poses[[PELVIS, TORSO], 3:], [0, 0, 0, 1], atol=1e-12)
    left, right = tracked.poses[ARM[LEFT].start], tracked.poses[ARM[RIGHT].start]
    assert np.allclose(left[:3], right[:3] * [-1, 1, 1])
    assert right[0] - left[0] == pytest.approx(USUAL.shoulder_breadth)
    assert tracked.poses[TORSO, 1] - tracked.poses[PELVIS, 1] == pytest.approx(USUAL.shoulders_above_hips)
    assert np.all(tracked.provenance[[PELVIS, TORSO, ARM[LEFT].start + 1]] == Provenance.INFERRED)
    assert np.all(tracked.provenance[LEG[LEFT]] == Provenance.NONE)


@pytest.mark.parametrize("shift", [(0.15, -0.02, 0.0), (-0.15, -0.02, 0.0), (0.0, -0.05, -0.2)])
def test_the_torso_leans_with_the_head_and_does_not_twist(tracker: Watched, make_body, shift) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(head=head_turned_about_its_neck(geometry.yaw(0.0), np.array(shift))), tracked, 1.0)
    torso = tracked.poses[TORSO]
    up = geometry.rotate(torso[3:], np.array([0.0, 1.0, 0.0]))
    neck = np.array([0.0, EYES_M, 0.0]) + NECK_FROM_EYES + shift
    along = neck - tracked.poses[PELVIS, :3]
    assert np.allclose(up, along / np.linalg.norm(along), atol=1e-9)
    assert np.allclose(torso[:3] + up * USUAL.neck_above_shoulders, neck, atol=1e-9)
    assert torso[4] == 0.0, "no turn about the vertical"
    assert np.allclose(tracked.poses[PELVIS, :3], [0, tracked.poses[PELVIS, 1], USUAL.eyes_before_neck])


def test_elbows_join_shoulder_and_measured_wrist(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(), tracked, 1.0)
    for side in Side:
        shoulder, elbow = tracked.poses[ARM[side].start, :3], tracked.poses[ARM[side].start + 1, :3]
        wrist = tracked.poses[joint(side, "wrist"), :3]
        assert np.linalg.norm(elbow - shoulder) == pytest.approx(USUAL.upper_arm)
        assert np.linalg.norm(wrist - elbow) == pytest.approx(USUAL.forearm)


def test_a_headset_laid_on_the_floor_leaves_the_torso_upright(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(head=geometry.pose((0.1, 0.05, 0.2))), tracked, 1.0)
    assert np.array_equal(tracked.poses[TORSO, 3:], [0, 0, 0, 1])
    assert np.all(np.isfinite(tracked.poses[ARM[LEFT]]))


def test_joints_that_a_source_does_see_are_not_inferred_over(tracker: Watched, make_body) -> None:
    seen, tracked = make_body(), Body.unseen()
    elbow = joint(LEFT, "elbow")
    seen.poses[elbow], seen.provenance[elbow] = geometry.pose((-0.4, 0.8, -0.1)), Provenance.MEASURED
    seen.poses[TORSO], seen.provenance[TORSO] = geometry.pose((0, 1, 0.1), geometry.yaw(0.3)), Provenance.MEASURED
    tracker.update(seen, tracked, 1.0)
    for index in (elbow, TORSO):
        assert np.array_equal(tracked.poses[index], seen.poses[index])
        assert tracked.provenance[index] == Provenance.MEASURED
    assert np.allclose(tracked.poses[ARM[RIGHT].start, :3] - tracked.poses[ARM[LEFT].start, :3],
                       USUAL.shoulder_breadth * geometry.rotate(geometry.yaw(0.3), np.array([1.0, 0, 0])))  # fmt: skip


def test_recentring_forgets_hands_held_in_the_old_space(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(make_body(), tracked, 1.0)
    tracker.recentre(1.4)
    tracker.update(make_body(left=None, head=geometry.pose((0, 1.4, 0))), tracked, 1.1)
    assert np.all(tracked.provenance[HAND[LEFT]] == Provenance.NONE)
    assert np.array_equal(tracked.poses[TORSO, 3:], [0, 0, 0, 1])


def test_what_was_seen_is_left_alone(tracker: Watched, make_body) -> None:
    seen = make_body(right=None)
    poses, provenance = seen.poses.copy(), seen.provenance.copy()
    tracker.update(seen, Body.unseen(), 1.0)
    assert np.array_equal(seen.poses, poses, equal_nan=True)
    assert np.array_equal(seen.provenance, provenance)


# --- legs ---

FOOT = geometry.pose((-0.15, 0.08, -0.42), geometry.yaw(0.2))


def with_joint(body: Body, name: str, pose: np.ndarray, side: Side = LEFT) -> Body:
    index = joint(side, name)
    body.poses[index], body.provenance[index] = pose, Provenance.MEASURED
    return body


def leg_lengths(body: Body, side: Side) -> np.ndarray:
    return np.linalg.norm(np.diff(body.poses[LEG[side], :3], axis=0), axis=1)


def test_a_foot_that_is_seen_has_a_whole_leg(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    tracker.update(with_joint(make_body(), "ankle", FOOT), tracked, 1.0)
    hip, knee, ankle, ball = LEG[LEFT].start + np.arange(4)
    assert np.array_equal(tracked.poses[ankle], FOOT)
    assert tracked.provenance[ankle] == Provenance.MEASURED
    assert np.all(tracked.provenance[[hip, knee, ball]] == Provenance.INFERRED)
    assert np.all(tracked.provenance[LEG[RIGHT]] == Provenance.NONE)
    assert np.all(np.isnan(tracked.poses[LEG[RIGHT]]))
    foot = math.hypot(USUAL.ball_before_ankle, USUAL.ball_below_ankle)
    assert leg_lengths(tracked, LEFT) == pytest.approx([USUAL.thigh, USUAL.shin, foot], abs=1e-6)
    assert np.linalg.norm(tracked.poses[hip, :3] - tracked.poses[PELVIS, :3] - [-USUAL.hip_breadth / 2, 0, 0]) < 0.01
    # The ball is before the ankle, where the foot points, and on the floor.
    ahead = geometry.rotate(FOOT[3:], np.array([0.0, 0.0, -1.0]))
    assert (tracked.poses[ball, :3] - FOOT[:3]) @ ahead == pytest.approx(USUAL.ball_before_ankle)
    assert 0.0 < tracked.poses[ball, 1] < FOOT[1]
    assert np.array_equal(tracked.poses[ball, 3:], FOOT[3:])
    assert tracker.lost_for_s(LEFT, "leg") == 0.0
    assert tracker.lost_for_s(RIGHT, "leg") == math.inf


def test_a_lost_foot_is_held_and_true_at_once_when_it_is_back(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    ankle = joint(LEFT, "ankle")
    tracker.update(with_joint(make_body(), "ankle", FOOT), tracked, 1.0)
    leg = tracked.poses[LEG[LEFT]].copy()
    for now_s in (1.1, 30.0):
        tracker.update(make_body(), tracked, now_s)
        assert np.array_equal(tracked.poses[LEG[LEFT]], leg)
        assert tracked.provenance[ankle] == Provenance.HELD
        assert tracked.provenance[ankle - 1] == Provenance.INFERRED
        assert tracker.lost_for_s(LEFT, "leg") == pytest.approx(now_s - 1.0)
        assert tracker.lost_for_s(LEFT) == 0.0, "the hand was seen all the time"
    lifted = geometry.pose((-0.1, 0.3, -0.6))
    tracker.update(with_joint(make_body(), "ankle", lifted), tracked, 31.0)
    assert np.array_equal(tracked.poses[ankle], lifted)
    assert tracked.provenance[ankle] == Provenance.MEASURED
    tracker.recentre(1.2)
    tracker.update(make_body(), tracked, 32.0)
    assert np.all(tracked.provenance[LEG[LEFT]] == Provenance.NONE)


def test_a_tracker_on_the_shin_gives_a_leg_too_its_foot_square_to_the_shin(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    shin = geometry.pose((-0.1, 0.5, -0.35), [-math.sqrt(0.5), 0, 0, math.sqrt(0.5)])
    tracker.update(with_joint(make_body(), "knee", shin), tracked, 1.0)
    assert np.array_equal(tracked.poses[joint(LEFT, "knee")], shin)
    assert np.allclose(tracked.poses[joint(LEFT, "ankle"), :3], shin[:3] - [0, USUAL.shin, 0], atol=1e-9)
    assert ankle_flexion(tracked, LEFT) == pytest.approx(0.0, abs=1e-9)
    assert np.allclose(tracked.poses[joint(LEFT, "ankle"), 3:], [0, 0, 0, 1])
    hip, knee = tracked.poses[joint(LEFT, "hip")], shin[:3]
    assert np.allclose(
        geometry.rotate(hip[3:], np.array([0, 0, -1.0])), (knee - hip[:3]) / np.linalg.norm(knee - hip[:3])
    )
    assert 1.0 < knee_flexion(tracked, LEFT) < 2.0
    assert 1.0 < hip_flexion(tracked, LEFT) < 2.0


def test_trackers_on_thigh_and_foot_leave_only_the_knee_to_be_inferred(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    thigh = geometry.pose((-0.1, 0.55, 0.05))
    body = with_joint(with_joint(make_body(), "hip", thigh), "ankle", FOOT)
    tracker.update(body, tracked, 1.0)
    assert np.array_equal(tracked.poses[joint(LEFT, "hip")], thigh)
    knee = tracked.poses[joint(LEFT, "knee")]
    assert np.allclose(knee[:3], thigh[:3] - [0, 0, USUAL.thigh])
    down = FOOT[:3] - knee[:3]
    assert np.allclose(geometry.rotate(knee[3:], np.array([0, 0, -1.0])), down / np.linalg.norm(down))


def test_a_tracker_on_a_stump_aims_the_upper_arm_and_is_held_when_lost(tracker: Watched, make_body) -> None:
    tracked = Body.unseen()
    forearm = geometry.pose((-0.35, 0.8, -0.1), geometry.yaw(0.3))
    tracker.update(with_joint(make_body(left=None), "elbow", forearm), tracked, 1.0)
    shoulder = tracked.poses[joint(LEFT, "shoulder")]
    along = forearm[:3] - shoulder[:3]
    assert np.allclose(geometry.rotate(shoulder[3:], np.array([0, 0, -1.0])), along / np.linalg.norm(along))
    assert np.all(np.isnan(tracked.poses[HAND[LEFT]]))
    tracker.update(make_body(left=None), tracked, 1.5)
    assert np.array_equal(tracked.poses[joint(LEFT, "elbow")], forearm)
    assert tracked.provenance[joint(LEFT, "elbow")] == Provenance.HELD
    assert tracker.lost_for_s(LEFT, "arm") == pytest.approx(0.5)


def test_another_build_is_in_force_from_the_next_frame_on(tracker: Watched, make_body) -> None:
    tracked, tall = Body.unseen(), Build.of_stature(1.9)
    tracker.update(with_joint(make_body(), "ankle", FOOT), tracked, 1.0)
    tracker.fit(tall)
    tracker.update(make_body(), tracked, 1.1)
    assert leg_lengths(tracked, LEFT)[:2] == pytest.approx([tall.thigh, tall.shin], abs=1e-6), (
        "the held foot stays held"
    )
    fresh, expected = Tracker(EYES_M, tall), Body.unseen()
    fresh.update(make_body(), expected, 1.1)
    for joints in (PELVIS, TORSO, ARM[LEFT], ARM[RIGHT]):
        assert np.array_equal(tracked.poses[joints], expected.poses[joints])


def image_of(body: Body) -> Body:
    """The body as a mirror in the plane x = 0 shows it, left and right swapped."""
    image = Body.unseen()
    for shown, real in ((slice(0, 3), slice(0, 3)), (SIDE[LEFT], SIDE[RIGHT]), (SIDE[RIGHT], SIDE[LEFT])):
        image.poses[shown] = geometry.mirror(body.poses[real])
        image.provenance[shown] = body.provenance[real]
    return image


@given(seed=st.integers(0, 10_000))
def test_the_tracked_body_of_a_mirror_image_is_the_mirror_image_of_the_tracked_body(seed: int) -> None:
    random = np.random.default_rng(seed)
    seen = Body.unseen()
    turn = geometry.normalise(np.array([*random.normal(0, 0.3, 3), 1.0]))
    seen.poses[HEAD] = geometry.pose((random.normal(0, 0.08), 1.2, random.normal(0, 0.08)), turn)
    seen.provenance[HEAD] = Provenance.MEASURED
    for side, sign in ((LEFT, -1.0), (RIGHT, 1.0)):
        wrist = geometry.pose(random.normal([0.2 * sign, 0.95, -0.35], 0.12), geometry.normalise(random.normal(size=4)))
        seen.poses[HAND[side]] = geometry.compose(wrist, hand_pose(side, random.random()))
        seen.provenance[HAND[side]] = Provenance.MEASURED
        if random.random() < 0.8:
            foot = geometry.pose(random.normal([0.12 * sign, 0.2, -0.4], 0.1), geometry.yaw(random.normal(0, 0.4)))
            with_joint(seen, "ankle", foot, side)
        elif random.random() < 0.5:
            shin = geometry.quaternions_of(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]))
            with_joint(seen, "knee", geometry.pose(random.normal([0.12 * sign, 0.5, -0.4], 0.05), shin), side)
    one, other = Body.unseen(), Body.unseen()
    Tracker(EYES_M).update(seen, one, 0.0)
    Tracker(EYES_M).update(image_of(seen), other, 0.0)
    expected = image_of(one)
    assert np.array_equal(other.provenance, expected.provenance)
    assert np.allclose(other.poses[:, :3], expected.poses[:, :3], atol=1e-9, equal_nan=True)
    apart = geometry.angle_between(other.poses[:, 3:], expected.poses[:, 3:])
    assert np.all((apart < 1e-6) | np.isnan(expected.poses[:, 3]))
