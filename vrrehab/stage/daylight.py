"""The light that a place has by itself: a window's sky and what the room throws back, baked once into vertices.

Nothing in the room moves but limbs, so everything soft and costly (sky seen past furniture, light thrown back by walls
and floor) is found here in numpy when a place is loaded, and costs a frame nothing. The limbs' own shadow on top of it
is `vrrehab.stage.shadow`. Occluders are boxes: good enough for soft light.

Light is told as the radiance of a white diffuser, so that a surface's colour is its albedo times it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.material import Light

F32 = NDArray[np.float32]

_WINDOW_SAMPLES = (4, 5)
_SPHERE_SAMPLES = 160
_OFF_SURFACE_M = 0.006
#: Rays that are followed at once.
_RAYS = 4096
_AXES = np.arange(3)[:, None]
#: Vertices nearer than this that face alike share one computation.
_CELL_M = 0.035


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

    def bake(self, positions: F32, normals: F32) -> tuple[F32, F32]:
        """The light at each vertex, (n, 3) each: from the window, and from all else."""
        cells = np.concatenate(
            [np.floor(positions / _CELL_M), np.round(2 * normals)], axis=1, dtype=np.int32, casting="unsafe"
        )
        _, first, cell_of = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        p, n = self._off(positions[first], normals[first]), normals[first]
        window = self._from_window(p, n)
        room = self._thrown_back(p, n) + self._from_lamp(p.T, n.T)
        cell_of = cell_of.reshape(-1)
        return window[cell_of], room[cell_of]

    def at(self, place: NDArray[np.float64], table_top_m: float) -> Light:
        """The light at one place in the open, for what moves there."""
        axes = np.concatenate([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]].astype(np.float32)
        p = np.tile(np.asarray(place, np.float32), (6, 1))
        ways, share, radiance = self._window(p[:1])
        flow = np.einsum("ank,nk,nkc->ca", ways, share, radiance)
        direction = flow.sum(axis=0) / np.linalg.norm(flow.sum(axis=0))
        key = flow @ direction
        # What the window's breadth puts on faces that the key's one direction leaves dark is ambient light.
        beyond = self._from_window(p, axes) - np.maximum(axes @ direction, 0)[:, None] * key
        ambient = self._thrown_back(p, axes) + self._from_lamp(p.T, axes.T) + np.maximum(beyond, 0)
        return Light(
            key_direction=direction.astype(float),
            key=key.astype(float),
            ambient=ambient.astype(float),
            window_centre=self.window_centre,
            window_half=self.window_half,
            window=radiance[0].mean(axis=0).astype(float),
            table_top_m=table_top_m,
        )

    def _off(self, p: F32, n: F32) -> F32:
        """Points lifted off their surface, and into the room where a thing touches its walls."""
        lifted = p + _OFF_SURFACE_M * n
        return np.clip(lifted, self.low + 0.002, self.high - 0.002).astype(np.float32)

    def _window(self, p: F32) -> tuple[F32, F32, F32]:
        """Unit ways to the window's sample points (3, n, k), their solid angle / pi (n, k), radiance (n, k, 3)."""
        across, up = _WINDOW_SAMPLES
        z = self.window_centre[2] + self.window_half[0] * (2 * (np.arange(across) + 0.5) / across - 1)
        y = self.window_centre[1] + self.window_half[1] * (2 * (np.arange(up) + 0.5) / up - 1)
        zz, yy = (x.ravel() for x in np.meshgrid(z, y))
        points = np.stack([np.full_like(zz, self.window_centre[0]), yy, zz]).astype(np.float32)
        to = points[:, None, :] - p.T[:, :, None]
        square = to[0] ** 2 + to[1] ** 2 + to[2] ** 2
        ways = to / np.sqrt(square)
        area = np.float32(4 * self.window_half.prod() / (across * up))
        # Near the window a sample stands for a patch, not a point: its solid angle stays finite.
        share = area * np.maximum(-ways[0], 0) / (square + 0.3 * area) / np.float32(np.pi)
        return ways, share, self._outside(ways[1])

    def _outside(self, rise: F32) -> F32:
        """The radiance (..., 3) seen through the window at a sine of elevation.

        The overcast sky is three times as bright overhead as at the horizon (Moon and Spencer, 1942).
        """
        above = 1 / (1 + np.exp(-14 * rise))
        shares = np.stack([above * (1 + 2 * np.maximum(rise, 0)) / np.float32(1.6), 1 - above], axis=-1)
        return shares @ np.stack([self.sky, self.ground]).astype(np.float32)

    def _from_window(self, p: F32, n: F32) -> F32:
        ways, share, radiance = self._window(p)
        cosine = np.maximum(np.einsum("ank,na->nk", ways, n), 0)
        wall = (self.low[0] - p[:, :1]) / np.minimum(ways[0], -1e-4)
        seen = first_block(self.blocks, p, ways, wall.astype(np.float32))[1] < 0
        return np.einsum("nk,nkc->nc", share * cosine * seen, radiance).astype(np.float32)

    def _from_lamp(self, p: F32, n: F32, breadth_m: float = 0.2) -> F32:
        """The lamp's light (n, 3) at places `p` that face `n`, (3, n) each."""
        if self.lamp is None:
            return np.zeros_like(p.T)
        to = self.lamp.position.astype(np.float32)[:, None] - p
        square = to[0] ** 2 + to[1] ** 2 + to[2] ** 2
        cosine = (to[0] * n[0] + to[1] * n[1] + to[2] * n[2]) / np.sqrt(square)
        # A shade is broad: near to it light is finite, and reaches a little past the edge.
        light = np.clip((cosine + 0.2) / 1.2, 0, 1) / (square + np.float32(breadth_m**2))
        return light[:, None] * self.lamp.power.astype(np.float32)

    def _thrown_back(self, p: F32, n: F32) -> F32:
        """What walls, floor, ceiling and blocks send to points: their own first light, and a mean of later bounces."""
        ways = _sphere(_SPHERE_SAMPLES)
        bounce = self._later_bounces()
        room = np.zeros_like(p)
        cosine = np.maximum(ways.T @ n.T, 0)
        albedo = _paled(np.array([*self.walls, *(block.albedo for block in self.blocks)], np.float32))
        columns = np.ascontiguousarray(p.T)
        low, high = (np.asarray(each, np.float32)[:, None] for each in (self.low, self.high))
        half = self.window_half.astype(np.float32)
        # One way at a time for many points, in small arrays; many ways at once for a few.
        together = max(1, _RAYS // len(p))
        for k in range(0, ways.shape[1], together):
            its, here = np.nonzero(cosine[k : k + together])
            way = ways[:, k + its] if together > 1 else ways[:, k, None]
            q = columns.take(here, axis=1)
            exits = (np.where(way > 0, high, low) - q) / way
            end = np.minimum(np.minimum(exits[0], exits[1]), exits[2])
            side = np.where(exits[0] == end, 0, np.where(exits[1] == end, 1, 2))
            nearest, block = first_block(self.blocks, q.T, way[:, :, None], end[:, None])
            hit = q + nearest[:, 0] * way
            facing = np.where(side == _AXES, -np.sign(way), 0)
            surface = np.where(block[:, 0] >= 0, 6 + block[:, 0], 2 * side + (facing > 0).any(axis=0))
            light = self._unblocked(hit, facing) + bounce
            # What leaves through the window meets the window's own light, counted apart.
            off = np.abs(hit[[2, 1]] - self.window_centre[[2, 1], None].astype(np.float32))
            light[(surface == 1) & (off[0] < half[0]) & (off[1] < half[1])] = 0
            sent = cosine[k + its, here][:, None] * albedo.take(surface, axis=0) * light
            if together > 1:
                np.add.at(room, here, sent)
            else:
                room[here] += sent
        return room / np.maximum(cosine.sum(axis=0), 1e-6)[:, None]

    def _unblocked(self, p: F32, n: F32) -> F32:
        """A quick guess of the first light (n, 3) on what a ray hits at `p` (3, n): the window as one patch, and the
        lamp.
        """
        to = self.window_centre.astype(np.float32)[:, None] - p
        square = to[0] ** 2 + to[1] ** 2 + to[2] ** 2
        distance = np.sqrt(square)
        area = np.float32(4 * self.window_half.prod())
        cosine = np.maximum(to[0] * n[0] + to[1] * n[1] + to[2] * n[2], 0) * np.abs(to[0]) / square
        share = area * cosine / (np.float32(np.pi) * square + area)
        # A few rays stand for all: what they happen to hit close to the lamp must not glare.
        return share[:, None] * self._outside(to[1] / distance) + self._from_lamp(p, n, breadth_m=0.8)

    def _later_bounces(self) -> F32:
        """The mean light (3,) that later bounces leave everywhere: a geometric series in the mean albedo."""
        rng = np.random.default_rng(3)
        first = np.zeros(3)
        area = np.zeros(6)
        for side in range(6):
            axis = side // 2
            p = (self.low + (self.high - self.low) * rng.random((64, 3))).astype(np.float32)
            p[:, axis] = self.high[axis] if side % 2 == 0 else self.low[axis]
            n = np.zeros_like(p)
            n[:, axis] = -1.0 if side % 2 == 0 else 1.0
            area[side] = np.delete(self.high - self.low, axis).prod()
            first += area[side] * _paled(self.walls)[side] * self._unblocked(p.T, n.T).mean(axis=0)
        albedo = (area[:, None] * _paled(self.walls)).sum(axis=0) / area.sum()
        return (first / area.sum() / (1 - albedo)).astype(np.float32)


def first_block(blocks: Sequence[Block], p: F32, ways: F32, end: F32) -> tuple[F32, NDArray[np.intp]]:
    """How far along each way the first block is, at most `end` (n, k), and which it is (-1: none).

    p (n, 3); ways (3, n or 1, k).
    """
    nearest = end.copy()
    which = np.full(end.shape, -1)
    # A way along a side would divide by zero.
    inverse = 1 / np.where(ways == 0, np.float32(1e-9), ways)
    ahead = inverse > 0
    passed = [p[:, axis, None] * inverse[axis] for axis in range(3)]
    for index, block in enumerate(blocks):
        low, high = block.low.astype(np.float32)[:, None, None], block.high.astype(np.float32)[:, None, None]
        near, far = np.where(ahead, low, high) * inverse, np.where(ahead, high, low) * inverse
        enter, leave = near[0] - passed[0], far[0] - passed[0]
        for axis in (1, 2):
            np.maximum(enter, near[axis] - passed[axis], out=enter)
            np.minimum(leave, far[axis] - passed[axis], out=leave)
        hit = (enter > 0) & (enter < np.minimum(leave, nearest))
        np.copyto(nearest, enter, where=hit)
        np.copyto(which, index, where=hit)
    return nearest, which


def _paled(albedo: NDArray) -> NDArray:
    """Albedos for thrown-back light, two thirds of the way to grey.

    The eye adapts to a tinted room, which a display cannot do for it.
    """
    return 0.35 * albedo + 0.65 * albedo.mean(axis=-1, keepdims=True)


def _sphere(count: int) -> F32:
    """Evenly spread directions, (3, count): a Fibonacci lattice."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    r = np.sqrt(1 - y * y)
    turn = k * np.pi * (3 - np.sqrt(5))
    return np.stack([r * np.cos(turn), y, r * np.sin(turn)]).astype(np.float32)
