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
from vrrehab.body.single import rotate
from vrrehab.body.skeleton import HAND, HEAD, PELVIS, TORSO, Body, Provenance, Side, joint

_SHOULDER, _ELBOW, _WRIST = ({side: joint(side, name) for side in Side} for name in ("shoulder", "elbow", "wrist"))
_SIDES = tuple(Side)
# As plain numbers, which numpy takes in a tenth of the time.
_NONE, _HELD, _INFERRED = (int(each) for each in (Provenance.NONE, Provenance.HELD, Provenance.INFERRED))
#: An arm that hangs down, the palm turned to the front as in the anatomical position.
_HANGING = geometry.quaternions_of(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))


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
        self._held = Body.unseen().poses
        self._head_seen = False
        self._last_seen_s = {side: -math.inf for side in Side}
        self._now_s = -math.inf
        half = build.shoulder_breadth / 2
        self._shoulder_from_torso = {Side.LEFT: (-half, 0.0, 0.0), Side.RIGHT: (half, 0.0, 0.0)}
        self._neck_from_head = (0.0, -build.eyes_above_neck, build.eyes_before_neck)
        self._pelvis = geometry.IDENTITY.copy()
        self.recentre(eye_height_m)

    def recentre(self, eye_height_m: float) -> None:
        """Session space has moved: puts the pelvis below the head again and forgets what was held in the
        old one.
        """
        build = self._build
        below_eyes = build.eyes_above_neck + build.neck_above_shoulders + build.shoulders_above_hips
        self._pelvis[:3] = 0.0, eye_height_m - below_eyes, build.eyes_before_neck
        self._held.fill(np.nan)
        self._head_seen = False
        self._last_seen_s = {side: -math.inf for side in Side}

    def lost_for_s(self, side: Side) -> float:
        """How long a hand has not been seen, at the last `update`: 0 while it is, infinite if it never was."""
        return self._now_s - self._last_seen_s[side] if self._now_s > -math.inf else math.inf

    def update(self, seen: Body, tracked: Body, now_s: float) -> None:
        """Writes every joint of `tracked` from what was `seen` in the frame shown at `now_s`."""
        self._now_s = now_s
        tracked.copy_from(seen)
        poses, provenance, held = tracked.poses, tracked.provenance, self._held
        there = provenance.tobytes()
        if there[HEAD]:
            held[HEAD] = poses[HEAD]
            self._head_seen = True
        elif self._head_seen:
            poses[HEAD], provenance[HEAD] = held[HEAD], _HELD
        for side in _SIDES:
            hand = HAND[side]
            if _NONE not in there[hand]:
                self._last_seen_s[side] = now_s
                held[hand] = poses[hand]
            else:
                poses[hand] = held[hand]
                provenance[hand] = _HELD if self._last_seen_s[side] > -math.inf else _NONE
        if self._head_seen:
            self._infer(tracked)

    def _infer(self, tracked: Body) -> None:
        """Pelvis, torso, shoulders and elbows, wherever the source has not seen them."""
        poses, provenance = tracked.poses, tracked.provenance
        there = provenance.tobytes()
        if not there[PELVIS]:
            poses[PELVIS], provenance[PELVIS] = self._pelvis, _INFERRED
        if not there[TORSO]:
            poses[TORSO], provenance[TORSO] = self._torso(poses[HEAD].tolist(), poses[PELVIS].tolist()), _INFERRED
        x, y, z, *torso = poses[TORSO].tolist()
        for side in _SIDES:
            shoulder, elbow = _SHOULDER[side], _ELBOW[side]
            if there[shoulder] and there[elbow]:
                continue
            right, up, back = rotate(torso, self._shoulder_from_torso[side])
            place = x + right, y + up, z + back
            if there[_WRIST[side]]:
                wrist = poses[_WRIST[side], :3].tolist()
                upper, fore = solve_arm(place, wrist, self._build, RESTING_ARM[side], torso)
                if not there[elbow]:
                    poses[elbow], provenance[elbow] = fore, _INFERRED
            else:
                # Without a wrist there is no elbow, and the upper arm's rotation is not known: it hangs.
                upper = *place, *_HANGING
            if not there[shoulder]:
                poses[shoulder], provenance[shoulder] = upper, _INFERRED

    def _torso(self, head: list[float], pelvis: list[float]) -> tuple[float, ...]:
        """The torso at the height of the shoulders, (7,), leaning from the pelvis toward the neck."""
        head_x, head_y, head_z, *turn = head
        right, up, back = rotate(turn, self._neck_from_head)
        neck_x, neck_y, neck_z = head_x + right, head_y + up, head_z + back
        x, y, z = neck_x - pelvis[0], neck_y - pelvis[1], neck_z - pelvis[2]
        length = math.sqrt(x * x + y * y + z * z)
        # Nobody's neck is below their hips: a headset laid on the floor leaves the torso upright.
        x, y, z = (x / length, y / length, z / length) if length > 0.1 and y > 0.0 else (0.0, 1.0, 0.0)
        below = self._build.neck_above_shoulders
        # The shortest turn from upright to the spine; it has no twist about it.
        norm = math.sqrt(2.0 + 2.0 * y)
        turned = z / norm, 0.0, -x / norm, (1.0 + y) / norm
        return neck_x - x * below, neck_y - y * below, neck_z - z * below, *turned
