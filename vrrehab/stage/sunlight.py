"""The light of the open sky: a sun that moves from morning to evening, and what leaves and tables keep from it.

How much of the sun reaches each vertex is baked once for three hours of the day, so that the time of day is a number
that the shader reads and costs a frame nothing; between two of the hours one share passes into the other. Leafy things
are ellipsoids that let light through: their shade is soft by itself.

Light is told as the radiance of a white diffuser, as in `vrrehab.stage.daylight`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.daylight import Block, first_block
from vrrehab.stage.material import DAY_ROWS, Light

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

#: The hours that are baked: morning, noon, evening.
HOURS_H = (8.0, 13.0, 19.0)
#: The hours for which it is known how much of the sun reaches the place of the limbs.
_SPOT_HOURS_H = np.arange(HOURS_H[0], HOURS_H[-1] + 0.1, 0.25)

_FAR_M = 30.0
#: Vertices nearer than this share one look at what is in the light's way.
_CELL_M, _LEAFY_CELL_M = 0.12, 0.2
#: The sun is drawn broader than it is, for edges that fit the vertices they fall on.
_SUN_BREADTH = 0.035
#: From where the sky's light is taken: overhead, and round about.
_SKY_ELEVATION_DEG, _SKY_AROUND = 38.0, 7


@dataclass(frozen=True, slots=True)
class Blob:
    """An ellipsoid of leaves: centre (3,), radii (3,), and how much it dims the light in a metre."""

    centre: Floats
    radii: Floats
    density_per_m: float = 1.6


@dataclass(frozen=True, slots=True)
class Sky:
    """One hour's sky. Direction (3,) towards the sun; the rest linear RGB (3,).

    sun: radiance of a white diffuser that faces it. above, below: that of ones that face up to the sky and down to the
    ground. zenith, horizon: what the sky itself looks like. glow: what is added round the sun.
    """

    direction: Floats
    sun: Floats
    above: Floats
    below: Floats
    zenith: Floats
    horizon: Floats
    glow: Floats


def _sky(azimuth_deg: float, elevation_deg: float, **colours: tuple[float, float, float]) -> Sky:
    """`azimuth_deg` is to the right of straight ahead."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    direction = np.array([np.sin(a) * np.cos(e), np.sin(e), -np.cos(a) * np.cos(e)])
    return Sky(direction, **{name: np.array(colour) for name, colour in colours.items()})


#: Chosen by eye, for soft light rather than for a measured sky: half of it comes from the sky even at noon.
_SKIES = (
    _sky(
        -62,
        27,
        sun=(1.18, 0.98, 0.76),
        above=(0.40, 0.46, 0.56),
        below=(0.22, 0.22, 0.18),
        zenith=(0.26, 0.44, 0.70),
        horizon=(0.80, 0.83, 0.80),
        glow=(0.34, 0.25, 0.12),
    ),
    _sky(
        -112,
        50,
        sun=(0.93, 0.88, 0.77),
        above=(0.37, 0.43, 0.50),
        below=(0.24, 0.24, 0.20),
        zenith=(0.20, 0.42, 0.74),
        horizon=(0.72, 0.84, 0.90),
        glow=(0.12, 0.11, 0.08),
    ),
    _sky(
        9,
        20,
        sun=(1.12, 0.86, 0.62),
        above=(0.42, 0.40, 0.46),
        below=(0.22, 0.18, 0.14),
        zenith=(0.25, 0.34, 0.56),
        horizon=(0.90, 0.72, 0.55),
        glow=(0.42, 0.22, 0.07),
    ),
)


def hour_weights(hour_h: float) -> Floats:
    """How much of each baked hour (3,) makes up an hour of the day; before the first and after the last it stays."""
    return np.array([np.interp(hour_h, HOURS_H, row) for row in np.eye(3)])


def sky_at(hour_h: float) -> Sky:
    """The sky between the baked hours; the sun goes the shortest way from one place to the next."""
    weights = hour_weights(hour_h)
    first = int(np.flatnonzero(weights)[0])
    share = 1.0 - weights[first]
    second = min(first + 1, len(_SKIES) - 1)
    a, b = _SKIES[first], _SKIES[second]
    angle = float(np.arccos(np.clip(a.direction @ b.direction, -1, 1)))
    ways = (1 - share, share) if angle < 1e-6 else tuple(np.sin([(1 - share) * angle, share * angle]) / np.sin(angle))

    def mixed(name: str) -> Floats:
        return (1 - share) * getattr(a, name) + share * getattr(b, name)

    colours = {name: mixed(name) for name in ("sun", "above", "below", "zenith", "horizon", "glow")}
    return Sky(ways[0] * a.direction + ways[1] * b.direction, **colours)


@dataclass(frozen=True, slots=True)
class Spot:
    """What light reaches a place: the share of the sky's, and of the sun's (n,) every quarter of an hour. Found once,
    because to find it takes half a frame.
    """

    open_to_sky: float
    sun: Floats

    def sun_at(self, hour_h: float) -> float:
        """How much of the sun reaches it."""
        return float(np.interp(hour_h, _SPOT_HOURS_H, self.sun))

    def light(self, hour_h: float, table_top_m: float, table_albedo: Floats, sky: Sky) -> Light:
        """The light for what moves there, over the table."""
        key = sky.sun * self.sun_at(hour_h)
        above = sky.above * self.open_to_sky
        # From below comes what the table throws back.
        table = 0.55 * table_albedo * (key * sky.direction[1] + above)
        side = 0.5 * above + 0.5 * (0.6 * sky.below + 0.4 * table)
        ambient = np.stack([side, side, above, table, side, side])
        # No window to be mirrored: one with no breadth.
        nowhere = np.array([-1e3, 0.0, 0.0]), np.array([-1e3, -1e3])
        return Light(sky.direction, key, ambient, *nowhere, np.zeros(3), table_top_m)


class Sunlight:
    """What stands in the light's way in a place under the open sky."""

    def __init__(self, blocks: tuple[Block, ...], blobs: tuple[Blob, ...]) -> None:
        self._blocks = blocks
        self._centres = np.array([blob.centre for blob in blobs], np.float32).reshape(-1, 3)
        self._scales = 1 / np.array([blob.radii for blob in blobs], np.float32).reshape(-1, 3)
        self._densities = np.array([blob.density_per_m for blob in blobs], np.float32)

    def bake(self, positions: F32, normals: F32, leafy: bool) -> tuple[F32, F32]:
        """The share of the sun's light (n, 3) at the three hours, and of the sky's and the ground's (n, 2).

        Leaves are lit a little from behind too, and only other leaves shade them.
        """
        cell_m = _LEAFY_CELL_M if leafy else _CELL_M
        cells = np.floor(positions / cell_m).astype(np.int64) + 2**20
        keys = (cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2]
        _, first, cell_of = np.unique(keys, return_index=True, return_inverse=True)
        cell_of = cell_of.reshape(-1)
        p = positions[first] + np.float32(0.02) * normals[first]
        sun = np.empty((len(positions), len(_SKIES)), np.float32)
        for k, sky in enumerate(_SKIES):
            cosine = normals @ sky.direction.astype(np.float32)
            facing = np.clip((cosine + 0.5) / 1.5, 0.42 * np.abs(cosine), 1) if leafy else np.maximum(cosine, 0)
            sun[:, k] = facing * self._sun_through(p, sky.direction, not leafy)[cell_of]
        open_to_sky = self._open(p, not leafy)[cell_of]
        up = 0.5 + 0.5 * normals[:, 1]
        return sun, np.stack([open_to_sky * up, (0.35 + 0.65 * open_to_sky) * (1 - up)], axis=1).astype(np.float32)

    def spot(self, place: Floats) -> Spot:
        """What light reaches a place (3,) over the day."""
        p = place[None].astype(np.float32)
        sun = [float(self._sun_through(p, sky_at(hour_h).direction)[0]) for hour_h in _SPOT_HOURS_H]
        return Spot(float(self._open(p)[0]), np.array(sun))

    def _sun_through(self, p: F32, direction: Floats, past_blocks: bool = True) -> F32:
        """How much (n,) of the sun reaches points."""
        through = self._through_leaves(p, direction.astype(np.float32))
        if not past_blocks:
            return through
        aside = np.cross(direction, (0.0, 1.0, 0.0))
        aside /= np.linalg.norm(aside)
        upward = np.cross(aside, direction)
        clear = np.zeros(len(p), np.float32)
        spots = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)]
        for a, b in spots:
            way = (direction + _SUN_BREADTH * (a * aside + b * upward)).astype(np.float32)
            clear += self._past_blocks(p, way)
        return clear * through / np.float32(len(spots))

    def _open(self, p: F32, past_blocks: bool = True) -> F32:
        """How much (n,) of the sky's light reaches points."""
        turn = np.arange(_SKY_AROUND) * 2 * np.pi / _SKY_AROUND + 0.3
        e = np.radians(_SKY_ELEVATION_DEG)
        around = np.stack([np.cos(turn) * np.cos(e), np.full_like(turn, np.sin(e)), np.sin(turn) * np.cos(e)], axis=1)
        ways = np.concatenate([[[0.02, 0.9997, 0.014]], around]).astype(np.float32)
        weights = np.concatenate([[2.0], np.ones(_SKY_AROUND)])
        total = np.zeros(len(p), np.float32)
        for weight, way in zip(weights / weights.sum(), ways, strict=True):
            clear = self._past_blocks(p, way) if past_blocks else np.float32(1)
            total += np.float32(weight) * clear * self._through_leaves(p, way) ** 0.6
        return total

    def _past_blocks(self, p: F32, way: F32) -> F32:
        end = np.full((len(p), 1), _FAR_M, np.float32)
        return (first_block(self._blocks, p, way[:, None, None], end)[1][:, 0] < 0).astype(np.float32)

    def _through_leaves(self, p: F32, way: F32) -> F32:
        """How much (n,) of the light along a way is left by the leaves that it passes through."""
        dimmed = np.zeros(len(p), np.float32)
        # Most leaves are in nobody's way.
        middle = (p.min(axis=0) + p.max(axis=0)) / 2
        near = np.sqrt(((p - middle) ** 2).sum(axis=1).max()) + 1 / self._scales.min(axis=1, initial=1e3)
        to = self._centres - middle
        ahead = to @ way
        for k in np.flatnonzero((ahead > -near) & ((to**2).sum(axis=1) - ahead**2 < near**2)):
            q = (p - self._centres[k]) * self._scales[k]
            d = way * self._scales[k]
            a = float(d @ d)
            b = q @ d
            root = np.sqrt(np.maximum(b * b - a * ((q * q).sum(axis=1) - 1), 0))
            dimmed += self._densities[k] / a * (np.maximum(root - b, 0) - np.maximum(-root - b, 0))
        return np.exp(-dimmed)


def day_rows(sky: Sky, hour_h: float, clouds: float) -> F32:
    """What the shaders read as `day` (DAY_ROWS, 4), see shaders/day.glsl."""
    rows = np.zeros((DAY_ROWS, 4), np.float32)
    rows[0, :3] = hour_weights(hour_h)
    for row, colour in enumerate((sky.sun, sky.above, sky.below, sky.zenith, sky.horizon, sky.glow), 1):
        rows[row, :3] = colour
    rows[7] = *sky.direction, clouds
    return rows


def colours_scaled(sky: Sky, scale: float) -> Sky:
    return Sky(
        sky.direction, *(scale * each for each in (sky.sun, sky.above, sky.below, sky.zenith, sky.horizon, sky.glow))
    )
