"""The end of a residual limb: how far along its limb each vertex lies, and the limb closed where it ends.

A lost limb is drawn in two ways. While the virtual limb is solid, as one whole limb. While it is not, as the residual
limb with a round end of its own and, over it, the rest of the whole limb as faint as it is. All is made once, at load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import FINGERS, Side
from vrrehab.body.trunk import TOES
from vrrehab.stage.glb import Mesh, Model

Floats = NDArray[np.float64]

#: Rings of a round end, and its height in shares of its mean radius.
_RINGS, _HEIGHT = 7, 0.8
#: The heel hangs below the ankle; it counts as no farther along the leg than this, so that a boundary may lie in the
#: middle of the foot.
_HEEL_M = 0.035


@dataclass(frozen=True, slots=True)
class _Span:
    """What part of a limb a bone lies along: from one place of the model to another, in segments of the limb."""

    bone: str
    start: str
    end: str
    first: float
    last: float


_ARM = (
    _Span("upper_arm_1", "upper_arm_1", "forearm_1", 0.0, 1.0),
    _Span("upper_arm_2", "upper_arm_1", "forearm_1", 0.0, 1.0),
    _Span("forearm_1", "forearm_1", "wrist", 1.0, 2.0),
    _Span("forearm_2", "forearm_1", "wrist", 1.0, 2.0),
    _Span("wrist", "wrist", "middle_proximal", 2.0, 3.0),
    _Span("thumb_metacarpal", "thumb_metacarpal", "thumb_proximal", 2.3, 3.0),
    _Span("thumb_proximal", "thumb_proximal", "thumb_distal", 3.0, 3.5),
    _Span("thumb_distal", "thumb_distal", "thumb_tip", 3.5, 4.0),
    *(
        span
        for finger in FINGERS
        for span in (
            _Span(f"{finger}_metacarpal", "wrist", f"{finger}_proximal", 2.0, 3.0),
            _Span(f"{finger}_proximal", f"{finger}_proximal", f"{finger}_intermediate", 3.0, 3.5),
            _Span(f"{finger}_intermediate", f"{finger}_intermediate", f"{finger}_distal", 3.5, 3.75),
            _Span(f"{finger}_distal", f"{finger}_distal", f"{finger}_tip", 3.75, 4.0),
        )
    ),
)
_LEG = (
    _Span("thigh_1", "thigh_1", "shin_1", 0.0, 1.0),
    _Span("thigh_2", "thigh_1", "shin_1", 0.0, 1.0),
    _Span("shin_1", "shin_1", "foot", 1.0, 2.0),
    _Span("shin_2", "shin_1", "foot", 1.0, 2.0),
    _Span("foot", "foot", "toe_3_proximal", 2.0, 3.0),
    *(
        span
        for toe in TOES
        for span in (
            _Span(f"{toe}_proximal", f"{toe}_proximal", f"{toe}_distal", 3.0, 3.5),
            _Span(f"{toe}_distal", f"{toe}_distal", f"{toe}_tip", 3.5, 4.0),
        )
    ),
)
#: The places between which the segments of arm and leg run.
_ARM_JOINTS = ("upper_arm_1", "forearm_1", "wrist", "middle_proximal", "middle_tip")
_LEG_JOINTS = ("thigh_1", "shin_1", "foot", "toe_3_proximal", "toe_3_tip")


class LimbLine:
    """One limb of a model at rest, straightened: how far along it, in metres, each place of its skin is."""

    def __init__(self, model: Model, side: Side, spans: tuple[_Span, ...], joints: tuple[str, ...]) -> None:
        def place(name: str) -> Floats:
            bone = f"{side}_{name}"
            return model.rest[model.bones.index(bone), :3, 3] if bone in model.bones else model.points[bone]

        self._joints = np.array([place(name) for name in joints])
        self._joint_bones = [model.bones.index(f"{side}_{name}") for name in joints[:-1]]
        lengths = np.linalg.norm(np.diff(self._joints, axis=0), axis=1)
        self._reach_m = np.concatenate([[0.0], np.cumsum(lengths)])
        self._bones = np.array([model.bones.index(f"{side}_{span.bone}") for span in spans])
        self._starts = np.array([place(span.start) for span in spans])
        ways = np.array([place(span.end) for span in spans]) - self._starts
        first = self.metres(np.array([span.first for span in spans]))
        last = self.metres(np.array([span.last for span in spans]))
        self._first = first
        #: Metres of the limb for each metre along the bone.
        self._ways = ways * ((last - first) / (ways**2).sum(axis=1))[:, None]
        names = [span.bone for span in spans]
        #: The columns of shin and foot, for the heel.
        self._heel = (names.index("shin_2"), names.index("foot")) if "foot" in names else None

    @classmethod
    def arm(cls, model: Model, side: Side) -> LimbLine:
        return cls(model, side, _ARM, _ARM_JOINTS)

    @classmethod
    def leg(cls, model: Model, side: Side) -> LimbLine:
        return cls(model, side, _LEG, _LEG_JOINTS)

    def boundary(self, ends: float) -> tuple[Floats, int]:
        """The place (3,) in the middle of the limb so many segments along it, and the bone that it moves with."""
        segment = math.ceil(ends) - 1
        first, last = self._joints[segment], self._joints[segment + 1]
        return first + (ends - segment) * (last - first), self._joint_bones[segment]

    def metres(self, segments: Floats | float) -> Floats:
        """From the limb's root to a place that many segments along it."""
        return np.interp(segments, np.arange(len(self._reach_m)), self._reach_m)

    def along(self, mesh: Mesh) -> Floats:
        """(n,) metres along the limb; what follows other bones than the limb's counts as its root."""
        each = self._first + ((mesh.points[:, None] - self._starts) * self._ways).sum(axis=2)
        if self._heel:
            shin, foot = self._heel
            ankle = self._reach_m[2]
            each[:, foot] = np.maximum(each[:, foot], np.minimum(each[:, shin], ankle + _HEEL_M))
        held = np.zeros((len(mesh.points), len(self._bones)))
        for i, bone in enumerate(self._bones):
            held[:, i] = np.where(mesh.joints == bone, mesh.weights, 0.0).sum(axis=1)
        return (held * each).sum(axis=1)

    def handed_on(self, end_m: float) -> list[tuple[int, int]]:
        """Each bone that begins at the end or beyond it, with the bone before it that does not, model's indices."""
        kept = [first < end_m - 1e-3 for first in self._first]
        pairs = []
        for i, bone in enumerate(self._bones):
            before = next((k for k in range(i, -1, -1) if kept[k]), 0)
            if before != i:
                pairs.append((int(bone), int(self._bones[before])))
        return pairs


def residual(mesh: Mesh, line: LimbLine, end_m: float) -> Mesh | None:
    """What is left of a limb's mesh that ends so far along it, with a round end of its own; `None` if nothing is.

    It bends with none of the bones that are lost.
    """
    values, faces, cut = _clipped(_table(mesh), mesh.faces.astype(np.int64), line.along(mesh) - end_m)
    if not len(faces):
        return None
    values, faces = _rounded(values, *_largest(values, faces, cut))
    weights = values[:, _WEIGHTS]
    for lost, kept in line.handed_on(end_m):
        weights[:, kept] += weights[:, lost]
        weights[:, lost] = 0.0
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    share = np.take_along_axis(weights, joints, axis=1)
    used, renumbered = np.unique(faces, return_inverse=True)
    values = values[used]
    return replace(
        mesh,
        points=values[:, :3].astype(np.float32),
        normals=(values[:, 3:6] / np.linalg.norm(values[:, 3:6], axis=1, keepdims=True)).astype(np.float32),
        uvs=None if mesh.uvs is None else values[:, 6:8].astype(np.float32),
        joints=joints[used].astype(np.uint8),
        weights=(share / share.sum(axis=1, keepdims=True))[used].astype(np.float32),
        masks={name: values[:, 8 + i] for i, name in enumerate(mesh.masks)},
        faces=renumbered.reshape(faces.shape).astype(np.uint32),
    )


_MASKS = 4
_WEIGHTS = slice(8 + _MASKS, None)


def _table(mesh: Mesh) -> Floats:
    """All that a mesh's vertices have, a row each: points, normals, uvs, masks, and the weight of every bone."""
    weights = np.zeros((len(mesh.points), 256))
    np.add.at(weights, (np.arange(len(weights))[:, None], mesh.joints), mesh.weights)
    uvs = np.zeros((len(mesh.points), 2)) if mesh.uvs is None else mesh.uvs
    return np.column_stack([mesh.points, mesh.normals, uvs, *mesh.masks.values(), weights])


def _clipped(
    values: Floats, faces: NDArray[np.int64], field: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """What of a mesh has a `field` (n,) of 0 or less, cut through its faces: rows, faces, the cut's edges (e, 2)."""
    inside = field <= 0.0
    whole = inside[faces].all(axis=1)
    rows: list[Floats] = []
    known: dict[tuple[int, int], int] = {}

    def between(a: int, b: int) -> int:
        key = min(a, b), max(a, b)
        if key not in known:
            low, high = key
            share = field[low] / (field[low] - field[high])
            known[key] = len(values) + len(rows)
            rows.append(values[low] + share * (values[high] - values[low]))
        return known[key]

    added: list[tuple[int, int, int]] = []
    edges: list[tuple[int, int]] = []
    for face in faces[inside[faces].any(axis=1) & ~whole].tolist():
        # Turned so that the corner that differs from the other two comes first.
        within = [bool(inside[corner]) for corner in face]
        odd = within.index(sum(within) == 1)
        a, b, c = face[odd], face[odd - 2], face[odd - 1]
        ab, ca = between(a, b), between(c, a)
        if inside[a]:
            added.append((a, ab, ca))
            edges.append((ab, ca))
        else:
            added += [(ab, b, c), (ab, c, ca)]
            edges.append((ca, ab))
    kept = np.array([*faces[whole].tolist(), *added], np.int64).reshape(-1, 3)
    return np.vstack([values, *rows]) if rows else values, kept, np.array(edges, np.int64).reshape(-1, 2)


def _largest(
    values: Floats, faces: NDArray[np.int64], cut: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The largest piece alone: the inside of a hem that reaches past the cut is a piece of its own, and goes."""
    place = _places(values)
    piece = _joined(place[faces[:, [[0, 1], [1, 2]]]].reshape(-1, 2), int(place.max()) + 1)[place]
    kept = np.bincount(piece[faces[:, 0]]).argmax()
    return faces[piece[faces[:, 0]] == kept], cut[piece[cut[:, 0]] == kept]


def _places(values: Floats) -> NDArray[np.intp]:
    """The number (n,) of the place where each vertex is; those that differ only by their uv are in one."""
    _, place = np.unique(np.round(values[:, :3] * 1e6).astype(np.int64), axis=0, return_inverse=True)
    return place.reshape(-1)


def _rounded(values: Floats, faces: NDArray[np.int64], cut: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """With a dome over each loop of the cut's edges."""
    if not len(cut):
        return values, faces
    rim, local = np.unique(cut, return_inverse=True)
    local = local.reshape(cut.shape)
    place = _places(values[rim])
    loop = _joined(place[local], len(rim))[place]
    start, out = values[rim], np.zeros((len(rim), 3))
    centre, radius = np.zeros((len(rim), values.shape[1])), np.zeros((len(rim), 1))
    for each in np.unique(loop):
        its = loop == each
        middle = start[its].mean(axis=0)
        a, b = (start[local[its[local[:, 0]], end], :3] - middle[:3] for end in (0, 1))
        normal = -np.cross(a, b).sum(axis=0)
        out[its] = normal / np.linalg.norm(normal)
        centre[its] = middle
        radius[its] = np.linalg.norm(start[its, :3] - middle[:3], axis=1).mean()
    rings = [values]
    new = []
    below = rim
    for ring in range(1, _RINGS + 1):
        angle = 0.5 * np.pi * ring / _RINGS
        row = start.copy()
        # A little inside the limb from the first ring on, so that the two surfaces do not fight.
        across = np.cos(angle) if ring < _RINGS else 0.0
        row[:, :3] = centre[:, :3] + across * (start[:, :3] - centre[:, :3]) + _HEIGHT * radius * np.sin(angle) * out
        row[:, 3:6] = across * start[:, 3:6] + np.sin(angle) / _HEIGHT * out
        row[:, _WEIGHTS] += np.sin(angle) * (centre[:, _WEIGHTS] - start[:, _WEIGHTS])
        above = len(values) + (ring - 1) * len(rim) + np.arange(len(rim))
        a, b = local[:, 0], local[:, 1]
        new += [np.stack([below[b], below[a], above[a]], axis=1), np.stack([below[b], above[a], above[b]], axis=1)]
        rings.append(row)
        below = above
    return np.vstack(rings), np.vstack([faces, *new])


def _joined(edges: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Of each of so many places the lowest that edges (e, 2) join it to."""
    lowest = np.arange(count)
    while True:
        least = lowest.copy()
        np.minimum.at(least, edges[:, 0], lowest[edges[:, 1]])
        np.minimum.at(least, edges[:, 1], lowest[edges[:, 0]])
        if (least == lowest).all():
            return lowest
        lowest = least[least]
