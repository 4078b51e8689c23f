"""The flash meter counts what WCAG 2.2 calls a flash, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from vrrehab.testing.flash import MOST_FLASHES, FlashMeter

RATE_HZ = 30
WHITE, BLACK, GREY, RED, BLUE = (255, 255, 255), (0, 0, 0), (90, 90, 90), (255, 0, 0), (0, 0, 255)


def picture(colour: Iterable[int], inside: int = 96) -> np.ndarray:
    """Grey, with a square of the colour in its middle."""
    made = np.full((96, 96, 3), GREY, np.uint8)
    edge = (96 - inside) // 2
    made[edge : edge + inside, edge : edge + inside] = tuple(colour)
    return made


def metered(
    one: Iterable[int], other: Iterable[int], times_a_second: float, seconds: float = 2.0, inside: int = 96
) -> FlashMeter:
    """What a meter says of a square that goes from one colour to the other and back, so often."""
    meter = FlashMeter(RATE_HZ, 78.0)
    for frame in range(round(seconds * RATE_HZ)):
        there = (frame / RATE_HZ * times_a_second) % 1.0 < 0.5
        meter.see(picture(one if there else other, inside))
    return meter


@pytest.mark.parametrize("times_a_second", [1, 2, 3, 5, 7.5, 15])
def test_a_scene_that_flashes_is_counted_and_too_many_are_told(times_a_second: float) -> None:
    meter = metered(WHITE, BLACK, times_a_second)
    assert meter.general == pytest.approx(times_a_second, abs=0.5)
    assert (meter.general > MOST_FLASHES) == (times_a_second > MOST_FLASHES)


def test_a_change_below_a_tenth_of_white_is_no_flash() -> None:
    assert metered((118, 118, 118), (140, 140, 140), 5).general == 0.0
    assert metered((118, 118, 118), (150, 150, 150), 5).general > MOST_FLASHES


def test_what_stays_bright_does_not_flash() -> None:
    assert metered((255, 255, 255), (234, 234, 234), 5).general == 0.0, "both above 0.80 of white"


def test_a_small_flash_is_none_and_one_a_little_larger_is() -> None:
    assert metered(WHITE, BLACK, 5, inside=4).general == 0.0
    assert metered(WHITE, BLACK, 5, inside=6).general > MOST_FLASHES


def test_a_slow_fade_there_and_back_is_one_flash_however_many_pictures_it_takes() -> None:
    meter = FlashMeter(RATE_HZ, 78.0)
    for level in (*range(0, 256, 17), *range(255, -1, -17)):
        meter.see(picture((level, level, level)))
    assert meter.general == 1.0


def test_flicker_below_the_threshold_on_top_of_a_fade_is_not_counted() -> None:
    meter = FlashMeter(RATE_HZ, 78.0)
    for frame in range(60):
        level = 4 * frame + (8 if frame % 2 else 0)
        meter.see(picture((level, level, level)))
    assert meter.general == 0.5


def test_a_saturated_red_counts_though_its_luminance_hardly_changes() -> None:
    like_red = (127, 127, 127)
    meter = metered(RED, like_red, 5)
    assert meter.general == 0.0
    assert meter.red == pytest.approx(5.0, abs=0.5)
    assert metered(BLUE, like_red, 5).red == 0.0
    assert metered(RED, BLACK, 2).red == pytest.approx(2.0, abs=0.5)


def test_pictures_that_do_not_follow_each_other_are_no_flash() -> None:
    meter = FlashMeter(RATE_HZ, 78.0)
    for frame in range(60):
        meter.forget()
        meter.see(picture(WHITE if frame % 2 else BLACK))
    assert meter.general == meter.red == 0.0
