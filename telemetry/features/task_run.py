"""The measures of one task run: the columns of `schema.FEATURES`, from its frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from telemetry.features import angles
from telemetry.features.movements import REST_MPS, movements, path_length, smoothness, synchrony, tremor_rms
from telemetry.features.signals import LEAST_RATE_HZ, Stretch, has_joints, places, seen, stretches
from telemetry.schema import FEATURES

SIDES = ("left", "right")
#: Where a point was, (frames, 3) metres, and in which frames it was seen.
Point = tuple[NDArray[np.float64], NDArray[np.bool_]]
#: For each limb the joints whose mean place, less that of the second group, is the point that moves. A hand's
#: fingertips are seen from its wrist, so that opening the hand counts and carrying it does not.
_POINT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hand": (tuple(f"{finger}_tip" for finger in angles.FINGERS), ("wrist",)),
    "arm": (("wrist",), ()),
    "foot": (("ball",), ("ankle",)),
    "leg": (("ankle",), ()),
}
_END = {"hand": "wrist", "arm": "wrist", "foot": "ankle", "leg": "ankle"}
_TRUNK = ("centre_torso", "centre_head")
#: Less seen than this share of the time, and no measure of the trunk or of an angle is given.
_ENOUGH = 0.5
#: The joints that any measure uses, of one side.
SIDE_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "ball",
               *(joint for finger in angles.FINGERS for joint in angles.joints_of(finger)))  # fmt: skip


def wanted_columns() -> list[str]:
    """The columns of motion that measuring needs, for all joints of the product."""
    joints = [*_TRUNK, *(f"{side}_{joint}" for side in SIDES for joint in SIDE_JOINTS)]
    kinds = ("px", "py", "pz", "provenance")
    of_joints = (f"tracked_{joint}_{kind}" for joint in joints for kind in kinds)
    return ["time_s", "mono_ns", "task_run_id", "pose_age_ns", *of_joints]


def measure(
    motion: pd.DataFrame, limb: str, intact_side: str, breaks: Sequence[tuple[float, float]] = ()
) -> dict[str, Any]:
    """The measures of a task run of this limb from its frames; `problem` says why some are missing.

    The side that was seen for longer is measured, the intact one where both were. breaks: from and to in `time_s`, when
    it was held, which count in nothing. Never raises for poor motion.
    """
    for begin_s, end_s in breaks:
        motion = motion[~motion["time_s"].between(begin_s, end_s, inclusive="left")]
    result: dict[str, Any] = dict.fromkeys((c.name for c in FEATURES.columns[2:]), math.nan)
    result |= {"moved_side": None, "problem": None}
    if len(motion) < 2:
        return result | {"problem": "no frames"}
    time_s = motion["time_s"].to_numpy(np.float64)
    steps = np.diff(time_s)
    steps = steps[steps > 0]
    if not len(steps):
        return result | {"problem": "time_s never advances"}
    age_ms = motion["pose_age_ns"].to_numpy(np.float64) / 1e6
    result |= {"frame_rate_hz": 1.0 / float(np.median(steps)), "pose_age_ms": float(np.median(age_ms)),
               "pose_age_p95_ms": float(np.percentile(age_ms, 95))}  # fmt: skip

    if result["frame_rate_hz"] < LEAST_RATE_HZ:
        rate = f"{result['frame_rate_hz']:.3g} frames a second by time_s"
        return result | {"problem": f"{rate} are too few to measure movement by; at least {LEAST_RATE_HZ:g} are needed"}
    # Without the breaks, as `duration_s` is.
    performed_s = time_s.copy()
    for begin_s, end_s in breaks:
        if begin_s > time_s[0]:
            performed_s[time_s >= end_s] -= end_s - begin_s
    points = {side: point for side in SIDES if (point := _point(motion, limb, side)) is not None}
    if not points:
        return result | {"problem": f"no joints of a {limb} in the columns of motion"}
    side = max(points, key=lambda side: (int(points[side][1].sum()), side == intact_side))
    place, counts = points[side]
    longest_s = _longest(performed_s, ~counts)
    result |= {"moved_side": side, "seen_ratio": float(counts.mean()), "longest_unseen_s": longest_s}
    found = stretches(time_s, place, counts)
    if not found:
        why = f"never seen for half a second: tracked_{side}_{_END[limb]}_provenance"
        return result | {"problem": why}
    speed = np.concatenate([stretch.speed() for stretch in found])
    single = movements(found)
    sparc, jerk = smoothness(single)
    result |= {
        "path_length_m": path_length(found),
        "peak_speed_mps": float(speed.max()),
        "mean_speed_mps": float(speed.mean()),
        "movements": float(len(single)),
        "movement_time_s": float(np.median([(len(v) - 1) / 100.0 for _, v in single])) if single else math.nan,
        "reaction_time_s": float(np.interp(single[0][0], time_s, performed_s)) - time_s[0] if single else math.nan,
        "sparc": sparc,
        "log_dimensionless_jerk": jerk,
        "tremor_rms_mps2": tremor_rms(found),
        "stillness_ratio": float((speed < REST_MPS).mean()),
    }
    if not single:
        result["problem"] = f"no movement in tracked_{side}_{_END[limb]}: nothing faster than 20 mm/s for 0.2 s"
    return (
        result | _angles(motion, time_s, side) | _trunk(motion, time_s, f"{side}_{_END[limb]}") | _both(time_s, points)
    )


def _point(motion: pd.DataFrame, limb: str, side: str) -> Point | None:
    """The moving point (frames, 3) and whether it was seen; None where the recording lacks the joints."""
    moving, origin = _POINT[limb]
    moving_joints = [f"{side}_{name}" for name in moving if has_joints(motion, [f"{side}_{name}"])]
    origin_joints = [f"{side}_{name}" for name in origin]
    if not moving_joints or not has_joints(motion, origin_joints):
        return None
    place = np.mean([places(motion, joint) for joint in moving_joints], axis=0)
    if origin_joints:
        place = place - np.mean([places(motion, joint) for joint in origin_joints], axis=0)
    return place, seen(motion, [*moving_joints, *origin_joints])


def _longest(time_s: NDArray[np.float64], missing: NDArray[np.bool_]) -> float:
    """The longest time without a counting frame between two that count, or up to either end."""
    at = np.concatenate([time_s[:1], time_s[~missing], time_s[-1:]])
    usual_s = float(np.median(np.diff(time_s)))
    longest = float(np.diff(at).max())
    return longest if longest > 1.5 * usual_s else 0.0


def _range(time_s: NDArray[np.float64], angle: NDArray[np.float64], counts: NDArray[np.bool_]) -> float:
    if counts.mean() < _ENOUGH:
        return math.nan
    found = stretches(time_s, angle[:, None], counts)
    if not found:
        return math.nan
    smooth = np.concatenate([stretch.smooth()[:, 0] for stretch in found])
    return float(smooth.max() - smooth.min())


def _angles(motion: pd.DataFrame, time_s: NDArray[np.float64], side: str) -> dict[str, float]:
    """Range of motion of each joint of the measured side whose places were all seen."""
    result = {}
    fingers, counts = [], np.ones(len(motion), bool)
    for name in angles.FINGERS:
        joints = [f"{side}_{joint}" for joint in angles.joints_of(name)]
        if has_joints(motion, joints):
            fingers.append(angles.finger([places(motion, joint) for joint in joints]))
            counts &= seen(motion, joints)
    if fingers:
        result["rom_fingers_rad"] = _range(time_s, np.mean(fingers, axis=0), counts)
    for name, (needed, angle) in angles.HINGES.items():
        joints = [f"{side}_{joint}" for joint in needed]
        if has_joints(motion, joints):
            values = angle([places(motion, joint) for joint in joints])
            result[f"rom_{name}_rad"] = _range(time_s, values, seen(motion, joints))
    return result


def _trunk(motion: pd.DataFrame, time_s: NDArray[np.float64], end: str) -> dict[str, float]:
    """How far the trunk went, after Cirstea & Levin 2000 (Brain 123:940), who measured the sternum's way in reaching.

    The torso where it was seen, else the head; the head also nods, so that compare only within a participant.
    """
    for joint in _TRUNK:
        if has_joints(motion, [joint]) and seen(motion, [joint]).mean() >= _ENOUGH:
            went_m = _farthest(stretches(time_s, places(motion, joint), seen(motion, [joint])))
            limb_m = math.nan
            if has_joints(motion, [end]):
                limb_m = _farthest(stretches(time_s, places(motion, end), seen(motion, [end])))
            share = went_m / limb_m if limb_m > REST_MPS else math.nan
            return {"trunk_displacement_m": went_m, "trunk_share": share}
    return {}


def _farthest(found: list[Stretch]) -> float:
    """The greatest distance from where the first stretch began."""
    if not found:
        return math.nan
    smooth = np.concatenate([stretch.smooth() for stretch in found])
    return float(np.linalg.norm(smooth - smooth[0], axis=1).max())


def _both(time_s: NDArray[np.float64], points: dict[str, Point]) -> dict[str, float]:
    """Symmetry and synchrony of the two sides, where both were seen.

    symmetry: Robinson, Herzog & Nigg 1987 (J Manipulative Physiol Ther 10:172), (left - right) / mean, of path lengths.
    """
    if len(points) < 2 or any(counts.mean() < _ENOUGH for _, counts in points.values()):
        return {}
    together = points["left"][1] & points["right"][1]
    left, right = (stretches(time_s, points[side][0], together) for side in SIDES)
    paths = path_length(left), path_length(right)
    correlation, lag_s = synchrony(left, right)
    mean = (paths[0] + paths[1]) / 2
    symmetry = (paths[0] - paths[1]) / mean if mean > 0 else math.nan
    return {"symmetry": symmetry, "synchrony": correlation, "lag_s": lag_s}
