"""All participants on one page: courses, responders, pain by task, and what a mixed model says, with its limits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from telemetry.analysis.change import MODERATE, SUBSTANTIAL, Course, by_session, by_task, courses
from telemetry.analysis.mixed import METHOD, PainModel, pain_model
from telemetry.analysis.paired import paired
from telemetry.analysis.selection import given_scores
from telemetry.errors import NotAnalysable
from telemetry.report_page import ACCENT, INK, MORE, SOFT, banner, calm, facts_row, filled, limits, signed, svg
from telemetry.report_page import table as html_table
from telemetry.report_participant import _figure, mark_reviews
from telemetry.store import Store

#: A mean of fewer people than this is no course of a cohort.
_LEAST_PEOPLE = 3


def write_cohort_report(data_dir: Path, path: Path, origins: Iterable[str] = ("person",)) -> None:
    """Write the report of everybody to `path`. Raises `NotAStore`, and `NotAnalysable` where nothing was scored.

    What the study is too small for is said in place of the result.
    """
    origins = tuple(origins)
    ledger = Store(data_dir).task_pain()
    rows, account = given_scores(ledger, origins)
    sessions, people = by_session(ledger, origins), courses(ledger, origins)
    parts = [
        _figure("Pain at the start of each session", courses_plot(sessions),
                "Grey: participants. Line and band: their mean with its 95 % interval (t over participants), from "
                f"{_LEAST_PEOPLE} participants on. People who stop early leave the mean."),
        _figure("Change over the course, by participant", waterfall(people),
                "From the first to the last three sessions; participants with fewer than six are left out. "
                "Dashed: 30 % and 50 % less."),
        _before_after(people),
        _figure("Change after a task", forest(ledger, origins),
                "Means of participants' means with 95 % intervals (t over participants)."),
        "<h2>With all else in one model</h2>", _model(ledger, origins),
        f'<p class="note">{escape(str(account))}.</p>',
    ]  # fmt: skip
    page = filled(
        "report_course.html",
        title="All participants",
        when=f"{len(people)} participants, {len(sessions)} sessions",
        banner="".join(banner(origin) for origin in origins if origin != "person"),
        facts=_facts(sessions, people, rows),
        body="\n".join(parts),
        limits=limits(),
        footer=escape(f"{data_dir} · {', '.join(origins)}"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _facts(sessions: pd.DataFrame, people: list[Course], rows: pd.DataFrame) -> str:
    judged = [course for course in people if course.responder_50_percent is not None]

    def of(flag: str) -> str:
        return f"{sum(bool(getattr(course, flag)) for course in judged)} of {len(judged)}"

    return facts_row((
        (str(len(people)), "participants"),
        (str(len(sessions)), "sessions"),
        (f"{len(rows)}", "task runs scored"),
        (of("by_points"), "fell by 2 points or more"),
        (of("by_30_percent"), "fell by 30 % or more"),
        (of("responder_50_percent"), "fell by 50 % or more"),
    ))  # fmt: skip


def courses_plot(sessions: pd.DataFrame) -> str:
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    axes = figure.subplots()
    mark_reviews(axes, int(sessions["session_number"].max()))
    for _, own in sessions.groupby("participant"):
        axes.plot(own["session_number"], own["start"], color=SOFT, lw=0.8, alpha=0.35)
    of_session = sessions.groupby("session_number")["start"].agg(["mean", "std", "count"])
    of_session = of_session[of_session["count"] >= _LEAST_PEOPLE]
    half = stats.t.ppf(0.975, of_session["count"] - 1) * of_session["std"] / of_session["count"] ** 0.5
    axes.fill_between(
        of_session.index, of_session["mean"] - half, of_session["mean"] + half, color=ACCENT, alpha=0.2, lw=0
    )
    axes.plot(of_session.index, of_session["mean"], color=ACCENT, lw=2.2)
    last = float(sessions["session_number"].max())
    axes.set(xlim=(0.4, max(7.6, last + 0.6)), ylim=(0, 10.2), yticks=range(0, 11, 2), xlabel="session",
             ylabel="phantom limb pain, 0–10")  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    calm(axes)
    return svg(figure)


def waterfall(people: list[Course]) -> str:
    """Each judged participant's change in percent, the greatest fall first."""
    judged = sorted((c for c in people if c.by_points is not None and c.before > 0), key=lambda c: c.change_ratio)
    figure = Figure(figsize=(9.6, 3.0), layout="constrained")
    axes = figure.subplots()
    values = [100 * course.change_ratio for course in judged]
    axes.bar(range(len(judged)), values, color=[ACCENT if v < 0 else MORE for v in values], alpha=0.75, width=0.7)
    if len(judged) <= 24:
        for place, value in enumerate(values):
            axes.annotate(signed(value, 0), (place, max(value, 0.0)), (0, 3), textcoords="offset points", ha="center",
                          color=INK, fontsize=9)  # fmt: skip
    for share in (MODERATE, SUBSTANTIAL):
        axes.axhline(-100 * share, color=SOFT, lw=1, ls=(0, (4, 4)))
    axes.axhline(0, color=INK, lw=1)
    axes.set_xticks(range(len(judged)), [c.participant for c in judged], rotation=90 if len(judged) > 10 else 0)
    axes.set(ylabel="change in pain, %", ylim=(min([-65.0, *values]) - 5, max([15.0, *values]) + 5))
    calm(axes)
    return svg(figure)


def forest(ledger: pd.DataFrame, origins: tuple[str, ...]) -> str:
    """Mean change by task and by mode, with intervals."""
    rows = []
    for by in ("mode", "task"):
        found, _ = by_task(ledger, by, origins)
        rows += [
            (f"{by}: {r[by]}".replace("_", " "), r) for _, r in found.sort_values("mean", ascending=False).iterrows()
        ]
    figure = Figure(figsize=(9.6, 0.9 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=SOFT, lw=1)
    for y, (_, r) in enumerate(rows):
        axes.plot([r["low"], r["high"]], [y, y], color=ACCENT, lw=2)
        axes.plot(r["mean"], y, "o", color=ACCENT, ms=7)
        axes.annotate(f"{signed(r['mean'], 2)}  [{signed(r['low'], 2)}, {signed(r['high'], 2)}]", (1.0, y), (6, 0),
                      xycoords=("axes fraction", "data"), textcoords="offset points", va="center", color=INK,
                      fontsize=10, annotation_clip=False)  # fmt: skip
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set(xlabel="change in pain after the task, points", ylim=(-0.6, len(rows) - 0.4))
    calm(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", colors=INK)
    return svg(figure)


def _before_after(people: list[Course]) -> str:
    judged = [c for c in people if c.by_points is not None]
    try:
        text = str(paired([c.before for c in judged], [c.after for c in judged]))
    except NotAnalysable as error:
        text = f"First against last three sessions: not tested: {error}"
    return f'<p class="note">First against last three sessions: {escape(text)}</p>'


def _model(ledger: pd.DataFrame, origins: tuple[str, ...]) -> str:
    try:
        model: PainModel = pain_model(ledger, origins)
    except NotAnalysable as error:
        return f'<p class="note">No model was made: {escape(str(error))}.</p>'
    rows = [
        (_words(term.name), signed(term.estimate.value, 2),
         f"{signed(term.estimate.low, 2)} to {signed(term.estimate.high, 2)}", _p(term.p), _p(term.p_holm))
        for term in model.terms if term.is_finding
    ]  # fmt: skip
    heads = (("Associated with", False), ("Points", True), ("95 % interval", True), ("p", True), ("p, Holm", True))
    notes = " ".join(model.notes)
    return (
        html_table(heads, rows)
        + f'<p class="note">Method: {escape(METHOD)}. Also in the model: score before, first score of the session, '
        f"order, the same task again, session. {escape(notes)}</p>" + _made_again(model)
    )


def _made_again(model: PainModel) -> str:
    """The findings, a column for each other way of making them."""
    if not model.sensitivity:
        return ""
    names = [name for name, _ in model.sensitivity]
    values = {name: dict(found) for name, found in model.sensitivity}
    rows = [
        (_words(term.name), signed(term.estimate.value, 2),
         *(signed(values[name].get(term.name, math.nan), 2) for name in names))
        for term in model.terms if term.is_finding
    ]  # fmt: skip
    return "<h2>The same, with scores filled in or left out</h2>" + html_table(
        (("Associated with", False), ("As answered", True), *((name, True) for name in names)), rows
    )


def _words(name: str) -> str:
    return name.replace("_", " ").replace("minutes", "each minute of a task")


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
