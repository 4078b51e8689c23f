"""The body from the neck down, from the wheel to a glTF file: two arms, a trunk in a shirt, two legs in shorts.

Arms and legs are baked on the left; the right ones are their mirror images, to the last bit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.bake import bones, clothes, fingertips, gltf, occlusion, relief, skin, surface, triangles
from models.bake.bones import ARM, LEG, SPINE, TRUNK, Bone
from models.bake.shape import Shape, shaped_points
from models.bake.skinning import kept_weights, knuckles_moved, spine_divided, strongest
from models.bake.source import METRES, Wheel

Floats = NDArray[np.float64]

#: What the four channels of `_MASKS` say.
MASKS = ("openness", "blood", "palm", "nail")
#: Levels of Catmull-Clark of the skin, the shirt and the shorts. Low is for drawing without a graphics card.
TIERS = {"full": (1, 2, 1), "low": (0, 1, 1)}

#: The tiles of the skin's picture that meshes have.
_CHARTS = {"left_arm": ("hand", "arm"), "left_leg": ("foot", "leg")}


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> dict[str, object]:
    look = {"baseColorFactor": [*colour, 1], "metallicFactor": 0, "roughnessFactor": roughness}
    return {"name": name, "pbrMetallicRoughness": look, "doubleSided": name != "skin"}


_MATERIALS = (
    _material("skin", (0.69, 0.47, 0.35), 0.5),
    _material("shirt", (0.12, 0.2, 0.35), 0.9),
    _material("shorts", (0.05, 0.05, 0.07), 0.9),
)


@dataclass(frozen=True, slots=True)
class Person:
    """The shaped body on its feet: metres, OpenXR's axes, floor at 0. The bones of the left side and the trunk."""

    body: surface.Surface
    groups: NDArray[np.str_]
    arm: list[Bone]
    leg: list[Bone]
    trunk: list[Bone]
    #: The last bones of the left toes, which carry nails and nothing else.
    toes: list[Bone]

    def bones(self) -> list[tuple[str, Bone]]:
        """Every bone with its side's prefix, in the order in which joints count."""
        parts = [("left_", self.arm), ("right_", bones.reflected(self.arm)), ("", self.trunk)]
        parts += [("left_", self.leg), ("right_", bones.reflected(self.leg))]
        return [(side, bone) for side, part in parts for bone in part]

    def selected(self, group: str, faces: NDArray[np.bool_]) -> surface.Surface:
        return surface.selected(self.body, (self.groups == group) & faces)[0]

    def left_arm(self) -> surface.Surface:
        arm = self.selected("body", self.share_of(*(f"left_{bone.name}" for bone in self.arm)) > 0.4)
        return fingertips.rounded(arm, self.arm)

    def left_leg(self) -> surface.Surface:
        return self.selected("body", self.share_of(*(f"left_{bone.name}" for bone in self.leg)) > 0.9)

    def share_of(self, *names: str) -> Floats:
        """Of each face (f,), how much of it the named bones hold, 0 to 1."""
        held = [i for i, (side, bone) in enumerate(self.bones()) if f"{side}{bone.name}" in names]
        return self.body.weights[:, held].sum(axis=1)[self.body.quads].mean(axis=1)


def person(wheel: Wheel, shape: Shape) -> Person:
    base = wheel.base()
    points = shaped_points(wheel, base.points, shape) * METRES
    points[:, 1] -= points[base.quads[base.groups == "body"].reshape(-1), 1].min()
    rig, groups = wheel.rig(), wheel.vertex_groups()
    arm, leg = bones.left_arm(rig, points, groups), bones.left_leg(rig, points, groups)
    who = Person(
        surface.Surface(points, np.zeros((0, 0)), base.quads, base.uvs[base.quad_uvs]),
        base.groups,
        arm,
        leg,
        bones.trunk(arm, leg),
        bones.left_toes(rig, points, groups),
    )
    return dataclasses.replace(who, body=dataclasses.replace(who.body, weights=_weights(wheel, who, points)))


def _weights(wheel: Wheel, who: Person, points: Floats) -> Floats:
    """(n, bones): what each bone holds of each vertex."""
    column = {f"{side}{bone.name}": i for i, (side, bone) in enumerate(who.bones())}
    spine = len(column)
    columns = dict.fromkeys(SPINE, spine) | {name: column[ours] for name, ours in TRUNK.items()}
    for side, suffix in (("left", ".L"), ("right", ".R")):
        columns |= {name + suffix: column[f"{side}_{ours}"] for name, ours in (ARM | LEG).items()}
    weights = kept_weights(wheel.weights(), wheel.rig(), columns, len(points))
    pelvis, chest = spine_divided(weights[:, spine], points, *who.trunk)
    weights = weights[:, :spine]
    weights[:, column["pelvis"]] += pelvis
    weights[:, column["chest"]] += chest
    count = len(who.arm)
    weights[:, :count] = knuckles_moved(weights[:, :count], points, who.arm)
    mirrored = bones.reflected(who.arm)
    weights[:, count : 2 * count] = knuckles_moved(weights[:, count : 2 * count], points, mirrored)
    return weights


def parts_of(who: Person) -> list[gltf.Part]:
    """Every mesh but those of the right side, in both tiers."""
    cut = clothes.Cut.of(who.arm, who.leg, who.trunk[1])
    heights = who.body.points[who.body.quads].mean(axis=1)[:, 1]
    arm, leg = who.left_arm(), who.left_leg()
    middle = np.abs(who.body.points[who.body.quads].mean(axis=1)[:, 0]) < 0.11
    neck = who.selected("body", middle & (np.abs(heights - cut.neck[1]) < 0.12))
    upper = who.selected("helper-tights", heights > cut.hip[1] - 0.12)
    lower = who.selected("helper-tights", heights < cut.hip[1] + 0.2)
    parts = []
    for tier, (skin_levels, shirt_levels, shorts_levels) in TIERS.items():
        bare_arm = clothes.bare_arm(_smooth(arm, skin_levels), cut)
        # A demonstrating arm has no chest: what little its hidden end follows one is given up.
        bare_arm.weights[:, len(who.arm) :] = 0.0
        bare_leg = clothes.bare_leg(_smooth(leg, skin_levels), cut)
        bare_neck = clothes.bare_neck(_smooth(neck, skin_levels), cut)
        sleeve, shirt = clothes.shirt(upper, cut, shirt_levels)
        shorts = clothes.half(clothes.shorts(lower, cut, shorts_levels))
        meshes = [bare_arm, bare_leg, bare_neck, sleeve, shirt, shorts]
        # Fingers need fine depth maps; the rest of the body is large and smooth.
        openness = occlusion.openness(
            meshes, [triangles.reflected(bare_leg), triangles.reflected(shorts)], pixel_m=0.006
        )
        openness[0], openness[3] = occlusion.openness([bare_arm, sleeve], pixel_m=0.002)
        inner = skin.palm(bare_arm, who.arm)
        nail = 0.5 + skin.nails(bare_arm, who.arm)[0] / skin.NAIL_RANGE_M
        flush = skin.blood(bare_arm, who.arm, inner)
        arm_masks = np.stack([openness[0], flush, inner, nail], axis=1)
        names = ("left_arm", "left_leg", "neck", "left_sleeve", "shirt", "left_shorts")
        materials = ("skin", "skin", "skin", "shirt", "shirt", "shorts")
        for i, (name, material, mesh) in enumerate(zip(names, materials, meshes, strict=True)):
            masks = arm_masks if i == 0 else skin.plain(mesh, openness[i])
            if name == "left_leg":
                masks[:, 3] = 0.5 + skin.nails(mesh, who.toes)[0] / skin.NAIL_RANGE_M
            uvs = relief.placed(mesh, *_CHARTS.get(name, ())).uvs if material == "skin" else None
            parts.append(_part(f"{name}_{tier}", material, mesh, uvs, masks))
    return parts


def _smooth(part: surface.Surface, levels: int) -> triangles.Mesh:
    for _ in range(levels):
        part = surface.subdivided(part)
    return triangles.from_surface(part)


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


def right_part(left: gltf.Part, names: Sequence[str]) -> gltf.Part:
    """The mirror image of a part of the left side, bound to the right side's bones; `names` are those of all bones."""
    m = np.array([-1.0, 1.0, 1.0])
    other = np.array([names.index(name.replace("left_", "right_")) for name in names], np.uint8)
    return dataclasses.replace(
        left,
        name=left.name.replace("left", "right"),
        points=left.points * m,
        normals=left.normals * m,
        joints=other[left.joints],
        faces=left.faces[:, ::-1],
    )


def skin_picture(wheel: Wheel, shape: Shape) -> NDArray[np.uint8]:
    """The skin's fine detail, see `models.bake.relief`."""
    who = person(wheel, shape)
    cut = clothes.Cut.of(who.arm, who.leg, who.trunk[1])
    levels = TIERS["full"][0]
    arm = relief.placed(clothes.bare_arm(_smooth(who.left_arm(), levels), cut), *_CHARTS["left_arm"])
    leg = relief.placed(clothes.bare_leg(_smooth(who.left_leg(), levels), cut), *_CHARTS["left_leg"])
    return relief.picture(arm, who.arm, leg, who.leg, who.toes)


def bake(wheel: Wheel, shape: Shape) -> tuple[bytes, Sequence[gltf.Part]]:
    """The file's bytes and the parts in it."""
    who = person(wheel, shape)
    all_bones = who.bones()
    names = [f"{side}{bone.name}" for side, bone in all_bones]
    parts = parts_of(who)
    parts += [right_part(part, names) for part in parts if part.name.startswith("left")]
    body = who.body.points[who.body.quads[who.groups == "body"].reshape(-1), 1]
    extras = {"shape": dataclasses.asdict(shape), "stature_m": round(float(np.ptp(body)), 3)}
    return gltf.glb(parts, all_bones, _MATERIALS, MASKS, extras), parts
