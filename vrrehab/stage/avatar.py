"""The virtual arms in the scene: the model of `models/arms.glb`, bent by the joints of a body each frame.

Draws what it is given and decides nothing: which limb is shown and how solid is the session's choice. A posed frame is
one write into the array that the shader reads; the scene graph does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.body.rig import ARM_BONES, BONE_COUNT, ArmRig, RestArm
from vrrehab.body.skeleton import FINGERS, Body, Side
from vrrehab.stage import skin
from vrrehab.stage.glb import Mesh, Model, read_model, skinned_geom
from vrrehab.stage.material import PALETTE_SIZE, Look, Material, Materials, Opacity, Tier

_SKIN = Material(Look.SKIN, roughness=0.58, reflectance=0.028)
_CLOTH = Material(Look.SOLID, roughness=0.9, reflectance=0.02)
_GHOST = Material(Look.GHOST, roughness=0.6)

#: sRGB.
SLEEVE_COLOUR = (0.31, 0.45, 0.60)


def arms_model() -> Model:
    """The two arms that ship with the package. Raises `BadModel` if the file is not whole."""
    with resources.as_file(resources.files("models") / "arms.glb") as path:
        return read_model(Path(path))


def rest_arm(model: Model) -> RestArm:
    """The left arm's joints at rest, from the model's bones."""
    at = [model.bones.index(f"left_{name}") for name in ARM_BONES]
    tips = np.array([model.points[f"left_{finger}_tip"] for finger in ("thumb", *FINGERS)])
    return RestArm(model.rest[at, :3, 3].copy(), model.rest[at, :3, :3].copy(), tips)


class _Limb:
    """One arm's nodes: skin and sleeve, sharing the avatar's palette and fading together."""

    def __init__(
        self,
        parent: core.NodePath,
        model: Model,
        side: Side,
        materials: Materials,
        palette: core.PTA_LMatrix4f,
        looks: Mapping[str, tuple[Material, NDArray[np.floating]]],
    ) -> None:
        self.root = parent.attach_new_node(f"{side}_arm")
        tier = "full" if materials.tier is Tier.FULL else "low"
        self._opacities: list[Opacity] = []
        for part, (material, colours) in looks.items():
            node = core.GeomNode(f"{side}_{part}")
            node.add_geom(skinned_geom(model.meshes[f"{side}_{part}_{tier}"], colours))
            # The vertices move in the shader: their place at rest says nothing about what is in view.
            node.set_bounds(core.OmniBoundingVolume())
            node.set_final(True)
            path = self.root.attach_new_node(node)
            self._opacities.append(materials.dress(path, material, palette=palette))

    def set(self, opacity: float) -> None:
        for part in self._opacities:
            part.set(opacity)


class Avatar:
    """Both arms of the participant. They start hidden; `pose` shows the ones that the body has."""

    def __init__(
        self,
        parent: core.NodePath,
        materials: Materials,
        *,
        tone: int = skin.DEFAULT_TONE,
        sleeve: tuple[float, float, float] = SLEEVE_COLOUR,
        model: Model | None = None,
    ) -> None:
        model = model or arms_model()
        self.root = parent.attach_new_node("avatar")
        self._rig = ArmRig(rest_arm(model))
        self._matrices, self._palette = _new_palette()
        self._limbs = {}
        for side in Side:
            bare, cloth = (_mesh(model, side, part, materials.tier) for part in ("skin", "sleeve"))
            looks = {
                "skin": (_SKIN, skin.skin_colours(bare, tone)),
                "sleeve": (_CLOTH, _plain(cloth, sleeve)),
            }
            self._limbs[side] = _Limb(self.root, model, side, materials, self._matrices, looks)

    @property
    def palette(self) -> NDArray[np.float32]:
        """(PALETTE_SIZE, 4, 4) for row vectors, left arm first, as the shader sees it now."""
        return self._palette

    def pose(self, body: Body, opacity: Mapping[Side, float]) -> None:
        """Draw the arms of `body` where its joints are; an arm that is not wholly there is not drawn."""
        left, right = self._rig.pose(body.poses, self._palette)
        self._limbs[Side.LEFT].set(opacity[Side.LEFT] if left else 0.0)
        self._limbs[Side.RIGHT].set(opacity[Side.RIGHT] if right else 0.0)


class GhostArm:
    """A translucent arm that shows a movement, beside the participant's own. It starts hidden."""

    def __init__(self, parent: core.NodePath, materials: Materials, *, model: Model | None = None) -> None:
        model = model or arms_model()
        self.root = parent.attach_new_node("ghost")
        self._rig = ArmRig(rest_arm(model))
        self._matrices, self._palette = _new_palette()
        self._limbs = {}
        for side in Side:
            bare = _mesh(model, side, "skin", materials.tier)
            look = {"skin": (_GHOST, _plain(bare, (0.75, 0.85, 0.9)))}
            self._limbs[side] = _Limb(self.root, model, side, materials, self._matrices, look)

    def pose(self, side: Side | None, arm: NDArray[np.float64], opacity: float) -> None:
        """Show one arm, `arm` (28, 7) from shoulder to fingertips; `None`, or joints that are NaN, show none."""
        for each, limb in self._limbs.items():
            shown = each is side and opacity > 0.0 and self._rig.pose_arm(each, arm, self._palette)
            limb.set(opacity if shown else 0.0)


def _mesh(model: Model, side: Side, part: str, tier: Tier) -> Mesh:
    return model.meshes[f"{side}_{part}_{'full' if tier is Tier.FULL else 'low'}"]


def _plain(mesh: Mesh, colour: tuple[float, float, float]) -> NDArray[np.floating]:
    return np.column_stack([np.tile(colour, (len(mesh.points), 1)), mesh.masks["openness"]])


def _new_palette() -> tuple[core.PTA_LMatrix4f, NDArray[np.float32]]:
    matrices = core.PTA_LMatrix4f.empty_array(PALETTE_SIZE)
    palette: NDArray[np.float32] = np.asarray(memoryview(matrices))
    palette[:] = np.eye(4, dtype=np.float32)
    assert len(palette) >= 2 * BONE_COUNT
    return matrices, palette
