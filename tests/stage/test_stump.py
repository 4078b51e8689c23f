"""Residual limbs: closed where they end, solid while the virtual limb fades, at every level of loss."""

from __future__ import annotations

import numpy as np
import pytest
from panda3d import core

from telemetry.messages import Appearance
from vrrehab.body.loss import ARM_LEVELS, LEG_LEVELS, Loss, arm_ends, leg_ends
from vrrehab.body.skeleton import Side, joint
from vrrehab.stage.avatar import body_model
from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.glb import Mesh
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage
from vrrehab.stage.stump import LimbLine, residual

MODEL = body_model()
LINES = {"arm": LimbLine.arm(MODEL, Side.LEFT), "leg": LimbLine.leg(MODEL, Side.LEFT)}


def welded(mesh: Mesh) -> np.ndarray:
    """The faces with vertices that lie in one place as one, without those that have no area left."""
    _, place = np.unique(np.round(mesh.points, 5), axis=0, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    return faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]


def open_places(mesh: Mesh) -> np.ndarray:
    """Where a mesh's surface ends: the points (n, 3) of edges that only one face has."""
    faces = welded(mesh)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    once, count = np.unique(edges, axis=0, return_counts=True)
    places = np.unique(np.round(mesh.points, 5), axis=0)
    return places[np.unique(once[count == 1])]


LEVELS = [("arm", name, at) for name, at in ARM_LEVELS.items() if at >= 1.0]
LEVELS += [("leg", name, at) for name, at in LEG_LEVELS.items() if at >= 1.0]


@pytest.mark.parametrize("tier", ["full", "low"])
@pytest.mark.parametrize(("limb", "level", "at"), LEVELS, ids=[name for _, name, _ in LEVELS])
def test_a_residual_limb_is_closed_where_it_ends(limb: str, level: str, at: float, tier: str) -> None:
    whole, line = MODEL.meshes[f"left_{limb}_{tier}"], LINES[limb]
    end_m = float(line.metres(at))
    left = residual(whole, line, end_m)
    assert left is not None
    # It is open only where the whole limb is: under the sleeve or the shorts.
    highest = open_places(whole)
    assert len(open_places(left)) == pytest.approx(len(highest), abs=2)
    distance = np.linalg.norm(open_places(left)[:, None] - highest, axis=2).min(axis=1)
    assert distance.max() < 1e-4
    # Its end is round: it reaches past the cut by less than it is thick.
    beyond = line.along(left) - end_m
    assert -0.02 < beyond.max() < 0.06
    np.testing.assert_allclose(np.linalg.norm(left.normals, axis=1), 1.0, atol=1e-4)


@pytest.mark.parametrize(("limb", "level", "at"), LEVELS, ids=[name for _, name, _ in LEVELS])
def test_a_residual_limb_follows_no_bone_that_is_lost(limb: str, level: str, at: float) -> None:
    line = LINES[limb]
    end_m = float(line.metres(at))
    left = residual(MODEL.meshes[f"left_{limb}_full"], line, end_m)
    assert left is not None
    lost = [bone for bone, _ in line.handed_on(end_m)]
    assert lost
    assert not np.isin(left.joints[left.weights > 0.0], lost).any()
    np.testing.assert_allclose(left.weights.sum(axis=1), 1.0, atol=1e-5)


def test_a_hem_that_reaches_past_the_end_leaves_no_second_end_inside() -> None:
    model = body_model(Appearance(sex=0.0, weight=0.0, muscle=0.0, age_years=90.0, proportions=0.0))
    line = LimbLine.arm(model, Side.LEFT)
    sleeve, end_m = model.meshes["left_sleeve_full"], float(line.metres(ARM_LEVELS["upper_arm"]))
    left = residual(sleeve, line, end_m)
    assert left is not None
    # At its upper end it is as open as the whole is, and at the other closed.
    upper = sleeve.points[line.along(sleeve) < 0.7 * end_m]
    distance = np.linalg.norm(open_places(left)[:, None] - upper, axis=2).min(axis=1)
    assert distance.max() < 1e-4


def test_distance_along_a_limb_grows_from_joint_to_joint() -> None:
    for limb, names in (("arm", ("upper_arm_1", "forearm_1", "wrist", "middle_proximal", "middle_distal")),
                        ("leg", ("thigh_1", "shin_1", "foot", "toe_3_proximal", "toe_3_distal"))):  # fmt: skip
        mesh, line = MODEL.meshes[f"left_{limb}_full"], LINES[limb]
        along = line.along(mesh)
        joints = [MODEL.rest[MODEL.bones.index(f"left_{name}"), :3, 3] for name in names]
        nearest = [along[np.linalg.norm(mesh.points - joint, axis=1).argsort()[:40]].mean() for joint in joints[1:]]
        assert nearest == sorted(nearest)
        assert nearest[0] == pytest.approx(line.metres(1.0), abs=0.03)


def test_both_sides_ends_are_mirror_images() -> None:
    right = LimbLine.arm(MODEL, Side.RIGHT)
    end_m = float(right.metres(1.5))
    ours = residual(MODEL.meshes["left_arm_low"], LINES["arm"], end_m)
    theirs = residual(MODEL.meshes["right_arm_low"], right, end_m)
    assert ours is not None
    assert theirs is not None
    distance = np.linalg.norm(theirs.points[:, None] * [-1, 1, 1] - ours.points, axis=2).min(axis=1)
    assert distance.max() < 1e-6


def test_of_several_losses_of_one_limb_the_nearest_to_the_trunk_counts() -> None:
    losses = [Loss(Side.LEFT, "fingers"), Loss(Side.LEFT, "elbow"), Loss(Side.RIGHT, "ankle")]
    assert arm_ends(losses, Side.LEFT) == ARM_LEVELS["elbow"]
    assert arm_ends(losses, Side.RIGHT) is None
    assert leg_ends(losses, Side.RIGHT) == LEG_LEVELS["ankle"]


def test_an_unknown_level_of_loss_is_refused() -> None:
    with pytest.raises(ValueError, match=r"level of loss .*wrist.*got 'hand'"):
        Loss(Side.LEFT, "hand")


def test_a_boundary_lies_on_the_line_of_the_limb_that_it_ends() -> None:
    shoulder, elbow, wrist = (
        MODEL.rest[MODEL.bones.index(f"left_{name}"), :3, 3] for name in ("upper_arm_1", "forearm_1", "wrist")
    )
    for ends, place, bone in ((0.5, (shoulder + elbow) / 2, "upper_arm_1"), (1.0, elbow, "upper_arm_1"),
                              (1.25, 0.75 * elbow + 0.25 * wrist, "forearm_1"), (2.0, wrist, "forearm_1")):  # fmt: skip
        at, moves_with = LINES["arm"].boundary(ends)
        np.testing.assert_allclose(at, place, atol=1e-9)
        assert MODEL.bones[moves_with] == f"left_{bone}"


@pytest.fixture(scope="module")
def amputee() -> Stage:
    return Stage("therapy_room", Tier.LOW, losses=[Loss(Side.LEFT, "forearm"), Loss(Side.RIGHT, "below_knee")])


def test_the_virtual_part_fades_and_the_residual_limb_stays(amputee: Stage) -> None:
    top = amputee.place.table.top_m + 0.04
    view = seated(-50.0, left=((0.14, top, -0.42), 0.0, 0.0), right=((0.14, top, -0.42), 0.0, 0.0))
    display = OffscreenDisplay(amputee, (320, 240))

    def draw(opacity: float) -> np.ndarray:
        view.opacity[Side.LEFT] = opacity
        frame = display.wait()
        assert frame is not None
        display.draw(frame, view)
        return display.picture().astype(int)

    def pixel(place: np.ndarray) -> tuple[int, int]:
        camera, seen = amputee.root.find("**/+Camera"), core.LPoint2()
        assert camera.node().get_lens().project(camera.get_relative_point(amputee.root, core.LPoint3(*place)), seen)
        return int((1 - seen.y) / 2 * 240), int((1 + seen.x) / 2 * 320)

    try:
        poses = view.virtual.poses
        elbow, wrist = poses[joint(Side.LEFT, "elbow"), :3], poses[joint(Side.LEFT, "wrist"), :3]
        solid, half, gone = draw(1.0), draw(0.5), draw(0.0)
        hand, near = pixel(wrist - np.array([0.0, 0.0, 0.05])), pixel(elbow + 0.3 * (wrist - elbow))
        assert np.abs(solid[near] - half[near]).max() < 12
        assert np.abs(solid[near] - gone[near]).max() < 12
        assert np.abs(solid[hand] - gone[hand]).max() > 20
        apart = np.linalg.norm(solid[hand] - gone[hand])
        assert 6 < np.linalg.norm(half[hand] - solid[hand]) < apart
        assert 6 < np.linalg.norm(half[hand] - gone[hand]) < apart
    finally:
        display.close()


def test_an_enlarged_virtual_limb_reaches_farther_and_the_other_stays(amputee: Stage) -> None:
    top = amputee.place.table.top_m + 0.04
    view = seated(-50.0, left=((0.14, top, -0.42), 0.0, 0.0), right=((0.14, top, -0.42), 0.0, 0.0))
    display = OffscreenDisplay(amputee, (320, 240))

    def draw(size: float) -> np.ndarray:
        view.limb_size = size
        frame = display.wait()
        assert frame is not None
        display.draw(frame, view)
        return display.picture().astype(int)

    try:
        usual, large = draw(1.0), draw(1.3)
        changed = (np.abs(large - usual) > 15).any(axis=2)
        # The left hand now covers more, and its far end lies farther up in the picture; the right side is as it was.
        assert changed[:, :160].mean() > 0.01
        assert changed[:, 175:].mean() < 0.002
    finally:
        display.close()
