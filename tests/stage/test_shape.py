"""The body becomes the person's: on the floor, as tall as measured, with clothes outside the skin."""

from __future__ import annotations

import functools
import itertools
from dataclasses import astuple, replace

import numpy as np
import pytest

from models.bake.__main__ import MODELS
from telemetry.messages import Appearance, Measures
from vrrehab import geometry
from vrrehab.body import hands, ik
from vrrehab.body.rig import ARM_BONES, BONE_COUNT, ArmRig
from vrrehab.body.skeleton import ARM, FINGERS, HAND, PELVIS, TORSO, Body, Side, joint
from vrrehab.body.trunk import LEG_BONES, TRUNK_COUNT, TrunkRig
from vrrehab.errors import BadModel, NotPossible
from vrrehab.stage.avatar import body_model, build_of, rest_arm, rest_trunk
from vrrehab.stage.glb import Mesh, Model
from vrrehab.stage.material import PALETTE_SIZE
from vrrehab.stage.shape import body_shapes, coefficients, read_shapes, shaped

MIDDLE = body_model()
SHAPES = body_shapes()
CORNERS = [
    Appearance(sex=sex, age_years=age, muscle=muscle, weight=weight, proportions=0.5)
    for sex, age, muscle, weight in itertools.product((0.0, 1.0), (25.0, 90.0), (0.0, 1.0), (0.0, 1.0))
]
M = np.array([-1, 1, 1], np.float32)


def person(appearance: Appearance | None = None, **measures: float) -> Model:
    return shaped(MIDDLE, SHAPES, appearance or Appearance(), Measures(**measures))


@functools.cache
def corners() -> list[Model]:
    return [person(appearance) for appearance in CORNERS]


def random_people(count: int, seed: int = 11) -> list[Model]:
    rng = np.random.default_rng(seed)
    return [
        person(
            Appearance(
                sex=rng.uniform(),
                age_years=rng.uniform(18, 95),
                weight=rng.uniform(),
                muscle=rng.uniform(),
                proportions=rng.uniform(),
            ),
            stature_m=rng.uniform(1.45, 2.05),
        )
        for _ in range(count)
    ]


def bone(model: Model, name: str) -> np.ndarray:
    return model.rest[model.bones.index(name), :3, 3]


def test_the_person_in_the_middle_is_the_body_as_it_was_baked():
    same = person(Appearance(age_years=25.0), stature_m=MIDDLE.stature_m)
    for name, mesh in MIDDLE.meshes.items():
        # Two sexes stand on heels of their own height, and their mean a little above its own.
        np.testing.assert_allclose(same.meshes[name].points, mesh.points, atol=1.5e-3)
        assert (same.meshes[name].normals * mesh.normals).sum(axis=1).min() > 0.999
    np.testing.assert_allclose(same.rest[:, :3, 3], MIDDLE.rest[:, :3, 3], atol=1.5e-3)
    np.testing.assert_allclose(same.rest[:, :3, :3], MIDDLE.rest[:, :3, :3], atol=1.5e-2)


def test_coefficients_are_shares_of_the_anchors_on_both_sides():
    sex, age, muscle, weight, proportions = coefficients(
        Appearance(sex=0.25, age_years=57.5, muscle=0.0, weight=0.75, proportions=0.5)
    )
    assert sex.tolist() == [0.75, 0.25]
    assert age.tolist() == [0.5, 0.5]
    assert muscle.tolist() == [1.0, 0.0, 0.0]
    assert weight.tolist() == [0.0, 0.5, 0.5]
    assert proportions.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("stature_m", [1.45, 1.68, 2.0])
def test_every_bone_is_as_long_as_its_share_of_the_stature(stature_m):
    look = Appearance(sex=0.8, weight=0.7)
    own, other = person(look), person(look, stature_m=stature_m)
    assert other.stature_m == stature_m
    ratio = stature_m / own.stature_m
    np.testing.assert_allclose(other.rest[:, :3, 3], ratio * own.rest[:, :3, 3], rtol=1e-5, atol=1e-6)
    for name in own.meshes:
        np.testing.assert_allclose(other.meshes[name].points, np.float32(ratio) * own.meshes[name].points, atol=1e-5)


def test_men_are_taller_than_women_and_weight_widens_the_waist():
    woman, man = person(Appearance(sex=0.0)), person(Appearance(sex=1.0))
    assert man.stature_m > woman.stature_m + 0.08
    # The mean spread: a fold more at either end of it is no wider waist.
    waists = [np.prod(_waist(person(Appearance(weight=w))).std(axis=0)) for w in (0.0, 0.5, 1.0)]
    assert 1.04 * waists[0] < waists[1] < waists[2] / 1.04


def _waist(model: Model) -> np.ndarray:
    """The shirt's vertices half way between hips and shoulders, from above (n, 2)."""
    points, middle = model.meshes["shirt_full"].points, (bone(model, "pelvis")[1] + bone(model, "chest")[1]) / 2
    return points[np.abs(points[:, 1] - middle) < 0.02][:, [0, 2]]


def test_everyone_stands_on_the_floor():
    for model in random_people(6):
        assert abs(model.meshes["left_leg_full"].points[:, 1].min()) < 3e-3


def test_right_and_left_are_mirror_images_to_the_last_bit_for_any_shape():
    reflection = np.diag([-1.0, 1.0, 1.0, 1.0])
    for model in random_people(4):
        for name, mesh in model.meshes.items():
            if name.startswith("left_"):
                right = model.meshes[name.replace("left_", "right_")]
                assert (right.points == mesh.points * M).all()
                assert (right.normals == mesh.normals * M).all()
        for i, name in enumerate(model.bones):
            if name.startswith("left_"):
                other = model.rest[model.bones.index(name.replace("left_", "right_"))]
                assert (other == reflection @ model.rest[i] @ reflection).all()
        for name, tip in model.points.items():
            if name.startswith("left_"):
                assert (model.points[name.replace("left_", "right_")] == tip * [-1, 1, 1]).all()


def test_rest_frames_of_any_shape_are_rotations_that_look_along_their_bones():
    for model in random_people(3):
        frames = model.rest[:, :3, :3]
        np.testing.assert_allclose(frames.transpose(0, 2, 1) @ frames - np.eye(3), 0.0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.det(frames), 1.0)
        for finger in FINGERS:
            names = [f"left_{finger}_{part}" for part in ("metacarpal", "proximal", "intermediate", "distal")]
            ends = [*(bone(model, name) for name in names[1:]), model.points[f"left_{finger}_tip"]]
            for name, end in zip(names, ends, strict=True):
                along = (end - bone(model, name)) / np.linalg.norm(end - bone(model, name))
                np.testing.assert_allclose(-model.rest[model.bones.index(name), :3, 2], along, atol=1e-3)


def test_normals_stay_unit_and_point_out_of_the_skin():
    for appearance in (CORNERS[1], CORNERS[-1], CORNERS[8]):
        for mesh in person(appearance).meshes.values():
            np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-3)
            corner = mesh.points[mesh.faces]
            face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
            assert ((face * mesh.normals[mesh.faces].sum(axis=1)).sum(axis=1) > 0).mean() > 0.97


def clearance(skin: Mesh, cloth: Mesh, at: np.ndarray, reach: float = 0.05) -> np.ndarray:
    """How far outside each of the skin's vertices `at` the cloth is, along the normal; NaN where there is none.

    What closes a sleeve or a leg of the shorts lies across the limb and is not meant.
    """
    a, b, c = (cloth.points[cloth.faces[:, i]].astype(float) for i in range(3))
    middle, facing = (a + b + c) / 3, np.cross(b - a, c - a)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    out = np.full(len(at), np.nan)
    for i, vertex in enumerate(at):
        point, along = skin.points[vertex].astype(float), skin.normals[vertex].astype(float)
        near = np.flatnonzero((((middle - point) ** 2).sum(axis=1) < (reach + 0.02) ** 2) & (facing @ along > 0.3))
        # Möller and Trumbore (1997), all faces at once.
        first, second, origin = b[near] - a[near], c[near] - a[near], point - a[near]
        across = np.cross(along, second)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = 1.0 / (first * across).sum(axis=1)
            u = size * (origin * across).sum(axis=1)
            over = np.cross(origin, first)
            v, distance = size * (over @ along), size * (second * over).sum(axis=1)
            hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (distance < reach) & (distance > -0.02)
        if hit.any():
            out[i] = distance[hit].max()
    return out


@pytest.mark.parametrize(
    ("skin", "cloth", "least_m"),
    [("left_arm", "left_sleeve", 0.004), ("left_leg", "left_shorts", 0.008), ("neck", "shirt", 0.001)],
)
def test_the_clothes_of_every_corner_stay_outside_the_skin(skin, cloth, least_m):
    for tier in ("low", "full"):
        name, worn = f"{skin}_{tier}", f"{cloth}_{tier}"
        mesh = MIDDLE.meshes[name]
        everywhere = np.arange(0, len(mesh.points), 1 if tier == "low" else 5)
        covered = everywhere[clearance(mesh, MIDDLE.meshes[worn], everywhere) > 1e-3]
        assert len(covered) > 20
        for model in corners():
            gap = clearance(model.meshes[name], model.meshes[worn], covered)
            # A hem that has crept back leaves some skin bare: what is covered is outside.
            assert np.isfinite(gap).mean() > 0.65
            assert np.nanmin(gap) > least_m


def arm_of(side: Side, wrist: np.ndarray, scale: float, closure: float, model: Model) -> np.ndarray:
    """An arm (28, 7) with a hand `scale` times the canonical one's size at `wrist` (7,)."""
    out = np.empty((28, 7))
    hand = hands.hand_pose(side, closure)
    hand[:, :3] *= scale
    out[2:] = geometry.compose(wrist, hand)
    build = build_of(model)
    shoulder = np.array([build.shoulder_breadth / 2 * (1 if side is Side.RIGHT else -1), 1.0, 0.05])
    out[:2] = ik.solve_arm(shoulder, wrist[:3], build, ik.RESTING_ARM[side])
    return out


HAND_TIP = joint(Side.LEFT, "middle_tip") - HAND[Side.LEFT].start


#: Hand length, wrist's crease to middle fingertip: women's 5th to men's 95th percentile (Gordon and others 2012).
@pytest.mark.parametrize("hand_m", [0.164, 0.182, 0.194, 0.212])
def test_wrist_and_fingertips_of_the_avatar_meet_those_of_small_and_large_hands(hand_m):
    canonical = hands.hand_pose(Side.LEFT, 0.0)
    tip, wrist = canonical[HAND_TIP], canonical[1]
    scale = hand_m / float(np.linalg.norm(tip[:3] - wrist[:3]))
    palette = np.zeros((2 * BONE_COUNT, 4, 4), np.float32)
    for model, closure in zip((*random_people(2), person(CORNERS[1])), (0.0, 0.3, 0.1), strict=True):
        rig, mesh = ArmRig(rest_arm(model)), model.meshes["left_arm_full"]
        arm = arm_of(Side.LEFT, geometry.pose((-0.2, 0.9, -0.35), geometry.yaw(0.3)), scale, closure, model)
        assert rig.pose_arm(Side.LEFT, arm, palette)
        matrices = np.einsum("nk,nkij->nij", mesh.weights, palette[mesh.joints])
        points = np.einsum("ni,nij->nj", np.column_stack([mesh.points, np.ones(len(mesh.points))]), matrices)[:, :3]
        for finger in ("thumb", *FINGERS):
            at, before = (joint(Side.LEFT, f"{finger}_{part}") - ARM[Side.LEFT].start for part in ("tip", "distal"))
            along = arm[at, :3] - arm[before, :3]
            along /= np.linalg.norm(along)
            own = mesh.joints[:, 0] == ARM_BONES.index(f"{finger}_distal")
            # How far the drawn finger reaches beyond where the tracked one ends.
            assert abs(((points[own] - arm[at, :3]) @ along).max()) < 5e-3
        crease = np.append(bone(model, "left_wrist"), 1.0) @ palette[ARM_BONES.index("wrist")]
        assert np.linalg.norm(crease[:3] - arm[3, :3]) < 1e-4


def drawn_at(model: Model, palette: np.ndarray, name: str, of: str) -> np.ndarray:
    """Where a bone of the palette takes the place at which another begins."""
    return (np.append(bone(model, of), 1.0) @ palette[model.bones.index(name)].astype(float))[:3]


def test_bone_lengths_never_change_while_a_person_moves():
    rng = np.random.default_rng(5)
    for model in random_people(3):
        build, rest = build_of(model), rest_trunk(model)
        arms, trunk = ArmRig(rest_arm(model)), TrunkRig(rest)
        palette = np.zeros((2 * BONE_COUNT + TRUNK_COUNT, 4, 4), np.float32)
        seen = []
        for _ in range(8):
            body = Body.unseen()
            body.poses[PELVIS] = geometry.pose((0, 0.6, 0.1))
            body.poses[TORSO] = geometry.pose((0, 0.6 + build.shoulders_above_hips, 0.1))
            for side, sign in ((Side.LEFT, -1), (Side.RIGHT, 1)):
                wrist = geometry.pose(
                    (sign * rng.uniform(0.05, 0.25), rng.uniform(0.75, 1.1), rng.uniform(-0.3, -0.15)),
                    geometry.normalise(rng.normal(size=4)),
                )
                arm = arm_of(side, wrist, 1.0, rng.uniform(), model)
                shoulder = np.array([sign * build.shoulder_breadth / 2, body.poses[TORSO, 1], 0.1])
                arm[:2] = ik.solve_arm(shoulder, wrist[:3], build, ik.RESTING_ARM[side])
                body.poses[ARM[side]] = arm
            arms.pose(body.poses, palette)
            assert trunk.pose(body.poses, palette[2 * BONE_COUNT :])

            ends = [
                (("left_upper_arm_1", "left_upper_arm_1"), ("left_upper_arm_2", "left_forearm_1")),
                (("left_forearm_1", "left_forearm_1"), ("left_forearm_2", "left_wrist")),
                (("left_thigh_1", "left_thigh_1"), ("left_thigh_2", "left_shin_1")),
                (("left_shin_1", "left_shin_1"), ("left_shin_2", "left_foot")),
                (("pelvis", "pelvis"), ("chest", "chest")),
            ]
            drawn = [[drawn_at(model, palette, *end) for end in pair] for pair in ends]
            seen.append(np.linalg.norm(np.subtract(*np.swapaxes(drawn, 0, 1)), axis=1).tolist())
        np.testing.assert_allclose(seen, np.tile(seen[0], (len(seen), 1)), rtol=2e-4)
        upper, fore, thigh, shin, trunk_m = seen[0]
        # The arms are as long as people of that stature have them, trunk and legs as the shape says.
        assert upper == pytest.approx(build.upper_arm, rel=1e-3)
        assert fore == pytest.approx(build.forearm, rel=1e-3)
        joints = rest.joints
        assert thigh == pytest.approx(np.linalg.norm(joints[1] - joints[0]), rel=1e-3)
        assert shin == pytest.approx(np.linalg.norm(joints[2] - joints[1]), rel=1e-3)
        assert trunk_m == pytest.approx(rest.chest[1] - rest.pelvis[1], rel=1e-3)


def test_a_measured_reach_is_the_length_of_the_arm():
    model = person(stature_m=1.7)
    measured = build_of(model, Measures(stature_m=1.7, reach_m=0.5))
    assert measured.arm == pytest.approx(0.5)
    assert measured.shoulder_breadth == build_of(model).shoulder_breadth


@pytest.mark.parametrize("tier", ["full", "low"])
def test_a_collar_lies_on_the_skin_of_every_build(tier):
    # The edge itself faces out of the collar, up and forward.
    edge = MIDDLE.meshes[f"shirt_{tier}"].normals @ [0.0, np.cos(0.5), -np.sin(0.5)] > 0.9999
    assert edge.sum() > 40
    for appearance in (Appearance(), *CORNERS):
        model = person(appearance)
        skin, gaps = model.meshes[f"neck_{tier}"], []
        for point in model.meshes[f"shirt_{tier}"].points[edge]:
            away = point - skin.points
            nearest = (away**2).sum(axis=1).argmin()
            gaps.append(away[nearest] @ skin.normals[nearest])
        assert np.median(gaps) < 0.013, appearance
        assert max(gaps) < 0.028, appearance


@pytest.mark.parametrize("name", ["left_sleeve", "left_shorts"])
@pytest.mark.parametrize("tier", ["full", "low"])
def test_who_looks_into_a_sleeve_or_a_leg_of_the_shorts_finds_it_closed(name, tier):
    mesh = MIDDLE.meshes[f"{name}_{tier}"]
    _, place = np.unique(np.round(mesh.points / 1e-5).astype(int), axis=0, return_inverse=True)
    rim = np.unique(mesh.points[open_rim(mesh.faces, place.reshape(-1))], axis=0)
    # What is open is where the shirt begins, or in the mirror plane and at the waist under the shirt.
    end = bone(MIDDLE, "left_forearm_1" if name == "left_sleeve" else "left_shin_1")
    start = bone(MIDDLE, "left_upper_arm_1" if name == "left_sleeve" else "left_thigh_1")
    along = (rim - start) @ (end - start) / ((end - start) @ (end - start))
    assert len(rim)
    assert (along < 0.45).all()


def open_rim(faces: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The vertices on edges that only one face has, where vertices in one place are one."""
    edges = np.sort(place[faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)], axis=1)
    _, at, count = np.unique(edges, axis=0, return_index=True, return_counts=True)
    return faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)[at[count == 1]].reshape(-1)


@pytest.mark.parametrize("measured", [{"reach_m": 0.64}, {"hand_m": 0.165}, {"shin_m": 0.47, "reach_m": 0.5}])
def test_a_body_measured_while_it_is_shown_is_drawn_as_one_that_was_loaded_with_those_measures(measured):
    measures = Measures(**measured)
    shown, loaded = person(Appearance(sex=1.0)), person(Appearance(sex=1.0), **measured)
    assert abs(shown.stature_m - loaded.stature_m) > 0.05
    assert astuple(build_of(shown, measures)) == pytest.approx(astuple(build_of(loaded, measures)), abs=1e-5)
    # And the skin follows: the trunk's matrices of the one put its bones where those of the other do.
    build, ends = build_of(shown, measures), []
    for model in (shown, loaded):
        body = Body.unseen()
        body.poses[PELVIS] = geometry.pose((0, 0.6, 0.1))
        body.poses[TORSO] = geometry.pose((0, 0.6 + build.shoulders_above_hips, 0.1))
        for side, sign in ((Side.LEFT, -1), (Side.RIGHT, 1)):
            body.poses[ARM[side].start, :3] = sign * build.shoulder_breadth / 2, body.poses[TORSO, 1], 0.1
        palette = np.zeros((TRUNK_COUNT, 4, 4), np.float32)
        assert TrunkRig(rest_trunk(model)).pose(body.poses, palette)
        whole = np.concatenate([np.zeros((2 * BONE_COUNT, 4, 4)), palette])
        ends.append(
            [drawn_at(model, whole, name, name) for name in ("pelvis", "left_thigh_1", "left_shin_1", "left_foot")]
        )
    np.testing.assert_allclose(*ends, atol=2e-4)


@pytest.mark.parametrize(
    ("appearance", "measures", "says"),
    [
        (Appearance(weight=1.2), Measures(), "weight from 0 to 1, but 1.2 came"),
        (Appearance(sex=-0.1), Measures(), "sex from 0 to 1"),
        (Appearance(), Measures(stature_m=17.0), r"stature from 1\.0 to 2\.3 m, but 17\.0 came"),
    ],
)
def test_what_describes_no_person_is_refused_with_what_was_expected(appearance, measures, says):
    with pytest.raises(NotPossible, match=says):
        body_model(appearance, measures)


def test_a_file_that_is_not_our_shapes_is_refused(tmp_path):
    whole = (MODELS / "shapes.npz").read_bytes()
    for name, data in (("cut", whole[:5000]), ("other", b"PNG!" + whole[4:])):
        file = tmp_path / f"{name}.npz"
        file.write_bytes(data)
        with pytest.raises(BadModel, match="Install the package again"):
            read_shapes(file)
    with pytest.raises(BadModel, match="Install the package again"):
        read_shapes(tmp_path / "none.npz")


def test_shapes_of_another_model_are_refused():
    mesh = MIDDLE.meshes["neck_low"]
    shorter = replace(mesh, points=mesh.points[:-1], normals=mesh.normals[:-1])
    with pytest.raises(BadModel, match=r"another body\.glb"):
        shaped(replace(MIDDLE, meshes={**MIDDLE.meshes, "neck_low": shorter}), SHAPES, Appearance())


def test_shaping_leaves_the_model_it_was_given_as_it_was():
    before = {name: mesh.points.copy() for name, mesh in MIDDLE.meshes.items()}
    person(CORNERS[3], stature_m=1.9)
    assert all((MIDDLE.meshes[name].points == points).all() for name, points in before.items())


def test_all_bones_fit_into_the_shaders_palette():
    assert len(MIDDLE.bones) == 2 * BONE_COUNT + TRUNK_COUNT == 80
    assert len(LEG_BONES) == 15
    assert len(MIDDLE.bones) <= PALETTE_SIZE
