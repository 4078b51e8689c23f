"""Leaves, blades and flowers: many small flat things with soft light on them, which together look like plants.

A leaf takes its normal from the clump that it grows on rather than from its own face: so a crown is lit as the round
soft thing that one sees from a few metres away, and does not sparkle when the head moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.furniture import Thing
from vrrehab.stage.mesh import Mesh, bare, join, linear, sheet
from vrrehab.stage.place import Bed, Tree
from vrrehab.stage.sunlight import Blob

Floats = NDArray[np.float64]

_UP = np.array([0.0, 1.0, 0.0])
_EYES = 1.2 * _UP
#: Finish of what is lit at its vertices alone, without reflections: see `vrrehab.stage.open_air`.
ROUGH, AT_VERTICES = 1.0, 1.0


def _unit(v: Floats) -> Floats:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def leaves(
    places: Floats, normals: Floats, ways: Floats, size_m: Floats, albedo: Floats, slender: float = 0.45
) -> Mesh:
    """One leaf a place: places (n, 3); normals (n, 3) for its light; ways (n, 3) in which it grows; albedo (n, 3)."""
    n = len(places)
    rng = np.random.default_rng(n)
    ways = _unit(ways)
    beside = _unit(np.cross(ways, rng.standard_normal((n, 3))))
    long = size_m[:, None] * ways
    wide = 0.5 * slender * size_m[:, None] * beside
    corners = np.stack([places, places + 0.45 * long + wide, places + long, places + 0.45 * long - wide], axis=1)
    first = 4 * np.arange(n)[:, None, None]
    mesh = bare(
        corners.reshape(-1, 3),
        np.repeat(_unit(normals), 4, axis=0),
        np.zeros((4 * n, 2)),
        (first + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3),
    ).painted((1, 1, 1), ROUGH, emission=AT_VERTICES)
    # The tip catches more light than where the leaf begins.
    shade = np.tile(np.array([0.80, 0.98, 1.12, 0.98])[:, None], (n, 1))
    return replace(mesh, albedo=(np.repeat(albedo, 4, axis=0) * shade).astype(np.float32))


def tones(colour: str, count: int, rng: np.random.Generator, spread: float = 0.16) -> Floats:
    """Albedos (n, 3) of one plant's leaves: some yellower and lighter, some bluer and darker."""
    warm = rng.standard_normal((count, 1))
    light = 1 + spread * rng.standard_normal((count, 1))
    return np.clip(linear(colour) * light * (1 + spread * warm * np.array([0.7, 0.25, -0.5])), 0.01, 0.9)


def clump(
    blob: Blob,
    colour: str,
    count: int,
    leaf_m: float,
    rng: np.random.Generator,
    shade: float = 1.0,
    inside: float = 0.62,
) -> Mesh:
    """Leaves on the outside of an ellipsoid, and its shaded inside."""
    around = _unit(rng.standard_normal((count, 3)))
    # Nobody walks round it: what faces away from the seat is left out.
    around = around[around @ _unit(_EYES - blob.centre) > -0.2]
    count = len(around)
    depth = rng.uniform(0.66, 1.05, (count, 1)) ** 0.8
    places = blob.centre + blob.radii * around * depth
    normals = _unit(around / blob.radii * blob.radii.mean() + 0.25 * _UP + 0.22 * rng.standard_normal((count, 3)))
    ways = around + 1.1 * rng.standard_normal((count, 3)) - 0.25 * _UP
    # Farther in and farther down it is darker.
    inner = np.clip((depth - 0.70) / 0.30, 0, 1)
    deep = (0.62 + 0.38 * inner) * (0.84 + 0.16 * around[:, 1:2])
    albedo = shade * deep * tones(colour, count, rng)
    outside = leaves(places, normals, ways, leaf_m * rng.uniform(0.7, 1.25, count), albedo, 0.55)
    return join([outside, core(blob, 0.62 * shade * linear(colour), inside)])


def core(blob: Blob, albedo: Floats, share: float = 0.72) -> Mesh:
    """The inside of a clump, so that no sky shows through it."""
    v, u = np.meshgrid(np.linspace(0.04, np.pi - 0.04, 7), np.linspace(0, 2 * np.pi, 11), indexing="ij")
    ball = np.stack([np.sin(v) * np.cos(u), np.cos(v), -np.sin(v) * np.sin(u)], axis=-1)
    mesh = sheet(blob.centre + share * blob.radii * ball).painted(albedo, ROUGH, emission=AT_VERTICES)
    return replace(mesh, normals=_unit(ball.reshape(-1, 3) / blob.radii).astype(np.float32))


def tree(t: Tree, rng: np.random.Generator, lavish: float) -> Thing:
    """A stem and a crown of clumps; `lavish` is how many leaves it may have, 1 for many."""
    foot = np.array([t.right_m, 0.0, -t.forward_m])
    middle = foot + 0.62 * t.height_m * _UP
    tall, wide = 0.40 * t.height_m, 0.5 * t.spread_m
    count = 13
    k = np.arange(count) + 0.5
    y = 1 - 1.75 * k / count
    turn = k * np.pi * (3 - np.sqrt(5)) + rng.uniform(0, 6)
    r = np.sqrt(np.maximum(1 - y * y, 0)) * (0.9 + 0.2 * rng.random(count))
    at = middle + np.stack([0.68 * wide * r * np.cos(turn), 0.70 * tall * y, 0.68 * wide * r * np.sin(turn)], axis=1)
    sizes = wide * rng.uniform(0.36, 0.52, count)
    blobs = tuple(Blob(place, np.array([size, 0.82 * size, size]), 0.9) for place, size in zip(at, sizes, strict=True))
    blobs += (Blob(middle, np.array([0.62 * wide, 0.66 * tall, 0.62 * wide]), 0.5),)
    away = np.linalg.norm(foot)
    leaf_m = float(np.clip(0.018 * away, 0.10, 0.24)) / np.sqrt(lavish)
    parts = []
    for blob in blobs[:-1]:
        area = 4 * np.pi * blob.radii.mean() ** 2
        number = int(np.clip(3.2 * area / leaf_m**2, 40, 1900))
        parts.append(clump(blob, t.leaves, number, leaf_m, rng, 0.9 + 0.2 * rng.random()))
    parts.append(core(blobs[-1], 0.5 * linear(t.leaves), 0.85))
    thick = 0.035 * t.height_m
    stem = trunk(foot, middle, thick, t.stem)
    return Thing(join([*parts, stem]), blobs=blobs, leafy=True)


def trunk(foot: Floats, top: Floats, radius_m: float, colour: str) -> Mesh:
    """A stem from the ground into the crown, broader at its foot."""
    t, turn = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 2 * np.pi, 10), indexing="ij")
    radius = radius_m * (0.62 + 0.38 * (1 - t) ** 2 + 0.5 * np.exp(-9 * t))
    bend = 0.12 * radius_m * 6 * np.sin(2.2 * t)
    x = foot[0] + (top[0] - foot[0]) * t + bend + radius * np.cos(turn)
    y = foot[1] + (top[1] - foot[1]) * t
    z = foot[2] + (top[2] - foot[2]) * t + radius * np.sin(turn)
    return sheet(np.stack([x, y, z], axis=-1)).painted(linear(colour), ROUGH, emission=AT_VERTICES)


def hedge(
    line: Floats, height_m: float, thick_m: float, colour: str, lavish: float, rng: np.random.Generator
) -> Iterator[Thing]:
    """Clumps along a line of places (n, 2) right and forward, grown together."""
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    along = np.linspace(0, steps[-1], max(2, int(steps[-1] / (0.62 * thick_m))))
    right, forward = (np.interp(along, steps, line[:, axis]) for axis in (0, 1))
    for x, ahead in zip(right, forward, strict=True):
        tall = height_m * rng.uniform(0.90, 1.08)
        place = np.array([x + 0.08 * rng.standard_normal(), 0.48 * tall, -ahead + 0.08 * rng.standard_normal()])
        blob = Blob(place, np.array([0.55 * thick_m, 0.54 * tall, 0.55 * thick_m]), 1.2)
        leaf_m = float(np.clip(0.016 * np.hypot(x, ahead), 0.08, 0.22)) / np.sqrt(lavish)
        area = 2 * np.pi * blob.radii[0] * (blob.radii[0] + blob.radii[1])
        count = int(np.clip(1.9 * area / leaf_m**2, 30, 800))
        yield Thing(clump(blob, colour, count, leaf_m, rng, inside=0.84), blobs=(blob,), leafy=True)


def blades(
    places: Floats,
    height_m: Floats,
    albedo: Floats,
    rng: np.random.Generator,
    wide_m: float = 0.010,
    lean: float = 0.35,
) -> Mesh:
    """Blades of grass: places (n, 3) on the ground, each a bent triangle pair that thins to its tip."""
    n = len(places)
    turn = rng.uniform(0, 2 * np.pi, n)
    beside = np.stack([np.cos(turn), np.zeros(n), np.sin(turn)], axis=1)
    way = rng.standard_normal((n, 3)) * [1, 0, 1]
    tip = places + height_m[:, None] * (_UP + lean * way)
    bend = places + 0.55 * height_m[:, None] * (_UP + 0.32 * lean * way)
    half = 0.5 * wide_m * beside
    corners = np.stack([places - half, places + half, bend + 0.7 * half, bend - 0.7 * half, tip], axis=1)
    first = 5 * np.arange(n)[:, None, None]
    faces = (first + np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4]])).reshape(-1, 3)
    normals = _unit(_UP + 0.18 * rng.standard_normal((n, 3)))
    mesh = bare(corners.reshape(-1, 3), np.repeat(normals, 5, axis=0), np.zeros((5 * n, 2)), faces)
    mesh = mesh.painted((1, 1, 1), ROUGH, emission=AT_VERTICES)
    shade = np.tile(np.array([0.62, 0.62, 0.95, 0.95, 1.25])[:, None], (n, 1))
    return replace(mesh, albedo=(np.repeat(albedo, 5, axis=0) * shade).astype(np.float32))


def bed(b: Bed, lavish: float, rng: np.random.Generator) -> Thing:
    """A cushion of leaves with flowers standing out of it."""
    fine = float(np.clip(np.hypot(b.right_m, b.forward_m) / 4.0, 0.8, 2.4)) / np.sqrt(lavish)
    rise = 0.55 * b.tall_m
    cushions, parts = [], []
    # Several small cushions rather than one dome.
    for k in range(9):
        turn, away = 2.4 * k, 0.72 * b.radius_m * np.sqrt(k / 9)
        place = np.array([b.right_m + away * np.cos(turn), 0.35 * rise, -b.forward_m + away * np.sin(turn)])
        size = b.radius_m * rng.uniform(0.36, 0.46)
        blob = Blob(place, np.array([size, rise * rng.uniform(0.75, 1.0), size]), 3.0)
        cushions.append(blob)
        parts.append(clump(blob, b.leaves, int(420 / fine**2), 0.085 * fine, rng, 1.1, 0.5))
        parts.append(_flowers(b, blob, int(85 / fine), fine, rng))
    return Thing(join(parts), blobs=tuple(cushions), leafy=True, decor=True)


def _flowers(b: Bed, blob: Blob, count: int, fine: float, rng: np.random.Generator) -> Mesh:
    """Stalks out of a cushion, each with a few petals at its end: spikes where they are tall, else heads."""
    spiky = b.tall_m > 0.45
    out = _unit(rng.standard_normal((count, 3)) + 0.9 * _UP)
    out[:, 1] = np.abs(out[:, 1])
    feet = blob.centre + 0.92 * blob.radii * out
    lengths = b.tall_m * rng.uniform(0.30, 0.62, count) if spiky else 0.16 * b.tall_m * rng.uniform(0.4, 1.4, count)
    ways = _unit(out * (0.7, 0, 0.7) + _UP + 0.10 * rng.standard_normal((count, 3)))
    stalks = leaves(feet, out, ways, lengths, 0.9 * tones(b.leaves, count, rng), 0.05 * fine)
    each = 7
    share = np.tile(np.linspace(0.55, 1.0, each), count) if spiky else np.ones(each * count)
    lie = np.repeat(feet, each, axis=0) + np.repeat(ways * lengths[:, None], each, axis=0) * share[:, None]
    spread = 0.004 if spiky else 0.016
    lie += spread * fine * rng.standard_normal(lie.shape)
    aside = rng.standard_normal(lie.shape)
    colours = np.array([linear(colour) for colour in b.flowers])[rng.integers(len(b.flowers), size=count)]
    petals = leaves(
        lie,
        np.repeat(out, each, axis=0) + 0.3 * _UP,
        aside + 0.9 * _UP,
        fine * rng.uniform(0.020, 0.032, len(lie)),
        np.repeat(colours, each, axis=0) * rng.uniform(0.85, 1.15, (len(lie), 1)),
        0.75,
    )
    return join([stalks, petals])
