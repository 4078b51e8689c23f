"""Whether an interval holds what it promises: studies with planted effects, analysed as a user would.

A 95 % interval that holds the truth less often than 95 % of the time undercovers, and says so here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from telemetry.analysis.mixed import pain_model
from telemetry.testing.study import Truth, simulate


@dataclass(frozen=True, slots=True)
class Coverage:
    """How an effect was recovered. mc errors are standard errors of the simulation itself."""

    participants: int
    effect: str
    truth: float
    studies: int
    bias: float
    bias_mc_error: float
    covered: float
    covered_mc_error: float
    power: float

    @property
    def undercovers(self) -> bool:
        """Below 95 % by more than twice the simulation's own error."""
        return self.covered < 0.95 - 2 * self.covered_mc_error

    def row(self) -> str:
        verdict = "**undercovers**" if self.undercovers else ""
        return (
            f"| {self.participants} | {self.effect} | {self.truth:+.2f} | "
            f"{self.bias:+.3f} ({self.bias_mc_error:.3f}) | "
            f"{100 * self.covered:.1f} % ({100 * self.covered_mc_error:.1f}) | {verdict} |"
        ).replace("-0", "−0")


def coverage(
    participants: int, studies: int, truth: Truth | None = None, sessions: int = 6, seed: int = 0
) -> list[Coverage]:
    """Bias, coverage and power for task, mode and dose over `studies` simulated studies of this size."""
    truth = truth or Truth()
    reference = truth.task["open_close_hand"]
    planted = {
        "task: reach_touch against open_close_hand": truth.task["reach_touch"] - reference,
        "task: turn_wrist against open_close_hand": truth.task["turn_wrist"] - reference,
        "mode: mirror against intact_only": truth.mode["mirror"] - truth.mode["intact_only"],
        "minutes": truth.dose_per_minute,
    }
    found = np.empty((studies, len(planted), 3))
    for study in range(studies):
        model = pain_model(simulate(truth, participants, sessions, seed + study), origins=("scripted",))
        estimates = [model.term(name).estimate for name in planted]
        found[study] = [(e.value, e.low, e.high) for e in estimates]
    results = []
    for n, (name, value) in enumerate(planted.items()):
        estimate, low, high = found[:, n].T
        covered = float(np.mean((low <= value) & (value <= high)))
        results.append(
            Coverage(
                participants=participants, effect=name, truth=value, studies=studies,
                bias=float(estimate.mean() - value), bias_mc_error=float(estimate.std(ddof=1) / math.sqrt(studies)),
                covered=covered, covered_mc_error=math.sqrt(max(covered * (1 - covered), 1 / studies**2) / studies),
                power=float(np.mean((low > 0) | (high < 0))),
            )
        )  # fmt: skip
    return results
