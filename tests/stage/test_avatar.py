"""The arms in the scene: where the body is, as solid as asked, and gone when unseen."""

import gc
import struct

import numpy as np
import pytest
from panda3d import core

from vrrehab import geometry
from vrrehab.body import hands, ik
from vrrehab.body.build import USUAL
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.rig import BONE_COUNT
from vrrehab.body.skeleton import ARM, PELVIS, TORSO, Body, Side, joint
from vrrehab.errors import BadModel
from vrrehab.stage import skin
from vrrehab.stage.avatar import Avatar, Ghost, body_model
from vrrehab.stage.engine import engine, framebuffer
from vrrehab.stage.glb import Piece, read_model, skinned_geom
from vrrehab.stage.material import Light, Materials, Tier
from vrrehab.tasks.demonstration import DemonstratingLeg

SIZE = 256
#: Rows of the picture above this one show hands and forearms and no trunk.
HANDS = int(0.55 * SIZE)
MODEL = body_model()
SOLID = {Side.LEFT: 1.0, Side.RIGHT: 1.0}


@pytest.fixture(scope="module")
def scene():
    """An empty white-lit space seen from above, magenta where nothing is."""
    light = Light(
        np.array([0.0, 1.0, 0.0]),
        np.full(3, 0.3),
        np.full((6, 3), 0.3),
        np.array([-2.0, 1.5, 0.0]),
        np.ones(2),
        np.zeros(3),
        -10.0,
    )
    root = core.NodePath("session space")
    materials = Materials(Tier.LOW, light)
    materials.share(root)
    # No shadow map is drawn here; what a surface reads from an empty one is light.
    empty = core.Texture("no shadow")
    empty.setup_2d_texture(1, 1, core.Texture.T_float, core.Texture.F_rgba32)
    empty.set_clear_color((0, 0, 0, 0))
    root.set_shader_input("shadow_map", empty)
    root.set_shader_input("shadow_from_world", core.LMatrix4.translate_mat(100, 100, 0))
    output = engine().output("avatar", (SIZE, SIZE), framebuffer())
    output.set_clear_color((1, 0, 1, 1))
    lens = core.OrthographicLens()
    lens.film_size = (1.0, 1.0)
    # Hands are in view, and what hangs below them is not.
    lens.set_near_far(0.1, 1.3)
    camera = root.attach_new_node(core.Camera("above", lens))
    camera.set_pos(0, 2, -0.3)
    camera.look_at(core.LPoint3(0, 0, -0.3), core.LVector3(0, 0, -1))
    output.make_display_region().set_camera(camera)
    yield root, materials, output
    engine().graphics.remove_window(output)


@pytest.fixture
def avatar(scene):
    root, materials, _ = scene
    avatar = Avatar(root, materials, model=MODEL)
    yield avatar
    avatar.root.remove_node()


def picture(output) -> np.ndarray:
    engine().graphics.render_frame()
    texture = output.get_screenshot()
    pixels = np.frombuffer(texture.get_ram_image_as("RGB"), np.uint8).reshape(SIZE, SIZE, 3)
    return pixels[::-1].astype(int)


def covered(image: np.ndarray) -> np.ndarray:
    return (np.abs(image - [255, 0, 255]) > 3).any(axis=2)


def pixel_of(point: np.ndarray) -> tuple[int, int]:
    return int((point[2] + 0.3 + 0.5) * SIZE), int((point[0] + 0.5) * SIZE)


def body_at(closure: float = 0.0) -> Body:
    """A seated body, its trunk well behind its hands; no legs are tracked."""
    body = Body.unseen()
    body.poses[TORSO], body.poses[PELVIS] = geometry.pose((0, 1.1, 0.0)), geometry.pose((0, 0.62, 0.0))
    for side, sign in ((Side.LEFT, -1), (Side.RIGHT, 1)):
        wrist = geometry.pose((sign * 0.2, 0.8, -0.35))
        body.poses[ARM[side].start + 2 : ARM[side].stop] = geometry.compose(wrist, hands.hand_pose(side, closure))
        shoulder = np.array([sign * 0.18, 1.1, 0.0])
        body.poses[ARM[side].start : ARM[side].start + 2] = ik.solve_arm(
            shoulder, wrist[:3], USUAL, ik.RESTING_ARM[side]
        )
    body.provenance[:] = 1
    return body


def test_fingers_are_drawn_where_the_bodys_joints_are(scene, avatar):
    body = body_at()
    avatar.pose(body, SOLID)
    seen = covered(picture(scene[2]))
    for side in Side:
        for finger in ("thumb", "index", "middle", "ring", "little"):
            middle = (
                body.poses[joint(side, f"{finger}_distal"), :3] + body.poses[joint(side, f"{finger}_tip"), :3]
            ) / 2
            assert seen[pixel_of(middle)]
    # Between the hands, and beyond the longest finger, nothing is.
    assert not seen[pixel_of(np.array([0.0, 0.8, -0.35]))]
    beyond = body.poses[joint(Side.LEFT, "middle_tip"), :3] + [0.0, 0.0, -0.02]
    assert not seen[pixel_of(beyond)]


def test_what_the_graphics_draws_is_what_numpy_skins(scene, avatar):
    body = body_at(0.4)
    avatar.pose(body, SOLID)
    seen = covered(picture(scene[2]))
    mesh = MODEL.meshes["right_arm_low"]
    matrices = np.einsum("nk,nkij->nij", mesh.weights, avatar.palette[mesh.joints])
    points = np.einsum("ni,nij->nj", np.column_stack([mesh.points, np.ones(len(mesh.points))]), matrices)[:, :3]
    rows, columns = ((points[:, axis] + offset) * SIZE for axis, offset in ((2, 0.8), (0, 0.5)))
    inside = (rows > 1) & (rows < SIZE - 1) & (columns > 1) & (columns < SIZE - 1)
    drawn = np.argwhere(seen[:HANDS])
    drawn = drawn[drawn[:, 1] > SIZE / 2] + 0.5
    # The silhouettes reach equally far: to the fingertips and to both sides.
    assert abs(rows[inside].min() - drawn[:, 0].min()) < 1.5
    assert abs(columns[inside].min() - drawn[:, 1].min()) < 1.5
    for row, column in zip(rows[inside].astype(int), columns[inside].astype(int), strict=True):
        assert seen[row - 1 : row + 2, column - 1 : column + 2].any()


def test_an_arm_fades_with_its_opacity_and_goes_at_zero(scene, avatar):
    body = body_at()
    palm = {side: pixel_of(body.poses[joint(side, "palm"), :3]) for side in Side}
    avatar.pose(body, SOLID)
    whole = picture(scene[2])
    avatar.pose(body, {Side.LEFT: 0.5, Side.RIGHT: 0.0})
    faded = picture(scene[2])
    half = (whole[palm[Side.LEFT]] + [255, 0, 255]) / 2
    np.testing.assert_allclose(faded[palm[Side.LEFT]], half, atol=3)
    assert not covered(faded)[palm[Side.RIGHT]]
    avatar.pose(body, SOLID)
    assert (picture(scene[2]) == whole).all()


def test_an_unseen_arm_is_not_drawn_whatever_its_opacity(scene, avatar):
    body = body_at()
    body.poses[ARM[Side.LEFT]] = np.nan
    avatar.pose(body, SOLID)
    seen = covered(picture(scene[2]))[:HANDS]
    assert not seen[:, : SIZE // 2].any()
    assert seen[:, SIZE // 2 :].any()


def test_arms_are_drawn_without_a_trunk_too_but_no_sleeves(scene, avatar):
    whole, alone = body_at(), body_at()
    alone.poses[PELVIS] = np.nan
    avatar.pose(whole, SOLID)
    with_trunk = covered(picture(scene[2]))
    avatar.pose(alone, SOLID)
    arms = covered(picture(scene[2]))
    assert (arms[: HANDS // 2] == with_trunk[: HANDS // 2]).all()
    assert not arms[pixel_of(np.array([0.0, 1.0, 0.05]))]
    assert with_trunk[pixel_of(np.array([0.0, 1.0, 0.05]))]


@pytest.fixture
def ghost(scene):
    root, materials, _ = scene
    ghost = Ghost(root, materials, model=MODEL)
    yield ghost
    ghost.root.remove_node()


def ghost_joints(limb: Limb) -> dict[Chain, np.ndarray]:
    """Those of one limb, as a movement is shown with it: an arm held out, or a leg stretched out high."""
    joints = {Chain.ARM: np.full((28, 7), np.nan), Chain.LEG: np.full((4, 7), np.nan)}
    if limb.chain is Chain.ARM:
        joints[Chain.ARM][:] = body_at().poses[limb.joints]
    else:
        outward = 1.0 if limb.side is Side.RIGHT else -1.0
        DemonstratingLeg(limb.side).pose(np.array([0.1 * outward, 0.8, 0.2]), joints[Chain.LEG], knee=0.0)
    return joints


@pytest.mark.parametrize("limb", [Limb(chain, side) for chain in Chain for side in Side], ids=str)
def test_the_ghost_shows_one_limb_where_its_joints_are_and_lets_the_background_through(scene, ghost, limb):
    joints = ghost_joints(limb)
    ghost.pose(limb, joints, 0.8)
    image = picture(scene[2])
    half = SIZE // 2
    inner, outer = (
        (slice(half, SIZE), slice(0, half)) if limb.side is Side.RIGHT else (slice(0, half), slice(half, SIZE))
    )
    assert covered(image)[:, inner].any()
    assert not covered(image)[:, outer].any()
    poses = joints[limb.chain]
    middle = poses[3, :3] if limb.chain is Chain.ARM else poses[1:3, :3].mean(axis=0)
    red, green, blue = image[pixel_of(middle)]
    assert min(red, blue) > green + 20
    ghost.pose(None, joints, 0.8)
    assert not covered(picture(scene[2])).any()
    joints[limb.chain][:] = np.nan
    ghost.pose(limb, joints, 0.8)
    assert not covered(picture(scene[2])).any()


def test_posing_leaves_nothing_for_the_collector(avatar):
    body = body_at()
    avatar.pose(body, SOLID)
    gc.collect()
    gc.disable()
    before = gc.get_count()[0]
    for _ in range(1000):
        avatar.pose(body, SOLID)
    grown = gc.get_count()[0] - before
    gc.enable()
    assert grown < 100


def test_each_side_has_its_own_bones_in_one_palette(avatar):
    body = body_at()
    avatar.pose(body, SOLID)
    reflection = np.diag([-1.0, 1.0, 1.0, 1.0])
    left, right = avatar.palette[:BONE_COUNT], avatar.palette[BONE_COUNT : 2 * BONE_COUNT]
    np.testing.assert_allclose(right, reflection @ left @ reflection, atol=1e-5)


def test_darker_tones_are_darker_and_their_palms_stay_light():
    mesh = MODEL.meshes["left_arm_full"]
    back, palm = mesh.masks["palm"] < 0.01, mesh.masks["palm"] > 0.9
    tones = [skin.skin_colours(mesh, tone, nails=True)[:, :3] for tone in range(1, 11)]
    brightness = np.array([tone[back].mean() for tone in tones])
    assert (np.diff(brightness) < 0.01).all()
    assert tones[8][palm].mean() > 1.25 * tones[8][back].mean()
    assert tones[0][palm].mean() < 1.1 * tones[0][back].mean()


def test_a_tone_off_the_scale_is_refused():
    with pytest.raises(ValueError, match="1 to 10, got 11"):
        skin.albedo(11)


def test_vertices_reach_panda_as_they_are_in_the_file():
    mesh = MODEL.meshes["left_arm_low"]
    geom = skinned_geom(Piece(mesh, skin.skin_colours(mesh, 3, nails=True)))
    data, count = geom.get_vertex_data(), len(mesh.points)
    assert (data.get_num_rows(), geom.get_primitive(0).get_num_faces()) == (count, len(mesh.faces))
    reader = core.GeomVertexReader(data, "vertex")
    weights, joints = core.GeomVertexReader(data, "weight"), core.GeomVertexReader(data, "joint")
    for row in (0, count // 2, count - 1):
        for each in (reader, weights, joints):
            each.set_row(row)
        np.testing.assert_allclose(reader.get_data3(), mesh.points[row])
        np.testing.assert_allclose(weights.get_data4(), mesh.weights[row])
        assert tuple(joints.get_data4i()) == tuple(mesh.joints[row])


@pytest.mark.parametrize(
    ("garble", "says"),
    [
        (lambda data: b"PNG!" + data[4:], "begins with b'PNG!'"),
        (lambda data: data[:-100], "bytes"),
        (lambda data: data[:4] + struct.pack("<I", 1) + data[8:], "version 1"),
        (lambda data: data.replace(b'"WEIGHTS_0"', b'"WEIGHTS_9"'), "WEIGHTS_0"),
    ],
)
def test_a_file_that_is_not_our_model_is_refused_with_what_is_wrong(tmp_path, garble, says):
    from models.bake.__main__ import MODELS

    file = tmp_path / "body.glb"
    file.write_bytes(garble((MODELS / "body.glb").read_bytes()))
    with pytest.raises(BadModel, match=says):
        read_model(file)


def test_a_missing_model_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(BadModel, match="Install the package again"):
        read_model(tmp_path / "none.glb")
