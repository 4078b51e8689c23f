"""Many tests at once: p-values adjusted so that one hit in twenty is no longer expected of nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values that control the chance of any false finding (Holm 1979)."""
    values = np.asarray(p, np.float64)
    order = np.argsort(values)
    steps = (len(values) - np.arange(len(values))) * values[order]
    return _placed(np.minimum(1.0, np.maximum.accumulate(steps)), order)


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values that control the expected share of false findings (Benjamini & Hochberg 1995)."""
    values = np.asarray(p, np.float64)
    order = np.argsort(values)
    steps = values[order] * len(values) / (1 + np.arange(len(values)))
    return _placed(np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1]), order)


def _placed(sorted_values: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    result = np.empty_like(sorted_values)
    result[order] = sorted_values
    return result
