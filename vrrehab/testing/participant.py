"""A scripted participant: sits, breathes, trembles a little, looks at what is shown and does what it asks.

A person made of published regularities, for demonstrations and tests; not a model of anybody's pain. It
sees nothing but the `View`, as a person does, and keeps a record of what it truly did, so that what a
session counted can be held against it. The same seed and the same display times give the same movements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.limb import END, Chain
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, LEG, Body, Provenance, Side
from vrrehab.session.plan import Plan, lost_limbs
from vrrehab.session.questions import CHANGE, CONFIRM, DECLINE
from vrrehab.session.view import Panel, Target, TargetState, View
from vrrehab.tasks.demonstration import DemonstratingLeg
from vrrehab.testing.movement import Movement, Wavering

Answering = Literal["gaze", "touch"]

# Places in the participant's own space: the floor below the head, -Z ahead. For the right hand; the left's
# are mirrored.
_EYES_M = np.array([0.0, 1.20, 0.0])
_LAP_M = np.array([0.17, 0.76, -0.32])
_BEFORE_CHEST_M = np.array([0.15, 0.92, -0.40])
_AHEAD_M = np.array([0.0, 1.10, -1.5])
#: The hand points ahead, a little raised.
_HAND_TURN = np.array([math.sin(0.1), 0.0, 0.0, math.cos(0.1)])

_OPEN, _FIST = 0.06, 0.95

_HIP_M = np.array([0.09, 0.52, 0.08])
_LEG_OUT = (1.25, 0.04, 0.0, 0.0)
#: A leg's hip, knee, ankle and inversion, radians: seated, stretched out a little, and at both ends of each movement
#: that a task may ask for.
_SEATED, _OUT = (1.48, 1.48, 0.0, 0.0), (1.48, 0.85, 0.0, 0.0)
_Angles = tuple[float, float, float, float]
_STROKES: dict[str, tuple[_Angles, _Angles]] = {
    "hip_flexion": (_SEATED, (1.88, 1.88, 0.0, 0.0)),
    "knee_flexion": ((1.48, 0.38, 0.0, 0.0), _SEATED),
    "knee_extension": (_SEATED, (1.48, 0.38, 0.0, 0.0)),
    "ankle_flexion": ((1.48, 0.85, -0.5, 0.0), (1.48, 0.85, 0.28, 0.0)),
    "foot_inversion": ((1.48, 0.85, 0.0, -0.25), (1.48, 0.85, 0.0, 0.45)),
}
_INDEX_TIP = HAND_JOINTS.index("index_tip")
#: Before a button is pressed the fingertip waits this far in front of it; pressing goes this far through.
_HOVER_M, _THROUGH_M = 0.075, 0.006


class FadingPain:
    """Pain that tends to fall a little with every movement task; rated as a whole number from 0 to 10.

    start: the first rating. ease: how much a task takes away on average. declines: how often an answer is
    refused.
    """

    def __init__(self, seed: int, start: float = 6.0, ease: float = 0.6, declines: float = 0.05) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._level = start
        self._ease = ease
        self._declines = declines

    def after_task(self) -> None:
        self._level = float(np.clip(self._level - self._random.normal(self._ease, 0.5), 0, 10))

    def rate(self) -> int | None:
        """What it says when asked now; None declines."""
        declined = self._random.random() < self._declines
        return None if declined else round(self._level)


@dataclass(slots=True)
class Truth:
    """What the participant did, in seconds since it was first located: `cycles_s` when each repetition was half
    done (a fist half closed), `touches_s` when the fingertip entered each lit target, `answers` what it meant to say
    (None: it declined).
    """

    cycles_s: list[float] = field(default_factory=list)
    touches_s: list[float] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)


class ScriptedParticipant:
    """A person who sits. Call `locate` for a frame's display time, then `see` what is shown then.

    intact_side: of the limb that moves. hands: the sides with a hand, by default that one alone; a second one moves
    along. legs: the sides with a leg that is tracked, which move along too. answering: how the pain panel is answered.
    pain: what is answered. seat: where the person sits in the reference space, (7,).
    lapses: spans in seconds since the first `locate` in which the intact limb is not seen: the leg, where legs are
    tracked, or else the hand.
    """

    def __init__(
        self,
        seed: int,
        intact_side: Side = Side.LEFT,
        *,
        hands: Sequence[Side] | None = None,
        legs: Sequence[Side] = (),
        answering: Answering = "gaze",
        pain: FadingPain | None = None,
        seat: NDArray[np.float64] | None = None,
        lapses: Sequence[tuple[float, float]] = (),
        build: Build = USUAL,
    ) -> None:
        self.truth = Truth()
        self.answering = answering
        self.intact_side = intact_side
        self._hands = (intact_side,) if hands is None else tuple(hands)
        #: The hand that points, presses and reaches.
        self._pointing = intact_side if intact_side in self._hands or not self._hands else self._hands[0]
        self._legs = {side: DemonstratingLeg(side) for side in legs}
        self._pain = pain or FadingPain(seed)
        self._seat = geometry.pose((0.1, 0.0, -0.05), geometry.yaw(0.2)) if seat is None else seat
        self._lapses = tuple(lapses)
        self._random = random = np.random.default_rng([seed, 0])

        # On the same chair, whoever is longer in the trunk has their eyes higher.
        sitting_m = build.shoulders_above_hips + build.neck_above_shoulders
        taller_m = sitting_m - USUAL.shoulders_above_hips - USUAL.neck_above_shoulders
        below_eyes = np.array([0.0, taller_m - build.eyes_above_neck, build.eyes_before_neck])
        self._neck = _EYES_M + below_eyes
        self._size = build.arm / USUAL.arm
        shoulder = np.array([build.shoulder_breadth / 2, -build.neck_above_shoulders, 0.0])
        self._arm_out_m = self._neck + shoulder + 0.995 * build.arm * np.array([0.0, 0.0, -1.0])
        self._eyes_from_neck = np.array([0.0, build.eyes_above_neck, -build.eyes_before_neck])
        self._gaze = Movement(self._angles_to(_AHEAD_M))
        self._sway = Wavering(random, 0.1, 0.5, [0.003, 0.001, 0.003])
        self._breath_hz = random.uniform(0.2, 0.28)
        self._restlessness = Wavering(random, 0.2, 1.0, np.radians(0.12), axes=2)

        self._wrist = {side: Movement(_place(side, _LAP_M)) for side in self._hands}
        self._closure = Movement(RELAXED)
        self._tremor = {side: Wavering(random, 8.0, 12.0, 0.00025) for side in self._hands}
        self._leg = Movement(_SEATED)
        self._leg_tremor = {side: Wavering(random, 8.0, 12.0, 0.0006, axes=4) for side in self._legs}

        self._began_ns: int | None = None
        self._now_s = 0.0
        self._doing = ""
        self._act_s = 0.0
        self._closing = False
        self._half_closed_s = math.inf
        self._session_from_seat = geometry.IDENTITY.copy()
        self._acting_side: Side | None = None
        self._target: Target | None = None
        self._touched = False
        self._panel: Panel | None = None
        self._answer: int | None = None
        self._aim = ""
        self._tired_by_task = False

    @classmethod
    def of(cls, plan: Plan) -> ScriptedParticipant:
        """Whoever a plan is for: with the limbs that its profile leaves, and its legs tracked where one is lost."""
        lost = lost_limbs(plan.profile)
        legs = {limb.side for limb in lost if limb.chain is Chain.LEG}
        tracked = [side for side in Side if side not in legs] if legs else []
        return cls(plan.seed, plan.intact_side or Side.RIGHT, hands=plan.hands, legs=tracked)

    # --- what a camera would see of it ---

    def locate(self, display_time_ns: int, body: Body) -> None:
        """Fills head, hands and legs in the reference space, provenance `SCRIPTED`; everything else is unseen."""
        if self._began_ns is None:
            self._began_ns = display_time_ns
        self._now_s = now_s = (display_time_ns - self._began_ns) / 1e9
        body.forget()
        sway = self._sway.at(now_s)
        sway[1] += 0.003 * math.sin(2 * math.pi * self._breath_hz * now_s)
        angles = self._gaze.at(now_s) + self._restlessness.at(now_s)
        body.poses[HEAD] = geometry.compose(self._seat, self._head(angles, sway))
        body.provenance[HEAD] = Provenance.SCRIPTED
        lapse = any(start <= now_s < end for start, end in self._lapses)
        for side, leg in self._legs.items():
            if side is self.intact_side and lapse:
                continue
            hip, knee, ankle, inversion = (self._leg.at(now_s) + self._leg_tremor[side].at(now_s)).tolist()
            poses = body.poses[LEG[side]]
            leg.pose(_place(side, _HIP_M), poses, hip=hip, knee=knee, ankle=ankle, inversion=inversion)
            poses[:] = geometry.compose(self._seat, poses)
            body.provenance[LEG[side]] = Provenance.SCRIPTED
        for side in self._hands:
            if side is self.intact_side and lapse and not self._legs:
                continue
            body.poses[HAND[side]] = geometry.compose(self._seat, self._hand(side, now_s, sway))
            body.provenance[HAND[side]] = Provenance.SCRIPTED

    def _head(self, angles: NDArray[np.float64], sway: NDArray[np.float64]) -> NDArray[np.float64]:
        yaw, pitch = angles
        nod = np.array([math.sin(pitch / 2), 0.0, 0.0, math.cos(pitch / 2)])
        turn = geometry.quaternion_multiply(geometry.yaw(yaw), nod)
        return geometry.pose(self._neck + sway + geometry.rotate(turn, self._eyes_from_neck), turn)

    def _hand(self, side: Side, now_s: float, sway: NDArray[np.float64]) -> NDArray[np.float64]:
        place = self._wrist[side].at(now_s) + 0.5 * sway + self._tremor[side].at(now_s)
        return geometry.compose(geometry.pose(place, _HAND_TURN), self._hand_pose(side, float(self._closure.at(now_s))))

    def _hand_pose(self, side: Side, closure: float) -> NDArray[np.float64]:
        hand = hand_pose(side, closure)
        hand[:, :3] *= self._size
        return hand

    # --- what it does about what it sees ---

    def see(self, view: View) -> None:
        """Looks at what is shown now and begins whatever it asks for, after a person's reaction time."""
        self._session_from_seat = geometry.compose(geometry.invert(view.reference_from_session), self._seat)
        if view.ghost is not None and view.ghost.chain is Chain.ARM:
            self._acting_side = view.ghost.side
        if self._now_s >= self._half_closed_s:
            self.truth.cycles_s.append(self._half_closed_s)
            self._half_closed_s = math.inf
        if view.panel is not None:
            self._tell(view.panel)
        elif view.activity == "repetition" and self._can(view.movement):
            self._repeat(view.movement)
        elif view.activity == "measuring":
            self._hold_out(view.movement)
        elif view.activity == "reach" and self._hands:
            self._reach(view.targets)
        else:
            self._tired_by_task |= view.activity != ""
            self._rest(view)

    def _can(self, movement: str) -> bool:
        """Whether it has a limb for that; whoever has none watches."""
        return bool(self._legs if movement in _STROKES else self._hands)

    def _begins(self, doing: str) -> bool:
        """Whether this is new; then nothing happens before the reaction time is over."""
        if doing == self._doing:
            return False
        self._doing = doing
        self._act_s = self._now_s + self._lognormal(0.32, 0.25)
        return True

    def _rest(self, view: View) -> None:
        if self._begins("rest"):
            self._panel = self._target = None
            self._place_hands(_LAP_M)
            self._close_to(RELAXED, 0.6)
            self._leg.go(_SEATED, self._now_s, 0.8)
        ghost = view.ghost
        end = np.full(3, np.nan) if ghost is None else view.ghost_joints[ghost.chain][END[ghost.chain], :3]
        self._look_at(_AHEAD_M if np.isnan(end[0]) else self._seen_at(end))

    def _hold_out(self, limb: str) -> None:
        """Holds an arm or a leg straight out, as it is asked to."""
        if self._begins(limb):
            if limb.endswith("arm"):
                self._place_hands(self._arm_out_m)
                self._close_to(_OPEN, 0.6)
            else:
                self._place_hands(_LAP_M)
                self._leg.go(_LEG_OUT, self._now_s, 1.0)
        self._look_at(_AHEAD_M)

    def _repeat(self, movement: str) -> None:
        """Opens and closes the hand, or bends and stretches what else it is asked to, over and over."""
        of_leg = movement in _STROKES
        if self._begins(movement):
            self._tired_by_task = True
            self._closing = False
            if of_leg:
                self._leg.go(_STROKES[movement][0], self._now_s, 0.8)
            else:
                self._place_hands(_BEFORE_CHEST_M)
                self._close_to(_OPEN, 0.6)
            self._act_s += 0.8
        self._look_at(_BEFORE_CHEST_M * [0.0, 1.0, 1.0])
        if self._now_s < self._act_s:
            return
        stroke_s = self._lognormal(0.9 if of_leg else 0.6, 0.15)
        self._closing = not self._closing
        if of_leg:
            self._leg.go(_STROKES[movement][self._closing], self._now_s, stroke_s)
        else:
            self._closure.go(_FIST if self._closing else _OPEN, self._now_s, stroke_s)
        if self._closing:
            self._half_closed_s = self._now_s + stroke_s / 2
        self._act_s = self._now_s + stroke_s + self._lognormal(0.25, 0.3)

    def _reach(self, targets: Sequence[Target]) -> None:
        if self._begins("reach"):
            self._tired_by_task = True
            self._close_to(RELAXED, 0.4)
        target = next((target for target in targets if target.state is TargetState.ACTIVE), None)
        if target is not self._target:
            self._target, self._touched = target, False
            self._act_s = self._now_s + self._lognormal(0.32, 0.25)
        if target is None:
            return
        self._look_at(self._seen_at(target.position))
        goal = self._own(target.position)
        if not self._touched and np.linalg.norm(self._fingertip() - goal) < target.radius_m:
            self._touched = True
            self.truth.touches_s.append(self._now_s)
        if self._now_s >= self._act_s:
            scatter = self._random.normal(0.0, 0.006, 3)
            self._act_s = self._point_at(goal + scatter) + self._lognormal(0.8, 0.2)

    def _tell(self, panel: Panel) -> None:
        """Answers the pain panel: chooses, and confirms what it sees chosen."""
        if panel is not self._panel:
            self._panel = panel
            if self._tired_by_task:
                self._pain.after_task()
                self._tired_by_task = False
            self._answer = self._pain.rate()
            self.truth.answers.append(self._answer)
            self._aim = ""
        if self._begins("tell"):
            self._close_to(RELAXED, 0.4)
            self._act_s += 0.4
        meant = DECLINE if self._answer is None else str(self._answer)
        aim = meant if panel.chosen is None else CONFIRM if panel.chosen == meant else CHANGE
        button = next((button for button in panel.buttons if button.name == aim), None)
        if button is None or self._now_s < self._act_s:
            return
        if self.answering == "gaze":
            self._look_at(self._seen_at(geometry.apply(panel.pose, np.array([button.x, button.y, 0.0]))))
        else:
            self._press(panel, aim, button.x, button.y)

    def _press(self, panel: Panel, aim: str, x: float, y: float) -> None:
        """Hovers before a button, presses it and draws back, over and over until something happens."""
        # Looks above the buttons, so that it is the finger that chooses.
        self._look_at(self._seen_at(geometry.apply(panel.pose, np.array([0.0, panel.height / 2 - 0.03, 0.0]))))
        hover = self._seen_at(geometry.apply(panel.pose, np.array([x, y, _HOVER_M])))
        if aim != self._aim:
            self._aim = aim
            self._closing = False
            self._act_s = self._point_at(hover) + 0.15
            return
        self._closing = not self._closing
        through = self._seen_at(geometry.apply(panel.pose, np.array([x, y, -_THROUGH_M])))
        self._act_s = self._point_at(through if self._closing else hover) + 0.2

    # --- small parts ---

    def _lognormal(self, median: float, spread: float) -> float:
        return float(median * np.exp(self._random.normal(0.0, spread)))

    def _close_to(self, closure: float, duration_s: float) -> None:
        self._closure.go(closure, self._now_s, duration_s)

    def _place_hands(self, place: NDArray[np.float64]) -> None:
        for side in self._hands:
            self._wrist[side].go(_place(side, place), self._now_s, 0.7)

    def _point_at(self, place: NDArray[np.float64]) -> float:
        """Begins to bring the intact index fingertip to a place (3,) of its own space; says when it will be
        there.

        The time grows with the way, as people's does: 0.64 s for 20 cm.
        """
        movement = self._wrist[self._pointing]
        goal = place - self._tip_from_wrist(RELAXED)
        duration_s = 0.4 + 1.2 * float(np.linalg.norm(goal - movement.goal))
        movement.go(goal, self._now_s, duration_s)
        return self._now_s + duration_s

    def _fingertip(self) -> NDArray[np.float64]:
        movement, closure = self._wrist[self._pointing], float(self._closure.at(self._now_s))
        return movement.at(self._now_s) + self._tip_from_wrist(closure)

    def _tip_from_wrist(self, closure: float) -> NDArray[np.float64]:
        return geometry.rotate(_HAND_TURN, self._hand_pose(self._pointing, closure)[_INDEX_TIP, :3])

    def _seen_at(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """A place (3,) of session space in the participant's own space."""
        return geometry.apply(geometry.invert(self._session_from_seat), place)

    def _own(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where its own fingertip has to be for the acting one to be at `place` (3,) of session space.

        If it is the other arm that acts, the own one has to be at the mirror image.
        """
        across = self._acting_side is not None and self._acting_side is not self._pointing
        return self._seen_at(place * [-1.0, 1.0, 1.0] if across else place)

    def _look_at(self, place: NDArray[np.float64]) -> None:
        """Turns the head to a place (3,) of its own space, unless it is turned there already or on the way."""
        angles = self._angles_to(place)
        way = float(np.linalg.norm(angles - self._gaze.goal))
        if way > np.radians(0.7):
            self._gaze.go(angles, self._now_s, 0.25 + 0.5 * way)

    def _angles_to(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Yaw and pitch, (2,), that bring a place (3,) onto the line of sight.

        Turning the head moves the eyes, so the angles are found in a few rounds.
        """
        angles = np.zeros(2)
        for _ in range(4):
            line = place - self._head(angles, np.zeros(3))[:3]
            angles = np.array([math.atan2(-line[0], -line[2]), math.atan2(line[1], math.hypot(line[0], line[2]))])
        return angles


def _place(side: Side, place: NDArray[np.float64]) -> NDArray[np.float64]:
    return place if side is Side.RIGHT else place * [-1.0, 1.0, 1.0]
