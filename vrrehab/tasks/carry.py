"""Taking things, carrying them and letting them go where they belong; stacked where several belong in one place.

Nothing jumps: a thing that is taken keeps its place in the hand, one that is let go near its place settles there, and
one let go elsewhere comes down on the table, or back to where it stood if that is out of reach.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.features import hand_closure, thumb_to_finger
from vrrehab.body.hands import RELAXED
from vrrehab.body.skeleton import HAND_JOINTS, Body, Side, joint
from vrrehab.session.view import Prop
from vrrehab.tasks.demonstration import DemonstratingArm, Turn
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.repetition import RepetitionCounter
from vrrehab.tasks.rules import COMFORTABLE_REACH_RATIO, CarryRule

Floats = NDArray[np.float64]
#: What holds: between palm, thumb's tip and the tips of index and middle finger.
_HOLDING = ("palm", "thumb_tip", "index_tip", "middle_tip")
_SETTLE_S = 0.35
_LEAST_HALF_S = 0.06
#: The way a demonstrating hand takes: how long it takes for each part, and how high it carries.
_PARTS_S = (1.2, 0.5, 1.4, 0.5, 1.0)
_CARRIED_M = 0.11
_GRIP = 0.62
#: A hand that takes something from a table points down a little.
_DOWN: Turn = (-math.sin(math.radians(12)), 0.0, 0.0, math.cos(math.radians(12)))
_UP = np.array([0.0, 1.0, 0.0])
_RING_M, _RING_COLOUR = 0.006, "#8fb5a3"


class Grasp:
    """How a hand holds: where (3,), and how much it is closed, from 0 open to 1 a fist or a pinch."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._joints = np.array([joint(side, name) for name in _HOLDING])

    def place(self, body: Body) -> Floats:
        return body.poses[self._joints, :3].mean(axis=0)

    def closed(self, body: Body) -> float:
        """A pinch counts by its square, so that the fingers of a hand at rest do not seem to pinch."""
        pinch = thumb_to_finger(body, self._side, "index")
        return max(hand_closure(body, self._side), pinch * pinch)


class Holding:
    """An arm whose hand holds at a place: how a demonstration takes things."""

    def __init__(self, arm: DemonstratingArm) -> None:
        self._arm = arm
        #: Where a hand that takes something holds, from its wrist.
        self._at = arm.hand(_GRIP, _DOWN)[[HAND_JOINTS.index(name) for name in _HOLDING], :3].mean(axis=0)

    def pose(self, place: Floats, closure: float, root: Floats, into: Floats) -> None:
        """Write the arm, (28, 7), whose hand, as much closed, holds at `place` (3,)."""
        self._arm.pose_wrist(place - self._at, self._arm.hand(closure, _DOWN), root, into)


class Carry(Mechanic):
    """One thing is lit at a time; it is carried to the ring. Once all are there they are carried back."""

    touches = True
    cycle_s = sum(_PARTS_S)

    def __init__(self, rule: CarryRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._root = performer.root
        self._reach_m = COMFORTABLE_REACH_RATIO * performer.build.arm
        self._arm = DemonstratingArm(performer.limb.side, performer.build)
        self._holding = Holding(self._arm)
        self._grasp = Grasp(performer.limb.side)
        self._wrist = joint(performer.limb.side, "wrist")
        self._things: list[Prop] = []
        self._on: list[list[Prop]] = []
        spots: list[tuple[float, float]] = []
        self._way: list[tuple[int, int, int]] = []
        for thing in rule.things:
            size = (thing.size_m, thing.size_m, thing.size_m)
            prop = Prop(thing.shape, geometry.IDENTITY.copy(), size, thing.colour)
            for spot in (thing.stands, thing.goes):
                if spot not in spots:
                    spots.append(spot)
                    self._on.append([])
            self._way.append((len(self._things), spots.index(thing.stands), spots.index(thing.goes)))
            self._things.append(prop)
        self._spots = [self._on_table(spot) for spot in spots]
        for index, stands, _ in self._way:
            self._things[index].pose[:3] = self._top_of(stands)
            self._on[stands].append(self._things[index])
        ring = (1.5 * max(thing.size_m for thing in rule.things), _RING_M, 1.5 * max(t.size_m for t in rule.things))
        self._ring = Prop("ring", geometry.IDENTITY.copy(), ring, _RING_COLOUR, glow=0.6)
        self.props = [*self._things, self._ring]
        self._turn = 0
        self._closed = RepetitionCounter(rule.close, rule.open, _LEAST_HALF_S)
        self._held: Prop | None = None
        self._offset = np.zeros(3)
        self._settling: tuple[Prop, Floats, Floats, float] | None = None
        self._taken_s = self._carried_s = 0.0
        self._drops = 0
        self._shown_cycle = -1.0
        self._begin()

    def _on_table(self, spot: tuple[float, float]) -> Floats:
        outward, forward = spot
        place = self._root + self._arm.place((outward, 0.0, forward))
        place[1] = self._rule.surface_m
        return place

    def _top_of(self, spot: int) -> Floats:
        place = self._spots[spot].copy()
        place[1] += sum(thing.size[1] for thing in self._on[spot])
        return place

    def _begin(self) -> None:
        """The next thing lights up, and the ring lies where it goes."""
        round_, step = divmod(self._turn, len(self._way))
        index, stands, goes = self._way[step] if round_ % 2 == 0 else self._way[-1 - step]
        self._active, self._goes = self._things[index], goes if round_ % 2 == 0 else stands
        self._leaves = stands if round_ % 2 == 0 else goes
        for thing in self._things:
            thing.glow = 0.35 if thing is self._active else 0.0
        self._ring.pose[:3] = self._top_of(self._goes)

    @property
    def active(self) -> Prop:
        """The thing that is to be carried."""
        return self._active

    def step(self, now_s: float, body: Body) -> None:
        self._settle(now_s)
        if not body.has(self._wrist):
            return
        place, closing = self._grasp.place(body), self._closed.step(now_s, self._grasp.closed(body))
        if self._held is None:
            middle = self._active.pose[:3] + self._active.size[1] / 2 * _UP
            if closing and self._settling is None and math.dist(place, middle) <= self._near_m:
                self._held, self._offset, self._taken_s = self._active, self._active.pose[:3] - place, now_s
                if self._active in self._on[self._leaves]:
                    self._on[self._leaves].remove(self._active)
            return
        self._held.pose[:3] = place + self._offset
        self._held.pose[1] = max(self._held.pose[1], self._rule.surface_m)
        if self._closed.low:
            self._let_go(self._held, now_s)

    @property
    def _near_m(self) -> float:
        return self._rule.near_m + self._active.size[0] / 2

    def _let_go(self, thing: Prop, now_s: float) -> None:
        self._held = None
        top = self._top_of(self._goes)
        away = thing.pose[:3] - top
        if math.hypot(away[0], away[2]) <= self._rule.snap_m and abs(away[1]) <= 2 * self._rule.snap_m:
            self._settling = (thing, thing.pose[:3].copy(), top, now_s)
            self._on[self._goes].append(thing)
            self.repetitions += 1
            self._carried_s += now_s - self._taken_s
            self._turn += 1
            self._begin()
            return
        self._drops += 1
        down = thing.pose[:3].copy()
        down[1] = self._rule.surface_m
        from_root = down - self._root
        if math.hypot(from_root[0], from_root[2]) > self._reach_m or from_root[2] > -0.3 * self._reach_m:
            down = self._top_of(self._leaves)
            self._on[self._leaves].append(thing)
        self._settling = (thing, thing.pose[:3].copy(), down, now_s)

    def _settle(self, now_s: float) -> None:
        if self._settling is None:
            return
        thing, start, end, since_s = self._settling
        ratio = min((now_s - since_s) / _SETTLE_S, 1.0)
        thing.pose[:3] = start + ratio * ratio * (3.0 - 2.0 * ratio) * (end - start)
        if ratio == 1.0:
            self._settling = None

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """To the thing, take it, to its place, let it go, and back."""
        cycle, into_cycle_s = divmod(elapsed_s, self.cycle_s)
        if cycle != self._shown_cycle:
            self._shown_cycle = cycle
            self._shown = (self._active.pose[:3].copy(), self._ring.pose[:3].copy(), self._active.size[1] / 2)
        thing, goal, half = self._shown
        over = half * _UP
        rest = root + self._arm.place((0.0, -0.3, 0.5))
        points = (rest, thing + over, thing + over, goal + over, goal + over, rest)
        closures = (RELAXED, RELAXED, _GRIP, _GRIP, RELAXED, RELAXED)
        part, since_s = 0, into_cycle_s
        while since_s > _PARTS_S[part]:
            since_s -= _PARTS_S[part]
            part += 1
        ratio = since_s / _PARTS_S[part]
        eased = ratio * ratio * ratio * (10.0 + ratio * (6.0 * ratio - 15.0))
        place = points[part] + eased * (points[part + 1] - points[part])
        place[1] += _CARRIED_M * math.sin(math.pi * eased) if part in (0, 2, 4) else 0.0
        self._holding.pose(place, closures[part] + eased * (closures[part + 1] - closures[part]), root, into)

    def measures(self) -> dict[str, float]:
        """The mean time from taking to letting go in place, and how often a thing was let go elsewhere."""
        told = {"let_go_elsewhere": float(self._drops)}
        if self.repetitions:
            told["carry_s"] = self._carried_s / self.repetitions
        return told
