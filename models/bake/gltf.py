"""Writes skinned meshes as binary glTF 2.0, byte for byte the same on every machine.

Weights are floats (some readers take normalised bytes 255 times too large), joints unsigned bytes, our own attributes
begin with `_` as the standard asks. The bones' rest frames are the skin's inverse bind matrices and, as a hierarchy,
its nodes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bake.bones import Bone

Floats = NDArray[np.float64]

_FLOAT, _BYTE, _SHORT = 5126, 5121, 5123
_VERTICES, _INDICES = 34962, 34963
#: Numbers are rounded to these steps, far finer than can be seen and far coarser than the last bits in which
#: processors differ.
POSITION_STEP, UNIT_STEP = 2.0**-20, 2.0**-14


@dataclass(frozen=True, slots=True)
class Part:
    """One mesh as it is written. masks: (n, 4) in 0 to 1, named by `mask_names`; joints count over all bones."""

    name: str
    material: str
    points: Floats
    normals: Floats
    uvs: Floats | None
    masks: Floats
    joints: NDArray[np.uint8]
    weights: Floats
    faces: NDArray[np.int64]


def rounded(values: Floats, step: float) -> NDArray[np.float32]:
    # Adding 0 makes a negative zero positive.
    return (np.round(values / step) * step + 0.0).astype(np.float32)


def quaternion(m: Floats) -> Floats:
    """The xyzw quaternion of a rotation matrix, scalar part not negative; by its greatest component (Shepperd 1978)."""
    trace = np.array([m[0, 0], m[1, 1], m[2, 2], np.trace(m)])
    i = int(np.argmax(trace))
    q = np.empty(4)
    if i == 3:
        q[:] = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1.0 + trace[3]
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q[i], q[j], q[k] = 1.0 - trace[3] + 2.0 * m[i, i], m[j, i] + m[i, j], m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    q /= np.sqrt((q * q).sum())
    return -q if q[3] < 0.0 else q


class _Buffer:
    """Collects arrays. What both sides share (weights, masks, uvs) is written once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._known: dict[tuple[bytes, str, int], int] = {}

    def add(self, array: NDArray[Any], kind: str, component: int, target: int | None = None, **extra: Any) -> int:
        content = np.ascontiguousarray(array).tobytes()
        known = self._known.setdefault((content, kind, component), len(self.accessors))
        if known < len(self.accessors):
            return known
        self.data += b"\0" * (-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.views.append(view | ({"target": target} if target else {}))
        self.data += content
        accessor = {"bufferView": len(self.views) - 1, "componentType": component, "count": len(array), "type": kind}
        self.accessors.append(accessor | extra)
        return known


def _nodes(bones: Sequence[tuple[str, Bone]]) -> tuple[list[dict[str, Any]], list[int]]:
    """A node for each bone, `side_name`, one for the tip of each finger and toe; and the nodes that have no parent."""
    index = {f"{side}{bone.name}": i for i, (side, bone) in enumerate(bones)}
    nodes: list[dict[str, Any]] = [{"name": name} for name in index]
    roots = []
    for i, (side, bone) in enumerate(bones):
        turn, at = bone.frame, bone.head
        if bone.parent is None:
            roots.append(i)
        else:
            # The first bone of a limb hangs on the trunk, which has no side.
            over = index.get(f"{side}{bone.parent}", index.get(bone.parent, 0))
            parent = bones[over][1]
            turn, at = parent.frame.T @ turn, parent.frame.T @ (at - parent.head)
            nodes[over].setdefault("children", []).append(i)
        nodes[i]["translation"] = rounded(at, POSITION_STEP).tolist()
        nodes[i]["rotation"] = rounded(quaternion(turn), POSITION_STEP).tolist()
    for i, (side, bone) in enumerate(bones):
        if bone.name.endswith("_distal"):
            nodes[i].setdefault("children", []).append(len(nodes))
            reach = float(np.linalg.norm(bone.tail - bone.head))
            tip = rounded(np.array([0.0, 0.0, -reach]), POSITION_STEP)
            nodes.append({"name": f"{side}{bone.name.removesuffix('_distal')}_tip", "translation": tip.tolist()})
    return nodes, roots


def glb(
    parts: Sequence[Part],
    bones: Sequence[tuple[str, Bone]],
    materials: Sequence[dict[str, Any]],
    mask_names: Sequence[str],
    extras: dict[str, Any],
) -> bytes:
    """The file. `bones` are (prefix of the side, bone), in the order in which joints count."""
    buffer = _Buffer()
    nodes, roots = _nodes(bones)
    inverse = np.zeros((len(bones), 4, 4))
    for i, (_, bone) in enumerate(bones):
        inverse[i, :3, :3] = bone.frame.T
        inverse[i, :3, 3] = -bone.frame.T @ bone.head
        inverse[i, 3, 3] = 1.0
    # glTF keeps matrices by columns.
    binds = buffer.add(rounded(inverse.transpose(0, 2, 1).reshape(-1, 16), POSITION_STEP), "MAT4", _FLOAT)
    material_index = {material["name"]: i for i, material in enumerate(materials)}
    meshes = []
    for part in parts:
        points = rounded(part.points, POSITION_STEP)
        attributes = {
            "POSITION": buffer.add(
                points,
                "VEC3",
                _FLOAT,
                _VERTICES,
                min=points.min(axis=0).tolist(),
                max=points.max(axis=0).tolist(),
            ),
            "NORMAL": buffer.add(rounded(part.normals, UNIT_STEP), "VEC3", _FLOAT, _VERTICES),
            "JOINTS_0": buffer.add(part.joints, "VEC4", _BYTE, _VERTICES),
            "WEIGHTS_0": buffer.add(part.weights.astype(np.float32), "VEC4", _FLOAT, _VERTICES),
            "_MASKS": buffer.add(
                np.round(part.masks * 255.0).astype(np.uint8), "VEC4", _BYTE, _VERTICES, normalized=True
            ),
        }
        if part.uvs is not None:
            # glTF counts v downwards.
            uvs = part.uvs * [1.0, -1.0] + [0.0, 1.0]
            attributes["TEXCOORD_0"] = buffer.add(rounded(uvs, UNIT_STEP / 4), "VEC2", _FLOAT, _VERTICES)
        assert len(points) <= 2**16, "indices are 16 bits wide"
        faces = buffer.add(part.faces.astype(np.uint16).reshape(-1), "SCALAR", _SHORT, _INDICES)
        primitive = {"attributes": attributes, "indices": faces, "material": material_index[part.material]}
        meshes.append({"name": part.name, "primitives": [primitive]})
    first = len(nodes)
    nodes += [{"name": part.name, "mesh": i, "skin": 0} for i, part in enumerate(parts)]
    document = {
        "asset": {"version": "2.0", "generator": "vrrehab models.bake", "extras": extras},
        "scene": 0,
        "scenes": [{"nodes": [*roots, *range(first, len(nodes))]}],
        "nodes": nodes,
        "skins": [{"joints": list(range(len(bones))), "inverseBindMatrices": binds}],
        "materials": list(materials),
        "meshes": [mesh | {"extras": {"masks": list(mask_names)}} for mesh in meshes],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data = bytes(buffer.data) + b"\0" * (-len(buffer.data) % 4)
    total = 12 + 8 + len(text) + 8 + len(data)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, total),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(data), b"BIN\0"),
            data,
        ]
    )
