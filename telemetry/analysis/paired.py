"""Two values for each person: is the change other than zero, how large is it, and how sure is that?

Every effect size says which one it is; papers that print `d` without a name cannot be compared.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from telemetry.errors import NotAnalysable

#: Up to so many pairs every way of flipping signs is counted; beyond, 20,000 are drawn.
_EXACT_PAIRS = 16
_DRAWN = 20_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} (95 % CI {self.low:+.2f} to {self.high:+.2f})".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Paired:
    """A paired comparison: mean change with t interval, three tests, and three effect sizes by name.

    d_z: mean change over the standard deviation of the change; d_av: over the mean of both standard deviations;
    g_z: d_z with Hedges' correction for small samples. p_exact: sign-flip permutation of the mean.
    """

    pairs: int
    mean_before: float
    mean_after: float
    change: Estimate
    sd_change: float
    t: float
    df: int
    p_t: float
    p_wilcoxon: float
    p_exact: float
    is_exact: bool
    d_z: Estimate
    d_av: float
    g_z: float

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs: mean {self.mean_before:.2f} before, {self.mean_after:.2f} after; the second is "
            f"associated with a change of {self.change}. t({self.df}) = {signed(self.t)}, p = {self.p_t:.3g}; "
            f"Wilcoxon p = {self.p_wilcoxon:.3g}; sign-flip permutation p = {self.p_exact:.3g}"
            f"{' (exact)' if self.is_exact else ' (20,000 drawn)'}. Effect size d_z = {self.d_z}, "
            f"d_av = {signed(self.d_av)}, Hedges g_z = {signed(self.g_z)}."
        )


def signed(value: float) -> str:
    """A number with its sign and two decimals, as people print it."""
    return f"{value:+.2f}".replace("-", "−")


def paired(before: ArrayLike, after: ArrayLike, seed: int = 0) -> Paired:
    """Compare `after` with `before`, (n,) each, one pair a person. Raises `NotAnalysable` below two pairs, or where
    every change is the same, so that there is no spread to judge by.
    """
    first, second = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise NotAnalysable(f"expected as many values before as after, got {first.shape} and {second.shape}; pair them")
    if np.isnan(first).any() or np.isnan(second).any():
        raise NotAnalysable("expected pairs without missing values, got NaN; leave those persons out and say so")
    change = second - first
    n = len(change)
    if n < 2:
        raise NotAnalysable(
            f"expected at least two pairs, got {n}; one person's course is for telemetry.analysis.single_case"
        )
    mean, sd = float(change.mean()), float(change.std(ddof=1))
    if math.isclose(sd, 0.0, abs_tol=1e-12):
        raise NotAnalysable(f"expected changes that differ, but all {n} are {mean:g}; no test can be made of them")
    t = mean / (sd / math.sqrt(n))
    half = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    p_exact, is_exact = sign_flip(change, seed)
    low, high = d_z_interval(t, n)
    d_z = t / math.sqrt(n)
    sd_av = (first.std(ddof=1) + second.std(ddof=1)) / 2
    return Paired(
        pairs=n, mean_before=float(first.mean()), mean_after=float(second.mean()),
        change=Estimate(mean, mean - half, mean + half), sd_change=sd, t=t, df=n - 1,
        p_t=2 * float(stats.t.sf(abs(t), n - 1)), p_wilcoxon=wilcoxon(change), p_exact=p_exact, is_exact=is_exact,
        d_z=Estimate(d_z, low, high), d_av=float(mean / sd_av) if sd_av > 0 else math.nan, g_z=d_z * hedges(n - 1),
    )  # fmt: skip


def hedges(df: int) -> float:
    """Hedges' (1981) exact correction J = gamma(df/2) / (sqrt(df/2) gamma((df-1)/2)); 0 for one degree of freedom."""
    if df < 2:
        return 0.0
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def d_z_interval(t: float, n: int) -> tuple[float, float]:
    """The 95 % interval of d_z, by the noncentral t distributions in which this t is the 2.5th and the 97.5th
    percentile (Steiger & Fouladi 1997).
    """
    df = n - 1
    reach = 5.0 * math.sqrt(1.0 + t * t / (2 * df))

    def noncentrality(p: float) -> float:
        def off(nc: float) -> float:
            below = float(stats.nct.cdf(t, df, nc))
            # Far out the series does not converge; there it is 0 or 1.
            return (float(nc < t) if math.isnan(below) else below) - p

        return float(optimize.brentq(off, t - reach, t + reach, xtol=1e-8))

    return noncentrality(0.975) / math.sqrt(n), noncentrality(0.025) / math.sqrt(n)


def wilcoxon(change: NDArray[np.float64]) -> float:
    """Two-sided p of the signed-rank test, zeros ranked and then dropped (Pratt 1959).

    Exact by counting all signs for up to 16 pairs, also with ties; else the normal approximation corrected for ties.
    """
    size = np.abs(change)
    ranks = stats.rankdata(size)
    used = size > 0
    if not used.any():
        return 1.0
    ranks, signs = ranks[used], np.sign(change[used])
    observed = abs(float((ranks * signs).sum()))
    if len(ranks) <= _EXACT_PAIRS:
        return _share_as_far(ranks, observed)
    z = (observed - 1.0) / math.sqrt(float((ranks**2).sum()))
    return min(1.0, 2 * float(stats.norm.sf(z)))


def sign_flip(change: NDArray[np.float64], seed: int = 0) -> tuple[float, bool]:
    """(two-sided p of the mean change, whether exact), when each change might as well have had the other sign."""
    size, observed = np.abs(change), abs(float(change.sum()))
    if len(change) <= _EXACT_PAIRS:
        return _share_as_far(size, observed), True
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (_DRAWN, len(change)))
    as_far = int((np.abs(signs @ size) >= observed - 1e-9).sum())
    return (as_far + 1) / (_DRAWN + 1), False


def _share_as_far(size: NDArray[np.float64], observed: float) -> float:
    """Of all ways of giving these sizes signs, the share whose sum is as far from zero."""
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(size))))
    return float((np.abs(signs @ size) >= observed - 1e-9).mean())


def t_from_p(p: float, df: int) -> float:
    """The t of a two-sided p: what a paper's p says about its effect, as d_z = t / sqrt(n)."""
    return float(stats.t.isf(p / 2, df))
