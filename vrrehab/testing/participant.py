"""A scripted participant: sits, breathes, trembles a little, looks at what is shown and does what it asks.

A person made of published regularities, for demonstrations and tests; not a model of anybody's pain. It
sees nothing but the `View`, as a person does, and keeps a record of what it truly did, so that what a
session counted can be held against it. The same seed and the same display times give the same movements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import END, Chain
from vrrehab.body.skeleton import Side
from vrrehab.session.plan import Plan, lost_limbs
from vrrehab.session.questions import PAIN
from vrrehab.session.view import Panel, Target, TargetState, View
from vrrehab.testing.answering import Answering, How, Meant, Opinion
from vrrehab.testing.judging import Judgement, Judging
from vrrehab.testing.pain import FadingPain
from vrrehab.testing.sitter import AHEAD_M, LAP_M, SEATED, Sitter

__all__ = ["FadingPain", "ScriptedParticipant", "Truth"]

_BEFORE_CHEST_M = np.array([0.15, 0.92, -0.40])
_OPEN, _FIST = 0.06, 0.95
_LEG_OUT = (1.25, 0.04, 0.0, 0.0)
#: A leg's hip, knee, ankle and inversion, radians, at both ends of each movement that a task may ask for.
_Angles = tuple[float, float, float, float]
_STROKES: dict[str, tuple[_Angles, _Angles]] = {
    "hip_flexion": (SEATED, (1.88, 1.88, 0.0, 0.0)),
    "knee_flexion": ((1.48, 0.38, 0.0, 0.0), SEATED),
    "knee_extension": (SEATED, (1.48, 0.38, 0.0, 0.0)),
    "ankle_flexion": ((1.48, 0.85, -0.5, 0.0), (1.48, 0.85, 0.28, 0.0)),
    "foot_inversion": ((1.48, 0.85, 0.0, -0.25), (1.48, 0.85, 0.0, 0.45)),
}


@dataclass(slots=True)
class Truth:
    """What the participant did, in seconds since it was first located: `cycles_s` when each repetition was half
    done (a fist half closed), `touches_s` when the fingertip entered each lit target, `answers` what it meant to say
    to each question: a number, words, or None where it declined; `judgements` which side was shown and which it meant
    to say.
    """

    cycles_s: list[float] = field(default_factory=list)
    touches_s: list[float] = field(default_factory=list)
    answers: list[Meant] = field(default_factory=list)
    judgements: list[tuple[Side, Side]] = field(default_factory=list)


class ScriptedParticipant(Sitter):
    """A person who sits. Call `locate` for a frame's display time, then `see` what is shown then.

    intact_side: of the limb that moves. hands: the sides with a hand, by default that one alone; a second one moves
    along. legs: the sides with a leg that is tracked, which move along too. answering: how the pain panel is answered.
    pain: what is answered. seat: where the person sits in the reference space, (7,).
    lapses: spans in seconds since the first `locate` in which the intact limb is not seen: the leg, where legs are
    tracked, or else the hand. judging: how well it tells left from right.
    """

    def __init__(
        self,
        seed: int,
        intact_side: Side = Side.LEFT,
        *,
        hands: Sequence[Side] | None = None,
        legs: Sequence[Side] = (),
        answering: How = "gaze",
        pain: FadingPain | None = None,
        seat: NDArray[np.float64] | None = None,
        lapses: Sequence[tuple[float, float]] = (),
        build: Build = USUAL,
        judging: Judgement | None = None,
    ) -> None:
        super().__init__(seed, intact_side, (intact_side,) if hands is None else hands, legs, seat, lapses, build)
        self.truth = Truth()
        self._pain = pain or FadingPain(seed)
        self._answering = Answering(self, answering)
        self._opinion = Opinion(seed)
        self._judging = Judging(self, self._answering, judging or Judgement(), self.truth.judgements)
        self._doing = ""
        self._act_s = 0.0
        self._closing = False
        self._half_closed_s = math.inf
        self._target: Target | None = None
        self._touched = False
        self._panel: Panel | None = None
        self._tired_by_task = False

    @classmethod
    def of(cls, plan: Plan) -> ScriptedParticipant:
        """Whoever a plan is for: with the limbs that its profile leaves, and its legs tracked where one is lost."""
        lost = lost_limbs(plan.profile)
        legs = {limb.side for limb in lost if limb.chain is Chain.LEG}
        tracked = [side for side in Side if side not in legs] if legs else []
        return cls(plan.seed, plan.intact_side or Side.RIGHT, hands=plan.hands, legs=tracked)

    def see(self, view: View) -> None:
        """Looks at what is shown now and begins whatever it asks for, after a person's reaction time."""
        self.session_from_seat = geometry.compose(geometry.invert(view.reference_from_session), self.seat)
        if view.ghost is not None and view.ghost.chain is Chain.ARM:
            self.acting_side = view.ghost.side
        if self.now_s >= self._half_closed_s:
            self.truth.cycles_s.append(self._half_closed_s)
            self._half_closed_s = math.inf
        if view.panel is not None and view.activity in ("laterality", "imagining"):
            self._tired_by_task = True
            self._judging.see(view)
        elif view.panel is not None:
            self._tell(view.panel)
        elif view.activity == "repetition" and self._can(view.movement):
            self._repeat(view.movement)
        elif view.activity == "measuring":
            self._hold_out(view.movement)
        elif view.activity == "reach" and self.hands:
            self._reach(view.targets)
        else:
            self._tired_by_task |= view.activity != ""
            self._rest(view)

    def _can(self, movement: str) -> bool:
        """Whether it has a limb for that; whoever has none watches."""
        return bool(self.legs if movement in _STROKES else self.hands)

    def _begins(self, doing: str) -> bool:
        """Whether this is new; then nothing happens before the reaction time is over."""
        if doing == self._doing:
            return False
        self._doing = doing
        self._act_s = self.now_s + self.lognormal(0.32, 0.25)
        return True

    def _rest(self, view: View) -> None:
        if self._begins("rest"):
            self._panel = self._target = None
            self.place_hands(LAP_M)
            self.close_to(RELAXED, 0.6)
            self.leg.go(SEATED, self.now_s, 0.8)
        ghost = view.ghost
        end = np.full(3, np.nan) if ghost is None else view.ghost_joints[ghost.chain][END[ghost.chain], :3]
        self.look_at(AHEAD_M if np.isnan(end[0]) else self.seen_at(end))

    def _hold_out(self, limb: str) -> None:
        """Holds an arm or a leg straight out, as it is asked to."""
        if self._begins(limb):
            if limb.endswith("arm"):
                self.place_hands(self.arm_out_m)
                self.close_to(_OPEN, 0.6)
            else:
                self.place_hands(LAP_M)
                self.leg.go(_LEG_OUT, self.now_s, 1.0)
        self.look_at(AHEAD_M)

    def _repeat(self, movement: str) -> None:
        """Opens and closes the hand, or bends and stretches what else it is asked to, over and over."""
        of_leg = movement in _STROKES
        if self._begins(movement):
            self._tired_by_task = True
            self._closing = False
            if of_leg:
                self.leg.go(_STROKES[movement][0], self.now_s, 0.8)
            else:
                self.place_hands(_BEFORE_CHEST_M)
                self.close_to(_OPEN, 0.6)
            self._act_s += 0.8
        self.look_at(_BEFORE_CHEST_M * [0.0, 1.0, 1.0])
        if self.now_s < self._act_s:
            return
        stroke_s = self.lognormal(0.9 if of_leg else 0.6, 0.15)
        self._closing = not self._closing
        if of_leg:
            self.leg.go(_STROKES[movement][self._closing], self.now_s, stroke_s)
        else:
            self.close_to(_FIST if self._closing else _OPEN, stroke_s)
        if self._closing:
            self._half_closed_s = self.now_s + stroke_s / 2
        self._act_s = self.now_s + stroke_s + self.lognormal(0.25, 0.3)

    def _reach(self, targets: Sequence[Target]) -> None:
        if self._begins("reach"):
            self._tired_by_task = True
            self.close_to(RELAXED, 0.4)
        target = next((target for target in targets if target.state is TargetState.ACTIVE), None)
        if target is not self._target:
            self._target, self._touched = target, False
            self._act_s = self.now_s + self.lognormal(0.32, 0.25)
        if target is None:
            return
        self.look_at(self.seen_at(target.position))
        goal = self.own(target.position)
        if not self._touched and np.linalg.norm(self.fingertip() - goal) < target.radius_m:
            self._touched = True
            self.truth.touches_s.append(self.now_s)
        if self.now_s >= self._act_s:
            scatter = self.random.normal(0.0, 0.006, 3)
            self._act_s = self.point_at(goal + scatter) + self.lognormal(0.8, 0.2)

    def _tell(self, panel: Panel) -> None:
        """Answers the pain panel: chooses, and confirms what it sees chosen."""
        if panel is not self._panel:
            self._panel = panel
            if self._tired_by_task:
                self._pain.after_task()
                self._tired_by_task = False
            answer = self._pain.rate() if panel.asks == PAIN else self._opinion.on(panel)
            self.truth.answers.append(answer)
            self._begins("tell")
            self._answering.begin(answer, self._act_s)
        self._answering.see(panel)
