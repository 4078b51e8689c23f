"""The record for researchers: a data folder as pandas tables, read-only, also while a recorder writes it.

Each call reads what is there at that moment. Missing text is `<NA>`, missing numbers NaN or `<NA>`, times are UTC.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Sequence
from contextlib import closing, suppress
from os import PathLike
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from telemetry import migrations, schema
from telemetry.allocation import COURSE, OVERRIDE, with_allocation, with_course
from telemetry.clock_offset import NAME as RECORDER_CLOCK
from telemetry.clocks import SessionClock
from telemetry.dictionary import columns_by_table
from telemetry.errors import MeasuresMissing, NotAStore, UnknownSession
from telemetry.folder import Folder, open_read_only
from telemetry.instruments import INSTRUMENTS
from telemetry.journal import Journal
from telemetry.motion_file import provenance_codes, read_table, to_table
from telemetry.schema import Column, Table
from telemetry.score_before import last_before
from telemetry.seal import MOTION_FILE, context_of
from telemetry.task_pain import IN_FORCE, SCORE, Tables, score_columns, setting_columns, task_pain


class Store:
    """A data folder for reading.

    Raises `NotAStore` where there is none, and `OtherVersion` for one that another version wrote.
    """

    def __init__(self, directory: str | PathLike[str]) -> None:
        self._folder = Folder(Path(directory))
        if not self._folder.path.is_dir():
            raise NotAStore(f"expected a data folder at {self._folder.path}, but there is none; check the path")
        known = (self._folder.clinic, self._folder.lock, self._folder.journal)
        if not any(path.exists() for path in known) and any(self._folder.path.iterdir()):
            raise NotAStore(
                f"expected a data folder with clinic.db in it, got {self._folder.path} with other things; "
                "give the folder that the recorder was given as --data"
            )
        with suppress(sqlite3.Error):  # told by whoever reads a table
            migrations.check(self._folder.clinic)

    def participants(self) -> pd.DataFrame:
        """One row a person, by code; one whom a session names and nobody entered has version 0."""
        return _finish(self._stored(schema.PARTICIPANTS), schema.PARTICIPANTS)

    def sessions(self) -> pd.DataFrame:
        """One row a session."""
        table = self._stored(schema.SESSIONS)
        seals = self._stored(schema.SEALS)
        table["sealed"] = table["session_id"].isin(seals["session_id"])
        table["started_at"] = pd.to_datetime(table["started_utc_ns"], utc=True, unit="ns")
        table["ended_at"] = _utc(table["ended_mono_ns"], table)
        table = with_course(table, self._stored(schema.EVENTS, "WHERE name = ?", (COURSE,)))
        table["duration_s"] = (table["ended_mono_ns"] - table["started_mono_ns"]).astype("Float64") / 1e9
        return _finish(table, schema.SESSIONS)

    def tasks(self) -> pd.DataFrame:
        """One row a task run, with the pain before and after it: the task-pain ledger.

        pain_before: the last PLP rating given before the task run in the same session, on the same scale. pain_after:
        the rating that carries the task run's id, after corrections. pain_change: after - before, so negative is less
        pain.
        """
        table = self._with_session(self._stored(schema.TASKS))
        ratings = self._stored(schema.RATINGS)
        pain = ratings[ratings["current"] & (ratings["site"] == "PLP") & ratings["item"].isna()]
        given = pain[pain["status"] == "given"]
        own = pain[pain["phase"] == "after_task"].dropna(subset=["task_run_id"]).set_index("task_run_id")

        runs = table["task_run_id"]
        table["rating_id"] = runs.map(own["rating_id"])
        table["pain_after"] = runs.map(own["value"]).astype("float64")
        answered = runs.map(own["answered_mono_ns"].where(own["status"] == "given")).astype("Int64")
        table["rated_at"] = _utc(answered, table)
        of_plp = table.assign(site=pd.Categorical(["PLP"] * len(table), categories=ratings["site"].cat.categories))
        table["scale"] = runs.map(own["scale"]).astype("string")
        before = last_before(of_plp.assign(scale=table["scale"]), given)
        table["pain_before"], table["scale"] = before["value"], table["scale"].fillna(before["scale"])
        table["pain_change"] = table["pain_after"] - table["pain_before"]
        table["started_at"] = _utc(table["started_mono_ns"], table)
        table["ended_at"] = _utc(table["ended_mono_ns"], table)
        table = with_allocation(table, self._stored(schema.EVENTS, "WHERE name = ?", (OVERRIDE,)))
        return _finish(table.sort_values(["started_utc_ns", "session_id", "run_number"]), schema.TASKS)

    def ratings(self) -> pd.DataFrame:
        """One row a rating: asked, corrected or unanswered."""
        table = self._with_session(self._stored(schema.RATINGS))
        for moment in ("asked", "answered", "corrected"):
            table[f"{moment}_at"] = _utc(table[f"{moment}_mono_ns"], table)
        return _finish(table.sort_values(["started_utc_ns", "session_id", "asked_mono_ns"]), schema.RATINGS)

    def task_pain(self) -> pd.DataFrame:
        """One row a task run and pain site: score, dose, order, settings in force, what the task measured itself, and
        movement measures if computed.

        A score that was never given stays a row: `rating_status` says why. The measures are those that
        `vrrehab features` has computed; without it they are missing. `dictionary()` explains every column.
        """
        return task_pain(
            Tables(
                participants=self._stored(schema.PARTICIPANTS),
                tasks=with_allocation(
                    self._stored(schema.TASKS), self._stored(schema.EVENTS, "WHERE name = ?", (OVERRIDE,))
                ),
                ratings=self._stored(schema.RATINGS),
                settings=self._stored(schema.SETTINGS),
                starts=self._stored(schema.EVENTS, "WHERE name = ?", (IN_FORCE,)),
                scores=self._stored(schema.EVENTS, "WHERE name = ?", (SCORE,)),
                sessions=self.sessions(),
                features=self.features(),
            )
        )

    def features(self) -> pd.DataFrame:
        """One row a task run whose movement was measured by `vrrehab features`; no rows before that.

        Warns (`MeasuresMissing`) of sessions whose measures another version wrote, or nobody can read: they have no
        rows until they are measured anew, and all else of them is there.
        """
        path = self._folder.features
        empty = pd.DataFrame({c.name: _typed((), c) for c in schema.FEATURES.columns})
        if not path.exists():
            return empty
        remedy = f"measure anew: vrrehab features --data {self._folder.path}"
        try:
            table = pd.read_parquet(path)
        except (pa.ArrowInvalid, OSError) as error:
            text = f"{path} cannot be read ({error}), so no session has measures of movement; {remedy}"
            warnings.warn(text, MeasuresMissing, stacklevel=2)
            return empty
        expected = f"version {schema.MEASURES_VERSION} of the measures"
        try:
            known = table.attrs.get("version") == schema.MEASURES_VERSION
            for name, column in empty.items() if known else ():
                expected = f"the column {name}"
                table[name] = table[name].astype(column.dtype)
        except (KeyError, ValueError, TypeError):
            known = False
        if not known:
            sessions = ", ".join(_some(table["session_id"])) if "session_id" in table else "any"
            text = (f"expected {expected} in {path} as this version writes it, but another version measured "
                    f"session {sessions}; without measures of movement until you {remedy}")  # fmt: skip
            warnings.warn(text, MeasuresMissing, stacklevel=2)
            return empty
        return table[list(empty)]

    def settings(self) -> pd.DataFrame:
        """One row a live change of a setting."""
        table = self._with_session(self._stored(schema.SETTINGS))
        table["changed_at"] = _utc(table["mono_ns"], table)
        return _finish(table.sort_values(["started_utc_ns", "session_id", "seq"]), schema.SETTINGS)

    def events(self) -> pd.DataFrame:
        """One row for everything else that happened."""
        table = self._with_session(self._stored(schema.EVENTS))
        table["at"] = _utc(table["mono_ns"], table)
        return _finish(table.sort_values(["started_utc_ns", "session_id", "mono_ns"]), schema.EVENTS)

    def adverse_events(self) -> pd.DataFrame:
        """One row for everything untoward that happened to a person, with severity, relatedness and action; also what
        was entered after the session, unless another entry corrects it.

        One that was imported and is of a session of another record is in `entries` alone.
        """
        table = self._with_session(self._stored(schema.ADVERSE_EVENTS))
        table["reported_at"] = table["happened_at"] = _utc(table["mono_ns"], table)
        table["entry_id"] = pd.Series(pd.NA, index=table.index, dtype="string")
        entered = self.entries("adverse_event")
        is_here = entered["session_id"].isin(self._stored(schema.SESSIONS)["session_id"])
        late = self._with_session(entered[entered["current"].astype(bool) & is_here].drop(columns="participant"))
        if not late.empty:
            late = late.rename(columns={"about_at": "happened_at", "entered_at": "reported_at"}).assign(
                seq=0,
                serious=late["serious"] == "yes",
                text=late["text"].astype("string").fillna(""),
                task_run_id=None,
                mono_ns=late["session_mono_ns"] + late["entered_utc_ns"] - late["started_utc_ns"],
            )
            table = pd.concat([table, late[list(table)].astype(table.dtypes.to_dict())])
        return _finish(table.sort_values(["started_utc_ns", "session_id", "mono_ns"]), schema.ADVERSE_EVENTS)

    def clock(self, session_id: str) -> SessionClock:
        """A session's monotonic clock against the other clocks that were read with it. Raises `UnknownSession`."""
        of_session = "WHERE session_id = ?", (session_id,)
        if self._stored(schema.SESSIONS, *of_session).empty:
            raise UnknownSession(f"no session {session_id!r} in {self._folder.path}; see store.sessions()")
        events = self._stored(schema.EVENTS, "WHERE session_id = ? AND name = ?", (session_id, RECORDER_CLOCK))
        return SessionClock(self._stored(schema.CLOCK_PAIRS, *of_session), events)

    def addenda(self) -> pd.DataFrame:
        """One row a fact that arrived after the seal; ratings among them are in `ratings()` as well."""
        table = self._with_session(self._stored(schema.ADDENDA))
        for moment in ("entered", "about"):
            table[f"{moment}_at"] = pd.to_datetime(table[f"{moment}_utc_ns"], utc=True, unit="ns")
        return _finish(table.sort_values(["started_utc_ns", "session_id", "entered_utc_ns"]), schema.ADDENDA)

    def entries(self, instrument: str | None = None) -> pd.DataFrame:
        """One row an instrument that was filled in: questionnaires, pain log, medication, treatments; corrected ones
        too, which are not `current`.

        instrument: this one alone, with a column for each of its items and, as `score_NAME`, for each of its scores.
        """
        table = self._stored(schema.ENTRIES)
        for moment in ("about", "entered"):
            table[f"{moment}_at"] = pd.to_datetime(table[f"{moment}_utc_ns"], utc=True, unit="ns")
        table["current"] = ~table["entry_id"].isin(table["supersedes"].dropna())
        table = table.sort_values(["participant", "about_utc_ns", "entered_utc_ns"]).reset_index(drop=True)
        answers = [json.loads(told) for told in table["answers"]]
        scores = [
            INSTRUMENTS[name].score(told) if name in INSTRUMENTS else {}
            for name, told in zip(table["instrument"], answers, strict=True)
        ]
        table["scores"] = pd.Series([json.dumps(made) for made in scores], dtype="string")
        rows = _finish(table, schema.ENTRIES)
        if instrument is None:
            return rows
        known = INSTRUMENTS.get(instrument)
        if known is None:
            raise KeyError(f"expected an instrument of {', '.join(INSTRUMENTS)}, got {instrument!r}")
        is_this = (rows["instrument"] == instrument).astype(bool)
        told = [
            {**given, **{f"score_{name}": value for name, value in made.items()}}
            for given, made, wanted in zip(answers, scores, is_this, strict=True)
            if wanted
        ]
        names = [*(item.name for item in known.items), *(f"score_{score.name}" for score in known.scores)]
        kept = rows[is_this].drop(columns=["answers", "scores"]).reset_index(drop=True)
        return pd.concat([kept, pd.DataFrame(told, columns=names)], axis=1)

    def motion(
        self, session_id: str, task_run_id: str | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """One row a frame of a session, or of one task run: see `dictionary()` for the columns.

        columns: those of these that the session has, which is quicker than all. A session that is not sealed yet gives
        what has arrived. Raises `UnknownSession`.
        """
        sessions = self._stored(schema.SESSIONS, "WHERE session_id = ?", (session_id,))
        if sessions.empty:
            raise UnknownSession(f"no session {session_id!r} in {self._folder.path}; see store.sessions()")
        session = SimpleNamespace(**sessions.iloc[0].to_dict())
        query = "WHERE session_id = ? ORDER BY run_number"
        runs = self._stored(schema.TASKS, query, (session_id,))
        number = None
        if task_run_id is not None:
            numbers = runs["run_number"][runs["task_run_id"] == task_run_id]
            if numbers.empty:
                raise UnknownSession(f"no task run {task_run_id!r} in session {session_id}; see store.tasks()")
            number = int(numbers.iloc[0])
        table = None
        # Without a seal the file may be about to be replaced: the journal has everything until there is one.
        if not self._is_sealed(session_id):
            of_run = ["run_number", "block_index", "task_run_id"]
            table = self._unsealed(session_id, session, list(runs[of_run].itertuples(index=False, name=None)), number)
            if columns is not None:
                table = table.select([name for name in table.column_names if name in set(columns)])
        # It may have been sealed while the journal was read, which lets go of it then.
        if table is None or self._is_sealed(session_id):
            path = self._sealed_motion(session.participant, session_id)
            table = read_table(path, None if columns is None else set(columns), number)
        return motion_frame(table)

    def motion_path(self, session_id: str) -> Path:
        """The Parquet file with a sealed session's frames. Raises `UnknownSession`, and `NotAStore` if it is gone."""
        sessions = self._stored(schema.SESSIONS, "WHERE session_id = ?", (session_id,))
        if sessions.empty or not self._is_sealed(session_id):
            raise UnknownSession(f"no sealed session {session_id!r} in {self._folder.path}; see store.sessions()")
        return self._sealed_motion(sessions["participant"].iloc[0], session_id)

    def _is_sealed(self, session_id: str) -> bool:
        return not self._stored(schema.SEALS, "WHERE session_id = ?", (session_id,)).empty

    def _sealed_motion(self, participant: str, session_id: str) -> Path:
        path = self._folder.session(participant, session_id) / MOTION_FILE
        if not path.exists():
            raise NotAStore(
                f"{path} is missing although the session is sealed; run: vrrehab verify {self._folder.path}"
            )
        return path

    def dictionary(self) -> pd.DataFrame:
        """Every table and column with type, unit, values and description; one row a column."""
        layouts = [tuple(json.loads(joints)) for joints in self._stored(schema.SESSIONS)["joints"].unique()]
        rows = [
            (table, c.name, c.kind, c.unit, ", ".join(c.values), c.description)
            for table, c in columns_by_table(layouts, self._recorded_columns())
        ]
        return pd.DataFrame(rows, columns=["table", "column", "type", "unit", "values", "description"], dtype="string")

    def _recorded_columns(self) -> list[Column]:
        """The columns of `task_pain` that depend on what settings and scores there are."""
        starts, scores = (self._stored(schema.EVENTS, "WHERE name = ?", (name,)) for name in (IN_FORCE, SCORE))
        return [*setting_columns(self._stored(schema.SETTINGS), starts), *score_columns(scores)]

    # --- reading ------------------------------------------------------------------------------------------------------

    def _stored(self, table: Table, where: str = "", parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """The stored columns of a table, typed; empty before the first recorder."""
        columns = [column for column in table.columns if not column.derived]
        rows: list[tuple[Any, ...]] = []
        if self._folder.clinic.exists():
            names = ", ".join(f'"{column.name}"' for column in columns)
            try:
                with closing(open_read_only(self._folder.clinic)) as db:
                    rows = db.execute(f"SELECT {names} FROM {table.stored_as} {where}", parameters).fetchall()
            except sqlite3.DatabaseError as error:
                raise NotAStore(
                    f"{self._folder.clinic} cannot be read ({error}); run: vrrehab verify {self._folder.path}"
                ) from error
        values = zip(*rows, strict=True) if rows else ((),) * len(columns)
        return pd.DataFrame({c.name: _typed(v, c) for c, v in zip(columns, values, strict=True)})

    def _with_session(self, table: pd.DataFrame) -> pd.DataFrame:
        sessions = self._stored(schema.SESSIONS)[["session_id", "participant", "started_mono_ns", "started_utc_ns"]]
        renamed = sessions.rename(columns={"started_mono_ns": "session_mono_ns"})
        return table.merge(renamed, on="session_id", how="left")

    def _unsealed(
        self, session_id: str, session: Any, runs: list[tuple[int, int, str]], number: int | None
    ) -> pa.Table:
        context = context_of(session, runs)
        journal = Journal(self._folder.journal, read_only=True)
        try:
            chunks = [e for e in journal.all(session_id, "motion") if not e.gap]
        finally:
            journal.close()
        frames = context.layout.frames(b"".join(e.payload for e in chunks))
        seqs = np.concatenate([np.arange(e.first, e.last + 1) for e in chunks] or [np.empty(0, np.int64)])
        if number is not None:
            wanted = frames["run_number"] == number
            frames, seqs = frames[wanted], seqs[wanted]
        return to_table(frames, seqs.astype(np.int64), context)


_DTYPES = {"text": "string", "json": "string", "integer": "Int64", "real": "float64", "truth": "bool"}


def _typed(values: Sequence[Any], column: Column) -> pd.Series:
    if column.kind == "choice":
        return pd.Series(pd.Categorical(values, categories=list(column.values)))
    dtype = _DTYPES[column.kind]
    if dtype == "Int64" and not column.optional:
        dtype = "int64"
    return pd.Series(list(values), dtype=dtype)


def _some(sessions: pd.Series) -> list[str]:
    """The first few of them, and how many more there are."""
    names = [str(name) for name in sessions.drop_duplicates()]
    return names if len(names) <= 5 else [*names[:4], f"and {len(names) - 4} more"]


def _utc(mono_ns: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Monotonic times as UTC, by the clocks read together at the start of each row's session."""
    began = table["session_mono_ns"] if "session_mono_ns" in table else table["started_mono_ns"]
    return pd.to_datetime(table["started_utc_ns"] + (mono_ns - began), utc=True, unit="ns")


def _finish(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    return frame[[column.name for column in table.shown]].reset_index(drop=True)


def motion_frame(table: pa.Table) -> pd.DataFrame:
    """The table in pandas; every provenance has the same categories, whichever of them occurred."""
    categories = pd.CategoricalDtype(list(schema.PROVENANCE_CATEGORIES))
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if name.endswith("_provenance"):
            columns[name] = pd.Categorical.from_codes(provenance_codes(column), dtype=categories)
        elif pa.types.is_dictionary(column.type):
            columns[name] = column.to_pandas()
        else:
            columns[name] = column.to_numpy()  # the very memory that was read
    return pd.DataFrame(columns, copy=False)
