"""A garden: a paved terrace, a lawn with flowers and trees, a hedge round it and hills beyond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vrrehab.stage import foliage, open_air
from vrrehab.stage.furniture import Thing
from vrrehab.stage.mesh import Mesh, box, join, lathe, linear
from vrrehab.stage.open_air import AT_VERTICES
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import GardenPlace
from vrrehab.stage.world import World

_TERRACE_X, _TERRACE_FORWARD = (-3.6, 3.6), (-2.4, 2.7)
_LAWN_M = -0.05
_HEDGE = np.array(
    [(-8.5, -3), (-8.8, 4), (-8.2, 9.5), (-5, 12.6), (0, 13.6), (5, 12.8), (8.4, 9.8), (8.9, 4), (8.6, -3)]
)


def build(place: GardenPlace, lavish: float) -> World:
    """`lavish` is how much may be drawn, 1 for much."""
    rng = np.random.default_rng(4)
    step = 0.10 / np.sqrt(lavish)
    terrace = open_air.ground(_TERRACE_X, _TERRACE_FORWARD, 0.0, place.stone, Pattern.STONE, step)
    rim = _rim(place)
    lawn = open_air.ground((-14, 14), (-6, 15), _LAWN_M, place.lawn, Pattern.LAWN, 3 * step)
    meadow = open_air.ground((-36, 36), (12, 36), _LAWN_M - 0.02, place.lawn, Pattern.PLAIN, 4.0)
    things = [
        Thing(join([terrace, rim, lawn, meadow])),
        *foliage.hedge(_HEDGE, 1.5, 1.15, place.hedge, lavish, rng),
        *(foliage.tree(each, rng, lavish) for each in place.trees),
        open_air.hills(place.hills, -1.0, ((110.0, 7.0, 0.26), (180.0, 17.0, 0.42), (300.0, 38.0, 0.60)), 3),
        Thing(_stepping_stones(place), decor=True),
        Thing(_grass(place, lavish, rng), leafy=True, decor=True),
        *(foliage.bed(each, lavish, rng) for each in place.beds),
    ]
    return open_air.build(place, things)


def _rim(place: GardenPlace) -> Mesh:
    """The terrace's edge stones, down to the lawn."""
    (left, right), (back, front) = _TERRACE_X, _TERRACE_FORWARD
    parts = [
        box(((left + right) / 2, -0.03, -front), (right - left + 0.16, 0.075, 0.16), 0.015, 0.06),
        box((left, -0.03, -(back + front) / 2), (0.16, 0.075, front - back), 0.015, 0.1, grain=2),
        box((right, -0.03, -(back + front) / 2), (0.16, 0.075, front - back), 0.015, 0.1, grain=2),
    ]
    return join(parts).painted(0.92 * linear(place.stone), 1.0, Pattern.PLASTER, 1.0, emission=AT_VERTICES)


def _stepping_stones(place: GardenPlace) -> Mesh:
    """Flat stones from the terrace towards the far end of the lawn."""
    rng = np.random.default_rng(8)
    stones = []
    for k in range(13):
        forward = 3.15 + 0.62 * k
        right = 1.15 - 0.10 * k + 0.55 * np.sin(0.42 * k)
        radius = rng.uniform(0.20, 0.25)
        disc = lathe(
            [(radius * 1.02, -0.03), (radius, 0.012), (0.96 * radius, 0.02), (0.0, 0.02)],
            (right, _LAWN_M, -forward),
            14,
        )
        wobble = 1 + 0.10 * np.sin(3 * np.arctan2(disc.positions[:, 2] + forward, disc.positions[:, 0] - right) + k)
        middle = np.array([right, 0, -forward], np.float32)
        p = disc.positions - middle
        p[:, [0, 2]] *= wobble[:, None] * [1.15, 0.9]
        stones.append(
            replace(disc, positions=(p + middle).astype(np.float32), uv=p[:, [0, 2]]).painted(
                linear(place.stone) * rng.uniform(0.85, 1.0), 1.0, Pattern.PLASTER, 1.0, emission=AT_VERTICES
            )
        )
    return join(stones)


def _grass(place: GardenPlace, lavish: float, rng: np.random.Generator) -> Mesh:
    """Blades where the lawn is near enough to see them, longest along the terrace's edge."""
    at = open_air.scatter(rng, int(15000 * lavish), 2.75, 9.0, 1.15)
    at = at[(at[:, 1] > _TERRACE_FORWARD[1] + 0.08) | (np.abs(at[:, 0]) > _TERRACE_X[1] + 0.08)]
    away = np.hypot(at[:, 0], at[:, 1])
    height = rng.uniform(0.022, 0.05, len(at)) * (1 + 0.12 * away)
    places = np.stack([at[:, 0], np.full(len(at), _LAWN_M), -at[:, 1]], axis=1)
    wide = 0.011 / np.sqrt(lavish)
    return foliage.blades(places, height, foliage.tones(place.lawn, len(at), rng, 0.12), rng, wide, 0.5)
