"""Tracing a path drawn in the air: progress counts along it, bead by bead.

A circle drawn with one hand while the other draws a line is the bimanual coupling task: lines become oval while the
phantom draws circles (Franz and Ramachandran 1998). How oval is measured where the other hand is tracked.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import Body, joint
from vrrehab.session.view import Target, TargetState
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.pointing import pointer_of
from vrrehab.tasks.rules import TraceRule

_BEADS = 20
_BEAD_M = 0.011
#: The other hand's path says something from this many frames on.
_LEAST_FRAMES = 200


class Trace(Mechanic):
    """The next bead is lit; one that the limb's end comes near is done, and then the next one is lit."""

    touches = True

    def __init__(self, rule: TraceRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._pointer = pointer_of(performer)
        ways = rule.ways(_BEADS)
        self.targets = [Target(self._pointer.place(way, performer.root, _BEAD_M), _BEAD_M) for way in ways]
        self._places = np.array([target.position for target in self.targets])
        self._closed = rule.path != "line"
        self.cycle_s = rule.beat_s
        #: The beads that are still to be passed in this lap, in order; a circle ends where it began.
        self._ahead = [*range(_BEADS), 0] if self._closed else [*range(_BEADS)]
        self.next_bead.state = TargetState.ACTIVE
        self._away_m = 0.0
        self._frames = 0
        self._began_s = 0.0
        self._laps_s = 0.0
        other = "index_tip" if performer.limb.chain is Chain.ARM else "ball"
        self._other = joint(performer.limb.side.other, other) if rule.other_draws else None
        self._others = 0
        self._sum, self._products = np.zeros(3), np.zeros((3, 3))

    @property
    def next_bead(self) -> Target:
        return self.targets[self._ahead[0]]

    def step(self, now_s: float, body: Body) -> None:
        if self._other is not None and body.has(self._other):
            self._watch(body.poses[self._other, :3])
        if not body.has(self._pointer.joint):
            return
        place = body.poses[self._pointer.joint, :3]
        if self.repetitions or self._ahead[0]:
            self._away_m += float(np.sqrt(((self._places - place) ** 2).sum(axis=1).min()))
            self._frames += 1
        if math.dist(place, self.next_bead.position) <= self._rule.near_m:
            self._pass(now_s)

    def _pass(self, now_s: float) -> None:
        self.next_bead.state = TargetState.TOUCHED
        bead = self._ahead.pop(0)
        if not self._ahead:
            self.repetitions += 1
            self._laps_s += now_s - self._began_s
            self._began_s = now_s
            for target in self.targets:
                target.state = TargetState.WAITING
            self._ahead = self._lap(bead)
        self.next_bead.state = TargetState.ACTIVE

    def _lap(self, bead: int) -> list[int]:
        """The beads of the next lap, from the one where the last lap ended."""
        count = len(self.targets)
        if self._closed:
            return [*range(1, count), 0]
        return [*range(count - 2, -1, -1)] if bead else [*range(1, count)]

    def _watch(self, place: NDArray[np.float64]) -> None:
        self._others += 1
        self._sum += place
        self._products += place[:, None] * place

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Along the path at its pace, from where the first bead is; back and forth on a line."""
        turn = elapsed_s / self.cycle_s
        if not self._closed:
            turn = 0.5 - 0.5 * math.cos(math.pi * turn)
        ends = len(self._places) if self._closed else len(self._places) - 1
        at = turn % 1.0 * ends if self._closed else turn * ends
        first = min(int(at), ends - 1)
        after = (first + 1) % len(self._places)
        place = self._places[first] + (at - first) * (self._places[after] - self._places[first])
        self._pointer.point(place, root, into)

    def measures(self) -> dict[str, float]:
        """The mean distance from the path's nearest bead, the mean time of a lap; and how oval the other hand's lines
        were: the spread across over the spread along, 0 for a line to 1 for a circle.
        """
        told = {}
        if self._frames:
            told["off_path_m"] = self._away_m / self._frames
        if self.repetitions:
            told["lap_s"] = self._laps_s / self.repetitions
        if self._others >= _LEAST_FRAMES:
            mean = self._sum / self._others
            spread = np.linalg.eigvalsh(self._products / self._others - mean[:, None] * mean)
            told["other_ovality_ratio"] = math.sqrt(max(spread[1], 0.0) / max(spread[2], 1e-12))
        return told
