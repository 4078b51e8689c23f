"""The virtual clock and the silent display: time that costs nothing, a beat without a picture."""

from __future__ import annotations

import itertools

import pytest

from vrrehab.body.skeleton import Body
from vrrehab.session.frame import MonotonicClock
from vrrehab.session.view import View
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay


def test_virtual_time_passes_only_while_somebody_sleeps_and_never_back() -> None:
    clock = VirtualClock(100)
    assert clock.now_ns() == clock.now_ns() == 100
    clock.sleep_until_ns(3_600_000_000_000)
    assert clock.now_ns() == 3_600_000_000_000
    clock.sleep_until_ns(5)
    assert clock.now_ns() == 3_600_000_000_000


def test_the_real_clock_sleeps_at_least_as_long_as_it_is_told() -> None:
    clock = MonotonicClock()
    until_ns = clock.now_ns() + 2_000_000
    clock.sleep_until_ns(until_ns)
    assert clock.now_ns() >= until_ns
    clock.sleep_until_ns(0)


def test_frames_come_evenly_numbered_from_1_and_predicted_one_period_ahead() -> None:
    clock = VirtualClock()
    display = SilentDisplay(clock, rate_hz=100)
    frames = [display.wait() for _ in range(5)]
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]
    assert {b.mono_ns - a.mono_ns for a, b in itertools.pairwise(frames)} == {10_000_000}
    for frame in frames:
        assert frame.display_time_ns == frame.mono_ns + frame.period_ns
        assert frame.should_draw


def test_a_late_frame_is_not_made_up_for() -> None:
    clock = VirtualClock()
    display = SilentDisplay(clock, rate_hz=100)
    first = display.wait()
    clock.sleep_until_ns(first.mono_ns + 55_000_000)
    late, after = display.wait(), display.wait()
    assert late.mono_ns == first.mono_ns + 55_000_000
    assert after.mono_ns == late.mono_ns + 10_000_000


def test_it_ends_after_its_frames_or_when_closed() -> None:
    display = SilentDisplay(VirtualClock(), frames=2)
    assert [display.wait() is None for _ in range(4)] == [False, False, True, True]
    closed = SilentDisplay(VirtualClock())
    assert closed.wait() is not None
    closed.close()
    closed.close()
    assert closed.wait() is None


def test_it_keeps_the_last_view_and_counts() -> None:
    display, view = SilentDisplay(VirtualClock()), View(Body.unseen())
    for _ in range(3):
        display.draw(display.wait(), view)
    assert (display.drawn, display.view) == (3, view)


def test_its_three_clocks_run_together() -> None:
    clock = VirtualClock()
    display = SilentDisplay(clock)
    mono, xr, utc = display.read_clocks()
    assert mono == xr == clock.now_ns()
    clock.sleep_until_ns(mono + 7)
    later = display.read_clocks()
    assert later == (mono + 7, xr + 7, utc + 7)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a rate above 0 Hz, but 0 came"):
        SilentDisplay(VirtualClock(), rate_hz=0)
