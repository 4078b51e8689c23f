from __future__ import annotations

import numpy as np

from vrrehab.tasks.repetition import RepetitionCounter


def count(values: np.ndarray, rate_hz: float = 72.0) -> int:
    counter = RepetitionCounter(high=0.6, low=0.4, least_half_s=0.05)
    for i, value in enumerate(values):
        counter.step(i / rate_hz, float(value))
    return counter.repetitions


def cycles(n: int, seconds: float = 2.0, rate_hz: float = 72.0) -> np.ndarray:
    t = np.arange(0, n * seconds, 1 / rate_hz)
    return 0.5 - 0.5 * np.cos(2 * np.pi * t / seconds)


def test_every_whole_movement_counts_once() -> None:
    assert count(cycles(7)) == 7


def test_tremor_around_one_threshold_does_not_count() -> None:
    t = np.arange(0, 20, 1 / 72)
    assert count(0.62 + 0.1 * np.sin(2 * np.pi * 10 * t)) == 0


def test_a_repetition_counts_at_the_fist_and_the_next_one_only_after_opening() -> None:
    assert count(np.r_[np.zeros(20), np.ones(20)]) == 1
    assert count(np.r_[np.zeros(20), np.ones(50), np.full(50, 0.5), np.ones(50)]) == 1


def test_a_half_movement_does_not_count() -> None:
    assert count(np.r_[cycles(3), np.full(200, 0.55), cycles(2)]) == 5
    assert count(0.55 * cycles(5)) == 0


def test_a_hand_that_starts_closed_owes_a_whole_movement() -> None:
    assert count(np.r_[np.ones(50), np.zeros(50)]) == 0
    assert count(np.r_[np.ones(50), np.zeros(20), cycles(1), np.zeros(50)]) == 1


def test_a_glitch_of_a_few_frames_does_not_count_up_or_down() -> None:
    glitch_up = np.zeros(400)
    glitch_up[[100, 101, 200, 300]] = 1.0
    assert count(glitch_up) == 0
    glitch_down = np.r_[np.zeros(50), np.ones(300), np.zeros(50)]
    glitch_down[[150, 200, 201]] = 0.0
    assert count(glitch_down) == 1
