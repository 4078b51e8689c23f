"""Draws a grey card in a window or offscreen and prints the colour of its middle; run by test_colour.py."""

from __future__ import annotations

import sys

import numpy as np

from vrrehab.stage.displays.offscreen import OffscreenDisplay, picture_of
from vrrehab.stage.displays.window import WindowDisplay
from vrrehab.stage.material import Material, Tier
from vrrehab.stage.mesh import grid, solid_node
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage

SIZE = (160, 120)
# Turned half to the window, so that key and room both light it; the eye looks straight ahead at it.
U, V = np.array([0.8, 0.0, 0.6]) * 0.6, np.array([0.18, 0.9539, -0.24]) * 0.6


def add_card(stage: Stage, grey: float) -> None:
    mesh = grid(np.array([0.0, 1.2, -0.9]) - U / 2 - V / 2, U, V)
    card = stage.movers.attach_new_node(solid_node("card", mesh, (grey, grey, grey)))
    stage.materials.dress(card, Material(roughness=1.0, reflectance=0.0)).set(1.0)


def middle(kind: str, tier: Tier, grey: float, place: str = "therapy_room") -> list[int]:
    stage = Stage(place, tier)
    add_card(stage, grey)
    display = (WindowDisplay if kind == "window" else OffscreenDisplay)(stage, SIZE)
    frame = display.wait()
    assert frame is not None
    display.draw(frame, seated(0.0))
    display.draw(frame, seated(0.0))
    assert display.output is not None
    picture = picture_of(display.output)
    height, width, _ = picture.shape
    display.close()
    return [int(x) for x in picture[height // 2, width // 2]]


if __name__ == "__main__":
    print(*middle(sys.argv[1], Tier[sys.argv[2]], float(sys.argv[3]), *sys.argv[4:]))
