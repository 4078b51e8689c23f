"""A window on the desktop: the picture for whoever has no headset, or for the spectator."""

from __future__ import annotations

from panda3d import core

from vrrehab.errors import NoGraphics
from vrrehab.session.frame import Clock, FrameTime
from vrrehab.stage.displays.flat import FlatDisplay
from vrrehab.stage.engine import engine
from vrrehab.stage.stage import Stage


class WindowDisplay(FlatDisplay):
    """Closing the window ends the display; Escape is the stop key."""

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
        self._size = size
        self._stop_key = StopKey(self.output)

    def wait(self) -> FrameTime | None:
        if self.output is None or self.output.is_closed():
            return None
        size = (self.output.get_x_size(), self.output.get_y_size())
        if size != self._size and min(size) > 0:
            self._size = size
            self._fit(size)
        return super().wait()

    def stop_pressed(self) -> bool:
        return self._stop_key.pressed()


class StopKey:
    """Escape, heard by one window. However short it is pressed, it is heard: the window queues its keys."""

    def __init__(self, window: core.GraphicsWindow) -> None:
        self._data = core.NodePath("keys")
        keys = self._data.attach_new_node(core.MouseAndKeyboard(window, 0, "keyboard"))
        thrower = core.ButtonThrower("stop")
        thrower.set_throw_buttons_active(True)
        thrower.add_throw_button(core.ModifierButtons(), core.KeyboardButton.escape())
        keys.attach_new_node(thrower)
        self._traverser = core.DataGraphTraverser()
        self._events = core.EventQueue.get_global_event_queue()

    def pressed(self) -> bool:
        """Whether Escape went down since this was last asked."""
        self._traverser.traverse(self._data.node())
        heard = False
        while not self._events.is_queue_empty():
            heard |= self._events.dequeue_event().name == "escape"
        return heard
