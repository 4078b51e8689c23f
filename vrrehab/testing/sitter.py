"""A body that sits: head, hands and legs that breathe, tremble a little, and go smoothly to where they are wanted.

What a scripted participant does with it is in `vrrehab.testing.participant`. The same seed and the same display times
give the same movements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, LEG, Body, Provenance, Side
from vrrehab.tasks.demonstration import DemonstratingLeg
from vrrehab.testing.enacting import Enacting
from vrrehab.testing.movement import Movement, Wavering

# Places in the participant's own space: the floor below the head, -Z ahead. For the right hand; the left's
# are mirrored.
_EYES_M = np.array([0.0, 1.20, 0.0])
LAP_M = np.array([0.17, 0.76, -0.32])
AHEAD_M = np.array([0.0, 1.10, -1.5])
#: The hand points ahead, a little raised.
_HAND_TURN = np.array([math.sin(0.1), 0.0, 0.0, math.cos(0.1)])

_HIP_M = np.array([0.09, 0.52, 0.08])
#: A seated leg's hip, knee, ankle and inversion, radians.
SEATED = (1.48, 1.48, 0.0, 0.0)
_INDEX_TIP = HAND_JOINTS.index("index_tip")


class Sitter:
    """See the module; `vrrehab.testing.participant.ScriptedParticipant` has the parameters."""

    def __init__(
        self,
        seed: int,
        intact_side: Side,
        hands: Sequence[Side],
        legs: Sequence[Side],
        seat: NDArray[np.float64] | None,
        lapses: Sequence[tuple[float, float]],
        build: Build,
    ) -> None:
        self.intact_side = intact_side
        self.build = build
        self.hands = tuple(hands)
        #: The hand that points, presses and reaches.
        self.pointing = intact_side if intact_side in self.hands or not self.hands else self.hands[0]
        self.legs = {side: DemonstratingLeg(side) for side in legs}
        self.seat = geometry.pose((0.1, 0.0, -0.05), geometry.yaw(0.2)) if seat is None else seat
        self._lapses = tuple(lapses)
        self.random = random = np.random.default_rng([seed, 0])

        # On the same chair, whoever is longer in the trunk has their eyes higher.
        sitting_m = build.shoulders_above_hips + build.neck_above_shoulders
        taller_m = sitting_m - USUAL.shoulders_above_hips - USUAL.neck_above_shoulders
        below_eyes = np.array([0.0, taller_m - build.eyes_above_neck, build.eyes_before_neck])
        self._neck = _EYES_M + below_eyes
        self._size = build.arm / USUAL.arm
        shoulder = np.array([build.shoulder_breadth / 2, -build.neck_above_shoulders, 0.0])
        self._shoulder_m = self._neck + shoulder
        #: Where the right wrist is with the arm held straight out.
        self.arm_out_m = self._neck + shoulder + 0.995 * build.arm * np.array([0.0, 0.0, -1.0])
        self._eyes_from_neck = np.array([0.0, build.eyes_above_neck, -build.eyes_before_neck])
        self._gaze = Movement(self._angles_to(AHEAD_M))
        self._sway = Wavering(random, 0.1, 0.5, [0.003, 0.001, 0.003])
        self._breath_hz = random.uniform(0.2, 0.28)
        self._restlessness = Wavering(random, 0.2, 1.0, np.radians(0.12), axes=2)

        self._wrist = {side: Movement(_place(side, LAP_M)) for side in self.hands}
        self._closure = Movement(RELAXED)
        self._tremor = {side: Wavering(random, 8.0, 12.0, 0.00025) for side in self.hands}
        self.leg = Movement(SEATED)
        self._leg_tremor = {side: Wavering(random, 8.0, 12.0, 0.0006, axes=4) for side in self.legs}

        self._began_ns: int | None = None
        #: Seconds since it was first located.
        self.now_s = 0.0
        self.session_from_seat = geometry.IDENTITY.copy()
        #: The task that a limb performs, until that is at rest again.
        self.enacting: Enacting | None = None

    # --- what a camera would see of it ---

    def locate(self, display_time_ns: int, body: Body) -> None:
        """Fills head, hands and legs in the reference space, provenance `SCRIPTED`; everything else is unseen."""
        if self._began_ns is None:
            self._began_ns = display_time_ns
        self.now_s = now_s = (display_time_ns - self._began_ns) / 1e9
        body.forget()
        sway = self._sway.at(now_s)
        sway[1] += 0.003 * math.sin(2 * math.pi * self._breath_hz * now_s)
        angles = self._gaze.at(now_s) + self._restlessness.at(now_s)
        body.poses[HEAD] = geometry.compose(self.seat, self._head(angles, sway))
        body.provenance[HEAD] = Provenance.SCRIPTED
        if self.enacting is not None and self.enacting.rested(now_s):
            self.enacting = None
        lapse = any(start <= now_s < end for start, end in self._lapses)
        for side, leg in self.legs.items():
            if side is self.intact_side and lapse:
                continue
            hip, knee, ankle, inversion = (self.leg.at(now_s) + self._leg_tremor[side].at(now_s)).tolist()
            poses = body.poses[LEG[side]]
            leg.pose(_place(side, _HIP_M), poses, hip=hip, knee=knee, ankle=ankle, inversion=inversion)
            poses[:] = geometry.compose(self.seat, self._enacted(Limb(Chain.LEG, side), poses))
            body.provenance[LEG[side]] = Provenance.SCRIPTED
        for side in self.hands:
            if side is self.intact_side and lapse and not self.legs:
                continue
            hand = self._enacted(Limb(Chain.ARM, side), self._hand(side, now_s, sway))
            body.poses[HAND[side]] = geometry.compose(self.seat, hand)
            body.provenance[HAND[side]] = Provenance.SCRIPTED

    def _enacted(self, limb: Limb, rest: NDArray[np.float64]) -> NDArray[np.float64]:
        """What of a limb is seen (n, 7), own space, in a task for such limbs; the other side's moves along."""
        enacting = self.enacting
        if enacting is None or enacting.own.chain is not limb.chain:
            return rest
        rest = geometry.compose(self.session_from_seat, rest)
        if limb.side is enacting.own.side:
            moved = enacting.over(rest, self.now_s)
        else:
            moved = geometry.mirror(enacting.over(geometry.mirror(rest), self.now_s))
        return geometry.compose(geometry.invert(self.session_from_seat), moved)

    def root_of(self, limb: Limb) -> NDArray[np.float64]:
        """Where its shoulder or hip is, (3,), session space."""
        root = self._shoulder_m if limb.chain is Chain.ARM else _HIP_M
        return geometry.apply(self.session_from_seat, _place(limb.side, root))

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

    # --- what it can do ---

    def lognormal(self, median: float, spread: float) -> float:
        return float(median * np.exp(self.random.normal(0.0, spread)))

    def close_to(self, closure: float, duration_s: float) -> None:
        self._closure.go(closure, self.now_s, duration_s)

    def place_hands(self, place: NDArray[np.float64]) -> None:
        for side in self.hands:
            self._wrist[side].go(_place(side, place), self.now_s, 0.7)

    def point_at(self, place: NDArray[np.float64]) -> float:
        """Begins to bring the intact index fingertip to a place (3,) of its own space; says when it will be
        there.

        The time grows with the way, as people's does: 0.64 s for 20 cm.
        """
        movement = self._wrist[self.pointing]
        goal = place - self._tip_from_wrist(RELAXED)
        duration_s = 0.4 + 1.2 * float(np.linalg.norm(goal - movement.goal))
        movement.go(goal, self.now_s, duration_s)
        return self.now_s + duration_s

    def _tip_from_wrist(self, closure: float) -> NDArray[np.float64]:
        return geometry.rotate(_HAND_TURN, self._hand_pose(self.pointing, closure)[_INDEX_TIP, :3])

    def seen_at(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """A place (3,) of session space in the participant's own space."""
        return geometry.apply(geometry.invert(self.session_from_seat), place)

    def look_at(self, place: NDArray[np.float64]) -> None:
        """Turns the head to a place (3,) of its own space, unless it is turned there already or on the way."""
        angles = self._angles_to(place)
        way = float(np.linalg.norm(angles - self._gaze.goal))
        if way > np.radians(0.7):
            self._gaze.go(angles, self.now_s, 0.25 + 0.5 * way)

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
