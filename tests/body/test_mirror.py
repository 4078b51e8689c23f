"""The mirror: position and rotation reflected, handedness and bones kept, names swapped, nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.mirror import reflect
from vrrehab.body.skeleton import (
    ARM,
    HAND,
    HEAD,
    JOINT_COUNT,
    LEG,
    PELVIS,
    SIDE_JOINTS,
    TORSO,
    Body,
    Provenance,
    Side,
    joint,
)

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def reflected(body: Body, intact: Side) -> Body:
    into = Body.unseen()
    for chain in Chain:
        reflect(body, Limb(chain, intact.other), into)
    return into


@pytest.fixture
def random_body() -> Body:
    random = np.random.default_rng(5)
    body = Body.unseen()
    body.poses[:] = random.normal(size=(JOINT_COUNT, 7))
    body.poses[:, 3:] = geometry.normalise(body.poses[:, 3:])
    body.provenance[:] = Provenance.MEASURED
    return body


def test_a_hand_worked_out_on_paper() -> None:
    body = Body.unseen()
    wrist = joint(RIGHT, "wrist")
    # 30 cm right of the middle, turned 90 degrees to the left about the vertical, then rolled 90 degrees.
    half = np.sqrt(0.5)
    body.poses[wrist] = [0.3, 1.0, -0.4, 0.0, half, 0.0, half]
    body.provenance[wrist] = Provenance.MEASURED
    seen = reflected(body, RIGHT).poses[joint(LEFT, "wrist")]
    # 30 cm left of the middle, turned 90 degrees to the right.
    assert np.allclose(seen, [-0.3, 1.0, -0.4, 0.0, -half, 0.0, half])


@pytest.mark.parametrize("intact", list(Side))
def test_every_joint_of_arm_and_leg_becomes_its_namesake_across_the_middle(random_body: Body, intact: Side) -> None:
    seen = reflected(random_body, intact)
    flip = np.diag([-1.0, 1.0, 1.0])
    for name in SIDE_JOINTS:
        own, other = joint(intact, name), joint(intact.other, name)
        assert np.allclose(seen.poses[other, :3], flip @ random_body.poses[own, :3])
        expected = flip @ geometry.rotation_matrices(random_body.poses[own, 3:]) @ flip
        assert np.allclose(geometry.rotation_matrices(seen.poses[other, 3:]), expected)


def test_a_reflected_right_hand_is_a_left_hand(make_body) -> None:
    body = make_body(right=geometry.IDENTITY, closure=0.6)
    assert np.allclose(reflected(body, RIGHT).poses[HAND[LEFT]], hand_pose(LEFT, 0.6))


def test_bones_keep_their_lengths(random_body: Body) -> None:
    def lengths(body: Body, side: Side) -> np.ndarray:
        return np.linalg.norm(np.diff(body.poses[ARM[side], :3], axis=0), axis=1)

    assert np.allclose(lengths(reflected(random_body, LEFT), RIGHT), lengths(random_body, LEFT), rtol=1e-14)


def test_there_and_back_is_exactly_where_it_began(random_body: Body) -> None:
    there = reflected(random_body, LEFT)
    back = reflected(there, RIGHT)
    assert np.array_equal(back.poses[ARM[LEFT]], random_body.poses[ARM[LEFT]])


@pytest.mark.parametrize(("chain", "joints"), [(Chain.ARM, ARM[RIGHT]), (Chain.LEG, LEG[RIGHT])])
def test_only_the_affected_limb_is_written(random_body: Body, chain: Chain, joints: slice) -> None:
    into = Body.unseen()
    before = random_body.poses.copy()
    reflect(random_body, Limb(chain, RIGHT), into)
    written = ~np.isnan(into.poses[:, 0])
    assert np.flatnonzero(written).tolist() == list(range(*joints.indices(JOINT_COUNT)))
    assert np.array_equal(random_body.poses, before)


def test_a_body_may_be_reflected_into_itself(random_body: Body) -> None:
    for trunk in (TORSO, PELVIS):
        random_body.poses[trunk], random_body.provenance[trunk] = np.nan, Provenance.NONE
    expected = reflected(random_body, LEFT).poses[ARM[RIGHT]]
    reflect(random_body, Limb(Chain.ARM, RIGHT), random_body)
    assert np.array_equal(random_body.poses[ARM[RIGHT]], expected)


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (Provenance.MEASURED, Provenance.MIRRORED),
        (Provenance.SCRIPTED, Provenance.MIRRORED),
        (Provenance.INFERRED, Provenance.INFERRED),
        (Provenance.HELD, Provenance.HELD),
        (Provenance.MIRRORED, Provenance.MIRRORED),
        (Provenance.NONE, Provenance.NONE),
    ],
)
def test_what_was_seen_to_move_is_mirrored_and_the_rest_stays_what_it_is(
    random_body: Body, seen: Provenance, shown: Provenance
) -> None:
    random_body.provenance[:] = seen
    assert np.all(reflected(random_body, LEFT).provenance[ARM[RIGHT]] == shown)


def test_the_headset_has_no_say(random_body: Body) -> None:
    expected = reflected(random_body, LEFT).poses[ARM[RIGHT]]
    random_body.poses[HEAD] = geometry.pose((5, 5, 5), geometry.yaw(2.0))
    assert np.array_equal(reflected(random_body, LEFT).poses[ARM[RIGHT]], expected)


def test_an_arm_that_is_not_there_has_no_reflection(make_body) -> None:
    seen = reflected(make_body(right=None), RIGHT)
    assert np.all(np.isnan(seen.poses[ARM[LEFT]]))
