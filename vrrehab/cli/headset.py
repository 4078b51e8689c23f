"""Opening the headset: its tracking, and its eyes where the picture goes there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telemetry.messages import TrackerMount
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.stage.displays.headset import HeadsetDisplay
from vrrehab.stage.stage import Stage
from vrrehab.xr.headset import Headset


@dataclass(frozen=True, slots=True)
class OpenHeadset:
    """A connected headset. `display` is None where it only tracks."""

    source: OpenXRSource
    display: HeadsetDisplay | None
    runtime: str


@contextlib.contextmanager
def open_headset(stage: Stage | None, mounts: Sequence[TrackerMount] = ()) -> Iterator[OpenHeadset]:
    """Connect the headset, drawing `stage` in it if there is one. Raises `XrError` where there is none.

    mounts: what is strapped to the wearer's limbs; raises what `OpenXRSource` does for those that cannot be.
    """
    headset = Headset()
    source = OpenXRSource(headset, mounts)
    with contextlib.ExitStack() as open_parts:
        open_parts.callback(headset.close)
        display = None
        if stage is not None:
            display = HeadsetDisplay(stage, headset, multisamples=stage.tier.samples)
            open_parts.callback(display.close)
        else:
            headset.connect(None)
        assert headset.link is not None
        runtime = headset.link.runtime
        yield OpenHeadset(source, display, f"{runtime.name} {runtime.version}, {runtime.headset}")
