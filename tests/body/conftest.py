"""A seated body to try things on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.hands import hand_pose
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side

MakeBody = Callable[..., Body]

_HEAD = geometry.pose((0, 1.2, 0))
_LEFT = geometry.pose((-0.2, 0.9, -0.4), geometry.yaw(-0.2))
_RIGHT = geometry.pose((0.2, 0.9, -0.4), geometry.yaw(0.1))


@pytest.fixture
def make_body() -> MakeBody:
    """Makes what a headset sees, from a head's and two wrists' poses (None: unseen) and the hands' closure."""

    def make(
        head: np.ndarray | None = _HEAD,
        left: np.ndarray | None = _LEFT,
        right: np.ndarray | None = _RIGHT,
        closure: float = 0.3,
    ) -> Body:
        body = Body.unseen()
        if head is not None:
            body.poses[HEAD], body.provenance[HEAD] = head, Provenance.MEASURED
        for side, wrist in ((Side.LEFT, left), (Side.RIGHT, right)):
            if wrist is not None:
                body.poses[HAND[side]] = geometry.compose(wrist, hand_pose(side, closure))
                body.provenance[HAND[side]] = Provenance.MEASURED
        return body

    return make
