"""The frame record: everything recorded of one frame, as one fixed-size row of a numpy structured array.

The session keeps one record, fills it in place and hands it over; nothing here copies, sends or stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry.journal import Entry

#: Names of the provenance codes, by code: where a joint's pose came from.
PROVENANCE = ("none", "measured", "inferred", "held", "mirrored", "scripted")

#: The two bodies of a frame: as tracked, and as shown.
BODIES = ("tracked", "virtual")

#: The components of a pose, in the order of the arrays: metres, and a unit quaternion.
COMPONENTS = ("px", "py", "pz", "qx", "qy", "qz", "qw")

#: The stages of a frame whose time is recorded, as float32 microseconds.
STAGES = ("locate_us", "drive_us", "task_us", "draw_us", "submit_us")


class Gap(msgspec.Struct, frozen=True):
    """Frames that were handed over but not kept, in place of their records.

    mono_ns: when the first of them was lost, or, where nobody knows, the next one was begun. reason: why, in words.
    """

    mono_ns: int
    reason: str


def first_mono_ns(entry: Entry) -> int:
    """The monotonic time of the first frame in an entry of the motion stream, whatever its joints."""
    return _mono_ns(entry, 0)


def last_mono_ns(entry: Entry) -> int:
    """The monotonic time of the last frame in an entry of the motion stream, whatever its joints."""
    return _mono_ns(entry, entry.last - entry.first)


def _mono_ns(entry: Entry, place: int) -> int:
    if entry.gap:
        return msgspec.msgpack.decode(entry.payload, type=Gap).mono_ns
    one = len(entry.payload) // (entry.last - entry.first + 1)
    return int(np.frombuffer(entry.payload, np.int64, count=3, offset=place * one)[2])


@dataclass(frozen=True)
class FrameLayout:
    """How a frame with these joints lies in memory; `joints` names the rows of the pose arrays."""

    joints: tuple[str, ...]

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """One frame.

        frame: the frame's number. display_time_ns: when it was predicted to be seen (XrTime). mono_ns: when the
        session began it. run_number: the task run being performed, 0 for none. pose_age_ns: how far ahead of
        the tracking data the shown poses were predicted. Then the stages' times, and for each body poses (n, 7)
        and provenance codes (n,).
        """
        n = len(self.joints)
        return np.dtype(
            [
                ("frame", np.int64),
                ("display_time_ns", np.int64),
                ("mono_ns", np.int64),
                ("run_number", np.int32),
                ("pose_age_ns", np.int64),
                *((stage, np.float32) for stage in STAGES),
                *((body, np.float32, (n, 7)) for body in BODIES),
                *((f"{body}_provenance", np.uint8, (n,)) for body in BODIES),
            ]
        )

    def new_record(self) -> NDArray[np.void]:
        """A record to be filled in place, shape (1,): no poses, no task, no times."""
        record = np.zeros(1, self.dtype)
        for body in BODIES:
            record[body] = np.nan
        return record

    def frames(self, payload: bytes) -> NDArray[np.void]:
        """The frames in the bytes of one or more records; ValueError if the bytes are not whole records."""
        if len(payload) % self.dtype.itemsize:
            raise ValueError(
                f"expected whole frames of {self.dtype.itemsize} bytes ({len(self.joints)} joints), "
                f"got {len(payload)} bytes; the frames were written with other joints than the session names"
            )
        return np.frombuffer(payload, self.dtype)
