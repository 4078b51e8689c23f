"""Buttons of a panel that count at one press, where an answer needs no confirmation but its time is data.

`vrrehab.session.answering` has those that are shown and confirmed first. The time of a look is when it came to rest, so
that the dwell is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrehab.body.skeleton import Body, Side
from vrrehab.session.aiming import Aiming, By
from vrrehab.session.view import Panel


@dataclass(frozen=True, slots=True)
class Press:
    """A button was pressed. ago_s: how long before this frame, which for a look is when it came to rest."""

    name: str
    by: By
    ago_s: float = 0.0


class Pressing(Aiming):
    """Watches one panel. A press that lasts since before, or a look that rests since before, presses nothing."""

    def __init__(self, panel: Panel, hands: tuple[Side, ...]) -> None:
        super().__init__(panel, hands)
        self.again()

    def again(self) -> None:
        """From here on whatever is held, touched or looked at has to be let go before it can press."""
        self._disarm()
        self._fresh = True
        self._stale: str | None = None
        self._rested_s = 0.0
        self.panel.aimed, self.panel.progress = None, 0.0

    def step(self, elapsed_s: float, dwell_s: float, body: Body, selecting: bool) -> Press | None:
        """Take one frame: the tracked body in session space and whether a controller's select is down."""
        panel = self.panel
        button = self._button_at(self._gaze(body))
        looked_at = None if button is None else button.name
        if self._fresh:
            self._fresh, self._stale = False, looked_at
        elif looked_at != self._stale:
            self._stale = None
        if (touched := self._press(By.TOUCH, *self._touch(body))) is not None:
            return Press(touched, By.TOUCH)
        if looked_at != panel.aimed:
            self._rested_s = 0.0
        panel.aimed, panel.progress = looked_at, 0.0
        pinched = self._press(By.PINCH, *self._pinch(body))
        selected = self._press(By.SELECT, selecting, not selecting)
        if looked_at is None:
            return None
        if pinched or selected:
            return Press(looked_at, By.PINCH if pinched else By.SELECT)
        if looked_at == self._stale:
            return None
        self._rested_s += elapsed_s
        panel.progress = min(1.0, self._rested_s / dwell_s)
        return Press(looked_at, By.GAZE, self._rested_s) if self._rested_s >= dwell_s else None
