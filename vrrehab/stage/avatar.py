"""The virtual body in the scene: the model of `models/body.glb`, bent by the joints of a body each frame.

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
from vrrehab.body.trunk import LEG_BONES, TRUNK_BONES, TRUNK_COUNT, RestTrunk, TrunkRig
from vrrehab.errors import BadModel
from vrrehab.stage import skin
from vrrehab.stage.glb import Mesh, Model, Piece, read_model, skinned_geom
from vrrehab.stage.material import PALETTE_SIZE, Look, Material, Materials, Tier

_SKIN = Material(Look.SKIN, roughness=0.58, reflectance=0.028)
_CLOTH = Material(Look.SOLID, roughness=0.9, reflectance=0.02)
_GHOST = Material(Look.GHOST, roughness=0.6)

#: What fades apart from each other.
_TRUNK = 0
_SLEEVES = {Side.LEFT: 1, Side.RIGHT: 2}
_ARMS = {Side.LEFT: 3, Side.RIGHT: 4}

Colour = tuple[float, float, float]
#: sRGB.
SHIRT_COLOUR: Colour = (0.39, 0.45, 0.50)
SHORTS_COLOUR: Colour = (0.20, 0.21, 0.25)
_GHOST_COLOUR: Colour = (0.75, 0.85, 0.9)

#: The model's bones: both arms, then trunk and legs.
_BONES = (
    *(f"{side}_{bone}" for side in Side for bone in ARM_BONES),
    *TRUNK_BONES,
    *(f"{side}_{bone}" for side in Side for bone in LEG_BONES),
)


def body_model() -> Model:
    """The body that ships with the package. Raises `BadModel` if the file is not whole."""
    with resources.as_file(resources.files("models") / "body.glb") as path:
        model = read_model(Path(path))
        if model.bones != _BONES:
            raise BadModel(path, f"its bones are {', '.join(model.bones)} instead of {', '.join(_BONES)}")
        return model


def rest_arm(model: Model) -> RestArm:
    """The left arm's joints at rest, from the model's bones."""
    at = [model.bones.index(f"left_{name}") for name in ARM_BONES]
    tips = np.array([model.points[f"left_{finger}_tip"] for finger in ("thumb", *FINGERS)])
    return RestArm(model.rest[at, :3, 3].copy(), model.rest[at, :3, :3].copy(), tips)


def rest_trunk(model: Model) -> RestTrunk:
    """Trunk and left leg at rest, from the model's bones."""
    pelvis, chest, shoulder = (
        model.rest[model.bones.index(name), :3, 3].copy() for name in (*TRUNK_BONES, "left_upper_arm_1")
    )
    at = [model.bones.index(f"left_{name}") for name in LEG_BONES]
    heads, frames = model.rest[at, :3, 3].copy(), model.rest[at, :3, :3].copy()
    return RestTrunk(pelvis, chest, shoulder, heads, frames, model.points["left_ball_tip"])


class _Bent:
    """Some of the model's meshes as one thing to draw, bent by one palette; each fades with the part it belongs to."""

    def __init__(
        self,
        parent: core.NodePath,
        model: Model,
        materials: Materials,
        palette: core.PTA_LMatrix4f,
        surfaces: tuple[Material, ...],
        looks: Mapping[str, tuple[int, Material, int | Colour]],
    ) -> None:
        """`looks` gives each mesh its part, one of the surfaces, and either a tone of skin or a plain colour."""
        tier = "full" if materials.tier is Tier.FULL else "low"
        pieces = []
        for name, (part, material, look) in looks.items():
            mesh = model.meshes[f"{name}_{tier}"]
            colours = skin.skin_colours(mesh, look) if isinstance(look, int) else _plain(mesh, look)
            pieces.append(Piece(mesh, colours, part, surfaces.index(material)))
        node = core.GeomNode("bent")
        node.add_geom(skinned_geom(*pieces))
        # The vertices move in the shader: their place at rest says nothing about what is in view.
        node.set_bounds(core.OmniBoundingVolume())
        node.set_final(True)
        #: Sets how solid a part is.
        self.set = materials.dress(parent.attach_new_node(node), *surfaces, palette=palette).set


class Avatar:
    """The participant's body from the neck down. It starts hidden; `pose` shows the parts that the body has."""

    def __init__(
        self,
        parent: core.NodePath,
        materials: Materials,
        *,
        tone: int = skin.DEFAULT_TONE,
        shirt: Colour = SHIRT_COLOUR,
        shorts: Colour = SHORTS_COLOUR,
        model: Model | None = None,
    ) -> None:
        model = model or body_model()
        self.root = parent.attach_new_node("avatar")
        self._rig = ArmRig(rest_arm(model))
        self._trunk_rig = TrunkRig(rest_trunk(model))
        matrices, self._palette = _new_palette()
        self._trunk_palette = self._palette[2 * BONE_COUNT : 2 * BONE_COUNT + TRUNK_COUNT]

        looks: dict[str, tuple[int, Material, int | Colour]] = {
            "shirt": (_TRUNK, _CLOTH, shirt),
            "neck": (_TRUNK, _SKIN, tone),
            "shorts": (_TRUNK, _CLOTH, shorts),
        }
        for side in Side:
            looks[f"{side}_leg"] = (_TRUNK, _SKIN, tone)
            looks[f"{side}_sleeve"] = (_SLEEVES[side], _CLOTH, shirt)
            looks[f"{side}_arm"] = (_ARMS[side], _SKIN, tone)
        self._bent = _Bent(self.root, model, materials, matrices, (_SKIN, _CLOTH), looks)

    @property
    def palette(self) -> NDArray[np.float32]:
        """(PALETTE_SIZE, 4, 4) for row vectors, in the order of the model's bones, as the shader sees it now."""
        return self._palette

    def pose(self, body: Body, opacity: Mapping[Side, float]) -> None:
        """Draw `body` where its joints are. An arm that is not wholly there is not drawn.

        Trunk, legs and sleeves need the torso and the pelvis; the arms are drawn without them too.
        """
        poses = body.poses
        left, right = self._rig.pose(poses, self._palette)
        trunk = self._trunk_rig.pose(poses, self._trunk_palette)
        self._bent.set(1.0 if trunk else 0.0, _TRUNK)
        self._show(Side.LEFT, opacity[Side.LEFT] if left else 0.0, trunk)
        self._show(Side.RIGHT, opacity[Side.RIGHT] if right else 0.0, trunk)

    def _show(self, side: Side, opacity: float, trunk: bool) -> None:
        self._bent.set(opacity, _ARMS[side])
        # A faint limb still wears a sleeve, which goes with the last of it; its upper edge moves with the chest.
        self._bent.set(min(1.0, 4.0 * opacity) if trunk else 0.0, _SLEEVES[side])


class GhostArm:
    """A translucent arm that shows a movement, beside the participant's own. It starts hidden."""

    def __init__(self, parent: core.NodePath, materials: Materials, *, model: Model | None = None) -> None:
        model = model or body_model()
        self.root = parent.attach_new_node("ghost")
        self._rig = ArmRig(rest_arm(model))
        matrices, self._palette = _new_palette()
        looks = {f"{side}_arm": (_ARMS[side], _GHOST, _GHOST_COLOUR) for side in Side}
        self._bent = _Bent(self.root, model, materials, matrices, (_GHOST,), looks)

    def pose(self, side: Side | None, arm: NDArray[np.float64], opacity: float) -> None:
        """Show one arm, `arm` (28, 7) from shoulder to fingertips; `None`, or joints that are NaN, show none."""
        for each, part in _ARMS.items():
            shown = each is side and opacity > 0.0 and self._rig.pose_arm(each, arm, self._palette)
            self._bent.set(opacity if shown else 0.0, part)


def _plain(mesh: Mesh, colour: Colour) -> NDArray[np.floating]:
    return np.column_stack([np.tile(colour, (len(mesh.points), 1)), mesh.masks["openness"]])


def _new_palette() -> tuple[core.PTA_LMatrix4f, NDArray[np.float32]]:
    matrices = core.PTA_LMatrix4f.empty_array(PALETTE_SIZE)
    palette: NDArray[np.float32] = np.asarray(memoryview(matrices))
    palette[:] = np.eye(4, dtype=np.float32)
    return matrices, palette
