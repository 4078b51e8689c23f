"""What was to come when, and who decided it: of sessions in a course, and of task runs in a session.

Read from what a session put on record at its beginning (`course`) and at each task run; nothing is guessed from order.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

#: The event that says what of a course a session is.
COURSE = "course"
#: The event of a therapist who did otherwise than the programme says.
OVERRIDE = "override"
PROGRAMME, THERAPIST = "programme", "therapist"


def with_course(sessions: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The sessions with what of a course each is, in five columns; `told`: the events COURSE."""
    of_session = {row.session_id: json.loads(row.detail) for row in told.itertuples()}
    said = [of_session.get(session, {}) for session in sessions["session_id"]]
    return sessions.assign(
        course=_column(said, "course", "string"),
        condition=_column(said, "condition", "string"),
        condition_block=_column(said, "block", "Int64"),
        condition_by=_by(said, "by"),
        course_session=_column(said, "session", "Int64"),
    )


def with_allocation(runs: pd.DataFrame, overrides: pd.DataFrame) -> pd.DataFrame:
    """The task runs with drawn_index, chosen_by and extended_s; `overrides`: the events OVERRIDE."""
    said = [json.loads(text) for text in runs["parameters"]]
    extended: dict[str, float] = {}
    for row in overrides.dropna(subset=["task_run_id"]).itertuples():
        detail = json.loads(row.detail)
        if detail.get("what") == "extend":
            extended[row.task_run_id] = extended.get(row.task_run_id, 0.0) + float(detail["seconds"])
    return runs.assign(
        drawn_index=_column(said, "drawn_index", "Int64"),
        chosen_by=_by(said, "chosen_by"),
        extended_s=runs["task_run_id"].map(extended).fillna(0.0).astype("float64"),
    )


def _column(said: list[dict[str, Any]], name: str, dtype: str) -> Any:
    return pd.array([each.get(name) for each in said], dtype=dtype)


def _by(said: list[dict[str, Any]], name: str) -> pd.Categorical:
    return pd.Categorical([each.get(name) for each in said], categories=[PROGRAMME, THERAPIST])
