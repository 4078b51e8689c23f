"""Reads the binary glTF files of `models/` into numpy arrays, and makes Panda3D's vertices of them.

A reader of our own files, not of glTF at large: one buffer, triangles, one skin, our `_MASKS`. Panda's own loaders make
a Character, whose matrices are computed each frame by Panda; the avatar writes its matrices itself.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.errors import BadModel

_KINDS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, slots=True)
class Mesh:
    """points, normals (n, 3) and weights (n, 4) float32, joints (n, 4) uint8, faces (m, 3) uint32; masks by name, (n,)
    in 0 to 1; uvs (n, 2) or None. Metres, OpenXR's axes, in the rest pose.
    """

    material: str
    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32] | None
    joints: NDArray[np.uint8]
    weights: NDArray[np.float32]
    masks: Mapping[str, NDArray[np.float64]]
    faces: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Model:
    """The meshes of a file by name; the skin's bones in the order in which joints count, with their rest frames
    (bones, 4, 4) for column vectors; the places (3,) of nodes that hang on bones without being one, such as
    `left_index_tip`; and the stature of the person whose body it is, with the head.
    """

    meshes: Mapping[str, Mesh]
    bones: tuple[str, ...]
    rest: NDArray[np.float64]
    points: Mapping[str, NDArray[np.float64]]
    stature_m: float


def read_model(path: Path) -> Model:
    """Raises `BadModel` for anything but a whole binary glTF 2.0 file with one skin."""
    document, data = _chunks(path)
    try:
        return _model(document, data)
    except (KeyError, IndexError, ValueError) as error:
        raise BadModel(path, f"it lacks or garbles something that our models have ({error!r})") from error


def _chunks(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadModel(path, f"it cannot be read ({error.strerror})") from error
    if len(data) < 20 or data[:4] != b"glTF":
        raise BadModel(path, f"it begins with {data[:4]!r} instead of b'glTF'")
    version, total = struct.unpack_from("<II", data, 4)
    if version != 2 or total != len(data):
        raise BadModel(path, f"it says version {version} and {total} bytes and has {len(data)} bytes")
    length, kind = struct.unpack_from("<I4s", data, 12)
    try:
        document = json.loads(data[20 : 20 + length])
        size, binary = struct.unpack_from("<I4s", data, 20 + length)
    except (ValueError, struct.error) as error:
        raise BadModel(path, f"its parts are garbled ({error})") from error
    if kind != b"JSON" or binary != b"BIN\0":
        raise BadModel(path, f"its parts are {kind!r} and {binary!r}")
    return document, data[28 + length : 28 + length + size]


def _model(document: dict[str, Any], data: bytes) -> Model:
    def array(index: int) -> NDArray[Any]:
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        width = _WIDTHS[accessor["type"]]
        values = np.frombuffer(data, _KINDS[accessor["componentType"]], accessor["count"] * width, view["byteOffset"])
        return values.reshape(-1, width) if width > 1 else values

    def mesh(entry: dict[str, Any]) -> Mesh:
        (primitive,) = entry["primitives"]
        has = primitive["attributes"]
        masks = array(has["_MASKS"]) / 255.0
        return Mesh(
            document["materials"][primitive["material"]]["name"],
            array(has["POSITION"]),
            array(has["NORMAL"]),
            array(has["TEXCOORD_0"]) if "TEXCOORD_0" in has else None,
            array(has["JOINTS_0"]),
            array(has["WEIGHTS_0"]),
            {name: masks[:, i] for i, name in enumerate(entry["extras"]["masks"])},
            array(primitive["indices"]).reshape(-1, 3),
        )

    (skin,) = document["skins"]
    nodes, joints = document["nodes"], skin["joints"]
    # glTF keeps matrices by columns.
    inverse = array(skin["inverseBindMatrices"]).astype(float).reshape(-1, 4, 4).transpose(0, 2, 1)
    rest = np.linalg.inv(inverse)
    points = {
        nodes[child]["name"]: (rest[i] @ [*nodes[child]["translation"], 1.0])[:3]
        for i, node in enumerate(joints)
        for child in nodes[node].get("children", ())
        if child not in joints
    }
    names = tuple(nodes[node]["name"] for node in joints)
    meshes = {entry["name"]: mesh(entry) for entry in document["meshes"]}
    return Model(meshes, names, rest, points, document["asset"]["extras"]["stature_m"])


_FORMAT: list[core.GeomVertexFormat] = []


def _skinned_format() -> core.GeomVertexFormat:
    """Panda's columns, all in one array: vertex, normal, color, joint, weight, piece, beyond and texcoord."""
    if not _FORMAT:
        columns = core.GeomVertexArrayFormat()
        columns.add_column("vertex", 3, core.Geom.NT_float32, core.Geom.C_point)
        columns.add_column("normal", 3, core.Geom.NT_float32, core.Geom.C_normal)
        columns.add_column("color", 4, core.Geom.NT_uint8, core.Geom.C_color)
        columns.add_column("joint", 4, core.Geom.NT_uint8, core.Geom.C_index)
        columns.add_column("weight", 4, core.Geom.NT_float32, core.Geom.C_other)
        columns.add_column("piece", 4, core.Geom.NT_uint8, core.Geom.C_index)
        columns.add_column("beyond", 1, core.Geom.NT_float32, core.Geom.C_other)
        columns.add_column("texcoord", 2, core.Geom.NT_float32, core.Geom.C_texcoord)
        _FORMAT.append(core.GeomVertexFormat.register_format(core.GeomVertexFormat(columns)))
    return _FORMAT[0]


_ROW = np.dtype(
    [
        ("vertex", np.float32, 3),
        ("normal", np.float32, 3),
        ("color", np.uint8, 4),
        ("joint", np.uint8, 4),
        ("weight", np.float32, 4),
        ("piece", np.uint8, 4),
        ("beyond", np.float32),
        ("texcoord", np.float32, 2),
    ]
)


#: How far beyond a boundary all of a limb is that has none.
WHOLE_M = 10.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A mesh with its colours (n, 4), sRGB and openness in alpha; the part it fades with; which surface it has; and how
    far (n,) each vertex is beyond the residual limb's end, metres.
    """

    mesh: Mesh
    colours: NDArray[np.floating]
    part: int = 0
    surface: int = 0
    beyond_m: NDArray[np.floating] | float = WHOLE_M


def skinned_geom(*pieces: Piece) -> core.Geom:
    """All pieces as one, for a skinned look of `vrrehab.stage.material`."""
    starts = np.cumsum([0, *(len(piece.mesh.points) for piece in pieces)])
    rows = np.zeros(starts[-1], _ROW)
    for piece, start in zip(pieces, starts, strict=False):
        mesh = piece.mesh
        its = rows[start : start + len(mesh.points)]
        its["vertex"], its["normal"] = mesh.points, mesh.normals
        its["color"] = np.round(np.clip(piece.colours, 0.0, 1.0) * 255.0)
        its["joint"], its["weight"] = mesh.joints, mesh.weights
        its["piece"][:, :2] = piece.part, piece.surface
        its["beyond"] = piece.beyond_m
        # Panda counts v upwards, glTF downwards.
        its["texcoord"] = 0.0 if mesh.uvs is None else mesh.uvs * [1.0, -1.0] + [0.0, 1.0]
    faces = np.concatenate([piece.mesh.faces + start for piece, start in zip(pieces, starts, strict=False)])
    data = core.GeomVertexData("skinned", _skinned_format(), core.Geom.UH_static)
    data.unclean_set_num_rows(len(rows))
    memoryview(data.modify_array(0)).cast("B")[:] = rows.tobytes()
    triangles = core.GeomTriangles(core.Geom.UH_static)
    triangles.set_index_type(core.Geom.NT_uint32)
    indices = triangles.modify_vertices()
    indices.unclean_set_num_rows(faces.size)
    memoryview(indices).cast("B")[:] = faces.astype(np.uint32).tobytes()
    geom = core.Geom(data)
    geom.add_primitive(triangles)
    return geom
