"""A window that is typed into, resized and closed from outside; prints what it noticed. Run by test_displays.py."""

from __future__ import annotations

import ctypes
import ctypes.util

from vrrehab.stage.displays.window import WindowDisplay
from vrrehab.stage.engine import suitable_tier
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage

ESCAPE = 0xFF1B


class KeyEvent(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int), ("y", ctypes.c_int),
        ("x_root", ctypes.c_int), ("y_root", ctypes.c_int), ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int), ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


class Desk:
    """A second client of the same X server, as the desktop is."""

    def __init__(self, window: int) -> None:
        self.x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XInternAtom.restype = ctypes.c_ulong
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(None))
        self.window = ctypes.c_ulong(window)

    def key(self, symbol: int, *, down: bool) -> None:
        code = self.x11.XKeysymToKeycode(self.display, ctypes.c_ulong(symbol)) & 0xFF
        event = KeyEvent(type=2 if down else 3, window=self.window.value, keycode=code, same_screen=1)
        self.x11.XSendEvent(self.display, self.window, 1, ctypes.c_long(1 if down else 2), ctypes.byref(event))
        self.x11.XSync(self.display, 0)

    def atom(self, name: bytes) -> int:
        return int(self.x11.XInternAtom(self.display, name, 0))

    def close(self) -> None:
        event = ClientMessage(type=33, window=self.window.value, message_type=self.atom(b"WM_PROTOCOLS"), format=32)
        event.data[0] = self.atom(b"WM_DELETE_WINDOW")
        self.x11.XSendEvent(self.display, self.window, 0, ctypes.c_long(0), ctypes.byref(event))
        self.x11.XSync(self.display, 0)


def main() -> None:
    display = WindowDisplay(Stage("therapy_room", suitable_tier()), (320, 240), rate_hz=200.0)
    view = seated(0.0)

    def frames(count: int) -> bool:
        for _ in range(count):
            frame = display.wait()
            if frame is None:
                return False
            display.draw(frame, view)
        return True

    assert frames(3)
    assert display.output is not None
    desk = Desk(display.output.get_window_handle().get_int_handle())
    print("stop before", display.stop_pressed())
    # A key so short that it is up again before the next frame.
    desk.key(ESCAPE, down=True)
    desk.key(ESCAPE, down=False)
    frames(2)
    print("stop", display.stop_pressed(), "and again", display.stop_pressed())
    desk.key(ord("a"), down=True)
    frames(2)
    print("another key", display.stop_pressed())
    desk.close()
    print("open after closing", frames(5))
    display.close()
    display.close()


if __name__ == "__main__":
    main()
