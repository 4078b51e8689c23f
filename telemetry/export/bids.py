"""A record as a BIDS data set with motion: the field's own form, for sharing and for archives.

    dataset_description.json  README.md  participants.tsv  phenotype/INSTRUMENT.tsv
    sub-CODE/sub-CODE_sessions.tsv
    sub-CODE/beh/sub-CODE_task-INSTRUMENT_beh.tsv          each time that an instrument was filled in
    sub-CODE/ses-001/motion/..._motion.tsv, _channels.tsv  every frame, of the tracked and of the virtual body
    sub-CODE/ses-001/motion/..._events.tsv                 task runs, ratings, settings and events, in time
    sub-CODE/ses-001/beh/..._acq-ratings_beh.tsv           every rating
    sub-CODE/ses-001/beh/..._acq-taskruns_beh.tsv          the task-pain ledger

`phenotype` has one row a participant, the first time that each instrument was filled in; what is repeated is in `beh`.
Profile and pain questionnaire have the names and codes of OpenNeuro ds006921. BIDS 1.10.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from telemetry.export.bids_events import EVENT_COLUMNS, events_of
from telemetry.export.bids_front import write_front
from telemetry.export.bids_motion import REFERENCE_FRAMES, SessionMotion, write_motion
from telemetry.export.release import Level, Release, make_folder
from telemetry.export.tsv import described, write_json, write_tsv
from telemetry.instruments import INSTRUMENTS, Instrument
from telemetry.schema import NRS, RATINGS, SESSIONS, Column
from telemetry.store import Store

#: Which instruments are a state of the person, so that a first time of it describes a participant.
_PHENOTYPE = ("pain_questionnaire", "pgic", "ssq", "csq_vr", "embodiment")
_DAYS = Column("days", "real", "Days since the participant's first session; before it where negative.", "d")
_RATING = Column("rating_number", "integer", "Counts the ratings of the session, from 1.")
_PLPNRS = Column("PLPNRS", "integer", "The current phantom limb pain, on the scale and under the name of ds006921: "
                 "0 no pain, 10 worst possible pain; only where that was asked.")  # fmt: skip
_NOT_IN_LEDGER = ("session_id", "participant", "task_run_id", "rating_id", "origin", "consent", "sealed")
_SESSION_FACTS = ("programme", "mode", "course", "condition", "condition_block", "condition_by", "course_session",
                  "origin", "intact_side", "status", "duration_s", "software_version", "runtime")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportedBids:
    """What was written. left_out: sessions that are not in it, each with the reason. withheld: the codes of
    participants whose consent keeps them out."""

    sessions: int
    left_out: tuple[tuple[str, str], ...]
    withheld: tuple[str, ...]


def export_bids(
    store: Store, out: Path, level: Level = Level.FULL, told: Callable[[int, int], None] | None = None
) -> ExportedBids:
    """Write `store` to the folder `out` as a BIDS data set; `told` hears how many of how many sessions are done.

    A session that is not sealed, or whose movement cannot be read, is left out and told of; the rest goes on. Raises
    `FolderTaken` where `out` holds something already.
    """
    make_folder(out)
    return _DataSet(store, out, Release(store, level)).write(told)


class _DataSet:
    def __init__(self, store: Store, out: Path, release: Release) -> None:
        self._store, self._out, self._release = store, out, release
        self._left_out: list[tuple[str, str]] = []
        names = ("sessions", "tasks", "ratings", "settings", "events", "adverse_events", "task_pain")
        self._tables = {name: release.table(name) for name in names}
        self._entries = _told_entries(release.table("entries"))
        rows = self._tables["sessions"]
        self._first = rows.groupby("participant")["started_at"].min()
        self._session = {row["session_id"]: row for row in rows.to_dict("records")}
        # Where each session's rows are, not the rows: a table of its own for each would be most of the memory.
        self._of = {name: table.groupby("session_id").indices for name, table in self._tables.items()
                    if name != "sessions"}  # fmt: skip

    def write(self, told: Callable[[int, int], None] | None) -> ExportedBids:
        written: dict[str, list[int]] = {}
        for done, (original, number) in enumerate(self._release.number.items(), 1):
            code = str(self._session[self._release.session_id(original)]["participant"])
            try:
                self._write_session(original, code, number)
            except (OSError, ValueError) as error:
                shutil.rmtree(self._session_folder(code, number), ignore_errors=True)
                self._left_out.append((original, str(error)))
            else:
                written.setdefault(code, []).append(number)
            if told is not None:
                told(done, len(self._release.number))
        people = sorted({*written, *self._entries["participant"]})
        self._write_participants(people)
        for code in people:
            self._write_sessions_of(code, written.get(code, []))
            self._write_entries_of(code)
        self._write_phenotype(people)
        self._write_explanations()
        write_front(self._out, self._release, self._written_rows(written), len(people))
        return ExportedBids(sum(map(len, written.values())), tuple(self._left_out), self._release.withheld)

    def _written_rows(self, written: dict[str, list[int]]) -> pd.DataFrame:
        rows = self._tables["sessions"]
        ids = {self._release.session_id(session): number for session, number in self._release.number.items()}
        kept = [ids[row.session_id] in written.get(row.participant, ()) for row in rows.itertuples()]
        return rows[kept]

    # --- a session ----------------------------------------------------------------------------------------------------

    def _session_folder(self, code: str, number: int) -> Path:
        return self._out / f"sub-{code}" / f"ses-{number:03d}"

    def _write_session(self, original: str, code: str, number: int) -> None:
        name = self._release.session_id(original)
        session = self._session[name]
        if not session["sealed"]:
            raise ValueError("it is not sealed yet; end it, or run: vrrehab recover")
        folder = self._session_folder(code, number)
        (folder / "beh").mkdir(parents=True)
        label = "".join(letter for letter in str(session["programme"]) if letter.isalnum()) or "session"
        stem = f"sub-{code}_ses-{number:03d}_task-{label}"
        facts = {
            "TaskName": str(session["programme"]),
            "TaskDescription": "One sitting: movement tasks, each followed by a rating of pain.",
        }
        start_s = 0.0
        rate_hz = self._release.motion_hz(code)
        moved = rate_hz != 0.0
        if moved:
            path = self._store.motion_path(original)
            motion_folder = folder / "motion"
            motion_folder.mkdir()
            scans = []
            # What is shown follows from what was tracked; a shareable release has only the latter.
            for body in ("tracked",) if rate_hz else ("tracked", "virtual"):
                motion = SessionMotion(path, body)
                moved = motion.frames > 0
                if not moved:
                    motion_folder.rmdir()
                    break
                start_s = motion.first_s
                system = {
                    "TrackingSystemName": body,
                    "DeviceSerialNumber": "n/a",
                    "Manufacturer": "n/a",
                    "ManufacturersModelName": str(session["runtime"]) or "n/a",
                    "SoftwareVersions": f"vrrehab {session['software_version']}",
                }
                write_motion(str(motion_folder / f"{stem}_tracksys-{body}"), motion, facts | system, rate_hz)
                began = session["started_at"] + pd.Timedelta(seconds=start_s)
                scans.append((f"motion/{stem}_tracksys-{body}_motion.tsv", began))
            if moved:
                write_tsv(folder / f"sub-{code}_ses-{number:03d}_scans.tsv",
                          pd.DataFrame(scans, columns=["filename", "acq_time"]))  # fmt: skip
        place = folder / ("motion" if moved else "beh")
        events = events_of(session, {kind: self._rows(kind, name) for kind in self._of}, start_s)
        write_tsv(place / f"{stem}_events.tsv", events)
        write_json(place / f"{stem}_events.json", described(EVENT_COLUMNS))
        self._write_beh(folder / "beh" / stem, facts, name, session["started_mono_ns"])

    def _rows(self, table: str, session: str) -> pd.DataFrame:
        return self._tables[table].take(self._of[table].get(session, []))

    def _write_beh(self, stem: Path, facts: dict[str, Any], session: str, began_ns: int) -> None:
        ratings = self._rows("ratings", session).reset_index(drop=True)
        number = {rating: n for n, rating in enumerate(ratings["rating_id"], 1)}
        runs = self._rows("tasks", session).set_index("task_run_id")["run_number"]
        is_plp = (ratings["site"] == "PLP") & ratings["item"].isna() & ratings["scale"].isin(list(NRS))
        table = pd.DataFrame({
            "rating_number": range(1, len(ratings) + 1),
            "asked_s": (ratings["asked_mono_ns"] - began_ns) / 1e9,
            "answered_s": (ratings["answered_mono_ns"] - began_ns) / 1e9,
            "run_number": ratings["task_run_id"].map(runs),
            **{name: ratings[name] for name in ("phase", "site", "item", "scale", "value", "status", "source", "by")},
            "current": ratings["current"].astype(bool),
            "supersedes": ratings["supersedes"].map(number),
            "PLPNRS": ratings["value"].where(is_plp),
        })  # fmt: skip
        _write_pair(f"{stem}_acq-ratings_beh", table, facts, self._rating_columns)
        ledger = self._rows("task_pain", session)
        kept = [name for name in ledger if name not in _NOT_IN_LEDGER]
        _write_pair(f"{stem}_acq-taskruns_beh", ledger[kept], facts, self._ledger_columns)

    @cached_property
    def _rating_columns(self) -> list[Column]:
        of = {column.name: column for column in RATINGS.columns}
        seconds = [Column(f"{name}_s", "real", f"When it was {name}, from the session's start.", "s")
                   for name in ("asked", "answered")]  # fmt: skip
        run = Column("run_number", "integer", "The task run that it is about, if any.")
        superseded = Column("supersedes", "integer", "The rating_number of the rating that it takes the place of.")
        kept = [of[name] for name in ("phase", "site", "item", "scale", "value", "status", "source", "by", "current")]
        return [_RATING, *seconds, run, *kept, superseded, _PLPNRS]

    @cached_property
    def _ledger_columns(self) -> list[Column]:
        told = self._store.dictionary()
        rows = told[told["table"] == "task_pain"].drop(columns="table").itertuples(index=False, name=None)
        return [
            Column(name, kind, description, unit, tuple(values.split(", ")) if values else ())
            for name, kind, unit, values, description in rows
        ]

    # --- people -------------------------------------------------------------------------------------------------------

    def _write_participants(self, people: list[str]) -> None:
        profiles = self._release.table("participants").set_index("code")
        told = self._entries[(self._entries["instrument"] == "profile") & self._entries["current"]]
        latest = {row.participant: row.told for row in told.itertuples()}
        instrument = INSTRUMENTS["profile"]
        names = [item.name for item in instrument.items]
        if any("YearsSinceAmputation" in answers for answers in latest.values()):
            names[names.index("AmputationYear")] = "YearsSinceAmputation"
        rows = []
        for code in people:
            answers = _from_losses(json.loads(profiles.at[code, "limb_losses"])) | latest.get(code, {})
            rows.append([f"sub-{code}", *(answers.get(name) for name in names), profiles.at[code, "consent"]])
        table = pd.DataFrame(rows, columns=["participant_id", *names, "consent"]).astype(object)
        write_tsv(self._out / "participants.tsv", table)
        content = {"participant_id": {"Description": "sub- and the participant's code"}, **_explained_items(instrument)}
        content["YearsSinceAmputation"] = {"Description": "Years since the amputation, at the profile", "Units": "year"}
        content["consent"] = {
            "Description": "What the person agreed to.",
            "Levels": {"care": "use for their care", "research": "research", "open": "open data"},
        }
        write_json(self._out / "participants.json", {name: content[name] for name in table})

    def _write_sessions_of(self, code: str, numbers: list[int]) -> None:
        if not numbers:
            return
        rows = self._tables["sessions"]
        rows = rows[rows["participant"] == code].sort_values(["started_at", "session_id"]).reset_index(drop=True)
        rows = rows.iloc[[number - 1 for number in numbers]]
        table = pd.DataFrame({
            "session_id": [f"ses-{number:03d}" for number in numbers],
            "acq_time": rows["started_at"].to_numpy(object),
            "days": ((rows["started_at"] - self._first[code]) / pd.Timedelta(days=1)).to_numpy(),
            **{name: rows[name].to_numpy(object) for name in _SESSION_FACTS},
            "record_id": rows["session_id"].to_numpy(object),
        })  # fmt: skip
        write_tsv(self._out / f"sub-{code}" / f"sub-{code}_sessions.tsv", table)

    # --- instruments --------------------------------------------------------------------------------------------------

    def _answers(self, instrument: Instrument, rows: pd.DataFrame) -> pd.DataFrame:
        """Their answers and scores, a column each; without those that nobody was asked."""
        scores = [f"score_{score.name}" for score in instrument.scores]
        names = [*(item.name for item in instrument.items), *scores]
        made = [{**row.told, **{f"score_{k}": v for k, v in instrument.score(row.told).items()}}
                for row in rows.itertuples()]  # fmt: skip
        return pd.DataFrame(made, columns=names, index=rows.index).astype(object)

    def _write_entries_of(self, code: str) -> None:
        own = self._entries[self._entries["participant"] == code]
        for name, rows in own.groupby("instrument"):
            if name == "profile" or name not in INSTRUMENTS:
                continue
            folder = self._out / f"sub-{code}" / "beh"
            folder.mkdir(parents=True, exist_ok=True)
            instrument = INSTRUMENTS[str(name)]
            table = self._answers(instrument, rows)
            table.insert(0, "days", self._days(rows))
            table.insert(1, "source", rows["source"])
            table.insert(2, "current", rows["current"].astype(bool))
            label = str(name).replace("_", "")
            stem = str(folder / f"sub-{code}_task-{label}_beh")
            columns = [_DAYS, Column("source", "choice", "Who answered.", values=("participant", "therapist")),
                       Column("current", "truth", "Whether no other entry corrects it.")]  # fmt: skip
            _write_pair(stem, table, {"TaskName": instrument.title}, columns, _explained_items(instrument))

    def _days(self, rows: pd.DataFrame) -> pd.Series:
        # Not by map, which forgets that these are times where there is no session.
        first = self._first.reindex(rows["participant"].astype(object)).set_axis(rows.index)
        first = first.where(first.notna(), rows.groupby("participant")["about_at"].transform("min"))
        return ((rows["about_at"] - first) / pd.Timedelta(days=1)).astype(float)

    def _write_phenotype(self, people: list[str]) -> None:
        folder = self._out / "phenotype"
        for name in _PHENOTYPE:
            rows = self._entries[(self._entries["instrument"] == name) & self._entries["current"]]
            if rows.empty:
                continue
            folder.mkdir(exist_ok=True)
            rows = rows.sort_values("about_at").drop_duplicates("participant").sort_values("participant")
            instrument = INSTRUMENTS[name]
            table = self._answers(instrument, rows)
            table.insert(0, "participant_id", "sub-" + rows["participant"].astype(object))
            table.insert(1, "days", self._days(rows))
            write_tsv(folder / f"{name}.tsv", table)
            explained = {"participant_id": {"Description": "sub- and the participant's code"}, **described([_DAYS]),
                         **_explained_items(instrument)}  # fmt: skip
            tool = {"MeasurementToolMetadata": {"Description": f"{instrument.title}. {instrument.source}"}}
            write_json(folder / f"{name}.json", tool | {column: explained[column] for column in table})

    # --- the front ----------------------------------------------------------------------------------------------------

    def _write_explanations(self) -> None:
        """What holds for every file of a kind, at the top, from where BIDS lets it be inherited."""
        sessions = {column.name: column for column in SESSIONS.columns}
        explained = {"acq_time": {"Description": "When the session began, in UTC."}, **described([_DAYS]),
                     **described([sessions[name] for name in _SESSION_FACTS]),
                     "record_id": {"Description": "The session's id in the export's tables."}}  # fmt: skip
        write_json(self._out / "sessions.json", explained)
        write_json(self._out / "channels.json", REFERENCE_FRAMES)


def _told_entries(entries: pd.DataFrame) -> pd.DataFrame:
    return entries.assign(told=[json.loads(text) for text in entries["answers"]])


def _from_losses(losses: list[dict[str, str]]) -> dict[str, Any]:
    """What ds006921 says of an amputation, as far as a product's profile says it."""
    if not losses:
        return {}
    sides = {loss["side"] for loss in losses}
    limbs = {"arm" if loss["limb"] in ("arm", "hand") else "leg" for loss in losses}
    both = "Quadruple" if len(limbs) == 2 else "Bilateral"
    return {
        "Amputee": 1,
        "AmputationLevel": " and ".join(dict.fromkeys(str(loss["level"]).replace("_", " ") for loss in losses)),
        "AmputationSide": both if len(sides) == 2 else next(iter(sides)).capitalize(),
    }


def _write_pair(
    stem: str, table: pd.DataFrame, facts: dict[str, Any], columns: list[Column],
    items: dict[str, dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    write_tsv(Path(f"{stem}.tsv"), table)
    explained = described(columns) | (items or {})
    write_json(Path(f"{stem}.json"), facts | {name: explained[name] for name in table})


def _explained_items(instrument: Instrument) -> dict[str, dict[str, Any]]:
    """An instrument's items and scores as a JSON sidecar explains them, with ds006921's codes."""
    told: dict[str, dict[str, Any]] = {}
    for item in instrument.items:
        entry: dict[str, Any] = {"Description": item.text or f"Item {item.name}, whose wording is licensed"}
        if item.levels is not None:
            entry["Levels"] = {str(code): text for code, text in item.levels.items()}
        elif item.number is not None:
            least, most, unit = item.number
            entry["Units"] = unit or f"[{least:g}, {most:g}]"
        elif item.several is not None:
            entry["Description"] += ". Some of: " + ", ".join(f"{code} ({text})" for code, text in item.several.items())
        told[item.name] = entry
    for score in instrument.scores:
        told[f"score_{score.name}"] = {"Description": score.text or f"Score {score.name}", "Format": "number"}
    return told
