"""The adults that the body can become: `shapes.npz`, read by `vrrehab.stage.shape`.

MakeHuman's targets displace the base mesh and combine by products of coefficients that are linear between anchors: any
adult is a weighted mean of the adults at all anchors, the corners. So the corners are kept, exactly, and nothing is
approximated: how each moves the points of the base mesh that the parts are made of, and where each has its bones. Skin
and clothes follow those points by the shares that subdividing and cutting gave them.

Contents, for c base points, b bones (left arm, trunk, left leg), and corners indexed as `shape.ADULT_AXES` says:

    base      (c,) uint16, the points' numbers in MakeHuman's base mesh
    points    (2, 2, 3, 3, 3, c, 3) int16, steps of `STEP_M` from the baked body
    bones     (2, 2, 3, 3, 3, b, 3, 3) float32, metres: head, tail and a vector to the right
    stature   (2, 2, 3, 3, 3) float32, metres, with the head that the model lacks
    NAME.starts, NAME.sources, NAME.shares of each mesh of the left side and the middle: the points that its vertices
              follow, by rows (compressed sparse rows): where each vertex's begin, which points, multiples of `SHARE`

Everything stands on the floor at y = 0.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.bake.bones import Bone

Floats = NDArray[np.float64]

STEP_M = 2.0**-16
SHARE = 2.0**-15


@dataclass(frozen=True, slots=True)
class Trace:
    """Which base points a mesh's vertices follow: `shares` (n, k) of the points `sources` (k,); rows sum to 1."""

    sources: NDArray[np.int64]
    shares: Floats


@dataclass(frozen=True, slots=True)
class Adult:
    """One shaped person: all `points` (n, 3) of the base mesh, the `bones` of the left side and the trunk, height."""

    points: Floats
    bones: Sequence[Bone]
    stature_m: float


def archive(middle: Adult, corners: Mapping[tuple[int, ...], Adult], traces: Mapping[str, Trace]) -> bytes:
    """The file: every corner beside the body that was baked, `middle`."""
    used = np.unique(np.concatenate([trace.sources for trace in traces.values()]))
    assert len(used) <= 2**16, "sources are 16 bits wide"
    axes = tuple(np.array(list(corners)).max(axis=0) + 1)
    points = np.empty((*axes, len(used), 3), np.int16)
    bones = np.empty((*axes, len(middle.bones), 3, 3), np.float32)
    stature = np.empty(axes, np.float32)
    for at, adult in corners.items():
        steps = np.round((adult.points[used] - middle.points[used]) / STEP_M)
        assert np.abs(steps).max() < 2**15, "displacements are 16 bits wide"
        points[at] = steps
        bones[at] = np.round([[bone.head, bone.tail, bone.frame[:, 0]] for bone in adult.bones], 6)
        stature[at] = round(adult.stature_m, 4)
    content: dict[str, NDArray[np.generic]] = {"base": used.astype(np.uint16), "points": points}
    content |= {"bones": bones, "stature": stature}
    for name, trace in traces.items():
        starts, sources, shares = _rows(trace, used)
        content |= {f"{name}.starts": starts, f"{name}.sources": sources, f"{name}.shares": shares}
    file = io.BytesIO()
    # Not compressed: a compressor's output is another one with its next version.
    np.savez(file, **content)
    return file.getvalue()


def _rows(trace: Trace, used: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint16]]:
    """A trace's compressed sparse rows; whole shares of 2^15 that sum to 2^15."""
    shares = np.round(trace.shares / SHARE).astype(np.int64)
    rows = np.arange(len(shares))
    largest = shares.argmax(axis=1)
    shares[rows, largest] += round(1.0 / SHARE) - shares.sum(axis=1)
    row, column = np.nonzero(shares)
    starts = np.searchsorted(row, rows).astype(np.uint32)
    sources = np.searchsorted(used, trace.sources)[column]
    return starts, sources.astype(np.uint16), shares[row, column].astype(np.uint16)
