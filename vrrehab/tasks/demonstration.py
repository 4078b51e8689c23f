"""The arm that demonstrates: a usual arm on the participant's own shoulder, its hand put where a movement
needs it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.ik import RESTING_ARM, solve_arm
from vrrehab.body.skeleton import HAND_JOINTS, Side

#: Where a demonstrating fingertip rests: outward, up and forward of the shoulder in arm lengths.
_RESTING = (-0.06, -0.10, 0.98)
#: The hand is raised a little, so that its back and fingers are seen.
_RAISED = np.array([np.sin(np.radians(15)), 0.0, 0.0, np.cos(np.radians(15))])
_INDEX_TIP = HAND_JOINTS.index("index_tip")


class DemonstratingArm:
    """Poses an arm of usual build. Places are given from the shoulder, so that it moves with the person."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._fingertip_from_wrist = geometry.rotate(_RAISED, hand_pose(side, RELAXED)[_INDEX_TIP, :3])
        #: A resting fingertip (3,) from the shoulder, in metres.
        self.resting = self.place(_RESTING)

    def place(self, offset: tuple[float, float, float]) -> NDArray[np.float64]:
        """(outward, up, forward) in arm lengths as metres from the shoulder in session space, (3,)."""
        outward, up, forward = offset
        sign = -1.0 if self._side is Side.LEFT else 1.0
        return USUAL.arm * np.array([sign * outward, up, -forward])

    def pose(
        self,
        fingertip: NDArray[np.float64],
        closure: float,
        shoulder: NDArray[np.float64],
        into: NDArray[np.float64],
    ) -> None:
        """Write the arm, (28, 7) from shoulder to fingertips, with a relaxed hand's fingertip at
        `fingertip` from the shoulder at `shoulder` (3,).
        """
        wrist = geometry.pose(shoulder + fingertip - self._fingertip_from_wrist, _RAISED)
        into[2:] = geometry.compose(wrist, hand_pose(self._side, closure))
        into[:2] = solve_arm(shoulder.tolist(), wrist[:3].tolist(), USUAL, RESTING_ARM[self._side])

    def rest(self, shoulder: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self.pose(self.resting, RELAXED, shoulder, into)
