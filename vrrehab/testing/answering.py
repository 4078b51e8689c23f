"""How a scripted participant answers a panel that asks: by looking at a button or by pressing it, and confirming."""

from __future__ import annotations

from typing import Literal

import numpy as np

from vrrehab import geometry
from vrrehab.body.hands import RELAXED
from vrrehab.session.panels import CHANGE, CONFIRM, DECLINE, NONE, THESE
from vrrehab.session.view import Button, Panel
from vrrehab.testing.sitter import Sitter

How = Literal["gaze", "touch"]
#: A number, words, or None to decline.
Meant = int | frozenset[str] | None

#: Before a button is pressed the fingertip waits this far in front of it; pressing goes this far through.
_HOVER_M, _THROUGH_M = 0.075, 0.006
#: How long it hovers before it presses, and how long a press takes.
_HOVERING_S, _PRESS_S = 0.15, 0.2


class Answering:
    """Aims at what it means to say, and confirms what it sees chosen. One instance answers every panel of a session."""

    def __init__(self, sitter: Sitter, how: How) -> None:
        self.how = how
        self._sitter = sitter
        self._meant: Meant = None
        self._aim = ""
        self._pressing = False
        self._act_s = 0.0

    def begin(self, meant: Meant, act_s: float) -> None:
        """A question to be answered from `act_s` on."""
        self._meant = meant
        self._aim = ""
        self._sitter.close_to(RELAXED, 0.4)
        self._act_s = act_s + 0.4

    def see(self, panel: Panel) -> None:
        self.aim_at(panel, self._next_button(panel))

    def aim_at(self, panel: Panel, aim: str) -> None:
        """Looks at the button of this name, or brings a finger to it and presses."""
        button = next((button for button in panel.buttons if button.name == aim), None)
        sitter = self._sitter
        if button is None or sitter.now_s < self._act_s:
            return
        if self.how == "gaze":
            sitter.look_at(sitter.seen_at(geometry.apply(panel.pose, np.array([button.x, button.y, 0.0]))))
        else:
            self._press(panel, button)

    def _next_button(self, panel: Panel) -> str:
        if isinstance(self._meant, frozenset):
            wrong = panel.marked ^ self._meant
            return min(wrong) if wrong else THESE
        meant = DECLINE if self._meant is None else str(self._meant)
        return meant if panel.chosen is None else CONFIRM if panel.chosen == meant else CHANGE

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


class Opinion:
    """What a scripted participant says to anything but how much the phantom hurts: little, so that no session has to
    stop for it; of words, two.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng([seed, 2])

    def on(self, panel: Panel) -> Meant:
        names = [button.name for button in panel.buttons]
        answers = [name for name in names if name not in (DECLINE, NONE)]
        if NONE in names:
            return frozenset(self._random.choice(answers, 2, replace=False).tolist())
        return int(answers[self._random.integers(1 + len(answers) // 5)])
