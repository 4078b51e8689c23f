"""Stroking the virtual limb in time with the therapist's own hand on the other limb or the residual one.

The therapist's console says where along the limb the stroke is (`vrrehab.tasks.mechanic.Brush`); the brush is drawn
there in the very frame that takes the command, so that sight and touch are as much in time as the way to it allows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.limb import Chain
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
    cycle_s = 4.0

    def __init__(self, rule: StrokeRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._brush = performer.brush
        side = performer.limb.side
        along = _ALONG[performer.limb.chain]
        self._joints = np.array([joint(side, name) for name, _ in along])
        self._over_m = np.array([over for _, over in along])
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
        self._prop.shown = at is not None and bool(body.has(int(self._joints[0])))
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
        poses = body.poses[self._joints]
        lengths = np.sqrt(((poses[1:, :3] - poses[:-1, :3]) ** 2).sum(axis=1))
        ends = np.concatenate([[0.0], np.cumsum(lengths)])
        way = at * ends[-1]
        bone = min(int(np.searchsorted(ends[1:], way)), len(lengths) - 1)
        share = (way - ends[bone]) / max(lengths[bone], 1e-9)
        up = geometry.rotate(poses[bone + 1, 3:], _UP)
        back = (poses[bone, :3] - poses[bone + 1, :3]) / max(lengths[bone], 1e-9)
        up = up - (up @ back) * back
        up /= max(math.sqrt(float(up @ up)), 1e-9)
        over = self._over_m[bone] + share * (self._over_m[bone + 1] - self._over_m[bone])
        pose = self._prop.pose
        pose[:3] = poses[bone, :3] + share * (poses[bone + 1, :3] - poses[bone, :3]) + over * up
        pose[3:] = geometry.quaternions_of(np.stack([np.cross(up, back), up, back], axis=-1))

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._resting.rest(root, into)

    def measures(self) -> dict[str, float]:
        """The mean way of a stroke, in shares of forearm and hand or shin and foot, and the mean time of one."""
        if not self.repetitions:
            return {}
        return {"stroke_way": self._ways / self.repetitions, "stroke_s": self._strokes_s / self.repetitions}


_UP = np.array([0.0, 1.0, 0.0])
