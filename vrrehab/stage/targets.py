"""Spheres to reach for: all of them one Geom, placed and coloured by two arrays that the shader reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.session.view import Target, TargetState
from vrrehab.stage.material import SHADOW_TAG, TARGET_COUNT, Materials
from vrrehab.stage.mesh import geom_node, lathe

#: sRGB and how much it glows: waiting is pale and quiet, active is warm and bright, touched is green and bright.
_LOOKS = {
    TargetState.WAITING: (0.74, 0.77, 0.78, 0.05),
    TargetState.ACTIVE: (0.96, 0.66, 0.30, 0.55),
    TargetState.TOUCHED: (0.47, 0.66, 0.53, 0.22),
}
#: A look changes over some ten frames: gently, and never a flash.
_EASE = 0.2


class Targets:
    """Shows up to `TARGET_COUNT` targets; raises `ValueError` beyond."""

    def __init__(self, parent: core.NodePath, materials: Materials) -> None:
        places = core.PTA_LVecBase4f.empty_array(TARGET_COUNT)
        looks = core.PTA_LVecBase4f.empty_array(TARGET_COUNT)
        self._places: NDArray[np.float32] = np.asarray(memoryview(places))
        self._looks: NDArray[np.float32] = np.asarray(memoryview(looks))
        self._goals = {state: np.array(look, np.float32) for state, look in _LOOKS.items()}
        self._count = 0
        self._parent = parent
        self._root = parent.attach_new_node("targets")
        self._root.set_shader(materials.shader("surface", "TARGETS"))
        self._root.set_shader_input("surface", core.LVecBase4(0.45, 0.0, 0.04, 0.0))
        self._root.set_shader_input("target_place", places)
        self._root.set_shader_input("target_look", looks)
        self._root.set_tag(SHADOW_TAG, "TARGETS")

    def show(self, targets: Sequence[Target]) -> None:
        count = len(targets)
        if count != self._count:
            self._make(count)
        for index, target in enumerate(targets):
            self._places[index, :3] = target.position
            self._places[index, 3] = target.radius_m
            look = self._looks[index]
            look += _EASE * (self._goals[target.state] - look)

    def _make(self, count: int) -> None:
        if count > TARGET_COUNT:
            raise ValueError(f"Expected at most {TARGET_COUNT} targets in view, got {count}.")
        self._root.get_children().detach()
        if count:
            self._root.attach_new_node(_spheres(count))
        # What is new appears as waiting; what is gone takes no room.
        self._looks[self._count : count] = self._goals[TargetState.WAITING]
        self._places[count:] = 0.0
        self._count = count


def _spheres(count: int) -> core.GeomNode:
    turn = np.linspace(-np.pi / 2, np.pi / 2, 17)
    sphere = lathe(np.stack([np.cos(turn), np.sin(turn)], axis=1), around=28)
    n = len(sphere.positions)
    index = np.repeat(np.arange(count, dtype=np.float32), n)[:, None]
    triangles = (sphere.triangles[None] + n * np.arange(count)[:, None, None]).reshape(-1, 3)
    node = geom_node(
        "targets",
        [
            ("vertex", np.tile(sphere.positions, (count, 1)), core.Geom.C_point),
            ("normal", np.tile(sphere.positions, (count, 1)), core.Geom.C_normal),
            ("target_index", index, core.Geom.C_other),
        ],
        triangles,
    )
    # The shader moves them; their own bounds would say that they are all at the origin.
    node.set_bounds(core.OmniBoundingVolume())
    node.set_final(True)
    return node
