"""A shirt with short sleeves and a pair of shorts, made of MakeHuman's tights.

The tights are loosened and smoothed as a whole, and only then cut, so that sleeve and shirt meet exactly where an
armhole's seam would be. Each piece has its own node in the scene, and each is closed where the other may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.bake import folds
from models.bake.bones import Bone
from models.bake.skinning import smoothstep
from models.bake.surface import Surface, normals, relaxed, subdivided
from models.bake.triangles import Mesh, band, clipped, from_surface, joined, lid, open_edges

Floats = NDArray[np.float64]

_OVERLAP_M = 0.035
_CLOTH_M, _TURN_UP_M = 0.0025, 0.026
_RIGHT_MIRRORED = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the clothes end on one person: distances in metres, 0 at the edge and positive on the side that is kept.

    The fields are those of the left side; the right one is measured on mirrored points.
    """

    shoulder: Floats
    elbow: Floats
    hip: Floats
    knee: Floats
    neck: Floats

    @classmethod
    def of(cls, arm: Sequence[Bone], leg: Sequence[Bone], chest: Bone) -> Cut:
        at = {bone.name: bone.head for bone in (*arm, *leg)}
        return cls(
            at["upper_arm_1"], at["forearm_1"], at["thigh_1"], at["shin_1"], chest.head + np.array([0.0, 0.066, -0.01])
        )

    @property
    def arm_axis(self) -> Floats:
        axis = self.elbow - self.shoulder
        return axis / np.linalg.norm(axis)

    def above_sleeve_hem(self, points: Floats) -> Floats:
        """Up the upper arm from a hem at 62 % of the way to the elbow."""
        hem = 0.62 * float(np.linalg.norm(self.elbow - self.shoulder))
        return hem - (points - self.shoulder) @ self.arm_axis

    def outside_armhole(self, points: Floats) -> Floats:
        """Beyond a plane through the shoulder that leans in towards the neck."""
        seam = self.shoulder + np.array([0.025, 0.0, 0.0])
        return (points - seam) @ -self.armhole_normal

    @property
    def armhole_normal(self) -> Floats:
        """Points into the chest."""
        return np.array([np.cos(0.35), -np.sin(0.35), 0.0])

    def above_shirt_hem(self, points: Floats) -> Floats:
        return points[:, 1] - (self.hip[1] - 0.015)

    def below_collar(self, points: Floats) -> Floats:
        """A round neck, lower in front."""
        return (self.neck - points) @ self.collar_normal + 1.3 * points[:, 0] ** 2

    @property
    def collar_normal(self) -> Floats:
        """Points out of the collar, up and forward."""
        return np.array([0.0, np.cos(0.5), -np.sin(0.5)])

    def above_shorts_hem(self, points: Floats) -> Floats:
        return points[:, 1] - (self.hip[1] + 0.72 * (self.knee[1] - self.hip[1]))

    def below_waistband(self, points: Floats) -> Floats:
        return self.hip[1] + 0.05 - points[:, 1]


def bare_arm(skin: Mesh, cut: Cut) -> Mesh:
    """The skin of the arm that the sleeve leaves to be seen, and a little of what it hides."""
    return clipped(skin, _OVERLAP_M - cut.above_sleeve_hem(skin.points))[0]


def bare_leg(skin: Mesh, cut: Cut) -> Mesh:
    return clipped(skin, _OVERLAP_M - cut.above_shorts_hem(skin.points))[0]


def bare_neck(skin: Mesh, cut: Cut) -> Mesh:
    """The neck from inside the collar to where the head would begin, closed there."""
    mesh, _ = clipped(skin, 0.05 - cut.below_collar(skin.points))
    # What the shirt hides keeps away from it: some shapes bring the two nearer together.
    sunk = 0.012 * smoothstep(0.0, 0.019, cut.below_collar(mesh.points))
    mesh = replace(mesh, points=mesh.points - sunk[:, None] * mesh.normals)
    # Lower in front, where the eyes come to be when the head is bent.
    height = cut.neck[1] + 0.032 - mesh.points[:, 1] + 0.25 * (mesh.points[:, 2] - cut.neck[2])
    mesh, height = clipped(mesh, height)
    rim = open_edges(mesh.faces)
    top = rim[(height <= 1e-9)[rim].all(axis=1)]
    return joined(mesh, lid(mesh, top, np.array([0.0, 0.004, 0.0])))


def _loosened(tights: Surface, levels: int, push: Floats, rounds: int) -> Surface:
    """Subdivided, pushed out along the normals by `push` (n,) of the base vertices, and smoothed."""
    tights = Surface(tights.points, np.column_stack([tights.weights, push]), tights.quads, tights.uvs)
    for _ in range(levels):
        tights = subdivided(tights)
    off = tights.weights[:, -1:]
    out = Surface(tights.points, tights.weights[:, :-1], tights.quads, tights.uvs)
    return relaxed(out.with_points(out.points + off * normals(out)), rounds=rounds * 2**levels // 2, share=0.5)


def shirt(tights: Surface, cut: Cut, levels: int) -> tuple[Mesh, Mesh]:
    """The left sleeve, and the shirt without sleeves; `levels` of Catmull-Clark."""
    mirrored = tights.points * _RIGHT_MIRRORED
    sleeve_end = np.minimum(cut.above_sleeve_hem(tights.points), cut.above_sleeve_hem(mirrored))
    down = smoothstep(0.2, 0.0, sleeve_end)
    waist = smoothstep(0.35, 0.0, cut.above_shirt_hem(tights.points))
    push = 0.006 + np.where(_lateral(cut, tights.points) > 0.0, 0.008 * down, 0.010 * waist)
    loose = _loosened(tights, levels, push, rounds=5)
    whole = from_surface(loose.with_points(loose.points + folds.shirt(loose.points, cut)[:, None] * normals(loose)))

    # The fields are cut along with the mesh, so that each edge is found again after the others are cut.
    body, _ = clipped(whole, cut.below_collar(whole.points))
    sleeve, _ = clipped(body, cut.outside_armhole(body.points))
    sleeve, _ = clipped(sleeve, cut.above_sleeve_hem(sleeve.points))
    sleeve = _hemmed(sleeve, cut.above_sleeve_hem(sleeve.points), cut.arm_axis)

    body, _ = clipped(body, -cut.outside_armhole(body.points))
    body, _ = clipped(body, -cut.outside_armhole(body.points * _RIGHT_MIRRORED))
    body, _ = clipped(body, cut.above_shirt_hem(body.points))
    rim = open_edges(body.faces)
    closed = body
    for flip in (np.ones(3), _RIGHT_MIRRORED):
        hole = np.abs(cut.outside_armhole(body.points * flip)) <= 1e-9
        dome = -0.01 * cut.armhole_normal * flip
        closed = joined(closed, lid(body, rim[hole[rim].all(axis=1)], dome))
    closed = joined(closed, _turned_up(body, cut.above_shirt_hem(body.points), np.array([0.0, -1.0, 0.0])))
    closed = joined(closed, _turned_up(body, cut.below_collar(body.points), cut.collar_normal))
    return sleeve, joined(closed, _lining(tights, push, cut))


def _lining(tights: Surface, push: Floats, cut: Cut) -> Mesh:
    """The inside of the shirt, closed at its hem: who looks down past the collar must not look through the body."""
    body = from_surface(_loosened(tights, 0, push, rounds=5))
    body, _ = clipped(body, cut.below_collar(body.points) - 0.004)
    body, _ = clipped(body, cut.above_shirt_hem(body.points) - 0.02)
    for flip in (np.ones(3), _RIGHT_MIRRORED):
        body, _ = clipped(body, -cut.outside_armhole(body.points * flip))
    inside = Mesh(body.points - 0.012 * body.normals, -body.normals, body.uvs, body.weights, body.faces[:, ::-1])
    rim = open_edges(inside.faces)
    low = inside.points[:, 1] < cut.hip[1] + 0.03
    return joined(inside, lid(inside, rim[low[rim].all(axis=1)], np.array([0.0, 0.005, 0.0])))


def _lateral(cut: Cut, points: Floats) -> Floats:
    return np.maximum(cut.outside_armhole(points), cut.outside_armhole(points * _RIGHT_MIRRORED))


def shorts(tights: Surface, cut: Cut, levels: int) -> Mesh:
    """Shorts to above the knee; their waist is under the shirt."""
    legs = smoothstep(0.0, 1.0, 1.0 - cut.above_shorts_hem(tights.points) / 0.26)
    loose = _loosened(tights, levels, 0.003 + 0.013 * legs, rounds=4)
    whole = from_surface(loose.with_points(loose.points + folds.shorts(loose.points, cut)[:, None] * normals(loose)))
    mesh, _ = clipped(whole, cut.below_waistband(whole.points))
    mesh, _ = clipped(mesh, cut.above_shorts_hem(mesh.points))
    return _hemmed(mesh, cut.above_shorts_hem(mesh.points), np.array([0.0, -1.0, 0.0]))


def half(mesh: Mesh) -> Mesh:
    """The left half of what is worn by both legs, whose faces meet in the mirror plane."""
    faces = mesh.faces[mesh.points[mesh.faces, 0].mean(axis=1) < 0.0]
    used, renumbered = np.unique(faces, return_inverse=True)
    return Mesh._of(mesh._values()[used], renumbered.reshape(faces.shape))


def _hemmed(mesh: Mesh, above: Floats, out: Floats) -> Mesh:
    return joined(mesh, _turned_up(mesh, above, out))


def _turned_up(mesh: Mesh, above: Floats, out: Floats) -> Mesh:
    """The inside of a hem: from the edge, where `above` (n,) is 0, inwards and back against `out` (3,)."""
    rim = open_edges(mesh.faces)
    edge = rim[(np.abs(above) <= 1e-9)[rim].all(axis=1)]
    inward = -_CLOTH_M * mesh.normals
    under = np.tile(out, (len(mesh.points), 1))
    return band(mesh, edge, [(inward, under), (inward - _TURN_UP_M * out, -mesh.normals)])
