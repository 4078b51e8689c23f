"""`python -m vrrehab.testing.small_pictures COMMAND ...`: the `vrrehab` command, drawing little where nobody looks.

At full size and rate a session that is drawn in software takes every core for as long as it lasts.
"""

from __future__ import annotations

from vrrehab.session.frame import Clock, FrameTime
from vrrehab.session.view import View
from vrrehab.stage.displays import offscreen
from vrrehab.stage.stage import Stage


class SmallPictures(offscreen.OffscreenDisplay):
    """An offscreen display that draws every eighth frame only, in a picture the size of a stamp."""

    def __init__(self, stage: Stage, rate_hz: float = 16.0, clock: Clock | None = None) -> None:
        super().__init__(stage, (64, 48), rate_hz, clock)

    def draw(self, frame: FrameTime, view: View) -> None:
        if frame.number % 8 == 0:
            super().draw(frame, view)


if __name__ == "__main__":
    from vrrehab.__main__ import main

    offscreen.OffscreenDisplay = SmallPictures  # type: ignore[misc, assignment]
    main()
