"""The step of a session that measures the person: what they are asked, for how long, and when it is enough.

A limb is held straight out until `vrrehab.body.calibration` trusts what it saw, for ten seconds at most, and once more
if that did not do. Whoever cannot do it goes on with the measures that are known.
"""

from __future__ import annotations

from telemetry.messages import Measures
from vrrehab.body.calibration import WINDOW_S, Calibration
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Body
from vrrehab.errors import NotMeasured

#: One try takes no longer than this; the first look at what was seen comes when an arm has had time to rise.
TRY_S, _FIRST_S, _EVERY_S = 10.0, WINDOW_S + 1.5, 0.25
_TRIES = 2
_ASKED = {
    Chain.ARM: "Sit upright and look ahead. Hold your {side} arm straight out in front of you, the hand open.",
    Chain.LEG: "Sit upright and look ahead. Hold your {side} leg straight out in front of you.",
}


class Measuring:
    """One limb of one person, a frame at a time.

    measures: what was found, with everything that was known before; None until it was. reason: why the last look was
    not trusted. over: whether there is nothing more to wait for.
    """

    def __init__(self, limb: Limb, known: Measures) -> None:
        self.measures: Measures | None = None
        self.reason = ""
        self._limb = limb
        self._known = known
        self._tries_left = _TRIES
        self._begin()

    def _begin(self) -> None:
        self._calibration = Calibration(self._limb.side, self._limb.chain, self._known)
        self._now_s = 0.0
        self._look_s = _FIRST_S

    @property
    def over(self) -> bool:
        return self.measures is not None or self._tries_left == 0

    @property
    def text(self) -> str:
        """What the person is asked to do now."""
        asked = _ASKED[self._limb.chain].format(side=self._limb.side)
        return asked if self._tries_left == _TRIES else f"Once more, please. {asked}"

    @property
    def count(self) -> str:
        return f"{max(TRY_S - self._now_s, 0.0):.0f} s"

    def step(self, elapsed_s: float, tracked: Body) -> None:
        """One frame that lasted `elapsed_s`, of which only what was measured counts."""
        self._now_s += elapsed_s
        self._calibration.add(tracked, self._now_s)
        if self._now_s < self._look_s:
            return
        self._look_s = self._now_s + _EVERY_S
        try:
            self.measures = self._calibration.measures()
        except NotMeasured as refused:
            self.reason = str(refused)
            if self._now_s >= TRY_S:
                self._tries_left -= 1
                self._begin()
