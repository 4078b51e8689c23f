"""Rounder fingertips: MakeHuman's end as if cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.bake.bones import Bone
from models.bake.skinning import smoothstep
from models.bake.surface import Surface

#: From this share of the last bone on a finger narrows; at the other it would be a point.
_FROM, _TO = 0.62, 1.16
#: How far the middle of the end stands out, in shares of the last bone.
_PAD = 0.07


def rounded(arm: Surface, bones: Sequence[Bone]) -> Surface:
    """The left arm's skin with each finger narrowed towards its end, across more than in depth."""
    points = arm.points.copy()
    for i, bone in enumerate(bones):
        if not bone.name.endswith("_distal"):
            continue
        length = float(np.linalg.norm(bone.tail - bone.head))
        local = (points - bone.head) @ bone.frame
        along = -local[:, 2] / length
        own = np.where(arm.weights[:, i] > 0.5, smoothstep(_FROM, _FROM + 0.1, along), 0.0)
        past = np.clip((along - _FROM) / (_TO - _FROM), 0.0, 1.0)
        narrow = np.sqrt(1.0 - 0.9 * past**2)
        end = own > 0.0
        middle = 0.5 * (local[end, 0].min() + local[end, 0].max())
        half = 0.5 * np.ptp(local[end, 0])
        beside = np.clip((local[:, 0] - middle) / half, -1.0, 1.0)
        local[:, 0] += own * (narrow - 1.0) * (local[:, 0] - middle)
        local[:, 1] += 0.3 * own * (narrow - 1.0) * local[:, 1]
        local[:, 2] -= own * _PAD * length * smoothstep(0.85, 1.0, along) * (1.0 - beside**2)
        points[end] = bone.head + local[end] @ bone.frame.T
    return replace(arm, points=points)
