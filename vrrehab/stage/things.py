"""The shapes of the things that tasks put into the scene: blocks, cups, balls, drums, rings and brushes.

Each stands with the middle of its underside at the origin, a ball with its middle, and is painted vertex by vertex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vrrehab.session.view import Prop
from vrrehab.stage.mesh import Mesh, bare, box, join, lathe, linear

Floats = NDArray[np.float64]
_PALE, _WOOD = linear("#efe7d8"), linear("#c59c6c")
#: A drum's skin is no lighter than a table, so that hands which pass over it make no flashes of it.
_HIDE = linear("#b8976e")
#: What a brush is made of: its colour, how rough it is, and how long its hair.
_TEXTURES: dict[str, tuple[str, float, float]] = {
    "silk": ("#d9b8b6", 0.30, 0.0),
    "cotton": ("#f1ece1", 0.95, 0.0),
    "felt": ("#8fa392", 1.0, 0.0),
    "wool": ("#e3d6bd", 1.0, 0.004),
    "towel": ("#8fb0c4", 1.0, 0.003),
    "brush": ("#4f4238", 0.8, 0.016),
}


def thing(prop: Prop) -> tuple[Mesh, float]:
    """The mesh of a prop, and its roughness."""
    return _SHAPES[prop.shape](prop)


def _torus(radius: float, thick: float, squash: float = 1.0, around: int = 64) -> Mesh:
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, around + 1), np.linspace(0, 2 * np.pi, 17), indexing="ij")
    out = np.stack([np.cos(v) * np.cos(u), squash * np.sin(v), np.cos(v) * np.sin(u)], axis=-1)
    ring = radius * np.stack([np.cos(u), np.zeros_like(u), np.sin(u)], axis=-1)
    normals = np.stack([np.cos(v) * np.cos(u), np.sin(v) / squash, np.cos(v) * np.sin(u)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    i, j = (x.ravel() for x in np.meshgrid(np.arange(around), np.arange(16), indexing="ij"))
    a = i * 17 + j
    quads = np.concatenate([np.stack([a, a + 1, a + 18], 1), np.stack([a, a + 18, a + 17], 1)])
    positions = (ring + thick * out).reshape(-1, 3)
    return bare(positions, normals.reshape(-1, 3), np.zeros((len(positions), 2)), quads)


def _tinted(mesh: Mesh, shade: NDArray[np.floating]) -> Mesh:
    """Painted paler and darker by `shade` (n,), 1 as it is."""
    return replace(mesh, albedo=(mesh.albedo * shade[:, None]).astype(np.float32))


def _grain(mesh: Mesh, seed: int, depth: float = 0.20) -> Mesh:
    """The rings of wood, seen where the surface cuts them."""
    p = np.asarray(mesh.positions, float)
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, 6)
    bend = 0.004 * np.sin(40 * p[:, 0] + turn[0]) + 0.003 * np.sin(75 * p[:, 2] + turn[1])
    far = np.hypot(p[:, 1] + 0.09 + bend, p[:, 2] - 0.05 + 0.5 * bend)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * far / 0.012 + turn[2])
    fine = 0.5 + 0.5 * np.sin(2 * np.pi * (far / 0.0021) + 9 * np.sin(30 * p[:, 0] + turn[3]))
    return _tinted(mesh, 1.05 - depth * rings**3 - 0.12 * depth * fine)


def _block(prop: Prop) -> tuple[Mesh, float]:
    wide, tall, deep = prop.size
    cube = box((0, tall / 2, 0), prop.size, rounding_m=0.07 * wide, step_m=0.0022)
    # Stained wood: the colour over the grain.
    painted = cube.painted(0.82 * linear(prop.colour) + 0.18 * _WOOD)
    return _grain(painted, seed=round(1e4 * wide + 1e3 * deep)), 0.48


def _cup(prop: Prop) -> tuple[Mesh, float]:
    wide, tall = prop.size[0], prop.size[1]
    r = 0.46 * wide
    outside = [(0.0, 0.0), (0.62 * r, 0.0), (0.70 * r, 0.012 * tall), (0.86 * r, 0.14 * tall), (0.97 * r, 0.42 * tall)]
    outside += [(1.0 * r, 0.75 * tall), (1.0 * r, 0.97 * tall), (0.975 * r, tall)]
    inside = [(0.93 * r, 0.985 * tall), (0.91 * r, 0.75 * tall), (0.86 * r, 0.40 * tall), (0.70 * r, 0.12 * tall)]
    inside += [(0.4 * r, 0.07 * tall), (0.0, 0.06 * tall)]
    glaze, clay = linear(prop.colour), linear("#e8dcc6")
    wall = lathe(outside, around=56).painted(glaze)
    height = wall.positions[:, 1] / tall
    albedo = wall.albedo.copy()
    albedo[height < 0.10] = clay
    albedo[height > 0.955] = 0.8 * clay + 0.2 * glaze
    wall = replace(wall, albedo=albedo)
    wall = _tinted(wall, 1.0 + 0.05 * np.sin(60 * height) + 0.03 * np.sin(23 * height + 1))
    depth = lathe(inside, around=56).painted(_PALE)
    depth = _tinted(depth, 0.45 + 0.55 * depth.positions[:, 1] / tall)
    handle = _torus(0.30 * tall, 0.052 * tall).painted(glaze)
    # Upright at the cup's side, a little flattened, and what would stick through the wall left inside it.
    p = handle.positions[:, [0, 2, 1]] * np.array([0.75, 1.0, 1.0], np.float32)
    n = handle.normals[:, [0, 2, 1]]
    handle = replace(handle, positions=p, normals=n, triangles=handle.triangles[:, ::-1])
    handle = handle.moved((1.0 * r, 0.52 * tall, 0.0))
    keep = handle.positions[handle.triangles, 0].min(axis=1) > 0.80 * r
    return join([wall, depth, replace(handle, triangles=handle.triangles[keep])]), 0.26


def _sphere(radius: float, around: int = 72) -> Mesh:
    turn = np.linspace(-np.pi / 2, np.pi / 2, around // 2 + 1)
    ball = lathe(radius * np.stack([np.cos(turn), np.sin(turn)], axis=1), around=around)
    return replace(ball, normals=(ball.positions / radius).astype(np.float32))


def _ball(prop: Prop) -> tuple[Mesh, float]:
    radius = prop.size[0] / 2
    return _sphere(radius).painted(linear(prop.colour)).moved((0, radius, 0)), 0.5


def _kickball(prop: Prop) -> tuple[Mesh, float]:
    """A soft ball of twelve pieces of leather: the faces of a dodecahedron, with seams."""
    golden = (1 + 5**0.5) / 2
    faces = np.array([(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)], float)
    faces = np.concatenate([faces, np.roll(faces, 1, axis=1), np.roll(faces, 2, axis=1)])
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    ball = _sphere(prop.size[0] / 2, around=144)
    near = np.sort(ball.normals @ faces.T, axis=1)
    face = (ball.normals @ faces.T).argmax(axis=1)
    colours = np.array([linear(prop.colour), _PALE, 0.5 * linear(prop.colour) + 0.5 * linear("#8a4f36")])
    ball = replace(ball.painted(_PALE), albedo=colours[[0, 1, 1, 0, 1, 2, 2, 1, 0, 1, 1, 0]][face].astype(np.float32))
    seam = np.clip((near[:, -1] - near[:, -2]) / 0.03, 0.0, 1.0)
    return _tinted(ball, 0.55 + 0.45 * seam), 0.62


def _pad(prop: Prop) -> tuple[Mesh, float]:
    r, tall = prop.size[0] / 2, prop.size[1]
    body = [(0.90 * r, 0.0), (0.94 * r, 0.05 * tall), (0.98 * r, 0.5 * tall), (0.985 * r, 0.70 * tall)]
    hoop = [(0.985 * r, 0.66 * tall), (1.02 * r, 0.70 * tall), (1.03 * r, 0.82 * tall), (1.02 * r, 0.93 * tall)]
    hoop += [(0.975 * r, 0.97 * tall), (0.94 * r, 0.95 * tall)]
    shares = np.linspace(0.945, 0.0, 16)
    skin = [(share * r, (0.95 + 0.05 * (1 - share**2)) * tall) for share in shares]
    head = lathe(skin, around=72).painted(_HIDE)
    share = np.hypot(head.positions[:, 0], head.positions[:, 2]) / r
    head = _tinted(
        head, 1.0 - 0.16 * np.exp(-(((share - 0.5) / 0.035) ** 2)) - 0.10 * np.clip(share - 0.8, 0, 1) / 0.15
    )
    sides = _grain(lathe(body, around=72).painted(linear(prop.colour)), seed=3, depth=0.10)
    return join([sides, lathe(hoop, around=72).painted(0.55 * linear(prop.colour)), head]), 0.62


def _ring(prop: Prop) -> tuple[Mesh, float]:
    wide, tall = prop.size[0] / 2, prop.size[1] / 2
    return _torus(wide - tall, tall, squash=0.6, around=96).painted(linear(prop.colour)).moved((0, 0.6 * tall, 0)), 0.4


def _brush(prop: Prop) -> tuple[Mesh, float]:
    """A wooden back with a pad of the texture below it, which looks down; a real brush has bristles."""
    wide, tall, deep = prop.size
    colour, roughness, hair = _TEXTURES[prop.finish or "cotton"]
    pad_m = 0.38 * tall
    pad = box((0, hair + pad_m / 2, 0), (wide, pad_m, deep), 0.45 * pad_m, 0.004).painted(linear(colour))
    rng = np.random.default_rng(4)
    pad = _tinted(pad, rng.uniform(0.90, 1.04, len(pad.positions)) if roughness > 0.5 else np.ones(len(pad.positions)))
    back = box((0, hair + pad_m + 0.31 * tall, 0), (0.86 * wide, 0.62 * tall, 0.92 * deep), 0.28 * tall, 0.003, 2)
    parts = [pad, _grain(back.painted(linear(prop.colour)), seed=8)]
    if hair:
        parts.append(_hair(wide, deep, hair, linear(colour), rng))
    return join(parts), roughness


def _hair(wide: float, deep: float, long: float, colour: Floats, rng: np.random.Generator) -> Mesh:
    """Tufts that reach down to the skin: thin three-sided spikes, the tips paler."""
    x, z = (
        axis.ravel() for axis in np.meshgrid(np.linspace(-0.45, 0.45, 17) * wide, np.linspace(-0.46, 0.46, 27) * deep)
    )
    foot = np.stack([x, np.full_like(x, long + 0.003), z], axis=1) + rng.normal(0, 0.0007, (len(x), 3)) * [1, 0, 1]
    tip = foot * [1, 0, 1] + rng.normal(0, 0.0014, (len(x), 3)) * [1, 0, 1]
    turn = np.arange(3) * 2 * np.pi / 3
    round_ = 0.0013 * np.stack([np.cos(turn), np.zeros(3), np.sin(turn)], axis=1)
    positions = np.concatenate([foot[:, None] + round_, tip[:, None]], axis=1)
    normals = np.concatenate(
        [np.tile(round_ / 0.0013, (len(x), 1, 1)), np.tile([[[0, -1.0, 0]]], (len(x), 1, 1))], axis=1
    )
    corners = np.array([[0, 3, 1], [1, 3, 2], [2, 3, 0]])
    triangles = (4 * np.arange(len(x))[:, None, None] + corners).reshape(-1, 3)
    mesh = bare(positions.reshape(-1, 3), normals.reshape(-1, 3), np.zeros((4 * len(x), 2)), triangles).painted(colour)
    return _tinted(mesh, np.tile([0.55, 0.55, 0.55, 1.15], len(x)) * np.repeat(rng.uniform(0.85, 1.1, len(x)), 4))


_SHAPES: dict[str, Callable[[Prop], tuple[Mesh, float]]] = {
    "block": _block,
    "cup": _cup,
    "ball": _ball,
    "kickball": _kickball,
    "pad": _pad,
    "ring": _ring,
    "brush": _brush,
}
