"""Counts flashes in pictures that follow each other, as WCAG 2.2 defines them in success criterion 2.3.1.

A *general flash* is a pair of opposing changes of relative luminance by a tenth of white's or more, the darker state
being below 0.80 of it. A *red flash* is a pair of opposing changes to and from a saturated red, R / (R + G + B) >= 0.8,
between states more than 0.2 apart in the CIE 1976 UCS diagram (ISO 9241-391). Both are harmless where "the combined
area of flashes occurring concurrently occupies no more than .006 steradians within any 10 degree visual field", a
quarter of it (WCAG 2.2, "general flash and red flash thresholds"; ITU-R BT.1702 has the same of a quarter of a
television's screen, 20 of 200 cd/m2 and 160 cd/m2). Safe is what never flashes more than three times in one second.

What occurs concurrently is told from what merely moves as the open analyser IRIS tells it for the whole screen
(Electronic Arts 2023: by the mean luminance, where a quarter of the pixels change): a hand that is carried over a table
darkens as much as it uncovers, and lights that go on do not. So `general` counts how often, in one field, 0.006
steradians more have brightened than have darkened, and the other way, each place by a tenth or more. The same is asked
of every area that is only as large as a flash has to be, so that what goes on beside it takes nothing away.

Light that goes and comes at once in places close together, as in a chequerboard that is reversed, leaves that of the
area as it is. `by_pixel` finds that too: it takes every pixel by itself, whenever it changes, so that more than 0.006
steradians have each flashed so often. What moves and has a texture, such as fingers and the shadows between them,
counts there for a flash with every finger.
"""

from __future__ import annotations

from collections import deque
from math import ceil, radians, sqrt, tan
from typing import Any

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
    """Sees one picture after the other. general, by_pixel, red: the most flashes of any one second so far, in halves: a
    change that has not been followed by its opposite is half of one.
    """

    def __init__(self, rate_hz: float, field_of_view_deg: float) -> None:
        """field_of_view_deg: the pictures' height, as the camera that draws them sees it."""
        self._second = max(1, round(rate_hz))
        self._upright_rad = radians(field_of_view_deg)
        self.general = self.by_pixel = self.red = 0.0
        self.forget()

    def forget(self) -> None:
        """The next picture does not follow the last one."""
        self._luminance: _Swings | None = None
        self._redness: _Reddenings | None = None
        self._areas: tuple[_Light, ...] = ()

    def see(self, picture: NDArray[np.uint8]) -> None:
        """A picture, (height, width, 3) RGB in sRGB."""
        linear = _LINEAR[picture]
        xyz = linear @ _XYZ.T
        luminance = xyz[..., 1]
        if self._luminance is None or self._redness is None:
            focal = picture.shape[0] / 2 / tan(self._upright_rad / 2)
            least = ceil(_AREA_SR * focal**2)
            across = max(1, round(2 * focal * tan(radians(_FIELD_DEG / 2))))
            self._field = field = _Field(across, least)
            self._luminance = _Swings(luminance, _CHANGE, _DARKER)
            self._brightened = np.zeros(luminance.shape, np.int8)
            self._pixels = _LastSecond(luminance.shape, self._second)
            self._redness = _Reddenings(*_reds(linear, xyz), field, self._second)
            self._areas = tuple(
                _Light(luminance.shape, _Field(pixels, least), self._second) for pixels in (ceil(sqrt(least)), across)
            )
            return
        swung = self._luminance.see(luminance)
        self._brightened += swung
        self._pixels.add(swung != 0)
        self.by_pixel = max(self.by_pixel, self._pixels.flashes(self._field))
        self.general = max(self.general, *(area.see(self._brightened) for area in self._areas))
        self.red = max(self.red, self._redness.see(*_reds(linear, xyz)))


class _Field:
    """A visual field of so many pixels across, of which `least` have to flash; the middle of the picture, where a pixel
    is largest, is taken for all of it, and a square for the circle, which is in it.
    """

    def __init__(self, pixels: int, least: int) -> None:
        self._pixels = pixels
        self.least = least

    def sums(self, of: NDArray[np.bool_ | np.int8]) -> NDArray[np.int32]:
        """What is in each field of the picture, added up; (height - pixels + 1, width - pixels + 1)."""
        height, width = of.shape
        n = min(self._pixels, height, width)
        total = np.zeros((height + 1, width + 1), np.int32)
        np.cumsum(np.cumsum(of, axis=0, dtype=np.int32), axis=1, out=total[1:, 1:])
        within: NDArray[np.int32] = total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]
        return within

    def reached(self, mask: NDArray[np.bool_]) -> bool:
        """Whether any field has enough of what the mask says."""
        return bool(np.count_nonzero(mask) >= self.least and (self.sums(mask) >= self.least).any())


class _LastSecond:
    """How often each place has changed in the last second."""

    def __init__(self, shape: tuple[int, ...], second: int) -> None:
        self.count = np.zeros(shape, np.int16)
        self._recent: deque[NDArray[np.bool_]] = deque()
        self._second = second

    def add(self, changed: NDArray[np.bool_]) -> None:
        self._recent.append(changed)
        self.count += changed
        if len(self._recent) > self._second:
            self.count -= self._recent.popleft()

    def flashes(self, field: _Field) -> float:
        """How many flashes it had over enough of a visual field."""
        for changes in range(int(self.count.max()), 0, -1):
            if field.reached(self.count >= changes):
                return changes / 2
        return 0.0


class _Swings:
    """Opposing changes by at least so much, from each peak to each valley and back."""

    def __init__(self, first: NDArray[Any], least: float, darker: float) -> None:
        """darker: what the darker state has to be below."""
        self._high, self._low = first.copy(), first.copy()
        self._least, self._darker = least, darker
        #: -1 after a fall, 1 after a rise, 0 before either.
        self._last = np.zeros(first.shape, np.int8)

    def see(self, now: NDArray[Any]) -> NDArray[np.int8]:
        """1 where something rose, -1 where it fell."""
        high, low, last = self._high, self._low, self._last
        np.maximum(high, now, out=high)
        np.minimum(low, now, out=low)
        fell = (last >= 0) & (high - now >= self._least) & (now < self._darker)
        rose = (last <= 0) & (now - low >= self._least) & (low < self._darker) & ~fell
        last[fell], last[rose] = -1, 1
        # From a change on, the next one is measured from the furthest that this one goes.
        low[fell] = now[fell]
        high[rose] = now[rose]
        return rose.view(np.int8) - fell.view(np.int8)


class _Light:
    """How often an area has brightened and darkened as one, wherever in the picture it lies."""

    def __init__(self, shape: tuple[int, ...], area: _Field, second: int) -> None:
        self._area = area
        places = area.sums(np.zeros(shape, np.bool_))
        self._swings = _Swings(places, area.least, np.inf)
        self._changes = _LastSecond(places.shape, second)

    def see(self, brightened: NDArray[np.int8]) -> float:
        """brightened: 1 more for each pixel since it rose, 1 less since it fell."""
        self._changes.add(self._swings.see(self._area.sums(brightened)) != 0)
        return float(self._changes.count.max()) / 2


class _Reddenings:
    """Changes to and from a saturated red."""

    def __init__(self, red: NDArray[np.float32], uv: NDArray[np.float32], field: _Field, second: int) -> None:
        self._was_red = red >= _RED
        self._most, self._there = red.copy(), uv.copy()
        self._changes = _LastSecond(red.shape, second)
        self._field = field

    def see(self, red: NDArray[np.float32], uv: NDArray[np.float32]) -> float:
        apart = np.linalg.norm(uv - self._there, axis=-1) > _APART
        changed = ((red >= _RED) != self._was_red) & apart
        self._was_red ^= changed
        further = np.where(self._was_red, red > self._most, red < self._most) | changed
        self._most[further], self._there[further] = red[further], uv[further]
        self._changes.add(changed)
        return self._changes.flashes(self._field)


def _reds(linear: NDArray[np.float32], xyz: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How red each pixel is, R / (R + G + B), and its chromaticity u' v'; black has that of white."""
    total = linear.sum(axis=-1)
    lit = total > 1e-4
    red = np.divide(linear[..., 0], total, out=np.zeros_like(total), where=lit)
    below = xyz @ np.array([1.0, 15.0, 3.0], np.float32)
    uv = np.stack([4.0 * xyz[..., 0], 9.0 * xyz[..., 1]], axis=-1)
    return red, np.where(lit[..., None], uv / np.maximum(below, 1e-6)[..., None], _WHITE)
