"""Imagining a movement and saying when it begins and when it is done: how long it takes in the mind.

Mental chronometry: what is imagined takes about as long as what is done (Decety, Jeannerod and Prablanc 1989, Behav
Brain Res 34:35), and slower where the limb is gone or hurts. The time is that of the person's own presses.
"""

from __future__ import annotations

import statistics

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.skeleton import Body
from vrrehab.session.view import Button, Panel
from vrrehab.tasks.laterality import before
from vrrehab.tasks.mechanic import Mechanic, Performer

#: Where the board is: ahead of the head and below the eyes, out of the way of what is imagined.
_PANEL_M = (0.46, 0.30)


class TimedImagery(Mechanic):
    """Counts movements that are imagined, each from the press that begins it to the press that ends it."""

    def __init__(self, movement: Mechanic, performer: Performer) -> None:
        super().__init__()
        self._movement = movement
        self.cycle_s = movement.cycle_s
        self._now_s = 0.0
        self._began_s = 0.0
        self._times_s: list[float] = []
        self.asks, self.at_rest = True, False
        say = performer.say
        # What the board says, and its button, at rest and while something is imagined.
        self._asks_to_begin = (
            say("Press, then imagine it once"), (Button("begin", say("I begin"), 0.0, -0.02, 0.2, 0.07),)
        )  # fmt: skip
        self._asks_when_done = say("Press when it is done"), (Button("done", say("Done"), 0.0, -0.02, 0.2, 0.07),)
        title, buttons = self._asks_to_begin
        self.panel = Panel(before(performer.head, _PANEL_M, tilted=True), 0.36, 0.15, title, "", "", buttons)

    def come_before(self, head: NDArray[np.float64]) -> None:
        assert self.panel is not None
        self.panel.pose[:] = before(head, _PANEL_M, tilted=True)

    def step(self, now_s: float, body: Body) -> None:
        self._now_s = now_s
        self.asks = True

    def pressed(self, button: str, by: str, ago_s: float) -> None:
        """A look begins a movement when its dwell is over, and ends it when it came to rest."""
        assert self.panel is not None
        if button == "begin":
            self._began_s = self._now_s
        else:
            took_s = max(self._now_s - ago_s - self._began_s, 0.0)
            self._times_s.append(took_s)
            self.repetitions += 1
            self.news.append(("imagined", {"repetition": self.repetitions, "imagery_s": round(took_s, 4), "by": by}))
        self._imagines(button == "begin")

    def interrupted(self) -> None:
        """What was imagined meanwhile begins anew."""
        self._imagines(False)

    def _imagines(self, imagines: bool) -> None:
        assert self.panel is not None
        self.at_rest = imagines
        # Whoever still presses or looks has to let go first.
        self.asks = False
        self.panel.title, self.panel.buttons = self._asks_when_done if imagines else self._asks_to_begin

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._movement.demonstrate(elapsed_s, root, into)

    def measures(self) -> dict[str, float]:
        return {"imagery_s": statistics.median(self._times_s)} if self._times_s else {}
