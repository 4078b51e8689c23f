"""What an experiment does to a virtual limb's movement: later than the person's own (delay), larger or smaller (gain).

Both are exact at rest: a delay of 0 and a gain of 1 are never computed. A change of either comes on gradually, since a
limb that jumps is no longer one's own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import Chain
from vrrehab.body.posture import NEUTRAL, RANGES, quaternions_of, vectors_of
from vrrehab.geometry import quaternion_conjugate, quaternion_multiply

Floats = NDArray[np.float64]

#: The longest delay.
LONGEST_S = 1.0
#: Frames kept for it: one second at 240 Hz.
_KEPT = 241
#: Delay grows or shrinks by this many seconds a second, as a film run a little slower or faster.
_DELAY_RATE = 0.5
#: Gain changes by this much a second.
_GAIN_RATE = 1.0
#: A shoulder or a hip is turned no further than this from where it began.
_ROOT_RAD = 2.6


class DelayLine:
    """Gives a limb back as it was some time ago, between two frames where need be; written in place.

    The limb goes on hanging where it hangs now: what is late is how it moves, not where the person sits.
    """

    def __init__(self, joints: int) -> None:
        self._times_s = np.zeros(_KEPT)
        self._poses = np.empty((_KEPT, joints, 7))
        self._provenance = np.empty((_KEPT, joints), np.uint8)
        self._way = np.empty((joints, 7))
        self._dots = np.empty((joints, 1))
        self.forget()

    def forget(self) -> None:
        """Starts afresh, as after recentring: what was kept says nothing any more."""
        self._count = 0
        self._read = 0
        self._delay_s = math.nan
        self._now_s = math.nan

    def delay(self, poses: Floats, provenance: NDArray[np.uint8], now_s: float, delay_s: float) -> None:
        """Keep the limb of `now_s` and write the one of `delay_s` before over it; or the oldest, where that was not."""
        newest = self._count % _KEPT
        self._times_s[newest] = now_s
        self._poses[newest] = poses
        self._provenance[newest] = provenance
        self._count += 1
        if math.isnan(self._delay_s):
            self._delay_s = delay_s
        else:
            step = _DELAY_RATE * max(now_s - self._now_s, 0.0)
            self._delay_s = min(max(delay_s, self._delay_s - step), self._delay_s + step)
        self._now_s = now_s
        if self._delay_s > 0.0:
            self._play(poses, provenance, now_s - self._delay_s)

    def _play(self, poses: Floats, provenance: NDArray[np.uint8], at_s: float) -> None:
        times, last = self._times_s, self._count - 1
        first = max(self._count - _KEPT, 0)
        # From where it was read last; time seldom goes far in a frame.
        before = min(max(self._read, first), last)
        while before < last and times[(before + 1) % _KEPT] <= at_s:
            before += 1
        while before > first and times[before % _KEPT] > at_s:
            before -= 1
        self._read = before
        here, after = before % _KEPT, min(before + 1, last) % _KEPT
        root_x, root_y, root_z = poses[0, :3].tolist()
        np.copyto(poses, self._poses[here])
        np.copyto(provenance, self._provenance[here])
        step_s = times[after] - times[here]
        if step_s > 0.0 and at_s > times[here]:
            way, dots = self._way, self._dots
            np.multiply(poses, self._poses[after], out=way)
            np.add.reduce(way[:, 3:], axis=1, keepdims=True, out=dots)
            np.copysign(1.0, dots, out=dots)
            # Of q and -q the one nearer to the frame before. Frames lie so near that straight lines do for turns.
            np.copyto(way, self._poses[after])
            way[:, 3:] *= dots
            way -= poses
            way *= (at_s - times[here]) / step_s
            poses += way
            np.multiply(poses, poses, out=way)
            np.add.reduce(way[:, 3:], axis=1, keepdims=True, out=dots)
            np.sqrt(dots, out=dots)
            poses[:, 3:] /= dots
        poses[:, 0] += root_x - poses[0, 0]
        poses[:, 1] += root_y - poses[0, 1]
        poses[:, 2] += root_z - poses[0, 2]


class Gain:
    """Makes a limb's movement larger or smaller, about the posture that it had when the gain left 1.

    It scales turns of joints, never places, so that bones keep their lengths, and goes no further than joints do,
    unless the person's own joint is there already.
    """

    def __init__(self, chain: Chain) -> None:
        self._neutral = NEUTRAL[chain].copy()
        self._least, self._most = RANGES[chain].copy()
        self._least[0], self._most[0] = -np.inf, np.inf
        self._start: Floats | None = None
        self._gain = 1.0

    def forget(self) -> None:
        self._start = None
        self._gain = 1.0

    def approach(self, gain: float, elapsed_s: float) -> bool:
        """Goes on toward a gain; whether there is anything to scale."""
        step = _GAIN_RATE * elapsed_s
        self._gain = min(max(gain, self._gain - step), self._gain + step)
        if self._gain == 1.0 == gain:
            self._start = None
        return self._gain != 1.0

    def scale(self, turns: Floats) -> Floats:
        """The joints' turns (n, 4), each in the frame before it and as of a right limb, scaled."""
        if self._start is None:
            self._neutral[0] = turns[0]
            self._start = self._vectors(turns)
        own = self._vectors(turns)
        scaled = self._start + self._gain * (own - self._start)
        np.clip(scaled, np.minimum(self._least, own), np.maximum(self._most, own), out=scaled)
        root = math.sqrt(float(scaled[0] @ scaled[0]))
        most = max(_ROOT_RAD, math.sqrt(float(own[0] @ own[0])))
        if root > most:
            scaled[0] *= most / root
        return quaternion_multiply(self._neutral, quaternions_of(scaled))

    def _vectors(self, turns: Floats) -> Floats:
        return vectors_of(quaternion_multiply(quaternion_conjugate(self._neutral), turns))
