"""Triangle meshes: the form in which surfaces are cut, closed and written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.bake.surface import Surface, normals, triangles

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """points, normals (n, 3), uvs (n, 2), weights (n, bones), faces (m, 3) counter-clockwise from outside."""

    points: Floats
    normals: Floats
    uvs: Floats
    weights: Floats
    faces: NDArray[np.int64]

    def _values(self) -> Floats:
        return np.hstack([self.points, self.normals, self.uvs, self.weights])

    @staticmethod
    def _of(values: Floats, faces: NDArray[np.int64]) -> Mesh:
        unit = values[:, 3:6] / np.linalg.norm(values[:, 3:6], axis=1, keepdims=True)
        return Mesh(values[:, :3], unit, values[:, 6:8], values[:, 8:], faces)


def from_surface(surface: Surface) -> Mesh:
    """Quads cut in two; a vertex on a uv seam becomes one vertex a chart, with one normal, so that no seam shows."""
    corners = np.column_stack([surface.quads.reshape(-1), np.arange(surface.quads.size)])
    keys = np.column_stack([corners[:, 0], surface.uvs.reshape(-1, 2)])
    unique, first, of_corner = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    vertex = unique[:, 0].astype(np.int64)
    at_corner = of_corner.reshape(surface.quads.shape)
    # Diagonals are chosen on the geometry; then each vertex of a face is replaced by its copy in that chart.
    faces = triangles(surface)
    quad_of_face = np.repeat(np.arange(len(surface.quads)), 2)
    which = (surface.quads[quad_of_face][:, None, :] == faces[:, :, None]).argmax(axis=2)
    return Mesh(
        surface.points[vertex],
        normals(surface)[vertex],
        surface.uvs.reshape(-1, 2)[first],
        surface.weights[vertex],
        np.take_along_axis(at_corner[quad_of_face], which, axis=1),
    )


def reflected(mesh: Mesh) -> Mesh:
    """The mirror image across x = 0."""
    m = np.array([-1.0, 1.0, 1.0])
    return Mesh(mesh.points * m, mesh.normals * m, mesh.uvs, mesh.weights, mesh.faces[:, ::-1])


def clipped(mesh: Mesh, field: Floats) -> tuple[Mesh, Floats]:
    """The part of a mesh where `field` (n,) is not negative, cut through its faces, and the field on the part.

    Following whole faces leaves spikes; this leaves a clean line where the field, linear over each face, is 0.
    """
    values = np.column_stack([mesh._values(), field])
    inside = field >= 0.0
    faces = mesh.faces
    cut = inside[faces].any(axis=1) & ~inside[faces].all(axis=1)
    crossing: dict[tuple[int, int], int] = {}
    added: list[Floats] = []

    def between(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in crossing:
            t = field[key[0]] / (field[key[0]] - field[key[1]])
            crossing[key] = len(values) + len(added)
            added.append(values[key[0]] + t * (values[key[1]] - values[key[0]]))
        return crossing[key]

    new: list[tuple[int, int, int]] = []
    for face in faces[cut]:
        # Turned so that the odd one out, inside or outside, comes first.
        signs = inside[face]
        odd = int(np.flatnonzero(signs == (signs.sum() == 1))[0])
        a, b, c = (int(v) for v in np.roll(face, -odd))
        ab, ac = between(a, b), between(a, c)
        new += [(a, ab, ac)] if inside[a] else [(ab, b, c), (ab, c, ac)]
    whole = faces[inside[faces].all(axis=1)]
    if added:
        values = np.vstack([values, np.array(added)])
        values[-len(added) :, -1] = 0.0
        whole = np.vstack([whole, np.array(new, np.int64)])
    kept, renumbered = np.unique(whole, return_inverse=True)
    values = values[kept]
    return Mesh._of(values[:, :-1], renumbered.reshape(whole.shape)), values[:, -1]


def open_edges(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """The directed edges (e, 2) that only one face has."""
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, at, count = np.unique(np.sort(directed, axis=1), axis=0, return_index=True, return_counts=True)
    return directed[at[count == 1]]


def joined(a: Mesh, b: Mesh) -> Mesh:
    return Mesh._of(np.vstack([a._values(), b._values()]), np.vstack([a.faces, b.faces + len(a.points)]))


def band(mesh: Mesh, edges: NDArray[np.int64], steps: list[tuple[Floats, Floats]]) -> Mesh:
    """A strip of faces hung on open `edges`: each step is an offset (n, 3) from the rim, and its normals."""
    rim, local = np.unique(edges, return_inverse=True)
    local = local.reshape(edges.shape)
    rows = [mesh.points[rim]] + [mesh.points[rim] + offset[rim] for offset, _ in steps]
    facing = [steps[0][1][rim]] + [normal[rim] for _, normal in steps]
    count = len(rim)
    faces = []
    for row in range(len(steps)):
        a, b = local[:, 0] + row * count, local[:, 1] + row * count
        faces += [np.stack([b, a, a + count], axis=1), np.stack([b, a + count, b + count], axis=1)]
    repeat = len(rows)
    return Mesh(
        np.vstack(rows),
        np.vstack(facing),
        np.tile(mesh.uvs[rim], (repeat, 1)),
        np.tile(mesh.weights[rim], (repeat, 1)),
        np.vstack(faces),
    )


def lid(mesh: Mesh, edges: NDArray[np.int64], dome: Floats) -> Mesh:
    """A closed end over a loop of open `edges`: a fan to the loop's mean moved by `dome` (3,)."""
    rim, local = np.unique(edges, return_inverse=True)
    local = local.reshape(edges.shape)
    centre = len(rim)
    outward = dome / np.linalg.norm(dome)
    return Mesh(
        np.vstack([mesh.points[rim], mesh.points[rim].mean(axis=0) + dome]),
        np.tile(outward, (centre + 1, 1)),
        np.vstack([mesh.uvs[rim], mesh.uvs[rim].mean(axis=0)]),
        np.vstack([mesh.weights[rim], mesh.weights[rim].mean(axis=0)]),
        np.stack([local[:, 1], local[:, 0], np.full(len(local), centre)], axis=1),
    )
