"""How open each vertex is to the room around it: ambient occlusion at rest, from depth maps in many directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.bake.triangles import Mesh

Floats = NDArray[np.float64]

_DIRECTIONS = 96


def _sphere(count: int) -> Floats:
    """Evenly spread unit vectors (count, 3), a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * i / count, i * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - height * height)
    return np.stack([radius * np.cos(turn), height, radius * np.sin(turn)], axis=1)


def _covered(mesh: Mesh, pixel_m: float) -> Floats:
    """Points (n, 3) spread over the faces no farther apart than a pixel, so that splatting them leaves no holes."""
    corner = mesh.points[mesh.faces]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1)
    cells = np.maximum(np.ceil(longest / (0.7 * pixel_m)).astype(int), 1)
    parts = []
    for n in np.unique(cells):
        u, v = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        u, v = u[u + v <= n] / n, v[u + v <= n] / n
        a, b, c = (corner[cells == n, i, None, :] for i in range(3))
        parts.append((a + u[:, None] * (b - a) + v[:, None] * (c - a)).reshape(-1, 3))
    return np.concatenate(parts)


def openness(meshes: list[Mesh], others: Sequence[Mesh] = (), *, pixel_m: float) -> list[Floats]:
    """For each mesh (n,) in 0 to 1: the share of the cosine-weighted hemisphere that no mesh hides, nor any other."""
    splats = np.concatenate([_covered(mesh, pixel_m) for mesh in (*meshes, *others)]).T.copy()
    points = np.concatenate([mesh.points for mesh in meshes]).T
    normals = np.concatenate([mesh.normals for mesh in meshes]).T
    bias = 2.0 * pixel_m
    # Looked up off the surface, so that a bent surface does not hide itself.
    lifted = points + bias * normals
    seen, total = np.zeros(points.shape[1]), np.zeros(points.shape[1])
    for direction in _sphere(_DIRECTIONS):
        side = np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        across = np.cross(direction, side)
        row, column = _cell(splats, side, pixel_m), _cell(splats, across, pixel_m)
        corner, size = (row.min(), column.min()), (np.ptp(row) + 1, np.ptp(column) + 1)
        nearest = np.full(size[0] * size[1], -np.inf)
        np.maximum.at(nearest, (row - corner[0]) * size[1] + column - corner[1], _dot(splats, direction))
        row, column = _cell(lifted, side, pixel_m) - corner[0], _cell(lifted, across, pixel_m) - corner[1]
        inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
        depth = np.full(len(inside), -np.inf)
        depth[inside] = nearest[(row * size[1] + column)[inside]]
        facing = np.maximum(_dot(normals, direction), 0.0)
        total += facing
        seen += facing * (depth <= _dot(lifted, direction) + bias / 2)
    share = seen / total
    return np.split(share, np.cumsum([len(mesh.points) for mesh in meshes])[:-1])


def _dot(vectors: Floats, direction: Floats) -> Floats:
    """(n,) of vectors (3, n); written out, for a library's product differs in its last bits from machine to machine."""
    return vectors[0] * direction[0] + vectors[1] * direction[1] + vectors[2] * direction[2]


def _cell(points: Floats, axis: Floats, pixel_m: float) -> NDArray[np.int64]:
    return np.floor(_dot(points, axis) / pixel_m).astype(np.int64)
