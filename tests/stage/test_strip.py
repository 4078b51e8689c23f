"""Real recordings become pictures, by the command of the documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vrrehab.stage.material import Tier
from vrrehab.stage.strip import hands_strip, legs_strip
from vrrehab.testing.inertial import of_walk, strung

TILE = (48, 48)


def tiles(strip: np.ndarray) -> np.ndarray:
    """(rows, columns, height, width, 3)."""
    height, width, _ = strip.shape
    return strip.reshape(height // TILE[1], TILE[1], width // TILE[0], TILE[0], 3).swapaxes(1, 2).astype(int)


def skin(tile: np.ndarray) -> np.ndarray:
    """Where skin is: redder than it is blue by far, as nothing else is here."""
    return tile[..., 0] > tile[..., 2] + 40


def test_real_hands_are_drawn_moment_by_moment_and_mirrored_below(quest3_capture: Path) -> None:
    above, below = tiles(hands_strip(quest3_capture, TILE, Tier.LOW))
    for tracked, mirrored in zip(above, below, strict=True):
        assert skin(tracked).sum() > 60
        assert skin(mirrored).sum() > 60
    # One hand up and the other one not, but for the mirror.
    assert any((skin(above[i]) != skin(below[i])).sum() > 20 for i in range(len(above)))
    assert all((skin(above[0]) != skin(other)).sum() > 20 for other in above[1:])


def test_a_real_walk_is_drawn_step_by_step(walking_imu: Path) -> None:
    (row,) = tiles(legs_strip(strung(of_walk(walking_imu)), TILE, Tier.LOW))
    assert all(skin(tile)[TILE[1] // 2 :].sum() > 40 for tile in row), "bare shins and feet"
    assert all((skin(row[0]) != skin(other)).sum() > 5 for other in row[2:])
