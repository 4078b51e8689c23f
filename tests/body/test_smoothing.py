"""Smoothing: off it changes nothing, on it calms a still hand, keeps up with a fast one and never snaps."""

from __future__ import annotations

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import HAND, HEAD, LEG, Body, Provenance, Side, joint
from vrrehab.body.smoothing import GLIDE_S, Smoother
from vrrehab.body.tracking import Tracker

RATE_HZ = 90.0
RIGHT = HAND[Side.RIGHT]
TIP = joint(Side.RIGHT, "index_tip")


def at(place: float) -> np.ndarray:
    return geometry.pose((0.2 + place, 0.9, -0.4), geometry.yaw(0.1))


def test_switched_off_it_hands_the_body_on_bit_for_bit(make_body) -> None:
    smoother, steady = Smoother(enabled=False), Body.unseen()
    random = np.random.default_rng(2)
    for frame in range(5):
        tracked = make_body(right=at(random.normal()), left=None)
        smoother.smooth(tracked, steady, frame / RATE_HZ)
        assert np.array_equal(steady.poses, tracked.poses, equal_nan=True)
        assert np.array_equal(steady.provenance, tracked.provenance)


def test_a_still_hands_tremor_is_calmed_to_less_than_half(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    random = np.random.default_rng(3)
    raw, calm = [], []
    for frame in range(400):
        tracked = make_body()
        tracked.poses[RIGHT, :3] += random.normal(0, 0.001, (26, 3))
        wobble = random.normal(0, 0.004, (26, 3))
        tracked.poses[RIGHT, 3:] = geometry.normalise(
            tracked.poses[RIGHT, 3:] + np.concatenate([wobble, np.zeros((26, 1))], 1)
        )
        smoother.smooth(tracked, steady, frame / RATE_HZ)
        raw.append(tracked.poses[RIGHT].copy())
        calm.append(steady.poses[RIGHT].copy())
    raw, calm = np.array(raw[100:]), np.array(calm[100:])
    assert np.all(calm[..., :3].std(axis=0) < 0.5 * raw[..., :3].std(axis=0))
    spread = lambda q: geometry.angle_between(q, q[:1]).std(axis=0)  # noqa: E731
    assert np.all(spread(calm[..., 3:]) < 0.6 * spread(raw[..., 3:]))


@pytest.mark.parametrize("speed_m_s", [0.5, 1.0, 1.6])
def test_a_fast_hand_is_followed_within_15_mm(make_body, speed_m_s: float) -> None:
    smoother, steady = Smoother(), Body.unseen()
    for frame in range(90):
        tracked = make_body(right=at(speed_m_s * frame / RATE_HZ))
        smoother.smooth(tracked, steady, frame / RATE_HZ)
    behind = np.linalg.norm(steady.poses[RIGHT, :3] - tracked.poses[RIGHT, :3], axis=1)
    assert np.all(behind < 0.015)


def test_a_turning_hand_does_not_care_which_spelling_of_a_rotation_it_gets(make_body) -> None:
    plain, flipped = Smoother(), Smoother()
    one, other = Body.unseen(), Body.unseen()
    for frame in range(60):
        tracked = make_body(right=geometry.pose((0.2, 0.9, -0.4), geometry.yaw(frame / 20)))
        plain.smooth(tracked, one, frame / RATE_HZ)
        if frame % 2:
            tracked.poses[:, 3:] *= -1
        flipped.smooth(tracked, other, frame / RATE_HZ)
        assert np.all(geometry.angle_between(one.poses[RIGHT, 3:], other.poses[RIGHT, 3:]) < 1e-6)
        assert np.allclose(np.linalg.norm(other.poses[RIGHT, 3:], axis=1), 1.0)


def test_head_and_trunk_are_never_smoothed(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    for frame in range(20):
        tracked = make_body(head=geometry.pose((0.05 * frame, 1.2, 0), geometry.yaw(0.1 * frame)))
        smoother.smooth(tracked, steady, frame / RATE_HZ)
        assert np.array_equal(steady.poses[HEAD], tracked.poses[HEAD])


def lose_and_find(make_body, smoother: Smoother, found_at: float) -> tuple[np.ndarray, list[Body]]:
    """Half a second held, then seen elsewhere: the held palm's place and the frames from its return on."""
    held = make_body(right=at(0.0))
    held.provenance[RIGHT] = Provenance.HELD
    steady, frames = Body.unseen(), []
    for frame in range(90):
        now_s = frame / RATE_HZ
        smoother.smooth(held if now_s < 0.5 else make_body(right=at(found_at)), steady, now_s)
        if now_s >= 0.5:
            body = Body.unseen()
            body.copy_from(steady)
            frames.append(body)
    return held.poses[RIGHT.start, :3], frames


def test_a_hand_that_comes_back_glides_and_says_that_it_does(make_body) -> None:
    held, frames = lose_and_find(make_body, Smoother(), 0.3)
    places = np.array([body.poses[RIGHT.start, 0] for body in frames])
    assert places[0] - held[0] < 0.001, "it begins where it was held"
    assert np.all(np.diff(places) >= -1e-9)
    assert np.max(np.diff(places)) < 0.3 * 0.2, "no frame takes a fifth of the way"
    gliding = round(GLIDE_S * RATE_HZ)
    assert places[gliding + 1] == pytest.approx(held[0] + 0.3, abs=1e-6)
    for index, body in enumerate(frames):
        expected = Provenance.INFERRED if index < gliding else Provenance.MEASURED
        assert body.provenance[TIP] == expected


def test_a_foot_that_comes_back_glides_with_its_whole_leg(make_body) -> None:
    tracker, smoother = Tracker(1.2), Smoother()
    tracked, steady, ankle = Body.unseen(), Body.unseen(), joint(Side.LEFT, "ankle")
    leg = []
    for frame in range(90):
        seen = make_body()
        if not 20 <= frame < 60:
            seen.poses[ankle] = geometry.pose((-0.15, 0.1 if frame < 40 else 0.35, -0.45))
            seen.provenance[ankle] = Provenance.MEASURED
        tracker.update(seen, tracked, frame / RATE_HZ)
        smoother.smooth(tracked, steady, frame / RATE_HZ)
        leg.append(steady.poses[LEG[Side.LEFT], :3].copy())
        assert np.all(np.isfinite(leg[-1]))
    steps = np.linalg.norm(np.diff(leg, axis=0), axis=2)
    assert steps.max() < 0.25 * 0.25, "no frame takes a quarter of the way"
    assert np.allclose(leg[-1], tracked.poses[LEG[Side.LEFT], :3], atol=1e-3)


def test_after_a_pause_a_limb_that_was_held_is_shown_where_it_is(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    held = make_body()
    held.provenance[RIGHT] = Provenance.HELD
    smoother.smooth(held, steady, 1.0)
    found = make_body(right=at(0.3))
    smoother.smooth(found, steady, 5.0)
    assert np.array_equal(steady.poses[RIGHT], found.poses[RIGHT])


def test_off_a_hand_that_comes_back_is_shown_where_it_is(make_body) -> None:
    held, frames = lose_and_find(make_body, Smoother(enabled=False), 0.3)
    assert frames[0].poses[RIGHT.start, 0] == pytest.approx(held[0] + 0.3)
    assert frames[0].provenance[TIP] == Provenance.MEASURED


def test_a_hand_lost_for_good_stays_where_it_was(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    held = make_body()
    held.provenance[RIGHT] = Provenance.HELD
    for frame in range(200):
        smoother.smooth(held, steady, frame / RATE_HZ)
    assert np.allclose(steady.poses[RIGHT], held.poses[RIGHT], atol=1e-9)
    assert np.all(steady.provenance[RIGHT] == Provenance.HELD)


@pytest.mark.parametrize("how", ["a long gap", "time going back", "forget", "off and on"])
def test_it_starts_afresh_after(make_body, how: str) -> None:
    smoother, steady = Smoother(), Body.unseen()
    for frame in range(20):
        smoother.smooth(make_body(right=at(0.0)), steady, 1.0 + frame / RATE_HZ)
    now_s = 1.0 + 20 / RATE_HZ
    if how == "a long gap":
        now_s += 1.0
    elif how == "time going back":
        now_s = 0.5
    elif how == "forget":
        smoother.forget()
    else:
        smoother.enabled = False
        smoother.smooth(make_body(right=at(0.0)), steady, now_s)
        smoother.enabled = True
        now_s += 1 / RATE_HZ
    moved = make_body(right=at(0.3))
    smoother.smooth(moved, steady, now_s)
    assert np.array_equal(steady.poses[RIGHT], moved.poses[RIGHT])


def test_a_hand_that_is_not_there_stays_away_and_is_taken_as_it_is_when_it_comes(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    for frame in range(5):
        smoother.smooth(make_body(right=None), steady, frame / RATE_HZ)
        assert np.all(np.isnan(steady.poses[RIGHT]))
        assert np.all(steady.provenance[RIGHT] == Provenance.NONE)
    came = make_body()
    smoother.smooth(came, steady, 5 / RATE_HZ)
    assert np.allclose(steady.poses[RIGHT], came.poses[RIGHT], atol=1e-12)


def test_the_same_frame_twice_changes_nothing(make_body) -> None:
    smoother, steady = Smoother(), Body.unseen()
    for frame in range(5):
        smoother.smooth(make_body(right=at(0.01 * frame)), steady, frame / RATE_HZ)
    before = steady.poses.copy()
    smoother.smooth(make_body(right=at(0.04)), steady, 4 / RATE_HZ)
    assert np.array_equal(steady.poses, before, equal_nan=True)
