"""The things that stand in a place, made from their description: a mesh, and the boxes they put in the light's way.

All in session space; `wall_z` is where the front wall is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vrrehab.stage.daylight import Block
from vrrehab.stage.mesh import Mesh, both_sides, box, grid, join, lathe, linear, sheet
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import Board, Picture, Rug, Sideboard, StandingBoard, Table
from vrrehab.stage.sunlight import Blob


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing and what of it is in the light's way: boxes, or ellipsoids of leaves. `decor` can be left out."""

    mesh: Mesh
    blocks: tuple[Block, ...] = ()
    blobs: tuple[Blob, ...] = ()
    leafy: bool = False
    decor: bool = False


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
            parts.append(box(leg, (0.055, under, 0.055), 0.008, grain=1))
            blocks.append(block(leg, (0.055, under, 0.055), linear(t.colour)))
    for z in (-1, 1):
        apron = np.array([0.0, under - 0.04, middle_z + z * (t.depth_m / 2 - 0.08)])
        parts.append(box(apron, (t.width_m - 0.23, 0.08, 0.022), 0.003))
    return Thing(wood(join(parts), t.colour), tuple(blocks))


def rug(r: Rug) -> Thing:
    shares = [1.0, 0.905, 0.9, 0.86, 0.82, 0.815, *np.linspace(0.72, 0, 9)]
    flat = [(share * r.radius_m, 0.011) for share in shares]
    disc = lathe(
        [(r.radius_m + 0.006, 0.0), (r.radius_m + 0.005, 0.007), *flat], (r.right_m, 0, -r.forward_m), around=64
    )
    around = disc.positions - np.array([r.right_m, 0.0, -r.forward_m], np.float32)
    plain = replace(disc, uv=around[:, [0, 2]]).painted(linear(r.colour), 1.0, Pattern.CLOTH, 1.0)
    share = np.linalg.norm(around[:, [0, 2]], axis=1) / r.radius_m
    band = (share > 0.819) & (share < 0.901)
    albedo = plain.albedo.copy()
    albedo[band] = linear(r.border)
    return Thing(replace(plain, albedo=albedo))


def sideboard(s: Sideboard, wall_z: float) -> Thing:
    z = wall_z + s.depth_m / 2 + 0.01
    foot = 0.13
    body = np.array([s.right_m, (s.height_m + foot) / 2, z])
    body_size = (s.width_m, s.height_m - foot, s.depth_m)
    parts = [wood(box(body, body_size, 0.008), s.colour, 0.5)]
    doors = 3
    door = s.width_m / doors
    front = z + s.depth_m / 2
    for k in range(doors):
        x = s.right_m + (k - (doors - 1) / 2) * door
        size = (door - 0.014, s.height_m - foot - 0.05, 0.016)
        parts.append(wood(box((x, body[1], front + 0.006), size, 0.004, grain=1), s.colour, 0.5))
        knob = (x + door / 2 - 0.05, s.height_m - 0.14, front + 0.02)
        parts.append(box(knob, (0.022, 0.022, 0.014), 0.006).painted(linear("#5b5148"), 0.4))
    for x in (-1, 1):
        for dz in (-1, 1):
            leg = (s.right_m + x * (s.width_m / 2 - 0.06), foot / 2, z + dz * (s.depth_m / 2 - 0.06))
            parts.append(wood(box(leg, (0.035, foot, 0.035), 0.006, grain=1), s.colour, 0.5))
    parts += _books(s, z)
    parts.append(_lamp(lamp_place(s, wall_z) - np.array([0, 0.33, 0])))
    parts.append(_bowl(s.right_m + 0.08, s.height_m, z))
    return Thing(join(parts), (block(body, body_size, linear(s.colour)),))


def lamp_place(s: Sideboard, wall_z: float) -> NDArray[np.float64]:
    """Where the lamp's light comes from: the middle of its shade."""
    return np.array([s.right_m + s.width_m / 2 - 0.2, s.height_m + 0.33, wall_z + s.depth_m / 2 + 0.01])


def _books(s: Sideboard, z: float) -> list[Mesh]:
    rng = np.random.default_rng(5)
    x = s.right_m - s.width_m / 2 + 0.1
    books = []
    for colour in s.books:
        thick, tall, deep = rng.uniform(0.022, 0.042), rng.uniform(0.19, 0.26), rng.uniform(0.14, 0.18)
        cover = box((x + thick / 2, s.height_m + tall / 2, z - 0.03), (thick, tall, deep), 0.003, grain=1)
        books.append(cover.painted(linear(colour), 0.75, Pattern.CLOTH, 0.4))
        x += thick + 0.002
    return books


def _lamp(foot: NDArray[np.float64]) -> Mesh:
    stand = lathe([(0.075, 0.0), (0.08, 0.006), (0.078, 0.016), (0.03, 0.028), (0.013, 0.05), (0.01, 0.24)], foot)
    shade = both_sides(lathe(np.linspace((0.15, 0.22), (0.105, 0.42), 5), foot, around=32))
    glowing = shade.painted(linear("#ffe2b8"), 0.9, Pattern.CLOTH, 0.5, emission=0.98)
    return join([stand.painted(linear("#8d7a63"), 0.45), glowing])


def _bowl(x: float, y: float, z: float) -> Mesh:
    curve = [(0.03, 0.0), (0.05, 0.004), (0.085, 0.03), (0.105, 0.062), (0.109, 0.066), (0.101, 0.064)]
    curve += [(0.08, 0.034), (0.045, 0.012), (0.0, 0.009)]
    return lathe(curve, (x, y, z), around=32).painted(linear("#dcd5c7"), 0.35)


def board(b: Board, wall_z: float) -> Thing:
    """The board's frame; what is written on it is `vrrehab.stage.signs`."""
    return Thing(wood(_frame(b.right_m, b.up_m, b.width_m, b.height_m, wall_z, 0.035, 0.03), b.frame))


def easel(b: StandingBoard, ground_m: float = 0.0) -> Thing:
    """A board that stands by itself, on two legs before it and one behind."""
    frame = _frame(0.0, b.up_m, b.width_m, b.height_m, 0.0, 0.035, 0.03)
    back = box((0, b.up_m, -0.006), (b.width_m, b.height_m, 0.012), 0.003)
    low = b.up_m - b.height_m / 2
    parts = [frame, back]
    for side in (-1, 1):
        x = side * 0.36 * b.width_m
        parts.append(_bar((x * 1.12, ground_m, 0.06), (x * 0.62, b.up_m + b.height_m / 2 + 0.12, -0.12), 0.034))
    parts.append(_bar((0.0, ground_m, -0.55), (0.0, b.up_m + b.height_m / 2 + 0.06, -0.13), 0.034))
    parts.append(box((0, low - 0.045, 0.03), (0.94 * b.width_m, 0.03, 0.075), 0.006))
    mesh = wood(join(parts), b.frame).turned(np.radians(b.turn_deg)).moved((b.right_m, 0, -b.forward_m))
    # Boxes lie along the axes: a few short ones follow the turned board.
    along = np.array([np.cos(np.radians(b.turn_deg)), 0, -np.sin(np.radians(b.turn_deg))])
    middle = np.array([b.right_m, b.up_m, -b.forward_m])
    size = (b.width_m / 6, b.height_m, 0.05)
    blocks = tuple(
        block(middle + share * b.width_m * along, size, linear(b.colour)) for share in (np.arange(6) + 0.5) / 6 - 0.5
    )
    return Thing(mesh, blocks)


def _bar(foot: ArrayLike, top: ArrayLike, thick_m: float) -> Mesh:
    """A square bar from one place to another, nearly upright."""
    foot, top = np.asarray(foot, float), np.asarray(top, float)
    length = top[1] - foot[1]
    straight = box((0, length / 2, 0), (thick_m, length, thick_m), 0.005, grain=1)
    lean = (straight.positions[:, 1:2] / length) * (top - foot) * [1, 0, 1]
    return replace(straight, positions=(straight.positions + lean + foot).astype(np.float32))


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
        crest = 0.62 - 0.14 * k + 0.07 * np.sin(2.2 * np.pi * x * (0.7 + 0.13 * k) + 1.9 * k) * (1 - 0.1 * k)
        points = np.empty((33, 2, 3))
        points[..., 0] = (left + width * x)[:, None]
        points[:, 0, 1] = low
        points[:, 1, 1] = low + height * np.clip(crest, 0.05, 1)
        points[..., 2] = wall_z + 0.009 + 0.0006 * k
        layers.append(sheet(points, points[..., :2]).painted(linear(colour), 0.95, Pattern.PLASTER, 1.0))
    return Thing(join([frame, mat, *layers]))


def _frame(x: float, y: float, width: float, height: float, wall_z: float, bar: float, deep: float) -> Mesh:
    z = wall_z + deep / 2
    bars = []
    for side in (-1, 1):
        bars.append(box((x, y + side * (height + bar) / 2, z), (width + 2 * bar, bar, deep), 0.004))
        bars.append(box((x + side * (width + bar) / 2, y, z), (bar, height, deep), 0.004, grain=1))
    return join(bars)
