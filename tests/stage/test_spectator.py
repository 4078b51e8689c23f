"""The pictures for whoever watches from elsewhere: the picture itself, smaller, and nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.displays.spectator import middle, small_size
from vrrehab.stage.picture import seated
from vrrehab.testing.clock import VirtualClock


class Taker:
    def __init__(self, *, pictured: bool = True) -> None:
        self.pictured = pictured
        self.taken: list[tuple[int, NDArray[np.uint8]]] = []
        self.keep = False
        self.kept: list[tuple[NDArray[np.uint8], Callable[[NDArray[np.uint8]], None]]] = []

    def offer(self, frame: int, pixels: NDArray[np.uint8], done: Callable[[NDArray[np.uint8]], None]) -> None:
        self.taken.append((frame, pixels.copy()))
        if self.keep:
            self.kept.append((pixels, done))
        else:
            done(pixels)


@pytest.fixture
def display(stage) -> Iterator[OffscreenDisplay]:
    """One that is quick to draw."""
    display = OffscreenDisplay(stage, (64, 48), clock=VirtualClock())
    yield display
    display.close()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is due with every frame."""
    monkeypatch.setattr("vrrehab.stage.displays.spectator.RATE_HZ", 1e9)


def draw(display: OffscreenDisplay, frames: int = 1) -> NDArray[np.uint8]:
    for _ in range(frames):
        frame = display.wait()
        assert frame is not None
        display.draw(frame, seated(-20.0, right=((0.16, 0.8, -0.4), 0.2, 14.0)))
    return display.picture()


def test_a_picture_is_what_was_drawn(unhurried: None, display: OffscreenDisplay) -> None:
    taker = Taker()
    display.watch(taker)
    drawn = draw(display, 3)
    (frame, picture), *_ = taker.taken
    assert frame == 1
    assert picture.shape == (48, 64, 4)
    np.testing.assert_array_equal(picture[..., :3], drawn)


def test_a_large_picture_is_halved_until_it_is_small_with_no_pixel_passed_over(unhurried: None, stage) -> None:
    display, taker = OffscreenDisplay(stage, (1440, 60), clock=VirtualClock()), Taker()
    display.watch(taker)
    drawn = draw(display, 3).astype(float)
    display.close()
    small = taker.taken[0][1][..., :3]
    assert small.shape == (20, 480, 3)
    mean = drawn.reshape(20, 3, 480, 3, 3).mean(axis=(1, 3))
    assert np.abs(mean - small).mean() < 3.0
    assert np.abs(drawn[1::3, 1::3] - small).mean() > np.abs(mean - small).mean(), "a pixel of nine is not enough"


def test_nothing_is_taken_while_nobody_looks_nor_faster_than_it_is_taken_away(
    unhurried: None, display: OffscreenDisplay
) -> None:
    taker = Taker(pictured=False)
    display.watch(taker)
    draw(display, 4)
    assert taker.taken == []
    taker.pictured, taker.keep = True, True
    draw(display, 20)
    assert len(taker.taken) == 3, "there are three buffers, and none has come back"
    for pixels, done in taker.kept:
        done(pixels)
    draw(display, 4)
    assert len(taker.taken) > 3


def test_pictures_come_twelve_a_second_and_no_more(display: OffscreenDisplay, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(n / 90 for n in range(1000))
    monkeypatch.setattr("vrrehab.stage.displays.spectator.time.monotonic", lambda: next(clock))
    taker = Taker()
    display.watch(taker)
    draw(display, 30)
    assert 2 <= len(taker.taken) <= 5


def test_where_a_frame_takes_long_each_is_shown(display: OffscreenDisplay, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a processor draws: every third one was."""
    now_s = 0.0
    monkeypatch.setattr("vrrehab.stage.displays.spectator.time.monotonic", lambda: now_s)
    taker = Taker()
    display.watch(taker)
    for _ in range(8):
        now_s += 0.14
        draw(display)
    assert [frame for frame, _ in taker.taken] == list(range(1, 8))


def test_what_is_drawn_is_the_same_whether_somebody_looks_or_not(unhurried: None, display: OffscreenDisplay) -> None:
    alone = draw(display)
    display.watch(Taker())
    np.testing.assert_array_equal(draw(display, 4), alone)


def test_of_an_eye_the_middle_is_shown() -> None:
    assert middle(2000, 2200) == (0, 350, 2000, 1500)
    assert middle(1600, 900) == (0, 0, 1600, 900)
    assert small_size(2000, 1500) == (480, 360)
    assert small_size(100, 50) == (100, 50)


def test_a_window_that_is_smoothed_and_changes_its_size_is_pictured(on_screen) -> None:
    assert on_screen("window_pictured.py").splitlines() == ["(300, 480, 4) True", "(360, 480, 4) True"]
