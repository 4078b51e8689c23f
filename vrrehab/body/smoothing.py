"""Calms the picture: the One Euro filter against tracking's tremor, and a short glide where a hand or a foot comes
back.

Works between the tracked body, which stays as it was measured, and the drive, so that the mirrored arm is
as calm as the intact one. Switched off, it hands the body on bit for bit.

The filter is Casiez, Roussel and Vogel (CHI 2012): a low-pass filter whose cutoff rises with speed, so that
a still hand does not tremble and a fast one does not lag. At 1 m/s the cutoff is 22 Hz and the lag about 7
ms.
"""

from __future__ import annotations

import math

import numpy as np

from vrrehab import geometry
from vrrehab.body.skeleton import ARM, JOINT_COUNT, LEG, Body, Provenance, Side
from vrrehab.geometry import Array

_TRUNK, _LIMBS = slice(0, ARM[Side.LEFT].start), slice(ARM[Side.LEFT].start, JOINT_COUNT)
#: What is lost and found as a whole.
_PARTS = tuple(limb[side] for side in Side for limb in (ARM, LEG))
_HELD = int(Provenance.HELD)

#: How long a limb that was lost takes from where it was held to where it is.
GLIDE_S = 0.15
#: After a longer gap between frames the past says nothing about the present.
_STALE_S = 0.25


class Smoother:
    """Writes a steadied copy of the tracked body. Joints of head and trunk are passed on as they are.

    enabled: off is an exact copy, and on again starts afresh. min_cutoff_hz: the cutoff at rest.
    position_slope: cutoff gained per m/s. rotation_slope: cutoff gained per rad/s. speed_cutoff_hz: the
    cutoff of the speeds themselves (1 Hz in the paper).
    """

    def __init__(
        self,
        enabled: bool = True,
        min_cutoff_hz: float = 2.0,
        position_slope: float = 20.0,
        rotation_slope: float = 3.0,
        speed_cutoff_hz: float = 2.0,
    ) -> None:
        self.enabled = enabled
        self._min_cutoff_hz = min_cutoff_hz
        # From the squares of a pose's rates to the squares of slope times speed, for each of its numbers: its place has
        # one speed and its rotation another, twice that of its quaternion.
        self._squared_slopes = np.zeros((7, 7))
        self._squared_slopes[:3, :3] = position_slope**2
        self._squared_slopes[3:, 3:] = (2.0 * rotation_slope) ** 2
        self._speed_cutoff_hz = speed_cutoff_hz
        self._poses = np.full((JOINT_COUNT, 7), np.nan)
        self._glide_from = np.full((JOINT_COUNT, 7), np.nan)
        self._now_s = -math.inf
        #: The provenance of the frame before, as bytes; empty where there is none.
        self._known = b""
        self._held = [False] * len(_PARTS)
        self._glide_until_s = [-math.inf] * len(_PARTS)
        self._gliding_until_s = -math.inf
        # What the filter works on, limbs alone: written in place, since new arrays are half of such a frame's cost.
        self._calm = self._poses[_LIMBS]
        self._before, self._now, self._change, self._rates, self._left = np.full((5, *self._calm.shape), np.nan)
        self._spelling = np.ones(self._calm.shape)

    def forget(self) -> None:
        """Starts afresh with the next frame, as after recentring."""
        self._now_s = -math.inf

    def smooth(self, tracked: Body, steady: Body, now_s: float) -> None:
        """Writes every joint of `steady` for the frame shown at `now_s` seconds."""
        if not self.enabled:
            steady.copy_from(tracked)
            self._now_s = -math.inf
            return
        elapsed_s, self._now_s = now_s - self._now_s, now_s
        if not 0.0 <= elapsed_s <= _STALE_S:
            self._poses.fill(np.nan)
            self._known = b""
            self._glide_until_s = [-math.inf] * len(_PARTS)
            self._gliding_until_s = -math.inf
            elapsed_s = 0.0
        # A joint comes, goes, is held or found only where provenance changes, which is seldom.
        known = tracked.provenance.tobytes()
        if known != self._known:
            self._known = known
            for number, part in enumerate(_PARTS):
                self._watch(number, part, tracked, now_s)
            self._begin(tracked.poses[_LIMBS])
        if elapsed_s > 0.0:
            self._filter(tracked.poses[_LIMBS], elapsed_s)
        steady.provenance[:] = tracked.provenance
        steady.poses[_TRUNK] = tracked.poses[_TRUNK]
        steady.poses[_LIMBS] = self._calm
        if now_s < self._gliding_until_s:
            for part, until_s in zip(_PARTS, self._glide_until_s, strict=True):
                if now_s < until_s:
                    self._glide(steady, part, 1.0 - (until_s - now_s) / GLIDE_S)

    def _watch(self, number: int, part: slice, tracked: Body, now_s: float) -> None:
        """Begins a glide in the frame in which a held limb is seen again."""
        held = _HELD in self._known[part]
        if self._held[number] and not held and any(self._known[part]):
            before = self._poses[part]
            self._glide_from[part] = np.where(np.isnan(before), tracked.poses[part], before)
            self._glide_until_s[number] = self._gliding_until_s = now_s + GLIDE_S
            # What was filtered before the loss says nothing about now.
            self._poses[part] = np.nan
        self._held[number] = held

    def _begin(self, measured: Array) -> None:
        """Joints without a past are taken as they are, and at rest."""
        new = np.isnan(self._calm[:, 0])
        self._calm[new] = self._before[new] = measured[new]
        self._rates[new] = 0.0

    def _filter(self, measured: Array, elapsed_s: float) -> None:
        """The paper's equations, for all joints and both parts of their poses at once."""
        calm, before, now, change, rates = self._calm, self._before, self._now, self._change, self._rates
        # Of q and -q, which are the same rotation, the one nearer to the rotation before.
        nearness = np.vecdot(measured[:, 3:], before[:, 3:])
        np.copysign(1.0, nearness[:, None], out=self._spelling[:, 3:])
        np.multiply(measured, self._spelling, out=now)

        turn = 2 * math.pi * elapsed_s
        weight = turn * self._speed_cutoff_hz / (turn * self._speed_cutoff_hz + 1.0)
        np.subtract(now, before, out=change)
        change *= weight / elapsed_s
        rates *= 1.0 - weight
        rates += change

        # A filter with cutoff f leaves 1 / (2 pi f dt + 1) of the way from the new value back to the old one.
        left = self._left
        np.multiply(rates, rates, out=change)
        np.matmul(change, self._squared_slopes, out=left)
        np.sqrt(left, out=left)
        left *= turn
        left += turn * self._min_cutoff_hz + 1.0
        np.subtract(calm, now, out=change)
        change /= left
        np.add(now, change, out=calm)

        turns = calm[:, 3:]
        turns /= np.sqrt(np.vecdot(turns, turns))[:, None]
        self._before, self._now = now, before

    def _glide(self, steady: Body, part: slice, ratio: float) -> None:
        """Part of the way from where the limb was held; such joints are neither measured nor held, but
        inferred.
        """
        eased = ratio * ratio * (3.0 - 2.0 * ratio)
        steady.poses[part] = geometry.interpolate(self._glide_from[part], steady.poses[part], eased)
        steady.provenance[part] = np.where(
            steady.provenance[part] == Provenance.NONE, Provenance.NONE, Provenance.INFERRED
        )
