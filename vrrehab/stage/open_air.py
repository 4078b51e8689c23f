"""A place under the open sky: things baked under its light, the sky, and hills in the haze."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage import furniture
from vrrehab.stage.furniture import Thing
from vrrehab.stage.mesh import Mesh, grid, join, linear, open_node, sheet
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import OpenPlace
from vrrehab.stage.sky import dome
from vrrehab.stage.sunlight import Spot, Sunlight, colours_scaled, day_rows, sky_at
from vrrehab.stage.world import ABOVE_TABLE_M, Hour, Layer, World, tiled

#: What is lit at its vertices alone says so by an emission of 1 and more; what is over 1 is how pale the air makes it.
AT_VERTICES = 1.0
_HAZE_FROM_M, _HAZE_M = 6.0, 90.0
#: A table in the shade of a tree is made this much brighter at most, as if so much of the sun fell on it.
_LEAST_SUN = 0.4
#: How far wind moves leaves at a height of two metres and more.
_SWAY_M = 0.012


def build(place: OpenPlace, things: Sequence[Thing], more: Sequence[Layer] = ()) -> World:
    """The place with its table, its board and the sky added. `more` is drawn after the things and before the sky."""
    table = place.table
    things = [furniture.table(table), furniture.easel(place.board), *things]
    sunlight = Sunlight(
        tuple(block for thing in things for block in thing.blocks),
        tuple(blob for thing in things for blob in thing.blobs),
    )
    spot = np.array([0.0, table.top_m + ABOVE_TABLE_M, -(table.near_m + 0.3 * table.depth_m)])
    layers = [_layer([t for t in things if t.decor is decor], sunlight, decor) for decor in (False, True)]
    sky_layer = Layer(dome(), ("sky",), order=-40, everywhere=True)
    return World((*layers, *more, sky_layer), partial(_at, place, sunlight.spot(spot)))


def _at(place: OpenPlace, spot: Spot, hour_h: float) -> Hour:
    sky = sky_at(hour_h)
    shade = spot.sun_at(hour_h)
    # What makes a white sheet on the table as bright as the place asks for; the low sun leaves it a little darker.
    scale = place.brightness * float(np.interp(hour_h, (8, 10, 17, 19), (0.95, 1.0, 1.0, 0.90)))
    scale /= float((max(shade, _LEAST_SUN) * sky.sun * sky.direction[1] + sky.above).mean())
    sky = colours_scaled(sky, scale)
    light = spot.light(hour_h, place.table.top_m, linear(place.table.colour), sky)
    return Hour(light, day_rows(sky, hour_h, place.clouds))


def _layer(things: Sequence[Thing], sunlight: Sunlight, decor: bool) -> Layer:
    baked = [sunlight.bake(thing.mesh.positions, thing.mesh.normals, thing.leafy) for thing in things]
    mesh = join([thing.mesh for thing in things])
    leafy = np.concatenate([np.full(len(thing.mesh.positions), thing.leafy) for thing in things])
    sway_m = _SWAY_M * leafy * np.clip(mesh.positions[:, 1] / 2.0, 0, 1)
    sun, sky = (np.concatenate(parts) for parts in zip(*baked, strict=True))
    return Layer(
        open_node("open", tiled(_hazy(mesh)), sun, sway_m, sky), ("surface", "BAKED", "OUTDOORS"), decor, thin=True
    )


def _hazy(mesh: Mesh) -> Mesh:
    """Air between the eye and what is far."""
    away = np.hypot(mesh.positions[:, 0], mesh.positions[:, 2])
    haze = 1 - np.exp(-np.maximum(away - _HAZE_FROM_M, 0) / _HAZE_M)
    finish = mesh.finish.copy()
    # Hills say themselves how pale they are.
    flat = finish[:, 1] == AT_VERTICES
    finish[flat, 1] = AT_VERTICES + haze[flat]
    return replace(mesh, finish=finish)


def hills(
    colour: str,
    base_m: float,
    crests: Sequence[tuple[float, float, float]],
    seed: int,
    extent: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.ones_like,
) -> Thing:
    """Ridges one behind the other, nearest first: (how far, how high, how pale the air makes them).

    `extent` says how much of the height there is at angles to the right of straight ahead.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for away, height, haze in crests:
        turn = np.linspace(-1.9, 1.9, 121)
        crest = np.zeros_like(turn)
        for octave in range(1, 6):
            crest += np.sin(turn * 1.3 * octave**1.25 + rng.uniform(0, 6)) / octave**1.35
        crest = base_m + height * np.maximum(1 + 0.42 * crest, 0.1) * extent(turn)
        levels = np.stack([np.full_like(turn, base_m), 0.5 * (base_m + crest), crest])
        x, z = away * np.sin(turn), -away * np.cos(turn)
        points = np.stack([np.broadcast_to(x, levels.shape), levels, np.broadcast_to(z, levels.shape)], axis=-1)
        ridge = sheet(points, np.stack([np.broadcast_to(turn * away, levels.shape), levels], axis=-1))
        normals = np.tile([0.0, 0.8, 0.6], (len(ridge.positions), 1)).astype(np.float32)
        ridge = replace(ridge.painted(linear(colour), 1.0, emission=1 + haze), normals=normals)
        parts.append(ridge)
    return Thing(join(parts))


def ground(
    x: tuple[float, float], forward: tuple[float, float], height_m: float, colour: str, pattern: Pattern, step_m: float
) -> Mesh:
    """Level ground lit at its vertices."""
    flat = grid((x[0], height_m, -forward[0]), (x[1] - x[0], 0, 0), (0, 0, forward[0] - forward[1]), step_m)
    return flat.painted(linear(colour), 1.0, pattern, 1.0, emission=AT_VERTICES)


def scatter(
    rng: np.random.Generator, count: int, near_m: float, far_m: float, half_angle_rad: float
) -> NDArray[np.float64]:
    """Places (n, 2), right and forward, as dense to the eye near as far."""
    away = near_m * (far_m / near_m) ** rng.random(count)
    turn = rng.uniform(-half_angle_rad, half_angle_rad, count)
    return np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)
