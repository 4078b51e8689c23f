"""What moves the virtual limb: one drive for each mode, all behind one door.

A drive reads the tracked body and writes the virtual one, both in session space. The real tracking of the
affected side is never used: a stump that a camera takes for a hand must not move the picture of the hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.mirror import reflect_arm
from vrrehab.body.skeleton import ARM, Body, Provenance, Side
from vrrehab.errors import NotPossible


class Drive(Protocol):
    """Makes the virtual body of one frame; one instance lasts a session."""

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        """Writes every joint of `virtual` for the time `now_s`. `tracked` is left alone."""
        ...


#: Writes an arm, (28, 7) shoulder to fingertips, for seconds since it began and the shoulder's place (3,).
Clip = Callable[[float, NDArray[np.float64], NDArray[np.float64]], None]


class MirrorDrive:
    """The affected arm is the reflection of the intact one."""

    def __init__(self, intact_side: Side) -> None:
        self._intact = intact_side

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        virtual.copy_from(tracked)
        reflect_arm(tracked, self._intact, virtual)


class IntactOnlyDrive:
    """The affected arm is not there: what the participant sees when they look down."""

    def __init__(self, intact_side: Side) -> None:
        self._affected = ARM[intact_side.other]

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        virtual.copy_from(tracked)
        virtual.poses[self._affected] = np.nan
        virtual.provenance[self._affected] = Provenance.NONE


class ObserveDrive:
    """The affected arm plays a clip, over and over; the participant watches and need not move."""

    def __init__(self, intact_side: Side, clip: Clip) -> None:
        self._affected = ARM[intact_side.other]
        self._clip = clip
        self._began_s: float | None = None

    def drive(self, tracked: Body, virtual: Body, now_s: float) -> None:
        if self._began_s is None:
            self._began_s = now_s
        virtual.copy_from(tracked)
        arm = virtual.poses[self._affected]
        # The clip hangs on the participant's own shoulder; without one there is nothing to hang it on.
        if virtual.provenance[self._affected.start] == Provenance.NONE:
            arm.fill(np.nan)
            virtual.provenance[self._affected] = Provenance.NONE
            return
        self._clip(now_s - self._began_s, arm[0, :3].copy(), arm)
        virtual.provenance[self._affected] = Provenance.SCRIPTED


def make_drive(mode: str, intact_side: Side, clip: Clip) -> Drive:
    """The drive of a mode. `clip` is what `observe` plays.

    Raises `NotPossible` for a mode that is not built, and names those that are.
    """
    if mode == "mirror":
        return MirrorDrive(intact_side)
    if mode == "intact_only":
        return IntactOnlyDrive(intact_side)
    if mode == "observe":
        return ObserveDrive(intact_side, clip)
    raise NotPossible(f"Expected a mode of {', '.join(MODES)}, but {mode!r} came; choose one of these.")


#: The modes that `make_drive` knows.
MODES = ("mirror", "intact_only", "observe")
