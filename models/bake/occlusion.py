"""How open each vertex is to the room around it: ambient occlusion at rest, from depth maps in many directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.bake.triangles import Mesh

Floats = NDArray[np.float64]

_DIRECTIONS = 96
_PIXEL_M = 0.002
_BIAS_M = 0.004


def _sphere(count: int) -> Floats:
    """Evenly spread unit vectors (count, 3), a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * i / count, i * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - height * height)
    return np.stack([radius * np.cos(turn), height, radius * np.sin(turn)], axis=1)


def _covered(mesh: Mesh) -> Floats:
    """Points (n, 3) spread over the faces no farther apart than a pixel, so that splatting them leaves no holes."""
    corner = mesh.points[mesh.faces]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1)
    cells = np.maximum(np.ceil(longest / (0.7 * _PIXEL_M)).astype(int), 1)
    parts = []
    for n in np.unique(cells):
        u, v = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        u, v = u[u + v <= n] / n, v[u + v <= n] / n
        a, b, c = (corner[cells == n, i, None, :] for i in range(3))
        parts.append((a + u[:, None] * (b - a) + v[:, None] * (c - a)).reshape(-1, 3))
    return np.concatenate(parts)


def openness(meshes: list[Mesh]) -> list[Floats]:
    """For each mesh (n,) in 0 to 1: the share of the cosine-weighted hemisphere that no mesh hides."""
    splats = np.concatenate([_covered(mesh) for mesh in meshes])
    points = np.concatenate([mesh.points for mesh in meshes])
    normals = np.concatenate([mesh.normals for mesh in meshes])
    seen, total = np.zeros(len(points)), np.zeros(len(points))
    for direction in _sphere(_DIRECTIONS):
        side = np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        plane = np.stack([side, np.cross(direction, side)], axis=1)
        low = np.floor((splats @ plane).min(axis=0) / _PIXEL_M).astype(int) - 1
        cell = np.floor(splats @ plane / _PIXEL_M).astype(int) - low
        size = cell.max(axis=0) + 3
        nearest = np.full(size[0] * size[1], -np.inf)
        np.maximum.at(nearest, cell[:, 0] * size[1] + cell[:, 1], splats @ direction)
        # Looked up off the surface, so that a bent surface does not hide itself.
        lifted = points + _BIAS_M * normals
        at = np.floor(lifted @ plane / _PIXEL_M).astype(int) - low
        inside = ((at >= 0) & (at < size)).all(axis=1)
        depth = np.full(len(points), -np.inf)
        depth[inside] = nearest[at[inside, 0] * size[1] + at[inside, 1]]
        facing = np.maximum(normals @ direction, 0.0)
        total += facing
        seen += facing * (depth <= lifted @ direction + _BIAS_M / 2)
    share = seen / total
    return np.split(share, np.cumsum([len(mesh.points) for mesh in meshes])[:-1])
