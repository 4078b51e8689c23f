"""Where a person points on a panel, and when they press: by looking, touching, pinching or a controller's select.

Pure geometry and time: the same panel that is drawn is the one that is hit. What a press means is for others to say.
"""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Side, joint
from vrrehab.session.view import Button, Panel

#: A fingertip this close to the panel's plane is touching it, and must leave this far before it can touch
#: again.
_TOUCH_M, _UNTOUCH_M = 0.015, 0.04
#: Thumb and index tips closer than this are a pinch, and further apart than this have let go.
_PINCH_M, _UNPINCH_M = 0.022, 0.035


class By(enum.StrEnum):
    """How an answer was given."""

    GAZE = "gaze"
    TOUCH = "touch"
    PINCH = "pinch"
    SELECT = "select"
    CONSOLE = "console"


class Aiming:
    """Watches one panel. A press that was down before does nothing until it is let go."""

    def __init__(self, panel: Panel, hands: tuple[Side, ...]) -> None:
        """hands: those that press."""
        self.panel = panel
        self._hands = hands
        self._disarm()

    def _disarm(self) -> None:
        """Whatever is down now has to be let go before it can press."""
        self._armed = {By.TOUCH: False, By.PINCH: False, By.SELECT: False}

    def _press(self, by: By, button: str | bool | None, released: bool) -> str | None:
        """The edge of a press: what is pressed now and was not before. A press must be released to press
        again.
        """
        if released:
            self._armed[by] = True
            return None
        if button and self._armed[by]:
            self._armed[by] = False
            return str(button)
        return None

    def _gaze(self, body: Body) -> NDArray[np.float64] | None:
        """Where the line of the head's gaze meets the panel, (2,) in metres from its centre."""
        if not body.has(HEAD):
            return None
        panel_from_head = geometry.compose(geometry.invert(self.panel.pose), body.poses[HEAD])
        ahead = geometry.rotate(panel_from_head[3:], np.array([0.0, 0.0, -1.0]))
        if panel_from_head[2] <= 0.0 or ahead[2] >= -1e-3:
            return None
        return panel_from_head[:2] - ahead[:2] * (panel_from_head[2] / ahead[2])

    def _touch(self, body: Body) -> tuple[str | None, bool]:
        """The button under an index fingertip that meets the panel, and whether all fingertips are clear of
        it.
        """
        clear = True
        for side in self._hands:
            tip = joint(side, "index_tip")
            if not body.has(tip):
                continue
            x, y, z = geometry.apply(geometry.invert(self.panel.pose), body.poses[tip, :3])
            over = abs(x) <= self.panel.width / 2 and abs(y) <= self.panel.height / 2
            if over and abs(z) < _TOUCH_M:
                button = self._button_at(np.array([x, y]))
                return (button.name if button else None), False
            if over and abs(z) < _UNTOUCH_M:
                clear = False
        return None, clear

    def _pinch(self, body: Body) -> tuple[bool, bool]:
        """Whether a hand pinches, and whether every hand has let go."""
        released = True
        for side in self._hands:
            thumb, index = joint(side, "thumb_tip"), joint(side, "index_tip")
            if not (body.has(thumb) and body.has(index)):
                continue
            gap = float(np.linalg.norm(body.poses[thumb, :3] - body.poses[index, :3]))
            if gap < _PINCH_M:
                return True, False
            if gap < _UNPINCH_M:
                released = False
        return False, released

    def _button_at(self, point: NDArray[np.float64] | None) -> Button | None:
        if point is None:
            return None
        for button in self.panel.buttons:
            if abs(point[0] - button.x) <= button.width / 2 and abs(point[1] - button.y) <= button.height / 2:
                return button
        return None
