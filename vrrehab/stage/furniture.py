"""The things that stand in a place, made from their description: a mesh, and the boxes that they put in the light's way.

Feet at y = 0, session space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vrrehab.stage.daylight import Block
from vrrehab.stage.mesh import Mesh, bare, box, grid, join, lathe, linear
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import Board, Picture, Plant, Rug, Sideboard, Table


@dataclass(frozen=True, slots=True)
class Thing:
    mesh: Mesh
    blocks: tuple[Block, ...] = ()


def block(centre: ArrayLike, size: ArrayLike, albedo: NDArray[np.float64]) -> Block:
    centre, half = np.asarray(centre, float), np.asarray(size, float) / 2
    # A little smaller than the thing, so that its own surface is outside.
    return Block(centre - half + 0.004, centre + half - 0.004, albedo)


def wood(mesh: Mesh, colour: str, roughness: float = 0.42) -> Mesh:
    return mesh.painted(linear(colour), roughness, Pattern.WOOD, 1.0)


def table(t: Table) -> Thing:
    middle_z = -(t.near_m + t.depth_m / 2)
    top = np.array([0.0, t.top_m - t.thickness_m / 2, middle_z])
    top_size = (t.width_m, t.thickness_m, t.depth_m)
    parts = [box(top, top_size, rounding_m=0.35 * t.thickness_m, step_m=0.05)]
    blocks = [block(top, top_size, linear(t.colour))]
    under = t.top_m - t.thickness_m
    for x in (-1, 1):
        for z in (-1, 1):
            leg = np.array([x * (t.width_m / 2 - 0.09), under / 2, middle_z + z * (t.depth_m / 2 - 0.08)])
            parts.append(box(leg, (0.055, under, 0.055), 0.008, 0.12, grain=1))
            blocks.append(block(leg, (0.055, under, 0.055), linear(t.colour)))
    for z in (-1, 1):
        apron = np.array([0.0, under - 0.04, middle_z + z * (t.depth_m / 2 - 0.08)])
        parts.append(box(apron, (t.width_m - 0.23, 0.08, 0.022), 0.003, 0.12))
    return Thing(wood(join(parts), t.colour), tuple(blocks))


def rug(r: Rug) -> Thing:
    rings = np.linspace(0, r.radius_m, 14)
    profile = [(radius, 0.011) for radius in rings[::-1]]
    profile = [(r.radius_m + 0.006, 0.0), (r.radius_m + 0.005, 0.007), *profile]
    disc = lathe(profile, (r.right_m, 0.0, -r.forward_m), around=64)
    around = disc.positions - np.array([r.right_m, 0.0, -r.forward_m], np.float32)
    flat = replace(disc, uv=around[:, [0, 2]]).painted(linear(r.colour), 1.0, Pattern.CLOTH, 1.0)
    band = np.abs(np.linalg.norm(around[:, [0, 2]], axis=1) - 0.86 * r.radius_m) < 0.05 * r.radius_m
    albedo = flat.albedo.copy()
    albedo[band] = linear(r.border)
    return Thing(replace(flat, albedo=albedo))


def plant(p: Plant) -> Thing:
    place = (p.right_m, 0.0, -p.forward_m)
    pot_height, radius = 0.24 * p.height_m, 0.14 * p.height_m
    outside = [(0.72 * radius, 0.0), (0.74 * radius, 0.01), (radius, pot_height - 0.01), (radius, pot_height)]
    inside = [(radius, pot_height), (0.93 * radius, pot_height), (0.93 * radius, pot_height)]
    soil = [(0.93 * radius, pot_height - 0.03), (0.93 * radius, pot_height - 0.03), (0.0, pot_height - 0.025)]
    pot = lathe(outside + inside, place).painted(linear(p.pot), 0.7, Pattern.PLASTER, 1.0)
    earth = lathe(soil, place).painted(linear("#4b3a2e"), 1.0)
    rng = np.random.default_rng(11)
    leaves = []
    stems = []
    for stem in range(3):
        lean = 0.10 * p.height_m * np.array([np.cos(2.1 * stem + 0.4), 0, np.sin(2.1 * stem + 0.4)])
        height = p.height_m * (1.0, 0.82, 0.68)[stem] - pot_height
        path = np.linspace(0, 1, 9)[:, None]
        line = np.array(place) + np.array([0, pot_height - 0.02, 0]) + path * np.array([0, height, 0])
        line = line + path**1.5 * lean + 0.02 * np.sin(5 * path + stem)
        stems.append(_tube(line, 0.009 * p.height_m))
        for k in range(9):
            at = 0.28 + 0.72 * k / 8
            foot = np.array([np.interp(at, path[:, 0], line[:, a]) for a in range(3)])
            turn = 2.4 * k + 2.1 * stem
            size = p.height_m * (0.22 - 0.09 * at) * rng.uniform(0.9, 1.1)
            leaves.append(_leaf(foot, turn, 0.15 + 0.85 * at, size))
    tones = [
        leaf.painted(linear(p.leaves) * rng.uniform(0.75, 1.2) * np.array([rng.uniform(0.9, 1.15), 1, 0.9]), 0.5)
        for leaf in leaves
    ]
    trunk = join(stems).painted(linear("#7b6650"), 0.9)
    size = (2 * radius, pot_height, 2 * radius)
    standing = block((place[0], pot_height / 2, place[2]), size, linear(p.pot))
    crown = block(
        (place[0], 0.72 * p.height_m, place[2]),
        (0.3 * p.height_m, 0.3 * p.height_m, 0.3 * p.height_m),
        linear(p.leaves),
    )
    del crown
    return Thing(join([pot, earth, trunk, *tones]), (standing,))


def _tube(line: NDArray[np.float64], radius: float, around: int = 8) -> Mesh:
    turn = np.linspace(0, 2 * np.pi, around + 1)
    ring = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=1)
    thinner = np.linspace(1, 0.5, len(line))[:, None, None]
    positions = line[:, None] + radius * thinner * ring
    normals = np.broadcast_to(ring, positions.shape)
    mesh = grid((0, 0, 0), (1, 0, 0), (0, 1, 0))
    del mesh
    rows, columns = len(line) - 1, around
    i, j = (x.ravel() for x in np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    a = i * (columns + 1) + j
    b, c, d = a + columns + 1, a + columns + 2, a + 1
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    uv = np.zeros((positions.shape[0] * positions.shape[1], 2))
    return bare(positions.reshape(-1, 3), normals.reshape(-1, 3), uv, triangles)


def _leaf(foot: NDArray[np.float64], turn: float, rise: float, size: float) -> Mesh:
    """A bent oval blade with a fold along its middle, seen from both sides."""
    along = np.linspace(0, 1, 8)
    width = 0.34 * size * np.sqrt(np.clip(np.sin(np.pi * np.clip(along * 0.97 + 0.02, 0, 1)), 0, 1))
    out = np.array([np.cos(turn), 0, np.sin(turn)])
    side = np.array([-np.sin(turn), 0, np.cos(turn)])
    spine = (
        foot
        + size * (along[:, None] * out * 0.95)
        + np.array([0, 1, 0]) * size * (rise * along - 0.75 * along**2.2)[:, None]
    )
    rows = []
    for across in (-1.0, -0.5, 0.0, 0.5, 1.0):
        lift = 0.30 * np.abs(across) * width
        rows.append(spine + across * width[:, None] * side + lift[:, None] * np.array([0, 1, 0]))
    positions = np.stack(rows, axis=1)
    du, dv = np.gradient(positions, axis=0), np.gradient(positions, axis=1)
    normals = np.cross(dv, du)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    flip = normals[..., 1:2].mean() < 0
    normals = -normals if flip else normals
    k = positions.shape[1]
    i, j = (x.ravel() for x in np.meshgrid(np.arange(7), np.arange(k - 1), indexing="ij"))
    a = i * k + j
    b, c, d = a + k, a + k + 1, a + 1
    triangles = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    if flip:
        triangles = triangles[:, ::-1]
    n = positions.reshape(-1, 3)
    uv = np.zeros((len(n), 2))
    top = bare(n, normals.reshape(-1, 3), uv, triangles)
    return join([top, bare(n, -normals.reshape(-1, 3), uv, triangles[:, ::-1])])


def sideboard(s: Sideboard, wall_z: float) -> Thing:
    z = wall_z + s.depth_m / 2 + 0.01
    foot = 0.13
    body = np.array([s.right_m, (s.height_m + foot) / 2, z])
    body_size = (s.width_m, s.height_m - foot, s.depth_m)
    parts = [wood(box(body, body_size, 0.008, 0.12), s.colour, 0.5)]
    doors = 3
    door = s.width_m / doors
    front = z + s.depth_m / 2
    for k in range(doors):
        x = s.right_m + (k - (doors - 1) / 2) * door
        size = (door - 0.014, s.height_m - foot - 0.05, 0.016)
        parts.append(wood(box((x, body[1], front + 0.006), size, 0.004, 0.12, grain=1), s.colour, 0.5))
        knob = [(0.0, 0.0), (0.012, 0.0), (0.012, 0.012), (0.0, 0.014)]
        handle = lathe(knob, around=12)
        upright = replace(
            handle,
            positions=handle.positions[:, [0, 2, 1]] * np.array([1, -1, 1], np.float32),
            normals=handle.normals[:, [0, 2, 1]] * np.array([1, -1, 1], np.float32),
        )
        parts.append(
            upright.moved((x + door / 2 - 0.05, s.height_m - 0.14, front + 0.014)).painted(linear("#5b5148"), 0.4)
        )
    for x in (-1, 1):
        for dz in (-1, 1):
            leg = (s.right_m + x * (s.width_m / 2 - 0.06), foot / 2, z + dz * (s.depth_m / 2 - 0.06))
            parts.append(wood(box(leg, (0.035, foot, 0.035), 0.006, 0.2, grain=1), s.colour, 0.5))
    parts.append(_books(s, z))
    parts.append(_lamp(lamp_place(s, wall_z) - np.array([0, 0.33, 0])))
    parts.append(_bowl(s.right_m + 0.08, s.height_m, z))
    return Thing(join(parts), (block(body, body_size, linear(s.colour)),))


def lamp_place(s: Sideboard, wall_z: float) -> NDArray[np.float64]:
    """Where the lamp's light comes from: the middle of its shade."""
    return np.array([s.right_m + s.width_m / 2 - 0.2, s.height_m + 0.33, wall_z + s.depth_m / 2 + 0.01])


def _books(s: Sideboard, z: float) -> Mesh:
    rng = np.random.default_rng(5)
    x = s.right_m - s.width_m / 2 + 0.1
    books = []
    for colour in s.books:
        thick, tall, deep = rng.uniform(0.022, 0.042), rng.uniform(0.19, 0.26), rng.uniform(0.14, 0.18)
        cover = box((x + thick / 2, s.height_m + tall / 2, z - 0.03), (thick, tall, deep), 0.003, 0.2, grain=1)
        books.append(cover.painted(linear(colour), 0.75, Pattern.CLOTH, 0.4))
        x += thick + 0.002
    return join(books) if books else bare(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 2)), np.zeros((0, 3)))


def _lamp(foot: NDArray[np.float64]) -> Mesh:
    base = [(0.0, 0.0), (0.075, 0.0), (0.08, 0.006), (0.078, 0.016), (0.03, 0.028), (0.013, 0.05), (0.01, 0.24)]
    base = lathe([*base[1:]], foot).painted(linear("#8d7a63"), 0.45)
    outside = [(0.15, 0.22), (0.105, 0.42)]
    shade = lathe(np.linspace(*outside, 5), foot, around=32)
    inner = lathe(np.linspace(*outside[::-1], 5), foot, around=32)
    shade = shade.painted(linear("#ffe2b8"), 0.9, Pattern.CLOTH, 0.5, emission=0.98)
    inner = inner.painted(linear("#ffe7c4"), 0.9, emission=1.1)
    return join([base, shade, inner])


def _bowl(x: float, y: float, z: float) -> Mesh:
    curve = [(0.03, 0.0), (0.05, 0.004), (0.085, 0.03), (0.105, 0.062), (0.109, 0.066), (0.101, 0.064)]
    curve += [(0.08, 0.034), (0.045, 0.012), (0.0, 0.009)]
    return lathe(curve, (x, y, z), around=32).painted(linear("#dcd5c7"), 0.35)


def board(b: Board, wall_z: float) -> Thing:
    """The board's frame; what is written on it is `vrrehab.stage.signs`."""
    return Thing(wood(_frame(b.right_m, b.up_m, b.width_m, b.height_m, wall_z, 0.035, 0.03), b.frame))


def picture(p: Picture, wall_z: float) -> Thing:
    frame = wood(_frame(p.right_m, p.up_m, p.width_m, p.height_m, wall_z, 0.022, 0.022), p.frame, 0.5)
    mat = grid(
        (p.right_m - p.width_m / 2, p.up_m - p.height_m / 2, wall_z + 0.008),
        (p.width_m, 0, 0),
        (0, p.height_m, 0),
    ).painted(linear("#f3efe6"), 0.9)
    margin = 0.14 * p.width_m
    width, height = p.width_m - 2 * margin, p.height_m - 2 * margin
    left, low = p.right_m - width / 2, p.up_m - height / 2
    layers = [
        grid((left, low, wall_z + 0.0085), (width, 0, 0), (0, height, 0), 0.05).painted(linear(p.colours[0]), 0.9)
    ]
    x = np.linspace(0, 1, 33)
    for k, colour in enumerate(p.colours[1:]):
        top = 0.62 - 0.14 * k + 0.07 * np.sin(2.2 * np.pi * x * (0.7 + 0.13 * k) + 1.9 * k) * (1 - 0.1 * k)
        positions = np.zeros((2, 33, 3))
        positions[..., 0] = left + width * x
        positions[0, :, 1] = low
        positions[1, :, 1] = low + height * np.clip(top, 0.05, 1)
        positions[..., 2] = wall_z + 0.009 + 0.0006 * k
        j = np.arange(32)
        triangles = np.concatenate([np.stack([j, j + 1, j + 34], 1), np.stack([j, j + 34, j + 33], 1)])
        hill = bare(positions.reshape(-1, 3), np.tile([0, 0, 1.0], (66, 1)), positions.reshape(-1, 3)[:, :2], triangles)
        layers.append(hill.painted(linear(colour), 0.95, Pattern.PLASTER, 1.0))
    return Thing(join([frame, mat, *layers]))


def _frame(x: float, y: float, width: float, height: float, wall_z: float, bar: float, deep: float) -> Mesh:
    z = wall_z + deep / 2
    bars = []
    for side in (-1, 1):
        bars.append(box((x, y + side * (height + bar) / 2, z), (width + 2 * bar, bar, deep), 0.004, 0.1))
        bars.append(box((x + side * (width + bar) / 2, y, z), (bar, height, deep), 0.004, 0.1, grain=1))
    return join(bars)
