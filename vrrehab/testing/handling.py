"""Actors of what a limb does to things in the scene: touching, carrying, drumming, kicking, tracing; see
`vrrehab.testing.acting`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vrrehab.body.hands import RELAXED
from vrrehab.session.view import Prop, TargetState
from vrrehab.tasks.carry import Holding
from vrrehab.tasks.demonstration import DemonstratingArm, DemonstratingLeg
from vrrehab.tasks.drum import Striking
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.pointing import pointer_of
from vrrehab.tasks.rules import CarryRule, DrumRule, KickRule, ReachRule, TraceRule
from vrrehab.testing.acting import Actor, Effort, Floats, Scene, passes_s
from vrrehab.testing.movement import Movement, Wavering

#: What is touched stays so for at least this much longer than it has to.
_LONGER_S = 0.1


class ReachActor(Actor):
    """Brings its fingertip or foot to the lit target and leaves it there for a moment; or turns back half way."""

    def __init__(self, rule: ReachRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._pointer = pointer_of(performer)
        self._came_from = self._pointer.resting(self.root)
        self._place = Movement(self._came_from)
        self._goes_back = False

    def _go_on(self, now_s: float, scene: Scene) -> None:
        target = next((target for target in scene.targets if target.state is TargetState.ACTIVE), None)
        if self._goes_back:
            # The way it came, which leads through no other light.
            self._goes_back = False
            takes_s = self._takes(0.8)
            self._place.go(self._came_from, now_s, takes_s)
            self._next(now_s + takes_s + 0.2)
            return
        if target is None or self.tired:
            return
        self._came_from = self._place.goal
        goal = target.position + self._random.normal(0.0, 0.1 * target.radius_m, 3)
        way = goal - self._place.goal
        length = float(np.linalg.norm(way))
        takes_s = 0.4 + self._takes(1.2 * length, 0.1)
        stays_s = self._rule.hold_s + _LONGER_S + self._takes(0.2)
        # Half of so short a way would end in the target too.
        near = length < 3.0 * target.radius_m
        if not self._attempts() and not near:
            self._place.go(self._place.goal + 0.5 * way, now_s, takes_s)
            self._goes_back = True
        elif not near and self._hides():
            # Nobody saw it, so it goes back and tries again.
            self._place.go(goal, now_s, takes_s)
            self._hide(now_s, now_s + takes_s + stays_s + 1.4)
            self._goes_back = True
        else:
            self._place.go(goal, now_s, takes_s)
            share = max(1.0 - 0.9 * target.radius_m / max(length, 1e-6), 0.0)
            self.truth_s.append(now_s + passes_s(share, takes_s) + self._rule.hold_s)
            self._blinks(now_s + 0.1, now_s + 0.6 * takes_s)
        self._next(now_s + takes_s + stays_s)

    def _pose(self, now_s: float, into: Floats) -> None:
        self._pointer.point(self._place.at(now_s) + self._tremor.at(now_s), self.root, into)


class CarryActor(Actor):
    """Takes the lit thing, carries it over the table and lets it go on the ring; or lets it go on the way."""

    _CARRIED_M = 0.10

    def __init__(self, rule: CarryRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._holding = Holding(DemonstratingArm(performer.limb.side, performer.build))
        rest = self.root + DemonstratingArm(performer.limb.side, performer.build).place((0.0, -0.3, 0.5))
        self._place = Movement(rest)
        self._closed = Movement(RELAXED)
        self._doing = 0
        self._whole = True

    def _go_on(self, now_s: float, scene: Scene) -> None:
        things = [prop for prop in scene.props if prop.shape != "ring"]
        thing = max(things, key=lambda prop: prop.glow)
        ring = next(prop for prop in scene.props if prop.shape == "ring")
        half = np.array([0.0, thing.size[1] / 2, 0.0])
        doing = self._doing
        takes_s = self._takes(0.9, 0.1)
        if doing == 0:  # over the thing
            if self.tired:
                return
            self._place.go(thing.pose[:3] + half + self._random.normal(0.0, 0.004, 3), now_s, takes_s)
        elif doing == 1:  # take it
            takes_s = self._takes(0.4, 0.1)
            self._closed.go(0.66, now_s, takes_s)
        elif doing == 2:  # up and most of the way
            way = ring.pose[:3] - thing.pose[:3]
            # What is let go so near to its place would settle there.
            near = 0.7 * math.hypot(way[0], way[2]) < 1.5 * self._rule.snap_m
            self._whole = self._attempts() or near
            share = 0.7 if self._whole else 0.3
            self._place.go(self._place.goal + share * way + np.array([0.0, self._CARRIED_M, 0.0]), now_s, takes_s)
            self._blinks(now_s + 0.1, now_s + takes_s)
        elif doing == 3 and self._whole:  # down onto the ring
            way = ring.pose[:3] - thing.pose[:3]
            way[[0, 2]] += self._random.normal(0.0, 0.006, 2)
            self._place.go(self._place.goal + way, now_s, takes_s)
        elif doing == 3:
            takes_s = 0.1
        else:  # let go, and the hand is lifted
            takes_s = self._takes(0.4, 0.1)
            self._closed.go(RELAXED, now_s, takes_s)
            if self._whole:
                self.truth_s.append(now_s + takes_s)
            self._next(now_s + takes_s + 0.6)
            self._doing = 0
            return
        self._doing = doing + 1
        self._next(now_s + takes_s + 0.2)

    def _pose(self, now_s: float, into: Floats) -> None:
        place = self._place.at(now_s) + self._tremor.at(now_s)
        self._holding.pose(place, float(self._closed.at(now_s)), self.root, into)


class DrumActor(Actor):
    """Strikes the lit pad from above; or stops over it."""

    def __init__(self, rule: DrumRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._striking = Striking(DemonstratingArm(performer.limb.side, performer.build), rule.surface_m)
        #: From pad to pad as the beat leaves time for it, with a stroke and a lift.
        self._across_s = 0.4 * rule.beat_s
        self._over = self.root + np.array([0.0, 0.0, -0.3])
        self._over[1] = self._striking.meets_m + 0.13
        self._place = Movement(self._over)
        self._lifts = False

    def _go_on(self, now_s: float, scene: Scene) -> None:
        pads = [prop for prop in scene.props if prop.shape == "pad"]
        if self._lifts or self.tired:
            lifted = self._place.goal.copy()
            lifted[1] = self._over[1]
            self._place.go(lifted, now_s, 0.3)
            self._lifts = False
            self._next(now_s + 0.45 + self._takes(0.2))
            return
        if not pads:
            return
        lit: Prop = max(pads, key=lambda pad: pad.glow)
        over = lit.pose[:3] + self._random.normal(0.0, 0.012, 3)
        over[1] = self._over[1]
        if math.hypot(*(over - self._place.goal)[[0, 2]]) > 0.05:
            self._place.go(over, now_s, self._across_s)
            self._next(now_s + self._across_s + 0.1)
            return
        whole, hidden = self._attempts(), self._hides()
        down = self._place.goal.copy()
        down[1] = self._striking.meets_m + (-0.03 if whole else 0.025)
        takes_s = self._takes(0.32, 0.1)
        self._place.go(down, now_s, takes_s)
        if hidden:
            self._hide(now_s - 0.05, now_s + takes_s + 0.6)
        elif whole:
            self.truth_s.append(now_s + passes_s(0.13 / 0.16, takes_s))
        self._lifts = True
        self._next(now_s + takes_s + 0.1)

    def _pose(self, now_s: float, into: Floats) -> None:
        self._striking.pose(self._place.at(now_s) + self._tremor.at(now_s), self.root, into)


class KickActor(Actor):
    """Kicks the ball when it lies there; or only touches it, too slowly."""

    def __init__(self, rule: KickRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._leg = DemonstratingLeg(performer.limb.side, performer.build)
        self._rest = self._leg.resting_ball(self.root)
        self._place = Movement(self._rest)
        self._home: Floats | None = None
        self._away = False

    def _go_on(self, now_s: float, scene: Scene) -> None:
        ball = next(prop for prop in scene.props if prop.shape == "kickball")
        if self._home is None:
            self._home = ball.pose[:3].copy()
        if self._away:
            self._place.go(self._rest, now_s, 0.7)
            self._away = False
            self._next(now_s + 0.9)
            return
        if self.tired:
            return
        if math.dist(ball.pose[:3], self._home) > 0.005:  # it rolls
            self._next(now_s + 0.15)
            return
        whole, hidden = self._attempts(), self._hides()
        meets_m = self._rule.radius_m + 0.07
        way = self._home - self._rest
        into = self._rest + (1.0 - (meets_m - 0.06) / float(np.linalg.norm(way))) * way
        length = math.dist(into, self._rest)
        # Peak speed of a minimum-jerk stroke is 15/8 of the mean.
        takes_s = 0.35 if whole else 1.875 * length / (0.5 * self._rule.least_speed_m_s)
        self._place.go(into, now_s, takes_s)
        if hidden:
            self._hide(now_s - 0.05, now_s + takes_s + 0.9)
        elif whole:
            self.truth_s.append(now_s + 0.6 * takes_s)
        self._away = True
        self._next(now_s + takes_s + 0.15)

    def _pose(self, now_s: float, into: Floats) -> None:
        self._leg.reach(self._place.at(now_s) + self._tremor.at(now_s) - self.root, self.root, into)


class TraceActor(Actor):
    """Follows the path lap by lap and waits where it is not seen; or gives up in the middle of a lap."""

    def __init__(self, rule: TraceRule, performer: Performer, *how: Any, **more: Any) -> None:
        super().__init__(performer, *how, **more)
        self._rule = rule
        self._pointer = pointer_of(performer)
        self._closed = rule.path != "line"
        ways = rule.ways(96)
        places = [self._pointer.place(way, self.root, 0.011) for way in ways]
        self._path = np.array([*places, places[0]] if self._closed else places)
        from_end = np.linalg.norm(self._path - self._path[-1], axis=1)
        #: From this share of a lap on its end may be near, as far as the hand strays from the path.
        self._there = float(np.flatnonzero(from_end > 1.4 * rule.near_m).max()) / (len(self._path) - 1)
        self._off = Wavering(self._random, 0.3, 1.2, 0.15 * rule.near_m)
        self._way = Movement(0.0)
        self._own_s = self._last_s = 0.0
        self._gives_up = False

    def _go_on(self, now_s: float, scene: Scene) -> None:
        if self._gives_up or self.tired:
            return
        lap_s = self._takes(max(self._rule.beat_s, 3.0), 0.1)
        self.attempts += 1
        # Half of it: two laps, and half of a third.
        self._gives_up = self._effort is Effort.HALF and self.attempts == 3
        self._way.go(float(self._way.goal) + (0.5 if self._gives_up else 1.0), self._own_s, lap_s)
        if not self._gives_up:
            self.truth_s.append(now_s + passes_s(self._there, lap_s))
        blink_s = 0.25 if self._lapses and self._random.random() < 0.5 else 0.0
        if blink_s:
            start_s = now_s + self._random.uniform(0.2, 0.8) * lap_s
            self._hide(start_s, start_s + blink_s)
            if not self._gives_up and start_s < self.truth_s[-1]:
                self.truth_s[-1] += blink_s
        self._next(now_s + lap_s + blink_s + 0.4)

    def _pose(self, now_s: float, into: Floats) -> None:
        if self.seen:
            self._own_s += now_s - self._last_s
        self._last_s = now_s
        lap, share = divmod(float(self._way.at(self._own_s)), 1.0)
        if not self._closed and lap % 2.0:
            share = 1.0 - share
        if not self._closed and share == 0.0 and lap % 2.0 == 1.0:
            share = 1.0
        at = share * (len(self._path) - 1)
        first = min(int(at), len(self._path) - 2)
        place = self._path[first] + (at - first) * (self._path[first + 1] - self._path[first])
        self._pointer.point(place + self._off.at(now_s) + self._tremor.at(now_s), self.root, into)
