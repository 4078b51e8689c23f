"""How a scripted participant performs a task in a session: an actor's limb on a body that sits, and back to rest.

The actor moves the limb that acts in the scene, which may be the reflection of the participant's own; this brings its
movement to the own limb, and there and back without a jump.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.limb import CHAIN_JOINTS, Limb
from vrrehab.session.view import View
from vrrehab.tasks.mechanic import Performer
from vrrehab.testing.acting import Actor, Effort
from vrrehab.testing.actors import make_actor

#: The kinds of tasks for which a limb moves.
ENACTED = frozenset(("repetition", "unclench", "reach", "carry", "drum", "kick", "trace"))
#: How long it takes to come from rest to where the task begins, and back.
_BLEND_S = 0.8
#: What was planned for so shortly after the end of a task had been done in what it was counted by.
_SHORTLY_S = 0.3


class Enacting:
    """One task, from the first look at it until its limb is at rest again.

    own: the limb that moves, of which `over` blends the poses (n, 7), session space, over those of rest. acting: the
    limb that acts in the scene.
    """

    def __init__(self, view: View, own: Limb, acting: Limb, root: NDArray[np.float64], build: Build) -> None:
        self.own = own
        self._acting = acting
        self._view = view
        self._performer = Performer(acting, root, build)
        self._actor: Actor | None = None
        self._limb = np.empty((len(CHAIN_JOINTS[acting.chain]), 7))
        self._began_s = self._ended_s = math.inf
        self.task = view.task
        assert view.rule is not None
        self.rule = view.rule
        self.truth_s: list[float] = []

    def begin(self, now_s: float, effort: Effort, seed: int) -> None:
        """Goes by the task's rule at the difficulty that is on. What is out of sight is the body's own matter."""
        self._actor = make_actor(self.rule, self._performer, effort, seed, lapses=False)
        self._began_s = now_s + _BLEND_S

    def finish(self, now_s: float) -> None:
        if self._ended_s == math.inf:
            self.tell(now_s + _SHORTLY_S)
            self._ended_s = now_s

    def rested(self, now_s: float) -> bool:
        """Whether it is over and the limb is back."""
        return now_s >= self._ended_s + _BLEND_S

    def tell(self, now_s: float) -> None:
        """Everything that was done until now is true."""
        planned = [] if self._actor is None else self._actor.truth_s
        self.truth_s = [at + self._began_s for at in planned if at + self._began_s <= now_s]

    def over(self, rest: NDArray[np.float64], now_s: float) -> NDArray[np.float64]:
        """The own limb's poses at `now_s`, (n, 7), for its poses at `rest`, session space: of a leg or a hand alone."""
        if self._actor is None:
            return rest
        if self._ended_s == math.inf:
            self._actor.act(max(now_s - self._began_s, 0.0), self._view, self._limb)
        share = min(max((now_s - self._began_s) / _BLEND_S + 1.0, 0.0), 1.0)
        if now_s > self._ended_s:
            share = min(share, 1.0 - min((now_s - self._ended_s) / _BLEND_S, 1.0))
        seen = self._limb[-len(rest) :]
        limb = seen if self.own.side is self._acting.side else geometry.mirror(seen)
        share = share * share * share * (10.0 + share * (6.0 * share - 15.0))
        turned = np.where((limb[:, 3:] * rest[:, 3:]).sum(axis=1, keepdims=True) < 0.0, -limb[:, 3:], limb[:, 3:])
        out = rest + share * (np.hstack([limb[:, :3], turned]) - rest)
        out[:, 3:] = geometry.normalise(out[:, 3:])
        return out
