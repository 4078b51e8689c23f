"""How pain changed: after a task, over a session, over a course; and who counts as a responder of a course.

The thresholds are for courses alone: one task's score is too uncertain to call anybody a responder by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from telemetry.analysis.selection import Account, given_scores, is_on_nrs

#: Farrar et al. 2001: 2 points or 30 % is "much improved"; 50 % is IMMPACT's substantial change and Lendaro et al.'s
#: (2025) responder.
POINTS, MODERATE, SUBSTANTIAL = 2.0, 0.30, 0.50
#: Means of three whole scores that differ by exactly 2 points differ by a little less as binary fractions.
_ROUNDING = 1e-9
#: How many sessions at either end of a course are averaged.
EDGE_SESSIONS = 3


@dataclass(frozen=True, slots=True)
class Course:
    """One participant's course. scored: how many of its sessions have a score at their start, by which it is judged.
    before, after: mean start-of-session pain of the first and last three of those.

    reliable: whether the change exceeds what the scale's unreliability explains (Jacobson & Truax 1991); None where the
    participant's own scatter is unknown. The flags are None where the course is too short (fewer than six sessions).
    """

    participant: str
    sessions: int
    scored: int
    before: float
    after: float
    change: float
    change_ratio: float
    by_points: bool | None
    by_30_percent: bool | None
    responder_50_percent: bool | None
    reliable: bool | None

    def __str__(self) -> str:
        if self.by_points is None:
            return (
                f"{self.participant}: {self.scored} of {self.sessions} sessions with a score at their start, "
                f"fewer than the {2 * EDGE_SESSIONS} to judge by."
            )
        said = [text for flag, text in ((self.by_points, "2 points or more"), (self.by_30_percent, "30 % or more"),
                                        (self.responder_50_percent, "50 % or more")) if flag]  # fmt: skip
        ratio = "" if math.isnan(self.change_ratio) else f" ({100 * self.change_ratio:+.0f} %)".replace("-", "−")
        reached = "less pain by " + ", ".join(said) if said else "none of the thresholds reached"
        reliable = {None: "", True: "; more than scatter explains", False: "; within the scatter of single scores"}
        change = f"{self.change:+.1f}".replace("-", "−")
        text = f"{self.participant}: {self.before:.1f} to {self.after:.1f}, {change}{ratio}; {reached}"
        return f"{text}{reliable[self.reliable]}. Associated with the course, not shown to be caused by it."


def by_task(
    ledger: pd.DataFrame, by: str = "task", origins: Iterable[str] = ("person",)
) -> tuple[pd.DataFrame, Account]:
    """Change after a task run by `task`, `mode` or another column: each participant counts once, by their mean.

    Columns: participants, task_runs, mean, low, high (95 %, t over participants), median. low and high are NaN for one
    participant.
    """
    from scipy import stats

    rows, account = given_scores(ledger, origins)
    own = rows.groupby([by, "participant"], observed=True)["pain_change"].mean()
    table = own.groupby(by, observed=True).agg(participants="size", mean="mean", sd="std", median="median")
    count = table["participants"]
    half = stats.t.ppf(0.975, (count - 1).clip(lower=1)) * table["sd"] / np.sqrt(count)
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    table["task_runs"] = rows.groupby(by, observed=True).size()
    return table[["participants", "task_runs", "mean", "low", "high", "median"]].reset_index(), account


def by_session(ledger: pd.DataFrame, origins: Iterable[str] = ("person",)) -> pd.DataFrame:
    """One row a session: pain at its start, the last score, the change over it, and the dose."""
    rows = ledger[(ledger["site"] == "PLP") & is_on_nrs(ledger) & ledger["origin"].isin(list(origins))]
    sessions = rows.groupby(["participant", "session_number", "session_id"], observed=True, sort=True)
    table = sessions.agg(
        course_day=("course_day", "first"), started_at=("started_at", "min"), mode=("mode", "first"),
        start=("pain_at_start", "first"), last=("pain_after", "last"), task_runs=("task_run_id", "size"),
        given=("pain_after", "count"), minutes=("duration_s", lambda s: s.sum() / 60),
    ).reset_index()  # fmt: skip
    table["change"] = table["last"] - table["start"]
    return table


def courses(ledger: pd.DataFrame, origins: Iterable[str] = ("person",)) -> list[Course]:
    """Each participant's course, by code."""
    sessions = by_session(ledger, origins)
    return [_course(str(code), own) for code, own in sessions.groupby("participant", observed=True)]


def _course(code: str, sessions: pd.DataFrame) -> Course:
    start = sessions.sort_values("session_number")["start"].dropna().to_numpy(np.float64)
    count = len(start)
    edge = min(EDGE_SESSIONS, max(1, count // 2))
    before, after = (float(x.mean()) if count else math.nan for x in (start[:edge], start[-edge:]))
    change = after - before
    ratio = change / before if before > 0 else math.nan
    if count < 2 * EDGE_SESSIONS:
        return Course(code, len(sessions), count, before, after, change, ratio, None, None, None, None)
    critical = reliable_change(start)
    reliable = None if math.isnan(critical) else abs(change) > critical
    return Course(
        code, len(sessions), count, before, after, change, ratio, change <= -POINTS + _ROUNDING,
        ratio <= -MODERATE + _ROUNDING, ratio <= -SUBSTANTIAL + _ROUNDING, reliable,
    )  # fmt: skip


def reliable_change(start: np.ndarray) -> float:
    """How far two means of three sessions differ by scatter alone, 95 %: t sqrt(2) SEM, after Jacobson & Truax 1991,
    who take 1.96 for t because they know the scatter.

    The standard error of measurement comes from the participant's own sessions, by successive differences, which a slow
    trend does not inflate (von Neumann 1941, Ann Math Stat 12:367): s^2 = mean of squared differences / 2, which of n
    sessions is worth 2 (n - 1)^2 / (3 n - 4) degrees of freedom by its variance. NaN where all are equal.
    """
    from scipy import stats

    scatter = math.sqrt(float(np.mean(np.diff(start) ** 2)) / 2)
    df = 2 * (len(start) - 1) ** 2 / (3 * len(start) - 4)
    t = float(stats.t.ppf(0.975, df))
    return t * math.sqrt(2.0 / EDGE_SESSIONS) * scatter if scatter > 0 else math.nan


def reliable_change_index(before: float, after: float, sd: float, reliability: float) -> float:
    """Jacobson & Truax 1991: (after - before) / (sd sqrt(2 (1 - reliability))); beyond 1.96 is reliable.

    sd and test-retest reliability come from a published norm of the scale.
    """
    return (after - before) / (sd * math.sqrt(2 * (1 - reliability)))
