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


def seen(pictures: Iterable[np.ndarray]) -> FlashMeter:
    meter = FlashMeter(RATE_HZ, 78.0)
    for each in pictures:
        meter.see(each)
    return meter


def barred(frame: int, speed: float = 1.0) -> np.ndarray:
    """White bars of two pixels that move sideways: fingers over a dark table."""
    columns = (np.arange(96) - round(speed * frame)) // 2 % 2 == 0
    return np.where(columns[None, :, None], np.uint8(255), np.uint8(0)) * np.ones((96, 96, 3), np.uint8)


def test_what_moves_is_no_flash_of_the_light_but_one_of_each_pixel() -> None:
    meter = seen(barred(frame) for frame in range(60))
    assert meter.general == 0.0
    assert meter.by_pixel > MOST_FLASHES


def test_a_hand_that_comes_and_goes_too_often_is_a_flash_of_the_light_too() -> None:
    """Something as large as a field that covers and uncovers what is behind it, five times a second."""
    frames = (picture(BLACK, 0) if frame % 6 < 3 else picture(WHITE, 12) for frame in range(60))
    assert seen(frames).general > MOST_FLASHES


def reversing(squares: int) -> FlashMeter:
    """A chequerboard of squares of so many pixels that is reversed five times a second."""
    board = (np.indices((96, 96)) // squares).sum(axis=0) % 2 == 0
    frames = (np.repeat(np.where(board ^ (frame % 6 < 3), 255, 0)[..., None], 3, axis=2) for frame in range(60))
    return seen(frame.astype(np.uint8) for frame in frames)


def test_a_flash_is_found_among_others_that_go_the_other_way() -> None:
    """Squares of 4.8 degrees: the light of every whole field stays as it is, and each square of it flashes."""
    assert reversing(5).general == pytest.approx(5.0, abs=0.5)


def test_a_fine_chequerboard_that_is_reversed_is_found_pixel_by_pixel() -> None:
    meter = reversing(2)
    assert meter.general == 0.0
    assert meter.by_pixel == pytest.approx(5.0, abs=0.5)


def test_places_that_flash_in_turn_in_one_field_are_counted_together() -> None:
    """Two halves of a field, each twice a second: four flashes in that field, though no pixel has more than two."""

    def halves(frame: int) -> np.ndarray:
        made = np.full((96, 96, 3), GREY, np.uint8)
        made[40:50, 40:45] = WHITE if frame % 15 < 4 else BLACK
        made[40:50, 45:50] = WHITE if 7 <= frame % 15 < 11 else BLACK
        return made

    meter = seen(halves(frame) for frame in range(60))
    assert meter.by_pixel <= 2.0
    assert meter.general == pytest.approx(4.0, abs=0.5)


def test_a_textured_scene_that_fades_to_black_and_back_four_times_a_second_is_counted_however_smooth() -> None:
    texture = np.random.default_rng(1).uniform(0.3, 1.0, (96, 96, 1))
    bright = (0.5 - 0.5 * np.cos(2 * np.pi * 4 * frame / RATE_HZ) for frame in range(90))
    meter = seen(np.repeat(np.round(255 * texture * each), 3, axis=2).astype(np.uint8) for each in bright)
    assert meter.general == pytest.approx(4.0, abs=0.5)
