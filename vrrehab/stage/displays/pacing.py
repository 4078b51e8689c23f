"""Frames at an even rate, for displays that no runtime paces."""

from __future__ import annotations

from vrrehab.session.frame import Clock, FrameTime


class Pacer:
    """Announces a frame at each tick of `rate_hz`, to be seen at the tick after; a late frame skips ticks."""

    def __init__(self, rate_hz: float, clock: Clock) -> None:
        self._clock = clock
        self._period_ns = round(1e9 / rate_hz)
        self._tick_ns = clock.now_ns()
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
        )
