"""Calms the picture: the One Euro filter against tracking's tremor, and a short glide where a hand comes
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
from numpy.typing import ArrayLike

from vrrehab import geometry
from vrrehab.body.skeleton import ARM, HAND, JOINT_COUNT, Body, Provenance, Side
from vrrehab.geometry import Array

_ARMS = slice(ARM[Side.LEFT].start, JOINT_COUNT)

#: How long a hand that was lost takes from where it was held to where it is.
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
        self._slopes = np.array([position_slope, rotation_slope])
        self._speed_cutoff_hz = speed_cutoff_hz
        self._poses = np.full((JOINT_COUNT, 7), np.nan)
        self._measured = np.full((JOINT_COUNT, 7), np.nan)
        self._rates = np.zeros((JOINT_COUNT, 7))
        self._now_s = -math.inf
        self._held = dict.fromkeys(Side, False)
        self._glide_from = np.full((JOINT_COUNT, 7), np.nan)
        self._glide_until_s = dict.fromkeys(Side, -math.inf)

    def forget(self) -> None:
        """Starts afresh with the next frame, as after recentring."""
        self._now_s = -math.inf

    def smooth(self, tracked: Body, steady: Body, now_s: float) -> None:
        """Writes every joint of `steady` for the frame shown at `now_s` seconds."""
        steady.copy_from(tracked)
        if not self.enabled:
            self._now_s = -math.inf
            return
        elapsed_s, self._now_s = now_s - self._now_s, now_s
        if not 0.0 <= elapsed_s <= _STALE_S:
            self._poses.fill(np.nan)
            self._glide_until_s = dict.fromkeys(Side, -math.inf)
            elapsed_s = 0.0
        for side in Side:
            self._watch(tracked, side, now_s)
        self._filter(tracked.poses[_ARMS], elapsed_s)
        steady.poses[_ARMS] = self._poses[_ARMS]
        for side in Side:
            if now_s < self._glide_until_s[side]:
                self._glide(steady, ARM[side], 1.0 - (self._glide_until_s[side] - now_s) / GLIDE_S)

    def _watch(self, tracked: Body, side: Side, now_s: float) -> None:
        """Begins a glide in the frame in which a held hand is seen again."""
        provenance = tracked.provenance[HAND[side].start]
        held = bool(provenance == Provenance.HELD)
        arm = ARM[side]
        if self._held[side] and not held and not np.isnan(self._poses[HAND[side].start, 0]):
            self._glide_from[arm] = self._poses[arm]
            self._glide_until_s[side] = now_s + GLIDE_S
            # What was filtered before the loss says nothing about now.
            self._poses[arm] = np.nan
        self._held[side] = held

    def _filter(self, measured: Array, elapsed_s: float) -> None:
        poses, before, rates = self._poses[_ARMS], self._measured[_ARMS], self._rates[_ARMS]
        new = np.isnan(poses[:, 0])
        if new.any():
            poses[new], before[new], rates[new] = measured[new], measured[new], 0.0
        if elapsed_s > 0.0:
            now = measured.copy()
            now[:, 3:] = geometry.near(measured[:, 3:], before[:, 3:])
            rates += _weight(self._speed_cutoff_hz, elapsed_s) * ((now - before) / elapsed_s - rates)
            squares = rates * rates
            cutoffs = np.empty((len(rates), 2))
            cutoffs[:, 0] = squares[:, :3].sum(axis=1)
            cutoffs[:, 1] = 4.0 * squares[:, 3:].sum(axis=1)  # a turn is twice its quaternion's way
            np.sqrt(cutoffs, out=cutoffs)
            weights = _weight(self._min_cutoff_hz + self._slopes * cutoffs, elapsed_s)
            step = now - poses
            step[:, :3] *= weights[:, :1]
            step[:, 3:] *= weights[:, 1:]
            poses += step
            poses[:, 3:] = geometry.normalise(poses[:, 3:])
            before[:] = now

    def _glide(self, steady: Body, arm: slice, ratio: float) -> None:
        """Part of the way from where the hand was held; such joints are neither measured nor held, but
        inferred.
        """
        eased = ratio * ratio * (3.0 - 2.0 * ratio)
        steady.poses[arm] = geometry.interpolate(self._glide_from[arm], steady.poses[arm], eased)
        steady.provenance[arm] = np.where(
            steady.provenance[arm] == Provenance.NONE, Provenance.NONE, Provenance.INFERRED
        )


def _weight(cutoff_hz: ArrayLike, elapsed_s: float) -> Array:
    """The share of the new value in a first-order low-pass filter, from its cutoff and the time step."""
    turn = (2 * math.pi * elapsed_s) * np.asarray(cutoff_hz)
    return turn / (turn + 1.0)
