"""Random intercepts of participants and of their sessions: variances by REML, and least squares with them.

A session's scores share what that day was like, which no column tells. Without an intercept of its own the day hides in
`pain_before`, which a session's mode moves too, and so biases the mode (Wooldridge 2005, J Appl Econom 20:39: with the
first score as a covariate, and an intercept, it does not). Both inverses have a closed form (Sherman & Morrison 1950),
so that a model of thousands of rows takes milliseconds; the tests compare it with statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize


@dataclass(frozen=True, slots=True)
class Variances:
    """Of participants, of sessions within them, and of what is left; squared units of the outcome."""

    participant: float
    session: float
    residual: float


class Nested:
    """Rows of an outcome y (n,) and a design x (n, k), summed by session and participant (both (n,), any labels)."""

    def __init__(self, y: ArrayLike, x: ArrayLike, participant: ArrayLike, session: ArrayLike) -> None:
        rows = np.column_stack([np.asarray(x, np.float64), np.asarray(y, np.float64)])
        person_of_row, people = pd.factorize(np.asarray(participant))
        session_of_row, sessions = pd.factorize(np.asarray(session))
        self.rows, self.terms, self.people = len(rows), rows.shape[1] - 1, len(people)
        self._sizes = np.bincount(session_of_row).astype(np.float64)
        self._sums = _summed(rows, session_of_row, len(sessions))
        self._person = np.empty(len(sessions), np.intp)
        self._person[session_of_row] = person_of_row
        own = (rows[person_of_row == person] for person in range(len(people)))
        self._squares = np.array([z.T @ z for z in own])

    def products(self, variances: Variances) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """X' V^-1 X (people, k, k) and X' V^-1 y (people, k) of each participant, times the residual variance."""
        squares, _ = self._weighted(variances.participant / variances.residual, variances.session / variances.residual)
        return squares[:, :-1, :-1], squares[:, :-1, -1]

    def variances(self) -> Variances:
        """The variances by restricted maximum likelihood (Patterson & Thompson 1971); none is below 0."""
        found = optimize.minimize(
            lambda ratios: self._deviance(*ratios)[0], (0.1, 0.1), method="L-BFGS-B", bounds=[(0.0, None)] * 2
        )
        participant, session = (float(ratio) for ratio in found.x)
        residual = self._deviance(participant, session)[1]
        return Variances(participant * residual, session * residual, residual)

    def _deviance(self, participant: float, session: float) -> tuple[float, float]:
        """-2 log restricted likelihood, less a constant, and the residual variance; for variances as ratios to it."""
        squares, log_det = self._weighted(participant, session)
        total = squares.sum(axis=0)
        a, b = total[:-1, :-1], total[:-1, -1]
        df = self.rows - self.terms
        # A design that explains everything leaves nothing but rounding.
        residual = max(float(total[-1, -1] - b @ np.linalg.solve(a, b)) / df, 1e-12)
        return log_det + float(np.linalg.slogdet(a)[1]) + df * float(np.log(residual)), residual

    def _weighted(self, participant: float, session: float) -> tuple[NDArray[np.float64], float]:
        """Z' V^-1 Z of each participant for Z = [x y], V = I + session J + participant J, and log det of all V."""
        share = 1.0 / (1.0 + session * self._sizes)  # 1' V^-1 of a session is this for each of its rows
        kept = self._sums * share[:, None]
        squares = self._squares.copy()
        np.subtract.at(squares, self._person, session * self._sums[:, :, None] * kept[:, None, :])
        whole, sizes = _summed(kept, self._person, self.people), np.bincount(self._person, self._sizes * share)
        factor = participant / (1.0 + participant * sizes)
        squares -= factor[:, None, None] * whole[:, :, None] * whole[:, None, :]
        return squares, float(np.log1p(session * self._sizes).sum() + np.log1p(participant * sizes).sum())


def _summed(values: NDArray[np.float64], group: NDArray[np.intp], groups: int) -> NDArray[np.float64]:
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, group, values)
    return sums
