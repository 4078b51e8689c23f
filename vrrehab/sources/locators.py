"""What in a headset's runtime sees some of a body: tracked hands, held controllers, and devices strapped to a limb.

Body tracking would be one more of them.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import TrackerMount
from vrrehab import geometry
from vrrehab.body.hands import hand_from_grip
from vrrehab.body.mounting import mounted_joint
from vrrehab.body.single import multiply, rotate
from vrrehab.body.skeleton import HAND, Body, Provenance, Side
from vrrehab.errors import NotPossible
from vrrehab.xr.actions import IN_HAND, SideName
from vrrehab.xr.hands import Seen
from vrrehab.xr.headset import Link

# As plain numbers, which numpy takes in a tenth of the time.
_MEASURED, _INFERRED = int(Provenance.MEASURED), int(Provenance.INFERRED)


class Locator(Protocol):
    """Some joints of a body that one thing sees. Outlives the runtime's connection, which is given each time."""

    def locate(self, link: Link, time_ns: int, body: Body) -> None:
        """Write the joints that are seen at `time_ns` (XrTime) and their provenance; leave all others alone."""
        ...


class TrackedHand:
    """A hand whose joints the runtime sees.

    strapped: whether this side's controller is worn elsewhere, so that a hand made up around it is none.
    """

    def __init__(self, side: SideName, strapped: bool) -> None:
        self._side = side
        self._joints = HAND[Side(side)]
        self._strapped = strapped

    def locate(self, link: Link, time_ns: int, body: Body) -> None:
        hand = link.hands.get(self._side)
        if hand is None:
            return
        seen = hand.locate(time_ns, body.poses[self._joints])
        provenance = body.provenance[self._joints]
        match seen:
            case Seen.WHOLE:
                provenance.fill(_MEASURED)
            case Seen.PARTLY:
                provenance[hand.valid] = _INFERRED
                provenance[hand.tracked] = _MEASURED
            case Seen.FROM_CONTROLLER if self._strapped:
                body.poses[self._joints] = math.nan
            case Seen.FROM_CONTROLLER:
                provenance.fill(_INFERRED)


class HeldController:
    """The hand around a held controller, where nothing saw the hand itself.

    grip: the pose (7,) of the controller, NaN where there is none or the hand was seen; for the time last located.
    """

    def __init__(self, side: SideName) -> None:
        self.grip: NDArray[np.float64] = np.full(7, math.nan)
        self._side = Side(side)
        self._device = IN_HAND[side]

    def locate(self, link: Link, time_ns: int, body: Body) -> None:
        joints = HAND[self._side]
        there = any(body.provenance[joints].tobytes())
        if there or not link.controllers.grip(self._device, time_ns, self.grip):
            if not math.isnan(self.grip.item(0)):
                self.grip.fill(math.nan)
            return
        body.poses[joints] = hand_from_grip(self.grip, self._side)
        body.provenance[joints] = _INFERRED


class StrappedDevice:
    """A controller or tracker on a limb: one joint, seen while the device is."""

    def __init__(self, mount: TrackerMount) -> None:
        """Raises `UnknownName` for a joint that nothing can be strapped to, `NotPossible` for an offset that is no
        pose.
        """
        self._joint = mounted_joint(mount.joint)
        self._device = mount.device
        offset = np.array(mount.joint_from_device)
        if offset.shape != (7,) or not np.isfinite(offset).all() or abs(np.linalg.norm(offset[3:]) - 1.0) > 1e-3:
            raise NotPossible(
                f"Expected the pose of {mount.device} on {mount.joint} (three metres, then a unit quaternion), but "
                f"{mount.joint_from_device} is on record. Measure it again with: vrrehab tracker mount"
            )
        device_from_joint = geometry.invert(offset).tolist()
        self._place, self._turn = device_from_joint[:3], device_from_joint[3:]
        self._seen = np.empty(7)

    def locate(self, link: Link, time_ns: int, body: Body) -> None:
        if not link.controllers.grip(self._device, time_ns, self._seen):
            return
        x, y, z, *turn = self._seen.tolist()
        right, up, back = rotate(turn, self._place)
        body.poses[self._joint] = x + right, y + up, z + back, *multiply(turn, self._turn)
        body.provenance[self._joint] = _MEASURED
