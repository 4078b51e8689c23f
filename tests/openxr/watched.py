"""What a headset that only tracks is seen to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from telemetry.messages import TrackerMount
from vrrehab.body.skeleton import Body
from vrrehab.geometry import angle_between
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.xr.headset import Headset


class Watched:
    """A source asked again and again until what was driven has come through."""

    def __init__(self, headset: Headset, mounts: Sequence[TrackerMount] = ()) -> None:
        self.source, self.headset, self.body = OpenXRSource(headset, mounts), headset, Body.unseen()

    def look(self) -> Body:
        self.source.locate(time.monotonic_ns(), self.body)
        return self.body

    def until(self, done: Callable[[Body], bool]) -> Body:
        give_up = time.monotonic() + 60
        while not done(self.look()):
            assert time.monotonic() < give_up, f"provenance {self.body.provenance}, poses {self.body.poses}"
            time.sleep(0.005)
        return self.body


def near(body: Body, index: int, expected: np.ndarray) -> bool:
    moved = np.linalg.norm(body.poses[index, :3] - expected[:3])
    return bool(moved < 1e-5 and angle_between(body.poses[index, 3:], expected[3:]) < 1e-4)
