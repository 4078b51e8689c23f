"""The drawn trunk and legs meet the body's joints; legs that nobody tracks sit with their feet on the floor."""

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import ARM, LEG, PELVIS, TORSO, Body, Side, joint
from vrrehab.body.trunk import LEG_BONES, TRUNK_COUNT, TrunkRig
from vrrehab.stage.avatar import body_model, rest_trunk

REST = rest_trunk(body_model())
RIG = TrunkRig(REST)
M = np.array([-1.0, 1.0, 1.0])


def body(lean_rad: float = 0.0) -> Body:
    body = Body.unseen()
    lean = np.array([-np.sin(lean_rad / 2), 0.0, 0.0, np.cos(lean_rad / 2)])
    body.poses[PELVIS] = geometry.pose((0.0, 0.60, 0.08))
    body.poses[TORSO] = geometry.pose(body.poses[PELVIS, :3] + geometry.rotate(lean, np.array([0.0, 0.48, 0.0])), lean)
    for side, sign in ((Side.LEFT, -1), (Side.RIGHT, 1)):
        body.poses[ARM[side].start] = geometry.compose(body.poses[TORSO], geometry.pose((0.19 * sign, 0, 0)))
    return body


def palette_of(of: Body) -> np.ndarray:
    palette = np.zeros((TRUNK_COUNT, 4, 4), np.float32)
    assert RIG.pose(of.poses, palette)
    return palette.astype(float)


def drawn(palette: np.ndarray, bone: int, rest_point: np.ndarray) -> np.ndarray:
    return np.append(rest_point, 1.0) @ palette[bone, :, :3]


@pytest.mark.parametrize("lean_rad", [0.0, 0.4, -0.2])
def test_the_chest_brings_its_shoulders_to_the_bodys_shoulders(lean_rad):
    seen = body(lean_rad)
    palette = palette_of(seen)
    for side, m in ((Side.LEFT, np.ones(3)), (Side.RIGHT, M)):
        at = drawn(palette, 1, REST.shoulder * m)
        np.testing.assert_allclose(at, seen.poses[joint(side, "shoulder"), :3], atol=1e-5)
    np.testing.assert_allclose(drawn(palette, 0, REST.pelvis), seen.poses[PELVIS, :3], atol=1e-6)


def test_untracked_legs_sit_with_upright_shins_and_feet_on_the_floor():
    palette = palette_of(body())
    size = np.linalg.norm(palette[1, 0, :3])
    for first, m in ((2, np.ones(3)), (6, M)):
        hip, knee, ankle, ball = (drawn(palette, first + i, REST.heads[i] * m) for i in range(4))
        assert ankle[1] == pytest.approx(REST.heads[2, 1] * size, abs=0.01)
        assert ball[1] == pytest.approx(REST.heads[3, 1] * size, abs=0.01)
        assert knee[2] < hip[2] - 0.3
        assert abs(knee[2] - ankle[2]) < 0.01
        assert ball[2] < ankle[2] - 0.05
        # Each bone ends where the next begins, and keeps the avatar's proportions.
        np.testing.assert_allclose(drawn(palette, first, REST.heads[1] * m), knee, atol=1e-5)
        np.testing.assert_allclose(drawn(palette, first + 1, REST.heads[2] * m), ankle, atol=1e-5)
        shin = np.linalg.norm(REST.heads[2] - REST.heads[1]) * size
        assert np.linalg.norm(ankle - knee) == pytest.approx(shin, rel=1e-3)


def test_the_seated_legs_are_mirror_images_of_each_other():
    palette = palette_of(body())
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(palette[6:], flip @ palette[2:6] @ flip, atol=1e-6)


def test_tracked_legs_are_drawn_where_they_are():
    seen = body()
    points = {"hip": (0.1, 0.6, 0.1), "knee": (0.15, 0.75, -0.3), "ankle": (0.2, 0.4, -0.5), "ball": (0.2, 0.4, -0.65)}
    for name, point in points.items():
        seen.poses[joint(Side.RIGHT, name)] = geometry.pose(point)
    palette = palette_of(seen)
    for i, name in enumerate(points):
        np.testing.assert_allclose(drawn(palette, 6 + i, REST.heads[i] * M), points[name], atol=1e-5)
    np.testing.assert_allclose(drawn(palette, 6, REST.heads[1] * M), points["knee"], atol=1e-5)


def test_without_torso_or_pelvis_nothing_is_written():
    for missing in (TORSO, PELVIS):
        seen = body()
        seen.poses[missing] = np.nan
        palette = np.full((TRUNK_COUNT, 4, 4), 7.0, np.float32)
        assert not RIG.pose(seen.poses, palette)
        assert (palette == 7.0).all()


def test_the_legs_bones_are_in_the_order_of_the_bodys_leg_joints():
    assert len(LEG_BONES) == LEG[Side.LEFT].stop - LEG[Side.LEFT].start
    assert 2 + 2 * len(LEG_BONES) == TRUNK_COUNT
