"""A session on one page: a self-contained, printable HTML file with the task-pain table and a plot of pain.

The page's form is in `report.html`. It shows what was recorded and claims nothing: scores given after tasks are not
scores caused by tasks.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from telemetry.errors import UnknownSession
from telemetry.report_page import ACCENT, INK, SOFT, banner, calm, facts_row, filled, svg
from telemetry.schema import NRS
from telemetry.store import Store
from telemetry.task_pain import IN_FORCE

_TASK = "#e8f1f3"
_TICKS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1200)
_UNANSWERED = {
    "declined": "declined to answer",
    "missed": "not answered in time",
    "interrupted": "interrupted before an answer",
    "awaiting": "not answered yet",
}
_SITES = {"RLP": "stump pain", "PLS": "phantom sensations"}


def write_report(data_dir: Path, session_id: str, path: Path) -> None:
    """Write the report of one session to `path`. Raises `NotAStore` and `UnknownSession`."""
    store = Store(data_dir)
    sessions = store.sessions()
    chosen = sessions[sessions["session_id"] == session_id]
    if chosen.empty:
        latest = ", ".join(sessions["session_id"].tail(3)) or "none"
        raise UnknownSession(f"no session {session_id!r} in {data_dir}; the latest there: {latest}")
    session = chosen.iloc[0]
    tasks, ratings, events = (
        table[table["session_id"] == session_id] for table in (store.tasks(), store.ratings(), store.events())
    )
    page = filled(
        "report.html",
        title=escape(f"Session {session_id}"),
        participant=escape(session["participant"]),
        when=f"{session['started_at']:%A %d %B %Y, %H:%M} UTC",
        banner=banner(str(session["origin"])),
        facts=_facts(session, tasks, ratings),
        plot=_plot(session, tasks, ratings),
        table=_table(tasks) + _next_day(ratings) + _left_out(ratings),
        adverse=_adverse(store.adverse_events(), session),
        events=_events(events, session),
        session=escape(session_id),
        version=escape(session["software_version"]),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _pain(ratings: pd.DataFrame) -> pd.DataFrame:
    """The scores of phantom limb pain of the sitting itself; those of the next day are told apart from it."""
    own = ratings[ratings["current"] & (ratings["site"] == "PLP") & ratings["item"].isna()]
    return own[(own["phase"] != "next_day") & own["scale"].isin(list(NRS))]


def _left_out(ratings: pd.DataFrame) -> str:
    """What was asked and is neither in the numbers on top nor in the plot, and why."""
    asked = ratings[ratings["current"]]
    is_pain = (asked["site"] == "PLP") & asked["item"].isna()
    other = asked.loc[is_pain & ~asked["scale"].isin(list(NRS)), "scale"].value_counts()
    questions = asked.loc[~is_pain, "item"].fillna(asked["site"].astype("string")).value_counts(sort=False)
    notes = []
    if len(other):
        told = ", ".join(f"{count} on {scale}" for scale, count in other.items())
        notes.append(f"Phantom limb pain asked on another scale than 0 to 10 cannot be compared with the rest, so it "
                     f"is neither in the plot nor in the numbers on top: {told}.")  # fmt: skip
    if len(questions):
        told = ", ".join(f"{count} {_SITES.get(name, _words(name))}" for name, count in questions.items())
        notes.append(f"Other questions are not on this page: {told}. The answers are in store.ratings().")
    return "".join(f'<p class="note">{escape(note)}</p>' for note in notes)


def _on_scale(value: float, scale: Any) -> str:
    """A score; with its scale, unless that is 0 to 10."""
    if pd.isna(value):
        return "–"
    return f"{value:g}" if pd.isna(scale) or scale in NRS else f"{value:g} ({escape(scale)})"


def _facts(session: pd.Series, tasks: pd.DataFrame, ratings: pd.DataFrame) -> str:
    pain = _pain(ratings)
    given = pain[pain["status"] == "given"]
    first, last = (f"{given['value'].iloc[i]:g}" if len(given) else "–" for i in (0, -1))
    facts = (
        (_minutes(session["duration_s"]), "from start to end"),
        (str(len(tasks)), "movement tasks"),
        (f"{len(given)} of {len(pain)}", "pain questions answered"),
        (first, "first pain score"),
        (last, "last pain score"),
        (escape(str(session["status"])), f"{escape(_words(session['programme']))} · {escape(_words(session['mode']))}"),
    )
    return facts_row(facts)


def _minutes(seconds: Any) -> str:
    if pd.isna(seconds):
        return "–"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def _table(tasks: pd.DataFrame) -> str:
    if tasks.empty:
        return '<p class="note">No movement task was begun in this session.</p>'
    rows = []
    for number, task in enumerate(tasks.itertuples(), 1):
        change = "" if pd.isna(task.pain_change) else f"{task.pain_change:+g}".replace("-", "−")
        change = "0" if change == "+0" else change
        direction = "" if not change or task.pain_change == 0 else "less" if task.pain_change < 0 else "more"
        after = (
            f'<td class="n">{_on_scale(task.pain_after, task.scale)}</td><td class="n {direction}">{change or "–"}</td>'
            if not pd.isna(task.pain_after)
            else f'<td class="why" colspan="2">{_UNANSWERED.get(str(task.rating_status), "not asked")}</td>'
        )
        rows.append(
            f'<tr><td class="n soft">{number}</td><td>{escape(_words(task.task))}</td>'
            f"<td>{escape(task.side)} {escape(task.limb)}</td><td>{escape(_words(task.mode))}</td>"
            f'<td class="n">{_number(task.repetitions)}</td><td class="n">{_number(task.duration_s, " s")}</td>'
            f"<td>{escape(str(task.status))}</td>"
            f'<td class="n">{_on_scale(task.pain_before, task.scale)}</td>{after}</tr>'
        )
    return (
        "<table><thead><tr><th></th><th>Task</th><th>Limb</th><th>Mode</th><th class=n>Repetitions</th>"
        "<th class=n>Time</th><th>Ended</th><th class=n>Pain before</th><th class=n>Pain after</th>"
        "<th class=n>Change</th></tr></thead><tbody>" + "".join(rows) + "</tbody></table>"
    )


def _next_day(ratings: pd.DataFrame) -> str:
    late = ratings[ratings["current"] & (ratings["site"] == "PLP") & ratings["item"].isna()]
    late = late[(late["phase"] == "next_day") & (late["status"] == "given")]
    told = ", ".join(f"{_on_scale(row.value, row.scale)} on {row.answered_at:%d %B}" for row in late.itertuples())
    return f'<p class="note">Phantom limb pain on the next day: {told}.</p>' if told else ""


def _detail(detail: str) -> str:
    parts = json.loads(detail).items()
    return ", ".join(f"{_words(name)} {f'{value:.3g}' if isinstance(value, float) else value}" for name, value in parts)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: Any, unit: str = "") -> str:
    return "–" if pd.isna(value) else f"{value:.0f}{unit}"


def _plot(session: pd.Series, tasks: pd.DataFrame, ratings: pd.DataFrame) -> str:
    """Pain scores on the session's time, over the stretches in which tasks were performed; an inline SVG."""
    start = session["started_at"]

    def seconds(times: pd.Series) -> pd.Series:
        return (times - start).dt.total_seconds()

    pain = _pain(ratings)
    given, other = pain[pain["status"] == "given"], pain[pain["status"] != "given"]
    figure = Figure(figsize=(9.6, 3.5), layout="constrained")
    axes = figure.subplots()
    begins, ends = seconds(tasks["started_at"]), seconds(tasks["ended_at"])
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True), 1):
        if pd.isna(end):
            continue
        axes.axvspan(begin, end, color=_TASK, lw=0)
        axes.text((begin + end) / 2, 10.35, str(number), ha="center", va="bottom", color=SOFT, fontsize=10)
    # An unanswered question is a missing value, which interrupts the line.
    when = seconds(pain["answered_at"].fillna(pain["asked_at"]))
    axes.plot(when, pain["value"], "-o", color=ACCENT, lw=1.6, ms=7, zorder=3, clip_on=False)
    for answered, value in zip(seconds(given["answered_at"]), given["value"], strict=True):
        axes.annotate(f"{value:g}", (answered, value), (0, 8), textcoords="offset points", ha="center",
                      color=INK, fontsize=10)  # fmt: skip
    if len(other):
        axes.plot(seconds(other["asked_at"]), [0.0] * len(other), "x", color=SOFT, ms=7, clip_on=False,
                  label="asked, no score", ls="none")  # fmt: skip
        axes.legend(loc="upper right", frameon=False, labelcolor=SOFT)
    axes.set(ylim=(0, 10.2), yticks=range(0, 11, 2), xlabel="minutes : seconds of the session",
             ylabel="phantom limb pain, 0–10")  # fmt: skip
    axes.set_xlim(left=0)
    last = axes.get_xlim()[1]
    axes.xaxis.set_major_locator(MultipleLocator(next(s for s in _TICKS_S if last / s <= 9 or s == _TICKS_S[-1])))
    axes.xaxis.set_major_formatter(lambda second, _: f"{int(second) // 60}:{int(second) % 60:02d}")
    calm(axes)
    return svg(figure)


def _adverse(events: pd.DataFrame, session: pd.Series) -> str:
    events = events[events["session_id"] == session["session_id"]]
    if events.empty:
        return '<p class="note">None was entered.</p>'
    rows = "".join(
        f'<tr><td class="n soft">{_when(event, session)}</td>'
        f"<td>{escape(_words(event.kind))}</td><td>{escape(event.severity)}{', serious' if event.serious else ''}</td>"
        f"<td>{escape(event.relatedness)}</td><td>{escape(_words(event.action))}</td>"
        f'<td class="soft">{escape(event.text)} ({escape(event.who)})</td></tr>'
        for event in events.itertuples()
    )
    return (
        '<table class="events"><thead><tr><th></th><th>What</th><th>Severity</th><th>Related to the session</th>'
        f"<th>Done about it</th><th></th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _when(event: Any, session: pd.Series) -> str:
    """How far into the session; of what was entered later, the day and time that it is about."""
    if isinstance(event.entry_id, str):
        return f"{event.happened_at:%d.%m. %H:%M}"
    return _minutes(max(0, (event.reported_at - session["started_at"]).total_seconds()))


def _events(events: pd.DataFrame, session: pd.Series) -> str:
    # What every session begins with did not happen in it.
    events = events[events["name"] != IN_FORCE]
    if events.empty:
        return '<p class="note">Nothing else of note.</p>'
    seconds = (events["at"] - session["started_at"]).dt.total_seconds()
    rows = "".join(
        f'<tr><td class="n soft">{_minutes(max(0, second))}</td><td>{escape(_words(name))}</td>'
        f'<td class="soft">{escape(_detail(detail))}</td></tr>'
        for second, name, detail in zip(seconds, events["name"], events["detail"], strict=True)
    )
    return f'<table class="events"><tbody>{rows}</tbody></table>'
