"""The joints of a body, in one fixed order, and where each joint's pose came from.

The order is a contract: frame records, motion files and the avatar index joints by it. A hand is OpenXR's 26 joints
in OpenXR's order, so that a hand located by the runtime is copied in one slice.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class Side(enum.StrEnum):
    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Provenance(enum.IntEnum):
    """Where a joint's pose came from; `HELD` repeats the last pose seen, `INFERRED` was computed from others."""

    NONE = 0
    MEASURED = 1
    INFERRED = 2
    HELD = 3
    MIRRORED = 4
    SCRIPTED = 5


#: As a plain number, which numpy takes in a tenth of the time.
_NONE = int(Provenance.NONE)

FINGERS = ("index", "middle", "ring", "little")

HAND_JOINTS: tuple[str, ...] = (
    "palm", "wrist",
    "thumb_metacarpal", "thumb_proximal", "thumb_distal", "thumb_tip",
    *(f"{finger}_{bone}" for finger in FINGERS
      for bone in ("metacarpal", "proximal", "intermediate", "distal", "tip")),
)  # fmt: skip

CENTRE_JOINTS: tuple[str, ...] = ("head", "torso", "pelvis")
SIDE_JOINTS: tuple[str, ...] = ("shoulder", "elbow", *HAND_JOINTS, "hip", "knee", "ankle", "ball")

#: Every joint as it is named in tables: `centre_head`, `left_shoulder`, `left_palm`, ..., `right_ball`.
JOINTS: tuple[str, ...] = (
    *(f"centre_{name}" for name in CENTRE_JOINTS),
    *(f"left_{name}" for name in SIDE_JOINTS),
    *(f"right_{name}" for name in SIDE_JOINTS),
)
JOINT_COUNT = len(JOINTS)
INDEX: dict[str, int] = {name: i for i, name in enumerate(JOINTS)}

HEAD, TORSO, PELVIS = (INDEX[f"centre_{name}"] for name in CENTRE_JOINTS)

_START = {Side.LEFT: len(CENTRE_JOINTS), Side.RIGHT: len(CENTRE_JOINTS) + len(SIDE_JOINTS)}

#: All joints of one side; the arm (shoulder to fingertips); the 26 of the hand; the leg.
SIDE = {side: slice(start, start + len(SIDE_JOINTS)) for side, start in _START.items()}
ARM = {side: slice(start, start + 28) for side, start in _START.items()}
HAND = {side: slice(start + 2, start + 28) for side, start in _START.items()}
LEG = {side: slice(start + 28, start + 32) for side, start in _START.items()}


def joint(side: Side, name: str) -> int:
    """The index of a side's joint, as in `joint(Side.LEFT, "wrist")`."""
    return INDEX[f"{side}_{name}"]


@dataclass(slots=True)
class Body:
    """Poses of all joints in one space, with provenance; made once and written in place.

    poses: (JOINT_COUNT, 7) float64, see `vrrehab.geometry`; NaN where provenance is `NONE`.
    provenance: (JOINT_COUNT,) uint8 of `Provenance`.
    """

    poses: NDArray[np.float64]
    provenance: NDArray[np.uint8]

    @classmethod
    def unseen(cls) -> Body:
        return cls(np.full((JOINT_COUNT, 7), np.nan), np.zeros(JOINT_COUNT, np.uint8))

    def copy_from(self, other: Body) -> None:
        self.poses[:] = other.poses
        self.provenance[:] = other.provenance

    def forget(self) -> None:
        self.poses.fill(np.nan)
        self.provenance.fill(_NONE)

    def has(self, index: int) -> bool:
        """Whether the joint has a pose at all."""
        return self.provenance.item(index) != _NONE
