"""Movement for the record's benchmarks: every joint of both bodies, slow and smooth, with the noise of trackers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from telemetry import messages
from telemetry.motion import BODIES, FrameLayout
from vrrehab import geometry
from vrrehab.body.skeleton import JOINTS
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.sources.recording import RecordingSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay

RATE_HZ = 90
FRAME_S = 1 / RATE_HZ
#: The joints that the product records.
FULL = JOINTS
LAYOUT = FrameLayout(FULL)
#: What a headset's hand tracking shivers by: a fifth of a millimetre, and in the quaternion a fifth of a thousandth.
_NOISE = 2e-4


def frames(count: int, seed: int = 1, piece: int = 900) -> Iterator[np.ndarray]:
    """Frame records in pieces; positions in metres about a seated person, unit quaternions."""
    chance = np.random.default_rng(seed)
    n = len(FULL)
    where, how_far = chance.uniform(-0.6, 1.4, (n, 7)), chance.uniform(0.0, 0.15, (n, 7))
    rates, phases = chance.uniform(0.05, 1.2, (n, 7)), chance.uniform(0, 6.3, (n, 7))
    for first in range(0, count, piece):
        here = np.zeros(min(piece, count - first), LAYOUT.dtype)
        numbers = first + np.arange(len(here))
        time_s = numbers[:, None, None] * FRAME_S
        poses = where + how_far * np.sin(6.283 * rates * time_s + phases)
        poses += chance.normal(scale=_NOISE, size=poses.shape)
        poses[..., 3:] /= np.linalg.norm(poses[..., 3:], axis=-1, keepdims=True)
        here["tracked"], here["virtual"] = poses, poses * (-1, 1, 1, 1, -1, -1, 1)
        here["tracked_provenance"], here["virtual_provenance"] = 1, 4
        here["frame"], here["mono_ns"] = numbers + 1, numbers * 11_111_111
        here["display_time_ns"], here["run_number"] = here["mono_ns"] + 40_000_000, 1
        here["pose_age_ns"] = 25_000_000
        for stage in ("locate_us", "drive_us", "task_us", "draw_us", "submit_us"):
            here[stage] = chance.gamma(9.0, 30.0, len(here))
        yield here


class _Kept:
    """Keeps the frames of a session; implements `vrrehab.session.ledger.Record`."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []

    def event(self, event: messages.Event) -> None:
        """Not wanted here."""

    def frame(self, record: np.ndarray) -> None:
        self.frames.append(record.copy())

    def problem(self) -> str:
        return ""


def captured(path: Path) -> np.ndarray:
    """What a session in mirror mode records of a capture of real hands, from its beginning to its end."""
    loss = messages.LimbLoss(limb="hand", side="left", level="wrist")
    profile = messages.Profile(code="P001", limb_losses=(loss,))
    plan = make_plan(profile, load_programme("first_session"), "mirror", "recording", 1)
    source, kept = RecordingSource(path), _Kept()
    count = int(source.duration_s * RATE_HZ) - 1
    run(Sitting(plan, source, kept, "none"), SilentDisplay(VirtualClock(), RATE_HZ, count), lambda: ())
    return np.concatenate(kept.frames)


def looped(once: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """So many frames of a shorter movement, each time turned a little further about the vertical, so that no value
    comes twice and nothing can be saved by remembering it.
    """
    for n in range(0, count, len(once)):
        here = once[: min(len(once), count - n)].copy()
        turned = geometry.pose(np.zeros(3), geometry.yaw(0.013 * (n // len(once))))
        for body in BODIES:
            here[body] = geometry.compose(turned, here[body].astype(float))
        numbers = n + np.arange(len(here))
        here["frame"], here["mono_ns"] = numbers + 1, numbers * 11_111_111
        here["display_time_ns"], here["run_number"] = here["mono_ns"] + 40_000_000, 1
        yield here


def movement(count: int, capture: np.ndarray | None) -> Iterator[np.ndarray]:
    """Of a capture where there is one, else made up."""
    return frames(count) if capture is None else looped(capture, count)


def of_joints(pieces: Iterator[np.ndarray], layout: FrameLayout) -> Iterator[np.ndarray]:
    """The same frames of the layout's joints alone, which are the first ones of `FULL`."""
    for piece in pieces:
        here = np.zeros(len(piece), layout.dtype)
        for name in layout.dtype.names or ():
            here[name] = piece[name][:, : len(layout.joints)] if here[name].ndim > 1 else piece[name]
        yield here
