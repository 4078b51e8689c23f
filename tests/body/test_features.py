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
    finger_flexion,
    fingertips,
    hand_closure,
    hand_closure_of,
    pinch_ratio,
)
from vrrehab.body.hands import hand_pose
from vrrehab.body.skeleton import HAND, HAND_JOINTS, Body, Provenance, Side, joint
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
