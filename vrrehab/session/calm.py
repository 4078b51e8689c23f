"""The calm scene: the picture fades to quiet, a line of text stays, and only a therapist lets the session go on.

Never black and never sudden: whoever sees it is in pain, sick or alone.
"""

from __future__ import annotations

from vrrehab.language import mark
from vrrehab.session.fade import Fade
from vrrehab.session.view import View

#: The picture fades to calm and back in this time; slower would leave someone in distress waiting, faster would flash.
FADE_S = 0.5
_WORDS = mark("A quiet moment. Breathe slowly. Your therapist is with you.")
#: A reason in which nobody can say who is there.
CONSOLE_LOST = "console_lost"
_LEFT_ALONE = mark("A quiet moment. Breathe slowly. You can take the headset off whenever you like.")
_STOPPED = mark("We stop here. Rest a moment. Your therapist is with you.")


class Calm:
    """reason: why it is there; empty while it is not. final: whether there is no way back."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._fade = Fade(FADE_S)
        self.reason = ""
        self.final = False

    def come(self, reason: str, final: bool = False) -> None:
        self.reason = reason
        self.final = self.final or final

    def go(self) -> None:
        self.reason = ""

    def step(self, elapsed_s: float) -> None:
        """Fade a frame's worth to where the picture should be."""
        self._view.calm = self._fade.step(bool(self.reason), elapsed_s)

    @property
    def shown(self) -> bool:
        """Whether any of it is seen."""
        return bool(self.reason) or self._view.calm > 0.0

    @property
    def words(self) -> str:
        """What the participant reads meanwhile."""
        if not self.reason:
            return ""
        if self.final:
            return _STOPPED
        return _LEFT_ALONE if self.reason == CONSOLE_LOST else _WORDS
