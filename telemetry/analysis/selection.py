"""Which rows of the ledger an analysis takes, and an account of all those it does not.

Nothing is left out silently: every result carries the `Account` of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from telemetry.errors import NotAnalysable
from telemetry.schema import NRS


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the task runs: how many there were, were analysed, and were left out, by reason.

    silent: the sessions of the wanted origins of which no task run is left.
    """

    task_runs: int
    analysed: int
    left_out: tuple[tuple[str, int], ...]
    silent: tuple[str, ...] = ()

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out if count)
        text = f"{self.analysed} of {self.task_runs} task runs analysed" + (f"; left out: {reasons}" if reasons else "")
        if self.silent and self.analysed:
            some = ", ".join(self.silent[:5]) + (f" and {len(self.silent) - 5} more" if len(self.silent) > 5 else "")
            text += f"; with no pain_before and pain_after of one task run: session {some}"
        return text


def is_on_nrs(ledger: pd.DataFrame) -> pd.Series:
    """Which rows are of the 0-10 scale, or have no score at all, before or after."""
    return ledger["scale"].isna() | ledger["scale"].isin(list(NRS))


def given_scores(
    ledger: pd.DataFrame, origins: Iterable[str] = ("person",), site: str = "PLP", scales: Sequence[str] = NRS
) -> tuple[pd.DataFrame, Account]:
    """The task runs of these origins with a score before and after, and the account of the others.

    Raises `NotAnalysable`, naming the column, where no row is left.
    """
    origins = tuple(origins)
    unknown = set(origins) - set(ledger["origin"].cat.categories)
    if unknown or site not in ledger["site"].cat.categories:
        what, column = (unknown.pop(), "origin") if unknown else (site, "site")
        raise NotAnalysable(
            f"expected {column} to be one of {', '.join(ledger[column].cat.categories)}, got {what!r}; change the name"
        )
    of_site = ledger[ledger["site"] == site]
    is_wanted = of_site["origin"].isin(origins)
    other_scale = is_wanted & of_site["scale"].notna() & ~of_site["scale"].isin(list(scales))
    status = of_site["rating_status"].astype("string").fillna("not asked")
    unscored = is_wanted & ~other_scale & of_site["pain_after"].isna()
    no_before = is_wanted & ~other_scale & ~unscored & of_site["pain_before"].isna()
    rows = of_site[is_wanted & ~other_scale & ~unscored & ~no_before]
    reasons = [(f"of origin {name}", int((of_site["origin"] == name).sum()))
               for name in ledger["origin"].cat.categories if name not in origins]  # fmt: skip
    reasons += [(f"scored on another scale than {' or '.join(scales)}", int(other_scale.sum()))]
    reasons += [(f"with rating {name}", int(count)) for name, count in status[unscored].value_counts().items()]
    reasons += [("without a score before", int(no_before.sum()))]
    sessions = of_site.loc[is_wanted, "session_id"]
    silent = tuple(sessions[~sessions.isin(rows["session_id"])].drop_duplicates().astype(str))
    account = Account(len(of_site), len(rows), tuple(reasons), silent)
    if rows.empty:
        raise NotAnalysable(f"expected task runs with pain_before and pain_after, but {account}; "
                            "a scripted or recorded study is taken with origins=('scripted',)")  # fmt: skip
    return rows, account


def missing_bounds(ledger: pd.DataFrame, origins: Iterable[str], site: str = "PLP") -> dict[str, pd.DataFrame]:
    """The rows with the unanswered ones filled in two ways, for a sensitivity analysis.

    `unchanged`: an unanswered score is taken as the one before. `worse`: as 2 points above it, at most 10, which counts
    as more pain. A finding that holds in both does not hang on who answered. A task run without an end (it still runs,
    or its session was cut off) was not asked about, and its dose is not known: it is in neither.
    """
    is_site = (ledger["site"] == site) & is_on_nrs(ledger)
    has_both = ledger["pain_before"].notna() & ledger["duration_s"].notna()
    wanted = ledger[is_site & ledger["origin"].isin(list(origins)) & has_both]
    unanswered = wanted["pain_after"].isna()
    filled = {}
    for name, points in (("unchanged", 0.0), ("worse", 2.0)):
        after = wanted["pain_after"].where(~unanswered, (wanted["pain_before"] + points).clip(upper=10))
        filled[name] = wanted.assign(pain_after=after, pain_change=after - wanted["pain_before"])
    return filled
