"""What the graphics processor does to a vertex is what numpy does, for any pose of any body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from panda3d import core

from telemetry.messages import Appearance, Measures
from vrrehab import geometry
from vrrehab.body import hands, ik
from vrrehab.body.skeleton import ARM, LEG, PELVIS, TORSO, Body, Side
from vrrehab.stage import material
from vrrehab.stage.avatar import Avatar, body_model, build_of
from vrrehab.stage.engine import engine, framebuffer
from vrrehab.stage.glb import Mesh, Model
from vrrehab.stage.material import Light, Materials, Tier

SIZE = 128
_POSITIONS = "#version 330\nin vec3 position;\nout vec4 place;\nvoid main() { place = vec4(position, 1.0); }\n"


class Places:
    """A camera whose pixels hold where in the scene the body's own vertex shader put what they see."""

    def __init__(self) -> None:
        light = Light(np.array([0.0, 1.0, 0.0]), np.ones(3), np.ones((6, 3)), np.zeros(3), np.ones(2), np.ones(3), 0.7)
        self.root = core.NodePath("session space")
        self.materials = Materials(Tier.LOW, light)
        self.materials.share(self.root)
        shader = core.Shader.make(core.Shader.SL_GLSL, _surface_vertex_shader(), _POSITIONS)
        # Stronger than the body's own shader, whose inputs it keeps.
        self.root.set_shader(shader, 10)
        properties = core.FrameBufferProperties()
        properties.set_rgba_bits(32, 32, 32, 32)
        properties.set_float_color(True)
        properties.set_depth_bits(24)
        # Only a framebuffer object keeps floats, and it needs a buffer whose context it shares.
        self.host = engine().output("host", (1, 1), framebuffer())
        self.output = engine().output("places", (SIZE, SIZE), properties, host=self.host)
        self.texture = core.Texture()
        self.output.add_render_texture(self.texture, core.GraphicsOutput.RTM_copy_ram)
        self.output.set_clear_color((0, 0, 0, 0))
        lens = core.PerspectiveLens()
        lens.set_near_far(0.05, 10.0)
        lens.set_fov(60.0)
        self.camera = self.root.attach_new_node(core.Camera("places", lens))
        self.output.make_display_region().set_camera(self.camera)

    def seen_from(self, place: tuple[float, float, float], at: tuple[float, float, float]) -> NDArray[np.float32]:
        """The places (n, 3) that a look shows."""
        self.camera.set_pos(*place)
        self.camera.look_at(core.LPoint3(*at), core.LVector3(0, 1, 0))
        engine().graphics.render_frame()
        assert self.texture.get_component_type() == core.Texture.T_float
        pixels = np.frombuffer(self.texture.get_ram_image_as("RGBA"), np.float32).reshape(-1, 4)
        return pixels[pixels[:, 3] > 0.5, :3]


def _surface_vertex_shader() -> str:
    head = [
        "#version 330",
        "#define SKINNED 1",
        "#define FADES 1",
        f"#define PARTS {material.PART_COUNT}",
        f"#define SURFACES {material.SURFACE_COUNT}",
    ]
    return "\n".join(head) + "\n" + material._source("eyes.glsl") + material._source("surface.vert")


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    places = Places()
    yield places
    for output in (places.output, places.host):
        engine().graphics.remove_window(output)


def random_body(model: Model, rng: np.random.Generator) -> Body:
    """Somebody sitting, with arms, hands and legs anywhere they could be."""
    body, build = Body.unseen(), build_of(model)
    body.poses[PELVIS] = geometry.pose((0, 0.6, 0.1))
    lean = geometry.normalise(np.array([0.2, 0.2, 0.2, 1.0]) * rng.uniform(-1, 1, 4) + [0, 0, 0, 1.0])
    up = np.array([0.0, build.shoulders_above_hips, 0.0])
    body.poses[TORSO] = geometry.pose(body.poses[PELVIS, :3] + geometry.rotate(lean, up), lean)
    for side, sign in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
        shoulder = geometry.compose(body.poses[TORSO], geometry.pose((sign * build.shoulder_breadth / 2, 0, 0)))[:3]
        reach = shoulder + build.arm * rng.uniform(0.5, 0.95) * _unit(rng.normal((0.5 * sign, -0.5, -1.5)))
        wrist = geometry.pose(reach, geometry.normalise(rng.normal(size=4)))
        body.poses[ARM[side].start : ARM[side].start + 2] = ik.solve_arm(shoulder, reach, build, ik.RESTING_ARM[side])
        hand = hands.hand_pose(side, rng.uniform(), rng.uniform())
        body.poses[ARM[side].start + 2 : ARM[side].stop] = geometry.compose(wrist, hand)
        hip = body.poses[PELVIS, :3] + [0.09 * sign, 0, 0]
        steps = [(0.1 * sign, rng.uniform(-0.1, 0.2), -0.4), (0, -0.38, rng.uniform(-0.3, 0.15))]
        ends = hip + np.cumsum([(0, 0, 0), *steps, (0.03 * sign, -0.06, -0.13)], axis=0)
        turns = geometry.normalise(np.array([0, 0, 0, 1.0]) + 0.15 * rng.normal(size=(4, 4)))
        body.poses[LEG[side]] = np.column_stack([ends, turns])
    body.provenance[:] = 1
    return body


def _unit(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return v / np.linalg.norm(v)


def skinned(mesh: Mesh, palette: NDArray[np.float32]) -> NDArray[np.float64]:
    """The reference: each vertex moved by the weighted mean of its bones' matrices."""
    matrices = np.einsum("nk,nkij->nij", mesh.weights.astype(float), palette[mesh.joints].astype(float))
    return np.einsum("ni,nij->nj", np.column_stack([mesh.points, np.ones(len(mesh.points))]), matrices)[:, :3]


def distance_to(corners: NDArray[np.float64], point: NDArray[np.float64]) -> float:
    """From a point to the nearest of triangles (m, 3, 3): within the plane where it lies above one, else to an edge."""
    near = corners[np.linalg.norm(corners.mean(axis=1) - point, axis=1) < 0.08]
    if not len(near):
        return np.inf
    a, b, c = near[:, 0], near[:, 1], near[:, 2]
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    height = ((point - a) * normal).sum(axis=1)
    foot = point - height[:, None] * normal
    above = np.ones(len(near), bool)
    to_edge = np.full(len(near), np.inf)
    for p, q in ((a, b), (b, c), (c, a)):
        above &= (np.cross(q - p, foot - p) * normal).sum(axis=1) >= 0.0
        t = ((point - p) * (q - p)).sum(axis=1) / np.maximum(((q - p) ** 2).sum(axis=1), 1e-18)
        nearest = p + np.clip(t, 0.0, 1.0)[:, None] * (q - p)
        to_edge = np.minimum(to_edge, np.linalg.norm(point - nearest, axis=1))
    return float(np.where(above, np.abs(height), to_edge).min())


@pytest.mark.parametrize("seed", range(4))
def test_the_body_is_drawn_where_numpy_skins_it_for_any_pose_and_shape(places, seed):
    rng = np.random.default_rng(seed)
    look = Appearance(sex=rng.uniform(), age_years=rng.uniform(20, 90), weight=rng.uniform(), muscle=rng.uniform())
    model = body_model(look, Measures(stature_m=rng.uniform(1.45, 2.0)))
    avatar = Avatar(places.root, places.materials, model=model)
    try:
        avatar.pose(random_body(model, rng), dict.fromkeys(Side, 1.0))
        meshes = [mesh for name, mesh in model.meshes.items() if name.endswith("_low")]
        corners = np.concatenate([skinned(mesh, avatar.palette)[mesh.faces] for mesh in meshes])
        for camera in ((0.3, 1.1, -1.6), (1.6, 0.6, -0.3), (-1.4, 0.9, 0.6)):
            seen = places.seen_from(camera, (0.0, 0.65, -0.1))
            assert len(seen) > 500
            some = seen[rng.choice(len(seen), 120, replace=False)].astype(float)
            assert max(distance_to(corners, point) for point in some) < 1e-4
    finally:
        avatar.root.remove_node()
