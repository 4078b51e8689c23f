"""The beat of a session: which frame this is, when it will be seen, and who says so.

The session asks a `Display` for the next frame, makes the picture for the time that frame will be seen, and
hands it back. Nothing here draws: the displays are in `vrrehab.stage`, a silent one is in `vrrehab.testing`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from vrrehab.session.view import View

#: The monotonic clock, the runtime's (XrTime; the monotonic one where there is no runtime) and UTC, in
#: nanoseconds.
ClockReading = tuple[int, int, int]


class FrameTime(msgspec.Struct, frozen=True, gc=False):
    """One frame, as the display names it when it may be begun.

    number: counts the display's frames from 1.
    display_time_ns: when it will be seen, on the runtime's clock (XrTime; the monotonic clock where there is
    no runtime).
    period_ns: the time between two frames.
    mono_ns: the monotonic clock when the wait ended.
    should_draw: False where the runtime shows nothing (headset put down); the session goes on regardless.
    """

    number: int
    display_time_ns: int
    period_ns: int
    mono_ns: int
    should_draw: bool = True


class Display(Protocol):
    """Where the picture goes, and what sets the pace."""

    def wait(self) -> FrameTime | None:
        """Waits until the next frame may be begun; None once there will be none (closed, runtime ended)."""
        ...

    def draw(self, frame: FrameTime, view: View) -> None:
        """Shows `view` as `frame`; called exactly once for every frame that `wait` gave."""
        ...

    @property
    def submitted_ns(self) -> int:
        """How much of the last `draw` was handing the picture over rather than drawing it."""
        ...

    def read_clocks(self) -> ClockReading:
        """The three clocks, read together now."""
        ...

    def keys_pressed(self) -> Sequence[str]:
        """The keys that went down since this was last asked, of those that `vrrehab.session.commands.KEYS` names."""
        ...

    def close(self) -> None:
        """Lets go of everything; may be called twice."""
        ...


class Clock(Protocol):
    """Monotonic time, in a form that a test can put its own in place of."""

    def now_ns(self) -> int: ...

    def sleep_until_ns(self, when_ns: int) -> None:
        """Returns at `when_ns` or, where that has passed, at once."""
        ...


class MonotonicClock:
    """The computer's own monotonic clock; `perf_counter` is it too on Linux, and on Windows the one of the two that
    does not tick at 16 ms.
    """

    def now_ns(self) -> int:
        return time.perf_counter_ns()

    def sleep_until_ns(self, when_ns: int) -> None:
        remaining_ns = when_ns - time.perf_counter_ns()
        if remaining_ns > 0:
            time.sleep(remaining_ns / 1e9)
