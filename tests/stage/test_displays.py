"""Displays: their pace, their keys and their end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from vrrehab.errors import NoGraphics
from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.displays.pacing import Pacer
from vrrehab.stage.displays.window import WindowDisplay
from vrrehab.stage.engine import engine
from vrrehab.stage.picture import resting, seated
from vrrehab.testing.clock import VirtualClock

PERIOD_NS = 20_000_000


def test_frames_come_at_an_even_rate_and_are_seen_a_period_later() -> None:
    clock = VirtualClock()
    pacer = Pacer(50.0, clock)
    frames = [pacer.wait() for _ in range(5)]
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]
    assert {b.mono_ns - a.mono_ns for a, b in pairwise(frames)} == {PERIOD_NS}
    assert {frame.display_time_ns - frame.mono_ns for frame in frames} == {PERIOD_NS}
    assert {frame.period_ns for frame in frames} == {PERIOD_NS}


def test_a_late_frame_skips_ticks_and_keeps_the_beat() -> None:
    clock = VirtualClock()
    pacer = Pacer(50.0, clock)
    first = pacer.wait()
    clock.sleep_until_ns(first.mono_ns + int(2.3 * PERIOD_NS))
    late = pacer.wait()
    assert late.mono_ns - first.mono_ns == 3 * PERIOD_NS
    assert late.number == 2
    assert pacer.wait().mono_ns - late.mono_ns == PERIOD_NS


def test_a_frame_that_is_just_in_time_is_not_skipped() -> None:
    clock = VirtualClock()
    pacer = Pacer(50.0, clock)
    first = pacer.wait()
    clock.sleep_until_ns(first.mono_ns + PERIOD_NS)
    assert pacer.wait().mono_ns - first.mono_ns == PERIOD_NS


def test_the_picture_is_what_the_head_sees(eye) -> None:
    ahead, down = eye.draw(seated(0.0)), eye.draw(seated(-60.0))
    assert ahead.shape == (240, 320, 3)
    assert np.abs(ahead - down).mean() > 10


def test_the_arms_of_the_view_are_in_the_picture(eye) -> None:
    view = resting(eye.stage.place.table.top_m)
    both = eye.draw(view)
    view.virtual.copy_from(seated(-24.0).virtual)
    none = eye.draw(view)
    changed = np.abs(both - none).max(axis=2) > 12
    middle = changed.shape[1] // 2
    assert changed[:, :middle].mean() > 0.02
    assert changed[:, middle:].mean() > 0.02


def test_a_closed_display_has_no_picture_and_may_be_closed_again(stage) -> None:
    display = OffscreenDisplay(stage, (16, 16))
    display.close()
    display.close()
    with pytest.raises(RuntimeError, match="it was closed"):
        display.picture()


def test_without_a_screen_a_window_is_refused_with_what_to_do(stage) -> None:
    if engine().windows:
        pytest.skip("this process has a screen")
    with pytest.raises(NoGraphics, match="--display offscreen"):
        WindowDisplay(stage)


def test_a_window_hears_the_sessions_keys_and_ends_when_it_is_closed(on_screen) -> None:
    assert on_screen("window_session.py").splitlines() == [
        "before []",
        "escape ['escape'] and again []",
        "other keys ['h', 'c', 'space']",
        "open after closing False",
    ]
