"""Frames at an even rate for displays that no runtime paces."""

from __future__ import annotations

import time
from typing import Protocol

from vrrehab.stage.displays import FrameTime


class Clock(Protocol):
    def now_ns(self) -> int: ...

    def sleep_until_ns(self, when_ns: int) -> None: ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until_ns(self, when_ns: int) -> None:
        left_ns = when_ns - time.monotonic_ns()
        if left_ns > 0:
            time.sleep(left_ns / 1e9)


class Pacer:
    """Announces a frame at each tick of `rate_hz`, to be shown at the tick after; a late frame skips ticks."""

    def __init__(self, rate_hz: float, clock: Clock | None = None) -> None:
        self._clock = clock or MonotonicClock()
        self._period_ns = round(1e9 / rate_hz)
        self._tick_ns = self._clock.now_ns()
        self._number = 0

    def wait(self) -> FrameTime:
        self._tick_ns += self._period_ns
        late_ns = self._clock.now_ns() - self._tick_ns
        if late_ns > 0:
            self._tick_ns += -(-late_ns // self._period_ns) * self._period_ns
        self._clock.sleep_until_ns(self._tick_ns)
        self._number += 1
        return FrameTime(
            number=self._number,
            display_time_ns=self._tick_ns + self._period_ns,
            period_ns=self._period_ns,
            mono_ns=self._clock.now_ns(),
            should_draw=True,
        )
