"""A cloth over what a loss took of a limb: a soft sleeve, closed at its end, that hides the virtual limb's fingers too.

Made once, at load, around the limb's mesh at rest, and bent by the limb's own bones; hand or foot move in it as one.
"""

from __future__ import annotations

import itertools
from math import ceil

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage.glb import Mesh, Model, Piece
from vrrehab.stage.stump import LimbLine

Floats = NDArray[np.float64]

#: Of a linen cloth, sRGB.
COLOUR = (0.80, 0.76, 0.67)
_SLICE_M, _LEAST_SLICES, _AROUND, _CAP = 0.025, 12, 32, 5
#: It begins so far before the residual limb's end, stands off the skin by so much, and ends so far beyond the tips.
_OVERLAP_M, _OFF_M, _BEYOND_M = 0.035, 0.012, 0.012
#: Soft folds along it: how deep, and how many around it.
_FOLD_M, _FOLDS = 0.0035, 5
_HEM_M = 0.003
#: What is so near to a slice belongs to it, and at least so many vertices.
_NEAR_M, _FEWEST = 0.012, 24
_MOST_LACKING_M = 0.12


def cloth(model: Model, mesh: Mesh, line: LimbLine, end_m: float, hand: int, part: int, surface: int) -> Piece:
    """A cloth over `mesh` from where the residual limb ends, `end_m` along `line`.

    hand: the bone of the hand or foot, with which everything beyond it moves.
    """
    along = line.along(mesh)
    points = np.asarray(mesh.points, np.float64)
    start_m = max(end_m - _OVERLAP_M, float(np.partition(along, _FEWEST)[_FEWEST]))
    slices = max(_LEAST_SLICES, ceil((along.max() - start_m) / _SLICE_M))
    stations = np.linspace(start_m, along.max(), slices)
    width = max(1.2 * (stations[1] - stations[0]), _NEAR_M)
    weights = _bone_weights(mesh, model.bones, hand)
    centres, shares, near_each = [], [], []
    for at in stations:
        off = np.abs(along - at)
        near = off <= max(width, np.partition(off, _FEWEST)[_FEWEST])
        near_each.append(near)
        centres.append((points[near].min(axis=0) + points[near].max(axis=0)) / 2)
        shares.append(weights[near].mean(axis=0))
    middle = _smooth(np.array(centres))
    ways = np.gradient(middle, axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    # One direction across for all slices, so that the cloth is not wrung.
    across = np.cross(ways.mean(axis=0), (0.0, 1.0, 0.0))
    first = across - (ways @ across)[:, None] * ways
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(ways, first)
    angles = np.linspace(0.0, 2 * np.pi, _AROUND, endpoint=False)
    spokes = np.cos(angles)[:, None, None] * first + np.sin(angles)[:, None, None] * second  # around, slices, 3
    radii = np.empty((slices, _AROUND))
    for i, near in enumerate(near_each):
        radii[i] = ((points[near] - middle[i]) @ spokes[:, i].T).max(axis=0)
    radii = _smooth(np.maximum.reduce([radii, np.roll(radii, 1, axis=1), np.roll(radii, -1, axis=1)])) + _OFF_M
    run = np.linspace(0.0, 1.0, slices)[:, None]
    radii += _FOLD_M * np.sin(_FOLDS * angles + 2.5 * np.sin(4.0 * run)) * (0.4 + 0.6 * run)
    lacking_m = min(start_m - (end_m - _OVERLAP_M), _MOST_LACKING_M)
    if lacking_m > 0.0:  # the limb's skin begins under other clothes, and so does the cloth
        middle[0] -= lacking_m * ways[0]
    radii[0] += _HEM_M
    rings = [middle[i] + radii[i, :, None] * spokes[:, i] for i in range(slices)]
    bones = list(shares)
    at = list(stations)
    height = 0.45 * radii[-1].mean() + _BEYOND_M
    for turn in np.linspace(0.0, np.pi / 2, _CAP + 1)[1:]:
        tip = middle[-1] + np.sin(turn) * height * ways[-1]
        rings.append(tip + max(np.cos(turn), 1e-3) * radii[-1][:, None] * spokes[:, -1])
        bones.append(shares[-1])
        at.append(stations[-1] + np.sin(turn) * height)
    return _piece(np.array(rings), np.array(bones), np.array(at) - end_m, part, surface)


def _bone_weights(mesh: Mesh, bones: tuple[str, ...], hand: int) -> Floats:
    """(vertices, bones) how much each bone moves each vertex, a finger's or a toe's share given to the hand or foot."""
    weights = np.zeros((len(mesh.points), len(bones)))
    np.add.at(weights, (np.arange(len(mesh.points))[:, None], mesh.joints), mesh.weights)
    side = bones[hand].partition("_")[0]
    after = itertools.takewhile(lambda i: bones[i].startswith(side), range(hand + 1, len(bones)))
    fingers = list(after)
    weights[:, hand] += weights[:, fingers].sum(axis=1)
    weights[:, fingers] = 0.0
    return weights


def _smooth(values: Floats) -> Floats:
    """Each row as the mean of itself and its neighbours."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return (padded[:-2] + 2.0 * padded[1:-1] + padded[2:]) / 4.0


def _piece(rings: Floats, bones: Floats, beyond_m: Floats, part: int, surface: int) -> Piece:
    """Rings (rings, around, 3) joined to a skin whose every vertex moves as its ring does."""
    count, around = rings.shape[:2]
    index = np.arange(count * around).reshape(count, around)
    here, there = index[:-1], index[1:]
    beside = np.roll(index, -1, axis=1)
    faces = np.concatenate([
        np.stack([here, there, beside[:-1]], axis=-1).reshape(-1, 3),
        np.stack([beside[:-1], there, beside[1:]], axis=-1).reshape(-1, 3),
    ])  # fmt: skip
    normals = np.cross(np.roll(rings, -1, axis=1) - np.roll(rings, 1, axis=1), np.gradient(rings, axis=0), axis=-1)
    corners = rings.reshape(-1, 3)[faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = corners.mean(axis=1) - rings.mean(axis=1)[faces.min(axis=1) // around]
    faces = np.where(((facing * out).sum(axis=1) < 0.0)[:, None], faces[:, ::-1], faces)
    centre = rings.mean(axis=1, keepdims=True)
    outward = np.where(((rings - centre) * normals).sum(axis=-1, keepdims=True) < 0.0, -normals, normals)
    outward[-1] = rings[-1].mean(axis=0) - rings[-2].mean(axis=0)
    outward /= np.maximum(np.linalg.norm(outward, axis=-1, keepdims=True), 1e-9)
    most = np.argsort(bones, axis=1)[:, :-5:-1]
    shares = np.take_along_axis(bones, most, axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    mesh = Mesh(
        "cloth",
        rings.reshape(-1, 3).astype(np.float32),
        outward.reshape(-1, 3).astype(np.float32),
        None,
        np.repeat(most, around, axis=0).astype(np.uint8),
        np.repeat(shares, around, axis=0).astype(np.float32),
        {},
        faces.astype(np.uint32),
    )
    colours = np.tile([*COLOUR, 1.0], (count * around, 1))
    return Piece(mesh, colours, part, surface, np.repeat(beyond_m, around))
