"""The mirror: one arm becomes the other, reflected across the mid-sagittal plane of session space (x = 0).

The reflection keeps handedness (R' = M R M) and bone lengths; names are swapped by copying one side's slice
to the other's. It reads no headset: turning the head moves nothing.
"""

from __future__ import annotations

import numpy as np

from vrrehab import geometry
from vrrehab.body.rejoin import rejoin
from vrrehab.body.skeleton import ARM, TORSO, Body, Provenance, Side, joint

# What a joint's provenance becomes in the mirror. Who moved is the point: what was seen (or scripted) to
# move is mirrored; what was computed, held or absent is so on both sides of the mirror.
_REFLECTED = np.array(
    [
        {Provenance.MEASURED: Provenance.MIRRORED, Provenance.SCRIPTED: Provenance.MIRRORED}.get(p, p)
        for p in Provenance
    ],
    np.uint8,
)


def reflect_arm(body: Body, intact_side: Side, into: Body) -> None:
    """Writes the reflection of the intact arm of `body` as the other arm of `into` (which may be `body`), joined to the
    torso of `into` where it has one.
    """
    seen, shown = ARM[intact_side], ARM[intact_side.other]
    geometry.mirror(body.poses[seen], out=into.poses[shown])
    _REFLECTED.take(body.provenance[seen], out=into.provenance[shown], mode="clip")
    if into.has(TORSO):
        rejoin(into, shown.start, joint(intact_side.other, "wrist"), TORSO)
