"""Folds in the clothes: how far cloth stands out or in, from where it hangs and where it is pulled.

Fields are the same on both sides where sleeves and shorts are (their right halves are mirror images of the left ones)
and differ only in the middle of the shirt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.bake.skinning import smoothstep

if TYPE_CHECKING:
    from models.bake.clothes import Cut

Floats = NDArray[np.float64]


def shirt(points: Floats, cut: Cut) -> Floats:
    """(n,) metres outward."""
    y, z = points[:, 1], points[:, 2]
    left = np.column_stack([-np.abs(points[:, 0]), y, z])
    lateral = cut.outside_armhole(left)
    hem = y - cut.hip[1]
    middle = smoothstep(-0.04, -0.09, lateral)
    way = np.arctan2(points[:, 0], -z)

    # It hangs from chest and shoulder blades in a few long folds that open towards the hem.
    hanging = smoothstep(0.34, 0.05, hem) * middle
    out = 0.0060 * hanging * _pleat(_round(14, way) + 1.8 * hem + 0.35 * _waves(points, 0.17))
    # Where a seated body bends, the cloth is pushed together across.
    bend = np.exp(-(((hem - 0.12) / 0.075) ** 2)) * middle * smoothstep(-0.02, 0.10, -z)
    out += 0.0050 * bend * _pleat(hem / 0.046 + 0.45 * np.cos(1.5 * way + 0.6) + 0.35 * _waves(points, 0.11))
    # From under the arm it is drawn towards the chest.
    pit = cut.shoulder + np.array([0.030, -0.085, 0.0])
    across, up = left[:, 0] - pit[0], y - pit[1]
    away = np.hypot(across, up)
    fan = np.arctan2(up, across)
    drawn = np.exp(-((away / 0.10) ** 2)) * smoothstep(0.012, 0.05, away)
    out += 0.0044 * drawn * _pleat(_round(9, fan) + 0.3 * _waves(left, 0.09))
    # Sleeves are twisted a little about the arm.
    along = (left - cut.shoulder) @ cut.arm_axis
    sleeve = smoothstep(0.0, 0.05, lateral)
    behind = np.arctan2(z - cut.shoulder[2], (left - cut.shoulder) @ np.array([cut.arm_axis[1], -cut.arm_axis[0], 0.0]))
    ends = smoothstep(0.0, 0.05, cut.above_sleeve_hem(left)) * 0.75 + 0.25
    out += 0.0036 * sleeve * ends * _pleat(along / 0.052 + 0.5 * np.sin(behind + 0.8) + 0.35 * _waves(left, 0.08))
    out += 0.0016 * _waves(left, 0.06) * smoothstep(0.6, 0.3, y - cut.hip[1] - 0.1)
    # Between the buttocks it hangs free: a fold that went in there would meet the shorts.
    free = np.exp(-((points[:, 0] / 0.05) ** 2)) * smoothstep(0.02, 0.06, z) * smoothstep(0.20, 0.06, hem)
    out += free * (0.006 - out)
    # A collar is knitted tighter and lies flat.
    return out * smoothstep(0.005, 0.04, cut.below_collar(points))


def shorts(points: Floats, cut: Cut) -> Floats:
    """(n,) metres outward."""
    y, z = points[:, 1], points[:, 2]
    left = np.column_stack([-np.abs(points[:, 0]), y, z])
    # Creases fan out from the groin over the thigh.
    groin = cut.hip + np.array([0.06, -0.03, -0.05])
    across, up = left[:, 0] - groin[0], y - groin[1]
    away = np.hypot(across, up)
    drawn = smoothstep(0.015, 0.05, away) * np.exp(-((away / 0.13) ** 2)) * smoothstep(-0.03, 0.06, -z)
    out = 0.0055 * drawn * _pleat(_round(13, np.arctan2(up, across)) + 0.3 * _waves(left, 0.1))
    # And the legs hang.
    leg = smoothstep(0.24, 0.02, cut.above_shorts_hem(left))
    way = np.arctan2(left[:, 0] - cut.hip[0], -(z - cut.hip[2]))
    out += 0.0042 * leg * _pleat(_round(9, way) + 2.0 * up + 0.4 * _waves(left, 0.13))
    return out + 0.0015 * _waves(left, 0.06)


def _round(folds: int, angle: Floats) -> Floats:
    """Turns of `_pleat` at an angle in radians: a whole number of folds a circle, as half a fold would leave a slit."""
    return folds / (2.0 * np.pi) * angle


def _pleat(turns: Floats) -> Floats:
    """Round ridges and narrow valleys, -1 to 1, one each turn."""
    return 1.0 - 2.0 * np.abs(np.cos(np.pi * turns)) ** 1.6


def _waves(points: Floats, wavelength_m: float) -> Floats:
    """(n,) a smooth field in about -1 to 1: a few crossing waves."""
    total = np.zeros(len(points))
    for i in range(5):
        height, turn = 2.0 * ((i * 0.618) % 1.0) - 1.0, 2.4 * i
        flat = np.sqrt(1.0 - height * height)
        way = np.array([flat * np.cos(turn), height, flat * np.sin(turn)])
        total += np.sin(2.0 * np.pi * ((points @ way) / wavelength_m * (0.8 + 0.13 * i) + 0.37 * i))
    return total / 2.5
