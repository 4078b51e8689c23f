"""A second client of an X server: presses keys in a window and closes it, as a person at the desktop does."""

from __future__ import annotations

import ctypes
import ctypes.util

ESCAPE = 0xFF1B


class _KeyEvent(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int), ("y", ctypes.c_int),
        ("x_root", ctypes.c_int), ("y_root", ctypes.c_int), ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int), ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


class _ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


class Desktop:
    """On the server that `DISPLAY` names."""

    def __init__(self) -> None:
        self._x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XInternAtom.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(None))

    def window_named(self, name: bytes) -> int | None:
        """The first window on the screen whose title begins so."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        top = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._display))
        asked = (ctypes.byref(each) for each in (root, parent, children, count))
        self._x11.XQueryTree(self._display, top, *asked)
        for window in children[: count.value]:
            title = ctypes.c_char_p()
            fetched = self._x11.XFetchName(self._display, ctypes.c_ulong(window), ctypes.byref(title))
            if fetched and (title.value or b"").startswith(name):
                return window
        return None

    def press(self, window: int, symbol: int) -> None:
        """A key so short that it is up again before the next frame; `symbol` is X's keysym."""
        code = self._x11.XKeysymToKeycode(self._display, ctypes.c_ulong(symbol)) & 0xFF
        for kind, mask in ((2, 1), (3, 2)):  # down, up
            event = _KeyEvent(type=kind, window=window, keycode=code, same_screen=1)
            self._x11.XSendEvent(self._display, ctypes.c_ulong(window), 1, ctypes.c_long(mask), ctypes.byref(event))
        self._x11.XSync(self._display, 0)

    def close(self, window: int) -> None:
        """Ask the window's program to close it, as its frame's button does."""
        protocols, delete = (
            int(self._x11.XInternAtom(self._display, name, 0)) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        event = _ClientMessage(type=33, window=window, message_type=protocols, format=32)
        event.data[0] = delete
        self._x11.XSendEvent(self._display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
        self._x11.XSync(self._display, 0)
