"""A scripted participant: sits, breathes, trembles a little, looks at what is shown and does what it asks.

A person made of published regularities, for demonstrations and tests; not a model of anybody's pain. It
sees nothing but the `View`, as a person does, and keeps a record of what it truly did, so that what a
session counted can be held against it. The same seed and the same display times give the same movements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import CHAIN_OF, END, Chain, Limb
from vrrehab.body.skeleton import Side
from vrrehab.session.plan import Plan, lost_limbs
from vrrehab.session.questions import PAIN
from vrrehab.session.view import Panel, TargetState, View
from vrrehab.tasks.rules import AnyRule
from vrrehab.testing.acting import Effort
from vrrehab.testing.answering import Answering, How, Meant, Opinion
from vrrehab.testing.enacting import ENACTED, Enacting
from vrrehab.testing.judging import Judgement, Judging
from vrrehab.testing.pain import FadingPain
from vrrehab.testing.sitter import AHEAD_M, LAP_M, SEATED, Sitter

__all__ = ["FadingPain", "ScriptedParticipant", "Truth"]

_OPEN = 0.06
_LEG_OUT = (1.25, 0.04, 0.0, 0.0)


@dataclass(slots=True)
class Truth:
    """What the participant did, in seconds since it was first located: `cycles_s` when each repetition was made of
    tasks that repeat a joint's movement, `touches_s` of all others, `answers` what it meant to say
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
    tracked, or else the hand. judging: how well it tells left from right. effort: whether it does
    what tasks ask, half of it, or nothing.
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
        effort: Effort = Effort.SUCCEEDS,
    ) -> None:
        super().__init__(seed, intact_side, (intact_side,) if hands is None else hands, legs, seat, lapses, build)
        self.truth = Truth()
        self._pain = pain or FadingPain(seed)
        self._answering = Answering(self, answering)
        self._opinion = Opinion(seed)
        self._judging = Judging(self, self._answering, judging or Judgement(), self.truth.judgements)
        self._doing = ""
        self._act_s = 0.0
        self._effort = effort
        self._seed = seed
        self._runs = 0
        self._acting: Limb | None = None
        self._kept: Enacting | None = None
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
        if view.ghost is not None:
            self._acting = view.ghost
        if self.enacting is not None and view.task != self.enacting.task:
            self._finish()
        if view.panel is not None and view.activity in ("laterality", "imagining"):
            self._tired_by_task = True
            self._judging.see(view)
        elif view.panel is not None:
            self._tell(view.panel)
        elif view.activity in ENACTED and view.rule is not None:
            self._perform(view)
        elif view.activity == "measuring":
            self._hold_out(view.movement)
        else:
            self._tired_by_task |= view.activity != ""
            self._rest(view)

    def _begins(self, doing: str) -> bool:
        """Whether this is new; then nothing happens before the reaction time is over."""
        if doing == self._doing:
            return False
        self._doing = doing
        self._act_s = self.now_s + self.lognormal(0.32, 0.25)
        return True

    def _rest(self, view: View) -> None:
        if self._begins("rest"):
            self._panel = None
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

    def _perform(self, view: View) -> None:
        """Does what the task asks, with the limb that it is for."""
        if self.enacting is None or self.enacting.task != view.task or self._doing != view.task:
            own = None if view.rule is None else self._own_limb(view.rule)
            if own is None:
                self._rest(view)
                return
            self._begins(view.task)
            self._tired_by_task = True
            acting = self._acting if self._acting is not None and self._acting.chain is own.chain else own
            root = view.virtual.poses[acting.joints.start, :3].copy()
            if np.isnan(root[0]):
                root = self.root_of(acting)
            self.enacting = Enacting(view, own, acting, root, self.build)
            self._runs += 1
            self.enacting.begin(self._act_s, self._effort, self._seed + 1000 * self._runs)
        self.enacting.tell(self.now_s)
        target = next((target for target in view.targets if target.state is TargetState.ACTIVE), None)
        ahead = self.root_of(self.enacting.own) * [0.0, 0.9, 1.0] + [0.0, 0.0, -0.45]
        self.look_at(self.seen_at(target.position if target is not None else ahead))

    def _own_limb(self, rule: AnyRule) -> Limb | None:
        """Which of its own limbs a task is for; None where it is lost or not tracked."""
        if CHAIN_OF[rule.limbs[0]] is Chain.ARM and not self._for_legs(rule):
            return Limb(Chain.ARM, self.pointing) if self.hands else None
        sides = [self.intact_side, *self.legs]
        return next((Limb(Chain.LEG, side) for side in sides if side in self.legs), None)

    def _for_legs(self, rule: AnyRule) -> bool:
        """Of what arms and legs may do, whether it was a leg that showed it."""
        both = {CHAIN_OF[limb] for limb in rule.limbs} == set(Chain)
        return both and self._acting is not None and self._acting.chain is Chain.LEG

    def _finish(self) -> None:
        """The task is over; what was truly done in it is kept."""
        enacting = self.enacting
        if enacting is None or enacting is self._kept:
            return
        self._kept = enacting
        enacting.finish(self.now_s)
        joint = enacting.rule.kind in ("repetition", "unclench")
        (self.truth.cycles_s if joint else self.truth.touches_s).extend(enacting.truth_s)

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
