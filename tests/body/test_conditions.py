"""What an experiment does to a virtual limb: expectations worked out from when and how the person moved."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.alteration import Alteration, Wanted
from vrrehab.body.features import ankle_flexion, forearm_rotation, knee_flexion, wrist_flexion
from vrrehab.body.limb import PARENTS, Chain, Limb
from vrrehab.body.phantom import shape_of
from vrrehab.body.skeleton import ARM, LEG, PELVIS, Body, Provenance, Side, joint
from vrrehab.tasks.demonstration import DemonstratingArm, DemonstratingLeg

RATE_HZ = 90.0
AS_DRIVEN = {chain: shape_of(chain, "relaxed", {}, 0.0, (0.0, 0.0, 0.0), 2.0) for chain in Chain}


def leg_body(side: Side, knee: float = 1.4, ankle: float = 0.0) -> Body:
    body = Body.unseen()
    body.poses[PELVIS] = geometry.pose((0, 0.52, 0))
    outward = 0.09 if side is Side.RIGHT else -0.09
    DemonstratingLeg(side).pose(np.array([outward, 0.52, 0.0]), body.poses[LEG[side]], hip=1.4, knee=knee, ankle=ankle)
    body.provenance[LEG[side]] = Provenance.MIRRORED
    return body


def arm_body(side: Side, rotation: float = 0.0, flexion: float = 0.0) -> Body:
    """An arm at rest whose wrist is turned and bent by these angles from where it rests."""
    body = Body.unseen()
    poses = body.poses[ARM[side]]
    DemonstratingArm(side).rest(np.array([0.2, 1.1, 0.0]), poses)
    sign = 1.0 if side is Side.RIGHT else -1.0
    turn = geometry.quaternion_multiply(
        np.array([0.0, 0.0, sign * math.sin(rotation / 2), math.cos(rotation / 2)]),
        np.array([-math.sin(flexion / 2), 0.0, 0.0, math.cos(flexion / 2)]),
    )
    forearm = poses[1].copy()
    hand = geometry.compose(geometry.invert(poses[3]), poses[2:])
    local = geometry.compose(geometry.invert(forearm), poses[3])
    half = np.sqrt(0.5)
    local[3:] = geometry.quaternion_multiply(np.array([0.0, 0.0, sign * half, half]), turn)
    poses[2:] = geometry.compose(geometry.compose(forearm, local), hand)
    body.provenance[ARM[side]] = Provenance.MIRRORED
    return body


class Played:
    """A limb altered frame by frame."""

    def __init__(self, limb: Limb, **wanted) -> None:
        self.wanted = Wanted(**wanted)
        self.alteration = Alteration(limb, AS_DRIVEN[limb.chain])
        self.now_s = 100.0

    def __call__(self, body: Body) -> Body:
        shown = Body.unseen()
        shown.copy_from(body)
        self.now_s += 1 / RATE_HZ
        self.alteration.alter(shown, self.wanted, self.now_s)
        return shown


@pytest.mark.parametrize("side", list(Side))
def test_neutral_settings_pass_the_limb_through_to_the_last_bit(side: Side) -> None:
    for limb, body in ((Limb(Chain.ARM, side), arm_body(side, 0.3)), (Limb(Chain.LEG, side), leg_body(side))):
        play = Played(limb)
        for _ in range(5):
            shown = play(body)
        assert np.array_equal(shown.poses, body.poses, equal_nan=True)
        assert np.array_equal(shown.provenance, body.provenance)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("gain", "expected_deg"), [(2.0, 80.0), (0.5, 65.0), (1.5, 75.0)])
def test_gain_scales_the_knees_bend_about_where_it_began(side: Side, gain: float, expected_deg: float) -> None:
    play = Played(Limb(Chain.LEG, side), gain=gain)
    for _ in range(120):  # at 60 degrees while the gain comes on
        shown = play(leg_body(side, knee=math.radians(60)))
    assert math.degrees(knee_flexion(shown, side)) == pytest.approx(60.0, abs=1e-6), "at rest nothing moves"
    shown = play(leg_body(side, knee=math.radians(70)))
    assert math.degrees(knee_flexion(shown, side)) == pytest.approx(expected_deg, abs=1e-6)
    lengths = [np.linalg.norm(np.diff(each.poses[LEG[side], :3], axis=0), axis=1) for each in (shown, leg_body(side))]
    assert np.allclose(*lengths, atol=1e-12)


def test_gain_stops_where_joints_do() -> None:
    play = Played(Limb(Chain.LEG, Side.RIGHT), gain=2.0)
    for _ in range(120):
        play(leg_body(Side.RIGHT, knee=math.radians(60), ankle=0.0))
    shown = play(leg_body(Side.RIGHT, knee=math.radians(20), ankle=math.radians(20)))
    assert math.degrees(knee_flexion(shown, Side.RIGHT)) == pytest.approx(-5.0), "and not -20"
    assert math.degrees(ankle_flexion(shown, Side.RIGHT)) == pytest.approx(25.0), "and not 40"
    own = play(leg_body(Side.RIGHT, knee=math.radians(-8)))
    assert math.degrees(knee_flexion(own, Side.RIGHT)) == pytest.approx(-8.0), "as far as the person's own goes"


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_twisting_forearm_twists_more_or_less_and_never_the_other_way(side: Side, gain: float) -> None:
    play = Played(Limb(Chain.ARM, side), gain=gain)
    for _ in range(120):
        play(arm_body(side))
    for angle in np.radians([-40, -20, 10, 30, 42]):
        body = arm_body(side, rotation=float(angle))
        shown = play(body)
        assert forearm_rotation(shown, side) == pytest.approx(gain * angle, abs=1e-6)
        assert wrist_flexion(shown, side) == pytest.approx(0.0, abs=1e-6)
        for before, after in ((body, shown),):
            bones = [
                np.linalg.norm(
                    each.poses[ARM[side], :3][1:] - each.poses[ARM[side], :3][PARENTS[Chain.ARM][1:]], axis=1
                )
                for each in (before, after)
            ]
            assert np.allclose(*bones, atol=1e-12)
    shown = play(arm_body(side, rotation=math.radians(80), flexion=0.0))
    assert forearm_rotation(shown, side) == pytest.approx(min(gain * math.radians(80), math.radians(85)), abs=1e-6)


def test_gain_comes_on_and_goes_off_gradually_and_ends_exactly() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT))
    shown = []
    for frame in range(600):
        play.wanted.gain = 2.0 if 100 <= frame < 400 else 1.0
        knee = math.radians(60 + 15 * math.sin(frame / 40))
        shown.append(math.degrees(knee_flexion(play(leg_body(Side.LEFT, knee=knee)), Side.LEFT)))
    assert max(abs(np.diff(shown))) < 1.2, "the person's own goes 0.4 degrees a frame"
    body = leg_body(Side.LEFT, knee=1.3)
    assert np.array_equal(play(body).poses, body.poses, equal_nan=True)


def moved(frame: float) -> Body:
    """The leg at a frame: knee and place of the hip change evenly, so that between frames is half way."""
    return leg_body(Side.LEFT, knee=0.5 + 0.004 * frame)


@pytest.mark.parametrize("delay_s", [10 / RATE_HZ, 0.3, 1.0])
def test_delay_shows_the_limb_as_it_was_just_so_long_ago(delay_s: float) -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=delay_s)
    for frame in range(200):
        shown = play(moved(frame))
    assert knee_flexion(shown, Side.LEFT) == pytest.approx(0.5 + 0.004 * (199 - delay_s * RATE_HZ), abs=1e-6)
    assert np.allclose(np.linalg.norm(shown.poses[LEG[Side.LEFT], 3:], axis=1), 1.0)


def test_between_two_frames_the_delayed_limb_is_between_them() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=10.5 / RATE_HZ)
    for frame in range(60):
        shown = play(moved(frame))
    assert knee_flexion(shown, Side.LEFT) == pytest.approx(0.5 + 0.004 * 48.5, abs=1e-6)


def test_before_there_is_anything_so_old_the_oldest_is_shown() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=0.5)
    for frame in range(20):
        shown = play(moved(frame))
    assert knee_flexion(shown, Side.LEFT) == pytest.approx(0.5)


def test_a_delay_that_changes_plays_slower_or_faster_and_never_jumps() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT))
    angles = []
    for frame in range(400):
        play.wanted.delay_s = 0.5 if 100 <= frame < 300 else 0.0
        angles.append(knee_flexion(play(moved(frame)), Side.LEFT))
    steps = np.diff(angles)
    assert steps.min() >= 0.0019
    assert steps.max() <= 0.0061
    assert angles[250] == pytest.approx(0.5 + 0.004 * (250 - 45), abs=1e-6)
    assert np.array_equal(play(moved(400)).poses, moved(400).poses, equal_nan=True)


def test_a_delayed_limb_hangs_where_it_hangs_now() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=0.2)
    for frame in range(60):
        body = moved(frame)
        body.poses[LEG[Side.LEFT], 0] += 0.001 * frame
        shown = play(body)
    assert np.allclose(shown.poses[joint(Side.LEFT, "hip"), :3], body.poses[joint(Side.LEFT, "hip"), :3])


def test_a_limb_that_was_lost_is_told_so_as_late_as_it_is_seen() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=9.5 / RATE_HZ)
    told = []
    for frame in range(60):
        body = moved(frame)
        if 20 <= frame < 30:
            body.provenance[LEG[Side.LEFT]] = Provenance.HELD
        told.append(play(body).provenance[joint(Side.LEFT, "knee")] == Provenance.HELD)
    assert np.flatnonzero(told).tolist() == list(range(30, 40))


def test_after_recentring_nothing_of_the_old_space_is_shown() -> None:
    play = Played(Limb(Chain.LEG, Side.LEFT), delay_s=0.3, gain=1.5)
    for frame in range(60):
        play(moved(frame))
    play.alteration.forget()
    body = moved(100)
    assert np.allclose(play(body).poses[LEG[Side.LEFT]], body.poses[LEG[Side.LEFT]], atol=1e-12)


def test_a_limb_that_is_not_there_stays_so() -> None:
    play = Played(Limb(Chain.ARM, Side.LEFT), gain=2.0, delay_s=0.1, offset_m=np.array([0.1, 0.0, 0.0]))
    assert np.all(np.isnan(play(Body.unseen()).poses))
