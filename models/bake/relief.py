"""What is too fine for vertices: creases, lines of the palm, veins, tendons and nails, as one picture of the skin.

Heights are computed from where each texel lies on the body at rest, so that no seam shows, and kept as their slopes in
the picture's own directions: a shader turns a normal by them without tangents (Mikkelsen, "Bump Mapping
Unparametrized Surfaces on the GPU", 2010). Each limb's charts get their own tile; both sides share them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.bake import skin
from models.bake.bones import Bone
from models.bake.skinning import smoothstep
from models.bake.triangles import Mesh

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 2048, 1024
#: The steepest slope that the picture can hold: metres of height for a texel.
SLOPE_M = 0.0002
_FINGERS = ("index", "middle", "ring", "little")


@dataclass(frozen=True, slots=True)
class _Tile:
    """A box of MakeHuman's uvs (left, bottom, width, height) and where it goes, texels from the bottom left."""

    box: tuple[float, float, float, float]
    at: tuple[int, int, int, int]


_TILES = {
    "hand": _Tile((0.564, 0.004, 0.205, 0.205), (0, 0, 1024, 1024)),
    "foot": _Tile((0.190, 0.003, 0.180, 0.180), (1024, 0, 512, 512)),
    "arm": _Tile((0.585, 0.735, 0.180, 0.180), (1536, 0, 512, 512)),
    "leg": _Tile((0.425, 0.130, 0.260, 0.260), (1024, 512, 512, 512)),
}
#: Where nothing is drawn: for skin that has no tile.
_PLAIN = np.array([1792.0 / WIDTH, 768.0 / HEIGHT])


def placed(mesh: Mesh, *tiles: str) -> Mesh:
    """The mesh with uvs of the picture instead of MakeHuman's: in these of its tiles, and where it is plain."""
    uvs = np.tile(_PLAIN, (len(mesh.uvs), 1))
    for tile in (_TILES[name] for name in tiles):
        left, bottom, width, height = tile.box
        share = (mesh.uvs - [left, bottom]) / [width, height]
        inside = ((share >= 0.0) & (share <= 1.0)).all(axis=1)
        x, y, wide, high = tile.at
        uvs[inside] = (share[inside] * [wide, high] + [x, y]) / [WIDTH, HEIGHT]
    return replace(mesh, uvs=uvs)


def picture(
    arm: Mesh, arm_bones: Sequence[Bone], leg: Mesh, leg_bones: Sequence[Bone], toes: Sequence[Bone]
) -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 4) from the top: slopes along u and v; crease (below a half) or vein (above); nail.

    The meshes have the picture's uvs. Nail: 0 is skin, 0.5 to 1 nail, the more the paler.
    """
    out = np.zeros((HEIGHT, WIDTH, 4))
    out[..., :3] = 128.0 / 255.0
    for mesh, names in ((arm, ("hand", "arm")), (leg, ("foot", "leg"))):
        shown, texels = _rasterised(mesh)
        height, tint, nail = _arm(texels, arm_bones) if mesh is arm else _leg(texels, leg_bones, toes)
        field, other = np.zeros(shown.shape), np.zeros((*shown.shape, 2))
        field[shown] = height
        other[shown] = np.stack([tint, nail], axis=-1)
        for left, bottom, wide, high in (_TILES[name].at for name in names):
            window = slice(bottom, bottom + high), slice(left, left + wide)
            slopes = [_slope(field[window], shown[window], axis) / SLOPE_M for axis in (1, 0)]
            values = np.dstack([*slopes, other[window]])
            values[..., :3] = (128.0 + 127.0 * np.clip(values[..., :3], -1.0, 1.0)) / 255.0
            values, grown = _spread(values, shown[window], texels=5)
            out[window][grown] = values[grown]
    return np.round(out[::-1] * 255.0).astype(np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of pixels (height, width, 4); rows are filtered by what is above them."""
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, -1)
    differences = rows - np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    data = np.column_stack([np.full(height, 2, np.uint8), differences]).tobytes()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def _rasterised(mesh: Mesh) -> tuple[NDArray[np.bool_], Mesh]:
    """Which texels (HEIGHT, WIDTH, from the bottom) the mesh covers, and those as vertices, row by row."""
    face_of = np.full((HEIGHT, WIDTH), -1)
    share = np.zeros((HEIGHT, WIDTH, 3))
    corners = mesh.uvs[mesh.faces] * [WIDTH, HEIGHT] - 0.5
    low = np.floor(corners.min(axis=1)).astype(int)
    across = (np.ceil(corners.max(axis=1)).astype(int) - low + 1).max(axis=1)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - second[:, 0] * first[:, 1]
    # Faces of about one size at a time, each in a square of texels.
    size = 2 ** np.ceil(np.log2(across)).astype(int)
    for n in np.unique(size):
        which = np.flatnonzero((size == n) & (np.abs(area) > 1e-12))
        at = low[which, None] + np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2)
        x, y = np.moveaxis(at - corners[which, None, 0], -1, 0)
        v = (x * second[which, None, 1] - second[which, None, 0] * y) / area[which, None]
        w = (first[which, None, 0] * y - x * first[which, None, 1]) / area[which, None]
        # A little over the edge, so that no texel between two faces is left out.
        inside = (v > -1e-3) & (w > -1e-3) & (v + w < 1.001)
        column, row = at[inside].T
        face_of[row, column] = np.broadcast_to(which[:, None], inside.shape)[inside]
        share[row, column] = np.stack([1.0 - v - w, v, w], axis=-1)[inside]
    shown = face_of >= 0
    of, part = mesh.faces[face_of[shown]], share[shown][:, :, None]
    normals = (mesh.normals[of] * part).sum(axis=1)
    return shown, Mesh(
        (mesh.points[of] * part).sum(axis=1),
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        np.zeros((len(of), 2)),
        (mesh.weights[of] * part).sum(axis=1),
        np.zeros((0, 3), np.int64),
    )


def _slope(field: Floats, shown: NDArray[np.bool_], axis: int) -> Floats:
    """The mean of the differences to the neighbours on both sides that are shown."""
    total, count = np.zeros(field.shape), np.zeros(field.shape)
    ahead = np.diff(field, axis=axis)
    both = np.logical_and(np.delete(shown, 0, axis), np.delete(shown, -1, axis))
    ahead = np.where(both, ahead, 0.0)
    for start in (0, 1):
        where = [slice(None), slice(None)]
        where[axis] = slice(start, start + ahead.shape[axis])
        total[tuple(where)] += ahead
        count[tuple(where)] += both
    return total / np.maximum(count, 1.0)


def _spread(values: Floats, shown: NDArray[np.bool_], texels: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Charts grown at their edges, so that what filters across an edge finds the chart's own values."""
    for _ in range(texels):
        total, count = np.zeros(values.shape), np.zeros(shown.shape)
        for axis in (0, 1):
            for step in (-1, 1):
                total += np.roll(values * shown[..., None], step, axis)
                count += np.roll(shown, step, axis)
        grown = ~shown & (count > 0)
        values[grown] = total[grown] / count[grown, None]
        shown = shown | grown
    return values, shown


# --- What there is on the skin -------------------------------------------------------------------------------------


def _arm(texels: Mesh, bones: Sequence[Bone]) -> tuple[Floats, Floats, Floats]:
    """Height in metres, crease (-1) or vein (1), and nail, of each texel."""
    by_name = {bone.name: bone for bone in bones}
    held = {bone.name: texels.weights[:, i] for i, bone in enumerate(bones)}
    wrist = by_name["wrist"]
    reach = float(np.linalg.norm(wrist.tail - wrist.head))
    local = (texels.points - wrist.head) @ wrist.frame / reach
    flat = np.stack([local[:, 0], -local[:, 2]], axis=1)
    facing = texels.normals @ wrist.frame[:, 1]
    palm_share = held["wrist"] + sum(held[f"{finger}_metacarpal"] for finger in (*_FINGERS, "thumb"))
    fore = held["forearm_1"] + held["forearm_2"]
    back = smoothstep(0.25, 0.7, facing) * smoothstep(0.2, 0.6, palm_share + fore)
    inner = smoothstep(0.15, 0.6, -facing) * smoothstep(0.3, 0.8, palm_share + held["thumb_proximal"])
    wander = _noise(texels.points, 0.011)

    height, tint = np.zeros(len(flat)), np.zeros(len(flat))
    for line in _VEINS:
        ridge = _ridge(flat, line, 0.0019 / reach, back) * (0.8 + 0.5 * wander)
        height, tint = np.maximum(height, 0.00030 * ridge), np.maximum(tint, 0.75 * ridge)
    for finger, middle in zip(_FINGERS, (0.07, 0.03, -0.02, -0.06), strict=True):
        knuckle = (by_name[f"{finger}_proximal"].head - wrist.head) @ wrist.frame / reach
        cord = np.array([[middle, 0.06], [0.6 * knuckle[0] + 0.4 * middle, 0.5], [knuckle[0], -knuckle[2]]])
        ridge = _ridge(flat, cord, 0.0028 / reach, back)
        height += 0.00050 * ridge * smoothstep(0.10, 0.45, flat[:, 1]) * smoothstep(1.02, 0.90, flat[:, 1])

    for line, depth in _PALM_LINES:
        dip = _ridge(flat, line, 0.00075 / reach, inner) * (0.75 + 0.5 * wander)
        height -= 0.00040 * depth * dip
        tint = np.where(dip > 0.02, np.minimum(tint, -0.75 * depth * dip), tint)

    for finger in (*_FINGERS, "thumb"):
        joints = [
            f"{finger}_{name}" for name in ("proximal", "intermediate", "distal") if f"{finger}_{name}" in by_name
        ]
        own = smoothstep(0.25, 0.6, sum(held[name] for name in (*joints, f"{finger}_metacarpal")))
        for name in joints:
            strength = _KNUCKLES.get(name, _KNUCKLES[name.removeprefix(f"{finger}_")])
            _creased(height, tint, texels, by_name[name], own, strength)
    return _finished(height, tint, texels, bones, wander)


#: How deep the folds over a finger's joint are, and those on its inside with where they lie, metres towards the hand.
_KNUCKLES: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "proximal": (0.35, ((-0.0195, 0.8),)),
    "intermediate": (1.0, ((0.0, 0.9), (0.0021, 0.45))),
    "distal": (0.7, ((0.0, 0.75),)),
    "thumb_proximal": (0.35, ((0.0, 0.5),)),
    "thumb_distal": (0.9, ((0.0, 0.8), (0.0022, 0.4))),
}


def _creased(
    height: Floats,
    tint: Floats,
    texels: Mesh,
    bone: Bone,
    own: Floats,
    strength: tuple[float, tuple[tuple[float, float], ...]],
) -> None:
    """Cut folds over a finger's joint, and creases on its inside, where the finger's `own` skin is."""
    near = np.flatnonzero((np.linalg.norm(texels.points - bone.head, axis=1) < 0.03) & (own > 0.0))
    points = texels.points[near]
    at = (points - bone.head) @ bone.frame
    facing = texels.normals[near] @ bone.frame[:, 1]
    dorsal, palmar = smoothstep(0.15, 0.75, facing) * own[near], smoothstep(0.0, 0.75, -facing) * own[near]
    folds, creases = strength
    for k, offset in enumerate((-0.0042, -0.0026, -0.0011, 0.0004, 0.0019, 0.0036)):
        # They bow away from the middle of the joint, and none is straight.
        bow = 7500.0 * (offset + 0.0002) * at[:, 0] ** 2
        wave = 0.00045 * _noise(points + 0.013 * k, 0.005)
        dip = np.exp(-(((at[:, 2] - offset - bow - wave) / 0.00050) ** 2))
        dip *= np.exp(-((at[:, 0] / (0.0046 + 0.0013 * (k % 3))) ** 2)) * dorsal * folds
        dip *= 0.7 + 0.4 * _noise(points + 0.1 * k, 0.003)
        height[near] -= 0.00017 * dip
        tint[near] -= 0.36 * dip
    for offset, depth in creases:
        wave = 0.0006 * _noise(points, 0.007) + 5.0 * at[:, 0] ** 2
        dip = depth * np.exp(-(((at[:, 2] - offset - wave) / 0.00060) ** 2)) * palmar
        dip *= 0.75 + 0.35 * _noise(points + 0.3, 0.004)
        height[near] -= 0.00030 * dip
        tint[near] -= 0.65 * dip


def _finished(
    height: Floats, tint: Floats, texels: Mesh, bones: Sequence[Bone], wander: Floats
) -> tuple[Floats, Floats, Floats]:
    """With nails, and with furrows and pores between them."""
    nail_m, along, across = skin.nails(texels, bones)
    height, nail = _nailed(height, nail_m, along, across)
    grain = 1.0 - smoothstep(-0.0004, 0.0002, nail_m)
    height += grain * (0.00006 * np.abs(_noise(texels.points, 0.0019)) + 0.00008 * wander)
    return height, (tint + 0.12 * _noise(texels.points + 0.2, 0.0035)) * grain, nail


def _leg(texels: Mesh, bones: Sequence[Bone], toes: Sequence[Bone]) -> tuple[Floats, Floats, Floats]:
    """The same of a leg; `toes` are the ends of the toes, which no vertex follows."""
    by_name = {bone.name: bone for bone in bones}
    points, normals = texels.points, texels.normals
    shin, ankle, ball = by_name["shin_1"], by_name["foot"].head, by_name["foot"].tail
    # From the ball of the foot: to the right, and back along the floor.
    at = (points - ball)[:, [0, 2]]
    up = smoothstep(0.25, 0.75, normals[:, 1]) * smoothstep(ankle[1] + 0.04, ankle[1], points[:, 1])
    height, tint = np.zeros(len(points)), np.zeros(len(points))
    wander = _noise(points, 0.013)
    root = (ankle - ball)[[0, 2]]
    for toe in toes:
        # Tendons fan out from the ankle to the toes; veins cross them.
        end = (toe.head - ball)[[0, 2]]
        cord = np.array([0.75 * root + 0.25 * end * [1.0, 0.0], 0.35 * root + 0.65 * end, end])
        ridge = _ridge(at, cord, 0.0032, up)
        height += 0.0007 * ridge * smoothstep(-0.030, 0.0, at[:, 1])
    for line in _FOOT_VEINS:
        ridge = _ridge(at, line, 0.0021, up) * (0.75 + 0.5 * wander)
        height, tint = np.maximum(height, 0.5 * height + 0.0008 * ridge), np.maximum(tint, 0.6 * ridge)
    for toe in toes:
        # Folds over the toe's last joint.
        near = (points - toe.head) @ toe.frame
        for offset in (-0.0012, 0.0010):
            dip = np.exp(-(((near[:, 2] - offset) / 0.0007) ** 2)) * up * (np.abs(near) < 0.011).all(axis=1)
            height -= 0.0003 * dip
            tint -= 0.4 * dip
    # Folds about the kneecap.
    knee = (points - shin.head) @ shin.frame
    front = smoothstep(0.3, 0.8, normals @ shin.frame[:, 1])
    for offset in (-0.018, -0.009, 0.001, 0.012):
        dip = np.exp(-(((knee[:, 2] - offset - 4.0 * knee[:, 0] ** 2 - 0.003 * wander) / 0.0018) ** 2))
        dip *= front * np.exp(-((knee[:, 0] / 0.03) ** 2))
        height -= 0.0004 * dip
        tint -= 0.15 * dip
    return _finished(height, tint, texels, toes, wander)


def _nailed(height: Floats, nail_m: Floats, along: Floats, across: Floats) -> tuple[Floats, Floats]:
    """With nails: a plate that stands a little out of the skin, in a fold; pale at its root (the lunula) and free edge.

    `along` runs from -1 at the root to 1 at the free edge, `across` from -1 to 1.
    """
    plate = smoothstep(-0.00015, 0.00035, nail_m)
    fold = np.exp(-(((nail_m + 0.0003) / 0.00045) ** 2)) * smoothstep(1.0, 0.4, along)
    wall = np.exp(-(((nail_m + 0.0015) / 0.0010) ** 2)) * smoothstep(0.8, 0.2, along)
    height = height * (1.0 - plate) + 0.00022 * plate - 0.00026 * fold + 0.00012 * wall
    lunula = smoothstep(0.16, -0.10, np.hypot(0.62 * across, along + 1.05) - 0.52)
    edge = smoothstep(0.80, 0.90, along + 0.06 * across**2)
    pale = np.maximum(0.55 * lunula, edge)
    return height, np.where(nail_m > -0.0004, smoothstep(-0.0004, 0.0001, nail_m) * (0.5 + 0.5 * pale), 0.0)


def _ridge(points: Floats, line: Floats, width: float, where: Floats) -> Floats:
    """(n,) a round ridge of height `where` (n,) along a smooth curve through `line` (k, 2), at points (n, 2)."""
    ends = np.vstack([2.0 * line[0] - line[1], line, 2.0 * line[-1] - line[-2]])
    curve = []
    for a, b, c, d in zip(ends[:-3], ends[1:-2], ends[2:-1], ends[3:], strict=True):
        t = np.arange(0.0, 1.0, 0.125)[:, None]
        # Catmull and Rom (1974).
        curve.append(b + 0.5 * ((c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    path = np.concatenate([*curve, line[-1:]])
    near = (where > 0.0) & ((points > path.min(axis=0) - 3 * width) & (points < path.max(axis=0) + 3 * width)).all(
        axis=1
    )
    x, y = points[near].T
    nearest = np.full(len(x), np.inf)
    for (ax, ay), (bx, by) in pairwise(path):
        wx, wy = bx - ax, by - ay
        along = np.clip(((x - ax) * wx + (y - ay) * wy) / (wx * wx + wy * wy), 0.0, 1.0)
        nearest = np.minimum(nearest, (x - ax - along * wx) ** 2 + (y - ay - along * wy) ** 2)
    out = np.zeros(len(points))
    out[near] = np.exp(-nearest / width**2) * where[near]
    return out


def _noise(points: Floats, size_m: float) -> Floats:
    """(n,) a smooth field in about -1 to 1 whose bumps are so large: values at the corners of cells, from a hash."""
    scaled = points / size_m
    cell = np.floor(scaled).astype(np.int64)
    part = scaled - cell
    part = part * part * (3.0 - 2.0 * part)
    total = np.zeros(len(points))
    for corner in range(8):
        step = np.array([corner & 1, corner >> 1 & 1, corner >> 2])
        x, y, z = (cell[:, axis] + step[axis] for axis in range(3))
        mixed = (x * 73856093 + y * 19349663 + z * 83492791) & 0xFFFFFFFF
        mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0xFFFFFFFF
        value = (mixed ^ (mixed >> 16) & 0xFFFF) & 0xFFFF
        share = [part[:, axis] if step[axis] else 1.0 - part[:, axis] for axis in range(3)]
        total += share[0] * share[1] * share[2] * (value / 32767.5 - 1.0)
    return total


# In the plane of the hand: to the thumb's side, and from the wrist to the fingers, in shares of the way from the wrist
# to the middle knuckle. The dorsal venous network as it commonly lies, and what it goes on as up the forearm.
_VEINS = tuple(
    np.array(line)
    for line in (
        [
            (0.115, 0.86),
            (0.085, 0.68),
            (0.125, 0.50),
            (0.115, 0.33),
            (0.19, 0.16),
            (0.21, -0.06),
            (0.16, -0.5),
            (0.18, -1.2),
        ],
        [(-0.085, 0.83), (-0.055, 0.66), (-0.095, 0.52), (-0.02, 0.40), (0.115, 0.33)],
        [(-0.265, 0.73), (-0.215, 0.56), (-0.235, 0.40), (-0.165, 0.24), (-0.19, 0.05), (-0.15, -0.3), (-0.20, -1.0)],
        [(-0.055, 0.66), (-0.14, 0.60), (-0.215, 0.56)],
        [(-0.02, 0.40), (-0.07, 0.27), (-0.165, 0.24)],
        [(0.30, 0.66), (0.27, 0.50), (0.29, 0.36), (0.19, 0.16)],
        [(0.085, 0.68), (0.03, 0.75)],
    )
)
#: With how deep each is.
_PALM_LINES = tuple(
    (np.array(line), depth)
    for line, depth in (
        ([(-0.46, 0.60), (-0.30, 0.68), (-0.12, 0.715), (0.02, 0.77), (0.085, 0.87)], 1.0),
        ([(0.36, 0.70), (0.20, 0.675), (0.02, 0.60), (-0.16, 0.51), (-0.32, 0.39)], 0.9),
        ([(0.36, 0.69), (0.22, 0.60), (0.12, 0.46), (0.065, 0.30), (0.07, 0.14), (0.11, 0.03)], 1.0),
        ([(-0.02, 0.08), (-0.03, 0.3), (-0.05, 0.52)], 0.35),
        ([(-0.38, 0.74), (-0.30, 0.79), (-0.22, 0.80)], 0.3),
        ([(-0.10, 0.80), (-0.02, 0.84), (0.05, 0.90)], 0.25),
        ([(0.18, 0.42), (0.26, 0.44), (0.32, 0.50)], 0.3),
        ([(0.16, 0.30), (0.25, 0.33), (0.33, 0.40)], 0.3),
        ([(-0.40, 0.30), (-0.32, 0.33), (-0.26, 0.38)], 0.25),
        ([(-0.36, 0.00), (-0.1, 0.035), (0.1, 0.035), (0.34, 0.00)], 0.9),
        ([(-0.36, -0.09), (-0.1, -0.06), (0.1, -0.06), (0.34, -0.09)], 0.6),
    )
)
# From the ball of the left foot, metres to the right and back.
_FOOT_VEINS = tuple(
    np.array(line)
    for line in (
        [(0.030, 0.012), (0.012, 0.026), (-0.012, 0.030), (-0.034, 0.042), (-0.040, 0.065)],
        [(0.026, 0.016), (0.036, 0.045), (0.034, 0.075), (0.028, 0.11)],
        [(-0.012, 0.030), (-0.004, 0.055), (0.010, 0.08)],
    )
)
