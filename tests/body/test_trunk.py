"""The drawn trunk and legs meet the body's joints; legs that nobody tracks sit with their feet on the floor."""

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import ARM, LEG, PELVIS, TORSO, Body, Side, joint
from vrrehab.body.trunk import LEG_BONES, TOES, TRUNK_BONES, TRUNK_COUNT, TrunkRig
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


def bone(side: Side, name: str) -> int:
    """The number of a leg's bone among the matrices of trunk and legs."""
    return len(TRUNK_BONES) + (len(LEG_BONES) if side is Side.RIGHT else 0) + LEG_BONES.index(name)


def drawn_joints(palette: np.ndarray, side: Side) -> np.ndarray:
    """Where hip, knee, ankle and ball of a leg are drawn, (4, 3), each with the bone that begins there."""
    begins = ("thigh_1", "shin_1", "foot", "big_toe_proximal")
    at = REST.joints * (np.ones(3) if side is Side.LEFT else M)
    return np.array([drawn(palette, bone(side, name), point) for name, point in zip(begins, at, strict=True)])


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
    for side in Side:
        hip, knee, ankle, ball = drawn_joints(palette, side)
        assert ankle[1] == pytest.approx(REST.joints[2, 1] * size, abs=0.01)
        assert ball[1] == pytest.approx(REST.joints[3, 1] * size, abs=0.01)
        assert knee[2] < hip[2] - 0.3
        assert abs(knee[2] - ankle[2]) < 0.01
        assert ball[2] < ankle[2] - 0.05
        # Each bone ends where the next begins, and keeps the avatar's proportions.
        m = np.ones(3) if side is Side.LEFT else M
        np.testing.assert_allclose(drawn(palette, bone(side, "thigh_2"), REST.joints[1] * m), knee, atol=1e-5)
        np.testing.assert_allclose(drawn(palette, bone(side, "shin_2"), REST.joints[2] * m), ankle, atol=1e-5)
        np.testing.assert_allclose(drawn(palette, bone(side, "foot"), REST.joints[3] * m), ball, atol=1e-5)
        shin = np.linalg.norm(REST.joints[2] - REST.joints[1]) * size
        assert np.linalg.norm(ankle - knee) == pytest.approx(shin, rel=1e-3)


def test_untracked_legs_do_not_sway_with_the_shoulders_and_go_where_the_pelvis_goes():
    rig, seen = TrunkRig(REST), body()

    def legs(of: TrunkRig) -> np.ndarray:
        palette = np.zeros((TRUNK_COUNT, 4, 4), np.float32)
        of.pose(seen.poses, palette)
        return palette[len(TRUNK_BONES) :]

    before = legs(rig)
    seen.poses[joint(Side.LEFT, "shoulder"), 0] -= 0.004
    assert (legs(rig) == before).all()
    seen.poses[PELVIS, 2] += 0.004
    moved = legs(rig)
    assert (moved != before).any()
    assert (moved == legs(TrunkRig(REST))).all()
    seen.poses[joint(Side.LEFT, "shoulder"), 0] -= 0.04
    assert (legs(rig) == legs(TrunkRig(REST))).all()


def test_the_legs_of_a_mirrored_body_are_mirrored_to_the_last_bit():
    rng = np.random.default_rng(3)
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    split = bone(Side.RIGHT, "thigh_1")
    for tracked in (False, True):
        seen, other = body(0.3), body(0.3)
        seen.poses[PELVIS, 3:] = geometry.normalise(rng.normal(size=4))
        other.poses[PELVIS] = geometry.mirror(seen.poses[PELVIS])
        if tracked:
            for side in Side:
                leg = geometry.compose(seen.poses[PELVIS], seated_leg(side))
                leg[:, 3:] = geometry.normalise(leg[:, 3:] + 0.2 * rng.normal(size=(4, 4)))
                seen.poses[LEG[side]] = leg
                other.poses[LEG[side.other]] = geometry.mirror(leg)
        # The pelvis is lopsided here, and the shoulders are not: only the legs are compared.
        ours, theirs = palette_of(seen), palette_of(other)
        assert (theirs[split:] == flip @ ours[2:split] @ flip).all()
        assert (theirs[2:split] == flip @ ours[split:] @ flip).all()


def seated_leg(side: Side) -> np.ndarray:
    """A leg (4, 7) in the pelvis's space, knee and foot bent at right angles."""
    sign = -1 if side is Side.LEFT else 1
    at = [(0.09 * sign, 0, 0), (0.12 * sign, 0, -0.4), (0.12 * sign, -0.4, -0.4), (0.14 * sign, -0.46, -0.54)]
    return np.array([geometry.pose(each) for each in at])


def test_the_foot_looks_to_the_ball_and_the_toes_begin_around_it():
    ankle, ball = REST.joints[2:]
    foot = LEG_BONES.index("foot")
    np.testing.assert_allclose(-REST.frames[foot][:, 2], (ball - ankle) / np.linalg.norm(ball - ankle), atol=2e-3)
    proximal = REST.heads[foot + 1 :: 2]
    np.testing.assert_allclose(proximal.mean(axis=0), ball)
    assert np.linalg.norm(proximal - ball, axis=1).max() < 0.05


def test_tracked_legs_are_drawn_where_they_are():
    seen = body()
    points = np.array([(0.1, 0.6, 0.1), (0.15, 0.75, -0.3), (0.2, 0.4, -0.5), (0.2, 0.4, -0.65)])
    seen.poses[LEG[Side.RIGHT]] = [geometry.pose(point) for point in points]
    palette = palette_of(seen)
    np.testing.assert_allclose(drawn_joints(palette, Side.RIGHT), points, atol=1e-5)
    np.testing.assert_allclose(drawn(palette, bone(Side.RIGHT, "thigh_2"), REST.joints[1] * M), points[1], atol=1e-5)


def test_a_turned_foot_turns_the_shin_by_a_quarter_and_by_seven_tenths():
    upright, turned = body(), body()
    leg = geometry.compose(upright.poses[PELVIS], seated_leg(Side.LEFT))
    angle = np.radians(30.0)
    turned_leg = leg.copy()
    foot = geometry.pose((0, 0, 0), geometry.yaw(angle))
    turned_leg[3, :3] = leg[2, :3] + geometry.rotate(foot[3:], leg[3, :3] - leg[2, :3])
    turned_leg[2:, 3:] = foot[3:]
    upright.poses[LEG[Side.LEFT]], turned.poses[LEG[Side.LEFT]] = leg, turned_leg
    before, after = palette_of(upright), palette_of(turned)
    for name, share in (("thigh_2", 0.0), ("shin_1", 0.25), ("shin_2", 0.7), ("foot", 1.0)):
        change = unit(before[bone(Side.LEFT, name)]) @ unit(after[bone(Side.LEFT, name)]).T
        found = np.degrees(np.arccos(np.clip((np.trace(change) - 1) / 2, -1, 1)))
        assert found == pytest.approx(30.0 * share, abs=0.6)


def test_a_turned_thigh_turns_its_upper_half_half_as_far():
    straight, turned = body(), body()
    leg = geometry.compose(straight.poses[PELVIS], seated_leg(Side.LEFT))
    turned_leg = leg.copy()
    along = (leg[1, :3] - leg[0, :3]) / np.linalg.norm(leg[1, :3] - leg[0, :3])
    turned_leg[0, 3:] = np.append(along * np.sin(np.radians(20.0)), np.cos(np.radians(20.0)))
    straight.poses[LEG[Side.LEFT]], turned.poses[LEG[Side.LEFT]] = leg, turned_leg
    before, after = palette_of(straight), palette_of(turned)
    for name, degrees in (("thigh_1", 20.0), ("thigh_2", 40.0), ("shin_1", 0.0)):
        change = unit(before[bone(Side.LEFT, name)]) @ unit(after[bone(Side.LEFT, name)]).T
        found = np.degrees(np.arccos(np.clip((np.trace(change) - 1) / 2, -1, 1)))
        assert found == pytest.approx(degrees, abs=1.5)


def with_ball_bent(by_rad: float) -> Body:
    """A body whose left toes are bent so far towards the sole."""
    out = body()
    leg = geometry.compose(out.poses[PELVIS], seated_leg(Side.LEFT))
    bend = np.array([-np.sin(by_rad / 2), 0.0, 0.0, np.cos(by_rad / 2)])
    leg[3, 3:] = geometry.quaternion_multiply(leg[2, 3:], bend)
    out.poses[LEG[Side.LEFT]] = leg
    return out


def test_toes_that_are_clenched_bend_at_their_own_joints_too():
    straight, curled = palette_of(with_ball_bent(0.0)), palette_of(with_ball_bent(0.7))
    for toe, share in zip(TOES, (0.9, 1.4, 1.4, 1.3, 1.2), strict=True):
        turned = []
        for name in (f"{toe}_proximal", f"{toe}_distal"):
            i = bone(Side.LEFT, name)
            change = unit(straight[i]).T @ unit(curled[i])
            turned.append(np.arccos((np.trace(change) - 1) / 2))
            # Bent at its joint, towards the sole.
            ahead = REST.heads[LEG_BONES.index(name)] - np.array([0.0, 0.0, 0.02])
            assert drawn(curled, i, ahead)[1] < drawn(straight, i, ahead)[1] - 0.003
        assert turned[0] == pytest.approx(0.7, abs=1e-3)
        # Toes' axes lie a little aside of each other's and of the foot's.
        assert turned[1] == pytest.approx(0.7 * (1.0 + share), abs=0.08)


def test_toes_that_are_raised_stay_straight():
    flat, raised = palette_of(with_ball_bent(0.0)), palette_of(with_ball_bent(-0.5))
    for toe in TOES:
        near, far = (bone(Side.LEFT, f"{toe}_{name}") for name in ("proximal", "distal"))
        np.testing.assert_allclose(flat[near], flat[far], atol=1e-6)
        np.testing.assert_allclose(raised[near], raised[far], atol=1e-6)


def test_toes_follow_the_turn_of_the_ball_of_the_foot():
    flat, raised = body(), body()
    leg = geometry.compose(flat.poses[PELVIS], seated_leg(Side.LEFT))
    flat.poses[LEG[Side.LEFT]] = leg
    lifted = leg.copy()
    lifted[3, 3:] = np.sin(0.2), 0.0, 0.0, np.cos(0.2)
    raised.poses[LEG[Side.LEFT]] = lifted
    before, after = palette_of(flat), palette_of(raised)
    for name in LEG_BONES:
        i = bone(Side.LEFT, name)
        change = unit(before[i]).T @ unit(after[i])
        expected = 0.4 if "toe" in name else 0.0
        assert np.arccos(np.clip((np.trace(change) - 1) / 2, -1, 1)) == pytest.approx(expected, abs=2e-3)


def test_without_torso_or_pelvis_nothing_is_written():
    for missing in (TORSO, PELVIS):
        seen = body()
        seen.poses[missing] = np.nan
        palette = np.full((TRUNK_COUNT, 4, 4), 7.0, np.float32)
        assert not RIG.pose(seen.poses, palette)
        assert (palette == 7.0).all()


def unit(row_matrix: np.ndarray) -> np.ndarray:
    """The rotation nearest to the upper left of a matrix."""
    u, _, vt = np.linalg.svd(row_matrix[:3, :3].astype(float))
    return u @ vt
