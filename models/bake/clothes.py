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

#: How far skin goes on under a hem, and how far a hem is turned up; farther where who sits looks into the legs of
#: shorts.
_OVERLAP_M, _LEG_OVERLAP_M = 0.035, 0.06
_CLOTH_M, _TURN_UP_M, _LEG_TURN_UP_M = 0.0025, 0.026, 0.04
#: A collar lies this far off the skin, from a little below its edge; the patch of skin that a place lies on is as wide.
_OFF_SKIN_M, _LAID_M, _PATCH_M = 0.007, 0.040, 0.008
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
    leg, _ = clipped(skin, _LEG_OVERLAP_M - cut.above_shorts_hem(skin.points))
    sunk = 0.012 * smoothstep(0.02, _LEG_OVERLAP_M, cut.above_shorts_hem(leg.points))
    return replace(leg, points=leg.points - sunk[:, None] * leg.normals)


def bare_neck(skin: Mesh, cut: Cut) -> Mesh:
    """The neck from inside the collar to where the head would begin, closed there."""
    mesh, _ = clipped(skin, 0.05 - cut.below_collar(skin.points))
    # What the shirt hides keeps away from it: some shapes bring the two nearer together.
    below = cut.below_collar(mesh.points)
    sunk = 0.012 * smoothstep(0.0, 0.024, below) + 0.010 * smoothstep(0.01, 0.05, below)
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


def shirt(tights: Surface, cut: Cut, levels: int, skin: Mesh) -> tuple[Mesh, Mesh]:
    """The left sleeve, and the shirt without sleeves, its collar on the `skin`; `levels` of Catmull-Clark."""
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
    sleeve = joined(sleeve, _closed_hem(sleeve, cut.above_sleeve_hem(sleeve.points), cut.arm_axis, _TURN_UP_M))

    body, _ = clipped(body, -cut.outside_armhole(body.points))
    body, _ = clipped(body, -cut.outside_armhole(body.points * _RIGHT_MIRRORED))
    body, _ = clipped(body, cut.above_shirt_hem(body.points))
    below = cut.below_collar(body.points)
    below[np.abs(below) < 1e-3] = 0.0  # the collar is round: between the corners of a face its edge is only nearly at 0
    seam = smoothstep(0.0, -_LAID_M, _lateral(cut, body.points))
    body = replace(body, points=body.points + seam[:, None] * _to_skin(body, skin, below))
    rim = open_edges(body.faces)
    closed = body
    for flip in (np.ones(3), _RIGHT_MIRRORED):
        hole = np.abs(cut.outside_armhole(body.points * flip)) <= 1e-9
        dome = -0.01 * cut.armhole_normal * flip
        closed = joined(closed, lid(body, rim[hole[rim].all(axis=1)], dome))
    closed = joined(closed, _turned_up(body, cut.above_shirt_hem(body.points), np.array([0.0, -1.0, 0.0])))
    # The collar's inside ends under the skin, so that nobody looks past it into the body.
    closed = joined(closed, _turned_up(body, below, cut.collar_normal, in_m=0.03))
    return sleeve, joined(closed, _lining(tights, push, cut))


def _to_skin(shirt: Mesh, skin: Mesh, below_collar: Floats) -> Floats:
    """What lays a collar on the skin (n, 3): where it stood off like a tub, one would look in beside the neck."""
    out = np.zeros_like(shirt.points)
    near = np.flatnonzero(below_collar < _LAID_M)
    apart = ((shirt.points[near, None] - skin.points) ** 2).sum(axis=2)
    # Over a patch of skin, as one vertex's normal alone would crumple the cloth.
    share = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / _PATCH_M**2)
    share /= share.sum(axis=1, keepdims=True)
    normal = share @ skin.normals
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    gap = ((shirt.points[near] - share @ skin.points) * normal).sum(axis=1)
    laid = smoothstep(_LAID_M, 0.0, below_collar[near]) * np.maximum(gap - _OFF_SKIN_M, 0.0)
    out[near] = -laid[:, None] * normal
    return out


def _lining(tights: Surface, push: Floats, cut: Cut) -> Mesh:
    """The inside of the shirt, closed at its hem: who looks down past the collar must not look through the body."""
    body = from_surface(_loosened(tights, 0, push, rounds=5))
    body, _ = clipped(body, cut.below_collar(body.points) - _LAID_M)
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
    """The left half of shorts to above the knee, whose waist is under the shirt; it meets the right one in x = 0."""
    legs = smoothstep(0.0, 1.0, 1.0 - cut.above_shorts_hem(tights.points) / 0.26)
    loose = _loosened(tights, levels, 0.003 + 0.013 * legs, rounds=4)
    whole = from_surface(loose.with_points(loose.points + folds.shorts(loose.points, cut)[:, None] * normals(loose)))
    mesh, _ = clipped(whole, cut.below_waistband(whole.points))
    mesh, _ = clipped(mesh, cut.above_shorts_hem(mesh.points))
    left = mesh.faces[mesh.points[mesh.faces, 0].mean(axis=1) < 0.0]
    used, renumbered = np.unique(left, return_inverse=True)
    mesh = Mesh._of(mesh._values()[used], renumbered.reshape(left.shape))
    down = np.array([0.0, -1.0, 0.0])
    return joined(mesh, _closed_hem(mesh, cut.above_shorts_hem(mesh.points), down, _LEG_TURN_UP_M))


def _closed_hem(mesh: Mesh, above: Floats, out: Floats, up_m: float) -> Mesh:
    """A hem turned up round a limb, and the opening closed behind the limb's skin: nobody looks through the clothes."""
    hem = _turned_up(mesh, above, out, up_m, 0.009)
    rim = open_edges(hem.faces)
    end = rim[(rim >= 2 * len(hem.points) // 3).all(axis=1)]
    return joined(hem, lid(hem, end, 0.002 * out))


def _turned_up(mesh: Mesh, above: Floats, out: Floats, up_m: float = _TURN_UP_M, in_m: float = _CLOTH_M) -> Mesh:
    """A hem's inside: from its edge, where `above` (n,) is 0, `in_m` inwards and `up_m` back against `out` (3,)."""
    rim = open_edges(mesh.faces)
    edge = rim[(np.abs(above) <= 1e-9)[rim].all(axis=1)]
    inward = -_CLOTH_M * mesh.normals
    under = np.tile(out, (len(mesh.points), 1))
    return band(mesh, edge, [(inward, under), (-in_m * mesh.normals - up_m * out, -mesh.normals)])
