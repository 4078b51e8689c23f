"""What moves the virtual limbs: one drive for each mode, all behind one door.

A drive reads the tracked body and writes the virtual one, both in session space. What a camera takes for the affected
hand or foot is never used: a stump that is taken for a hand must not move the picture of the hand. Only `residual`
reads the affected side, and there the one joint at which the residual limb's own tracker is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.limb import CHAIN_JOINTS, END, Chain, Limb, put_together, take_apart
from vrrehab.body.mirror import reflect
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side
from vrrehab.errors import NotPossible

#: A limb whose joints are all of these is seen to move.
_WATCHED = (Provenance.MEASURED, Provenance.INFERRED, Provenance.SCRIPTED)
#: What goes as the intact side does in `residual`: all that hangs on the wrist, or the foot and what hangs on it.
_FOLLOWING = {
    Chain.ARM: [i for i in range(2, len(CHAIN_JOINTS[Chain.ARM])) if i != END[Chain.ARM]],
    Chain.LEG: [END[Chain.LEG], END[Chain.LEG] + 1],
}
#: What the pose of a strapped tracker is, while it is seen and when it is lost.
_FROM_TRACKER = (Provenance.MEASURED, Provenance.SCRIPTED, Provenance.HELD)
_RIGHT = np.array([1.0, 0.0, 0.0])


class Drive(Protocol):
    """Makes the virtual body of one frame; one instance lasts a session."""

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        """Writes every joint of `virtual` for the time `now_s`. `tracked` is left alone."""
        ...


#: Writes a limb, (28, 7) from shoulder to fingertips or (4, 7) from hip to ball, for seconds since it began, which
#: limb, and the place (3,) of its shoulder or hip.
Clip = Callable[[float, Limb, NDArray[np.float64], NDArray[np.float64]], None]


class MirrorDrive:
    """Each affected limb is the reflection of the same limb on the other side."""

    def __init__(self, limbs: Sequence[Limb]) -> None:
        self._limbs = tuple(limbs)

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        virtual.copy_from(tracked)
        for limb in self._limbs:
            reflect(tracked, limb, virtual)


class AbsentDrive:
    """The affected limbs are not there: what the participant sees when they look down."""

    def __init__(self, limbs: Sequence[Limb]) -> None:
        self._limbs = tuple(limbs)

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        virtual.copy_from(tracked)
        for limb in self._limbs:
            _remove(virtual, limb)


class ClipDrive:
    """The affected limbs play a clip, over and over; the participant watches and need not move."""

    def __init__(self, limbs: Sequence[Limb], clip: Clip, build: Callable[[], Build]) -> None:
        """`build` says how the person is proportioned now."""
        self._limbs = tuple(limbs)
        self._clip = clip
        self._build = build
        self._began_s: float | None = None

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        if self._began_s is None:
            self._began_s = now_s
        virtual.copy_from(tracked)
        for limb in self._limbs:
            # The clip hangs on the participant's own shoulder or hip; without one there is nothing to hang it on.
            root = root_of(limb, virtual, self._build())
            if math.isnan(root[0]):
                _remove(virtual, limb)
                continue
            self._clip(now_s - self._began_s, limb, root, virtual.poses[limb.joints])
            virtual.provenance[limb.joints] = Provenance.SCRIPTED


class ResidualDrive:
    """The residual limb's tracker moves the segment that it is strapped to, and the rest of the limb goes with it.

    What lies beyond that segment keeps the posture that the clip gives it at rest, except that fingers, or foot and
    toes, go as the intact ones where those are seen. The segment hangs on the shoulder or hip by a bone of the length
    that the clip's limb has, so that noise in a tracker's place cannot stretch it.
    """

    def __init__(self, driven_by: Mapping[Limb, str], rest: Clip) -> None:
        """`driven_by` names, for each limb, the joint at which its tracked segment begins, such as `elbow`."""
        self._driven = tuple(
            (limb, CHAIN_JOINTS[limb.chain].index(joint), np.empty((len(CHAIN_JOINTS[limb.chain]), 7)))
            for limb, joint in driven_by.items()
        )
        self._limbs = frozenset(driven_by)
        self._rest = rest

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        virtual.copy_from(tracked)
        for limb, at, rest in self._driven:
            joints = limb.joints
            seen = tracked.poses[joints]
            tracker = tracked.provenance[joints.start + at]
            # What was inferred from something that was taken for a hand or a foot is no residual limb.
            if tracker not in _FROM_TRACKER or math.isnan(float(seen[0].sum()) + float(seen[at].sum())):
                _remove(virtual, limb)
                continue
            self._rest(now_s, limb, seen[0, :3], rest)
            apart = take_apart(limb.chain, rest)
            provenance = virtual.provenance[joints]
            provenance[at + 1 :] = Provenance.INFERRED
            followed = self._take_after_the_intact(tracked, limb, apart)
            near = take_apart(limb.chain, _aimed(seen, apart, at))
            apart[:at], apart[at] = near[:at], near[at]
            put_together(limb.chain, apart, virtual.poses[joints])
            if followed:
                provenance[_FOLLOWING[limb.chain]] = Provenance.MIRRORED
            if tracker == Provenance.HELD:
                provenance[:] = Provenance.HELD

    def _take_after_the_intact(self, tracked: Body, limb: Limb, apart: NDArray[np.float64]) -> bool:
        """Fingers, or foot and toes, turn as those of the other side do, where that side is no virtual limb itself."""
        if limb.other in self._limbs or not np.isin(tracked.provenance[limb.other.joints], _WATCHED).all():
            return False
        following = _FOLLOWING[limb.chain]
        example = geometry.mirror(take_apart(limb.chain, tracked.poses[limb.other.joints]))
        apart[following, 3:] = example[following, 3:]
        return True


def _aimed(seen: NDArray[np.float64], apart: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """The joints up to the tracked one, (n, 7), with the bone before an elbow or a knee aimed at it and of its length.

    The bone hinges about the axis that its tracked segment has across.
    """
    if at != 1:
        return seen
    out = seen.copy()
    along = seen[1, :3] - seen[0, :3]
    back = along / -max(math.sqrt(float(along @ along)), 1e-6)
    right = geometry.rotate(seen[1, 3:], _RIGHT)
    right = right - (right @ back) * back
    length = math.sqrt(float(right @ right))
    if length < 1e-3:  # the segment stands square to the bone and tells nothing: the bone stays turned as it was
        return out
    right /= length
    out[0, 3:] = geometry.quaternions_of(np.stack([right, np.cross(back, right), back], axis=-1))
    out[1, :3] = seen[0, :3] - back * math.sqrt(float(apart[1, :3] @ apart[1, :3]))
    return out


def root_of(limb: Limb, body: Body, build: Build) -> NDArray[np.float64]:
    """Where a limb hangs, (3,), NaN where that is not known. A hip that nobody tracked is on the pelvis."""
    root = body.poses[limb.joints.start, :3].copy()
    if limb.chain is Chain.LEG and math.isnan(root[0]):
        outward = (1.0 if limb.side is Side.RIGHT else -1.0) * build.hip_breadth / 2
        root[:] = geometry.apply(body.poses[PELVIS], np.array([outward, 0.0, 0.0]))
    return root


def _remove(virtual: Body, limb: Limb) -> None:
    virtual.poses[limb.joints] = np.nan
    virtual.provenance[limb.joints] = Provenance.NONE


Mode = Literal["mirror", "intact_only", "observe", "residual", "imagery", "distractor", "relax"]
#: Every mode, in the order in which they are offered.
MODES: tuple[str, ...] = get_args(Mode)
#: Modes that show no virtual limb: the controls that mirror and imagery are compared with. What they hold back is the
#: sight of the limb; `distractor` keeps the person busy otherwise, and in `relax` nobody moves.
WITHOUT_LIMB = ("intact_only", "distractor", "relax")


def make_drive(
    mode: str,
    limbs: Sequence[Limb],
    clip: Clip,
    driven_by: Mapping[Limb, str] | None = None,
    build: Callable[[], Build] = lambda: USUAL,
) -> Drive:
    """The drive of a mode for the affected limbs.

    clip: what `observe` plays, and how the limb lies in `imagery` and, beyond the tracked segment, in `residual`.
    driven_by: for `residual`, the joint at which each limb's tracked segment begins. build: how the person is
    proportioned, asked in every frame.
    Raises `NotPossible` for a mode that there is not, for a mirror without an intact side, for `residual` without a
    tracked segment; the message says what is possible.
    """
    if mode == "mirror":
        if both := [limb for limb in limbs if limb.other in limbs]:
            raise NotPossible(no_intact_side(both[0].chain))
        return MirrorDrive(limbs)
    if mode in WITHOUT_LIMB:
        return AbsentDrive(limbs)
    if mode in ("observe", "imagery"):
        return ClipDrive(limbs, clip, build)
    if mode == "residual":
        if not driven_by:
            raise NotPossible("Expected a tracked segment of the residual limb for residual, but there is none.")
        return ResidualDrive(driven_by, clip)
    raise NotPossible(f"Expected a mode of {', '.join(MODES)}, but {mode!r} came; choose one of these.")


def no_intact_side(chain: Chain) -> str:
    """Why a limb that is lost on both sides cannot be mirrored, and what can be done."""
    return (
        f"Expected one intact {chain} to mirror, but both are lost, so neither can lead the other. "
        "Choose --mode observe, imagery or residual, in which both sides are driven."
    )
