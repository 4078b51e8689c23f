"""Counts flashes in pictures that follow each other, as WCAG 2.2 defines them in success criterion 2.3.1.

A *general flash* is a pair of opposing changes of relative luminance by a tenth of white's or more, the darker state
being below 0.80 of it. A *red flash* is a pair of opposing changes to and from a saturated red, R / (R + G + B) >= 0.8,
between states more than 0.2 apart in the CIE 1976 UCS diagram (ISO 9241-391). Either counts where, in one second, more
than 0.006 steradians within any visual field of 10 degrees have flashed so often. Safe is what never flashes more than
three times.
"""

from __future__ import annotations

from collections import deque
from math import ceil, radians, tan

import numpy as np
from numpy.typing import NDArray

#: More flashes than this in one second are too many.
MOST_FLASHES = 3.0
_CHANGE, _DARKER = 0.1, 0.80
_RED, _APART = 0.8, 0.2
_FIELD_DEG, _AREA_SR = 10.0, 0.006
#: Of linear sRGB: relative luminance, and CIE XYZ (IEC 61966-2-1).
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_WHITE = np.array([0.1978, 0.4683], np.float32)
_LINEAR = np.array(
    [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in np.arange(256) / 255], np.float32
)


class FlashMeter:
    """Sees one picture after the other. general, red: the most flashes of any one second so far, in halves: a change
    that has not been followed by its opposite is half of one.
    """

    def __init__(self, rate_hz: float, field_of_view_deg: float) -> None:
        """field_of_view_deg: the pictures' height, as the camera that draws them sees it."""
        self._second = max(1, round(rate_hz))
        self._upright_rad = radians(field_of_view_deg)
        self.general = self.red = 0.0
        self.forget()

    def forget(self) -> None:
        """The next picture does not follow the last one."""
        self._luminance: _Swings | None = None
        self._redness: _Reddenings | None = None

    def see(self, picture: NDArray[np.uint8]) -> None:
        """A picture, (height, width, 3) RGB in sRGB."""
        linear = _LINEAR[picture]
        xyz = linear @ _XYZ.T
        if self._luminance is None or self._redness is None:
            focal = picture.shape[0] / 2 / tan(self._upright_rad / 2)
            field = _Field(max(1, round(2 * focal * tan(radians(_FIELD_DEG / 2)))), _AREA_SR * focal**2)
            self._luminance = _Swings(xyz[..., 1], field, self._second)
            self._redness = _Reddenings(*_reds(linear, xyz), field, self._second)
            return
        self.general = max(self.general, self._luminance.see(xyz[..., 1]))
        self.red = max(self.red, self._redness.see(*_reds(linear, xyz)))


class _Field:
    """A visual field of so many pixels across, of which `least` have to flash; the middle of the picture, where a pixel
    is largest, is taken for all of it.
    """

    def __init__(self, pixels: int, least: float) -> None:
        self._pixels = pixels
        self._least = ceil(least)

    def reached(self, mask: NDArray[np.bool_]) -> bool:
        """Whether any field has enough of what the mask says."""
        if np.count_nonzero(mask) < self._least:
            return False
        height, width = mask.shape
        n = min(self._pixels, height, width)
        sums = np.zeros((height + 1, width + 1), np.int32)
        np.cumsum(np.cumsum(mask, axis=0), axis=1, out=sums[1:, 1:])
        within = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
        return bool((within >= self._least).any())


class _Changes:
    """How often each pixel has changed in the last second."""

    def __init__(self, shape: tuple[int, ...], field: _Field, second: int) -> None:
        self._count = np.zeros(shape, np.int16)
        self._recent: deque[NDArray[np.bool_]] = deque()
        self._second = second
        self._field = field

    def add(self, changed: NDArray[np.bool_]) -> float:
        """Take a picture's changes; how many flashes the last second had, over enough of a visual field."""
        self._recent.append(changed)
        self._count += changed
        if len(self._recent) > self._second:
            self._count -= self._recent.popleft()
        for changes in range(int(self._count.max()), 0, -1):
            if self._field.reached(self._count >= changes):
                return changes / 2
        return 0.0


class _Swings:
    """Opposing changes of luminance, from each peak to each valley and back."""

    def __init__(self, first: NDArray[np.float32], field: _Field, second: int) -> None:
        self._high, self._low = first.copy(), first.copy()
        self._changes = _Changes(first.shape, field, second)
        #: -1 after a fall, 1 after a rise, 0 before either.
        self._last = np.zeros(first.shape, np.int8)

    def see(self, now: NDArray[np.float32]) -> float:
        high, low, last = self._high, self._low, self._last
        np.maximum(high, now, out=high)
        np.minimum(low, now, out=low)
        fell = (last >= 0) & (high - now >= _CHANGE) & (now < _DARKER)
        rose = (last <= 0) & (now - low >= _CHANGE) & (low < _DARKER) & ~fell
        last[fell], last[rose] = -1, 1
        # From a change on, the next one is measured from the furthest that this one goes.
        low[fell] = now[fell]
        high[rose] = now[rose]
        return self._changes.add(fell | rose)


class _Reddenings:
    """Changes to and from a saturated red."""

    def __init__(self, red: NDArray[np.float32], uv: NDArray[np.float32], field: _Field, second: int) -> None:
        self._was_red = red >= _RED
        self._most, self._there = red.copy(), uv.copy()
        self._changes = _Changes(red.shape, field, second)

    def see(self, red: NDArray[np.float32], uv: NDArray[np.float32]) -> float:
        apart = np.linalg.norm(uv - self._there, axis=-1) > _APART
        changed = ((red >= _RED) != self._was_red) & apart
        self._was_red ^= changed
        further = np.where(self._was_red, red > self._most, red < self._most) | changed
        self._most[further], self._there[further] = red[further], uv[further]
        return self._changes.add(changed)


def _reds(linear: NDArray[np.float32], xyz: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How red each pixel is, R / (R + G + B), and its chromaticity u' v'; black has that of white."""
    total = linear.sum(axis=-1)
    lit = total > 1e-4
    red = np.divide(linear[..., 0], total, out=np.zeros_like(total), where=lit)
    below = xyz @ np.array([1.0, 15.0, 3.0], np.float32)
    uv = np.stack([4.0 * xyz[..., 0], 9.0 * xyz[..., 1]], axis=-1)
    return red, np.where(lit[..., None], uv / np.maximum(below, 1e-6)[..., None], _WHITE)
