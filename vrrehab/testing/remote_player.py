"""Plays a source's movement into a real runtime: the head as it is, each hand as its grip pose and finger curl.

The runtime's remote device has a hand model of its own, bent by one number a finger, so hands arrive with the
recorded wrist and the recorded closure, and with the fingers of that model.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.features import finger_flexion
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, Body, Side
from vrrehab.sources import Source
from vrrehab.testing.remote_device import RemoteDevice

#: How far Monado 25 bends a whole finger at curl 1, index to little; without curl they are straight.
_FULL_CURL_RAD = np.radians([207.0, 221.2, 220.9, 219.8])
#: The same for the thumb, whose first bend is there without curl.
_THUMB_OPEN_RAD, _THUMB_CLOSED_RAD = np.radians([20.0, 150.2])
_WRIST = HAND_JOINTS.index("wrist")
_THUMB = slice(HAND_JOINTS.index("thumb_metacarpal"), HAND_JOINTS.index("thumb_tip") + 1)


def as_driven(hand: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What drives the remote device's hand to a hand (26, 7): grip pose (7,) and curl (5,), thumb to little finger.

    The device puts the wrist where its grip pose is.
    """
    bones = np.diff(hand[_THUMB, :3], axis=0)
    bones /= np.linalg.norm(bones, axis=1, keepdims=True)
    bend = sum(math.acos(min(1.0, float(a @ b))) for a, b in itertools.pairwise(bones))
    curl = np.empty(5)
    curl[0] = (bend - _THUMB_OPEN_RAD) / (_THUMB_CLOSED_RAD - _THUMB_OPEN_RAD)
    curl[1:] = finger_flexion(hand).sum(axis=1) / _FULL_CURL_RAD
    return hand[_WRIST].copy(), np.clip(curl, 0.0, 1.0)


class RemotePlayer:
    """Shows a source's body to a runtime's remote device, for whatever times are asked for.

    body: what was shown last, in the source's reference space, with the source's own fingers.
    """

    def __init__(self, source: Source, person: RemoteDevice) -> None:
        self._source = source
        self._person = person
        self.body = Body.unseen()

    def show(self, time_ns: int) -> None:
        """Send the body as it is at `time_ns`; hands that are unseen are lost, and the head goes last."""
        body, person = self.body, self._person
        self._source.locate(time_ns, body)
        for side in Side:
            if body.has(HAND[side].start):
                person.hand(side, *as_driven(body.poses[HAND[side]]))
            else:
                person.lose(side)
        if body.has(HEAD):
            person.head(body.poses[HEAD])
