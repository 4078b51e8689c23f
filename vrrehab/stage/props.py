"""The things of a task in the scene: each drawn once and then only moved, lit from within, shown and hidden.

On the table they throw the shadow that limbs throw too. On the floor, where that does not reach, a thing has the soft
dark under it that anything has where it touches the ground.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.geometry import IDENTITY
from vrrehab.session.view import Prop, Shape
from vrrehab.stage.engine import set_pose
from vrrehab.stage.material import SHADOW_MASK, Materials
from vrrehab.stage.mesh import Mesh, geom_node
from vrrehab.stage.things import thing

#: The light within, linear: warm as that of a lit target. It changes over some ten frames: never a flash.
_WARM = np.array([0.95, 0.50, 0.14], np.float32)
_EASE = 0.15
#: A thing so near to the floor has its own dark under it, this much wider than itself and this dark in its middle.
_FLOOR_M, _WIDER, _DARK = 0.5, 1.7, 0.6
#: A rug is a centimetre thick.
_OVER_RUG_M = 0.014


class Props:
    """Shows a task's things; a new list of them is drawn anew."""

    def __init__(self, parent: core.NodePath, materials: Materials) -> None:
        self._materials = materials
        self._root = parent.attach_new_node("props")
        self._given: Sequence[Prop] | None = None
        self._drawn: list[_Drawn] = []

    def show(self, props: Sequence[Prop]) -> None:
        if props is not self._given:
            self._given = props
            self._root.get_children().detach()
            self._drawn = [_Drawn(prop, self._root, self._materials) for prop in props]
        for drawn in self._drawn:
            drawn.update()


class _Drawn:
    def __init__(self, prop: Prop, parent: core.NodePath, materials: Materials) -> None:
        self._prop, self._parent, self._materials = prop, parent, materials
        glowing = core.PTA_LVecBase4f.empty_array(1)
        self._glow: NDArray[np.float32] = np.asarray(memoryview(glowing))
        self._glow[:] = 0.0
        self._node = parent.attach_new_node(prop.shape)
        self._node.set_shader(materials.shader("surface", "GLOWS"))
        self._node.set_shader_input("glowing", glowing)
        self._dark = _darkness(prop, parent, materials) if prop.pose[1] < _FLOOR_M else None
        self._pose = np.full(7, np.nan)
        self._finish: str | None = None
        self._make()

    def _make(self) -> None:
        self._finish = self._prop.finish
        prop = self._prop
        node, roughness = _made(prop.shape, prop.size, prop.colour, prop.finish)
        self._node.get_children().detach()
        self._node.attach_new_node(node)
        self._node.set_shader_input("surface", core.LVecBase4(roughness, 0.0, 0.04, 0.0))

    def update(self) -> None:
        prop = self._prop
        if prop.finish != self._finish:
            self._make()
        if prop.shown is self._node.is_hidden():
            self._node.show() if prop.shown else self._node.hide()
        if not np.array_equal(prop.pose, self._pose):
            self._pose[:] = prop.pose
            set_pose(self._node, prop.pose.tolist())
            if self._dark is not None:
                self._dark.set_pos(prop.pose[0], _OVER_RUG_M, prop.pose[2])
        self._glow[0, :3] += _EASE * (prop.glow * _WARM - self._glow[0, :3])


@functools.lru_cache(maxsize=48)
def _made(shape: Shape, size: tuple[float, float, float], colour: str, finish: str) -> tuple[core.GeomNode, float]:
    """What such a thing looks like, and its roughness; made once, which takes some milliseconds."""
    mesh, roughness = thing(Prop(shape, IDENTITY, size, colour, finish=finish))
    return _node(shape, mesh), roughness


def _node(name: str, mesh: Mesh) -> core.GeomNode:
    encoded = np.where(
        mesh.albedo <= 0.0031308, 12.92 * mesh.albedo, 1.055 * np.maximum(mesh.albedo, 1e-9) ** (1 / 2.4) - 0.055
    )
    colour = np.full((len(mesh.positions), 4), 255, np.uint8)
    colour[:, :3] = np.round(255 * np.clip(encoded, 0.0, 1.0))
    return geom_node(
        name,
        [
            ("vertex", mesh.positions, core.Geom.C_point),
            ("normal", mesh.normals, core.Geom.C_normal),
            ("color", colour, core.Geom.C_color),
        ],
        mesh.triangles,
    )


def _darkness(prop: Prop, parent: core.NodePath, materials: Materials) -> core.NodePath:
    """A disc on the floor, dark in its middle and nothing at its rim."""
    shares, around = np.linspace(0.0, 1.0, 13), 48
    turn = np.linspace(0.0, 2 * np.pi, around, endpoint=False)
    radius = _WIDER * prop.size[0] / 2
    rings = radius * shares[:, None, None] * np.stack([np.cos(turn), 0 * turn, np.sin(turn)], axis=1)
    dark = _DARK * (1.0 - shares**2) ** 2
    colour = np.zeros((len(shares), around, 4), np.uint8)
    colour[..., 3] = np.round(255 * dark)[:, None]
    i, j = (x.ravel() for x in np.meshgrid(np.arange(len(shares) - 1), np.arange(around), indexing="ij"))
    a, b = i * around + j, i * around + (j + 1) % around
    triangles = np.concatenate([np.stack([a, b, a + around], 1), np.stack([b, b + around, a + around], 1)])
    node = geom_node(
        "contact",
        [
            ("vertex", rings.reshape(-1, 3).astype(np.float32), core.Geom.C_point),
            ("color", colour.reshape(-1, 4), core.Geom.C_color),
        ],
        triangles,
    )
    path = parent.attach_new_node(node)
    path.set_shader(materials.shader("contact", "STILL"))
    path.set_transparency(core.TransparencyAttrib.M_alpha)
    path.set_depth_write(False)
    path.set_bin("fixed", -30)
    path.set_two_sided(True)
    path.hide(SHADOW_MASK)
    return path
