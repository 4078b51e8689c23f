"""Presses Escape in the window of the name `vrrehab`, as a person at the keyboard does. Run by test_session.py."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import time

ESCAPE = 0xFF1B

x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p


class KeyEvent(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int), ("y", ctypes.c_int),
        ("x_root", ctypes.c_int), ("y_root", ctypes.c_int), ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int), ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


def window_named(display: ctypes.c_void_p, name: bytes) -> int | None:
    """The first window on the screen that bears this name."""
    root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.POINTER(ctypes.c_ulong)()
    top = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    x11.XQueryTree(display, top, ctypes.byref(root), ctypes.byref(parent), ctypes.byref(children), ctypes.byref(count))
    for window in children[: count.value]:
        title = ctypes.c_char_p()
        if x11.XFetchName(display, ctypes.c_ulong(window), ctypes.byref(title)) and title.value == name:
            return window
    return None


display = ctypes.c_void_p(x11.XOpenDisplay(None))
until_s = time.monotonic() + 10.0
while (window := window_named(display, b"vrrehab")) is None:
    if time.monotonic() > until_s:
        sys.exit("expected a window named vrrehab on the screen, but there is none")
    time.sleep(0.05)
code = x11.XKeysymToKeycode(display, ctypes.c_ulong(ESCAPE)) & 0xFF
for kind, mask in ((2, 1), (3, 2)):  # pressed, released
    event = KeyEvent(type=kind, window=window, keycode=code, same_screen=1)
    x11.XSendEvent(display, ctypes.c_ulong(window), 1, ctypes.c_long(mask), ctypes.byref(event))
x11.XSync(display, 0)
