"""The light that a place has by itself: a window's sky and what the room throws back, baked once into vertices.

Nothing in the room moves but limbs, so everything soft and costly (sky seen past furniture, one bounce from walls and
floor) is found here in numpy when a place is loaded, and costs a frame nothing. The limbs' own shadow on top
of it is `vrrehab.stage.shadow`. Occluders are boxes: good enough for soft light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.material import Light

Points = NDArray[np.float32]

_WINDOW_SAMPLES = (5, 6)
_SPHERE_SAMPLES = 96
_CHUNK = 2048
_OFF_SURFACE_M = 0.006


@dataclass(frozen=True, slots=True)
class Block:
    """A box that stands in the light's way: corners (3,) and mean albedo (3,)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    albedo: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lamp:
    """A small warm light: where (3,), and the radiance (3,) of a white diffuser one metre away that faces it."""

    position: NDArray[np.float64]
    power: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Daylight:
    """What is needed to light a place.

    low, high: the room's corners (3,). window_centre (3,) on the wall at x = low[0], window_half (2,) along z and y.
    sky, ground: the radiance (3,) of what the window shows above and below the horizon. walls: the albedo
    (6, 3) of the sides at +x -x +y -y +z -z.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    window_centre: NDArray[np.float64]
    window_half: NDArray[np.float64]
    sky: NDArray[np.float64]
    ground: NDArray[np.float64]
    walls: NDArray[np.float64]
    blocks: tuple[Block, ...]
    lamp: Lamp | None

    def bake(self, positions: Points, normals: Points) -> tuple[Points, Points]:
        """Radiance of a white diffuser at each vertex, (n, 3) each: from the window, and from all else."""
        window = np.empty_like(positions)
        room = np.empty_like(positions)
        second = self._mean_bounce()
        for start in range(0, len(positions), _CHUNK):
            part = slice(start, start + _CHUNK)
            p = (positions[part] + _OFF_SURFACE_M * normals[part]).astype(np.float32)
            window[part] = self._from_window(p, normals[part], blocked=True)
            room[part] = self._from_room(p, normals[part], second) + self._from_lamp(p, normals[part])
        return window, room

    def at(self, place: NDArray[np.float64], table_top_m: float) -> Light:
        """The light at one place in the open, for what moves there."""
        p = np.tile(np.asarray(place, np.float32), (6, 1))
        axes = np.concatenate([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]].astype(np.float32)
        flow = self._window_flow(p[:1])[0]
        weight = flow.sum(axis=0)  # (3 axes,), all colours together
        direction = weight / np.linalg.norm(weight)
        window, room = self.bake(p, axes)
        # What the key's direction leaves of the window's breadth on the other faces counts as ambient light.
        key = flow @ direction
        facing = np.maximum(axes @ direction, 0.0)
        rest = np.maximum(window - facing[:, None] * key, 0.0)
        samples, _, radiance = self._window_points(p[:1])
        del samples
        return Light(
            key_direction=direction.astype(float),
            key=key.astype(float),
            ambient=(room + 0.5 * rest).astype(float),
            window_centre=self.window_centre,
            window_half=self.window_half,
            window=radiance[0].mean(axis=0).astype(float),
            table_top_m=table_top_m,
        )

    def _window_points(self, p: Points) -> tuple[Points, Points, Points]:
        """Vectors to the window's sample points, (n, k, 3), solid angle / pi (n, k), and radiance (n, k, 3)."""
        across, up = _WINDOW_SAMPLES
        z = self.window_centre[2] + self.window_half[0] * (2 * (np.arange(across) + 0.5) / across - 1)
        y = self.window_centre[1] + self.window_half[1] * (2 * (np.arange(up) + 0.5) / up - 1)
        zz, yy = (x.ravel() for x in np.meshgrid(z, y))
        points = np.stack([np.full_like(zz, self.window_centre[0]), yy, zz], axis=1).astype(np.float32)
        to = points[None] - p[:, None]
        square = np.maximum((to**2).sum(-1), 1e-3)
        distance = np.sqrt(square)
        area = np.float32(4 * self.window_half.prod() / len(points))
        # Near the window a sample stands for a patch, not a point: keep its solid angle finite.
        share = area * np.abs(to[..., 0]) / distance / (square + area) / np.float32(np.pi)
        share *= to[..., 0] < 0
        rise = to[..., 1] / distance
        above = 1 / (1 + np.exp(-14 * rise))
        # The overcast sky's gradient: three times as bright overhead as at the horizon (Moon and Spencer, 1942).
        sky = self.sky * ((1 + 2 * np.maximum(rise, 0)) / 1.6)[..., None]
        radiance = above[..., None] * sky + (1 - above[..., None]) * self.ground
        return to, share, radiance.astype(np.float32)

    def _window_flow(self, p: Points) -> NDArray[np.float32]:
        """The window's light as a flow, (n, 3 colours, 3 axes): its length is what a diffuser facing it shows."""
        to, share, radiance = self._window_points(p)
        direction = to / np.linalg.norm(to, axis=-1, keepdims=True)
        return np.einsum("nk,nkc,nka->nca", share, radiance, direction)

    def _from_window(self, p: Points, normals: Points, *, blocked: bool) -> Points:
        to, share, radiance = self._window_points(p)
        cosine = np.einsum("nka,na->nk", to, normals) / np.linalg.norm(to, axis=-1)
        weight = share * np.maximum(cosine, 0)
        if blocked:
            weight *= self._nearest_block(p, to, np.float32(1.0))[0] >= 1.0
        return np.einsum("nk,nkc->nc", weight, radiance).astype(np.float32)

    def _from_lamp(self, p: Points, normals: Points) -> Points | float:
        if self.lamp is None:
            return 0.0
        to = self.lamp.position.astype(np.float32) - p
        square = (to**2).sum(-1) + 0.03
        cosine = (to * normals).sum(-1) / np.sqrt(square)
        # A shade is broad: its light reaches a little past the edge.
        return (np.clip((cosine + 0.2) / 1.2, 0, 1) / square)[:, None] * self.lamp.power.astype(np.float32)

    def _from_room(self, p: Points, normals: Points, second: Points) -> Points:
        """What walls, floor, ceiling and blocks throw back, one bounce and a mean of the rest."""
        ways = _sphere(_SPHERE_SAMPLES)
        cosine = np.maximum(normals @ ways.T, 0)
        ray = np.broadcast_to(ways, (len(p), *ways.shape))
        with np.errstate(divide="ignore"):
            exits = np.where(ray > 0, self.high - p[:, None], self.low - p[:, None]) / ray
        exits = np.where(np.isfinite(exits), np.maximum(exits, 0), np.inf)
        side = exits.argmin(-1)
        range_m = np.take_along_axis(exits, side[..., None], -1)[..., 0].astype(np.float32)
        wall = 2 * side + (np.take_along_axis(ray, side[..., None], -1)[..., 0] < 0)
        nearest, which = self._nearest_block(p, ray, range_m)
        hit = p[:, None] + nearest[..., None] * ray
        albedo = self.walls[wall].astype(np.float32)
        inward = np.zeros_like(hit)
        np.put_along_axis(inward, side[..., None], -np.sign(np.take_along_axis(ray, side[..., None], -1)), -1)
        lit = self._glow(hit.reshape(-1, 3), inward.reshape(-1, 3)).reshape(hit.shape)
        for index, block in enumerate(self.blocks):
            here = which == index
            albedo[here] = block.albedo
            lit[here] *= 0.6
        through = (wall == 1) & (which < 0)
        for axis, half in ((2, self.window_half[0]), (1, self.window_half[1])):
            through &= np.abs(hit[..., axis] - self.window_centre[axis]) < half
        # Rays that leave through the window are the window's own light, counted apart.
        radiance = np.where(through[..., None], 0, albedo * (lit + second))
        total = cosine.sum(-1, keepdims=True)
        return np.einsum("nk,nkc->nc", cosine / np.maximum(total, 1e-6), radiance).astype(np.float32)

    def _glow(self, p: Points, normals: Points) -> Points:
        """Unblocked light on what a ray hits: the window taken as four patches."""
        out = np.zeros_like(p)
        for along in (-0.5, 0.5):
            for up in (-0.5, 0.5):
                half = self.window_half
                centre = self.window_centre + np.array([0, up * half[1], along * half[0]])
                to = centre.astype(np.float32) - p
                square = (to**2).sum(-1)
                distance = np.sqrt(square)
                cosine = np.maximum((to * normals).sum(-1) / distance, 0)
                area = np.float32(half.prod())
                share = area * np.abs(to[:, 0]) / distance / (square + area) / np.float32(np.pi) * cosine
                above = (1 / (1 + np.exp(-8 * to[:, 1] / distance)))[:, None]
                out += (share[:, None] * (above * self.sky + (1 - above) * self.ground)).astype(np.float32)
        return out + self._from_lamp(p, normals)

    def _mean_bounce(self) -> Points:
        """The mean light that later bounces leave everywhere, (3,): a geometric series of the mean albedo."""
        rng = np.random.default_rng(3)
        p = (self.low + (self.high - self.low) * rng.random((64, 3))).astype(np.float32)
        first = np.zeros((64, 3), np.float32)
        for side in range(6):
            axis, top = side // 2, side % 2 == 0
            q = p.copy()
            q[:, axis] = self.high[axis] if top else self.low[axis]
            normal = np.zeros_like(q)
            normal[:, axis] = -1.0 if top else 1.0
            first += self._glow(q, normal) / 6
        albedo = self.walls.mean(axis=0)
        return (first.mean(axis=0) * albedo / (1 - albedo)).astype(np.float32)

    def _nearest_block(self, p: Points, ray: Points, end: Points | np.float32) -> tuple[Points, NDArray]:
        """How far along each ray (n, k, 3) the first block is, at most `end`, and which one it is (-1: none)."""
        nearest = np.broadcast_to(end, ray.shape[:2]).astype(np.float32)
        which = np.full(ray.shape[:2], -1)
        with np.errstate(divide="ignore"):
            inverse = (1 / ray).astype(np.float32)
        for index, block in enumerate(self.blocks):
            low = (block.low.astype(np.float32) - p)[:, None]
            high = (block.high.astype(np.float32) - p)[:, None]
            with np.errstate(invalid="ignore"):
                first, last = low * inverse, high * inverse
            enter = np.nan_to_num(np.minimum(first, last), nan=-np.inf).max(-1)
            leave = np.nan_to_num(np.maximum(first, last), nan=np.inf).min(-1)
            hit = (enter < leave) & (enter > 0) & (enter < nearest)
            nearest[hit] = enter[hit]
            which[hit] = index
        return nearest, which


def _sphere(count: int) -> Points:
    """Evenly spread directions: a Fibonacci lattice."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    r = np.sqrt(1 - y * y)
    turn = k * np.pi * (3 - np.sqrt(5))
    return np.stack([r * np.cos(turn), y, r * np.sin(turn)], axis=1).astype(np.float32)
