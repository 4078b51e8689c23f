"""Watching a strapped device in the headset while its wearer sits still: wait, count down, look for a second."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import TrackerMount
from vrrehab.body.mounting import posture_for
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HEAD, INDEX, Body
from vrrehab.cli.headset import OpenHeadset, open_headset
from vrrehab.cli.interruption import Interruption
from vrrehab.errors import NotMeasured
from vrrehab.language import Language, mark
from vrrehab.session.view import View
from vrrehab.stage.engine import suitable_tier
from vrrehab.stage.stage import Stage

#: How long the device and the headset may take to be seen, how long there is to sit down, and how long is measured.
_WAIT_S, _SIT_S, _MEASURE_S = 20.0, 5, 1.0
#: Fewer frames than this are no mean, however long they took to draw.
_LEAST_FRAMES = 10
#: What the wearer reads, by the joint: `vrrehab.body.mounting.POSTURES` in a sentence.
SHOWN = {
    "shoulder": mark("Look here, and sit so that the upper arm hangs straight down."),
    "elbow": mark("Look here, and sit so that the forearm lies on the table, straight ahead."),
    "hip": mark("Look here, and sit so that the thigh is level and points straight ahead."),
    "knee": mark("Look here, and sit so that the shin stands upright, its front straight ahead."),
    "ankle": mark("Look here, and sit so that the foot stands flat and points straight ahead."),
    "ball": mark("Look here, and sit so that the foot stands flat and points straight ahead."),
}


def watch(
    joint: str, device: str, interruption: Interruption, language: Language
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The device's and the head's poses, each (n, 7) in the source's reference space, NaN where not seen.

    Raises `NotMeasured` where the device is not there, `XrError` where no headset is.
    """
    interruption.check()
    stage = Stage("therapy_room", suitable_tier())
    # Strapped with no offset, so that the joint is where the device is.
    with open_headset(stage, (TrackerMount(joint=joint, device=device),)) as headset:
        watching = _Watching(headset, joint, interruption)
        watching.until_seen(device)
        words = posture_for(joint).words
        print(f"Look straight ahead, sit so that {words}, and keep still.")
        watching.show_here(language.say("Please keep still"), language.say(SHOWN[joint.partition("_")[2]]))
        for left_s in range(_SIT_S, 0, -1):
            print(f"{left_s} ...")
            watching.count(str(left_s))
            watching.frames(1.0)
        watching.count(language.say("now"))
        devices: list[NDArray[np.float64]] = []
        heads: list[NDArray[np.float64]] = []

        def look() -> None:
            devices.append(watching.device.copy())
            heads.append(watching.head.copy())

        watching.frames(_MEASURE_S, look, _LEAST_FRAMES)
    return np.stack(devices), np.stack(heads)


class _Watching:
    """A headset with a room and words on its wall. device, head: their poses (7,) in the last frame."""

    def __init__(self, headset: OpenHeadset, joint: str, interruption: Interruption) -> None:
        assert headset.display is not None
        self._display, self._source, self._interruption = headset.display, headset.source, interruption
        self._body = Body.unseen()
        self._view = View(Body.unseen())
        self._time_ns = 0
        self.device, self.head = self._body.poses[INDEX[joint]], self._body.poses[HEAD]

    def show_here(self, title: str, words: str) -> None:
        """Put the wall with these words in front of the wearer, who is seen."""
        self._view.reference_from_session[:] = Recentring.from_head(self.head).reference_from_session
        self._view.title, self._view.text = title, words

    def count(self, text: str) -> None:
        """Show it beside the words."""
        self._view.count = text

    def until_seen(self, device: str) -> None:
        """Return once device and head are seen. Raises `NotMeasured`."""
        give_up_s = time.monotonic() + _WAIT_S
        while not np.isfinite((self.device, self.head)).all():
            if time.monotonic() > give_up_s:
                what = "the headset" if np.isfinite(self.device).all() else device
                seen = ", ".join(self._source.devices_seen(self._time_ns)) or "none"
                raise NotMeasured(
                    f"Expected to see {what} within {_WAIT_S:.0f} s, but it is not there (devices seen: {seen}). Put "
                    "the headset on, switch the device on, or name another with --device."
                )
            self._frame()

    def frames(self, lasts_s: float, look: Callable[[], object] = lambda: None, at_least: int = 1) -> None:
        """Let frames go by for that long, with a `look` at each."""
        until_s = time.monotonic() + lasts_s
        for drawn in itertools.count(1):
            self._frame()
            look()
            if drawn >= at_least and time.monotonic() > until_s:
                return

    def _frame(self) -> None:
        self._interruption.check()
        frame = self._display.wait()
        if frame is None:
            raise NotMeasured("Expected a second of keeping still, but the headset's session was ended. Measure again.")
        self._time_ns = frame.display_time_ns
        self._source.locate(self._time_ns, self._body)
        self._display.draw(frame, self._view)
