"""A window on the desktop: the picture for whoever has no headset, or for the spectator."""

from __future__ import annotations

from panda3d import core

from vrrehab.errors import NoGraphics
from vrrehab.stage.displays import FrameTime
from vrrehab.stage.displays.flat import FlatDisplay
from vrrehab.stage.displays.pacing import Clock
from vrrehab.stage.engine import engine
from vrrehab.stage.stage import Stage


class WindowDisplay(FlatDisplay):
    """Closing the window ends the display; Escape sets `stop_pressed`, which the session reads."""

    def __init__(
        self,
        stage: Stage,
        size: tuple[int, int] = (1280, 800),
        rate_hz: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        if not engine().windows:
            raise NoGraphics(
                "Expected a screen to open a window on, but there is none; set DISPLAY, or use --display offscreen."
            )
        look = core.WindowProperties()
        look.title = "vrrehab"
        super().__init__(stage, size, rate_hz, clock, window=look)
        self.stop_pressed = False
        self._size = size
        self._graphics.open_windows()
        self._keyboard = core.ButtonHandle("escape")

    def wait(self) -> FrameTime | None:
        if not self.output.is_valid() or self.output.is_closed():
            return None
        self._read_keys()
        size = (self.output.get_x_size(), self.output.get_y_size())
        if size != self._size and min(size) > 0:
            self._size = size
            self._frame_for(*size)
        return super().wait()

    def _read_keys(self) -> None:
        if self.output.get_input_device(0).is_button_down(self._keyboard):
            self.stop_pressed = True
