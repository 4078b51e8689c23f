"""From what a source saw in one frame to the tracked body: what was lost is held, unseen joints inferred.

The tracked body is the record, so this says for every joint where its pose came from and improves nothing:
no smoothing, no extrapolation, no gliding back after a loss (see `vrrehab.body.smoothing`, which works on
the picture).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.ik import RESTING_ARM, RESTING_LEG, aimed, solve_arm, solve_leg
from vrrehab.body.single import Vector, multiply, rotate
from vrrehab.body.skeleton import ARM, HAND, HEAD, LEG, PELVIS, TORSO, Body, Provenance, Side, joint
from vrrehab.body.torso import place_torso

_SIDES = tuple(Side)
_WRIST = {side: joint(side, "wrist") for side in Side}
_WRISTS = tuple(_WRIST.values())
# As plain numbers, which numpy takes in a tenth of the time.
_NONE, _HELD, _INFERRED = (int(each) for each in (Provenance.NONE, Provenance.HELD, Provenance.INFERRED))
#: An arm that hangs down, the palm turned to the front as in the anatomical position.
_HANGING = geometry.quaternions_of(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
#: From the shin to a foot that is square to it.
_SQUARE = (math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
#: Upper arm and forearm, on which a tracker may be strapped where no hand is.
_NEAR = {side: slice(ARM[side].start, HAND[side].start) for side in Side}
#: What may be lost apart from the rest.
_PARTS = (HAND, _NEAR, LEG)


class Tracker:
    """Fills the tracked body from what was seen; both in session space.

    A hand counts as seen only whole: one joint short and all 26 are held where they were last seen
    together, so that no finger ever flickers between seen and held. It stays held until it is seen again,
    however long that takes. So does what a tracker strapped to a leg says, or to an arm that has no hand.

    Pelvis and torso: the pelvis stays where recentring put it, upright below the head; the torso leans and turns as
    `vrrehab.body.torso` says. Neither moves the mirror's plane. Shoulders hang on the torso and hips on the pelvis;
    elbows and knees are where `vrrehab.body.ik` puts them. A leg of which nothing was ever seen is not there.
    """

    def __init__(self, eye_height_m: float, build: Build = USUAL) -> None:
        self._held = Body.unseen().poses
        self._pelvis = geometry.IDENTITY.copy()
        self._now_s = -math.inf
        self._eye_height_m = eye_height_m
        self.fit(build)
        self.recentre(eye_height_m)

    def fit(self, build: Build) -> None:
        """From the next frame on, the person is built so."""
        self._build = build
        shoulder, hip = build.shoulder_breadth / 2, build.hip_breadth / 2
        self._shoulder_from_torso = {Side.LEFT: (-shoulder, 0.0, 0.0), Side.RIGHT: (shoulder, 0.0, 0.0)}
        self._hip_from_pelvis = {Side.LEFT: (-hip, 0.0, 0.0), Side.RIGHT: (hip, 0.0, 0.0)}
        self._ball_from_ankle = (0.0, -build.ball_below_ankle, -build.ball_before_ankle)
        self._ankle_from_ball = (0.0, build.ball_below_ankle, build.ball_before_ankle)
        below_eyes = build.eyes_above_neck + build.neck_above_shoulders + build.shoulders_above_hips
        self._pelvis[:3] = 0.0, self._eye_height_m - below_eyes, build.eyes_before_neck

    def recentre(self, eye_height_m: float, new_from_old: NDArray[np.float64] | None = None) -> None:
        """Session space has moved: puts the pelvis below the head again; what is held stays where it is in the room.

        new_from_old: (7,), of session space; None where nobody knows, and then what was held is forgotten.
        """
        self._eye_height_m = eye_height_m
        self.fit(self._build)
        if new_from_old is not None:
            self._held[:] = geometry.compose(new_from_old, self._held)
            return
        self._held.fill(np.nan)
        self._head_seen = False
        self._last_seen_s = {part[side].start: -math.inf for part in _PARTS for side in Side}

    def update(self, seen: Body, tracked: Body, now_s: float) -> None:
        """Writes every joint of `tracked` from what was `seen` in the frame shown at `now_s`."""
        self._now_s = now_s
        tracked.copy_from(seen)
        poses, provenance, held, last_seen_s = tracked.poses, tracked.provenance, self._held, self._last_seen_s
        there = provenance.tobytes()
        if there[HEAD]:
            held[HEAD] = poses[HEAD]
            self._head_seen = True
        elif self._head_seen:
            poses[HEAD], provenance[HEAD] = held[HEAD], _HELD
        for side in _SIDES:
            hand = HAND[side]
            if _NONE not in there[hand]:
                last_seen_s[hand.start] = now_s
                held[hand] = poses[hand]
            else:
                poses[hand] = held[hand]
                provenance[hand] = _HELD if last_seen_s[hand.start] > -math.inf else _NONE
                if last_seen_s[hand.start] == -math.inf:
                    self._hold(_NEAR[side], tracked, there)
            self._hold(LEG[side], tracked, there)
        if self._head_seen:
            self._infer(tracked)

    def _hold(self, part: slice, tracked: Body, there: bytes) -> None:
        """Keeps what is seen of a limb that has no hand, or puts it back where it was last seen."""
        if any(there[part]):
            self._last_seen_s[part.start] = self._now_s
            self._held[part] = tracked.poses[part]
        elif self._last_seen_s[part.start] > -math.inf:
            tracked.poses[part] = held = self._held[part]
            tracked.provenance[part] = np.where(np.isnan(held[:, 0]), _NONE, _HELD)

    def _infer(self, tracked: Body) -> None:
        """Pelvis, torso, arms and legs, wherever the source has not seen them."""
        poses, provenance = tracked.poses, tracked.provenance
        there = provenance.tobytes()
        if not there[PELVIS]:
            poses[PELVIS], provenance[PELVIS] = self._pelvis, _INFERRED
        pelvis = poses[PELVIS].tolist()
        if not there[TORSO]:
            poses[TORSO] = place_torso(poses[HEAD].tolist(), pelvis, self._build)
            provenance[TORSO] = _INFERRED
        torso = poses[TORSO].tolist()
        for side in _SIDES:
            self._infer_arm(tracked, there, side, torso)
            if any(there[LEG[side]]):
                self._infer_leg(tracked, there, side, pelvis)

    def _infer_arm(self, tracked: Body, there: bytes, side: Side, torso: list[float]) -> None:
        poses, provenance = tracked.poses, tracked.provenance
        shoulder = ARM[side].start
        elbow, wrist = shoulder + 1, _WRIST[side]
        if there[shoulder] or there[elbow]:
            self._join(tracked, there, shoulder, wrist, _on(torso, self._shoulder_from_torso[side]))
            return
        place = _on(torso, self._shoulder_from_torso[side])
        if there[wrist]:
            poses[shoulder : elbow + 1] = solve_arm(
                place, poses[wrist, :3].tolist(), self._build, RESTING_ARM[side], torso[3:]
            )
            provenance[shoulder : elbow + 1] = _INFERRED
        else:
            # Without a wrist there is no elbow, and the upper arm's rotation is not known: it hangs.
            poses[shoulder], provenance[shoulder] = (*place, *_HANGING), _INFERRED

    def _infer_leg(self, tracked: Body, there: bytes, side: Side, pelvis: list[float]) -> None:
        poses, provenance, build = tracked.poses, tracked.provenance, self._build
        hip = LEG[side].start
        knee, ankle, ball = hip + 1, hip + 2, hip + 3
        place = _on(pelvis, self._hip_from_pelvis[side])
        if not there[ankle]:
            if there[ball]:
                foot = poses[ball].tolist()
                poses[ankle], provenance[ankle] = (*_on(foot, self._ankle_from_ball), *foot[3:]), _INFERRED
            elif there[knee]:
                shin = poses[knee].tolist()
                poses[ankle] = *_on(shin, (0.0, 0.0, -build.shin)), *multiply(shin[3:], _SQUARE)
                provenance[ankle] = _INFERRED
        if there[hip] or there[knee]:
            self._join(tracked, there, hip, ankle, place)
        elif provenance[ankle]:
            poses[hip:ankle] = solve_leg(place, poses[ankle].tolist(), build, RESTING_LEG[side], pelvis[3:])
            provenance[hip:ankle] = _INFERRED
        if not there[ball] and provenance[ankle]:
            foot = poses[ankle].tolist()
            poses[ball], provenance[ball] = (*_on(foot, self._ball_from_ankle), *foot[3:]), _INFERRED

    def _join(self, tracked: Body, there: bytes, root: int, end: int, place: Vector) -> None:
        """What is missing of a limb of which upper bone or lower bone was seen: the root at its `place` on the trunk,
        the hinge at the end of the upper bone; both turned to the next joint, and about themselves as their neighbour.
        """
        poses, provenance = tracked.poses, tracked.provenance
        hinge = root + 1
        if not there[root]:
            x, y, z, *turn = poses[hinge].tolist()
            poses[root], provenance[root] = (*place, *aimed(turn, place, (x, y, z))), _INFERRED
        elif not there[hinge] and provenance[end]:
            upper = poses[root].tolist()
            length = self._build.upper_arm if end in _WRISTS else self._build.thigh
            joint = _on(upper, (0.0, 0.0, -length))
            poses[hinge] = *joint, *aimed(upper[3:], joint, poses[end, :3].tolist())
            provenance[hinge] = _INFERRED


def _on(pose: list[float], place: Vector) -> Vector:
    """A place (3,) in the frame of a pose (7,), where the pose is expressed."""
    x, y, z, *turn = pose
    right, up, back = rotate(turn, place)
    return x + right, y + up, z + back
