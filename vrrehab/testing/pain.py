"""What a scripted participant answers when it is asked how much it hurts; not a model of anybody's pain."""

from __future__ import annotations

import numpy as np


class FadingPain:
    """Pain that tends to fall a little with every movement task; rated as a whole number from 0 to 10.

    start: the first rating. ease: how much a task takes away on average. declines: how often an answer is
    refused.
    """

    def __init__(self, seed: int, start: float = 6.0, ease: float = 0.6, declines: float = 0.05) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._level = start
        self._ease = ease
        self._declines = declines

    def after_task(self) -> None:
        self._level = float(np.clip(self._level - self._random.normal(self._ease, 0.5), 0, 10))

    def rate(self) -> int | None:
        """What it says when asked now; None declines."""
        declined = self._random.random() < self._declines
        return None if declined else round(self._level)
