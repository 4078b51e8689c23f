"""How still limbs were kept, which is what says that a movement was imagined and not made."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vrrehab.body.limb import Limb
from vrrehab.body.skeleton import Body, Provenance

_UNSEEN = (Provenance.NONE, Provenance.HELD)


class Stillness:
    """Takes the tracked body frame by frame while the person imagines.

    moved_m: the furthest that any joint of the limbs went from where it was at first. speed_m_s: the root mean square
    over time of the quickest joint's speed, tracking's tremor included. seen_ratio: of the frames, how many the limbs
    were seen in. All of them NaN, or 0, where the limbs were never seen.
    """

    def __init__(self, limbs: Sequence[Limb]) -> None:
        self._joints = np.concatenate([np.arange(limb.joints.start, limb.joints.stop) for limb in limbs])
        self._first: np.ndarray | None = None
        self._before: np.ndarray | None = None
        self._frames = self._seen = 0
        self._time_s = self._squares = 0.0
        self._moved_m = math.nan

    def step(self, body: Body, elapsed_s: float) -> None:
        self._frames += 1
        if np.isin(body.provenance[self._joints], _UNSEEN).any():
            self._before = None
            return
        self._seen += 1
        places = body.poses[self._joints, :3]
        if self._first is None:
            self._first, self._moved_m = places, 0.0
        self._moved_m = max(self._moved_m, _furthest(places, self._first))
        if self._before is not None and elapsed_s > 0.0:
            self._squares += _furthest(places, self._before) ** 2 / elapsed_s
            self._time_s += elapsed_s
        self._before = places

    @property
    def moved_m(self) -> float:
        return self._moved_m

    @property
    def speed_m_s(self) -> float:
        return math.sqrt(self._squares / self._time_s) if self._time_s > 0.0 else math.nan

    @property
    def seen_ratio(self) -> float:
        return self._seen / self._frames if self._frames else 0.0


def _furthest(a: np.ndarray, b: np.ndarray) -> float:
    way = a - b
    return math.sqrt(float(np.einsum("ij,ij->i", way, way).max()))
