"""The task-pain ledger as one table: each score with the task run it followed, and all that was so at that time.

Made of the other tables alone; reads no file. A score never given stays a row, with the reason in `rating_status`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from telemetry.dictionary import measure_columns
from telemetry.schema import (
    FEATURE_PREFIX,
    SCORE_PREFIX,
    SETTING_PREFIX,
    TASK_PAIN,
    Column,
    Kind,
    score_column,
    setting_column,
)
from telemetry.score_before import last_before, same_scale

#: The event that a session begins with, whose detail has the value of each setting.
IN_FORCE = "settings_in_force"
#: The event at a task run's end, whose detail has what the task measured.
SCORE = "score"


@dataclass(frozen=True, slots=True)
class Tables:
    """What the ledger is made of: tables as they are stored, sessions and features as researchers get them.

    starts: the events IN_FORCE. scores: the events SCORE. features may have no rows.
    """

    participants: pd.DataFrame
    tasks: pd.DataFrame
    ratings: pd.DataFrame
    settings: pd.DataFrame
    starts: pd.DataFrame
    scores: pd.DataFrame
    sessions: pd.DataFrame
    features: pd.DataFrame


def task_pain(tables: Tables) -> pd.DataFrame:
    """One row a task run and pain site; the columns of `schema.TASK_PAIN`, then settings, scores and movement
    measures.
    """
    runs = _with_course(tables)
    runs["previous_task"] = runs.groupby("session_id", sort=False)["task"].shift()
    for total, one in (("dose_before_s", "duration_s"), ("repetitions_before", "repetitions")):
        filled = runs[one].fillna(0)
        runs[total] = filled.groupby(runs["session_id"], sort=False).cumsum() - filled
    runs["time_in_session_s"] = (runs["started_mono_ns"] - runs["session_mono_ns"]) / 1e9
    runs["settings_changed"] = _changes_during(runs, tables.settings)
    runs["run"] = np.arange(len(runs))

    rows = _with_scores(runs, tables.ratings).sort_values(["started_utc_ns", "session_id", "run_number", "site"])
    # The many columns of settings and measures are put beside the rows last, because each join would copy them.
    in_force = _settings_in_force(runs, tables).take(rows["run"])
    measures = tables.features.drop(columns="session_id").set_index("task_run_id").add_prefix(FEATURE_PREFIX)
    measures = measures.reindex(index=rows["task_run_id"], columns=[c.name for c in measure_columns()])
    scores = _measured_by_tasks(tables.scores).reindex(rows["task_run_id"])
    parts = [rows[[c.name for c in TASK_PAIN.columns]], in_force, scores, measures]
    return pd.concat([part.reset_index(drop=True) for part in parts], axis=1)


def _with_course(tables: Tables) -> pd.DataFrame:
    """The task runs, each with its session's place in the participant's course."""
    sessions = tables.sessions.merge(
        tables.participants[["code", "consent"]], left_on="participant", right_on="code", how="left"
    ).sort_values(["started_utc_ns", "session_id"])
    # A demonstration beforehand is no part of a person's course.
    course = sessions.groupby(["participant", "origin"], observed=True)
    sessions["session_number"] = course.cumcount().astype("int64") + 1
    sessions["course_day"] = (sessions["started_utc_ns"] - course["started_utc_ns"].transform("min")) / 86_400e9
    facts = [
        "origin",
        "programme",
        "course",
        "condition",
        "condition_block",
        "condition_by",
        "sealed",
        "consent",
        "session_number",
        "course_day",
        "started_utc_ns",
    ]
    of_session = sessions[["session_id", "participant", *facts, "started_mono_ns"]]
    of_session = of_session.rename(columns={"started_mono_ns": "session_mono_ns"})
    runs = tables.tasks.merge(of_session, on="session_id", how="left")
    since = runs["started_mono_ns"] - runs["session_mono_ns"]
    runs["started_at"] = pd.to_datetime(runs["started_utc_ns"] + since, utc=True, unit="ns")
    return runs.sort_values(["session_id", "run_number"]).reset_index(drop=True)


def _with_scores(runs: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """A row for each run and site asked after it, PLP in any case, with the scores before and after."""
    # What names an item is no score of its site.
    current = ratings[ratings["current"] & ratings["item"].isna()]
    own = current[(current["phase"] == "after_task") & current["task_run_id"].notna()]
    own = pd.DataFrame({
        "task_run_id": own["task_run_id"], "site": own["site"], "rating_id": own["rating_id"], "phase": own["phase"],
        "scale": own["scale"], "own_status": own["status"], "rating_source": own["source"],
        "corrected": own["corrected_mono_ns"].notna(), "pain_after": own["value"].where(own["status"] == "given"),
        "rated_mono_ns": own["answered_mono_ns"].where(own["status"] == "given"),
    })  # fmt: skip
    plp = runs.assign(site=pd.Categorical(["PLP"] * len(runs), categories=ratings["site"].cat.categories))
    others = own.loc[own["site"] != "PLP", ["task_run_id", "site"]].merge(runs, on="task_run_id")
    rows = pd.concat([plp, others], ignore_index=True).merge(own, on=["task_run_id", "site"], how="left")
    # A PLP score that was never asked has its reason in the task run: still awaiting, or interrupted.
    rows["rating_status"] = rows["own_status"].fillna(rows["rating_status"])
    rows["corrected"] = rows["corrected"].eq(True).fillna(False).astype(bool)
    rows["rated_after_s"] = ((rows["rated_mono_ns"] - rows["ended_mono_ns"]) / 1e9).astype("float64")

    given = current[current["status"] == "given"]
    before = last_before(rows, given)
    rows["pain_before"], rows["before_phase"] = before["value"], before["phase"]
    rows["before_age_s"] = ((rows["started_mono_ns"] - before["answered_mono_ns"]) / 1e9).astype("float64")
    rows["pain_change"] = rows["pain_after"] - rows["pain_before"]
    rows["scale"] = rows["scale"].fillna(before["scale"])
    # The next day's score belongs to the session and is not of it: alone it would pass for the first.
    within = given[given["phase"] != "next_day"].sort_values("answered_mono_ns")
    own_scale = [within["session_id"], within["site"], same_scale(within["scale"]).rename("same_scale")]
    first = within.groupby(own_scale, observed=True)["value"].first().rename("pain_at_start")
    return rows.assign(same_scale=same_scale(rows["scale"])).join(first, on=["session_id", "site", "same_scale"])


# --- settings ---------------------------------------------------------------------------------------------------------


def setting_columns(settings: pd.DataFrame, starts: pd.DataFrame) -> list[Column]:
    """The columns of `task_pain` for every setting that the record names, each of the type of its values."""
    return [setting_column(name, _kind(known["value"])) for name, known in _known_settings(settings, starts)]


def _known_settings(settings: pd.DataFrame, starts: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """For each setting its values in time: session_id, mono_ns, value."""
    told = [
        (session, mono_ns, name, value)
        for session, mono_ns, detail in zip(starts["session_id"], starts["mono_ns"], starts["detail"], strict=True)
        for name, value in json.loads(detail).items()
    ]
    # A session that does not begin with that event still tells the value before its first change.
    first = settings.sort_values("mono_ns").drop_duplicates(["session_id", "name"])
    for changes, value, at in ((first, "old", first["mono_ns"] * 0), (settings, "new", settings["mono_ns"])):
        told += zip(changes["session_id"], at, changes["name"], map(json.loads, changes[value]), strict=True)
    table = pd.DataFrame(told, columns=["session_id", "mono_ns", "name", "value"])
    table["session_id"] = table["session_id"].astype("string")
    return [(str(name), known.sort_values("mono_ns", kind="stable")) for name, known in table.groupby("name")]


def _kind(values: pd.Series) -> Kind:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "truth"
    return "real" if kinds <= {int, float} else "text"


_DTYPES = {"truth": "boolean", "real": "float64", "text": "string"}


def _settings_in_force(runs: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """A column for each setting: its value when the task run began."""
    columns: dict[str, Any] = {}
    session_of_run, sessions = pd.factorize(runs["session_id"])
    left = runs[["session_id", "started_mono_ns"]].reset_index().sort_values("started_mono_ns")
    for name, known in _known_settings(tables.settings, tables.starts):
        kind = _kind(known["value"])
        values = known["value"].map(str) if kind == "text" else known["value"]
        right = known.assign(value=values.astype(_DTYPES[kind]), mono_ns=known["mono_ns"].astype("int64"))
        if right["session_id"].is_unique:
            # Nobody changed it in any session: no need to look when.
            of_session = right.set_index("session_id")["value"].reindex(sessions)
            columns[SETTING_PREFIX + name] = of_session.array.take(session_of_run)
            continue
        joined = pd.merge_asof(
            left, right[["session_id", "mono_ns", "value"]],
            left_on="started_mono_ns", right_on="mono_ns", by="session_id",
        )  # fmt: skip
        columns[SETTING_PREFIX + name] = joined.set_index("index")["value"].reindex(runs.index).array
    return pd.DataFrame(columns, index=runs.index)


def _changes_during(runs: pd.DataFrame, settings: pd.DataFrame) -> pd.Series:
    if settings.empty:
        return pd.Series(0, index=runs.index, dtype="int64")
    pairs = runs[["session_id", "started_mono_ns", "ended_mono_ns"]].reset_index().merge(
        settings[["session_id", "mono_ns"]], on="session_id"
    )  # fmt: skip
    ends = pairs["ended_mono_ns"].fillna(np.iinfo(np.int64).max)
    during = pairs[(pairs["mono_ns"] >= pairs["started_mono_ns"]) & (pairs["mono_ns"] < ends)]
    return during.groupby("index").size().reindex(runs.index, fill_value=0).astype("int64")


# --- what tasks measure themselves ------------------------------------------------------------------------------------


def score_columns(scores: pd.DataFrame) -> list[Column]:
    """The columns of `task_pain` for everything that a task of the record measured."""
    return [score_column(name.removeprefix(SCORE_PREFIX)) for name in _measured_by_tasks(scores)]


def _measured_by_tasks(scores: pd.DataFrame) -> pd.DataFrame:
    """A column for each measure, by task run; what is no number is left out."""
    of_run = scores[scores["task_run_id"].notna()].drop_duplicates("task_run_id", keep="last")
    told = pd.DataFrame([json.loads(detail) for detail in of_run["detail"]], index=of_run["task_run_id"])
    numbers = told.apply(pd.to_numeric, errors="coerce").astype("float64").dropna(axis="columns", how="all")
    return numbers[sorted(numbers)].add_prefix(SCORE_PREFIX)
