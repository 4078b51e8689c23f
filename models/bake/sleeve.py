"""A short sleeve: MakeHuman's tights over the upper arm, loosened, hemmed, and closed where a shirt would go on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.bake.bones import Bone
from models.bake.skinning import smoothstep
from models.bake.surface import Surface, normals, relaxed, subdivided
from models.bake.triangles import Mesh, band, clipped, from_surface, joined, lid, open_edges

Floats = NDArray[np.float64]

#: Where the hem lies, as a share of the way from shoulder to elbow, and how far skin runs on inside the sleeve.
HEM = 0.62
_OVERLAP_M = 0.035
_SNUG_M, _LOOSE_M = 0.006, 0.013
_CLOTH_M, _TURN_UP_M = 0.0025, 0.018


def _along(bones: Sequence[Bone], points: Floats) -> Floats:
    """Metres down the upper arm from the shoulder joint."""
    upper = next(bone for bone in bones if bone.name == "upper_arm_1")
    elbow = next(bone for bone in bones if bone.name == "forearm_1")
    axis = elbow.head - upper.head
    return (points - upper.head) @ (axis / np.linalg.norm(axis))


def _hem(bones: Sequence[Bone]) -> float:
    by_name = {bone.name: bone.head for bone in bones}
    return HEM * float(np.linalg.norm(by_name["forearm_1"] - by_name["upper_arm_1"]))


def _lateral(bones: Sequence[Bone], points: Floats) -> Floats:
    """Metres outside the armhole: a plane through the shoulder, leaning in towards the neck at the top."""
    shoulder = next(bone for bone in bones if bone.name == "upper_arm_1").head
    seam = shoulder + np.array([0.025, 0.0, 0.0])
    return (points - seam) @ np.array([-np.cos(0.35), np.sin(0.35), 0.0])


def bare(mesh: Mesh, bones: Sequence[Bone]) -> Mesh:
    """The skin of the arm that the sleeve leaves to be seen, and a little of what it hides."""
    return clipped(mesh, _along(bones, mesh.points) - _hem(bones) + _OVERLAP_M)[0]


def sleeve(tights: Surface, bones: Sequence[Bone], levels: int) -> Mesh:
    """The left sleeve with a turned-up hem and a closed shoulder; `levels` of Catmull-Clark."""
    for _ in range(levels):
        tights = subdivided(tights)
    hem = _hem(bones)
    looseness = smoothstep(-0.02, hem, _along(bones, tights.points))
    push = _SNUG_M + (_LOOSE_M - _SNUG_M) * looseness
    loose = tights.with_points(tights.points + push[:, None] * normals(tights))
    loose = relaxed(loose, rounds=5 * 2**levels // 2, share=0.5)
    mesh = from_surface(loose)
    # Clothes carry no picture: without uvs there are no seams.
    mesh, below = clipped(mesh, hem - _along(bones, mesh.points))
    at_hem = below <= 1e-9
    # The field is cut along with the mesh, so that the hem can still be found after the armhole is cut.
    mesh, outside = clipped(mesh, _lateral(bones, mesh.points))
    at_hem = np.abs(hem - _along(bones, mesh.points)) <= 1e-9
    rim = open_edges(mesh.faces)
    hem_edges = rim[at_hem[rim].all(axis=1)]
    armhole = rim[(outside <= 1e-9)[rim].all(axis=1)]
    axis = _axis(bones)
    inward = -_CLOTH_M * mesh.normals
    under = np.tile(axis, (len(mesh.points), 1))
    up = inward - _TURN_UP_M * axis
    turned = band(mesh, hem_edges, [(inward, under), (up, -mesh.normals)])
    dome = np.array([np.cos(0.35), -np.sin(0.35), 0.0]) * 0.012
    return joined(joined(mesh, turned), lid(mesh, armhole, dome))


def _axis(bones: Sequence[Bone]) -> Floats:
    by_name = {bone.name: bone.head for bone in bones}
    axis = by_name["forearm_1"] - by_name["upper_arm_1"]
    return axis / np.linalg.norm(axis)
