"""From what a source saw in one frame to the tracked body: lost hands are held, unseen joints inferred.

The tracked body is the record, so this says for every joint where its pose came from and improves nothing:
no smoothing, no extrapolation, no gliding back after a loss (see `vrrehab.body.smoothing`, which works on
the picture).
"""

from __future__ import annotations

import math

import numpy as np

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.ik import RESTING_ARM, solve_arm
from vrrehab.body.skeleton import ARM, HAND, HEAD, PELVIS, TORSO, Body, Provenance, Side, joint

_WRISTS = np.array([joint(side, "wrist") for side in Side])
#: Shoulder and elbow of both arms, in one list.
_ARMS = np.array([ARM[side].start + i for side in Side for i in (0, 1)])
_RESTING_ARMS = np.stack([RESTING_ARM[side] for side in Side])
#: An arm that hangs down, the palm turned to the front as in the anatomical position.
_HANGING = geometry.quaternions_of(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
_UP = np.array([0.0, 1.0, 0.0])


class Tracker:
    """Fills the tracked body from what was seen; both in session space.

    A hand counts as seen only whole: one joint short and all 26 are held where they were last seen
    together, so that no finger ever flickers between seen and held. It stays held until it is seen again,
    however long that takes.

    Pelvis and torso: the pelvis stays where recentring put it, upright below the head; the torso leans so
    that the neck meets the head. Neither follows the headset's yaw. Shoulders hang on the torso, elbows on
    shoulder and wrist.
    """

    def __init__(self, eye_height_m: float, build: Build = USUAL) -> None:
        self._build = build
        self._held = Body.unseen()
        self._last_seen_s = {side: -math.inf for side in Side}
        self._now_s = -math.inf
        half = build.shoulder_breadth / 2
        self._shoulders_from_torso = np.array([[-half, 0.0, 0.0], [half, 0.0, 0.0]])
        self._neck_from_head = geometry.pose((0.0, -build.eyes_above_neck, build.eyes_before_neck))
        self._pelvis = geometry.IDENTITY.copy()
        self.recentre(eye_height_m)

    def recentre(self, eye_height_m: float) -> None:
        """Session space has moved: puts the pelvis below the head again and forgets what was held in the
        old one.
        """
        build = self._build
        below_eyes = build.eyes_above_neck + build.neck_above_shoulders + build.shoulders_above_hips
        self._pelvis[:3] = 0.0, eye_height_m - below_eyes, build.eyes_before_neck
        self._held.forget()
        self._last_seen_s = {side: -math.inf for side in Side}

    def lost_for_s(self, side: Side) -> float:
        """How long a hand has not been seen, at the last `update`: 0 while it is, infinite if it never was."""
        return self._now_s - self._last_seen_s[side] if self._now_s > -math.inf else math.inf

    def update(self, seen: Body, tracked: Body, now_s: float) -> None:
        """Writes every joint of `tracked` from what was `seen` in the frame shown at `now_s`."""
        self._now_s = now_s
        tracked.copy_from(seen)
        held = self._held
        if seen.provenance[HEAD] != Provenance.NONE:
            held.poses[HEAD], held.provenance[HEAD] = seen.poses[HEAD], Provenance.HELD
        else:
            tracked.poses[HEAD], tracked.provenance[HEAD] = held.poses[HEAD], held.provenance[HEAD]
        for side in Side:
            hand = HAND[side]
            if seen.provenance[hand].all():
                self._last_seen_s[side] = now_s
                held.poses[hand], held.provenance[hand] = seen.poses[hand], Provenance.HELD
            else:
                tracked.poses[hand], tracked.provenance[hand] = held.poses[hand], held.provenance[hand]
        self._infer(tracked)

    def _infer(self, tracked: Body) -> None:
        """Pelvis, torso, shoulders and elbows, wherever the source has not seen them; NaN without a head."""
        poses, provenance = tracked.poses, tracked.provenance
        if provenance[HEAD] == Provenance.NONE:
            return
        if provenance[PELVIS] == Provenance.NONE:
            poses[PELVIS], provenance[PELVIS] = self._pelvis, Provenance.INFERRED
        if provenance[TORSO] == Provenance.NONE:
            poses[TORSO], provenance[TORSO] = self._torso(poses[HEAD], poses[PELVIS]), Provenance.INFERRED
        torso = poses[TORSO]
        shoulders = geometry.apply(torso, self._shoulders_from_torso)
        arms = solve_arm(shoulders, poses[_WRISTS, :3], self._build, _RESTING_ARMS, torso[3:])
        for i, wrist in enumerate(_WRISTS):
            if provenance[wrist] == Provenance.NONE:
                # Without a wrist there is no elbow, and the upper arm's rotation is not known: it hangs.
                arms[i, 0, :3], arms[i, 0, 3:] = shoulders[i], _HANGING
        found = np.where(np.isnan(arms[..., 0].ravel()), Provenance.NONE, Provenance.INFERRED)
        unseen = provenance[_ARMS] == Provenance.NONE
        rows = _ARMS[unseen]
        poses[rows], provenance[rows] = arms.reshape(4, 7)[unseen], found[unseen]

    def _torso(self, head: geometry.Array, pelvis: geometry.Array) -> geometry.Array:
        """The torso at the height of the shoulders, (7,), leaning from the pelvis toward the neck."""
        neck = geometry.apply(head, self._neck_from_head[:3])
        spine = neck - pelvis[:3]
        length = math.sqrt(float(spine @ spine))
        # Nobody's neck is below their hips: a headset laid on the floor leaves the torso upright.
        up = spine / length if length > 0.1 and spine[1] > 0.0 else _UP
        out = np.empty(7)
        out[:3] = neck - up * self._build.neck_above_shoulders
        # The shortest turn from upright to `up`; it has no twist about the spine.
        out[3:] = up[2], 0.0, -up[0], 1.0 + up[1]
        out[3:] /= math.sqrt(float(out[3:] @ out[3:]))
        return out
