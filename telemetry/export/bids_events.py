"""What happened in a session as a BIDS events table: task runs, ratings, settings and events on one axis of time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import pandas as pd

from telemetry import messages
from telemetry.schema import RATING_STATUS, TASK_STATUS, Column
from telemetry.task_pain import IN_FORCE

EVENT_COLUMNS = (
    Column("onset", "real", "When it began, from the first frame of the movement, or from the session's start where "
           "there is no movement here; before it where negative.", "s"),
    Column("duration", "real", "How long it took; of a rating, until it was answered.", "s"),
    Column("trial_type", "choice", "What kind of thing it is.",
           values=("task_run", "rating", "setting", "event", "adverse_event")),
    Column("name", "text", "The task, the setting, or what happened."),
    Column("run_number", "integer", "The task run that it is or is about, if any; counts those of the session from 1."),
    Column("mode", "text", "Of a task run: what drove the virtual limb."),
    Column("limb", "choice", "Of a task run: the limb that was moved.", values=get_args(messages.Limb)),
    Column("side", "choice", "Of a task run: the side that was moved.", values=get_args(messages.MovedSide)),
    Column("performed_s", "real", "Of a task run: how long it was performed, pauses left out.", "s"),
    Column("repetitions", "integer", "Of a task run: repetitions that were counted."),
    Column("phase", "choice", "Of a rating: when in the programme it was asked.", values=get_args(messages.Phase)),
    Column("site", "choice", "Of a rating: phantom limb pain (PLP), stump pain (RLP), phantom sensations (PLS), or of "
           "no limb.", values=get_args(messages.Site)),
    Column("item", "text", "Of a rating: what was asked where it was not the strength of what the site names."),
    Column("scale", "text", "Of a rating: the scale, as in NRS-11, 0 to 10 in whole points."),
    Column("value", "real", "Of a rating: the answer.", "of the scale"),
    Column("source", "choice", "Of a rating: who entered it.", values=get_args(messages.RatingSource)),
    Column("status", "choice", "What became of a task run or a rating.",
           values=tuple(dict.fromkeys((*TASK_STATUS, *RATING_STATUS)))),
    Column("current", "truth", "Of a rating: whether no other takes its place."),
    Column("old", "text", "Of a setting: its value before, as JSON; missing for the one that the session began with."),
    Column("new", "text", "Of a setting: its value from then on, as JSON."),
    Column("detail", "text", "Of an event: more about it, as JSON."),
)  # fmt: skip


def events_of(session: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], start_s: float) -> pd.DataFrame:
    """The session's events in the order of their onsets; start_s: when its first frame is, in the session's time.

    tables: the session's rows of tasks, ratings, settings, events and adverse_events.
    """
    began_ns = session["started_mono_ns"]

    def onset(mono_ns: pd.Series) -> pd.Series:
        return ((mono_ns - began_ns) / 1e9 - start_s).astype(float).round(6)

    def lasted(since_ns: pd.Series, until_ns: pd.Series) -> pd.Series:
        return ((until_ns - since_ns) / 1e9).astype(float).round(6)

    runs = tables["tasks"]
    numbers = dict(zip(runs["task_run_id"], runs["run_number"], strict=True))
    parts = [
        pd.DataFrame({
            "onset": onset(runs["started_mono_ns"]), "duration": lasted(runs["started_mono_ns"], runs["ended_mono_ns"]),
            "trial_type": "task_run", "name": runs["task"], "run_number": runs["run_number"], "mode": runs["mode"],
            "limb": runs["limb"], "side": runs["side"], "performed_s": runs["duration_s"],
            "repetitions": runs["repetitions"], "status": runs["status"],
        })
    ]  # fmt: skip
    ratings = tables["ratings"]
    shared = ("phase", "site", "item", "scale", "value", "source", "status")
    parts.append(pd.DataFrame({
        "onset": onset(ratings["asked_mono_ns"]),
        "duration": lasted(ratings["asked_mono_ns"], ratings["answered_mono_ns"]), "trial_type": "rating",
        "name": "rating", "run_number": ratings["task_run_id"].map(numbers),
        **{name: ratings[name] for name in shared}, "current": ratings["current"].astype(bool),
    }))  # fmt: skip
    settings = tables["settings"]
    parts.append(pd.DataFrame({
        "onset": onset(settings["mono_ns"]), "duration": 0.0, "trial_type": "setting", "name": settings["name"],
        "old": settings["old"], "new": settings["new"],
    }))  # fmt: skip
    events = tables["events"]
    starts = events["name"] == IN_FORCE
    in_force = [
        (mono_ns, name, json.dumps(value))
        for mono_ns, detail in zip(events.loc[starts, "mono_ns"], events.loc[starts, "detail"], strict=True)
        for name, value in json.loads(detail).items()
    ]
    known = pd.DataFrame(in_force, columns=["mono_ns", "name", "new"])
    parts.append(pd.DataFrame({
        "onset": onset(known["mono_ns"].astype("int64")), "duration": 0.0, "trial_type": "setting",
        "name": known["name"], "new": known["new"],
    }))  # fmt: skip
    rest = events[~starts]
    parts.append(pd.DataFrame({
        "onset": onset(rest["mono_ns"]), "duration": 0.0, "trial_type": "event", "name": rest["name"],
        "run_number": rest["task_run_id"].map(numbers), "detail": rest["detail"],
    }))  # fmt: skip
    adverse = tables["adverse_events"]
    told = [name for name in ("severity", "serious", "relatedness", "action", "text") if name in adverse]
    details = [json.dumps({k: v if isinstance(v, bool) else str(v) for k, v in row.items()})
               for row in adverse[told].to_dict("records")]  # fmt: skip
    parts.append(pd.DataFrame({
        "onset": onset(adverse["mono_ns"]), "duration": 0.0, "trial_type": "adverse_event", "name": adverse["kind"],
        "run_number": adverse["task_run_id"].map(numbers), "detail": details,
    }))  # fmt: skip
    table = pd.concat([part.astype(object) for part in parts if len(part)] or parts[:1], ignore_index=True)
    table = table.reindex(columns=[column.name for column in EVENT_COLUMNS])
    return table.sort_values("onset", key=lambda values: values.astype(float), kind="stable", ignore_index=True)
