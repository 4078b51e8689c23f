"""Postures as vectors of angles: there and back, and each component the movement that it is called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrehab import geometry
from vrrehab.body.limb import CHAIN_JOINTS, Chain
from vrrehab.body.posture import MOVEMENTS, RANGES, quaternions_of, vectors_of

ANGLES = st.floats(-2.9, 2.9)


@given(st.tuples(ANGLES, ANGLES, ANGLES))
def test_a_vector_comes_back_as_it_was(vector: tuple) -> None:
    v = np.array(vector)
    v[:2] *= min(1.0, 3.0 / max(np.linalg.norm(v[:2]), 1e-9))
    assert np.allclose(vectors_of(quaternions_of(v)), v, atol=1e-6)


def test_a_rotation_comes_back_as_it_was_however_it_is_written() -> None:
    q = geometry.normalise(np.random.default_rng(2).normal(size=(200, 4)))
    assert geometry.angle_between(quaternions_of(vectors_of(q)), q).max() < 1e-6
    assert np.allclose(vectors_of(-q), vectors_of(q))
    assert np.array_equal(vectors_of(geometry.IDENTITY[3:]), np.zeros(3))


def test_twist_and_bend_stay_apart() -> None:
    twist, bend = (np.array([0.0, 0.0, np.sin(0.7), np.cos(0.7)]), np.array([np.sin(-0.5), 0.0, 0.0, np.cos(-0.5)]))
    assert np.allclose(vectors_of(geometry.quaternion_multiply(twist, bend)), [-1.0, 0.0, 1.4])


@pytest.mark.parametrize("chain", list(Chain))
def test_every_movement_is_of_a_joint_that_there_is_and_its_range_is_known(chain: Chain) -> None:
    for name, movement in MOVEMENTS[chain].items():
        assert movement.joint in CHAIN_JOINTS[chain], name
        assert movement.least <= 0.0 < movement.most, name
        assert np.linalg.norm(movement.axis) == pytest.approx(1.0)
    assert np.all(RANGES[chain][0] < RANGES[chain][1])
