"""Closure, pinch and fingertips: the same for any size, place and side of a hand."""

from __future__ import annotations

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.features import (
    ankle_flexion,
    finger_flexion,
    finger_spread,
    fingertips,
    foot_inversion,
    forearm_rotation,
    hand_closure,
    hand_closure_of,
    hip_flexion,
    knee_flexion,
    pinch_ratio,
    thumb_opposition,
    toe_curl,
    wrist_flexion,
)
from vrrehab.body.hands import hand_pose
from vrrehab.body.skeleton import HAND, HAND_JOINTS, LEG, PELVIS, SIDE, Body, Provenance, Side, joint
from vrrehab.sources.recording import RecordingSource

RATIOS = st.floats(0, 1)
at = HAND_JOINTS.index


def test_flat_is_0_and_a_fist_is_1_and_closing_rises_in_between() -> None:
    closures = [hand_closure_of(hand_pose(Side.RIGHT, ratio)) for ratio in np.linspace(0, 1, 11)]
    assert closures[0] < 0.05
    assert closures[-1] == 1.0
    assert all(later >= earlier for earlier, later in itertools.pairwise(closures))
    assert 0.2 < hand_closure_of(hand_pose(Side.RIGHT)) < 0.4, "a hand at rest is a little closed"


def test_the_angles_are_those_the_hand_was_made_with() -> None:
    degrees = np.degrees(finger_flexion(hand_pose(Side.RIGHT, 1.0)))
    assert np.allclose(degrees[1], [70, 96, 54], atol=0.01)  # the middle finger, which does not fan out


@given(RATIOS, st.floats(0.5, 2.0), st.floats(-3, 3), st.floats(-2, 2))
def test_size_place_and_side_make_no_difference(closure: float, size: float, yaw: float, x: float) -> None:
    hand = hand_pose(Side.RIGHT, closure)
    expected = hand_closure_of(hand)
    hand[:, :3] *= size
    moved = geometry.compose(geometry.pose((x, 1, 0), geometry.yaw(yaw)), hand)
    assert hand_closure_of(moved) == pytest.approx(expected, abs=1e-9)
    assert hand_closure_of(geometry.mirror(moved)) == pytest.approx(expected, abs=1e-9)


def test_an_overstretched_finger_counts_as_less_than_flat_and_the_hand_never_as_less_than_0() -> None:
    hand = hand_pose(Side.RIGHT, 0.0)
    hand[at("index_tip"), 1] += 0.01
    assert finger_flexion(hand)[0, 2] < -0.3
    stretched = hand_pose(Side.RIGHT, 0.0)
    stretched[[at("index_tip"), at("middle_tip"), at("ring_tip"), at("little_tip")], 1] += 0.02
    assert hand_closure_of(stretched) == 0.0


def test_the_thumb_does_not_count() -> None:
    hand = hand_pose(Side.RIGHT, 0.4)
    expected = hand_closure_of(hand)
    hand[at("thumb_metacarpal") : at("thumb_tip") + 1, :3] += 0.05
    assert hand_closure_of(hand) == expected


def test_a_pinch_is_small_for_any_size_of_hand(make_body) -> None:
    body = make_body(closure=0.0)
    open_ratio = pinch_ratio(body, Side.LEFT)
    assert open_ratio > 0.8
    body.poses[HAND[Side.LEFT], :3] *= 1.7
    assert pinch_ratio(body, Side.LEFT) == pytest.approx(open_ratio)
    body.poses[joint(Side.LEFT, "thumb_tip")] = body.poses[joint(Side.LEFT, "index_tip")]
    assert pinch_ratio(body, Side.LEFT) == 0.0


def test_fingertips_come_thumb_first(make_body) -> None:
    body = make_body()
    names = ["thumb_tip", "index_tip", "middle_tip", "ring_tip", "little_tip"]
    expected = body.poses[[joint(Side.LEFT, name) for name in names], :3]
    assert np.array_equal(fingertips(body, Side.LEFT), expected)


def test_a_hand_that_is_not_there_gives_nan(make_body) -> None:
    body = make_body(left=None)
    assert math.isnan(hand_closure(body, Side.LEFT))
    assert math.isnan(pinch_ratio(body, Side.LEFT))
    assert np.all(np.isnan(fingertips(body, Side.LEFT)))
    assert body.provenance[HAND[Side.LEFT].start] == Provenance.NONE


@pytest.mark.parametrize("side", list(Side))
def test_four_fists_are_counted_on_each_real_hand(quest3_capture, side: Side) -> None:
    source, body = RecordingSource(quest3_capture), Body.unseen()
    rate_hz, fists, closed_for = 90.0, 0, 0
    ready = False
    for frame in range(int(20.0 * rate_hz)):
        source.locate(round(frame / rate_hz * 1e9), body)
        closure = hand_closure(body, side)
        if math.isnan(closure):
            continue
        closed_for = closed_for + 1 if closure >= 0.62 else 0
        if closure <= 0.38:
            ready = True
        elif ready and closed_for == round(0.05 * rate_hz):
            fists, ready = fists + 1, False
    assert fists == 4


@pytest.mark.parametrize(("side", "least_m"), [(Side.LEFT, 0.024), (Side.RIGHT, 0.020)])
def test_the_closest_real_pinch_is_found(quest3_capture, side: Side, least_m: float) -> None:
    source, body = RecordingSource(quest3_capture), Body.unseen()
    ratios = []
    for time_ns in source.times_ns:
        source.locate(int(time_ns), body)
        ratios.append(pinch_ratio(body, side))
    source.locate(int(source.times_ns[np.nanargmin(ratios)]) + int(source.times_ns[0]), body)
    tips = fingertips(body, side)
    assert np.linalg.norm(tips[0] - tips[1]) == pytest.approx(least_m, abs=0.001)


def about(axis: int, degrees: float) -> np.ndarray:
    turn = np.zeros(4)
    turn[axis], turn[3] = math.sin(math.radians(degrees) / 2), math.cos(math.radians(degrees) / 2)
    return turn


def chained(*turns: np.ndarray) -> np.ndarray:
    whole = np.array([0.0, 0.0, 0.0, 1.0])
    for turn in turns:
        whole = geometry.quaternion_multiply(whole, turn)
    return whole


def as_side(body: Body, side: Side) -> Body:
    """A body posed on its right, as it is or as its mirror image."""
    if side is Side.RIGHT:
        return body
    image = Body.unseen()
    for place, image_of in ((PELVIS, PELVIS), (SIDE[Side.LEFT], SIDE[Side.RIGHT])):
        image.poses[place] = geometry.mirror(body.poses[image_of])
        image.provenance[place] = body.provenance[image_of]
    return image


def leg(hip=0.0, across=0.0, knee=0.0, twist=0.0, ankle=0.0, inward=0.0, turned=0.0, toes=0.0) -> Body:
    """A right leg made from the turns of its joints, in degrees."""
    body = Body.unseen()
    pelvis = chained(about(1, 30), about(0, -20))
    thigh = chained(pelvis, about(0, hip), about(1, across), about(2, twist), about(0, -90))
    shin = chained(thigh, about(0, -knee))
    foot = chained(shin, about(0, ankle), about(1, inward), about(2, turned), about(0, 90))
    ball = chained(foot, about(0, -toes))
    joints = [PELVIS, *range(LEG[Side.RIGHT].start, LEG[Side.RIGHT].stop)]
    body.poses[joints, :3] = 0.0
    body.poses[joints, 3:] = pelvis, thigh, shin, foot, ball
    body.provenance[joints] = Provenance.MEASURED
    return body


@pytest.mark.parametrize("side", list(Side))
@given(st.floats(-30, 120), st.floats(-10, 150), st.floats(-60, 40), st.floats(-40, 40))
def test_a_leg_has_the_angles_it_was_made_with(side: Side, hip: float, knee: float, ankle: float, toes: float) -> None:
    body = as_side(leg(hip=hip, knee=knee, ankle=ankle, toes=toes), side)
    assert math.degrees(hip_flexion(body, side)) == pytest.approx(hip, abs=1e-6)
    assert math.degrees(knee_flexion(body, side)) == pytest.approx(knee, abs=1e-6)
    assert math.degrees(ankle_flexion(body, side)) == pytest.approx(ankle, abs=1e-6)
    assert math.degrees(toe_curl(body, side)) == pytest.approx(toes, abs=1e-6)


@pytest.mark.parametrize("side", list(Side))
@given(st.floats(-40, 40), st.floats(-30, 30), st.floats(-30, 30))
def test_the_sole_turning_inward_is_inversion_whatever_else_the_foot_does(
    side: Side, ankle: float, inward: float, turned: float
) -> None:
    body = as_side(leg(knee=70, ankle=ankle, inward=inward, turned=turned), side)
    assert math.degrees(foot_inversion(body, side)) == pytest.approx(inward, abs=1e-6)
    assert math.degrees(ankle_flexion(body, side)) == pytest.approx(ankle, abs=1e-6)


def test_a_seated_leg_has_hip_and_knee_at_a_right_angle_and_its_sole_square_to_the_shin() -> None:
    # Built by hand, by no angles: thigh ahead, shin down, foot ahead; -Z is along each and +Y out of its front.
    body = Body.unseen()
    ahead, down = [0.0, 0.0, 0.0, 1.0], geometry.quaternions_of(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]))
    body.poses[[PELVIS, *range(LEG[Side.LEFT].start, LEG[Side.LEFT].stop)]] = [
        [*place, *turn]
        for place, turn in zip(
            [(0, 0.6, 0), (-0.1, 0.6, 0), (-0.1, 0.55, -0.4), (-0.1, 0.1, -0.4), (-0.1, 0.05, -0.5)],
            [ahead, ahead, down, ahead, ahead],
            strict=True,
        )
    ]
    assert math.degrees(hip_flexion(body, Side.LEFT)) == pytest.approx(90)
    assert math.degrees(knee_flexion(body, Side.LEFT)) == pytest.approx(90)
    assert ankle_flexion(body, Side.LEFT) == pytest.approx(0)
    assert foot_inversion(body, Side.LEFT) == pytest.approx(0)


def test_toes_that_nobody_tracked_have_no_angle() -> None:
    body = leg(toes=20)
    body.provenance[joint(Side.RIGHT, "ball")] = Provenance.INFERRED
    assert math.isnan(toe_curl(body, Side.RIGHT))


def arm(pronation=0.0, flexion=0.0, deviation=0.0) -> Body:
    """A right arm with its forearm ahead and the point of the elbow down, so that the palm faces up at -90."""
    body = Body.unseen()
    elbow, wrist = joint(Side.RIGHT, "elbow"), joint(Side.RIGHT, "wrist")
    forearm = chained(about(1, 25), about(2, 180))
    body.poses[elbow] = geometry.pose((0.2, 1.0, 0.0), forearm)
    turn = chained(forearm, about(2, 90 + pronation), about(0, -flexion), about(1, deviation))
    body.poses[wrist] = geometry.pose((0.2, 1.0, -0.25), turn)
    body.provenance[[elbow, wrist]] = Provenance.MEASURED
    return body


@pytest.mark.parametrize("side", list(Side))
@given(st.floats(-95, 95), st.floats(-80, 80), st.floats(-30, 30))
def test_wrist_and_forearm_have_the_angles_they_were_made_with(
    side: Side, pronation: float, flexion: float, deviation: float
) -> None:
    body = as_side(arm(pronation, flexion, deviation), side)
    assert math.degrees(forearm_rotation(body, side)) == pytest.approx(pronation, abs=1e-6)
    assert math.degrees(wrist_flexion(body, side)) == pytest.approx(flexion, abs=1e-6)


def test_with_the_elbow_down_the_palm_up_is_supination_and_the_palm_down_is_pronation() -> None:
    for palm_up, expected in ((True, -90), (False, 90)):
        body = arm()
        body.poses[joint(Side.RIGHT, "elbow"), 3:] = about(2, 180)  # +Y, to the point of the elbow, is down
        body.poses[joint(Side.RIGHT, "wrist"), 3:] = about(2, 180 if palm_up else 0)
        assert math.degrees(forearm_rotation(body, Side.RIGHT)) == pytest.approx(expected)


@pytest.mark.parametrize("side", list(Side))
def test_spreading_is_what_goes_beyond_the_metacarpals_fan(make_body, side: Side) -> None:
    body = make_body()
    for spread, expected in ((0.0, 0.0), (1.0, 30.0)):
        body.poses[HAND[side]] = hand_pose(side, 0.0, spread)
        assert math.degrees(finger_spread(body, side)) == pytest.approx(expected, abs=0.1)
    body.poses[HAND[side], :3] *= 1.3
    assert math.degrees(finger_spread(body, side)) == pytest.approx(30.0, abs=0.1)


@pytest.mark.parametrize("side", list(Side))
def test_a_thumb_opposes_as_it_nears_the_little_finger_for_any_size_of_hand(make_body, side: Side) -> None:
    body = make_body(closure=0.0)
    tip, knuckle = joint(side, "thumb_tip"), joint(side, "little_proximal")
    assert thumb_opposition(body, side) < 0.05
    start = body.poses[tip, :3].copy()
    told = []
    for way in np.linspace(0.0, 0.98, 6):
        body.poses[tip, :3] = start + way * (body.poses[knuckle, :3] - start)
        told.append(thumb_opposition(body, side))
    assert all(later > earlier for earlier, later in itertools.pairwise(told[:-1]))
    assert told[-1] == 1.0
    body.poses[HAND[side], :3] *= 0.8
    assert thumb_opposition(body, side) == 1.0


def test_angles_of_joints_that_are_not_there_are_nan() -> None:
    nobody = Body.unseen()
    features = (hip_flexion, knee_flexion, ankle_flexion, foot_inversion, toe_curl, wrist_flexion, forearm_rotation)
    for feature in (*features, finger_spread, thumb_opposition):
        assert math.isnan(feature(nobody, Side.LEFT)), feature.__name__
