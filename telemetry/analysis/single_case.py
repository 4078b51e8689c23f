"""One person's course: was pain lower under one condition than under another, when that was decided by chance?

Randomisation tests need no model, only that the order was drawn by lot as the design says (Edgington & Onghena 2007).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from telemetry.analysis.paired import Estimate, signed
from telemetry.analysis.selection import is_on_nrs
from telemetry.errors import NotAnalysable

#: Up to so many assignments are all counted; of more, so many are drawn.
_COUNTED = 50_000
_DRAWN = 10_000


def by_condition(
    ledger: pd.DataFrame, participant: str, course: str, score: str = "pain_after", origins: Iterable[str] = ("person",)
) -> pd.DataFrame:
    """One row a session of a course, in order: session_id, condition, condition_block, condition_by, and the session's
    mean `score` of phantom limb pain, as the tests below take them.

    Sessions in which no score was given are left out, and so must be said. Raises `NotAnalysable` where none is left.
    """
    own = ledger[(ledger["participant"] == participant) & (ledger["course"] == course) & (ledger["site"] == "PLP")]
    own = own[own["origin"].isin(list(origins)) & is_on_nrs(own)].dropna(subset=[score])
    if own.empty:
        raise NotAnalysable(
            f"expected sessions of {participant} in the course {course} with a {score}, but there are none; "
            "see store.sessions()[['participant', 'course', 'condition']]"
        )
    facts = ["session_number", "condition", "condition_block", "condition_by"]
    sessions = own.groupby("session_id", sort=False)[[*facts, score]].agg(
        {**dict.fromkeys(facts, "first"), score: "mean"}
    )
    return sessions.sort_values("session_number").rename(columns={score: "score"}).reset_index()


@dataclass(frozen=True, slots=True)
class Randomisation:
    """A randomisation test of the mean difference, second condition less first.

    least_p: the p of these scores, as they came one after the other, had the lot fallen on the assignment that sets the
    conditions furthest apart. It does not say what other scores could have reached.
    """

    first: str
    second: str
    difference: float
    p: float
    least_p: float
    assignments: int
    is_exact: bool

    def __str__(self) -> str:
        how = f"all {self.assignments:,} assignments" if self.is_exact else f"{self.assignments:,} assignments drawn"
        limit = "" if self.least_p <= 0.05 else (
            f" With these scores no p below {self.least_p:.2g} was possible, whichever assignment had been drawn."
        )  # fmt: skip
        return (
            f"{self.second} is associated with {signed(self.difference)} points against {self.first}; randomisation "
            f"test over {how}, two-sided p = {self.p:.3g}.{limit}"
        )


def alternation_test(scores: ArrayLike, conditions: Sequence[str], blocks: Sequence[int] | None = None, seed: int = 0
                     ) -> Randomisation:  # fmt: skip
    """The mean difference between two conditions whose order was drawn by lot, in each of `blocks` or at all.

    scores (n,), one a session or task run in order; conditions (n,). Raises `NotAnalysable` unless there are two.
    """
    values, is_second, names = _two(scores, conditions)
    block = np.zeros(len(values), int) if blocks is None else np.asarray(blocks)
    members = [np.flatnonzero(block == b) for b in dict.fromkeys(block.tolist())]
    ways = math.prod(math.comb(len(m), int(is_second[m].sum())) for m in members)
    if ways > _COUNTED:
        random = np.random.default_rng(seed)
        drawn = [np.concatenate([random.permutation(is_second[m]) for m in members]) for _ in range(_DRAWN)]
        assignments, is_exact = np.array(drawn), False
    else:
        assignments, is_exact = np.array(list(_all_assignments(is_second, members))), True
    order = np.concatenate(members)
    return _test(values[order], is_second[order], assignments, names, is_exact)


def phase_test(scores: ArrayLike, start: int, possible_starts: Sequence[int], names: tuple[str, str] = ("A", "B")
               ) -> Randomisation:  # fmt: skip
    """Phase B against phase A where B's first score, number `start` from 0, was drawn from `possible_starts`."""
    values = np.asarray(scores, np.float64)
    if start not in possible_starts or not all(0 < s < len(values) for s in possible_starts):
        raise NotAnalysable(f"expected the start {start} among the possible ones, all within the {len(values)} scores, "
                            f"got {list(possible_starts)}; give those that the start was drawn from")  # fmt: skip
    if np.isnan(values).any():
        raise NotAnalysable("expected a score for each session, got NaN; with sessions left out the lot was another")
    index = np.arange(len(values))
    assignments = np.array([index >= possible for possible in possible_starts])
    return _test(values, index >= start, assignments, names, True)


def _two(
    scores: ArrayLike, conditions: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], tuple[str, str]]:
    values = np.asarray(scores, np.float64)
    names = sorted(set(conditions))
    if len(names) != 2 or len(conditions) != len(values) or np.isnan(values).any():
        raise NotAnalysable(f"expected a score for each of two conditions' sessions, got {len(values)} scores and "
                            f"conditions {', '.join(names)}; leave sessions without a score out, say so")  # fmt: skip
    return values, np.array([c == names[1] for c in conditions]), (names[0], names[1])


def _all_assignments(is_second: NDArray[np.bool_], members: list[NDArray[np.intp]]) -> list[NDArray[np.bool_]]:
    """Each way of giving the second condition as often as it was given in each block, in the order of `members`."""
    of_block = []
    for m in members:
        chosen = itertools.combinations(range(len(m)), int(is_second[m].sum()))
        of_block.append([np.isin(np.arange(len(m)), c) for c in chosen])
    return [np.concatenate(parts) for parts in itertools.product(*of_block)]


def _test(values: NDArray[np.float64], is_second: NDArray[np.bool_], assignments: NDArray[np.bool_],
          names: tuple[str, str], is_exact: bool) -> Randomisation:  # fmt: skip
    differences = _differences(values, assignments)
    observed = float(_differences(values, is_second[None])[0])
    sizes = np.abs(differences)

    def share(size: float) -> float:
        as_far = int((sizes >= size - 1e-9).sum())
        return as_far / len(sizes) if is_exact else (as_far + 1) / (len(sizes) + 1)

    return Randomisation(*names, observed, share(abs(observed)), share(float(sizes.max())), len(sizes), is_exact)


def _differences(values: NDArray[np.float64], assignments: NDArray[np.bool_]) -> NDArray[np.float64]:
    counts = assignments.sum(axis=1)
    sums = assignments @ values
    return sums / counts - (values.sum() - sums) / (len(values) - counts)


def _phases(baseline: ArrayLike, intervention: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.asarray(baseline, np.float64), np.asarray(intervention, np.float64)
    if len(a) < 3 or len(b) < 3 or np.isnan(a).any() or np.isnan(b).any():
        missing = int(np.isnan(a).sum() + np.isnan(b).sum())
        raise NotAnalysable(f"expected three scores or more in each phase and none missing, got {len(a)} and {len(b)}, "
                            f"{missing} of them missing; leave those sessions out, say so")  # fmt: skip
    return a, b


@dataclass(frozen=True, slots=True)
class Tau:
    """Kendall's tau of score with phase; `corrected` says whether a trend in the baseline was taken out first."""

    tau: float
    p: float
    standard_error: float
    corrected: bool
    baseline_tau: float
    baseline_p: float

    def __str__(self) -> str:
        how = "after its trend was taken out" if self.corrected else "which had no trend to take out"
        return f"Tau {signed(self.tau)} (SE {self.standard_error:.2f}), p = {self.p:.3g}, against the baseline, {how}."


def baseline_corrected_tau(baseline: ArrayLike, intervention: ArrayLike) -> Tau:
    """Tarlow 2017 (Behav Modif 41:427): where the baseline has a monotonic trend (Kendall, p < .05), the Theil-Sen line
    through it is taken from all scores; then Kendall's tau-b of the scores with phase. SE = sqrt(2 (1 - tau^2) / n).
    """
    a, b = _phases(baseline, intervention)
    scores, time = np.concatenate([a, b]), np.arange(len(a) + len(b))
    trend = stats.kendalltau(time[: len(a)], a)
    corrected = bool(trend.pvalue < 0.05)
    if corrected:
        line = stats.theilslopes(a, time[: len(a)])
        scores = scores - (line.intercept + line.slope * time)
    if np.ptp(scores) == 0:
        raise NotAnalysable("expected scores that differ, but all are equal; there is nothing to rank")
    found = stats.kendalltau(time >= len(a), scores)
    tau = float(found.statistic)
    error = math.sqrt(2 * (1 - tau**2) / len(scores))
    return Tau(tau, float(found.pvalue), error, corrected, float(trend.statistic), float(trend.pvalue))


@dataclass(frozen=True, slots=True)
class Piecewise:
    """Level and slope in phase B against what phase A would have gone on to; scores a session."""

    level_change: Estimate
    slope_change: Estimate
    slope_before: Estimate
    autocorrelation: float

    def __str__(self) -> str:
        warning = ("" if abs(self.autocorrelation) < 0.2 else
                   f" Residuals of neighbouring sessions correlate ({signed(self.autocorrelation)}): the intervals "
                   f"are too {'narrow' if self.autocorrelation > 0 else 'wide'}.")  # fmt: skip
        return (f"Phase B is associated with a level change of {self.level_change} and a slope change of "
                f"{self.slope_change} a session.{warning}")  # fmt: skip


def piecewise(baseline: ArrayLike, intervention: ArrayLike) -> Piecewise:
    """Huitema & McKean 2000: score = b0 + b1 time + b2 phase + b3 phase (time - first of B), least squares.

    b2 is the change of level at B's first session. Raises `NotAnalysable` below three scores a phase, or where some are
    missing.
    """
    a, b = _phases(baseline, intervention)
    y, time = np.concatenate([a, b]), np.arange(len(a) + len(b), dtype=float)
    phase = (time >= len(a)).astype(float)
    x = np.column_stack([np.ones_like(time), time, phase, phase * (time - len(a))])
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    residuals, df = y - x @ beta, len(y) - 4
    variance = float(residuals @ residuals) / df
    half = stats.t.ppf(0.975, df) * np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))
    estimates = [Estimate(float(v), float(v - h), float(v + h)) for v, h in zip(beta, half, strict=True)]
    total = float(residuals @ residuals)
    lag = float(residuals[1:] @ residuals[:-1]) / total if total > 1e-18 else 0.0
    return Piecewise(estimates[2], estimates[3], estimates[1], lag)
