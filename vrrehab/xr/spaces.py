"""The space everything is located in, and the head in it.

The reference space is gravity-aligned with the floor at y = 0: `local_floor` where the runtime offers it (floor under
the seat, heading of the wearer), else `stage` (the room), else `local` lowered by a seated eye height.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from ctypes import addressof

import numpy as np
import xr
from numpy.typing import NDArray

from vrrehab.xr import calls
from vrrehab.xr.runtime import LOCAL_FLOOR
from vrrehab.xr.session import Session

#: How far `local`, whose zero is at the eyes, is taken to be above the floor.
SEATED_EYE_HEIGHT_M = 1.2

#: XrSpaceLocationFlags: a pose may be used, and was seen rather than guessed.
VALID = 0x1 | 0x2
TRACKED = VALID | 0x4 | 0x8


class Reference(enum.StrEnum):
    LOCAL_FLOOR = "local_floor"
    STAGE = "stage"
    LOCAL = "local"


_TYPES = {
    Reference.LOCAL_FLOOR: xr.ReferenceSpaceType.LOCAL_FLOOR,
    Reference.STAGE: xr.ReferenceSpaceType.STAGE,
    Reference.LOCAL: xr.ReferenceSpaceType.LOCAL,
}


def best_reference(offered: Collection[int]) -> Reference:
    """The best of the reference space types (their numbers) that a runtime offers; `local` every runtime must have."""
    return next((kind for kind in Reference if _TYPES[kind].value in offered), Reference.LOCAL)


class Located:
    """Where one space was in another when last asked; `locate` writes it."""

    def __init__(self, session: Session, space: xr.Space, base: xr.Space) -> None:
        self._location = xr.SpaceLocation()
        # After type, next and flags.
        memory = np.frombuffer(self._location, np.uint8)
        self._quaternion = memory[24:40].view(np.float32)
        self._position = memory[40:52].view(np.float32)
        self._space, self._base = calls.address(space), calls.address(base)
        self._address = addressof(self._location)
        self._call = session.runtime.function("xrLocateSpace", calls.ADDRESS, calls.ADDRESS, calls.TIME, calls.ADDRESS)

    def locate(self, time_ns: int, out: NDArray[np.float64]) -> int:
        """Writes the pose at `time_ns` (XrTime) into `out` (7,) if there is one; answers the flags."""
        calls.check(self._call(self._space, self._base, time_ns, self._address), "xrLocateSpace")
        flags: int = self._location._location_flags
        if flags & VALID == VALID:
            out[:3] = self._position
            out[3:] = self._quaternion
        return flags


class Spaces:
    """reference: the space of every pose in this package; `kind` says which it is, `space_type` by OpenXR's number.

    head: the view space in it.
    """

    def __init__(self, session: Session) -> None:
        with calls.translated("xrEnumerateReferenceSpaces"):
            offered = {xr.ReferenceSpaceType(each).value for each in xr.enumerate_reference_spaces(session.handle)}
        if not session.runtime.has(LOCAL_FLOOR):
            offered.discard(xr.ReferenceSpaceType.LOCAL_FLOOR.value)
        self.kind = best_reference(offered)
        self.space_type: int = _TYPES[self.kind].value
        floor_in_space = xr.Posef()
        if self.kind is Reference.LOCAL:
            floor_in_space.position.y = -SEATED_EYE_HEIGHT_M
        with calls.translated("xrCreateReferenceSpace"):
            self.reference = xr.create_reference_space(
                session.handle, xr.ReferenceSpaceCreateInfo(_TYPES[self.kind], floor_in_space)
            )
            view = xr.create_reference_space(
                session.handle, xr.ReferenceSpaceCreateInfo(xr.ReferenceSpaceType.VIEW, xr.Posef())
            )
        self.head = Located(session, view, self.reference)
