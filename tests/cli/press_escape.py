"""Presses Escape in the window of the name `vrrehab`, as a person at the keyboard does; run by test_session.py.

With `--until-it-goes` it presses again and again, until the window is gone.
"""

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
while "--until-it-goes" in sys.argv and time.monotonic() < until_s:
    time.sleep(0.5)
    if (window := desktop.window_named(b"vrrehab")) is None:
        break
    desktop.press(window, ESCAPE)
