"""The body made into a person's: sex, age, build and size, applied once at load to vertices, normals and bones.

`models/shapes.npz` (see `models.bake.adults`) holds MakeHuman's adults at all anchors of its axes. A person is their
mean, weighted by the products of the axes' coefficients: what MakeHuman itself would make of the same values. Nothing
here runs per frame, and the shader skins what came out of it.

Stature scales that person evenly: lengths keep the shares of stature that sex, age and proportions give them, as
anthropometry has it (Drillis and Contini 1966), and hands and feet grow with the rest. MakeHuman's own height axis,
from 1.36 to 2.45 m, is not used: over the decimetres in which people differ it changes proportions less than they do.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import Appearance, Measures
from vrrehab.body.build import stature_of
from vrrehab.errors import BadModel, NotPossible
from vrrehab.stage.glb import Mesh, Model

Floats = NDArray[np.float64]

_STEP_M, _SHARE = 2.0**-16, 2.0**-15
#: MakeHuman's years at young and at old.
_YOUNG, _OLD = 25.0, 90.0
#: A stature outside these is a slip of the tape, not a person.
STATURE_M = (1.0, 2.3)
_MIRROR = np.array([-1.0, 1.0, 1.0], np.float32)


@dataclass(frozen=True, slots=True)
class Follows:
    """What base points a mesh's vertices follow, by rows: where each begins, which points, how much of each."""

    starts: NDArray[np.uint32]
    sources: NDArray[np.uint16]
    shares: NDArray[np.uint16]

    def moved(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vertices' displacements (n, 3) from those of the base points (c, 3)."""
        weighted = points[self.sources] * (self.shares.astype(np.float32) * np.float32(_SHARE))[:, None]
        return np.add.reduceat(weighted, self.starts, axis=0)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The corners of all adults; arrays are indexed by sex, age, muscle, weight and proportions, see the bake."""

    points: NDArray[np.int16]
    bones: NDArray[np.float32]
    stature: NDArray[np.float32]
    meshes: Mapping[str, Follows]


def body_shapes() -> Shapes:
    """The shapes that ship with the package. Raises `BadModel` if the file is not whole."""
    with resources.as_file(resources.files("models") / "shapes.npz") as path:
        return read_shapes(Path(path))


def read_shapes(path: Path) -> Shapes:
    try:
        # Read first: numpy forgets to close a file that it cannot read.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            held: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
        meshes = {name.removesuffix(".starts") for name in held if name.endswith(".starts")}
        follows = {name: Follows(*(held[f"{name}.{part}"] for part in Follows.__slots__)) for name in meshes}
        return Shapes(held["points"], held["bones"], held["stature"], follows)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(path, f"it lacks or garbles something that our shapes have ({error!r})") from error


def coefficients(appearance: Appearance) -> tuple[Floats, ...]:
    """What each anchor of each axis counts: 2 of sex, 2 of age, 3 each of muscle, weight and proportions; sums are 1.

    Raises `NotPossible` for a value outside its axis.
    """
    for name in ("sex", "muscle", "weight", "proportions"):
        value = getattr(appearance, name)
        if not 0.0 <= value <= 1.0:
            raise NotPossible(f"Expected {name} from 0 to 1, but {value} came.")
    age = min(max((appearance.age_years - _YOUNG) / (_OLD - _YOUNG), 0.0), 1.0)
    ends = (np.array([1.0 - each, each]) for each in (appearance.sex, age))
    thirds = (
        np.array([max(1.0 - 2.0 * each, 0.0), 1.0 - abs(2.0 * each - 1.0), max(2.0 * each - 1.0, 0.0)])
        for each in (appearance.muscle, appearance.weight, appearance.proportions)
    )
    return *ends, *thirds


def shaped(model: Model, shapes: Shapes, appearance: Appearance, measures: Measures | None = None) -> Model:
    """`model` as the body of a person; the right side stays the left one's mirror image to the last bit.

    Raises `NotPossible` for a value outside its axis or a stature outside `STATURE_M`, `BadModel` for shapes of another
    model.
    """
    sizes = {name: len(mesh.points) for name, mesh in model.meshes.items() if not name.startswith("right_")}
    if sizes != {name: len(follows.starts) for name, follows in shapes.meshes.items()}:
        raise BadModel(Path("shapes.npz"), "it belongs to another body.glb")
    weights = coefficients(appearance)
    own_m = float(_mean(shapes.stature, weights))
    measures = measures or Measures()
    stature_m = measures.stature_m
    if stature_m is None:  # that which goes with what else was measured, as far as a body can be drawn so
        stature_m = min(max(stature_of(measures, own_m), STATURE_M[0]), STATURE_M[1])
    if not STATURE_M[0] <= stature_m <= STATURE_M[1]:
        raise NotPossible(f"Expected a stature from {STATURE_M[0]} to {STATURE_M[1]} m, but {stature_m} came.")
    size = stature_m / own_m
    moved = _mean(shapes.points, weights) * np.float32(_STEP_M)
    meshes: dict[str, Mesh] = {}
    for name, mesh in model.meshes.items():
        if not name.startswith("right_"):
            meshes[name] = _reshaped(mesh, shapes.meshes[name].moved(moved), np.float32(size))
    for name, mesh in model.meshes.items():
        if name.startswith("right_"):
            left = meshes[name.replace("right_", "left_", 1)]
            meshes[name] = replace(mesh, points=left.points * _MIRROR, normals=left.normals * _MIRROR)
    rest, points = _skeleton(model, size * _mean(shapes.bones, weights))
    return Model({name: meshes[name] for name in model.meshes}, model.bones, rest, points, stature_m)


def _mean(corners: NDArray[Any], weights: tuple[Floats, ...]) -> NDArray[np.float32]:
    """The weighted mean of corners over their first five axes."""
    out = corners
    for axis in weights:
        # One axis at a time, and of it only what counts: an average person leaves most corners untouched.
        counting = np.flatnonzero(axis)
        out = sum(np.float32(axis[i]) * out[i] for i in counting)
    return out


def _reshaped(mesh: Mesh, moved: NDArray[np.float32], size: np.float32) -> Mesh:
    points = mesh.points + moved
    # Vertices that differ in their chart alone are one place, and have one normal.
    _, first, place = np.unique(mesh.points.view("V12"), return_index=True, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    before, after = (_normals(each[first], faces)[place.reshape(-1)] for each in (mesh.points, points))
    return replace(mesh, points=points * size, normals=_turned(mesh.normals, before, after))


def _normals(points: NDArray[np.float32], faces: NDArray[np.integer]) -> NDArray[np.float32]:
    """Unit normals (n, 3), the mean of the faces around each vertex by area."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    corners = faces.reshape(-1)
    normals = np.stack([np.bincount(corners, np.repeat(face[:, i], 3), len(points)) for i in range(3)], axis=1)
    return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _turned(
    normals: NDArray[np.float32], before: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.float32]:
    """`normals` turned as the surface turned: by the shortest rotation from `before` to `after`, all unit (n, 3).

    So hems and lids, whose normals are set by hand, keep them. The rotation written out without its matrix:
    v - (u.v / (1 + b.a)) u + 2 (b.v) a, where u = a + b.
    """
    between = before + after
    one_plus = np.maximum(1.0 + (before * after).sum(axis=1, keepdims=True), 1e-3)
    out = normals - ((between * normals).sum(axis=1, keepdims=True) / one_plus) * between
    out += 2.0 * (before * normals).sum(axis=1, keepdims=True) * after
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def _skeleton(model: Model, placed: NDArray[np.float32]) -> tuple[Floats, dict[str, Floats]]:
    """The rest frames and tips of all bones from the heads, tails and right axes (b, 3, 3) of those that are placed."""
    head, tail, right = placed.astype(np.float64).transpose(1, 0, 2)
    z = (head - tail) / np.linalg.norm(head - tail, axis=1, keepdims=True)
    x = right - (right * z).sum(axis=1, keepdims=True) * z
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    ours = np.zeros((len(placed), 4, 4))
    ours[:, :3] = np.stack([x, np.cross(z, x), z, head], axis=2)
    ours[:, 3, 3] = 1.0

    index = {name: i for i, name in enumerate(name for name in model.bones if not name.startswith("right_"))}
    reflection = np.diag([-1.0, 1.0, 1.0, 1.0])
    rest, points = np.empty_like(model.rest), {}
    for i, name in enumerate(model.bones):
        mirrored = name.startswith("right_")
        at = index[name.replace("right_", "left_", 1)]
        rest[i] = reflection @ ours[at] @ reflection if mirrored else ours[at]
        tip = f"{name.removesuffix('_distal')}_tip"
        if tip in model.points:
            points[tip] = tail[at] * _MIRROR if mirrored else tail[at].copy()
    return rest, points
