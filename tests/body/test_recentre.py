"""Session space: below the head, facing where it faced, and upright whatever the head did."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from vrrehab import geometry
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HEAD, Body

YAWS = st.floats(-3.1, 3.1)
TILTS = st.floats(-1.0, 1.0)
METRES = st.floats(-3, 3)


def head_at(x: float, y: float, z: float, yaw: float, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    nod = np.array([np.sin(pitch / 2), 0, 0, np.cos(pitch / 2)])
    tilt = np.array([0, 0, np.sin(roll / 2), np.cos(roll / 2)])
    turn = geometry.quaternion_multiply(geometry.quaternion_multiply(geometry.yaw(yaw), nod), tilt)
    return geometry.pose((x, y, z), turn)


@given(METRES, st.floats(0.5, 2), METRES, YAWS, TILTS, TILTS)
def test_the_head_is_above_the_origin_and_faces_ahead(
    x: float, y: float, z: float, yaw: float, pitch: float, roll: float
) -> None:
    body = Body.unseen()
    body.poses[HEAD] = head_at(x, y, z, yaw, pitch, roll)
    recentring = Recentring.from_head(body.poses[HEAD])
    recentring.to_session(body)
    assert np.allclose(body.poses[HEAD, :3], [0, y, 0], atol=1e-9)
    assert geometry.yaw_of(body.poses[HEAD, 3:]) == pytest.approx(0.0, abs=1e-9)
    assert recentring.eye_height_m == y


@given(METRES, METRES, YAWS, TILTS, TILTS)
def test_session_space_stays_upright_and_on_the_floor_however_the_head_tilts(
    x: float, z: float, yaw: float, pitch: float, roll: float
) -> None:
    pose = Recentring.from_head(head_at(x, 1.2, z, yaw, pitch, roll)).reference_from_session
    assert pose[1] == 0.0
    assert np.allclose(geometry.rotate(pose[3:], np.array([0.0, 1.0, 0.0])), [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("pitch", [-np.pi / 2, np.pi / 2])
@pytest.mark.parametrize("yaw", [-2.0, 0.0, 0.7])
def test_a_head_that_looks_straight_up_or_down_still_has_a_heading(yaw: float, pitch: float) -> None:
    pose = Recentring.from_head(head_at(0, 1.2, 0, yaw, pitch)).reference_from_session
    assert geometry.yaw_of(pose[3:]) == pytest.approx(yaw)


def test_every_joint_goes_along_rigidly_and_unseen_ones_stay_unseen(make_body) -> None:
    body = make_body(right=None)
    before = body.poses.copy()
    recentring = Recentring.from_head(head_at(0.4, 1.2, -0.3, 0.8))
    recentring.to_session(body)
    back = geometry.compose(recentring.reference_from_session, body.poses)
    assert np.array_equal(np.isnan(body.poses), np.isnan(before))
    seen = ~np.isnan(before[:, 0])
    assert np.allclose(back[seen], before[seen], atol=1e-12)


def test_a_head_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a head pose to recentre on, but it is NaN"):
        Recentring.from_head(np.full(7, np.nan))
