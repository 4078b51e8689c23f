"""Movements that are played rather than performed, for an arm that is only watched.

A clip is a function of time: no state, no end; it repeats.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import hand_pose
from vrrehab.body.ik import RESTING_ARM, solve_arm
from vrrehab.body.skeleton import Side

#: Writes an arm, (28, 7) shoulder to fingertips, for seconds since it began and the shoulder's place (3,).
Clip = Callable[[float, NDArray[np.float64], NDArray[np.float64]], None]


def open_and_close(side: Side, build: Build = USUAL, period_s: float = 4.0) -> Clip:
    """The hand before the body, palm down, opening and closing once in `period_s`."""
    outward = 1.0 if side is Side.RIGHT else -1.0
    wrist = geometry.pose(np.array([-0.12 * outward, -0.50, -0.62]) * build.arm, (np.sin(0.1), 0.0, 0.0, np.cos(0.1)))

    def play(elapsed_s: float, shoulder: NDArray[np.float64], arm: NDArray[np.float64]) -> None:
        closure = 0.5 - 0.5 * np.cos(2 * np.pi * elapsed_s / period_s)
        wrist_there = wrist.copy()
        wrist_there[:3] += shoulder
        arm[:2] = solve_arm(shoulder, wrist_there[:3], build, RESTING_ARM[side])
        arm[2:] = geometry.compose(wrist_there, hand_pose(side, closure))

    return play
