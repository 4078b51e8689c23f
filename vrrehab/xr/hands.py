"""The 26 joints of a hand, located by the runtime straight into the caller's array.

Says what was seen and nothing else: no joint is held, smoothed or guessed here.
"""

from __future__ import annotations

import ctypes
import enum
from ctypes import addressof
from typing import Literal

import numpy as np
import xr
from numpy.typing import NDArray

from vrrehab.xr import calls
from vrrehab.xr.runtime import HAND_DATA_SOURCE
from vrrehab.xr.session import Session
from vrrehab.xr.spaces import TRACKED, VALID

JOINT_COUNT = 26

_LOCATION_FLOATS = 10  # flags (8 bytes), quaternion, position, radius
_ALL_TRACKED = np.full(JOINT_COUNT, TRACKED, np.uint64).tobytes()
_CONTROLLER = xr.HandTrackingDataSourceEXT.CONTROLLER.value


class Seen(enum.IntEnum):
    """How much of the hand was seen."""

    NOTHING = 0
    #: Some joints: `Hand.valid` and `Hand.tracked` say which.
    PARTLY = 1
    WHOLE = 2
    #: All joints, but made up by the runtime from a held controller.
    FROM_CONTROLLER = 3


class Hand:
    """One hand's tracker; `locate` each frame, then `valid` and `tracked` are (26,) bool for that time."""

    def __init__(self, session: Session, side: Literal["left", "right"], reference: xr.Space) -> None:
        runtime = session.runtime
        pointer = calls.ADDRESS
        create = runtime.function("xrCreateHandTrackerEXT", pointer, pointer, pointer, may_wait=True)
        self._locate = runtime.function("xrLocateHandJointsEXT", pointer, pointer, pointer)
        self._destroy = runtime.function("xrDestroyHandTrackerEXT", pointer, may_wait=True)

        info = xr.HandTrackerCreateInfoEXT(
            hand=xr.HandEXT.LEFT if side == "left" else xr.HandEXT.RIGHT, hand_joint_set=xr.HandJointSetEXT.DEFAULT
        )
        told = xr.HandTrackingDataSourceStateEXT()
        self._sources = (ctypes.c_int * 2)(xr.HandTrackingDataSourceEXT.UNOBSTRUCTED.value, _CONTROLLER)
        asked = xr.HandTrackingDataSourceInfoEXT()
        self._told = told if runtime.has(HAND_DATA_SOURCE) else None
        if self._told is not None:
            asked.requested_data_source_count = 2
            asked._requested_data_sources = ctypes.cast(self._sources, type(asked._requested_data_sources))
            info._next = addressof(asked)
        handle = ctypes.c_void_p()
        result = create(calls.address(session.handle), addressof(info), addressof(handle))
        calls.check(result, "xrCreateHandTrackerEXT")
        self._tracker = handle.value

        joints = (xr.HandJointLocationEXT * JOINT_COUNT)()
        self._locations = xr.HandJointLocationsEXT()
        self._locations.joint_count = JOINT_COUNT
        self._locations._joint_locations = ctypes.cast(joints, type(self._locations._joint_locations))
        if self._told is not None:
            self._locations._next = addressof(self._told)
        self._info = xr.HandJointsLocateInfoEXT()
        self._info.base_space = reference
        self._arguments = (self._tracker, addressof(self._info), addressof(self._locations))
        self._kept = joints

        floats = np.frombuffer(joints, np.float32).reshape(JOINT_COUNT, _LOCATION_FLOATS)
        self._quaternions, self._positions = floats[:, 2:6], floats[:, 6:9]
        self._flags = np.frombuffer(joints, np.uint64).reshape(JOINT_COUNT, _LOCATION_FLOATS // 2)[:, 0]
        self.valid = np.zeros(JOINT_COUNT, bool)
        self.tracked = np.zeros(JOINT_COUNT, bool)
        #: What all of `valid` and `tracked` are, None where they differ.
        self._same: bool | None = False

    def locate(self, time_ns: int, out: NDArray[np.float64]) -> Seen:
        """Writes the joints' poses at `time_ns` (XrTime) into `out` (26, 7); joints not valid are left alone."""
        self._info.time = time_ns
        calls.check(self._locate(*self._arguments), "xrLocateHandJointsEXT")
        if not self._locations.is_active:
            self._all(False)
            return Seen.NOTHING
        # Nearly every frame has every joint, or none: a look at all flags at once decides it.
        if self._flags.tobytes() == _ALL_TRACKED:
            self._all(True)
            out[:, :3] = self._positions
            out[:, 3:] = self._quaternions
            if self._told is not None and self._told.is_active and self._told._data_source == _CONTROLLER:
                return Seen.FROM_CONTROLLER
            return Seen.WHOLE
        self._same = None
        np.equal(self._flags & VALID, VALID, out=self.valid)
        np.equal(self._flags & TRACKED, TRACKED, out=self.tracked)
        if not self.valid.any():
            return Seen.NOTHING
        out[self.valid, :3] = self._positions[self.valid]
        out[self.valid, 3:] = self._quaternions[self.valid]
        return Seen.PARTLY

    def _all(self, seen: bool) -> None:
        if self._same is not seen:
            self._same = seen
            self.valid.fill(seen)
            self.tracked.fill(seen)

    def close(self) -> None:
        if self._tracker is not None:
            self._destroy(self._tracker)
            self._tracker = None
