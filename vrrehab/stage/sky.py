"""The sky as something to draw: a dome round the eye, drawn after all that hides it."""

from __future__ import annotations

import numpy as np
from panda3d import core

from vrrehab.stage.mesh import geom_node


def dome() -> core.GeomNode:
    """A unit sphere from a little below the horizon upwards, seen from within."""
    rise = np.radians(np.concatenate([np.linspace(-40, 0, 3), np.linspace(0, 90, 13)[1:]]))
    turn = np.linspace(0, 2 * np.pi, 33)
    e, a = np.meshgrid(rise, turn, indexing="ij")
    points = np.stack([np.cos(e) * np.sin(a), np.sin(e), -np.cos(e) * np.cos(a)], axis=-1).reshape(-1, 3)
    rows, columns = len(rise) - 1, len(turn) - 1
    i, j = (x.ravel() for x in np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    corner = i * (columns + 1) + j
    up, across = corner + columns + 1, corner + 1
    faces = np.concatenate([np.stack([corner, across, up + 1], 1), np.stack([corner, up + 1, up], 1)])
    return geom_node("sky", [("vertex", points.astype(np.float32), core.Geom.C_point)], faces)
