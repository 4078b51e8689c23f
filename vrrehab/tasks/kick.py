"""Kicking a soft ball that rolls away and comes back by itself."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import Body, joint
from vrrehab.session.view import Prop
from vrrehab.tasks.demonstration import DemonstratingLeg
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.rules import KickRule

#: From the ball of the foot to the tip of the toes, and what the ball gives when it is met.
_TOES_M, _CLEAR_M = 0.07, 0.03
#: Speeds are taken over this time; a longer gap, as after lost tracking, tells none.
_SPEED_OVER_S, _GAP_S = 0.05, 0.12
#: How far a ball rolls at least and most, how much further for a faster foot, and how long it takes there and back.
_LEAST_M, _MOST_M, _M_PER_M_S = 0.5, 1.3, 0.6
_OUT_S, _BACK_S = 1.4, 1.8
_GLOW = 0.2
#: It rolls ahead, at most this far to a side.
_ASIDE = math.radians(22.0)


class Kick(Mechanic):
    """Counts kicks. A foot that only touches the ball does nothing to it."""

    touches = True
    cycle_s = _OUT_S + _BACK_S + 0.6

    def __init__(self, rule: KickRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._foot = joint(performer.limb.side, "ball")
        self._leg = DemonstratingLeg(performer.limb.side, performer.build)
        resting = self._leg.resting_ball(performer.root)
        #: How near the ball of the foot is to the ball's middle when they meet.
        self.meets_m = rule.radius_m + _TOES_M
        ahead = self.meets_m + rule.gap * performer.build.leg
        place = np.array([resting[0], rule.radius_m, resting[2] - ahead])
        across = 2 * rule.radius_m
        pose = geometry.pose(place, geometry.IDENTITY[3:])
        self.ball = Prop("kickball", pose, (across, across, across), "#d9a05b", glow=_GLOW)
        self.props = [self.ball]
        self._home = place
        self._way = np.zeros(3)
        self._kicked_s: float | None = None
        self._ready = False
        self._past: list[tuple[float, NDArray[np.float64]]] = []
        self._speeds_m_s = 0.0

    @property
    def at_home(self) -> bool:
        """Whether the ball lies where it can be kicked."""
        return self._kicked_s is None

    def step(self, now_s: float, body: Body) -> None:
        self._roll(now_s)
        if not body.has(self._foot):
            return
        if self._past and now_s - self._past[-1][0] > _GAP_S:
            self._past.clear()
            self._ready = False
        foot = body.poses[self._foot, :3].copy()
        self._past.append((now_s, foot))
        while self._past[0][0] < now_s - _SPEED_OVER_S:
            self._past.pop(0)
        to_ball = self.ball.pose[:3] - foot
        distance = math.sqrt(float(to_ball @ to_ball))
        if distance > self.meets_m + _CLEAR_M:
            self._ready = True
        elif distance <= self.meets_m and self._ready and self.at_home:
            speed = self._speed_along(to_ball / distance)
            if speed >= self._rule.least_speed_m_s:
                self._kicked(to_ball, speed, now_s)
            self._ready = False

    def _speed_along(self, direction: NDArray[np.float64]) -> float:
        (start_s, start), (end_s, end) = self._past[0], self._past[-1]
        return float((end - start) @ direction) / (end_s - start_s) if end_s > start_s else 0.0

    def _kicked(self, to_ball: NDArray[np.float64], speed: float, now_s: float) -> None:
        self.repetitions += 1
        self._speeds_m_s += speed
        self._kicked_s = now_s
        aside = min(max(math.atan2(to_ball[0], -to_ball[2]), -_ASIDE), _ASIDE)
        far = min(max(_M_PER_M_S * speed, _LEAST_M), _MOST_M)
        self._way = far * np.array([math.sin(aside), 0.0, -math.cos(aside)])

    def _roll(self, now_s: float) -> None:
        self.ball.glow += 0.1 * ((_GLOW if self.at_home else 0.0) - self.ball.glow)
        if self._kicked_s is None:
            return
        since_s = now_s - self._kicked_s
        if since_s < _OUT_S:  # away quickly, and slower and slower
            share = 1.0 - (1.0 - since_s / _OUT_S) ** 3
        else:
            back = min((since_s - _OUT_S) / _BACK_S, 1.0)
            share = 1.0 - back * back * back * (10.0 + back * (6.0 * back - 15.0))
            if back == 1.0:
                self._kicked_s = None
        self.ball.pose[:3] = self._home + share * self._way
        length = math.sqrt(float(self._way @ self._way))
        half = -share * length / self._rule.radius_m / 2
        # It rolls about the axis across its way.
        self.ball.pose[3] = math.sin(half) * -self._way[2] / length
        self.ball.pose[5] = math.sin(half) * self._way[0] / length
        self.ball.pose[6] = math.cos(half)

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Waits, draws back a little, kicks, and puts the foot down again."""
        at = elapsed_s % self.cycle_s
        resting = self._leg.resting_ball(root)
        meets = self._home + np.array([0.0, 0.0, self.meets_m - 0.05])
        if at < 0.7:
            share = -0.3 * math.sin(math.pi * at / 1.4) ** 2
        elif at < 1.1:
            share = -0.3 + 1.3 * _smooth((at - 0.7) / 0.4)
        else:
            share = 1.0 - _smooth(min((at - 1.1) / 1.2, 1.0))
        place = resting + share * (meets - resting)
        place[1] = resting[1] + max(share, 0.0) * (meets[1] - resting[1]) + 0.03 * (1.0 - abs(2.0 * abs(share) - 1.0))
        self._leg.reach(place - root, root, into)

    def measures(self) -> dict[str, float]:
        """The mean speed of the foot in a kick."""
        return {"kick_m_s": self._speeds_m_s / self.repetitions} if self.repetitions else {}


def _smooth(ratio: float) -> float:
    return ratio * ratio * (3.0 - 2.0 * ratio)
