"""Against published tables, other libraries and the trials whose figures allow it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from telemetry.analysis import benjamini_hochberg, holm, paired
from telemetry.analysis.paired import d_z_interval, hedges, sign_flip, t_from_p, wilcoxon
from telemetry.errors import NotAnalysable

BEFORE, AFTER = np.array([5, 6, 7, 4, 5, 8.0]), np.array([3, 5, 6, 4, 2, 5.0])


def test_a_paired_comparison_agrees_with_scipy() -> None:
    found = paired(BEFORE, AFTER)
    other = stats.ttest_rel(AFTER, BEFORE)
    interval = other.confidence_interval()
    assert (found.t, found.p_t, found.df) == pytest.approx((other.statistic, other.pvalue, 5))
    assert (found.change.low, found.change.high) == pytest.approx(tuple(interval))
    permuted = stats.permutation_test((AFTER - BEFORE,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert found.p_exact == pytest.approx(permuted.pvalue)
    assert found.is_exact


def test_each_effect_size_is_what_its_name_says() -> None:
    found, change = paired(BEFORE, AFTER), AFTER - BEFORE
    assert found.d_z.value == pytest.approx(change.mean() / change.std(ddof=1))
    assert found.d_av == pytest.approx(change.mean() / ((BEFORE.std(ddof=1) + AFTER.std(ddof=1)) / 2))
    assert found.g_z == pytest.approx(found.d_z.value * (1 - 3 / (4 * 5 - 1)), rel=2e-3)
    assert hedges(10) == pytest.approx(0.9228, abs=1e-4)  # Hedges 1981, table 1


def test_the_interval_of_d_z_is_where_noncentral_t_says() -> None:
    low, high = d_z_interval(2.7, 14)
    assert stats.nct.cdf(2.7, 13, low * math.sqrt(14)) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(2.7, 13, high * math.sqrt(14)) == pytest.approx(0.025, abs=1e-6)
    for t, n in ((0.0, 3), (-30.0, 5), (12.0, 200)):
        low, high = d_z_interval(t, n)
        assert low < t / math.sqrt(n) < high


def test_wilcoxon_is_exact_with_and_without_ties() -> None:
    untied = np.array([-1.1, 2.3, -3.7, -4.2, -5.9, 6.4, -7.8])
    assert wilcoxon(untied) == pytest.approx(stats.wilcoxon(untied, method="exact").pvalue)
    # By hand: |changes| 1 1 2, ranks 1.5 1.5 3; only all of one sign is as far: 2 of 8.
    assert wilcoxon(np.array([-1.0, -1.0, -2.0])) == pytest.approx(2 / 8)
    assert wilcoxon(np.zeros(4)) == 1.0
    many = np.random.default_rng(1).normal(0.3, 1, 60)
    assert wilcoxon(many) == pytest.approx(stats.wilcoxon(many, method="asymptotic", correction=True).pvalue, rel=0.02)


def test_many_pairs_are_drawn_and_come_near_the_t_test() -> None:
    change = np.random.default_rng(2).normal(0.4, 1, 40)
    p, is_exact = sign_flip(change)
    assert not is_exact
    assert p == pytest.approx(stats.ttest_1samp(change, 0).pvalue, abs=0.01)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [([5, 6], [5], "as many values"), ([5.0], [4.0], "at least two pairs"), ([5, 6, 7], [4, 5, 6], "all 3 are -1"),
     ([5, math.nan, 6], [1, 2, 3], "missing values")],
)  # fmt: skip
def test_pairs_that_allow_no_test_are_told(before: list[float], after: list[float], message: str) -> None:
    with pytest.raises(NotAnalysable, match=message):
        paired(before, after)


def test_a_summary_speaks_of_association_and_names_its_effect_size() -> None:
    text = str(paired(BEFORE, AFTER))
    assert "associated with" in text
    assert "d_z" in text
    assert "caused" not in text


def test_holm_and_benjamini_hochberg_agree_with_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])


# --- published trials -------------------------------------------------------------------------------------------------


def test_finn_2017_says_how_its_nine_participants_scattered() -> None:
    """44.1 (17.0) to 27.5 (17.2) mm, n = 9, p = .002: t, the scatter of change and its correlation follow."""
    t = t_from_p(0.002, 8)
    sd_change = 16.6 / (t / math.sqrt(9))
    r = (17.0**2 + 17.2**2 - sd_change**2) / (2 * 17.0 * 17.2)
    assert t == pytest.approx(4.50, abs=0.005)
    assert sd_change == pytest.approx(11.1, abs=0.05)
    assert r == pytest.approx(0.79, abs=0.005)
    # Nine people with exactly these figures give them back through the analysis itself.
    before, after = people(44.1, 17.0, 27.5, 17.2, r, 9)
    found = paired(before, after)
    assert found.p_t == pytest.approx(0.002, abs=1e-6)
    assert found.d_z.value == pytest.approx(-16.6 / sd_change)
    assert found.d_av == pytest.approx(-16.6 / 17.1, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "sd", "t", "d_z"), [(1.0, 0.8, 4.68, 1.25), (1.6, 1.8, 3.33, 0.89), (9.6, 8.1, 4.43, 1.19)]
)
def test_ortiz_catalan_2016_from_its_absolute_changes(change: float, sd: float, t: float, d_z: float) -> None:
    """n = 14: WPD 1.0 [0.8], NRS 1.6 [1.8], PRI 9.6 [8.1]; the paper's own tests are not parametric."""
    before, after = people(10.0, sd, 10.0 + change, sd, 0.5, 14)  # r = .5 with equal SDs: SD of change is theirs
    found = paired(before, after)
    assert found.sd_change == pytest.approx(sd)
    assert found.t == pytest.approx(t, abs=0.005)
    assert found.d_z.value == pytest.approx(d_z, abs=0.005)


def test_rutledge_2019_printed_another_d_than_d_z() -> None:
    """t(13) = 2.7, P = .02, printed d = .53."""
    d_z = 2.7 / math.sqrt(14)
    assert 2 * stats.t.sf(2.7, 13) == pytest.approx(0.02, abs=0.005)
    assert d_z == pytest.approx(0.72, abs=0.005)
    assert abs(d_z - 0.53) > 0.15


def test_thogersen_2020_has_one_d_that_is_d_z_of_six_and_one_that_is_none() -> None:
    """d = 1.334 with p = .022 is d_z for n = 6; d = 1.135 with P = .032 is d_z for no n from 5 to 8."""

    def p_of(d: float, n: int) -> float:
        return 2 * float(stats.t.sf(d * math.sqrt(n), n - 1))

    assert [n for n in range(4, 10) if round(p_of(1.334, n), 3) == 0.022] == [6]
    assert [n for n in range(5, 9) if round(p_of(1.135, n), 3) == 0.032] == []


def people(mean_1: float, sd_1: float, mean_2: float, sd_2: float, r: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two values of n people with exactly these means, standard deviations and correlation."""
    raw = np.random.default_rng(0).normal(size=(n, 2))
    raw -= raw.mean(axis=0)
    basis, _ = np.linalg.qr(raw)
    first, second = basis.T * math.sqrt(n - 1)
    return mean_1 + sd_1 * first, mean_2 + sd_2 * (r * first + math.sqrt(1 - r * r) * second)
