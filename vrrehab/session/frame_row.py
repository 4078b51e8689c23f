"""The record of one frame, written in place: what was tracked, what was seen, and how long each stage took."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from telemetry.motion import BODIES, STAGES, FrameLayout
from vrrehab.body.skeleton import JOINTS, Body
from vrrehab.session.frame import FrameTime


class FrameRow:
    """record: (1,), as `telemetry.motion.FrameLayout` lays it out; the same array for every frame."""

    def __init__(self) -> None:
        self.record: NDArray[np.void] = FrameLayout(JOINTS).new_record()
        self._facts = self.record[["frame", "display_time_ns", "mono_ns", "run_number", "pose_age_ns", *STAGES]]
        self._poses = [self.record[body][0] for body in BODIES]
        self._provenance = [self.record[f"{body}_provenance"][0] for body in BODIES]

    def write(
        self, frame: FrameTime, run_number: int, pose_age_ns: int, times_ns: Iterable[int], bodies: tuple[Body, Body]
    ) -> None:
        """times_ns: of the stages, see `telemetry.motion.STAGES`. bodies: the tracked one and the virtual one."""
        self._facts[0] = (
            frame.number,
            frame.display_time_ns,
            frame.mono_ns,
            run_number,
            pose_age_ns,
            *(ns / 1000 for ns in times_ns),
        )
        for at, body in enumerate(bodies):
            self._poses[at][:] = body.poses
            self._provenance[at][:] = body.provenance
