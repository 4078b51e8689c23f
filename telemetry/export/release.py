"""What of a record leaves the clinic, and in which form: all of it, or what may be shared.

Head and hands in motion identify a person: 94 % of 55,541 users from 100 s of it (Nair et al. 2023, arXiv:2302.08927).
A shareable release therefore goes by what each participant agreed to:

| consent    | what a shareable release has of them                                 |
| ---------- | -------------------------------------------------------------------- |
| `care`     | nothing at all                                                       |
| `research` | scores, settings and measures of the movement, no movement itself    |
| `open`     | the same, and the tracked movement at `SHARED_MOTION_HZ`             |

The participants' codes stay, so that who withdraws can be found; which person a code is stays in the clinic.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd

from telemetry.errors import FolderTaken
from telemetry.instruments import INSTRUMENTS
from telemetry.store import Store

#: The tables of a release, by the name of the store's method.
TABLES = ("participants", "sessions", "tasks", "ratings", "task_pain", "settings", "events", "adverse_events",
          "addenda", "entries", "features")  # fmt: skip

#: Frames a second of movement in a shareable release; each is the mean of the frames of its tenth of a second.
SHARED_MOTION_HZ = 10.0
#: Where shifted dates begin: each participant's first session. BIDS wants shifted dates to be before 1925.
SHIFTED_TO = pd.Timestamp("1901-01-01", tz="UTC")
_OLDEST_TOLD = 89  # HIPAA Safe Harbor: ages above are told as one

_FREE_TEXT = "free text"
_BODY = "what tells what the person looks like or how large they are"
_DATE = "dates and times of day"
_STAFF = "who entered something"
#: Columns that a shareable release has not, each with what it would give away.
_REMOVED = {
    "who": _STAFF, "text": _FREE_TEXT, "appearance": _BODY, "measures": _BODY, "tracker_mounts": _BODY,
    "language": "the participant's language", "problem": "messages of the programs",
    "feature_problem": "messages of the programs", "seed": "seeds of what was drawn by chance",
}  # fmt: skip
#: Events whose details are measures; of any other the shareable release tells that it happened.
_MEASURES = frozenset({"score", "stillness", "stroking", "difficulty", "settings_in_force", "gap"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Level(StrEnum):
    """full: everything, which stays in the clinic. shareable: what each participant's consent lets out."""

    FULL = "full"
    SHAREABLE = "shareable"


def make_folder(out: Path) -> None:
    """Make the folder of an export, which is of one moment. Raises `FolderTaken` where it holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderTaken(
            f"expected an empty folder, or none yet, for the export, but {out} holds something; name another"
        )
    out.mkdir(parents=True, exist_ok=True)


class Release:
    """The tables of `store` at a level.

    withheld: the codes of participants of whom nothing is released. number: each released session's place among its
    participant's, from 1, by its id in the store.
    """

    def __init__(self, store: Store, level: Level = Level.FULL) -> None:
        self.store, self.level = store, level
        people = store.participants()
        kept = people["consent"].ne("care") | (level is Level.FULL)
        self.withheld = tuple(people.loc[~kept, "code"])
        self._consent = dict(zip(people.loc[kept, "code"], people.loc[kept, "consent"], strict=True))
        sessions = store.sessions().sort_values(["participant", "started_utc_ns", "session_id"])
        sessions = sessions[sessions["participant"].isin(list(self._consent))]
        order = sessions.groupby("participant").cumcount() + 1
        self.number = dict(zip(sessions["session_id"], order, strict=True))
        self._participant_of = dict(zip(sessions["session_id"], sessions["participant"], strict=True))
        self._began = dict(zip(sessions["session_id"], sessions["started_mono_ns"], strict=True))
        self._first: dict[str, pd.Timestamp] = sessions.groupby("participant")["started_at"].min().to_dict()
        self._ids: dict[str, dict[str, str]] = {}
        self._removed: dict[str, set[str]] = {}

    @property
    def participants(self) -> tuple[str, ...]:
        """The codes of whom something is released, in order."""
        return tuple(sorted(self._consent))

    def motion_hz(self, participant: str) -> float | None:
        """How many frames a second of movement are released; 0 for none, None for every frame as it is."""
        if self.level is Level.FULL:
            return None
        return SHARED_MOTION_HZ if self._consent.get(participant) == "open" else 0.0

    def table(self, name: str) -> pd.DataFrame:
        """One of `TABLES`, as it is released."""
        rows: pd.DataFrame = getattr(self.store, name)()
        if self.level is Level.FULL:
            return rows
        if name == "entries":
            for code, about in rows.groupby("participant")["about_at"].min().items():
                self._first.setdefault(str(code), about)
        if "session_id" in rows and "participant" not in rows:
            rows = rows[rows["session_id"].isin(list(self.number))]
        else:
            rows = rows[rows["code" if name == "participants" else "participant"].isin(list(self._consent))]
        rows = rows.reset_index(drop=True).copy()
        made = {column: self._shareable(name, column, rows) for column in rows}
        return pd.DataFrame({column: values for column, values in made.items() if values is not None})

    def session_id(self, session_id: str) -> str:
        """A session's id as it is released."""
        if self.level is Level.FULL:
            return session_id
        return f"{self._participant_of[session_id]}-s{self.number[session_id]:03d}"

    def statement(self) -> str:
        """What was left out and altered, in words, as Markdown."""
        if self.level is Level.FULL:
            return (
                "Nothing was removed. This is the full record: people by their codes, with dates, free text and every "
                "frame of their movement, which identifies a person even without a name. It stays in the clinic.\n"
            )
        lines = [
            f"- Participants whose consent is `care`: {len(self.withheld)}, of whom nothing is here.",
            "- Of those whose consent is `research`: their movement. Measures of it are here.",
            f"- Of those whose consent is `open`: movement finer than {SHARED_MOTION_HZ:g} frames a second and 1 mm, "
            "and the virtual body, which follows from it.",
            "- Dates are shifted, for each participant by another amount: their first session begins "
            f"{SHIFTED_TO:%Y-%m-%d} at midnight. Time that passed between and within sessions is as it was.",
            "- Identifiers of sessions, task runs, ratings and entries are made anew, since the original ones "
            "hold dates.",
            f"- Ages above {_OLDEST_TOLD} are told as {_OLDEST_TOLD}. The year of the amputation became years "
            "since then.",
            "- Details of events other than "
            + ", ".join(sorted(_MEASURES))
            + ": that they happened, and when, is here. Of the details that are here, numbers only.",
            *(f"- {what[0].upper()}{what[1:]}: {', '.join(sorted(columns))}." for what, columns in self._by_reason()),
        ]  # fmt: skip
        return (
            "\n".join(lines)
            + "\n\nWhat may still identify somebody: the participants' codes to whoever holds the clinic's list, rare "
            "combinations of age, sex and limb loss, and, where consent is `open`, the movement itself: the lengths of "
            "limbs and the height of the head can be read off it. Names of programmes and tasks are the clinic's own.\n"
        )

    def _by_reason(self) -> list[tuple[str, set[str]]]:
        return sorted((what, columns) for what, columns in self._removed.items())

    # --- what becomes of a column -------------------------------------------------------------------------------------

    def _shareable(self, table: str, column: Any, rows: pd.DataFrame) -> pd.Series | None:
        values = rows[column]
        reason = _REMOVED.get(column, _DATE if column.endswith(("_utc_ns", "_xr_ns")) else None)
        if reason is not None:
            self._removed.setdefault(reason, set()).add(f"`{table}.{column}`")
            return None
        if column in ("session_id", "task_run_id", "rating_id", "supersedes", "entry_id", "addendum_id"):
            return self._renamed(table, column, values)
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            first = rows["participant"].astype(object).map(self._first).astype(values.dtype)
            return values - first + SHIFTED_TO
        if column.endswith("mono_ns"):
            began = rows["session_id"].astype(object).map(self._began).astype("Int64")
            return (values - began).astype(values.dtype)
        return self._said(table, column, rows)

    def _said(self, table: str, column: str, rows: pd.DataFrame) -> pd.Series:
        """A column of JSON or text without what somebody may have written into it."""
        values = rows[column]
        if (table, column) == ("events", "detail"):
            measured = [name in _MEASURES for name in rows["name"]]
            return _each(values, lambda detail, n: _numbers(detail) if measured[n] else {})
        if (table, column) == ("addenda", "detail"):
            return _each(values, lambda detail, _: {})
        if (table, column) == ("entries", "answers"):
            kinds, about = list(rows["instrument"]), list(rows["about_at"])
            return _each(values, lambda answers, n: answers_without_text(kinds[n], answers, about[n]))
        if column in ("old", "new", "parameters", "limb_losses", "phantom_shapes"):
            return _each(values, lambda told, _: _names_and_numbers(told))
        return values

    def _renamed(self, table: str, column: str, values: pd.Series) -> pd.Series:
        if column == "session_id":
            return values.astype(object).map({old: self.session_id(old) for old in self.number}).astype("string")
        kind = f"{table}.{column}" if column == "supersedes" else column
        return values.astype(object).map(self._new_ids(kind)).astype("string")

    def _new_ids(self, kind: str) -> Mapping[str, str]:
        kind = {"ratings.supersedes": "rating_id", "entries.supersedes": "entry_id"}.get(kind, kind)
        if kind not in self._ids:
            table, letter, order = {
                "task_run_id": ("tasks", "t", ["run_number"]),
                "rating_id": ("ratings", "r", ["asked_mono_ns", "rating_id"]),
                "addendum_id": ("addenda", "a", ["entered_utc_ns", "addendum_id"]),
                "entry_id": ("entries", "e", ["about_utc_ns", "entry_id"]),
            }[kind]
            rows = getattr(self.store, table)()
            rows = rows[rows["participant"].isin(list(self._consent))].sort_values(["participant", *order])
            place = rows["participant"] if table == "entries" else rows["session_id"].map(self.session_id)
            count = rows.groupby(place.rename("place")).cumcount() + 1
            self._ids[kind] = {
                old: f"{where}-{letter}{n:03d}" for old, where, n in zip(rows[kind], place, count, strict=True)
            }
        return self._ids[kind]


def answers_without_text(instrument: str, answers: dict[str, Any], about: pd.Timestamp) -> dict[str, Any]:
    """An entry's answers without free text and without years; ages above the oldest that is told as that one."""
    known = INSTRUMENTS.get(instrument)
    if known is None:
        return {}
    wordless = {item.name for item in known.items if not item.letters}
    kept = {name: value for name, value in answers.items() if name in wordless}
    if isinstance(year := kept.pop("AmputationYear", None), int | float):
        kept["YearsSinceAmputation"] = max(0, about.year - int(year))
    if isinstance(age := kept.get("Age"), int | float):
        kept["Age"] = min(age, _OLDEST_TOLD)
    return kept


def _each(values: pd.Series, alter: Callable[[Any, int], Any]) -> pd.Series:
    """JSON texts altered one by one; a missing one stays missing."""
    made = [None if pd.isna(text) else json.dumps(alter(json.loads(text), n)) for n, text in enumerate(values)]
    return pd.Series(made, index=values.index, dtype="string")


def _numbers(told: Any) -> Any:
    if isinstance(told, dict):
        # A time in nanoseconds is a date or leads to one.
        cleaned = {name: _numbers(value) for name, value in told.items() if not name.endswith("_ns")}
        return {name: value for name, value in cleaned.items() if value is not None}
    if isinstance(told, list):
        return [value for value in map(_numbers, told) if value is not None]
    return told if isinstance(told, bool | int | float) else None


def _names_and_numbers(told: Any) -> Any:
    """Numbers, and words that a file or a programme chose: lower-case names such as `below_knee`."""
    if isinstance(told, dict):
        return {name: _names_and_numbers(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_names_and_numbers(value) for value in told]
    return told if not isinstance(told, str) or _NAME.fullmatch(told) else None
