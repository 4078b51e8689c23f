"""How a scripted participant tells left from right, and how long it imagines: what it means to say, and when.

Response times are lognormal, as people's are (Ratcliff 1993, Psychol Bull 114:510).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vrrehab.body.skeleton import Side
from vrrehab.session.view import LoneLimb, View
from vrrehab.testing.answering import Answering
from vrrehab.testing.sitter import AHEAD_M, Sitter


@dataclass(frozen=True, slots=True)
class Judgement:
    """accuracy: the share that it gets right. response_s: the median time until it turns to a button. imagery_s: the
    median time that an imagined movement takes.
    """

    accuracy: float = 0.92
    response_s: float = 1.3
    imagery_s: float = 1.5


class Judging:
    """Answers a task that asks by a panel."""

    def __init__(
        self, sitter: Sitter, answering: Answering, judgement: Judgement, truth: list[tuple[Side, Side]]
    ) -> None:
        self._sitter = sitter
        self._answering = answering
        self._judgement = judgement
        self._truth = truth
        self._seen: LoneLimb | str | None = None
        self._says = ""
        self._act_s = 0.0

    def see(self, view: View) -> None:
        """Looks at what is shown, thinks, and presses the button that it means."""
        panel, sitter = view.panel, self._sitter
        assert panel is not None
        if view.lone is None:
            self._imagine(panel.buttons[0].name)
        elif view.lone is not self._seen:
            self._seen = view.lone
            shown = view.lone.limb.side
            said = shown if sitter.random.random() < self._judgement.accuracy else shown.other
            self._truth.append((shown, said))
            self._wait(said.value, self._judgement.response_s)
        if sitter.now_s < self._act_s or panel.chosen == self._says:
            at = AHEAD_M if view.lone is None else sitter.seen_at(view.lone.joints[2, :3])
            sitter.look_at(at)
            return
        self._answering.aim_at(panel, self._says)

    def _imagine(self, button: str) -> None:
        if button != self._seen:
            self._seen = button
            self._wait(button, self._judgement.imagery_s if button == "done" else 0.6)

    def _wait(self, says: str, median_s: float) -> None:
        self._says = says
        self._act_s = self._sitter.now_s + float(median_s * np.exp(self._sitter.random.normal(0.0, 0.2)))
