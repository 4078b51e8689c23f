"""A display that shows nothing and keeps the beat; on a virtual clock it runs as fast as the machine can."""

from __future__ import annotations

import time

from vrrehab.session.frame import Clock, ClockReading, FrameTime
from vrrehab.session.view import View


class SilentDisplay:
    """Gives frames at `rate_hz` on `clock`, predicted one period ahead; implements
    `vrrehab.session.frame.Display`.

    frames: how many to give before the display ends; None for no end. `drawn` counts the frames handed
    back, and `view` is the last of them.
    """

    def __init__(self, clock: Clock, rate_hz: float = 90.0, frames: int | None = None) -> None:
        if not rate_hz > 0:
            raise ValueError(f"expected a rate above 0 Hz, but {rate_hz} came")
        self._clock = clock
        self._period_ns = round(1e9 / rate_hz)
        self._next_ns = clock.now_ns()
        self._frames = frames
        self._given = 0
        self._closed = False
        self._utc_minus_mono_ns = time.time_ns() - clock.now_ns()
        self.submitted_ns = 0
        self.drawn = 0
        self.view: View | None = None

    def wait(self) -> FrameTime | None:
        if self._closed or self._given == self._frames:
            return None
        self._clock.sleep_until_ns(self._next_ns)
        now_ns = self._clock.now_ns()
        # A missed beat is not made up for: as with a compositor, the beat goes on from now.
        missed = now_ns - self._next_ns >= self._period_ns
        self._next_ns = (now_ns if missed else self._next_ns) + self._period_ns
        self._given += 1
        return FrameTime(self._given, now_ns + self._period_ns, self._period_ns, now_ns)

    def draw(self, frame: FrameTime, view: View) -> None:
        self.drawn += 1
        self.view = view

    def read_clocks(self) -> ClockReading:
        now_ns = self._clock.now_ns()
        return now_ns, now_ns, now_ns + self._utc_minus_mono_ns

    def keys_pressed(self) -> tuple[()]:
        return ()

    def close(self) -> None:
        self._closed = True
