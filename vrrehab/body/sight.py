"""How long the limbs that a session goes by have not been seen, from the tracked body's provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vrrehab.body.limb import CHAIN_JOINTS, END, Chain, Limb
from vrrehab.body.skeleton import Body, Provenance

_SEEN_HAND = bytes((Provenance.MEASURED, Provenance.INFERRED, Provenance.SCRIPTED))
#: A leg, or a residual limb, of which nothing is tracked is inferred from the trunk: that is no sight of it.
_SEEN = bytes((Provenance.MEASURED, Provenance.SCRIPTED))


class Sight:
    """Watches limbs. An arm is seen with its hand, a leg with any joint of it, a residual limb with its tracker."""

    def __init__(self, limbs: Sequence[Limb], driven_by: Mapping[Limb, str]) -> None:
        """`driven_by` names the tracked joint of each limb that is a residual one."""
        self._watched: dict[Limb, tuple[slice, bytes]] = {}
        for limb in limbs:
            first = limb.joints.start
            if limb in driven_by:
                joint = first + CHAIN_JOINTS[limb.chain].index(driven_by[limb])
                self._watched[limb] = slice(joint, joint + 1), _SEEN
            elif limb.chain is Chain.ARM:
                wrist = first + END[Chain.ARM]
                self._watched[limb] = slice(wrist, wrist + 1), _SEEN_HAND
            else:
                self._watched[limb] = limb.joints, _SEEN
        self._last_seen_s = dict.fromkeys(self._watched, -math.inf)
        self._now_s = -math.inf

    def update(self, tracked: Body, now_s: float) -> None:
        """Take a frame shown at `now_s`."""
        self._now_s = now_s
        there = tracked.provenance.tobytes()
        for limb, (joints, seen) in self._watched.items():
            if any(code in seen for code in there[joints]):
                self._last_seen_s[limb] = now_s

    @property
    def missing(self) -> Limb | None:
        """The limb that has been out of sight longest; None while all are seen."""
        out = [limb for limb, seen_s in self._last_seen_s.items() if seen_s < self._now_s]
        return min(out, key=self._last_seen_s.__getitem__, default=None)

    @property
    def lost_for_s(self) -> float:
        """How long `missing` has not been seen: 0 where nothing is missing, infinite for what never was seen."""
        return max((self._now_s - seen_s for seen_s in self._last_seen_s.values()), default=0.0)
