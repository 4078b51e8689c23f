"""Where the picture is seen: the headset, a desktop window, or nowhere but in memory.

A display paces the session (`wait`), and draws one `View` a frame (`draw`). It never decides what is in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.session.view import View


@dataclass(frozen=True, slots=True)
class FrameTime:
    """One frame to come, as the display announces it.

    number: counted from 1. display_time_ns: when its light will leave the display, on the source's clock (XrTime in a
    headset). period_ns: the time between two frames. mono_ns: the monotonic clock when the frame began.
    should_draw: False when nobody would see it; the session goes on all the same.
    """

    number: int
    display_time_ns: int
    period_ns: int
    mono_ns: int
    should_draw: bool


class Display(Protocol):
    def wait(self) -> FrameTime | None:
        """Wait until the next frame may begin; None when the display has ended (its window was closed)."""
        ...

    def draw(self, view: View, reference_from_session: NDArray[np.float64]) -> None:
        """Show `view`; the pose (7,) places session space in the space that the headset tracks in."""
        ...

    def close(self) -> None: ...
