"""A quad mesh with per-vertex values that ride along: selecting faces, Catmull-Clark, normals, triangles.

`uvs` belong to face corners, so that seams stay where they were drawn; everything else belongs to vertices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    """points (n, 3), weights (n, bones), quads (f, 4) counter-clockwise from outside, uvs (f, 4, 2)."""

    points: Floats
    weights: Floats
    quads: NDArray[np.int64]
    uvs: Floats

    def with_points(self, points: Floats) -> Surface:
        return replace(self, points=points)


def selected(surface: Surface, faces: NDArray[np.bool_]) -> tuple[Surface, NDArray[np.int64]]:
    """The part of a surface made of `faces`, and which of the old vertices its vertices were."""
    quads = surface.quads[faces]
    kept, renumbered = np.unique(quads, return_inverse=True)
    part = Surface(surface.points[kept], surface.weights[kept], renumbered.reshape(quads.shape), surface.uvs[faces])
    return part, kept


def reflected(surface: Surface) -> Surface:
    """The mirror image across x = 0; corners in reverse order, so that the outside stays outside."""
    return Surface(surface.points * [-1.0, 1.0, 1.0], surface.weights, surface.quads[:, ::-1], surface.uvs[:, ::-1])


def edges(quads: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The edges (e, 2), of each face corner the edge to the next corner (f, 4), and each edge's number of faces."""
    pairs = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    unique, of_corner, faces = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return unique, of_corner.reshape(quads.shape), faces


def subdivided(surface: Surface) -> Surface:
    """One level of Catmull and Clark (1978), weights with the positions, uvs linearly; open edges stay put."""
    quads, count = surface.quads, len(surface.points)
    edge, edge_of, faces_of_edge = edges(quads)
    values = np.hstack([surface.points, surface.weights])
    centre = values[quads].mean(axis=1)
    middle = values[edge].mean(axis=1)
    open_edge = faces_of_edge == 1

    around_edge = np.zeros_like(middle)
    for corner in range(4):
        np.add.at(around_edge, edge_of[:, corner], centre)
    on_edge = np.where(open_edge[:, None], middle, (2.0 * middle + around_edge) / 4.0)

    valence = np.zeros(count)
    face_mean, edge_mean = np.zeros_like(values), np.zeros_like(values)
    edges_at = np.zeros(count)
    for corner in range(4):
        np.add.at(valence, quads[:, corner], 1.0)
        np.add.at(face_mean, quads[:, corner], centre)
    for end in range(2):
        np.add.at(edges_at, edge[:, end], 1.0)
        np.add.at(edge_mean, edge[:, end], middle)
    n = valence[:, None]
    moved = (face_mean / n + 2.0 * edge_mean / edges_at[:, None] + (n - 3.0) * values) / n

    rim_sum = np.zeros_like(values)
    for end in range(2):
        np.add.at(rim_sum, edge[open_edge, end], middle[open_edge])
    rim = np.unique(edge[open_edge])
    moved[rim] = (rim_sum[rim] + 2.0 * values[rim]) / 4.0

    # The new vertices: the old ones, then one for each edge, then one for each face.
    all_values = np.vstack([moved, on_edge, centre])
    edge_at, face_at = count + edge_of, count + len(edge) + np.arange(len(quads))
    corner_uv = surface.uvs
    edge_uv = (corner_uv + np.roll(corner_uv, -1, axis=1)) / 2.0
    face_uv = corner_uv.mean(axis=1)
    new_quads, new_uvs = [], []
    for corner in range(4):
        before = (corner - 1) % 4
        new_quads.append(np.stack([quads[:, corner], edge_at[:, corner], face_at, edge_at[:, before]], axis=1))
        new_uvs.append(np.stack([corner_uv[:, corner], edge_uv[:, corner], face_uv, edge_uv[:, before]], axis=1))
    return Surface(all_values[:, :3], all_values[:, 3:], np.concatenate(new_quads), np.concatenate(new_uvs))


def normals(surface: Surface) -> Floats:
    """Smooth unit normals (n, 3): the mean of the faces around a vertex, by area."""
    corner = surface.points[surface.quads]
    face = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    out = np.zeros_like(surface.points)
    for i in range(4):
        np.add.at(out, surface.quads[:, i], face)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def relaxed(surface: Surface, rounds: int, share: float, still: NDArray[np.bool_] | None = None) -> Surface:
    """Each vertex moved `share` of the way to the mean of its neighbours, `rounds` times; `still` ones stay."""
    edge, _, _ = edges(surface.quads)
    degree = np.bincount(edge.reshape(-1), minlength=len(surface.points))[:, None]
    points = surface.points.copy()
    for _ in range(rounds):
        total = np.zeros_like(points)
        np.add.at(total, edge[:, 0], points[edge[:, 1]])
        np.add.at(total, edge[:, 1], points[edge[:, 0]])
        step = share * (total / degree - points)
        if still is not None:
            step[still] = 0.0
        points += step
    return surface.with_points(points)


def triangles(surface: Surface) -> NDArray[np.int64]:
    """Each quad cut along its shorter diagonal, (2 f, 3)."""
    q, p = surface.quads, surface.points
    first = np.linalg.norm(p[q[:, 2]] - p[q[:, 0]], axis=1) <= np.linalg.norm(p[q[:, 3]] - p[q[:, 1]], axis=1)
    cut = np.where(first[:, None], q[:, [0, 1, 2, 0, 2, 3]], q[:, [1, 2, 3, 1, 3, 0]])
    return cut.reshape(-1, 3)
