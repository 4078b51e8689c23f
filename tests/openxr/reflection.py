"""What a mirror should make of a pose, worked out in 4x4 matrices and with nothing of vrrehab's own geometry."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vrrehab.body.skeleton import HAND_JOINTS, Side

_ACROSS = np.diag([-1.0, 1.0, 1.0, 1.0])


def matrix(poses: np.ndarray) -> np.ndarray:
    """Poses (..., 7) as matrices (..., 4, 4)."""
    x, y, z, w = np.moveaxis(np.asarray(poses, float)[..., 3:], -1, 0)
    out = np.zeros((*x.shape, 4, 4))
    out[..., 0, :3] = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], axis=-1)
    out[..., 1, :3] = np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], axis=-1)
    out[..., 2, :3] = np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], axis=-1)
    out[..., :3, 3] = poses[..., :3]
    out[..., 3, 3] = 1.0
    return out


def session_from_room(head: np.ndarray) -> np.ndarray:
    """(4, 4): the space whose origin is on the floor below a head (7,) and whose -Z goes where the head faces."""
    ahead = -matrix(head)[:3, 2]
    z = -np.array([ahead[0], 0.0, ahead[2]]) / np.hypot(ahead[0], ahead[2])
    out = np.eye(4)
    out[:3, :3] = np.stack([np.cross([0.0, 1.0, 0.0], z), [0.0, 1.0, 0.0], z], axis=1)
    out[:3, 3] = head[0], 0.0, head[2]
    return np.linalg.inv(out)


def reflected(matrices: np.ndarray) -> np.ndarray:
    """Across the plane x = 0, handedness kept: R' = M R M, t' = M t."""
    return _ACROSS @ matrices @ _ACROSS


def apart(expected: np.ndarray, poses: np.ndarray) -> tuple[float, float]:
    """The furthest that poses (..., 7) are from matrices (..., 4, 4): metres and radians. NaN is as far as can be."""
    found = matrix(poses)
    metres = np.linalg.norm(found[..., :3, 3] - expected[..., :3, 3], axis=-1)
    # The chord between two rotation matrices is sqrt(8) sin(angle / 2): exact for small angles, unlike the trace.
    chord = np.linalg.norm(found[..., :3, :3] - expected[..., :3, :3], axis=(-2, -1))
    radians = 2 * np.arcsin(np.clip(chord / np.sqrt(8), 0, 1))
    return float(np.nan_to_num(metres, nan=np.inf).max()), float(np.nan_to_num(radians, nan=np.inf).max())


def recorded_hand(motion: pd.DataFrame, body: str, side: Side) -> np.ndarray:
    """The joints of a hand in each frame of `store.motion(...)`, (n, 26, 7)."""
    parts = ("px", "py", "pz", "qx", "qy", "qz", "qw")
    names = [f"{body}_{side}_{joint}_{part}" for joint in HAND_JOINTS for part in parts]
    return motion[names].to_numpy(float).reshape(len(motion), len(HAND_JOINTS), 7)


def provenance_of_hand(motion: pd.DataFrame, body: str, side: Side) -> np.ndarray:
    """(n, 26) of the provenances' names."""
    return motion[[f"{body}_{side}_{joint}_provenance" for joint in HAND_JOINTS]].astype(str).to_numpy()
