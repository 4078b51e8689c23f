"""A place built: what stands still in it, as few things to draw, and the light of each hour of its day.

Everything that stands still is one Geom with one state, and what may be left out for calm a second one, so that a place
costs a frame a handful of draw calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.stage.material import DAY_ROWS, Light
from vrrehab.stage.mesh import Mesh
from vrrehab.stage.patterns import TILE_M, Pattern

#: Where limbs are, and so where their light is taken: above the middle of the table's near half.
ABOVE_TABLE_M = 0.18


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing to draw with one shader (its file's name, and words for its preprocessor)."""

    node: core.GeomNode
    shader: tuple[str, ...]
    decor: bool = False
    #: Seen from both sides.
    thin: bool = False
    transparent: bool = False
    #: In what order it is drawn, as Panda's fixed bins count.
    order: int | None = None
    #: Wherever the eye is, or moved by its shader alone: never culled.
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Hour:
    """The light of one hour: for what moves, and what shaders/day.glsl reads, (DAY_ROWS, 4)."""

    light: Light
    day: NDArray[np.float32]

    def dimmed(self, ratio: float) -> Hour:
        """The same hour with all its light multiplied."""
        light = self.light
        day = self.day.copy()
        day[1:7, :3] *= ratio
        return Hour(
            replace(light, key=ratio * light.key, ambient=ratio * light.ambient, window=ratio * light.window), day
        )


@dataclass(frozen=True, slots=True)
class World:
    """What is drawn of a place, and `at`, which gives its light at an hour of the day and can be pickled."""

    layers: tuple[Layer, ...]
    at: Callable[[float], Hour]


def day_of_room(window: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float32]:
    rows = np.zeros((DAY_ROWS, 4), np.float32)
    rows[1, :3], rows[2, :3] = window, rest
    return rows


def tiled(mesh: Mesh) -> Mesh:
    """Pattern coordinates from metres to tiles."""
    sizes = np.array([TILE_M[pattern] for pattern in Pattern], np.float32)
    return replace(mesh, uv=mesh.uv / sizes[mesh.finish[:, 2].astype(int)])
