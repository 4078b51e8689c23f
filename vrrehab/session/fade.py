"""A change of the picture that somebody may ask for as often as they can press a key, and that never flashes."""

from __future__ import annotations

#: What has gone stays gone for so long before it comes again: with the way there and back it is always less than one
#: flash a second, and those of limb, cloth and calm scene together never more than three.
REST_S = 1.0


class Fade:
    """gone: 0 wholly there to 1 wholly gone. It begins to go in the very frame in which it is to; it comes again only
    once it has been wholly gone for `REST_S`.
    """

    def __init__(self, takes_s: float) -> None:
        """takes_s: to go, and as long to come."""
        self._takes_s = takes_s
        self._gone_s = 0.0
        self._coming = True
        self.gone = 0.0

    def turn_back(self) -> None:
        """It comes again at once, from as far as it has gone. Whoever calls this sees to it that it is seldom."""
        self._coming = True

    def step(self, away: bool, elapsed_s: float) -> float:
        """A frame, at whose end it is to be away or there; how far it is gone."""
        if away or not self._coming:
            self._coming = False
            if self.gone == 1.0:
                self._gone_s += elapsed_s
            self.gone = min(1.0, self.gone + elapsed_s / self._takes_s)
            if not away and self._gone_s >= REST_S:
                self._coming = True
        else:
            self.gone = max(0.0, self.gone - elapsed_s / self._takes_s)
            self._gone_s = 0.0
        return self.gone
