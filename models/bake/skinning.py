"""How much each kept bone moves each vertex.

MakeHuman's weights, with those of bones that are not kept given to the nearest kept ancestor, the spine's divided
between pelvis and chest, the knuckles' moved to where `models.bake.bones` puts the knuckles, and at most four bones a
vertex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bake.bones import Bone

Floats = NDArray[np.float64]

INFLUENCES = 4
#: Weights are whole multiples of this, so that they sum to 1 exactly also as 32-bit floats.
WEIGHT_STEP = 2.0**-14
#: Half the length over which the skin passes from one bone to the next at a knuckle.
_KNUCKLE_BLEND_M = 0.011


def kept_weights(
    weights: Mapping[str, Sequence[tuple[int, float]]],
    rig: Mapping[str, Any],
    columns: Mapping[str, int],
    count: int,
) -> Floats:
    """The weights (count, columns) of the bones that `columns` names, MakeHuman's names, with all that hang on them."""
    out = np.zeros((count, max(columns.values()) + 1))
    for name, pairs in weights.items():
        kept = name
        while kept not in columns:
            kept = rig[kept]["parent"]
        for index, weight in pairs:
            out[index, columns[kept]] += weight
    return out


def spine_divided(spine: Floats, points: Floats, pelvis: Bone, chest: Bone) -> tuple[Floats, Floats]:
    """The spine's weights (n,) as the pelvis's and the chest's: a smooth bend between hips and shoulder blades."""
    share = smoothstep(pelvis.head[1] + 0.02, chest.head[1] - 0.10, points[:, 1])
    return spine * (1.0 - share), spine * share


def knuckles_moved(weights: Floats, points: Floats, bones: Sequence[Bone]) -> Floats:
    """Each finger's share divided anew between metacarpal and proximal bone, across the plane of the knuckle."""
    out = weights.copy()
    index = {bone.name: i for i, bone in enumerate(bones)}
    for finger in ("index", "middle", "ring", "little"):
        metacarpal, proximal = index[f"{finger}_metacarpal"], index[f"{finger}_proximal"]
        # The plane halves the angle between the two bones.
        along = -(bones[metacarpal].frame[:, 2] + bones[proximal].frame[:, 2])
        beyond = (points - bones[proximal].head) @ (along / np.linalg.norm(along))
        share = smoothstep(-_KNUCKLE_BLEND_M, _KNUCKLE_BLEND_M, beyond)
        both = weights[:, metacarpal] + weights[:, proximal]
        out[:, proximal], out[:, metacarpal] = both * share, both * (1.0 - share)
    return out


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def strongest(weights: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """The four strongest bones of each vertex, (n, 4), and their weights, multiples of WEIGHT_STEP that sum to 1."""
    # A stable sort, so that ties fall alike on every machine.
    order = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
    share = np.take_along_axis(weights, order, axis=1)
    share = np.round(share / share.sum(axis=1, keepdims=True) / WEIGHT_STEP) * WEIGHT_STEP
    share[:, 0] += 1.0 - share.sum(axis=1)
    return np.where(share > 0.0, order, order[:, :1]).astype(np.uint8), share
