"""Real movements of legs from inertial sensors, which tell each segment's rotation, for tests and for pictures.

Hip, knee and ankle are strung together from those with a usual build. What is read are the files of OpenSim's OpenSense
example: a walk (one file a sensor) and a leg swing (one table of quaternions).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vrrehab import geometry
from vrrehab.body.build import EYE_HEIGHT, USUAL, USUAL_STATURE_M
from vrrehab.body.skeleton import HEAD, PELVIS, Body, Provenance, Side, joint
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker

#: Sensors' world is Z up.
_Y_UP = np.array([-math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)])
_SENSORS = {
    "00B42279": "pelvis", "00B4227C": "right_hip", "00B421EE": "left_hip", "00B4227D": "right_knee",
    "00B421ED": "left_knee", "00B421EF": "right_ankle", "00B421E6": "left_ankle",
}  # fmt: skip
_COLUMNS = {
    "pelvis_imu": "pelvis", "femur_r_imu": "right_hip", "femur_l_imu": "left_hip", "tibia_r_imu": "right_knee",
    "tibia_l_imu": "left_knee", "calcn_r_imu": "right_ankle", "calcn_l_imu": "left_ankle",
}  # fmt: skip
_DOWN_KNEE_AHEAD = np.array([-math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)])
STANDING_EYES_M = EYE_HEIGHT * USUAL_STATURE_M
RATE_HZ = 100.0

#: Each segment's rotation (n, 4) by its name.
Segments = dict[str, np.ndarray]


def of_walk(folder: Path) -> Segments:
    """Each segment's rotation (n, 4), Y up, from the sensors' files, aligned by their packet counter."""
    tables = {}
    for path in folder.glob("*.txt"):
        name = _SENSORS.get(path.stem.rpartition("_")[2])
        if name is not None:
            header = path.read_text().splitlines()[5].split("\t")
            rows = [line.split("\t") for line in path.read_text().splitlines()[6:] if line.strip()]
            at = [header.index(f"Mat[{i}][{j}]") for i in (1, 2, 3) for j in (1, 2, 3)]
            tables[name] = {int(row[0]): [float(row[i]) for i in at] for row in rows}
    packets = sorted(set.intersection(*(set(table) for table in tables.values())))
    matrices = {
        name: np.array([table[packet] for packet in packets]).reshape(-1, 3, 3) for name, table in tables.items()
    }
    return {name: geometry.quaternions_of(matrix) for name, matrix in matrices.items()}


def of_swing(path: Path) -> Segments:
    """The same from a table of quaternions, w x y z."""
    lines = path.read_text().splitlines()
    begin = lines.index("endheader") + 1
    names = lines[begin].split("\t")
    rows = [line.split("\t") for line in lines[begin + 1 :] if line.strip()]
    out = {}
    for column, name in enumerate(names):
        if name in _COLUMNS:
            turns = np.array([[float(number) for number in row[column].split(",")] for row in rows])
            out[_COLUMNS[name]] = geometry.normalise(turns[:, [1, 2, 3, 0]])
    return out


@dataclass(frozen=True)
class Legs:
    """What a pair of legs truly did: poses of pelvis and of each leg's joints by name, (n, 7)."""

    poses: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.poses["pelvis"])


def strung(sensors: Segments) -> Legs:
    """From sensors' rotations to joints: in the first frame the person stands upright, and faces where the Z axis of
    the pelvis's sensor points (as OpenSense, whose example this is, takes it).
    """
    upright = {name: geometry.quaternion_multiply(_Y_UP, turns) for name, turns in sensors.items()}
    ahead = geometry.rotate(upright["pelvis"][0], np.array([0.0, 0.0, 1.0]))
    face = geometry.yaw(math.atan2(-ahead[0], -ahead[2]))
    standing = {
        "pelvis": [0.0, 0.0, 0.0, 1.0],
        "hip": _DOWN_KNEE_AHEAD,
        "knee": _DOWN_KNEE_AHEAD,
        "ankle": [0, 0, 0, 1.0],
    }
    turns = {}
    for name, rotations in upright.items():
        # The world turned so that -Z is ahead, and each sensor's rotation since the first frame put on the segment's.
        since = geometry.quaternion_multiply(rotations, geometry.quaternion_conjugate(rotations[0]))
        own = geometry.quaternion_multiply(
            geometry.quaternion_conjugate(face), geometry.quaternion_multiply(since, face)
        )
        turns[name] = geometry.quaternion_multiply(own, np.array(standing[name.rpartition("_")[2]]))
    frames = len(turns["pelvis"])
    poses = {"pelvis": np.concatenate([np.tile([0.0, 0.89, 0.08], (frames, 1)), turns["pelvis"]], axis=1)}
    for side in Side:
        half = USUAL.hip_breadth / 2 * (1 if side is Side.RIGHT else -1)
        place = geometry.apply(poses["pelvis"], np.array([half, 0.0, 0.0]))
        for name, length in (("hip", USUAL.thigh), ("knee", USUAL.shin), ("ankle", 0.0)):
            pose = np.concatenate([place, turns[f"{side}_{name}"]], axis=1)
            poses[f"{side}_{name}"] = pose
            place = geometry.apply(pose, np.array([0.0, 0.0, -length]))
    return Legs(poses)


def played(legs: Legs, *, smooth: bool) -> Iterator[Body]:
    """The tracked body of every frame, of which pelvis and feet were seen; and as it is drawn, if `smooth`."""
    tracker, smoother = Tracker(STANDING_EYES_M), Smoother(enabled=smooth)
    seen, tracked = Body.unseen(), Body.unseen()
    seen.poses[HEAD] = geometry.pose((0.0, STANDING_EYES_M, 0.0))
    at = {"pelvis": PELVIS, "left_ankle": joint(Side.LEFT, "ankle"), "right_ankle": joint(Side.RIGHT, "ankle")}
    seen.provenance[[HEAD, *at.values()]] = Provenance.MEASURED
    for frame in range(len(legs)):
        for name, index in at.items():
            seen.poses[index] = legs.poses[name][frame]
        tracker.update(seen, tracked, frame / RATE_HZ)
        body = Body.unseen()
        smoother.smooth(tracked, body, frame / RATE_HZ)
        yield body
