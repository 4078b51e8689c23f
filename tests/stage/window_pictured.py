"""A window on a real screen, smoothed, and watched from elsewhere: are the pictures what is in the window?"""

from __future__ import annotations

import numpy as np
from panda3d import core

from vrrehab.stage.displays import spectator
from vrrehab.stage.displays.offscreen import picture_of
from vrrehab.stage.displays.window import WindowDisplay
from vrrehab.stage.engine import engine
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage

spectator.RATE_HZ = 1e9


class Taker:
    pictured = True
    last = np.empty(0)

    def offer(self, frame, pixels, done) -> None:
        self.last = pixels.copy()
        done(pixels)


class Smoothed(Stage):
    """The quickest stage there is, with the samples of the best."""

    tier = Tier.FULL

    def __setattr__(self, name: str, value: object) -> None:
        if name != "tier":
            super().__setattr__(name, value)


taker, display = Taker(), WindowDisplay(Smoothed("therapy_room", Tier.LOW), rate_hz=1000)
display.watch(taker)
view = seated(-20.0)


def show() -> None:
    for _ in range(4):
        display.draw(display.wait(), view)
    taken, drawn = taker.last, picture_of(display.output)[::2, ::2].astype(float)
    rows = np.linspace(0, len(drawn) - 1, len(taken)).astype(int)
    columns = np.linspace(0, drawn.shape[1] - 1, taken.shape[1]).astype(int)
    print(taken.shape, bool(np.abs(taken[..., :3] - drawn[rows][:, columns]).mean() < 8.0))


assert display.output.get_fb_properties().multisamples > 1
show()
wanted = core.WindowProperties()
wanted.size = (800, 600)
display.output.request_properties(wanted)
for _ in range(20):
    engine().graphics.render_frame()
    display.wait()
    if display.output.get_x_size() == 800:
        break
show()
