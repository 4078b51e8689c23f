"""A session of ours as a source: what was seen of a person then goes through everything again, with other settings.

Plays what was seen, and nothing that was made of it: what the session inferred, held or mirrored, this session does
anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import BadImport
from telemetry.imports.motion_bids import BidsRecording
from telemetry.motion import FrameLayout
from vrrehab.body.skeleton import HAND, INDEX, JOINT_COUNT, Body, Provenance, Side
from vrrehab.session.view import View
from vrrehab.sources import Origin
from vrrehab.sources.timeline import Timeline

# A held controller lets a hand be inferred by what sees it; everything else that is inferred is the session's own work.
_SEEN = np.zeros((JOINT_COUNT, 256), bool)
_SEEN[:, [Provenance.MEASURED, Provenance.SCRIPTED]] = True
for _side in Side:
    _SEEN[HAND[_side], Provenance.INFERRED] = True
_EACH = np.arange(JOINT_COUNT)


class Recorded(Protocol):
    """What can be played: `telemetry.recorded.RecordedSession`, or `telemetry.imports.BidsRecording`."""

    session_id: str
    layout: FrameLayout

    @property
    def ended_mono_ns(self) -> int: ...

    def frames(self) -> Iterator[NDArray[np.void]]: ...


def bids_source(recording: BidsRecording, start_s: float = 0.0) -> SessionSource:
    """A Motion-BIDS recording as a source. Raises `BadImport` where it has no joint of ours, else as that does."""
    if not set(recording.layout.joints) & set(INDEX):
        named = ", ".join(recording.layout.joints[:6])
        raise BadImport(recording.path, f"expected tracked points such as left_wrist or centre_head, got {named}")
    return SessionSource(recording, start_s)


class SessionSource:
    """Implements `vrrehab.sources.Source` on a recorded session, from `start_s` into it.

    Playing begins with the first `locate`. Its space is the session space of then, with its recentrings in it.
    """

    origin: Origin = "recording"

    def __init__(self, recorded: Recorded, start_s: float = 0.0) -> None:
        """Raises ValueError for a `start_s` outside."""
        self._timeline = Timeline(recorded.frames(), recorded.layout)
        length_s = (recorded.ended_mono_ns - self._timeline.first_ns) / 1e9
        if not 0.0 <= start_s < length_s:
            raise ValueError(
                f"expected a start of 0 to {max(length_s, 0.0):.2f} s into session {recorded.session_id}, but "
                f"{start_s} came; start earlier"
            )
        self._start_ns = self._timeline.first_ns + round(start_s * 1e9)
        self._began_ns: int | None = None

    @property
    def exhausted(self) -> bool:
        return self._timeline.over

    def locate(self, display_time_ns: int, body: Body) -> None:
        if self._began_ns is None:
            self._began_ns = display_time_ns
        self._timeline.seek(self._start_ns + display_time_ns - self._began_ns)
        if self._timeline.over:
            body.forget()
            return
        self._timeline.read("tracked", body)
        lost = ~_SEEN[_EACH, body.provenance]
        body.poses[lost] = np.nan
        body.provenance[lost] = Provenance.NONE

    def see(self, view: View) -> None:
        """Nobody is there to look."""

    def news(self) -> tuple[()]:
        return ()

    def selecting(self) -> bool:
        return False

    def pressed(self) -> tuple[()]:
        return ()
