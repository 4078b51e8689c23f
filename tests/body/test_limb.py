"""A limb taken apart and put together, and its end moved on bones that keep their lengths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrehab import geometry
from vrrehab.body.limb import END, PARENTS, Chain, Limb, displace, put_together, take_apart
from vrrehab.body.skeleton import ARM, LEG, Side
from vrrehab.tasks.demonstration import resting

OFFSETS = st.tuples(*[st.floats(-0.12, 0.12)] * 3)


def at_rest(chain: Chain, side: Side = Side.RIGHT) -> np.ndarray:
    poses = np.empty((28 if chain is Chain.ARM else 4, 7))
    resting(Limb(chain, side)).rest(np.array([0.15, 1.1 if chain is Chain.ARM else 0.52, 0.05]), poses)
    if chain is Chain.ARM:  # nearer, so that the elbow is well bent
        displace(chain, poses, (0.0, -0.1, 0.25))
    return poses


def bones(chain: Chain, poses: np.ndarray) -> np.ndarray:
    return np.linalg.norm(poses[1:, :3] - poses[PARENTS[chain][1:], :3], axis=1)


@pytest.mark.parametrize("chain", list(Chain))
def test_a_limb_put_together_is_the_one_that_was_taken_apart(chain: Chain) -> None:
    random = np.random.default_rng(3)
    poses = random.normal(size=at_rest(chain).shape)
    poses[:, 3:] = geometry.normalise(poses[:, 3:])
    again = np.empty_like(poses)
    put_together(chain, take_apart(chain, poses), again)
    assert np.allclose(again, poses, atol=1e-12)


def test_a_limb_knows_where_it_is_and_which_is_the_other() -> None:
    limb = Limb(Chain.LEG, Side.LEFT)
    assert limb.joints == LEG[Side.LEFT]
    assert limb.other == Limb(Chain.LEG, Side.RIGHT)
    assert Limb(Chain.ARM, Side.RIGHT).joints == ARM[Side.RIGHT]
    assert str(limb) == "left leg"


@pytest.mark.parametrize("chain", list(Chain))
@given(OFFSETS)
def test_the_end_goes_just_so_far_and_the_bones_keep_their_lengths(chain: Chain, offset: tuple) -> None:
    before = at_rest(chain)
    poses = before.copy()
    displace(chain, poses, offset)
    end = END[chain]
    reach = sum(bones(chain, before)[[0, end - 1]])
    assert np.allclose(bones(chain, poses), bones(chain, before), atol=1e-9)
    assert np.array_equal(poses[0, :3], before[0, :3])
    assert np.array_equal(poses[2:, 3:], before[2:, 3:]), "hand and foot are carried, not turned"
    if np.linalg.norm(before[end, :3] + offset - before[0, :3]) < reach - 1e-6:
        assert np.allclose(poses[2:, :3], before[2:, :3] + offset, atol=1e-9)


@pytest.mark.parametrize("chain", list(Chain))
@given(OFFSETS)
def test_bones_still_point_to_the_next_joint(chain: Chain, offset: tuple) -> None:
    poses = at_rest(chain)
    displace(chain, poses, offset)
    for bone, after in ((0, 1), (1, END[chain])):
        along = poses[after, :3] - poses[bone, :3]
        ahead = geometry.rotate(poses[bone, 3:], np.array([0.0, 0.0, -1.0]))
        assert np.allclose(ahead, along / np.linalg.norm(along), atol=1e-6)


@pytest.mark.parametrize("chain", list(Chain))
def test_out_of_reach_goes_as_far_as_the_limb_is_long(chain: Chain) -> None:
    poses = at_rest(chain)
    reach = sum(bones(chain, poses)[[0, END[chain] - 1]])
    displace(chain, poses, (0.0, 0.0, -3.0))
    assert math.dist(poses[0, :3], poses[END[chain], :3]) == pytest.approx(reach)
    assert np.all(np.isfinite(poses))


@pytest.mark.parametrize("chain", list(Chain))
@given(OFFSETS)
def test_left_and_right_are_exact_mirrors(chain: Chain, offset: tuple) -> None:
    right = at_rest(chain)
    left = geometry.mirror(right)
    displace(chain, right, offset)
    displace(chain, left, (-offset[0], *offset[1:]))
    assert np.allclose(left, geometry.mirror(right), atol=1e-12)
