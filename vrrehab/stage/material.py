"""How things look: our own small physically based shader, in a few looks and two tiers.

A draw call costs a frame more than what is in it: a whole body is one mesh, whose vertices know their part and surface.

One light, the window, and the room around it; every colour leaves the shader tone-mapped and sRGB-encoded, so that a
headset, a window and a buffer show the same value (framebuffer sRGB is off everywhere). The eye's place is taken
from each camera's own view matrix. Never changes a render state per frame: what moves is written into the arrays
here (`scene`, palettes, opacities), which Panda hands to the shaders by reference.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, fields
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from panda3d import core

#: Bones a skinned shader can address; a PTA_LMatrix4f of this length is its `palette`.
PALETTE_SIZE = 96
#: Targets that can be shown at once.
TARGET_COUNT = 24
#: Rows of the light of the hour, shaders/day.glsl.
DAY_ROWS = 8
#: Parts of a skinned thing that fade apart from each other, and surfaces that it is made of.
PART_COUNT = 13
SURFACE_COUNT = 2

#: The steepest slopes that a relief can hold, metres for its whole width and height.
RELIEF_SLOPE = (0.0002 * 2048, 0.0002 * 1024)

SHADOW_EXTENT_M = 1.8
SHADOW_TAG = "shadow"
#: What the shadow's camera sees; nodes are hidden from it by this.
SHADOW_MASK = core.BitMask32.bit(1)

#: Eyes that one camera can serve.
_EYE_COUNT = 2

# Override levels: the shadow camera's shader beats a node's own.
_SHADOW_PRIORITY = 100


class Tier(enum.Enum):
    """How much the graphics processor is asked for; LOW is for software drawing."""

    LOW = enum.auto()
    FULL = enum.auto()

    @property
    def samples(self) -> int:
        """Multisamples for every display's framebuffer."""
        return 4 if self is Tier.FULL else 0

    @property
    def shadow_size(self) -> int:
        return 1024 if self is Tier.FULL else 256

    @property
    def _defines(self) -> dict[str, str]:
        size = float(self.shadow_size)
        taps = 12 if self is Tier.FULL else 4
        return {
            "SHADOW_SIZE": str(size),
            "SHADOW_EXTENT": str(SHADOW_EXTENT_M),
            "SHADOW_LEVEL": str(round(float(np.log2(0.09 * size / SHADOW_EXTENT_M)), 2)),
            "TAPS": str(taps),
            "PARTS": str(PART_COUNT),
            "SURFACES": str(SURFACE_COUNT),
            "RELIEF_SLOPE": f"vec2({RELIEF_SLOPE[0]}, {RELIEF_SLOPE[1]})",
            "TAP_SHARE": "0.55" if self is Tier.FULL else "0.9",
        }


@dataclass(frozen=True, slots=True)
class Light:
    """The light at the participant's place, as `vrrehab.stage.daylight` finds it.

    key_direction: (3,) unit, towards the window. key: (3,) linear radiance of a white diffuser facing it. ambient:
    (6, 3) that of white diffusers facing +x -x +y -y +z -z, without the key. window_centre (3,), window_half (2,)
    half width along z and half height, window (3,) mean radiance: for reflections. table_top_m: the height on
    which shadows fall.
    """

    key_direction: NDArray[np.float64]
    key: NDArray[np.float64]
    ambient: NDArray[np.float64]
    window_centre: NDArray[np.float64]
    window_half: NDArray[np.float64]
    window: NDArray[np.float64]
    table_top_m: float

    def towards(self, other: Light, share: float) -> Light:
        """The light between this and another one."""
        mixed = {
            each.name: (1.0 - share) * getattr(self, each.name) + share * getattr(other, each.name)
            for each in fields(self)
        }
        mixed["key_direction"] /= np.linalg.norm(mixed["key_direction"])
        return Light(**mixed)


class Look(enum.Enum):
    """What a surface is made of, for the moving things.

    SOLID: anything. SKIN: light passes a little into it; only what is skinned. GHOST: pale and translucent, brighter
    at its rim. The vertex columns are `vertex`, `normal` and `color` (sRGB albedo; alpha: how open the place is to the
    room, 1 wholly).
    """

    SOLID = "SOLID"
    SKIN = "SKIN"
    GHOST = "GHOST"


@dataclass(frozen=True, slots=True)
class Material:
    """Roughness and metalness 0 to 1; reflectance at normal incidence (0.04 for most things, 0.028 for skin)."""

    look: Look = Look.SOLID
    roughness: float = 0.6
    metalness: float = 0.0
    reflectance: float = 0.04


@dataclass(frozen=True, slots=True)
class Relief:
    """The fine detail of skin: `texture` as `models.bake.relief` makes it, and the nails' linear albedo."""

    texture: core.Texture
    nail: tuple[float, float, float]


class Materials:
    """The shaders of one stage and the arrays they read."""

    def __init__(self, tier: Tier, light: Light) -> None:
        self.tier = tier
        self._scene = core.PTA_LVecBase4f.empty_array(16)
        #: (16, 4) float32, see shaders/common.glsl; written in place.
        self.scene: NDArray[np.float32] = np.asarray(memoryview(self._scene))
        self.scene[:] = 0.0  # Panda hands out the memory as it was left
        self.set_softness(0.04)
        self._day = core.PTA_LVecBase4f.empty_array(DAY_ROWS)
        #: (DAY_ROWS, 4) float32, see shaders/day.glsl; written in place.
        self.day: NDArray[np.float32] = np.asarray(memoryview(self._day))
        self.set_light(light)

    def set_light(self, light: Light) -> None:
        """The light of another hour falls on what moves."""
        self.light = light
        scene = self.scene
        scene[1, :3] = light.key_direction
        scene[2, :3] = light.key
        scene[2, 3] = light.table_top_m
        scene[3:9, :3] = light.ambient
        scene[9, :3] = light.window_centre
        scene[10, :2] = light.window_half
        scene[11, :3] = light.window

    def set_calm(self, colour: tuple[float, float, float], amount: float) -> None:
        """Blend every picture to a display colour by `amount`, 0 to 1."""
        self.scene[0, :3] = colour
        self.scene[0, 3] = amount

    def set_veil(self, amount: float) -> None:
        """Blend what stands still to that colour by `amount`, 0 to 1, where this is more than everything is."""
        self.scene[12, 0] = amount

    def set_softness(self, metres: float) -> None:
        """How gradually a virtual limb begins where the residual limb ends."""
        self.scene[1, 3] = metres

    def share(self, root: core.NodePath) -> None:
        """Give everything under `root` the scene's own inputs."""
        root.set_shader_input("scene", self._scene)
        root.set_shader_input("day", self._day)
        for name, value in eye_inputs(np.eye(4)[None], np.array([[0.0, 0, 0, 1]])).items():
            root.set_shader_input(name, value)

    def dress(
        self,
        node: core.NodePath,
        *surfaces: Material,
        palette: core.PTA_LMatrix4f | None = None,
        relief: Relief | None = None,
        emerging: bool = False,
    ) -> Opacity:
        """Give a moving thing its look; it must hang below `Stage.movers`, where it stays: what moves it is a palette.

        It starts hidden: `Opacity.set` shows it.

        `palette` makes it skinned: vertex columns `joint` (4 x uint8, C_index) and `weight` (4 x float32), bones as
        PALETTE_SIZE row-vector matrices from the model's rest pose to its parent's space, written through
        `np.asarray(memoryview(palette))`. Its column `piece` (4 x uint8, C_index) holds the part that a vertex fades
        with and its index into `surfaces`, of which there are up to SURFACE_COUNT, all ghosts or none. Its column
        `beyond` says how far past the residual limb's end a vertex is: a part that is not solid is drawn from there on.

        `relief` gives skin its fine detail, by the vertices' texture coordinates. What is `emerging` comes out of
        nothing where `beyond` is 0, as long as it is not wholly solid.
        """
        ghost = surfaces[0].look is Look.GHOST
        skinned = ["SKINNED"] if palette is not None else []
        words = [*(["GHOST"] if ghost else []), *(["RELIEF"] if relief else []), *skinned, "FADES",
                 *(["EMERGES"] if emerging else [])]  # fmt: skip
        node.set_shader(self.shader("surface", *words))
        if relief is not None:
            node.set_shader_input("relief", relief.texture)
            node.set_shader_input("nail_colour", core.LVecBase3(*relief.nail))
        finishes = [
            core.LVecBase4f(each.roughness, each.metalness, each.reflectance, each.look is Look.SKIN)
            for each in surfaces
        ]
        if palette is not None:
            values = core.PTA_LVecBase4f.empty_array(SURFACE_COUNT)
            for index, finish in enumerate(finishes):
                values[index] = finish
            node.set_shader_input("palette", palette)
            node.set_shader_input("surfaces", values)
        else:
            node.set_shader_input("surface", finishes[0])
        return Opacity(node, skinned=palette is not None, ghost=ghost)

    def shader(self, name: str, *defines: str) -> core.Shader:
        """A compiled-once shader from `shaders/`, with words defined for its preprocessor."""
        return _shader(name, self.tier, defines)

    def shadow_states(self) -> dict[str, core.RenderState]:
        """The states a shadow camera gives to nodes by their tag; "" is its initial state."""
        states = {}
        for tag, defines in {
            "": (),
            "FADES": ("FADES",),
            "SKINNED": ("SKINNED",),
            "SKINNED_FADES": ("SKINNED", "FADES"),
            "TARGETS": ("TARGETS",),
        }.items():
            shader = self.shader("shadow", *defines)
            blend = core.TransparencyAttrib.M_alpha if "FADES" in defines else core.TransparencyAttrib.M_none
            others = core.RenderState.make(
                core.TransparencyAttrib.make(blend),
                core.CullFaceAttrib.make(core.CullFaceAttrib.M_cull_none),
                _SHADOW_PRIORITY + bool(tag),
            )
            # The shader wins by its own priority: an override would throw away the nodes' inputs with their shader.
            attrib = core.ShaderAttrib.make(shader, _SHADOW_PRIORITY + bool(tag))
            states[tag] = others.set_attrib(attrib.set_shader_input("scene", self._scene))
        return states


def eye_inputs(
    pictures: NDArray[np.float64], edges: NDArray[np.float64]
) -> dict[str, core.PTA_LMatrix4f | core.PTA_LVecBase4f]:
    """What shaders/eyes.glsl reads, for up to two eyes.

    pictures: (n, 4, 4) for row vectors, from the camera's clip space to the eye's part of the picture. edges: (n, 4),
    negative where another eye's part begins. `Materials.share` gives a root one eye, which is its camera.
    """
    matrices = core.PTA_LMatrix4f.empty_array(_EYE_COUNT)
    inputs = {"eye_pictures": matrices}
    np.asarray(memoryview(matrices))[: len(pictures)] = pictures
    # Where the eye's own x, y and w vanish.
    for name, rows in (("eye_edges", edges), ("eye_centres", np.linalg.inv(pictures)[:, 2])):
        inputs[name] = core.PTA_LVecBase4f.empty_array(_EYE_COUNT)
        np.asarray(memoryview(inputs[name]))[: len(rows)] = rows
    return inputs


#: The largest number below 1 that the shader knows.
_ALMOST_SOLID = float(np.nextafter(np.float32(1), np.float32(0)))


class Opacity:
    """How solid each part of one dressed thing is drawn: what is solid apart from what is see-through.

    Of what is see-through the nearest surface is drawn alone (first its depth, then its colour), so that a
    translucent hand never shows its own far side. States never change; nodes show and hide as parts start to fade.
    """

    def __init__(self, node: core.NodePath, *, skinned: bool, ghost: bool) -> None:
        values = core.PTA_float.empty_array(PART_COUNT if skinned else 1)
        self._values: NDArray[np.float32] = np.asarray(memoryview(values))
        self._values[:] = 0.0
        self._given = [0.0] * len(self._values)
        self._solid_from = 2.0 if ghost else 1.0
        node.set_shader_input("opacity", values)
        sizes = core.PTA_LVecBase4f.empty_array(len(self._values))
        self._sizes: NDArray[np.float32] = np.asarray(memoryview(sizes))
        self._sizes[:] = 0.0, 0.0, 0.0, 1.0
        node.set_shader_input("sizes", sizes)
        self._depth, self._faint = node.copy_to(node.parent), node.copy_to(node.parent)
        # A node draws the parts that are more solid than the one and at most as solid as the other.
        node.set_shader_input("drawn", core.LVecBase2(_ALMOST_SOLID, 1.0))
        for faint in (self._depth, self._faint):
            faint.set_shader_input("drawn", core.LVecBase2(0.0, 1.0 if ghost else _ALMOST_SOLID))
        self._depth.set_attrib(core.ColorWriteAttrib.make(core.ColorWriteAttrib.C_off))
        self._depth.set_bin("fixed", 0)
        self._faint.set_transparency(core.TransparencyAttrib.M_alpha)
        self._faint.set_attrib(core.DepthTestAttrib.make(core.DepthTestAttrib.M_less_equal))
        self._faint.set_bin("fixed", 1)
        if skinned:
            node.set_tag(SHADOW_TAG, "SKINNED")
        self._faint.set_tag(SHADOW_TAG, "SKINNED_FADES" if skinned else "FADES")
        self._depth.hide(SHADOW_MASK)
        if ghost:
            self._faint.hide(SHADOW_MASK)
        self._solid = node
        for each in (self._solid, self._depth, self._faint):
            each.hide()

    def resize(self, part: int, about: NDArray[np.floating], size: float) -> None:
        """What lies beyond the residual limb's end is drawn `size` times as large about a place (3 or more,)."""
        row = self._sizes[part]
        row[:3] = about[:3]
        row[3] = size

    def set(self, opacity: float, part: int = 0) -> None:
        """0 hides a part, 1 is solid; between them it is blended and its shadow is as faint as it is."""
        if opacity == self._given[part]:
            return
        self._given[part] = opacity
        values = self._values
        values[part] = opacity
        _show(self._solid, bool((values >= self._solid_from).any()))
        faint = bool(((values > 0.0) & (values < self._solid_from)).any())
        _show(self._depth, faint)
        _show(self._faint, faint)


def _show(node: core.NodePath, shown: bool) -> None:
    if node.is_hidden() is shown:
        node.show() if shown else node.hide()


@functools.cache
def _shader(name: str, tier: Tier, defines: tuple[str, ...]) -> core.Shader:
    words = [f"#define {word} 1" for word in defines]
    words += [f"#define {word} {value}" for word, value in tier._defines.items()]
    head = "#version 330\n" + "\n".join(words) + "\n"
    common = _source("common.glsl")
    shader = core.Shader.make(
        core.Shader.SL_GLSL,
        head + _source("day.glsl") + _source("eyes.glsl") + _source(f"{name}.vert"),
        head + _source("day.glsl") + common + _source(f"{name}.frag"),
    )
    if shader is None:
        raise RuntimeError(f"Expected shaders/{name} to load with {defines}, but Panda3D refused it.")
    return shader


def _source(file: str) -> str:
    return (resources.files(__package__) / "shaders" / file).read_text()
