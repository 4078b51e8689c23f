"""What the skin of an arm has where: blood near the surface, palm, nails.

Everything is computed from the bones at rest, so that it follows the shape; colours are made of it at load.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.bake.bones import TOES, Bone
from models.bake.skinning import smoothstep
from models.bake.triangles import Mesh

Floats = NDArray[np.float64]

#: The nail's distance field runs from 0 to 1 over this length, the edge at 0.5.
NAIL_RANGE_M = 0.008

#: Nails in the frame of the distal bone, in shares of its length: middle to the right, root and free edge along the
#: bone, half width. They follow the nail folds that MakeHuman's mesh has.
_NAILS: dict[str, tuple[float, float, float, float]] = {
    "thumb_distal": (-0.005, 0.535, 1.03, 0.250),
    "index_distal": (0.008, 0.420, 0.985, 0.212),
    "middle_distal": (0.050, 0.420, 0.965, 0.205),
    "ring_distal": (0.000, 0.545, 1.00, 0.197),
    "little_distal": (-0.015, 0.595, 1.00, 0.224),
    **{f"{toe}_end": (0.0, 0.20, 0.95, 0.34) for toe in TOES},
}
#: Where blood shows: joint, how far palmar (1) or dorsal (-1) of it the surface faces, radius, strength.
_FLUSHED: tuple[tuple[str, float, float, float], ...] = (
    *((f"{finger}_proximal", -1.0, 0.011, 0.75) for finger in ("index", "middle", "ring", "little")),
    *((f"{finger}_intermediate", -1.0, 0.009, 0.85) for finger in ("index", "middle", "ring", "little")),
    *((f"{finger}_distal", -1.0, 0.007, 0.45) for finger in ("index", "middle", "ring", "little")),
    ("thumb_proximal", -1.0, 0.011, 0.6),
    ("thumb_distal", -1.0, 0.009, 0.7),
    ("thumb_metacarpal", 1.0, 0.020, 0.5),
    ("forearm_1", -1.0, 0.030, 0.8),
)
_WAVES: tuple[tuple[float, float], ...] = ((0.045, 0.4), (0.028, 0.35), (0.017, 0.3), (0.011, 0.25))


def nails(mesh: Mesh, bones: Sequence[Bone]) -> tuple[Floats, Floats, Floats]:
    """Of each vertex (n,): the signed distance to the edge of the nearest nail, metres, positive on the nail; and where
    on that nail it is, along it from -1 at the root to 1 at the free edge, and across it from -1 to 1.
    """
    out, at_length, at_width = np.full(len(mesh.points), -NAIL_RANGE_M), *np.zeros((2, len(mesh.points)))
    for bone in bones:
        if bone.name not in _NAILS:
            continue
        length = float(np.linalg.norm(bone.tail - bone.head))
        middle, root, edge, half_width = (length * value for value in _NAILS[bone.name])
        local = (mesh.points - bone.head) @ bone.frame
        half_length = (edge - root) / 2.0
        across = (local[:, 0] - middle) / half_width
        along = (-local[:, 2] - (root + edge) / 2.0) / half_length
        # Round at the root, squarer at the free edge.
        power = np.where(along < 0.0, 2.3, 3.2)
        level = (np.abs(across) ** power + np.abs(along) ** power) ** (1.0 / power)
        distance = (1.0 - level) * min(half_width, half_length)
        dorsal = (mesh.normals @ bone.frame[:, 1]) > 0.0
        near = dorsal & (np.abs(local) < 1.5 * length).all(axis=1) & (distance > out)
        for field, value in ((out, distance), (at_length, along), (at_width, across)):
            field[near] = value[near]
    return out, at_length, at_width


def palm(mesh: Mesh, bones: Sequence[Bone]) -> Floats:
    """(n,) 1 on the palm and the fingers' inside, 0 on the back of the hand and beyond the wrist."""
    out = np.zeros(len(mesh.points))
    for i, bone in enumerate(bones):
        if bone.name.startswith(("upper_arm", "forearm")):
            continue
        # The skin's border runs lower on the fingers' sides than half way round.
        inner = smoothstep(-0.15, 0.55, -(mesh.normals @ bone.frame[:, 1]))
        out += mesh.weights[:, i] * inner
    wrist = next(bone for bone in bones if bone.name == "wrist")
    past_crease = -(mesh.points - wrist.head) @ wrist.frame[:, 2]
    return out * smoothstep(-0.004, 0.012, past_crease)


def blood(mesh: Mesh, bones: Sequence[Bone], inner: Floats) -> Floats:
    """(n,) how much redder the skin is than its average: joints, fingertips, palm, and a mottling a few cm wide."""
    by_name = {bone.name: bone for bone in bones}
    out = np.zeros(len(mesh.points))
    for name, side, radius, strength in _FLUSHED:
        bone = by_name[name]
        away = np.linalg.norm(mesh.points - bone.head, axis=1) / (1.6 * radius)
        facing = smoothstep(0.0, 0.8, -side * (mesh.normals @ bone.frame[:, 1]))
        out = np.maximum(out, strength * facing * np.exp(-(away**2)))
    for name in _NAILS:
        if name not in by_name:
            continue
        bone = by_name[name]
        length = float(np.linalg.norm(bone.tail - bone.head))
        along = -(mesh.points - bone.head) @ bone.frame[:, 2] / length
        on_finger = mesh.weights[:, bones.index(bone)]
        out = np.maximum(out, 0.85 * on_finger * smoothstep(0.35, 0.95, along))
    # The hollow of the palm is paler than the balls of thumb, little finger and fingers.
    wrist = by_name["wrist"]
    hollow = wrist.head + wrist.frame @ np.array([0.0, -0.02, -0.062])
    pale = np.exp(-((np.linalg.norm(mesh.points - hollow, axis=1) / 0.022) ** 2))
    out = np.maximum(out, inner * (0.55 - 0.3 * pale))
    return np.clip(out + 0.22 * mottling(mesh.points), 0.0, 1.0)


def plain(mesh: Mesh, openness: Floats) -> Floats:
    """The masks (n, 4) of skin that has neither palm nor nails, and of cloth: openness and a mottling."""
    none = np.zeros(len(openness))
    return np.stack([openness, 0.12 + 0.12 * np.clip(mottling(mesh.points), -1.0, 1.0), none, none], axis=1)


def mottling(points: Floats) -> Floats:
    """(n,) a smooth field in about -1 to 1, with patches from 6 to 25 mm: a sum of crossing waves."""
    total = np.zeros(len(points))
    # Golden steps of height and turn: no two waves run alike, and no random stream has to stay the same.
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    for i, (wavelength, strength) in enumerate(_WAVES * 4):
        height, turn = 2.0 * ((i * golden) % 1.0) - 1.0, 2.0 * np.pi * ((i * golden * golden) % 1.0)
        flat = np.sqrt(1.0 - height * height)
        along = points @ np.array([flat * np.cos(turn), height, flat * np.sin(turn)])
        total += strength * np.sin(2.0 * np.pi * (along / wavelength + i * golden))
    return total / 1.6
