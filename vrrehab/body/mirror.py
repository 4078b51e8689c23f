"""The mirror: one limb becomes the other, reflected across the mid-sagittal plane of session space (x = 0).

The reflection keeps handedness (R' = M R M) and bone lengths; names are swapped by copying one side's slice
to the other's. It reads no headset: turning the head moves nothing.
"""

from __future__ import annotations

import numpy as np

from vrrehab import geometry
from vrrehab.body.limb import END, Chain, Limb
from vrrehab.body.rejoin import rejoin
from vrrehab.body.skeleton import PELVIS, TORSO, Body, Provenance

#: What each limb hangs on.
_TRUNK = {Chain.ARM: TORSO, Chain.LEG: PELVIS}

# What a joint's provenance becomes in the mirror. Who moved is the point: what was seen (or scripted) to
# move is mirrored; what was computed, held or absent is so on both sides of the mirror.
_REFLECTED = np.array(
    [
        {Provenance.MEASURED: Provenance.MIRRORED, Provenance.SCRIPTED: Provenance.MIRRORED}.get(p, p)
        for p in Provenance
    ],
    np.uint8,
)


def reflect(body: Body, limb: Limb, into: Body) -> None:
    """Writes `limb` of `into` as the reflection of the same limb on the other side of `body`, which may be `into`;
    joined to the trunk of `into` where it has one.
    """
    seen, shown = limb.other.joints, limb.joints
    geometry.mirror(body.poses[seen], out=into.poses[shown])
    _REFLECTED.take(body.provenance[seen], out=into.provenance[shown], mode="clip")
    trunk = _TRUNK[limb.chain]
    if into.has(trunk):
        rejoin(into, shown.start, shown.start + END[limb.chain], trunk)
