"""Presses Escape in the window of the name `vrrehab`, as a person at the keyboard does. Run by test_session.py."""

from __future__ import annotations

import sys
import time

from vrrehab.testing.desktop import ESCAPE, Desktop

desktop = Desktop()
until_s = time.monotonic() + 60.0
while (window := desktop.window_named(b"vrrehab")) is None:
    if time.monotonic() > until_s:
        sys.exit("expected a window named vrrehab on the screen, but there is none")
    time.sleep(0.05)
desktop.press(window, ESCAPE)
