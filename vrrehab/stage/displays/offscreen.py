"""A picture in memory: for machines without a screen, for tests, and for the pictures in the documents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.session.frame import Clock
from vrrehab.stage.displays.flat import FIELD_OF_VIEW_DEG, FlatDisplay
from vrrehab.stage.stage import Stage


class OffscreenDisplay(FlatDisplay):
    """Draws into a buffer; `picture` reads it back."""

    def __init__(
        self,
        stage: Stage,
        size: tuple[int, int] = (640, 480),
        rate_hz: float = 60.0,
        clock: Clock | None = None,
        *,
        field_of_view_deg: float = FIELD_OF_VIEW_DEG,
    ) -> None:
        super().__init__(stage, size, rate_hz, clock, field_of_view_deg=field_of_view_deg)

    def picture(self) -> NDArray[np.uint8]:
        """The last frame drawn, (height, width, 3) RGB from the top."""
        if self.output is None:
            raise RuntimeError("Expected an open display, but it was closed; take the picture before.")
        return picture_of(self.output)


def picture_of(output: core.GraphicsOutput) -> NDArray[np.uint8]:
    """What an output shows, (height, width, 3) RGB from the top."""
    texture = output.get_screenshot()
    image = np.frombuffer(texture.get_ram_image_as("RGB"), np.uint8)
    return image.reshape(texture.get_y_size(), texture.get_x_size(), 3)[::-1]
