"""How a scripted participant answers a panel that asks: by looking at a button or by pressing it, and confirming."""

from __future__ import annotations

from typing import Literal

import numpy as np

from vrrehab import geometry
from vrrehab.body.hands import RELAXED
from vrrehab.session.questions import CHANGE, CONFIRM, DECLINE
from vrrehab.session.view import Button, Panel
from vrrehab.testing.sitter import Sitter

How = Literal["gaze", "touch"]

#: Before a button is pressed the fingertip waits this far in front of it; pressing goes this far through.
_HOVER_M, _THROUGH_M = 0.075, 0.006
#: How long it hovers before it presses, and how long a press takes.
_HOVERING_S, _PRESS_S = 0.15, 0.2


class Answering:
    """Aims at what it means to say, and confirms what it sees chosen. One instance answers every panel of a session."""

    def __init__(self, sitter: Sitter, how: How) -> None:
        self.how = how
        self._sitter = sitter
        self._meant = DECLINE
        self._aim = ""
        self._pressing = False
        self._act_s = 0.0

    def begin(self, value: int | None, act_s: float) -> None:
        """A question to be answered with `value`, None to decline, from `act_s` on."""
        self._meant = DECLINE if value is None else str(value)
        self._aim = ""
        self._sitter.close_to(RELAXED, 0.4)
        self._act_s = act_s + 0.4

    def see(self, panel: Panel) -> None:
        aim = self._meant if panel.chosen is None else CONFIRM if panel.chosen == self._meant else CHANGE
        button = next((button for button in panel.buttons if button.name == aim), None)
        sitter = self._sitter
        if button is None or sitter.now_s < self._act_s:
            return
        if self.how == "gaze":
            sitter.look_at(sitter.seen_at(geometry.apply(panel.pose, np.array([button.x, button.y, 0.0]))))
        else:
            self._press(panel, button)

    def _press(self, panel: Panel, button: Button) -> None:
        """Hovers before a button, presses it and draws back, over and over until something happens."""
        sitter = self._sitter
        # Looks above the buttons, so that it is the finger that chooses.
        sitter.look_at(sitter.seen_at(geometry.apply(panel.pose, np.array([0.0, panel.height / 2 - 0.03, 0.0]))))
        hover = sitter.seen_at(geometry.apply(panel.pose, np.array([button.x, button.y, _HOVER_M])))
        if button.name != self._aim:
            self._aim, self._pressing = button.name, False
            self._act_s = sitter.point_at(hover) + _HOVERING_S
            return
        self._pressing = not self._pressing
        through = sitter.seen_at(geometry.apply(panel.pose, np.array([button.x, button.y, -_THROUGH_M])))
        self._act_s = sitter.point_at(through if self._pressing else hover) + _PRESS_S
