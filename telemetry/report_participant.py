"""A participant's course on one page: pain at the start of each session, dose, pain against tasks, and the movement."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from telemetry.analysis.change import EDGE_SESSIONS, MODERATE, SUBSTANTIAL, Course, by_session, courses
from telemetry.analysis.selection import is_on_nrs
from telemetry.errors import NotAnalysable, UnknownSession
from telemetry.report_page import ACCENT, INK, LINE, MORE, SOFT, banner, calm, facts_row, filled, limits, signed, svg
from telemetry.report_page import table as html_table
from telemetry.reviews import REVIEWS
from telemetry.store import Store

#: Measures of the movement shown over the course, where they were computed: column, words, factor, and the least
#: stretch of the axis, so that chance does not look like a course.
_MOVEMENT = (
    ("feature_rom_fingers_rad", "range of the fingers, degrees", 180 / math.pi, 60.0),
    ("feature_rom_elbow_rad", "range of the elbow, degrees", 180 / math.pi, 30.0),
    ("feature_sparc", "smoothness (SPARC)", 1.0, 0.5),
)
_DOTS_IN_A_COLUMN = 8


def write_participant_report(
    data_dir: Path, participant: str, path: Path, origins: Iterable[str] = ("person",)
) -> None:
    """Write the report of a participant's course to `path`. Raises `NotAStore`, and `UnknownSession` where the
    participant has no task run of these origins.
    """
    origins = tuple(origins)
    ledger = Store(data_dir).task_pain()
    own = ledger[(ledger["participant"] == participant) & (ledger["site"] == "PLP")]
    counts = own["origin"].value_counts()
    chosen = own[own["origin"].isin(list(origins))]
    if chosen.empty:
        others = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        found = f"got {others}; name the origin with --origin" if others else "but there are none yet"
        raise UnknownSession(f"expected task runs of {participant} whose origin is {' or '.join(origins)}, {found}")
    # 60 of 100 is no 60 among scores of 0 to 10: what was scored on another scale is told, and shown nowhere.
    other = chosen.loc[~is_on_nrs(chosen), "scale"].value_counts()
    chosen = chosen[is_on_nrs(chosen)]
    if chosen.empty:
        raise NotAnalysable(f"expected scores of {participant} on a scale of 0 to 10 in the column scale, got "
                            f"{', '.join(map(str, other.index))} alone")  # fmt: skip
    sessions = by_session(chosen, origins)
    (course,) = courses(chosen, origins)
    parts = [
        _figure("Pain and dose over the course", course_plot(sessions, course),
                "Filled: the first score of a session; open: the last. Dashed: 30 % and 50 % less than the mean of the "
                "first three sessions. Vertical lines: sessions at which to review."),
        "<h2>At the reviews</h2>", _reviews(sessions), f'<p class="note">{escape(str(course))}</p>',
        _figure("Pain after each task", task_plot(chosen),
                "Each dot is one task run, the bar their mean. Left of 0: less pain than before it."),
        _by_task(chosen), _unanswered(chosen), _other_scales(other), _movement(chosen),
    ]  # fmt: skip
    began, ended = chosen["started_at"].min(), chosen["started_at"].max()
    page = filled(
        "report_course.html",
        title=escape(f"Participant {participant}"),
        when=f"{len(sessions)} sessions, {began:%d %B %Y} to {ended:%d %B %Y}",
        banner="".join(banner(origin) for origin in origins if origin != "person"),
        facts=_facts(sessions, chosen, course),
        body="\n".join(parts),
        limits=limits(),
        footer=escape(f"{data_dir} · {', '.join(origins)}"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _figure(title: str, picture: str, note: str) -> str:
    return f'<section class="figure"><h2>{title}</h2>{picture}<p class="note">{note}</p></section>'


def _facts(sessions: pd.DataFrame, runs: pd.DataFrame, course: Course) -> str:
    percent = "–" if math.isnan(course.change_ratio) else f"{signed(100 * course.change_ratio, 0)} %"
    return facts_row((
        (str(len(sessions)), "sessions"),
        (f"{sessions['minutes'].sum():.0f} min", "of movement"),
        (f"{runs['pain_after'].notna().sum()} of {len(runs)}", "scores after tasks given"),
        (_mean(course.before), f"pain, first {EDGE_SESSIONS} sessions"),
        (_mean(course.after), f"pain, last {EDGE_SESSIONS} sessions"),
        (percent, f"change, {signed(course.change)} points"),
    ))  # fmt: skip


def _mean(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"


def course_plot(sessions: pd.DataFrame, course: Course) -> str:
    """Pain at the start and end of each session over the minutes of movement in it."""
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    pain, dose = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    number = sessions["session_number"]
    for share, words in ((MODERATE, "−30 %"), (SUBSTANTIAL, "−50 %")):
        level = course.before * (1 - share)
        pain.axhline(level, color=SOFT, lw=1, ls=(0, (4, 4)))
        pain.annotate(words, (1.0, level), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      color=SOFT, fontsize=9, va="center", annotation_clip=False)  # fmt: skip
    mark_reviews(pain, int(number.max()))
    pain.vlines(number, sessions["start"], sessions["last"], color=LINE, lw=2, zorder=2)
    pain.plot(number, sessions["last"], "o", ms=6, mfc="white", mec=ACCENT, zorder=3, clip_on=False)
    pain.plot(number, sessions["start"], "-o", color=ACCENT, lw=1.6, ms=6, zorder=4, clip_on=False)
    pain.set(ylim=(0, 10.2), yticks=range(0, 11, 2), ylabel="phantom limb pain, 0–10")
    dose.bar(number, sessions["minutes"], width=0.55, color=ACCENT, alpha=0.45)
    dose.set(ylabel="minutes", xlabel="session", xlim=(0.4, max(7.6, number.max() + 0.6)))
    dose.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (pain, dose):
        calm(axes)
    return svg(figure)


def mark_reviews(axes: Axes, last: int) -> None:
    """A line at each session at which a course should be looked at, as far as the course goes."""
    for review in REVIEWS:
        if review <= max(last, REVIEWS[0]):
            axes.axvline(review, color=LINE, lw=1.5, zorder=1)
            axes.annotate(f"review {review}", (review, 10.2), (3, -4), textcoords="offset points", color=SOFT,
                          fontsize=9, va="top", rotation=90)  # fmt: skip


def task_plot(runs: pd.DataFrame) -> str:
    """The change after every task run, a row a task; dots of the same change lie beside each other."""
    given = runs.dropna(subset=["pain_change"])
    tasks = sorted(given["task"].unique(), reverse=True)
    figure = Figure(figsize=(9.6, 0.9 + 0.8 * max(1, len(tasks))), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=SOFT, lw=1)
    reach = max(2.0, float(given["pain_change"].abs().max())) + 0.5 if len(given) else 2.5
    for row, task in enumerate(tasks):
        change = given.loc[given["task"] == task, "pain_change"]
        for value, same in change.groupby(change):
            # Side by side in columns of a few, so that many can be told from more.
            at = np.arange(len(same))
            column, place = at // _DOTS_IN_A_COLUMN, at % _DOTS_IN_A_COLUMN
            x = value + 0.013 * reach * (column - column.max() / 2)
            y = row + 0.085 * (place - (min(len(same), _DOTS_IN_A_COLUMN) - 1) / 2)
            colour = ACCENT if value < 0 else MORE if value > 0 else SOFT
            axes.plot(x, y, "o", ms=4, color=colour, alpha=0.7, mew=0)
        axes.plot([change.mean()] * 2, [row - 0.36, row + 0.36], color=INK, lw=2.5, solid_capstyle="butt")
        axes.annotate(
            signed(change.mean()), (change.mean(), row + 0.4), ha="center", va="bottom", color=INK, fontsize=10
        )
    axes.set(yticks=range(len(tasks)), yticklabels=[task.replace("_", " ") for task in tasks], xlim=(-reach, reach),
             ylim=(-0.6, len(tasks) - 0.2), xlabel="change in pain after the task, points")  # fmt: skip
    calm(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", colors=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return svg(figure)


def _reviews(sessions: pd.DataFrame) -> str:
    start = sessions.set_index("session_number")["start"]
    first = start.dropna().iloc[:EDGE_SESSIONS].mean()
    rows = []
    for review in REVIEWS:
        if start.index.max() < review:
            continue
        now = start[(start.index > review - EDGE_SESSIONS) & (start.index <= review)].mean()
        ratio = "–" if not first > 0 or math.isnan(now) else signed(100 * (now - first) / first, 0)
        rows.append((f"session {review}", _mean(now), signed(now - first), ratio))
    if not rows:
        return f'<p class="note">The first review is after {REVIEWS[0]} sessions.</p>'
    heads = (("", False), ("Pain, mean of three sessions", True), ("Change, points", True), ("Change, %", True))
    return html_table(heads, rows)


def _by_task(runs: pd.DataFrame) -> str:
    heads = (("Task", False), ("Task runs", True), ("Scored", True), ("Minutes", True), ("Repetitions", True),
             ("Mean change", True), ("Less pain", True), ("More pain", True))  # fmt: skip
    rows = []
    for task, own in runs.groupby("task"):
        change = own["pain_change"].dropna()
        rows.append((
            str(task).replace("_", " "), str(len(own)), str(len(change)), f"{own['duration_s'].sum() / 60:.0f}",
            f"{own['repetitions'].sum()}", signed(change.mean()), str((change < 0).sum()), str((change > 0).sum()),
        ))  # fmt: skip
    return html_table(heads, rows)


def _unanswered(runs: pd.DataFrame) -> str:
    status = runs.loc[runs["pain_after"].isna(), "rating_status"].astype("string").fillna("not asked").value_counts()
    if status.empty:
        return '<p class="note">Every score after a task was given.</p>'
    told = ", ".join(f"{count} {name}" for name, count in status.items())
    return f'<p class="note">Without a score after the task: {escape(told)}. They are in no mean.</p>'


def _other_scales(counts: pd.Series) -> str:
    if counts.empty:
        return ""
    told = ", ".join(f"{count} on {scale}" for scale, count in counts.items())
    return f'<p class="note">Scored on another scale and left out: {escape(told)}.</p>'


def _movement(runs: pd.DataFrame) -> str:
    shown = [entry for entry in _MOVEMENT if runs[entry[0]].notna().any()]
    if not shown:
        return '<p class="note">The movement was not measured; vrrehab features does it.</p>'
    figure = Figure(figsize=(9.6, 2.6), layout="constrained")
    for axes, (column, words, factor, least) in zip(np.atleast_1d(figure.subplots(1, len(shown))), shown, strict=True):
        own = runs[column] * factor
        # A range near nothing is a task that does not use the joint.
        used = own[own.abs() > 0.25 * own.abs().max()]
        of_session = used.groupby(runs["session_number"]).median()
        axes.plot(of_session.index, of_session, "-o", color=ACCENT, lw=1.4, ms=4)
        middle, half = (of_session.max() + of_session.min()) / 2, max(least, 1.1 * np.ptp(of_session)) / 2
        axes.set(xlabel="session", title=words, ylim=(middle - half, middle + half))
        axes.title.set(color=INK, fontsize=10)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        calm(axes)
    note = (
        "Medians of a session's task runs that use the joint, from joints that were seen. SPARC nearer 0 is smoother."
    )
    return _figure("Movement", svg(figure), note)
