"""Stroking the virtual limb in time with the therapist's own hand on the other limb or the residual one.

The therapist's console says where along the limb the stroke is (`vrrehab.tasks.mechanic.Brush`); the brush is drawn
there in the very frame that takes the command, so that sight and touch are as much in time as the way to it allows.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.ik import aimed
from vrrehab.body.limb import Chain
from vrrehab.body.single import rotate
from vrrehab.body.skeleton import Body, joint
from vrrehab.session.view import Prop
from vrrehab.tasks.demonstration import resting
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.rules import StrokeRule

#: The joints that the brush goes along, and how far over each its skin is, metres.
_ALONG: dict[Chain, tuple[tuple[str, float], ...]] = {
    Chain.ARM: (("elbow", 0.042), ("wrist", 0.026), ("middle_proximal", 0.016), ("middle_tip", 0.010)),
    Chain.LEG: (("knee", 0.06), ("ankle", 0.045), ("ball", 0.025)),
}
#: A stroke turns back only when it goes this much the other way.
_TURNS = 0.04
_SIZE_M = (0.055, 0.035, 0.085)
_COLOUR = "#b98f63"


class Stroke(Mechanic):
    """Counts strokes by what the therapist's hand does."""

    touches = True
    paced = True
    cycle_s = 4.0

    def __init__(self, rule: StrokeRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._brush = performer.brush
        side = performer.limb.side
        along = _ALONG[performer.limb.chain]
        self._joints = tuple(joint(side, name) for name, _ in along)
        self._over_m = tuple(over for _, over in along)
        self._prop = Prop("brush", geometry.IDENTITY.copy(), _SIZE_M, _COLOUR, shown=False, finish=rule.texture)
        self.props = [self._prop]
        self._resting = resting(performer.limb, performer.build)
        self._first: float | None = None
        self._furthest = 0.0
        self._began_s = 0.0
        self._ways = self._strokes_s = 0.0

    def step(self, now_s: float, body: Body) -> None:
        self._prop.finish = self._brush.texture or self._rule.texture
        at = self._brush.at
        self._count(now_s, at)
        self._prop.shown = at is not None and body.has(self._joints[0])
        if at is not None and self._prop.shown:
            self._put(at, body)

    def _count(self, now_s: float, at: float | None) -> None:
        if at is None:
            if self._first is not None:
                self._over(now_s)
            self._first = None
        elif self._first is None:
            self._first = self._furthest = at
            self._began_s = now_s
        elif (at - self._furthest) * (self._furthest - self._first) >= 0.0:
            self._furthest = at
        elif abs(at - self._furthest) >= _TURNS:
            self._over(now_s)
            self._first, self._furthest, self._began_s = self._furthest, at, now_s

    def _over(self, now_s: float) -> None:
        """A stroke has come to its end."""
        assert self._first is not None
        way = abs(self._furthest - self._first)
        if way >= self._rule.least_way:
            self.repetitions += 1
            self._ways += way
            self._strokes_s += now_s - self._began_s

    def _put(self, at: float, body: Body) -> None:
        """The brush on the skin, pointing along the limb, its back away from it."""
        poses = [body.poses[index].tolist() for index in self._joints]
        lengths = [math.dist(near[:3], far[:3]) for near, far in itertools.pairwise(poses)]
        way, bone = at * sum(lengths), 0
        while bone < len(lengths) - 1 and way > lengths[bone]:
            way -= lengths[bone]
            bone += 1
        share = min(way / max(lengths[bone], 1e-9), 1.0)
        near, far = poses[bone], poses[bone + 1]
        turn = aimed(far[3:], near[:3], far[:3])
        over = self._over_m[bone] + share * (self._over_m[bone + 1] - self._over_m[bone])
        up = rotate(turn, (0.0, over, 0.0))
        pose = self._prop.pose
        for k in range(3):
            pose[k] = near[k] + share * (far[k] - near[k]) + up[k]
        pose[3:] = turn

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._resting.rest(root, into)

    def measures(self) -> dict[str, float]:
        """The mean way of a stroke, in shares of forearm and hand or shin and foot, and the mean time of one."""
        if not self.repetitions:
            return {}
        return {"stroke_way": self._ways / self.repetitions, "stroke_s": self._strokes_s / self.repetitions}
