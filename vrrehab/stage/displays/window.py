"""A window on the desktop: the picture for whoever has no headset, or for the spectator."""

from __future__ import annotations

from collections.abc import Sequence

from panda3d import core

from vrrehab.errors import NoGraphics
from vrrehab.session.commands import KEYS, KEYS_IN_WORDS
from vrrehab.session.frame import Clock, FrameTime
from vrrehab.stage.displays.flat import FlatDisplay
from vrrehab.stage.engine import engine
from vrrehab.stage.stage import Stage


class WindowDisplay(FlatDisplay):
    """Closing the window ends the display; its title says what the keys do."""

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
        look.title = titled("vrrehab")
        super().__init__(stage, size, rate_hz, clock, window=look)
        self._size = size
        self._keys = Keys(self.output)

    def wait(self) -> FrameTime | None:
        if self.output is None or self.output.is_closed():
            return None
        size = (self.output.get_x_size(), self.output.get_y_size())
        if size != self._size and min(size) > 0:
            self._size = size
            self._fit(size)
        return super().wait()

    def keys_pressed(self) -> Sequence[str]:
        return self._keys.pressed()


def titled(name: str) -> str:
    """A window's title: its name, and what the keys do."""
    return f"{name} — {KEYS_IN_WORDS}"


class Keys:
    """The session's keys, heard by one window. However short a press, it is heard: the window queues its keys."""

    def __init__(self, window: core.GraphicsWindow) -> None:
        self._data = core.NodePath("keys")
        keys = self._data.attach_new_node(core.MouseAndKeyboard(window, 0, "keyboard"))
        thrower = core.ButtonThrower("keys")
        thrower.set_throw_buttons_active(True)
        for name in KEYS:
            thrower.add_throw_button(core.ModifierButtons(), core.ButtonRegistry.ptr().find_button(name))
        keys.attach_new_node(thrower)
        self._traverser = core.DataGraphTraverser()
        self._events = core.EventQueue.get_global_event_queue()

    def pressed(self) -> Sequence[str]:
        """The keys that went down since this was last asked, in order."""
        self._traverser.traverse(self._data.node())
        if self._events.is_queue_empty():
            return ()
        heard = []
        while not self._events.is_queue_empty():
            name = str(self._events.dequeue_event().name)
            if name in KEYS:
                heard.append(name)
        return heard
