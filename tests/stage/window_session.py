"""A window that is typed into, resized and closed from outside; prints what it noticed. Run by test_displays.py."""

from __future__ import annotations

from vrrehab.stage.displays.window import WindowDisplay
from vrrehab.stage.engine import suitable_tier
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage
from vrrehab.testing.desktop import ESCAPE, Desktop


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
    desktop = Desktop()
    window = display.output.get_window_handle().get_int_handle()
    print("before", list(display.keys_pressed()))
    desktop.press(window, ESCAPE)
    frames(2)
    print("escape", list(display.keys_pressed()), "and again", list(display.keys_pressed()))
    for key in "ahc ":
        desktop.press(window, ord(key))
    frames(2)
    print("other keys", list(display.keys_pressed()))
    desktop.close(window)
    print("open after closing", frames(5))
    display.close()
    display.close()


if __name__ == "__main__":
    main()
