from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from telemetry.analysis import alternation_test, baseline_corrected_tau, phase_test, piecewise
from telemetry.errors import NotAnalysable


def test_an_alternation_is_tested_over_all_orders_of_the_lot() -> None:
    found = alternation_test([7, 4, 6, 5, 7, 3], ["rest", "mirror"] * 3)
    # 20 ways of choosing three of six. The alternation is the extreme one; with its opposite 2 of 20.
    assert (found.assignments, found.is_exact) == (20, True)
    assert found.difference == pytest.approx(20 / 3 - 4)  # names in order: mirror, then rest
    assert found.p == pytest.approx(2 / 20)


def test_blocks_allow_only_orders_within_them() -> None:
    found = alternation_test(
        [7, 4, 6, 5, 7, 3], ["rest", "mirror", "rest", "mirror", "rest", "mirror"], [1, 1, 2, 2, 3, 3]
    )
    assert found.assignments == 8
    assert found.p == found.least_p == pytest.approx(2 / 8)
    assert "With these scores no p below 0.25 was possible, whichever assignment had been drawn." in str(found)
    assert "two-sided" in str(found), "only numbers have a minus sign for their hyphen"


def test_the_least_p_is_that_of_the_most_extreme_assignment() -> None:
    found = alternation_test([7, 6, 6, 5, 4, 3], ["A", "B", "A", "B", "A", "B"])
    # Of 20 orders the extreme ones are the three highest under one condition: two, and no tie.
    assert found.least_p == pytest.approx(2 / 20)
    assert found.p > found.least_p
    assert "no p below 0.1 was" in str(found), "1 of 20 would be promised wrongly"


@pytest.mark.parametrize(
    "scores", [[6, 6, 7, 6, 7, 3, 2, 3, 3, 2], [5, 5, 4, 4, 4, 4, 5, 5, 4, 4], [1, 9, 1, 9, 1, 9, 1, 9, 1, 9]]
)
def test_no_start_that_could_have_been_drawn_has_a_p_below_the_least(scores: list[float]) -> None:
    starts = range(3, 8)
    found = [phase_test(scores, start, starts) for start in starts]
    assert len({test.least_p for test in found}) == 1, "it hangs on the scores and the lot, not on what was drawn"
    assert min(test.p for test in found) == found[0].least_p


def test_no_order_that_could_have_been_drawn_in_blocks_has_a_p_below_the_least() -> None:
    scores, blocks = [7, 4, 6, 5, 7, 3], [1, 1, 2, 2, 3, 3]
    drawn = itertools.product(("AB", "BA"), repeat=3)
    found = [alternation_test(scores, list("".join(pairs)), blocks) for pairs in drawn]
    assert min(test.p for test in found) == found[0].least_p
    assert len({test.least_p for test in found}) == 1


def test_a_long_course_is_sampled_and_agrees_with_scipy() -> None:
    random = np.random.default_rng(4)
    conditions = list(random.permutation(["A"] * 15 + ["B"] * 15))
    scores = random.normal(5, 1, 30) - 0.8 * (np.array(conditions) == "B")
    found = alternation_test(scores, conditions)
    groups = [scores[np.array(conditions) == name] for name in "BA"]
    other = stats.permutation_test(groups, lambda b, a: b.mean() - a.mean(), rng=1)
    assert not found.is_exact
    assert found.p == pytest.approx(other.pvalue, abs=0.01)


def test_a_phase_start_drawn_by_lot_is_tested_against_the_other_starts() -> None:
    scores = [6, 6, 7, 6, 7, 3, 2, 3, 3, 2]
    found = phase_test(scores, 5, range(3, 8))
    assert found.assignments == 5
    assert found.p == pytest.approx(1 / 5)
    assert found.difference == pytest.approx(2.6 - 6.4)
    with pytest.raises(NotAnalysable, match="among the possible ones"):
        phase_test(scores, 2, range(3, 8))


def test_a_trend_in_the_baseline_is_taken_out_and_no_trend_is_left() -> None:
    falling = 8 - 0.5 * np.arange(12)
    found = baseline_corrected_tau(falling[:6], falling[6:] + np.array([0.01, -0.02, 0.015, -0.01, 0.02, -0.015]))
    assert found.corrected
    assert abs(found.tau) < 0.35  # uncorrected it would be as great as can be
    level = baseline_corrected_tau([6, 7, 6, 7, 6, 7], [3, 2, 3, 2, 3, 2])
    assert not level.corrected
    # All of B below all of A: 36 pairs of scores differ with phase; tau-b by its definition.
    assert level.tau == pytest.approx(-36 / np.sqrt(36 * (66 - 4 * 3)))


def test_piecewise_regression_finds_the_planted_step_and_bend() -> None:
    time = np.arange(20)
    scores = 7 - 0.1 * time - np.where(time >= 8, 1.5 + 0.2 * (time - 8), 0)
    exact = piecewise(scores[:8], scores[8:])
    assert exact.level_change.value == pytest.approx(-1.5)
    assert exact.slope_change.value == pytest.approx(-0.2)
    assert exact.slope_before.value == pytest.approx(-0.1)
    held = 0
    random = np.random.default_rng(6)
    for _ in range(200):
        noisy = scores + random.normal(0, 0.5, 20)
        interval = piecewise(noisy[:8], noisy[8:]).level_change
        held += interval.low <= -1.5 <= interval.high
    assert 180 <= held <= 199


def test_a_missing_score_has_no_p_and_is_told() -> None:
    missing = float("nan")
    with pytest.raises(NotAnalysable, match="a score for each session, got NaN"):
        phase_test([6, 7, 6, missing, 4, 3], 3, [2, 3, 4])
    for analysis in (piecewise, baseline_corrected_tau):
        with pytest.raises(NotAnalysable, match="none missing, got 3 and 4, 1 of them missing"):
            analysis([6, 7, 6], [missing, 4, 3, 3])


def test_too_short_phases_and_one_condition_are_told() -> None:
    with pytest.raises(NotAnalysable, match="three scores"):
        piecewise([1, 2], [3, 4, 5])
    with pytest.raises(NotAnalysable, match="all are equal"):
        baseline_corrected_tau([5, 5, 5], [5, 5, 5])
    with pytest.raises(NotAnalysable, match="two conditions"):
        alternation_test([5, 6], ["A", "A"])
