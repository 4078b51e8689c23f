"""Triangles in numpy: the few solids that a room is made of, and their way into Panda3D.

Every solid keeps its own pattern coordinates in metres, so that wood grain runs along the board it is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d import core


@dataclass(frozen=True, slots=True)
class Mesh:
    """n vertices and m triangles.

    positions, normals (n, 3); uv (n, 2) in metres along the pattern; albedo (n, 3) linear; finish (n, 4): roughness,
    emission (0: lit), pattern layer, how strong the pattern is (0 to 1); triangles (m, 3), counter-clockwise.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    albedo: NDArray[np.float32]
    finish: NDArray[np.float32]
    triangles: NDArray[np.int32]

    def moved(self, offset: ArrayLike) -> Mesh:
        return replace(self, positions=self.positions + np.asarray(offset, np.float32))

    def turned(self, angle_rad: float) -> Mesh:
        """Turned about the vertical, counter-clockwise from above."""
        c, s = np.cos(angle_rad), np.sin(angle_rad)
        matrix = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
        return replace(self, positions=self.positions @ matrix.T, normals=self.normals @ matrix.T)

    def painted(
        self,
        albedo: ArrayLike,
        roughness: float = 0.8,
        pattern: int = 0,
        strength: float = 0.0,
        emission: float = 0.0,
    ) -> Mesh:
        n = len(self.positions)
        return replace(
            self,
            albedo=np.tile(np.asarray(albedo, np.float32), (n, 1)),
            finish=np.tile(np.array([roughness, emission, pattern, strength], np.float32), (n, 1)),
        )


def linear(hex_colour: str) -> NDArray[np.float64]:
    """The linear colour (3,) of `#rrggbb`."""
    encoded = np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def bare(positions: ArrayLike, normals: ArrayLike, uv: ArrayLike, triangles: ArrayLike) -> Mesh:
    """A mesh still to be painted."""
    p = np.asarray(positions, np.float32)
    return Mesh(
        p,
        np.asarray(normals, np.float32),
        np.asarray(uv, np.float32),
        np.ones_like(p),
        np.zeros((len(p), 4), np.float32),
        np.asarray(triangles, np.int32),
    )


def join(meshes: Sequence[Mesh]) -> Mesh:
    """All of them as one."""
    starts = np.cumsum([0, *(len(mesh.positions) for mesh in meshes[:-1])])
    return Mesh(
        np.concatenate([mesh.positions for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.uv for mesh in meshes]),
        np.concatenate([mesh.albedo for mesh in meshes]),
        np.concatenate([mesh.finish for mesh in meshes]),
        np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]),
    )


def sheet(positions: ArrayLike, uv: ArrayLike | None = None) -> Mesh:
    """A smooth surface through a grid of points (rows, columns, 3), facing rows x columns."""
    p = np.asarray(positions, float)
    normals = np.cross(np.gradient(p, axis=0), np.gradient(p, axis=1))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    rows, columns = p.shape[:2]
    flat_uv = np.zeros((rows * columns, 2)) if uv is None else np.asarray(uv).reshape(-1, 2)
    return bare(p.reshape(-1, 3), normals.reshape(-1, 3), flat_uv, _quads(rows - 1, columns - 1))


def both_sides(mesh: Mesh) -> Mesh:
    """A thin thing that can be seen from behind too."""
    return join([mesh, replace(mesh, normals=-mesh.normals, triangles=mesh.triangles[:, ::-1])])


def grid(origin: ArrayLike, u: ArrayLike, v: ArrayLike, step_m: float = 0.1, uv_turned: bool = False) -> Mesh:
    """A rectangle from `origin` along `u` and `v` in cells of about `step_m`, facing u x v.

    The pattern runs along `u`, or along `v` when turned.
    """
    origin, u, v = (np.asarray(x, float) for x in (origin, u, v))
    lengths = np.linalg.norm(u), np.linalg.norm(v)
    counts = [max(1, round(length / step_m)) for length in lengths]
    s, t = (axis.ravel() for axis in np.meshgrid(*(np.linspace(0, 1, c + 1) for c in counts), indexing="ij"))
    positions = origin + s[:, None] * u + t[:, None] * v
    normal = np.cross(u, v) / np.linalg.norm(np.cross(u, v))
    uv = np.stack([s * lengths[0], t * lengths[1]], axis=1)
    return bare(
        positions,
        np.tile(normal, (len(positions), 1)),
        uv[:, ::-1] if uv_turned else uv,
        _quads(counts[0], counts[1]),
    )


def _quads(rows: int, columns: int) -> NDArray[np.int32]:
    """Triangles over a grid of (rows + 1) x (columns + 1) vertices."""
    i, j = (x.ravel() for x in np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    a = i * (columns + 1) + j
    b, c, d = a + columns + 1, a + columns + 2, a + 1
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def box(centre: ArrayLike, size: ArrayLike, rounding_m: float = 0.004, step_m: float = 0.25, grain: int = 0) -> Mesh:
    """A box with rounded edges; its pattern runs along the axis `grain` (0 x, 1 y, 2 z).

    Vertices lie on a cube's grid; what is nearer to an edge than the rounding is bent onto it, so that light glides
    round the edge instead of breaking.
    """
    centre, size = np.asarray(centre, float), np.asarray(size, float)
    radius = min(rounding_m, size.min() / 2.001)
    inner = size / 2 - radius
    faces = []
    for axis in range(3):
        other = [(axis + 1) % 3, (axis + 2) % 3]
        stops = [_stops(size[o] / 2, radius, step_m) for o in other]
        for sign in (1.0, -1.0):
            s, t = (x.ravel() for x in np.meshgrid(*stops, indexing="ij"))
            cube = np.empty((len(s), 3))
            cube[:, axis] = sign * size[axis] / 2
            cube[:, other[0]] = s
            cube[:, other[1]] = t
            core_point = np.clip(cube, -inner, inner)
            away = cube - core_point
            normals = away / np.linalg.norm(away, axis=1, keepdims=True)
            positions = core_point + radius * normals
            along = grain if grain != axis else other[0]
            across = 3 - along - axis
            triangles = _quads(len(stops[0]) - 1, len(stops[1]) - 1)
            if sign < 0:
                triangles = triangles[:, ::-1]
            # Each face lies elsewhere in the pattern, or all six would show the same grain.
            uv = cube[:, [along, across]] + centre[[along, across]] + 0.37 * axis + 0.61 * (sign < 0)
            faces.append(bare(positions + centre, normals, uv, triangles))
    return join(faces)


def _stops(half: float, radius: float, step_m: float) -> NDArray[np.float64]:
    inner = half - radius
    middle = np.linspace(-inner, inner, max(2, int(2 * inner / step_m) + 1))
    edge = np.array([radius])
    return np.concatenate([-inner - edge[::-1], middle, inner + edge])


def lathe(profile: ArrayLike, centre: ArrayLike = (0, 0, 0), around: int = 24) -> Mesh:
    """A solid of revolution about the vertical through `centre`; profile (k, 2) is (radius, height) from the bottom.

    Repeat a profile point to break the smoothness there.
    """
    profile = np.asarray(profile, float)
    tangent = np.gradient(profile, axis=0)
    same = np.flatnonzero(np.all(profile[1:] == profile[:-1], axis=1))
    tangent[same] = profile[same] - profile[same - 1]
    last = np.minimum(same + 2, len(profile) - 1)
    tangent[same + 1] = profile[last] - profile[same + 1]
    turn = np.linspace(0, 2 * np.pi, around + 1)
    c, s = np.cos(turn), np.sin(turn)
    r, h = profile[:, :1], profile[:, 1:]
    positions = np.stack(np.broadcast_arrays(r * c, h, r * s), axis=-1)
    normals = np.stack(np.broadcast_arrays(tangent[:, 1:] * c, -tangent[:, :1], tangent[:, 1:] * s), axis=-1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    uv = np.stack(np.broadcast_arrays(h, r.max() * turn), axis=-1)
    return bare(
        positions.reshape(-1, 3) + np.asarray(centre, float),
        normals.reshape(-1, 3),
        uv.reshape(-1, 2),
        _quads(len(profile) - 1, around),
    )


def _format(columns: Sequence[tuple[str, int, int, int]]) -> core.GeomVertexFormat:
    array = core.GeomVertexArrayFormat()
    for name, count, number, contents in columns:
        array.add_column(core.InternalName.make(name), count, number, contents)
    form = core.GeomVertexFormat()
    form.add_array(array)
    return core.GeomVertexFormat.register_format(form)


def geom_node(
    name: str,
    columns: Sequence[tuple[str, NDArray, int]],
    triangles: NDArray[np.integer],
) -> core.GeomNode:
    """A node of one Geom. columns: (name, (n, k) array of float32 or uint8, what it holds), such as C_point."""
    kinds = {np.dtype(np.float32): core.Geom.NT_float32, np.dtype(np.uint8): core.Geom.NT_uint8}
    form = _format([(n, data.shape[1], kinds[data.dtype], contents) for n, data, contents in columns])
    count = len(columns[0][1])
    vertices = core.GeomVertexData(name, form, core.Geom.UH_static)
    vertices.unclean_set_num_rows(count)
    packed = np.concatenate([np.ascontiguousarray(data).view(np.uint8) for _, data, _ in columns], axis=1)
    stride = form.get_array(0).stride
    rows = np.zeros((count, stride), np.uint8)
    rows[:, : packed.shape[1]] = packed
    memoryview(vertices.modify_array(0)).cast("B")[:] = rows.tobytes()
    primitive = core.GeomTriangles(core.Geom.UH_static)
    primitive.set_index_type(core.Geom.NT_uint32)
    indices = primitive.modify_vertices()
    indices.unclean_set_num_rows(triangles.size)
    memoryview(indices).cast("B")[:] = triangles.astype(np.uint32).tobytes()
    geom = core.Geom(vertices)
    geom.add_primitive(primitive)
    node = core.GeomNode(name)
    node.add_geom(geom)
    return node


def column_of(geom: core.Geom, name: str) -> NDArray[np.float32]:
    """A column of float32 of a Geom's vertices, (n, k)."""
    vertices = geom.get_vertex_data()
    number = vertices.format.get_array_with(core.InternalName.make(name))
    column = vertices.format.get_column(core.InternalName.make(name))
    array = vertices.get_array(number)
    rows = np.frombuffer(memoryview(array).cast("B"), np.uint8).reshape(-1, array.array_format.get_stride())
    return rows[:, column.get_start() : column.get_start() + 4 * column.get_num_values()].copy().view(np.float32)


def triangles_of(geom: core.Geom) -> NDArray[np.integer]:
    """The triangles of a Geom of indexed triangles, (n, 3)."""
    kinds = {core.Geom.NT_uint8: np.uint8, core.Geom.NT_uint16: np.uint16, core.Geom.NT_uint32: np.uint32}
    whole = geom.decompose()
    indices = [
        np.frombuffer(memoryview(each.get_vertices()).cast("B"), kinds[each.index_type]).astype(int)
        for each in whole.primitives
    ]
    return np.concatenate(indices).reshape(-1, 3)


def solid_node(name: str, mesh: Mesh, srgb: Sequence[float] = (0.5, 0.5, 0.5)) -> core.GeomNode:
    """One moving thing of a single sRGB colour, for `Materials.dress`."""
    colour = np.tile(np.round(np.array([*srgb, 1.0]) * 255).astype(np.uint8), (len(mesh.positions), 1))
    return geom_node(
        name,
        [
            ("vertex", mesh.positions, core.Geom.C_point),
            ("normal", mesh.normals, core.Geom.C_normal),
            ("color", colour, core.Geom.C_color),
        ],
        mesh.triangles,
    )


def room_node(
    name: str, mesh: Mesh, window_light: NDArray[np.floating], room_light: NDArray[np.floating]
) -> core.GeomNode:
    """A baked mesh; window_light and room_light (n, 3) are radiances of a white diffuser at each vertex."""
    return geom_node(
        name,
        [
            ("vertex", mesh.positions, core.Geom.C_point),
            ("normal", mesh.normals, core.Geom.C_normal),
            ("texcoord", mesh.uv, core.Geom.C_texcoord),
            ("albedo", mesh.albedo, core.Geom.C_other),
            ("window_light", window_light.astype(np.float32), core.Geom.C_other),
            ("room_light", room_light.astype(np.float32), core.Geom.C_other),
            ("finish", mesh.finish, core.Geom.C_other),
        ],
        mesh.triangles,
    )


def open_node(
    name: str, mesh: Mesh, sun: NDArray[np.floating], sway_m: NDArray[np.floating], sky: NDArray[np.floating]
) -> core.GeomNode:
    """A mesh under the open sky: its shares (n, 3) of the sun's light at three hours and (n, 2) of the sky's and the
    ground's, and how far (n,) the wind moves each vertex.
    """
    return geom_node(
        name,
        [
            ("vertex", mesh.positions, core.Geom.C_point),
            ("normal", mesh.normals, core.Geom.C_normal),
            ("texcoord", mesh.uv, core.Geom.C_texcoord),
            ("albedo", mesh.albedo, core.Geom.C_other),
            ("sun_share", np.column_stack([sun, sway_m]).astype(np.float32), core.Geom.C_other),
            ("sky_share", sky.astype(np.float32), core.Geom.C_other),
            ("finish", mesh.finish, core.Geom.C_other),
        ],
        mesh.triangles,
    )
