"""Recorded frames as a timeline: the bodies at any time, between two frames interpolated.

Goes forward only, with one piece of the record in memory. Joints go by their names, so that a session of an earlier
version, with other joints, can be gone through as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from telemetry.motion import FrameLayout
from vrrehab import geometry
from vrrehab.body.skeleton import INDEX, Body


class Timeline:
    """Frames of `layout`, in order. Times are of the session's monotonic clock, in nanoseconds.

    over: whether the time that was asked for last is behind the last frame. first_ns: when the first frame was; 0 where
    there is none.
    """

    def __init__(self, frames: Iterator[NDArray[np.void]], layout: FrameLayout) -> None:
        self._pieces = (piece for piece in frames if len(piece))
        self._piece: NDArray[np.void] = np.empty(0, layout.dtype)
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        known = [(i, INDEX[name]) for i, name in enumerate(layout.joints) if name in INDEX]
        self._from = np.array([i for i, _ in known], np.intp)
        self._to = np.array([j for _, j in known], np.intp)
        self._more = self._next()
        self.first_ns = int(self._times[0]) if self._more else 0
        self.over = not self._more
        self._before = self._after = 0
        self._ratio = 0.0

    def seek(self, time_ns: int) -> None:
        """Go to a time; not behind one that was asked for before."""
        while self._more and time_ns >= self._times[-1]:
            self._more = self._next()
        last = len(self._times) - 1
        self.over = last < 0 or time_ns > self._times[last]
        if last < 0:
            return
        self._before = min(max(int(np.searchsorted(self._times, time_ns, side="right")) - 1, 0), last)
        self._after = min(self._before + 1, last)
        step_ns = int(self._times[self._after] - self._times[self._before])
        self._ratio = min(max((time_ns - int(self._times[self._before])) / step_ns, 0.0), 1.0) if step_ns else 0.0
        if not self._ratio:
            # On a frame's very time that frame alone counts, also where a joint is lost in the next one.
            self._after = self._before

    def read(self, body: str, into: Body) -> None:
        """One of the bodies, `tracked` or `virtual`, at that time; a joint is there where both frames have it."""
        into.forget()
        if not len(self._piece):
            return
        before, after = self._piece[self._before], self._piece[self._after]
        provenance = before[f"{body}_provenance"][self._from]
        there = (provenance != 0) & (after[f"{body}_provenance"][self._from] != 0)
        poses = before[body][self._from].astype(float)
        if self._after != self._before:
            poses = geometry.interpolate(poses, after[body][self._from].astype(float), self._ratio)
        into.poses[self._to[there]] = poses[there]
        into.provenance[self._to[there]] = provenance[there]

    def _next(self) -> bool:
        """Take the next piece, with the last frame of the one before; False where there is none."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._piece = np.concatenate([self._piece[-1:], piece])
        self._times = np.ascontiguousarray(self._piece["mono_ns"])
        return True
