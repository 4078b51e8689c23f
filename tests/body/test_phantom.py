"""The phantom's felt shape: plausible postures, exact mirrors, and a smooth way that ends as the limb is driven."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.alteration import Alteration, Wanted
from vrrehab.body.features import (
    ankle_flexion,
    finger_flexion,
    foot_inversion,
    forearm_rotation,
    hand_closure,
    toe_curl,
    wrist_flexion,
)
from vrrehab.body.limb import END, PARENTS, Chain, Limb
from vrrehab.body.phantom import POSTURES, Shape, shape_of
from vrrehab.body.posture import MOVEMENTS
from vrrehab.body.skeleton import HAND, HAND_JOINTS, Body, Provenance, Side, joint
from vrrehab.errors import UnknownName
from vrrehab.tasks.demonstration import resting

RATE_HZ = 90.0
NOWHERE = (0.0, 0.0, 0.0)
#: Degrees that a normal joint reaches (AAOS 1965, and Luttgens and Hamilton 1997 for the thumb), with a little slack.
FINGER_LIMITS_DEG = ((-30, 95), (-5, 112), (-12, 92))
ALL_POSTURES = [(chain, name) for chain in Chain for name in POSTURES[chain]]


@functools.cache
def right_at_rest(chain: Chain) -> np.ndarray:
    poses = np.empty((28 if chain is Chain.ARM else 4, 7))
    resting(Limb(chain, Side.RIGHT)).rest(np.array([0.15, 1.1 if chain is Chain.ARM else 0.5, 0.0]), poses)
    return poses


def driven(limb: Limb) -> Body:
    body = Body.unseen()
    right = right_at_rest(limb.chain)
    body.poses[limb.joints] = right if limb.side is Side.RIGHT else geometry.mirror(right)
    body.provenance[limb.joints] = Provenance.MIRRORED
    return body


def shape(chain: Chain, posture: str, telescoping: float = 0.0, left: float = 2.0, **joints_rad: float) -> Shape:
    return shape_of(chain, posture, joints_rad, telescoping, NOWHERE, left)


def felt(limb: Limb, what: Shape, share: float = 1.0) -> Body:
    """A limb driven to its rest and shown with this share of a shape."""
    body = driven(limb)
    Alteration(limb, what, share).alter(body, Wanted(share=share), 1.0)
    return body


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("chain", "posture"), ALL_POSTURES)
def test_every_posture_is_one_that_a_human_limb_can_take(chain: Chain, posture: str, side: Side) -> None:
    body = felt(Limb(chain, side), shape(chain, posture))
    if chain is Chain.ARM:
        bent = np.degrees(finger_flexion(body.poses[HAND[side]]))
        for column, (least, most) in enumerate(FINGER_LIMITS_DEG):
            assert least <= bent[:, column].min()
            assert bent[:, column].max() <= most
        assert -90 <= math.degrees(forearm_rotation(body, side)) <= 90
        assert -75 <= math.degrees(wrist_flexion(body, side)) <= 85
    else:
        assert -55 <= math.degrees(ankle_flexion(body, side)) <= 25
        assert -20 <= math.degrees(foot_inversion(body, side)) <= 40
        body.provenance[joint(side, "ball")] = Provenance.MEASURED
        assert -75 <= math.degrees(toe_curl(body, side)) <= 50


@pytest.mark.parametrize("side", list(Side))
def test_postures_are_what_they_are_called(side: Side) -> None:
    arm, leg = Limb(Chain.ARM, side), Limb(Chain.LEG, side)
    hands = {name: felt(arm, shape(Chain.ARM, name)) for name in POSTURES[Chain.ARM]}
    assert hand_closure(hands["open"], side) < 0.05 < 0.2 < hand_closure(hands["relaxed"], side) < 0.5
    assert hand_closure(hands["clenched"], side) == 1.0
    assert math.degrees(wrist_flexion(hands["flexed_wrist"], side)) == pytest.approx(60, abs=12)
    assert math.degrees(forearm_rotation(hands["twisted_forearm"], side)) == pytest.approx(80, abs=12)
    pointing = finger_flexion(hands["pointing"].poses[HAND[side]]).sum(axis=1)
    assert pointing[0] < 0.3
    assert pointing[1:].min() > 3.0
    palm, thumb = (hands["thumb_in_palm"].poses[joint(side, name), :3] for name in ("palm", "thumb_tip"))
    outside = hands["clenched"].poses[joint(side, "thumb_tip"), :3]
    assert np.linalg.norm(thumb - palm) < np.linalg.norm(outside - hands["clenched"].poses[joint(side, "palm"), :3])
    feet = {name: felt(leg, shape(Chain.LEG, name)) for name in POSTURES[Chain.LEG]}
    assert math.degrees(ankle_flexion(feet["plantarflexed"], side)) == pytest.approx(-45, abs=1)
    assert math.degrees(foot_inversion(feet["inverted"], side)) == pytest.approx(30, abs=3)
    feet["toes_clenched"].provenance[joint(side, "ball")] = Provenance.MEASURED
    assert math.degrees(toe_curl(feet["toes_clenched"], side)) == pytest.approx(42, abs=0.1)


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize(("chain", "posture"), ALL_POSTURES)
def test_left_and_right_are_exact_mirrors(chain: Chain, posture: str, share: float) -> None:
    what = shape(chain, posture, telescoping=0.4, left=1.5)
    left, right = (felt(Limb(chain, side), what, share).poses[Limb(chain, side).joints] for side in Side)
    assert np.array_equal(left, geometry.mirror(right))


@pytest.mark.parametrize(("chain", "posture"), ALL_POSTURES)
def test_bones_keep_their_lengths_all_the_way(chain: Chain, posture: str) -> None:
    limb = Limb(chain, Side.RIGHT)

    def lengths(body: Body) -> np.ndarray:
        places = body.poses[limb.joints, :3]
        return np.linalg.norm(places[1:] - places[PARENTS[chain][1:]], axis=1)

    for share in (0.25, 0.75, 1.0):
        assert np.allclose(lengths(felt(limb, shape(chain, posture), share)), lengths(driven(limb)), atol=1e-12)


@pytest.mark.parametrize(
    ("chain", "level", "left"),
    [(Chain.ARM, "wrist", 2.0), (Chain.ARM, "forearm", 1.5), (Chain.ARM, "upper_arm", 0.5), (Chain.LEG, "knee", 1.0)],
)
def test_telescoping_draws_the_end_toward_the_residual_limb(chain: Chain, level: str, left: float) -> None:
    limb = Limb(chain, Side.LEFT)
    end, tip = END[chain], 12 if chain is Chain.ARM else 3
    whole = driven(limb).poses[limb.joints, :3]
    spans = []
    for telescoping in (0.0, 0.5, 1.0):
        places = felt(limb, shape(chain, "relaxed", telescoping, left)).poses[limb.joints, :3]
        bones = [np.linalg.norm(places[b] - places[a]) for a, b in ((0, 1), (1, end))]
        own = [np.linalg.norm(whole[b] - whole[a]) for a, b in ((0, 1), (1, end))]
        kept = [min(max(left - bone, 0.0), 1.0) for bone in range(2)]
        expected = [length * max(k + (1 - k) * (1 - telescoping), 0.04) for length, k in zip(own, kept, strict=True)]
        assert bones == pytest.approx(expected), level
        spans.append(sum(bones) + np.linalg.norm(places[tip] - places[end]))
    assert spans[0] > spans[1] > spans[2]


@pytest.mark.parametrize("chain", list(Chain))
def test_any_joint_may_be_adjusted_by_the_name_of_its_movement_and_no_further_than_it_goes(chain: Chain) -> None:
    limb = Limb(chain, Side.RIGHT)
    for name, movement in MOVEMENTS[chain].items():
        by = 0.3 * movement.most
        first, changed, far = (
            felt(limb, shape(chain, "relaxed", **{name: angle})).poses[limb.joints] for angle in (0.0, by, 50.0)
        )
        assert not np.allclose(first, changed), name
        assert np.all(np.isfinite(far))
    knee = felt(Limb(Chain.LEG, Side.LEFT), shape(Chain.LEG, "relaxed", ankle_flexion=math.radians(-10)))
    assert math.degrees(ankle_flexion(knee, Side.LEFT)) == pytest.approx(-30)


def test_what_a_shape_does_not_name_goes_on_as_driven() -> None:
    limb = Limb(Chain.ARM, Side.LEFT)
    body, own = felt(limb, shape(Chain.ARM, "clenched")), driven(limb)
    for name in ("shoulder", "elbow", "wrist"):
        assert np.allclose(body.poses[joint(Side.LEFT, name)], own.poses[joint(Side.LEFT, name)], atol=1e-12)
        assert body.provenance[joint(Side.LEFT, name)] == Provenance.MIRRORED
    assert body.provenance[joint(Side.LEFT, "index_tip")] == Provenance.SCRIPTED


def test_a_place_that_is_felt_elsewhere_moves_the_hand_on_its_arm() -> None:
    limb = Limb(Chain.ARM, Side.LEFT)
    what = shape_of(Chain.ARM, "relaxed", {}, 0.0, (0.02, -0.06, 0.05), 2.0)
    body, own = felt(limb, what), driven(limb)
    wrist = joint(Side.LEFT, "wrist")
    assert np.allclose(body.poses[wrist, :3] - own.poses[wrist, :3], (0.02, -0.06, 0.05))
    half = felt(limb, what, 0.5)
    assert np.allclose(half.poses[wrist, :3] - own.poses[wrist, :3], (0.01, -0.03, 0.025))


class TestMorph:
    """The way from the felt shape to how the limb is driven."""

    def played(self, seconds: float, minutes: float, begins: float = 1.0, goal: float = 0.0):
        limb = Limb(Chain.ARM, Side.LEFT)
        alteration = Alteration(limb, shape(Chain.ARM, "clenched", 0.3, 1.5), begins)
        wanted = Wanted(share=goal, morph_min=minutes)
        for frame in range(round(seconds * RATE_HZ)):
            body = driven(limb)
            alteration.alter(body, wanted, frame / RATE_HZ)
            yield alteration.morph.share, body

    def test_it_takes_the_minutes_that_were_chosen_and_ends_exactly_as_driven(self) -> None:
        shares, bodies = zip(*self.played(8.0, minutes=0.1), strict=True)
        assert shares[0] == 1.0
        assert shares[round(3 * RATE_HZ)] == pytest.approx(0.5, abs=0.01), "half way at half time"
        assert shares[round(5.9 * RATE_HZ)] > 0.0
        after = round(6.0 * RATE_HZ) + 2
        assert set(shares[after:]) == {0.0}
        expected = driven(Limb(Chain.ARM, Side.LEFT))
        assert np.array_equal(bodies[after].poses, expected.poses, equal_nan=True)
        assert np.array_equal(bodies[after].provenance, expected.provenance)

    def test_it_never_snaps(self) -> None:
        _, bodies = zip(*self.played(7.0, minutes=0.1), strict=True)
        tips = np.array([body.poses[HAND[Side.LEFT], :3] for body in bodies])
        assert np.linalg.norm(np.diff(tips, axis=0), axis=-1).max() < 0.002

    def test_at_once_is_half_a_second(self) -> None:
        shares, bodies = zip(*self.played(1.0, minutes=0.0), strict=True)
        assert shares[round(0.25 * RATE_HZ)] == pytest.approx(0.5, abs=0.02)
        assert shares[round(0.52 * RATE_HZ)] == 0.0
        tips = np.array([body.poses[HAND[Side.LEFT], :3] for body in bodies])
        assert np.linalg.norm(np.diff(tips, axis=0), axis=-1).max() < 0.02

    def test_half_of_it_may_be_kept_and_it_goes_back_as_well(self) -> None:
        assert list(self.played(4.0, minutes=0.1, goal=0.5))[-1][0] == 0.5
        assert list(self.played(7.0, minutes=0.1, begins=0.0, goal=1.0))[-1][0] == 1.0

    def test_a_shape_that_is_changed_meanwhile_comes_on_without_a_jump(self) -> None:
        limb = Limb(Chain.ARM, Side.LEFT)
        alteration = Alteration(limb, shape(Chain.ARM, "clenched"), 1.0)
        closures = []
        for frame in range(120):
            if frame == 30:
                alteration.morph.take(shape(Chain.ARM, "flexed_wrist"))
            body = driven(limb)
            alteration.alter(body, Wanted(share=1.0), frame / RATE_HZ)
            closures.append(hand_closure(body, Side.LEFT))
        assert closures[29] == 1.0
        assert closures[-1] < 0.5
        assert max(abs(np.diff(closures))) < 0.05
        assert math.degrees(wrist_flexion(body, Side.LEFT)) == pytest.approx(60, abs=12)

    def test_a_held_limb_stays_held_in_its_provenance(self) -> None:
        limb = Limb(Chain.ARM, Side.LEFT)
        body = driven(limb)
        body.provenance[limb.joints] = Provenance.HELD
        Alteration(limb, shape(Chain.ARM, "clenched"), 1.0).alter(body, Wanted(share=1.0), 0.0)
        assert set(body.provenance[limb.joints]) == {Provenance.HELD}


def test_a_posture_or_a_movement_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownName, match=r"No posture 'clenchd' in those of an arm\. Did you mean 'clenched'"):
        shape(Chain.ARM, "clenchd")
    with pytest.raises(UnknownName, match=r"No movement 'wrist_bend' in those of a leg"):
        shape(Chain.LEG, "relaxed", wrist_bend=0.1)


def test_a_hand_has_all_its_joints_in_the_movements() -> None:
    bending = {movement.joint for name, movement in MOVEMENTS[Chain.ARM].items() if name.endswith("flexion")}
    fingers = {name for name in HAND_JOINTS if name.endswith(("proximal", "intermediate", "distal"))}
    assert fingers <= bending
