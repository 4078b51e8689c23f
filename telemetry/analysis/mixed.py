"""Pain change after task runs against task, mode, dose, order and what else was so: a mixed model over participants.

The intervals do not trust the model's variances: they come from leaving out one participant after the other. What this
covers in simulation is measured by `benchmarks/research.py`; with fewer participants than it tried the result says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from telemetry.analysis.multiple import benjamini_hochberg, holm
from telemetry.analysis.nested import Nested, Variances
from telemetry.analysis.paired import Estimate
from telemetry.analysis.selection import Account, given_scores, missing_bounds
from telemetry.errors import NotAnalysable

METHOD = (
    "random intercepts of the participant and of the session by REML; "
    "95 % intervals by the cluster jackknife over participants, t on participants − 1"
)
#: Below this a score can hardly fall: what a floor of 0 hides.
_NEAR_FLOOR = 2.0
#: Fewer participants than this, and the interval covered less than 94 % in simulation, or was not tried.
LEAST_TRIED = 8
#: Terms that stand in the model for fairness, not as findings.
NUISANCE = ("intercept", "pain_before", "pain_at_start", "order", "same_task_again", "session_number")


@dataclass(frozen=True, slots=True)
class Term:
    """One coefficient, in points of the 0-10 scale: a level against the first, or one unit more.

    p_holm and p_bh are adjusted over the findings of the model; NaN for terms that stand for fairness.
    """

    name: str
    estimate: Estimate
    standard_error: float
    p: float
    p_holm: float
    p_bh: float
    is_finding: bool


@dataclass(frozen=True, slots=True)
class PainModel:
    """The fitted model, its rows' account, and what its findings are when made in other ways (`sensitivity`)."""

    terms: tuple[Term, ...]
    participants: int
    sd_participant: float
    sd_session: float
    sd_residual: float
    near_floor: int
    account: Account
    notes: tuple[str, ...]
    sensitivity: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]

    def term(self, name: str) -> Term:
        """The coefficient of this name. Raises `NotAnalysable` with the names there are."""
        for term in self.terms:
            if term.name == name:
                return term
        raise NotAnalysable(f"no term {name!r}; there are {', '.join(term.name for term in self.terms)}")

    def __str__(self) -> str:
        lines = [f"{self.participants} participants; {self.account}."]
        for term in self.terms:
            if term.is_finding:
                direction = "less" if term.estimate.value < 0 else "more"
                told = f"{term.name}: associated with {term.estimate} points, {direction} pain; p = {term.p:.3g}"
                lines.append(f"{told}, Holm {term.p_holm:.3g}, Benjamini-Hochberg {term.p_bh:.3g}.")
        for name, values in self.sensitivity:
            told = ", ".join(f"{term} {value:+.2f}".replace("-", "−") for term, value in values)
            lines.append(f"With {name}: {told}.")
        lines += [f"Method: {METHOD}.", *self.notes]
        return "\n".join(lines)


def pain_model(
    ledger: pd.DataFrame, origins: Iterable[str] = ("person",), covariates: Sequence[str] = (), site: str = "PLP"
) -> PainModel:
    """Fit change in pain on task, mode, minutes of dose, order in the session, repetition of a task, session number,
    the score before and the session's first (each less its participant's mean), and further numeric columns.

    A column without variation is left out and said to be. Raises `NotAnalysable` below three participants.
    """
    origins = tuple(origins)
    rows, account = given_scores(ledger, origins, site)
    people = rows["participant"].nunique()
    if people < 3:
        raise NotAnalysable(f"expected at least 3 participants, got {people}; for one person's course use "
                            "telemetry.analysis.single_case, for two describe both")  # fmt: skip
    if rows["pain_change"].nunique() == 1:
        raise NotAnalysable(
            f"expected pain_change to vary, but all {len(rows)} task runs have {rows['pain_change'].iloc[0]:g}"
        )
    design, notes = _design(rows, covariates)
    nested = _nested(rows, design)
    variances = nested.variances()
    fit = _fit(nested, variances)
    near_floor = int((rows["pain_before"] < _NEAR_FLOOR).sum())
    if people < LEAST_TRIED:
        notes.append(f"{people} participants are fewer than the {LEAST_TRIED} that this interval was tried with: "
                     "it may be too narrow.")  # fmt: skip
    if near_floor:
        notes.append(f"{near_floor} task runs began below {_NEAR_FLOOR:g} points, where pain can hardly fall.")
    notes.append(
        "Scores after tasks are associated with them; order was not always by chance, and nothing here shows a cause."
    )
    terms = _terms(design, fit)
    findings = [term.name for term in terms if term.is_finding]
    others = {
        f"unanswered scores taken as {name}": filled for name, filled in missing_bounds(ledger, origins, site).items()
    }
    others[f"scores before below {_NEAR_FLOOR:g} left out"] = rows[rows["pain_before"] >= _NEAR_FLOOR]
    sensitivity = []
    for name, filled in others.items():
        if len(filled) != len(rows) and filled["participant"].nunique() >= 3:
            try:
                again, _ = _design(filled, covariates)
            except NotAnalysable as error:
                notes.append(f"With {name} nothing was made: {error}.")
                continue
            values = dict(zip(again.columns, _fit(_nested(filled, again), variances).beta, strict=True))
            sensitivity.append((name, tuple((term, float(values[term])) for term in findings if term in values)))
    return PainModel(
        terms=terms, participants=people, sd_participant=math.sqrt(variances.participant),
        sd_session=math.sqrt(variances.session), sd_residual=math.sqrt(variances.residual),
        near_floor=near_floor, account=account, notes=tuple(notes), sensitivity=tuple(sensitivity),
    )  # fmt: skip


def _design(rows: pd.DataFrame, covariates: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The model matrix with named columns, and what was left out of it and why."""
    columns: dict[str, pd.Series | NDArray[np.float64]] = {"intercept": np.ones(len(rows))}
    notes = []
    for factor in ("task", "mode"):
        levels = sorted(rows[factor].dropna().astype(str).unique())
        if len(levels) < 2:
            notes.append(f"{factor} is the same in every row ({levels[0]}), so nothing is said of it.")
        for level in levels[1:]:
            columns[f"{factor}: {level} against {levels[0]}"] = (rows[factor].astype(str) == level).astype(float)
    person = rows["participant"]
    numeric = {
        "minutes": rows["duration_s"] / 60,
        "order": rows["run_number"] - 1,
        "same_task_again": (rows["task"] == rows["previous_task"]).fillna(False),
        "session_number": rows["session_number"],
        # Less the person's mean, so that differences between people do not pose as differences between task runs.
        **{
            name: rows[name] - rows[name].groupby(person).transform("mean") for name in ("pain_before", "pain_at_start")
        },
        **{name: rows[name] for name in covariates},
    }
    for name, values in numeric.items():
        values = values.astype("float64")
        if values.isna().any():
            lacking = rows["session_id"][values.isna()]
            raise NotAnalysable(f"expected {name} in every row, but it is missing in {len(lacking)} of {len(rows)}, "
                                f"first in session {lacking.iloc[0]}; leave it or those rows out")  # fmt: skip
        if values.nunique() < 2:
            notes.append(f"{name} is the same in every row, so nothing is said of it.")
        else:
            columns[name] = values - values.mean()
    design = pd.DataFrame(columns, index=rows.index)
    if np.linalg.matrix_rank(design.to_numpy()) < design.shape[1]:
        raise NotAnalysable(f"expected columns that can be told apart, but {', '.join(design)} depend on each other; "
                            "the tasks, modes or covariates were never varied independently")  # fmt: skip
    return design, notes


@dataclass(frozen=True, slots=True)
class _Fit:
    beta: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    groups: int


def _nested(rows: pd.DataFrame, design: pd.DataFrame) -> Nested:
    return Nested(rows["pain_change"], design, rows["participant"], rows["session_id"])


def _fit(nested: Nested, variances: Variances) -> _Fit:
    """Generalised least squares with these variances; standard errors by leaving out each participant (CV3).

    With fixed variances the estimate without participant g is (A - A_g)^-1 (b - b_g), so that no model is fitted again
    (MacKinnon, Nielsen & Webb, J Appl Econometrics 2023; 38:671).
    """
    a, b = nested.products(variances)
    all_a, all_b = a.sum(axis=0), b.sum(axis=0)
    # A level that one participant alone had cannot be estimated without them: least squares gives it 0 there.
    without = [np.linalg.lstsq(all_a - own_a, all_b - own_b, rcond=1e-10)[0] for own_a, own_b in zip(a, b, strict=True)]
    beta, count = np.linalg.solve(all_a, all_b), nested.people
    return _Fit(beta, np.sqrt((count - 1) / count * ((np.array(without) - beta) ** 2).sum(axis=0)), count)


def _terms(design: pd.DataFrame, fit: _Fit) -> tuple[Term, ...]:
    df = fit.groups - 1
    half = float(stats.t.ppf(0.975, df)) * fit.standard_error
    p = 2 * stats.t.sf(np.abs(fit.beta) / fit.standard_error, df)
    terms = [
        Term(str(name), Estimate(float(b), float(b - h), float(b + h)), float(se), float(value), math.nan, math.nan,
             name not in NUISANCE)
        for name, b, h, se, value in zip(design.columns, fit.beta, half, fit.standard_error, p, strict=True)
    ]  # fmt: skip
    found = [i for i, term in enumerate(terms) if term.is_finding]
    values = [terms[i].p for i in found]
    for i, of_holm, of_bh in zip(found, holm(values), benjamini_hochberg(values), strict=True):
        terms[i] = replace(terms[i], p_holm=float(of_holm), p_bh=float(of_bh))
    return tuple(terms)
