"""A limb as a chain of joints: an arm from shoulder to fingertips, or a leg from hip to ball.

Between its place in the room and the turns of its joints a limb is taken apart and put together again here, so that
whoever changes a posture turns joints and never moves bones: lengths stay as they were.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.single import Floats as Numbers
from vrrehab.body.single import Quaternion, Vector, dot, multiply, rotate
from vrrehab.body.skeleton import ARM, HAND_JOINTS, LEG, Side

Floats = NDArray[np.float64]


class Chain(enum.StrEnum):
    ARM = "arm"
    LEG = "leg"


#: The joints of each chain, from the trunk outward.
CHAIN_JOINTS: dict[Chain, tuple[str, ...]] = {
    Chain.ARM: ("shoulder", "elbow", *HAND_JOINTS),
    Chain.LEG: ("hip", "knee", "ankle", "ball"),
}
#: The joint at which each chain's second bone ends, the wrist or the ankle; the first one ends at joint 1.
END: dict[Chain, int] = {Chain.ARM: CHAIN_JOINTS[Chain.ARM].index("wrist"), Chain.LEG: 2}
#: Which chain a lost limb belongs to, as a profile names it.
CHAIN_OF: dict[str, Chain] = {"hand": Chain.ARM, "arm": Chain.ARM, "foot": Chain.LEG, "leg": Chain.LEG}


def _parents(chain: Chain) -> NDArray[np.intp]:
    """The joint before each one; the first has none and names itself."""
    names = CHAIN_JOINTS[chain]
    before = np.maximum(np.arange(len(names)) - 1, 0)
    if chain is Chain.ARM:
        wrist = names.index("wrist")
        before[wrist] = names.index("elbow")
        for i, name in enumerate(names):
            if name == "palm" or name.endswith("_metacarpal"):
                before[i] = wrist
    return before


def _levels(parents: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """The joints by how many bones lie before them, without the first joint."""
    depth = np.zeros(len(parents), int)
    for _ in parents:
        depth[1:] = depth[parents[1:]] + 1
    return tuple(np.flatnonzero(depth == level) for level in range(1, depth.max() + 1))


PARENTS: dict[Chain, NDArray[np.intp]] = {chain: _parents(chain) for chain in Chain}
#: The joints of each chain by how many bones lie before them, without the first joint.
LEVELS = {chain: _levels(PARENTS[chain]) for chain in Chain}
_SLICES = {Chain.ARM: ARM, Chain.LEG: LEG}


@dataclass(frozen=True, slots=True)
class Limb:
    """One arm or leg of a body."""

    chain: Chain
    side: Side

    @property
    def joints(self) -> slice:
        """Where it is among the joints of a body."""
        return _SLICES[self.chain][self.side]

    @property
    def other(self) -> Limb:
        """The same limb of the other side."""
        return Limb(self.chain, self.side.other)

    def __str__(self) -> str:
        return f"{self.side} {self.chain}"


def take_apart(chain: Chain, poses: Floats) -> Floats:
    """Each joint's pose in the frame of the one before it, (n, 7), for a limb's `poses` (n, 7); the first as it is."""
    apart = geometry.compose(geometry.invert(poses.take(PARENTS[chain], axis=0)), poses)
    apart[0] = poses[0]
    return apart


def put_together(chain: Chain, apart: Floats, into: Floats) -> None:
    """Undoes `take_apart`: writes the limb's poses (n, 7) to `into`."""
    parents = PARENTS[chain]
    into[0] = apart[0]
    for joints in LEVELS[chain]:
        into[joints] = geometry.compose(into[parents[joints]], apart[joints])


def displace(chain: Chain, poses: Floats, offset: Numbers) -> None:
    """Moves the end of a limb and all that is beyond it by `offset` (3,) metres, in place; the first joint stays.

    The two bones between keep their lengths and the plane that they bend in, carried along by the shortest turn. An end
    out of reach goes as far that way as the bones allow.
    """
    end = END[chain]
    root, middle, old = (poses[i, :3].tolist() for i in (0, 1, end))
    upper, lower = math.dist(root, middle), math.dist(middle, old)
    x, y, z = old[0] - root[0], old[1] - root[1], old[2] - root[2]
    line, reach = _direction(x, y, z)
    goal, wanted = _direction(x + offset[0], y + offset[1], z + offset[2])
    span = min(max(wanted, abs(upper - lower) + 1e-6), upper + lower)
    old_along, old_beside = _bend(upper, lower, reach)
    along, beside = _bend(upper, lower, span)

    # Which way the limb bends: from its own middle joint where it does, else where that joint would go.
    out = _across(line, (middle[0] - root[0], middle[1] - root[1], middle[2] - root[2]))
    if out is None:
        out = _across(line, rotate(poses[0, 3:].tolist(), (0.0, 1.0, 0.0))) or (1.0, 0.0, 0.0)
    turn = _shortest(line, goal)
    out = rotate(turn, out)
    hinge = _cross(goal, out)
    raised = math.atan2(beside, along) - math.atan2(old_beside, old_along)
    folded = math.atan2(old_beside, reach - old_along) - math.atan2(beside, span - along)
    for joint, angle in ((0, raised), (1, folded)):
        poses[joint, 3:] = multiply(multiply(_about(hinge, angle), turn), poses[joint, 3:].tolist())
    for i in range(3):
        poses[1, i] = root[i] + along * goal[i] + beside * out[i]
        poses[2:, i] += root[i] + span * goal[i] - old[i]


def _bend(upper: float, lower: float, span: float) -> tuple[float, float]:
    """How far along the line from end to end of two bones their joint is, and how far beside it."""
    along = (upper * upper - lower * lower + span * span) / (2.0 * max(span, 1e-9))
    return along, math.sqrt(max(upper * upper - along * along, 0.0))


def _direction(x: float, y: float, z: float) -> tuple[Vector, float]:
    length = math.sqrt(x * x + y * y + z * z)
    return ((x / length, y / length, z / length), length) if length > 1e-9 else ((0.0, 0.0, -1.0), 0.0)


def _across(line: Vector, v: Numbers) -> Vector | None:
    """The direction of what of `v` is square to `line`; None where that is nothing."""
    along = dot(line, v)
    direction, length = _direction(v[0] - along * line[0], v[1] - along * line[1], v[2] - along * line[2])
    return direction if length > 1e-4 else None


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _shortest(a: Vector, b: Vector) -> Quaternion:
    """The shortest turn from one direction to another."""
    x, y, z = _cross(a, b)
    w = 1.0 + dot(a, b)
    length = math.sqrt(x * x + y * y + z * z + w * w)
    return (x / length, y / length, z / length, w / length) if length > 1e-9 else (0.0, 1.0, 0.0, 0.0)


def _about(axis: Vector, angle: float) -> Quaternion:
    sin = math.sin(angle / 2.0)
    return axis[0] * sin, axis[1] * sin, axis[2] * sin, math.cos(angle / 2.0)
