"""A beach: a wooden deck over sand that slopes into a quiet sea, dunes at both sides and a headland far away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d import core

from vrrehab.stage import foliage, open_air
from vrrehab.stage.furniture import Thing, block
from vrrehab.stage.mesh import Mesh, box, geom_node, grid, join, linear, sheet
from vrrehab.stage.open_air import AT_VERTICES
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import BeachPlace, Stone
from vrrehab.stage.world import Layer, World

Floats = NDArray[np.float64]

_DECK_X, _DECK_FORWARD = (-2.3, 2.3), (-2.2, 2.3)
_SAND_BELOW_M = 0.28
_DUNE_M = 1.15
_SEA_BED_M = 0.09


def build(place: BeachPlace, lavish: float) -> World:
    """`lavish` is how much may be drawn, 1 for much."""
    rng = np.random.default_rng(6)
    things = [
        _deck(place),
        Thing(_sand(place, lavish)),
        open_air.hills(
            place.headland,
            -place.below_m,
            ((420.0, 16.0, 0.26), (650.0, 36.0, 0.42), (900.0, 62.0, 0.58)),
            5,
            _to_the_right,
        ),
        *_stones(place, rng),
        *_grass(place, lavish, rng),
    ]
    return open_air.build(place, things, [_sea(place, lavish)])


def _to_the_right(turn: Floats) -> Floats:
    """The headland ends before the middle of the view."""
    return np.clip((turn - 0.26) / 0.5, 0, 1) ** 0.9


def _shore(place: BeachPlace, right: Floats) -> Floats:
    """How far ahead the water begins: a shallow bay."""
    return place.shore_m - 0.010 * (right - 3.0) ** 2 + 0.35 * np.sin(0.45 * right + 1.0) + 0.10 * right


def sand_height(place: BeachPlace, right: ArrayLike, forward: ArrayLike) -> Floats:
    """The sand's height (n,) over the deck's."""
    right, forward = np.asarray(right, float), np.asarray(forward, float)
    beyond = forward - _shore(place, right)
    run = place.shore_m - _DECK_FORWARD[1]
    dry = np.clip(-beyond / run, 0, 1.6)
    slope = (place.below_m - _SAND_BELOW_M) * (0.75 * dry + 0.25 * dry**2)
    height = -place.below_m + np.where(beyond > 0, -_SEA_BED_M * beyond, slope)
    beside = np.clip((np.abs(right) - 3.2) / 4.5, 0, 1)
    up_the_shore = np.clip((-beyond - 0.8) / 3.5, 0, 1)
    humps = 1 + 0.22 * np.sin(0.9 * right + 0.4) * np.sin(0.7 * forward) + 0.10 * np.sin(1.9 * forward + right)
    dune = _DUNE_M * (beside**2 * (3 - 2 * beside)) * (up_the_shore**2 * (3 - 2 * up_the_shore)) * humps
    return height + dune + 0.012 * np.sin(2.1 * right + 0.6 * forward) * np.sin(1.7 * forward)


def _sand(place: BeachPlace, lavish: float) -> Mesh:
    step = 0.26 / np.sqrt(max(lavish, 0.4))
    across, along = np.arange(-19, 19.1, step), np.arange(-7, 21, step)
    forward, right = np.meshgrid(along, across, indexing="ij")
    points = np.stack([right, sand_height(place, right, forward), -forward], axis=-1)
    # Ripples lie along the shore.
    mesh = sheet(points[:, ::-1], np.stack([right, forward], axis=-1)[:, ::-1])
    mesh = replace(mesh, normals=mesh.normals * np.sign(mesh.normals[:, 1:2]))
    mesh = mesh.painted(linear(place.sand), 1.0, Pattern.SAND, 1.0, emission=AT_VERTICES)
    beyond = -mesh.positions[:, 2] - _shore(place, mesh.positions[:, 0].astype(float))
    # What the last waves reached is darker.
    wet = 0.5 + 0.5 * np.tanh((beyond + 0.9 + 0.25 * np.sin(1.3 * mesh.positions[:, 0])) / 0.32)
    tint = 1 - wet[:, None] * np.array([0.34, 0.32, 0.28])
    return replace(mesh, albedo=(mesh.albedo * tint).astype(np.float32))


def _deck(place: BeachPlace) -> Thing:
    (left, right), (back, front) = _DECK_X, _DECK_FORWARD
    wide, deep = right - left, front - back
    step = 0.1
    boards = grid((left, 0, -back), (wide, 0, 0), (0, 0, -deep), step, uv_turned=True)
    top = boards.painted(linear(place.deck), 1.0, Pattern.BOARDS, 1.0, emission=AT_VERTICES)
    middle = -(back + front) / 2
    edges = [
        box((0, -0.075, -front - 0.01), (wide + 0.06, 0.15, 0.035), 0.006, 0.2),
        box((left - 0.01, -0.075, middle), (0.035, 0.15, deep), 0.006, 0.2, grain=2),
        box((right + 0.01, -0.075, middle), (0.035, 0.15, deep), 0.006, 0.2, grain=2),
    ]
    blocks = [block((0, -0.11, middle), (wide, 0.14, deep), linear(place.deck))]
    for x in (left + 0.06, right - 0.06):
        for forward in (front - 0.06, 0.5):
            edges.append(box((x, 0.18, -forward), (0.085, 0.98, 0.085), 0.02, 0.2, grain=1))
            blocks.append(block((x, 0.35, -forward), (0.085, 0.66, 0.085), linear(place.deck)))
    wood = join(edges).painted(0.86 * linear(place.deck), 1.0, Pattern.WOOD, 1.0, emission=AT_VERTICES)
    ropes = [_rope((x, 0.56, -(front - 0.06)), (x, 0.56, -0.5), 0.12) for x in (left + 0.06, right - 0.06)]
    rope = join(ropes).painted(linear("#c9b58f"), 1.0, emission=AT_VERTICES)
    return Thing(join([top, wood, rope]), tuple(blocks))


def _rope(start: ArrayLike, end: ArrayLike, sag_m: float) -> Mesh:
    """A hanging rope between two places."""
    t, turn = np.meshgrid(np.linspace(0, 1, 17), np.linspace(0, 2 * np.pi, 7), indexing="ij")
    start, end = np.asarray(start, float), np.asarray(end, float)
    points = start + t[..., None] * (end - start)
    points[..., 1] -= sag_m * 4 * t * (1 - t) + 0.016 * np.cos(turn)
    points[..., 0] += 0.016 * np.sin(turn)
    return sheet(points)


def _stones(place: BeachPlace, rng: np.random.Generator) -> Iterator[Thing]:
    for s in place.stones:
        yield _stone(place, s, rng)


def _stone(place: BeachPlace, s: Stone, rng: np.random.Generator) -> Thing:
    """A boulder that the sea has rounded, sunk into the sand."""
    v, u = np.meshgrid(np.linspace(0.02, np.pi - 0.02, 15), np.linspace(0, 2 * np.pi, 23), indexing="ij")
    way = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], axis=-1)
    bumps = np.zeros(v.shape)
    for octave in (1, 2, 3, 5):
        bumps += np.sin(way @ rng.standard_normal(3) * octave * 1.7 + rng.uniform(0, 6)) / octave
    radii = 0.5 * s.size_m * np.array([rng.uniform(1.0, 1.3), rng.uniform(0.6, 0.75), rng.uniform(0.85, 1.1)])
    foot = float(sand_height(place, s.right_m, s.forward_m))
    middle = np.array([s.right_m, foot + 0.42 * radii[1], -s.forward_m])
    mesh = sheet(middle + radii * way * (1 + 0.13 * bumps)[..., None], np.stack([u, v], axis=-1) * 0.5 * s.size_m)
    outward = np.sign(np.einsum("na,na->n", mesh.normals, mesh.positions - middle.astype(np.float32)))
    mesh = replace(mesh, normals=mesh.normals * outward[:, None])
    shades = linear(s.colour) * np.clip(0.80 + 0.35 * (mesh.positions[:, 1:2] - foot) / radii[1], 0.6, 1.1)
    painted = mesh.painted((1, 1, 1), 1.0, Pattern.PLASTER, 1.0, emission=AT_VERTICES)
    return Thing(
        replace(painted, albedo=shades.astype(np.float32)),
        (block(middle, 1.3 * radii, linear(s.colour)),),
    )


def _grass(place: BeachPlace, lavish: float, rng: np.random.Generator) -> Iterator[Thing]:
    """Tufts of marram on the dunes, and a few where the deck ends; each side a thing of its own."""
    for side in (-1, 1):
        tufts = [(side * rng.uniform(2.9, 3.4), rng.uniform(2.0, 4.6)) for _ in range(4)]
        while len(tufts) < 85:
            x, forward = side * rng.uniform(3.3, 15), rng.uniform(-1, 15)
            if forward < float(_shore(place, np.array(x))) - 2.4 and rng.random() < (abs(x) - 2.6) / 3.0:
                tufts.append((x, forward))
        parts = []
        for x, forward in tufts:
            away = float(np.hypot(x, forward))
            count = int(150 * lavish**0.7 * min(1.0, 5.0 / away))
            at = np.array([x, forward]) + 0.13 * rng.standard_normal((count, 2))
            places = np.stack([at[:, 0], sand_height(place, at[:, 0], at[:, 1]) - 0.02, -at[:, 1]], axis=1)
            tall = rng.uniform(0.30, 0.62, count) * rng.uniform(0.7, 1.15)
            wide = 0.010 * max(1.0, away / 5.0) / lavish**0.35
            albedo = foliage.tones(place.grass, count, rng, 0.15)
            parts.append(foliage.blades(places, tall, albedo, rng, wide, 0.38))
        yield Thing(join(parts), leafy=True, decor=True)


def _sea(place: BeachPlace, lavish: float) -> Layer:
    """Water from the shore to the horizon, drawn finer where it is near."""
    rows, columns = int(150 * lavish**0.4), int(110 * lavish**0.4)
    near, far = 5.0, 6000.0
    away = near * (far / near) ** (np.linspace(0, 1, rows) ** 1.25)
    turn = np.linspace(-1.75, 1.75, columns)
    d, a = np.meshgrid(away, turn, indexing="ij")
    right, forward = (d * np.sin(a)).ravel(), (d * np.cos(a)).ravel()
    depth = np.clip(-place.below_m - sand_height(place, right, forward), -1.0, 6.0)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + columns + 1], 1),
            np.stack([corner, corner + columns + 1, corner + columns], 1),
        ]
    )
    points = np.stack([right, np.full_like(right, -place.below_m), -forward], axis=1)
    wet = (depth > -0.25)[faces].any(axis=1)
    colours = [np.tile(linear(colour), (len(points), 1)).astype(np.float32) for colour in (place.shallow, place.deep)]
    node = geom_node(
        "sea",
        [
            ("vertex", points.astype(np.float32), core.Geom.C_point),
            ("depth", depth[:, None].astype(np.float32), core.Geom.C_other),
            ("shallow", colours[0], core.Geom.C_other),
            ("deep", colours[1], core.Geom.C_other),
        ],
        faces[wet],
    )
    return Layer(node, ("sea",), thin=True, transparent=True, order=-30, everywhere=True)
