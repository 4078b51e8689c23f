"""How things look: our own small physically based shader, in a few looks and two tiers.

One light, the window, and the room around it; every colour leaves the shader tone-mapped and sRGB-encoded, so that a
headset, a window and a buffer show the same value (framebuffer sRGB is off everywhere). The eye's place is taken
from each camera's own view matrix. Never changes a render state per frame: what moves is written into the arrays
here (`scene`, palettes, opacities), which Panda hands to the shaders by reference.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from panda3d import core

#: Bones a skinned shader can address; a PTA_LMatrix4f of this length is its `palette`.
PALETTE_SIZE = 96
#: Targets that can be shown at once.
TARGET_COUNT = 24

SHADOW_EXTENT_M = 1.8
SHADOW_TAG = "shadow"

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


class Look(enum.Enum):
    """What a surface is made of, for the moving things.

    SOLID: anything. SKIN: light passes a little into it. GHOST: pale and translucent, brighter at its rim. The
    vertex columns are `vertex`, `normal` and `color` (sRGB albedo; alpha: how open the place is to the room, 1 wholly).
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


class Materials:
    """The shaders of one stage and the arrays they read."""

    def __init__(self, tier: Tier, light: Light) -> None:
        self.tier = tier
        self.light = light
        self._scene = core.PTA_LVecBase4f.empty_array(16)
        #: (16, 4) float32, see shaders/common.glsl; written in place.
        self.scene: NDArray[np.float32] = np.asarray(memoryview(self._scene))
        self.scene[:] = 0.0  # Panda hands out the memory as it was left
        self.scene[1, :3] = light.key_direction
        self.scene[2, :3] = light.key
        self.scene[2, 3] = light.table_top_m
        self.scene[3:9, :3] = light.ambient
        self.scene[9, :3] = light.window_centre
        self.scene[10, :2] = light.window_half
        self.scene[11, :3] = light.window

    def set_calm(self, colour: tuple[float, float, float], amount: float) -> None:
        """Blend every picture to a display colour by `amount`, 0 to 1."""
        self.scene[0, :3] = colour
        self.scene[0, 3] = amount

    def share(self, root: core.NodePath) -> None:
        """Give everything under `root` the scene's own inputs."""
        root.set_shader_input("scene", self._scene)

    def dress(
        self,
        node: core.NodePath,
        material: Material,
        *,
        palette: core.PTA_LMatrix4f | None = None,
    ) -> Opacity:
        """Give a moving thing its look; it must hang below `Stage.movers`. It starts hidden: `Opacity.set` shows it.

        `palette` makes it skinned: vertex columns `joint` (4 x uint8, C_index) and `weight` (4 x float32), bones as
        PALETTE_SIZE row-vector matrices from the model's rest pose to its parent's space, written through
        `np.asarray(memoryview(palette))`.
        """
        defines = [material.look.value] if material.look is not Look.SOLID else []
        defines += ["SKINNED"] if palette is not None else []
        defines += ["FADES"]
        node.set_shader(self.shader("surface", *defines))
        node.set_shader_input(
            "surface", core.LVecBase4(material.roughness, material.metalness, material.reflectance, 0.0)
        )
        if palette is not None:
            node.set_shader_input("palette", palette)
        casts = material.look is not Look.GHOST
        node.set_tag(SHADOW_TAG, ("SKINNED_FADES" if palette is not None else "FADES") if casts else "NONE")
        return Opacity(node, always_blended=material.look is Look.GHOST)

    def shader(self, name: str, *defines: str) -> core.Shader:
        """A compiled-once shader from `shaders/`, with words defined for its preprocessor."""
        return _shader(name, self.tier, defines)

    def shadow_states(self) -> dict[str, core.RenderState]:
        """The states a shadow camera gives to nodes by their tag; "" is its initial state."""
        states = {}
        for tag, defines in {
            "": (),
            "FADES": ("FADES",),
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


class Opacity:
    """How solid one dressed thing is drawn; changes render states only when it starts or stops to be see-through.

    While it is see-through its nearest surface is drawn alone (first its depth, then its colour), so that a
    translucent hand never shows its own far side.
    """

    def __init__(self, node: core.NodePath, *, always_blended: bool) -> None:
        self._value = core.PTA_float.empty_array(1)
        self._value[0] = 0.0
        self._always_blended = always_blended
        self._node = node
        node.set_shader_input("opacity", self._value)
        self._depth = node.copy_to(node.parent)
        self._depth.set_attrib(core.ColorWriteAttrib.make(core.ColorWriteAttrib.C_off))
        self._depth.set_bin("fixed", 0)
        self._depth.set_tag(SHADOW_TAG, "NONE")
        self._blended: bool | None = None
        node.hide()
        self._depth.hide()

    def set(self, opacity: float) -> None:
        """0 hides, 1 is solid; between them it is blended and its shadow is as faint as it is."""
        value = self._value[0]
        if opacity == value:
            return
        self._value[0] = opacity
        if (opacity <= 0.0) != (value <= 0.0):
            self._node.hide() if opacity <= 0.0 else self._node.show()
        blended = opacity > 0.0 and (opacity < 1.0 or self._always_blended)
        if blended != self._blended:
            self._blended = blended
            self._blend() if blended else self._solid()

    def _blend(self) -> None:
        self._node.set_transparency(core.TransparencyAttrib.M_alpha)
        self._node.set_attrib(core.DepthTestAttrib.make(core.DepthTestAttrib.M_less_equal))
        self._node.set_bin("fixed", 1)
        self._depth.show()

    def _solid(self) -> None:
        self._node.clear_transparency()
        self._node.clear_attrib(core.DepthTestAttrib)
        self._node.clear_bin()
        self._depth.hide()


@functools.cache
def _shader(name: str, tier: Tier, defines: tuple[str, ...]) -> core.Shader:
    words = [f"#define {word} 1" for word in defines]
    words += [f"#define {word} {value}" for word, value in tier._defines.items()]
    head = "#version 330\n" + "\n".join(words) + "\n"
    common = _source("common.glsl")
    shader = core.Shader.make(
        core.Shader.SL_GLSL,
        head + _source(f"{name}.vert"),
        head + common + _source(f"{name}.frag"),
    )
    if shader is None:
        raise RuntimeError(f"Expected shaders/{name} to load with {defines}, but Panda3D refused it.")
    return shader


def _source(file: str) -> str:
    return (resources.files(__package__) / "shaders" / file).read_text()
