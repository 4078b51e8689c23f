"""A potted plant: three stems with broad leaves, the same every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.furniture import Thing, block
from vrrehab.stage.mesh import Mesh, both_sides, join, lathe, linear, sheet
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import Plant

_UP = np.array([0.0, 1.0, 0.0])
_LEAVES_A_STEM = 9


def plant(p: Plant) -> Thing:
    place = np.array([p.right_m, 0.0, -p.forward_m])
    pot_height, radius = 0.24 * p.height_m, 0.14 * p.height_m
    rng = np.random.default_rng(11)
    parts = _pot(p, place, pot_height, radius)
    for stem in range(3):
        turn = 2.1 * stem + 0.4
        lean = 0.10 * p.height_m * np.array([np.cos(turn), 0, np.sin(turn)])
        height = p.height_m * (1.0, 0.82, 0.68)[stem] - pot_height
        at = np.linspace(0, 1, 9)[:, None]
        line = place + (pot_height - 0.02) * _UP + at * height * _UP + at**1.5 * lean + 0.02 * np.sin(5 * at + stem)
        parts.append(_stem(line, 0.009 * p.height_m).painted(linear("#7b6650"), 0.9))
        for k in range(_LEAVES_A_STEM):
            along = 0.28 + 0.72 * k / (_LEAVES_A_STEM - 1)
            foot = np.array([np.interp(along, at[:, 0], line[:, axis]) for axis in range(3)])
            size = p.height_m * (0.22 - 0.09 * along) * rng.uniform(0.9, 1.1)
            tone = rng.uniform(0.75, 1.2) * np.array([rng.uniform(0.9, 1.15), 1, 0.9])
            leaf = _leaf(foot, 2.4 * k + 2.1 * stem, 0.15 + 0.85 * along, size)
            parts.append(leaf.painted(linear(p.leaves) * tone, 0.5))
    standing = block(place + 0.5 * pot_height * _UP, (2 * radius, pot_height, 2 * radius), linear(p.pot))
    return Thing(join(parts), (standing,))


def _pot(p: Plant, place: NDArray[np.float64], height: float, radius: float) -> list[Mesh]:
    mouth = 0.93 * radius
    outside = [(0.72 * radius, 0.0), (0.74 * radius, 0.01), (radius, height - 0.01), (radius, height)]
    rim = [(radius, height), (mouth, height), (mouth, height), (mouth, height - 0.03)]
    soil = [(mouth, height - 0.03), (0.0, height - 0.025)]
    return [
        lathe(outside + rim, place).painted(linear(p.pot), 0.7, Pattern.PLASTER, 1.0),
        lathe(soil, place).painted(linear("#4b3a2e"), 1.0),
    ]


def _stem(line: NDArray[np.float64], radius: float) -> Mesh:
    turn = np.linspace(0, 2 * np.pi, 9)
    ring = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=1)
    thinner = np.linspace(1, 0.5, len(line))[:, None, None]
    return sheet(line[:, None] + radius * thinner * ring)


def _leaf(foot: NDArray[np.float64], turn: float, rise: float, size: float) -> Mesh:
    """An oval blade that bends down, with a fold along its middle."""
    along = np.linspace(0, 1, 8)
    width = 0.34 * size * np.sqrt(np.sin(np.pi * np.clip(0.97 * along + 0.02, 0, 1)))
    out = np.array([np.cos(turn), 0, np.sin(turn)])
    beside = np.array([-np.sin(turn), 0, np.cos(turn)])
    height = rise * along - 0.75 * along**2.2
    spine = foot + size * (0.95 * along[:, None] * out + height[:, None] * _UP)
    across = np.linspace(-1, 1, 5)[None, :, None]
    blade = spine[:, None] + width[:, None, None] * (across * beside + 0.3 * np.abs(across) * _UP)
    return both_sides(sheet(blade[:, ::-1]))
