"""The body from the neck down, from the wheel to the files: two arms, a trunk in a shirt, two legs in shorts.

Arms and legs are baked on the left; the right ones are their mirror images, to the last bit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bake import adults, bones, clothes, fingertips, gltf, occlusion, relief, skin, surface, triangles
from models.bake.bones import ARM, LEG, SPINE, TRUNK, Bone
from models.bake.shape import Shape, corners, shaped_points
from models.bake.skinning import kept_weights, knuckles_moved, spine_divided, strongest
from models.bake.source import METRES, Obj, Wheel

Floats = NDArray[np.float64]

#: What the four channels of `_MASKS` say.
MASKS = ("openness", "blood", "palm", "nail")
#: Levels of Catmull-Clark of the skin, the shirt and the shorts. Low is for drawing without a graphics card.
TIERS = {"full": (1, 2, 1), "low": (0, 1, 1)}

#: How open the skin of legs and neck is at the least.
_LEAST_OPEN = 0.25

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
    #: The ends of the left toes, which carry nails and nothing else.
    toes: list[Bone]

    def bones(self) -> list[tuple[str, Bone]]:
        """Every bone with its side's prefix, in the order in which joints count."""
        parts = [("left_", self.arm), ("right_", bones.reflected(self.arm)), ("", self.trunk)]
        parts += [("left_", self.leg), ("right_", bones.reflected(self.leg))]
        return [(side, bone) for side, part in parts for bone in part]

    def selected(self, group: str, faces: NDArray[np.bool_]) -> Patch:
        """Some faces of the base mesh. Behind the bones' weights each vertex has a column of its own, 1 for itself
        alone: weights ride along when a mesh is subdivided and cut, and so tell in the end what vertices are made of.
        """
        part, sources = surface.selected(self.body, (self.groups == group) & faces)
        traced = np.hstack([part.weights, np.eye(len(sources))])
        return Patch(dataclasses.replace(part, weights=traced), sources)

    def left_arm(self) -> Patch:
        arm = self.selected("body", self.share_of(*(f"left_{bone.name}" for bone in self.arm)) > 0.4)
        return dataclasses.replace(arm, surface=fingertips.rounded(arm.surface, self.arm))

    def left_leg(self) -> Patch:
        return self.selected("body", self.share_of(*(f"left_{bone.name}" for bone in self.leg)) > 0.9)

    def share_of(self, *names: str) -> Floats:
        """Of each face (f,), how much of it the named bones hold, 0 to 1."""
        held = [i for i, (side, bone) in enumerate(self.bones()) if f"{side}{bone.name}" in names]
        return self.body.weights[:, held].sum(axis=1)[self.body.quads].mean(axis=1)


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the base mesh, and which of its vertices (k,) the part's are."""

    surface: surface.Surface
    sources: NDArray[np.int64]

    def trace(self, mesh: triangles.Mesh) -> tuple[triangles.Mesh, adults.Trace]:
        """A mesh made of this patch with its bones' weights alone, and what it is made of."""
        bone_count = mesh.weights.shape[1] - len(self.sources)
        bare = dataclasses.replace(mesh, weights=mesh.weights[:, :bone_count])
        return bare, adults.Trace(self.sources, mesh.weights[:, bone_count:])


@dataclass(frozen=True, slots=True)
class Human:
    """What all shapes of the body share, read from the wheel once."""

    wheel: Wheel
    base: Obj
    rig: Mapping[str, dict[str, Any]]
    groups: Mapping[str, list[tuple[int, int]]]

    @classmethod
    def of(cls, wheel: Wheel) -> Human:
        return cls(wheel, wheel.base(), wheel.rig(), wheel.vertex_groups())

    def adult(self, shape: Shape) -> adults.Adult:
        points = shaped_points(self.wheel, self.base.points, shape) * METRES
        heights = points[self.base.quads[self.base.groups == "body"].reshape(-1), 1]
        points[:, 1] -= heights.min()
        arm = bones.left_arm(self.rig, points, self.groups)
        leg = bones.left_leg(self.rig, points, self.groups)
        return adults.Adult(points, [*arm, *bones.trunk(arm, leg), *leg], float(np.ptp(heights)))

    def person(self, adult: adults.Adult) -> Person:
        arm = adult.bones[: len(ARM)]
        trunk, leg = adult.bones[len(arm) : -len(LEG)], adult.bones[-len(LEG) :]
        base = self.base
        body = surface.Surface(adult.points, np.zeros((0, 0)), base.quads, base.uvs[base.quad_uvs])
        toes = bones.left_toes(self.rig, adult.points, self.groups)
        who = Person(body, base.groups, list(arm), list(leg), list(trunk), toes)
        weights = _weights(self.wheel, who, adult.points)
        return dataclasses.replace(who, body=dataclasses.replace(body, weights=weights))


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


def parts_of(who: Person) -> tuple[list[gltf.Part], dict[str, adults.Trace]]:
    """Every mesh but those of the right side, in both tiers, and what each is made of."""
    cut = clothes.Cut.of(who.arm, who.leg, who.trunk[1])
    heights = who.body.points[who.body.quads].mean(axis=1)[:, 1]
    arm, leg = who.left_arm(), who.left_leg()
    middle = np.abs(who.body.points[who.body.quads].mean(axis=1)[:, 0]) < 0.11
    neck = who.selected("body", middle & (np.abs(heights - cut.neck[1]) < 0.14))
    upper = who.selected("helper-tights", heights > cut.hip[1] - 0.12)
    lower = who.selected("helper-tights", heights < cut.hip[1] + 0.2)
    parts, traces = [], {}
    for tier, (skin_levels, shirt_levels, shorts_levels) in TIERS.items():
        sleeve, shirt = clothes.shirt(upper.surface, cut, shirt_levels, _smooth(neck.surface, skin_levels))
        made = [
            (arm, clothes.bare_arm(_smooth(arm.surface, skin_levels), cut)),
            (leg, clothes.bare_leg(_smooth(leg.surface, skin_levels), cut)),
            (neck, clothes.bare_neck(_smooth(neck.surface, skin_levels), cut)),
            (upper, sleeve),
            (upper, shirt),
            (lower, clothes.shorts(lower.surface, cut, shorts_levels)),
        ]
        meshes, tier_traces = map(list, zip(*(patch.trace(mesh) for patch, mesh in made), strict=True))
        bare_arm, bare_leg, _, sleeve, _, shorts = meshes
        # A demonstrating arm has no chest: what little its hidden end follows one is given up.
        bare_arm.weights[:, len(who.arm) :] = 0.0
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
            # Where clothes hide skin at rest, they may stand off it when the person sits.
            least = _LEAST_OPEN if material == "skin" else 0.0
            masks = arm_masks if i == 0 else skin.plain(mesh, np.maximum(openness[i], least))
            if name == "left_leg":
                masks[:, 3] = 0.5 + skin.nails(mesh, who.toes)[0] / skin.NAIL_RANGE_M
            uvs = relief.placed(mesh, *_CHARTS.get(name, ())).uvs if material == "skin" else None
            parts.append(_part(f"{name}_{tier}", material, mesh, uvs, masks))
            traces[f"{name}_{tier}"] = tier_traces[i]
    return parts, traces


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
    human = Human.of(wheel)
    who = human.person(human.adult(shape))
    cut = clothes.Cut.of(who.arm, who.leg, who.trunk[1])
    levels = TIERS["full"][0]
    arms, legs = who.left_arm(), who.left_leg()
    arm, _ = arms.trace(clothes.bare_arm(_smooth(arms.surface, levels), cut))
    leg, _ = legs.trace(clothes.bare_leg(_smooth(legs.surface, levels), cut))
    arm, leg = relief.placed(arm, *_CHARTS["left_arm"]), relief.placed(leg, *_CHARTS["left_leg"])
    return relief.picture(arm, who.arm, leg, who.leg, who.toes)


def bake(wheel: Wheel, shape: Shape) -> tuple[dict[str, bytes], Sequence[gltf.Part]]:
    """The models' bytes by name, and the parts of the body as it is baked, in the middle of all shapes."""
    human = Human.of(wheel)
    adult = human.adult(shape)
    who = human.person(adult)
    all_bones = who.bones()
    names = [f"{side}{bone.name}" for side, bone in all_bones]
    parts, traces = parts_of(who)
    parts += [right_part(part, names) for part in parts if part.name.startswith("left")]
    extras = {"shape": dataclasses.asdict(shape), "stature_m": round(adult.stature_m, 3)}
    files = {
        "body.glb": gltf.glb(parts, all_bones, _MATERIALS, MASKS, extras),
        "shapes.npz": adults.archive(adult, {at: human.adult(corner) for at, corner in corners()}, traces),
    }
    return files, parts
