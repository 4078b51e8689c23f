"""Poses, quaternions and the reflection: the laws that everything above relies on."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry

METRES = st.floats(-10, 10, allow_subnormal=False)
RATIOS = st.floats(0, 1)


def unit(values: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.where(length > 1e-3, values / np.maximum(length, 1e-3), [0.0, 0.0, 0.0, 1.0])


QUATERNIONS = arrays.arrays(float, 4, elements=st.floats(-1, 1, allow_subnormal=False)).map(unit)
VECTORS = arrays.arrays(float, 3, elements=METRES)
POSES = st.builds(geometry.pose, VECTORS, QUATERNIONS)


def same_rotation(a: np.ndarray, b: np.ndarray, within_rad: float = 1e-7) -> bool:
    return bool(np.all(geometry.angle_between(a, b) < within_rad))


def same_pose(a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a[..., :3], b[..., :3], atol=1e-9) and same_rotation(a[..., 3:], b[..., 3:])


def matrix(pose: np.ndarray) -> np.ndarray:
    """A pose as the textbook's 4x4, written apart from the code under test."""
    x, y, z, w = pose[3:]
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    m = np.eye(4)
    m[:3, :3] = np.eye(3) + 2 * w * skew + 2 * skew @ skew
    m[:3, 3] = pose[:3]
    return m


@given(POSES, POSES)
def test_composition_is_the_product_of_the_matrices(a: np.ndarray, b: np.ndarray) -> None:
    assert np.allclose(matrix(geometry.compose(a, b)), matrix(a) @ matrix(b), atol=1e-9)


@given(POSES, POSES, POSES)
def test_composition_is_associative(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    left = geometry.compose(geometry.compose(a, b), c)
    assert same_pose(left, geometry.compose(a, geometry.compose(b, c)))


@given(POSES)
def test_a_pose_and_its_inverse_undo_each_other(a: np.ndarray) -> None:
    assert same_pose(geometry.compose(a, geometry.invert(a)), geometry.IDENTITY)
    assert same_pose(geometry.compose(geometry.invert(a), a), geometry.IDENTITY)
    assert same_pose(geometry.invert(geometry.invert(a)), a)


@given(POSES, POSES, VECTORS)
def test_applying_a_composition_is_applying_one_after_the_other(
    a: np.ndarray, b: np.ndarray, point: np.ndarray
) -> None:
    twice = geometry.apply(a, geometry.apply(b, point))
    assert np.allclose(geometry.apply(geometry.compose(a, b), point), twice, atol=1e-8)


@given(QUATERNIONS, VECTORS)
def test_a_rotation_keeps_lengths_and_agrees_with_its_matrix(q: np.ndarray, v: np.ndarray) -> None:
    turned = geometry.rotate(q, v)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(v), abs=1e-9)
    assert np.allclose(turned, geometry.rotation_matrices(q) @ v, atol=1e-9)


@given(POSES)
def test_reflecting_twice_changes_nothing_at_all(a: np.ndarray) -> None:
    assert np.array_equal(geometry.mirror(geometry.mirror(a)), a)


@given(POSES)
def test_a_reflection_is_m_r_m_and_stays_a_rotation(a: np.ndarray) -> None:
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    reflected = geometry.mirror(a)
    assert np.allclose(matrix(reflected), flip @ matrix(a) @ flip, atol=1e-12)
    assert np.linalg.det(matrix(reflected)[:3, :3]) == pytest.approx(1.0)


@given(POSES, POSES)
def test_a_reflected_chain_is_the_chain_of_reflections(a: np.ndarray, b: np.ndarray) -> None:
    whole = geometry.mirror(geometry.compose(a, b))
    assert same_pose(whole, geometry.compose(geometry.mirror(a), geometry.mirror(b)))


@given(POSES, POSES)
def test_a_reflection_keeps_distances(a: np.ndarray, b: np.ndarray) -> None:
    before = np.linalg.norm(a[:3] - b[:3])
    assert np.linalg.norm(geometry.mirror(a)[:3] - geometry.mirror(b)[:3]) == pytest.approx(before)


def test_a_reflection_leaves_its_argument_alone() -> None:
    pose = geometry.pose((1, 2, 3), geometry.yaw(0.4))
    before = pose.copy()
    geometry.mirror(pose)
    assert np.array_equal(pose, before)


@given(st.floats(-np.pi + 1e-6, np.pi - 1e-6), st.floats(-1.3, 1.3))
def test_the_heading_is_found_again_whatever_the_pitch(angle: float, pitch: float) -> None:
    nod = np.array([np.sin(pitch / 2), 0.0, 0.0, np.cos(pitch / 2)])
    turned = geometry.quaternion_multiply(geometry.yaw(angle), nod)
    assert geometry.yaw_of(turned) == pytest.approx(angle, abs=1e-9)


def test_a_positive_yaw_turns_the_gaze_to_the_left() -> None:
    gaze = geometry.rotate(geometry.yaw(np.pi / 2), np.array([0.0, 0.0, -1.0]))
    assert np.allclose(gaze, [-1, 0, 0], atol=1e-12)


@given(QUATERNIONS, st.floats(1e-9, np.pi), arrays.arrays(float, 3, elements=st.floats(-1, 1)))
def test_the_angle_between_rotations_is_exact_even_when_tiny(q: np.ndarray, angle: float, axis: np.ndarray) -> None:
    length = np.linalg.norm(axis)
    axis = axis / length if length > 1e-3 else np.array([1.0, 0.0, 0.0])
    step = np.array([*(np.sin(angle / 2) * axis), np.cos(angle / 2)])
    turned = geometry.quaternion_multiply(q, step)
    assert geometry.angle_between(q, turned) == pytest.approx(angle, rel=1e-6, abs=1e-15)
    assert geometry.angle_between(q, -turned) == pytest.approx(angle, rel=1e-6, abs=1e-15)


@given(QUATERNIONS)
def test_a_quaternion_comes_back_from_its_matrix(q: np.ndarray) -> None:
    back = geometry.quaternions_of(geometry.rotation_matrices(q))
    assert same_rotation(q, back)
    assert back[3] >= 0
    assert np.linalg.norm(back) == pytest.approx(1.0)


def test_half_turns_come_back_from_their_matrices() -> None:
    halves = np.eye(4)
    assert same_rotation(geometry.quaternions_of(geometry.rotation_matrices(halves)), halves)


@given(QUATERNIONS, QUATERNIONS)
def test_the_nearer_spelling_of_a_rotation_is_the_same_rotation(q: np.ndarray, reference: np.ndarray) -> None:
    chosen = geometry.near(q, reference)
    assert np.array_equal(np.abs(chosen), np.abs(q))
    assert chosen @ reference >= 0


@given(POSES, POSES, RATIOS)
def test_interpolation_meets_its_ends_and_turns_evenly(a: np.ndarray, b: np.ndarray, ratio: float) -> None:
    assert same_pose(geometry.interpolate(a, b, 0.0), a)
    assert same_pose(geometry.interpolate(a, b, 1.0), b)
    part = geometry.interpolate(a, b, ratio)
    assert np.linalg.norm(part[3:]) == pytest.approx(1.0)
    whole = geometry.angle_between(a[3:], b[3:])
    # A half turn has two shortest ways; any other has one, and the part lies on it.
    assert geometry.angle_between(a[3:], part[3:]) == pytest.approx(ratio * whole, abs=1e-7)
    assert np.allclose(part[:3], a[:3] + ratio * (b[:3] - a[:3]), atol=1e-12)


@given(POSES, POSES, RATIOS)
def test_interpolation_does_not_care_which_spelling_of_a_rotation_it_gets(
    a: np.ndarray, b: np.ndarray, ratio: float
) -> None:
    if abs(a[3:] @ b[3:]) < 1e-6:  # a half turn, where both ways are as short
        return
    other = b * np.array([1, 1, 1, -1, -1, -1, -1])
    assert same_pose(geometry.interpolate(a, b, ratio), geometry.interpolate(a, other, ratio))


def test_interpolation_takes_a_ratio_for_each_pose() -> None:
    a, b = np.tile(geometry.IDENTITY, (3, 1)), np.tile(geometry.pose((3, 0, 0)), (3, 1))
    assert np.allclose(geometry.interpolate(a, b, [0.0, 0.5, 1.0])[:, 0], [0, 1.5, 3])


def test_every_function_takes_a_whole_body_at_once() -> None:
    random = np.random.default_rng(1)
    poses = random.normal(size=(4, 5, 7))
    poses[..., 3:] = geometry.normalise(poses[..., 3:])
    one = geometry.pose((1, 2, 3), geometry.yaw(0.3))
    for index in np.ndindex(4, 5):
        pose = poses[index]
        assert np.allclose(geometry.compose(one, poses)[index], geometry.compose(one, pose))
        assert np.allclose(geometry.invert(poses)[index], geometry.invert(pose))
        assert np.allclose(geometry.mirror(poses)[index], geometry.mirror(pose))
        assert np.allclose(
            geometry.quaternions_of(geometry.rotation_matrices(poses[..., 3:]))[index],
            geometry.quaternions_of(geometry.rotation_matrices(pose[3:])),
        )


def test_the_identity_cannot_be_overwritten() -> None:
    with pytest.raises(ValueError, match="read-only"):
        geometry.IDENTITY[0] = 1.0
