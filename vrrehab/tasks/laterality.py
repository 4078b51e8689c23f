"""Left or right? Hands and feet by themselves, at many angles and in many postures: which are shown, and how they lie.

Whoever judges whether a pictured hand is a left or a right one turns their own in mind to match it (Parsons 1987,
Cogn Psychol 19:178; 1994, J Exp Psychol Hum Percept Perform 20:709); it is the first phase of graded motor imagery
(Moseley 2004, Pain 108:192). The left one is always the mirror image of the right one, so that nothing but its side
tells them apart.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import CHAIN_JOINTS, Chain, Limb
from vrrehab.body.skeleton import HAND_JOINTS, Body, Side
from vrrehab.session.view import Button, LoneLimb, Panel
from vrrehab.tasks.demonstration import DemonstratingLeg, resting
from vrrehab.tasks.mechanic import Mechanic, Performer
from vrrehab.tasks.rules import LONE_POSTURES, LONE_VIEWS, LateralityRule

Floats = NDArray[np.float64]
T = TypeVar("T")

_DEG = math.pi / 180.0
_FINGERS = ("index", "middle", "ring", "little")
#: Hands by the closure of all fingers, how far they are spread, and what is straight although the rest is closed.
_HANDS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "open": (0.0, 0.8, ()),
    "relaxed": (0.3, 0.4, ()),
    "half_closed": (0.6, 0.0, ()),
    "fist": (1.0, 0.0, ()),
    "pointing": (0.95, 0.0, ("index",)),
    "two_fingers": (0.95, 0.0, ("index", "middle")),
    "thumb_up": (1.0, 0.0, ("thumb",)),
}
#: Feet by the ankle's flexion and the inversion, in degrees.
_FEET: dict[str, tuple[float, float]] = {
    "flat": (0.0, 0.0),
    "pointed": (-40.0, 0.0),
    "raised": (15.0, 0.0),
    "turned_in": (-10.0, 25.0),
    "turned_out": (-5.0, -15.0),
}
#: How a right limb, which points away (-Z) with its back up (+Y), is turned for each view: about its own length, about
#: the axis to the right, then about the upright one; degrees. Most stand with fingers or toes up. The shin never comes
#: straight at the viewer, who would look into it.
_VIEWS: dict[str, tuple[float, float, float]] = {
    "back": (0.0, 90.0, 0.0), "palm": (180.0, 90.0, 0.0), "thumb_side": (-75.0, 90.0, 0.0),
    "little_finger_side": (75.0, 90.0, 0.0), "wrist": (0.0, 45.0, 0.0), "fingertips": (0.0, -25.0, 180.0),
    "top": (0.0, -42.0, 180.0), "sole": (180.0, 90.0, 0.0), "inner_side": (-75.0, 90.0, 0.0),
    "outer_side": (75.0, 90.0, 0.0), "toes": (0.0, -12.0, 180.0),
}  # fmt: skip
#: The middle of what is seen, from the wrist or the ankle.
_MIDDLE_M = {Chain.ARM: np.array([0.0, 0.0, -0.07]), Chain.LEG: np.array([0.0, -0.035, -0.05])}
_FOREARM_M, _UPPER_ARM_M = 0.26, 0.28
#: Where the limb and the board with the answers are: ahead of the head and below the eyes. A limb at any angle is then
#: below the board with the words and above that with the answers.
_LIMB_M, _PANEL_M = (0.74, 0.20), (0.46, 0.32)
#: A picture comes and goes in this time.
_FADE_S = 0.15
#: How many pictures a lot makes equally many of each kind of.
_DRAWN_AT_ONCE = 48


@dataclass(frozen=True, slots=True)
class Trial:
    """One picture: a limb of this side in a posture, seen from somewhere, turned by an angle (clockwise as seen)."""

    side: Side
    posture: str
    view: str
    angle_deg: float


class Laterality(Mechanic):
    """Shows one limb after the other, and takes what is said of it. Nobody is told whether it was right: what counts is
    that an answer came.
    """

    paced = True
    cycle_s = math.inf

    def __init__(self, rule: LateralityRule, performer: Performer) -> None:
        super().__init__()
        self._rule = rule
        self._chain = performer.limb.chain
        self._limb = "hand" if self._chain is Chain.ARM else "foot"
        self._seed = performer.seed
        self._trials: list[Trial] = []
        self._tally = Tally()
        self._resting = resting(performer.limb, performer.build)
        self._at = np.empty(7)
        self._now_s = 0.0
        self._since_s = -math.inf
        self._trial: Trial | None = None
        say = performer.say
        buttons = (
            Button("left", say("Left"), -0.1, -0.025, 0.17, 0.07),
            Button("right", say("Right"), 0.1, -0.025, 0.17, 0.07),
        )
        self.panel = Panel(np.empty(7), 0.42, 0.16, say("Left or right?"), "", "", buttons)
        self.come_before(performer.head)

    def come_before(self, head: Floats) -> None:
        assert self.panel is not None
        was, self._at = self._at, before(head, _LIMB_M)
        self.panel.pose[:] = before(head, _PANEL_M, tilted=True)
        if self.lone is not None:
            self.lone.joints[:] = geometry.compose(geometry.compose(self._at, geometry.invert(was)), self.lone.joints)

    def step(self, now_s: float, body: Body) -> None:
        """One frame: the picture comes and goes, and counts as not answered after a while."""
        self._now_s = now_s
        for_s = now_s - self._since_s
        if self._trial is None:
            if self.lone is not None:
                self.lone.opacity = max(0.0, 1.0 - for_s / _FADE_S)
            if for_s >= self._rule.pause_s:
                self._show_next()
        else:
            assert self.lone is not None
            self.lone.opacity = min(1.0, for_s / _FADE_S)
            if for_s >= self._rule.answer_within_s:
                self._answered(None, "", for_s)

    def pressed(self, button: str, by: str, ago_s: float) -> None:
        if self._trial is not None:
            self._answered(Side(button), by, max(self._now_s - ago_s - self._since_s, 0.0))

    def interrupted(self) -> None:
        """The picture goes, and comes once more as the last one drawn: whoever looks at it in a break has time."""
        if self._trial is not None:
            self._trials.append(self._trials.pop(self.repetitions))
            self._trial, self.lone, self.asks, self._since_s = None, None, False, self._now_s

    def _show_next(self) -> None:
        if self.repetitions == len(self._trials):
            self._trials += draw_trials(self._rule, self._limb, _DRAWN_AT_ONCE, self._seed + self.repetitions)
        self.show(self._trials[self.repetitions])

    def show(self, trial: Trial) -> None:
        """From here on this picture waits for an answer."""
        self._trial = trial
        joints = np.empty((len(CHAIN_JOINTS[self._chain]), 7))
        shown(self._chain, trial, joints, self._at)
        self.lone = LoneLimb(Limb(self._chain, trial.side), joints)
        self._since_s, self.asks = self._now_s, True
        assert self.panel is not None
        self.panel.chosen = None

    def _answered(self, answer: Side | None, by: str, response_s: float) -> None:
        trial = self._trial
        assert trial is not None
        assert self.panel is not None
        self._tally.add(trial.side, answer is trial.side, response_s)
        self.news.append(("laterality_trial", {
            "trial": self.repetitions + 1, "limb": self._limb, "side": trial.side.value, "posture": trial.posture,
            "view": trial.view, "angle_deg": trial.angle_deg, "answer": answer and answer.value, "by": by,
            "right": answer is trial.side, "response_s": None if answer is None else round(response_s, 4),
        }))  # fmt: skip
        self.panel.chosen = answer and answer.value
        self.repetitions += 1
        self._trial, self.asks, self._since_s = None, False, self._now_s

    def demonstrate(self, elapsed_s: float, root: Floats, into: Floats) -> None:
        self._resting.rest(root, into)

    def measures(self) -> dict[str, float]:
        return self._tally.summary()


def before(head: Floats, place: tuple[float, float], tilted: bool = False) -> Floats:
    """A pose (7,) so far (ahead, below the eyes) before a head, facing it; tilted to meet the eyes."""
    ahead_m, below_m = place
    heading = geometry.yaw(geometry.yaw_of(head[3:]))
    tilt = -math.atan2(below_m, ahead_m) if tilted else 0.0
    turn = geometry.quaternion_multiply(heading, np.array([math.sin(tilt / 2), 0.0, 0.0, math.cos(tilt / 2)]))
    return geometry.pose(head[:3] + geometry.rotate(heading, np.array([0.0, -below_m, -ahead_m])), turn)


@dataclass(slots=True)
class Tally:
    """What was answered. accuracy: of all trials answered or run out; response_s: the median of the right answers."""

    answers: list[tuple[Side, bool, float]] = field(default_factory=list)

    def add(self, side: Side, is_right: bool, response_s: float) -> None:
        self.answers.append((side, is_right, response_s))

    def accuracy(self, side: Side | None = None) -> float:
        """A share from 0 to 1; NaN where there was nothing to answer."""
        own = [is_right for each, is_right, _ in self.answers if side is None or each is side]
        return sum(own) / len(own) if own else math.nan

    def response_s(self, side: Side | None = None) -> float:
        """Median seconds to a right answer; NaN where there is none."""
        own = [s for each, is_right, s in self.answers if is_right and (side is None or each is side)]
        return statistics.median(own) if own else math.nan

    def summary(self) -> dict[str, float]:
        """What is known of accuracy and response time, at all, by side, and left less right."""
        told: dict[str, float] = {"accuracy": self.accuracy(), "response_s": self.response_s()}
        for side in Side:
            told |= {f"accuracy_{side}": self.accuracy(side), f"response_{side}_s": self.response_s(side)}
        for name in ("accuracy", "response"):
            unit = "_s" if name == "response" else ""
            told[f"{name}_asymmetry{unit}"] = told[f"{name}_left{unit}"] - told[f"{name}_right{unit}"]
        return {"trials": len(self.answers), **{name: value for name, value in told.items() if not math.isnan(value)}}


def draw_trials(rule: LateralityRule, limb: str, count: int, seed: int) -> tuple[Trial, ...]:
    """So many trials of a `hand` or a `foot` in an order by lot: as many left as right ones, all angles and views as
    equally often as can be, and never more than three of one side in a row.
    """
    chance = random.Random(seed)

    def spread(values: Sequence[T]) -> list[T]:
        """Every value as often as the next, in an order by lot."""
        out: list[T] = []
        while len(out) < count:
            round_ = list(values)
            chance.shuffle(round_)
            out += round_
        return out[:count]

    angles = spread(rule.angles_deg)
    views, postures = spread(rule.views or LONE_VIEWS[limb]), spread(rule.postures or LONE_POSTURES[limb])
    sides = _without_runs(count, chance)
    return tuple(Trial(*each) for each in zip(sides, postures, views, angles, strict=True))


def _without_runs(count: int, chance: random.Random) -> list[Side]:
    first = chance.choice(tuple(Side))
    sides = [first if i % 2 == 0 else first.other for i in range(count)]
    while True:
        chance.shuffle(sides)
        if all(len(set(sides[i : i + 4])) == 2 for i in range(count - 3)):
            return sides


def shown(chain: Chain, trial: Trial, into: Floats, at: Floats) -> None:
    """Write the limb of a trial, (28, 7) or (4, 7), with the middle of hand or foot at `at` (7,): a place before the
    viewer whose +Z axis points at them and whose +Y axis points up.
    """
    own = _hand(trial.posture) if chain is Chain.ARM else _foot(trial.posture)
    own = geometry.compose(_facing(trial.view, _MIDDLE_M[chain]), own)
    if trial.side is Side.LEFT:
        own = geometry.mirror(own)
    clockwise = -trial.angle_deg * _DEG / 2
    turn = geometry.pose((0.0, 0.0, 0.0), (0.0, 0.0, math.sin(clockwise), math.cos(clockwise)))
    into[:] = geometry.compose(at, geometry.compose(turn, own))


def _facing(view: str, middle_m: Floats) -> Floats:
    """From a right limb's own frame to the viewer's, with its middle at the origin."""
    turn = geometry.IDENTITY[3:]
    for axis, angle_deg in zip((2, 0, 1), _VIEWS[view], strict=True):
        about = np.zeros(4)
        about[axis], about[3] = math.sin(angle_deg * _DEG / 2), math.cos(angle_deg * _DEG / 2)
        turn = geometry.quaternion_multiply(about, turn)
    return geometry.pose(-geometry.rotate(turn, middle_m), turn)


def _hand(posture: str) -> Floats:
    """A right arm (28, 7) in the frame of its wrist, straight behind it."""
    closure, spread, straight = _HANDS[posture]
    arm = np.empty((28, 7))
    arm[2:] = hand_pose(Side.RIGHT, closure, spread)
    for finger in straight:
        its = [i for i, name in enumerate(HAND_JOINTS) if name.startswith(finger)]
        arm[[2 + i for i in its]] = hand_pose(Side.RIGHT, 0.0, 0.3)[its]
    arm[0] = geometry.pose((0.0, 0.0, _FOREARM_M + _UPPER_ARM_M))
    arm[1] = geometry.pose((0.0, 0.0, _FOREARM_M))
    return arm


def _foot(posture: str) -> Floats:
    """A right leg (4, 7) in the frame of its sole: -Z to the toes, +Y out of the top of the foot, the ankle's place."""
    ankle_deg, inversion_deg = _FEET[posture]
    leg = np.empty((4, 7))
    DemonstratingLeg(Side.RIGHT).pose(
        np.zeros(3), leg, hip=math.pi / 2, knee=math.pi / 2, ankle=ankle_deg * _DEG, inversion=inversion_deg * _DEG
    )
    flat = geometry.pose(leg[2, :3])
    return geometry.compose(geometry.invert(flat), leg)
