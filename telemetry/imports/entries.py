"""Questionnaires from outside as entries of the record: phenotype tables, whole data sets, and our earlier exports.

Reads files and writes nothing: what comes out goes to a recorder, the only writer of a record. Each entry's id follows
from what it is and what it is about, so that the same import again is the same entries.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from telemetry.errors import BadImport
from telemetry.imports.phenotype import phenotype_rows
from telemetry.imports.tables import read_export
from telemetry.instruments import INSTRUMENTS
from telemetry.messages import Entry

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Found:
    """What an import would bring. empty_rows: how many rows of tables had no answer in them, and make no entry."""

    entries: tuple[Entry, ...]
    empty_rows: int = 0


def entries_of_tables(
    path: Path, about_utc_ns: int, who: str, now_utc_ns: int, sitting: str = "", instrument: str = ""
) -> Found:
    """The entries of a phenotype table, or of all of a BIDS data set: participants.tsv and phenotype/*.tsv.

    about_utc_ns: the time that they are about; a column `days` is added to it. sitting: the rows of this session_id
    alone. Raises `BadImport`, with file, row and column, also where one participant has several rows for one time.
    """
    paths = [path]
    if path.is_dir():
        paths = [p for p in (path / "participants.tsv", *sorted((path / "phenotype").glob("*.tsv"))) if p.exists()]
        if not paths:
            raise BadImport(path, "expected participants.tsv or phenotype/*.tsv in it, but there is neither")
    found, empty = [], 0
    for each in paths:
        of, rows = phenotype_rows(each, instrument)
        seen: dict[tuple[str, int], str] = {}
        for row in rows:
            if sitting and row.session_id != sitting:
                continue
            if all(answer is None for answer in row.answers.values()):
                empty += 1
                continue
            try:
                answers = of.accept(row.answers)
            except ValueError as error:
                raise BadImport(each, str(error), row.number) from error
            code = row.participant_id.removeprefix("sub-")
            at_ns = about_utc_ns + round((0.0 if math.isnan(row.days) else row.days) * _DAY_NS)
            if (code, at_ns) in seen:
                raise BadImport(
                    each, f"expected one row of {row.participant_id} for one time, but {row.session_id or 'this row'} "
                    f"and {seen[code, at_ns] or 'another'} would be of the same; import each sitting with its own date",
                    row.number, "session_id",
                )  # fmt: skip
            seen[code, at_ns] = row.session_id
            found.append(
                Entry(entry_id=_entry_id(code, of.name, at_ns), participant=code, instrument=of.name, who=who,
                      source="participant", entered_utc_ns=now_utc_ns, about_utc_ns=at_ns, answers=answers,
                      origin="imported")
            )  # fmt: skip
    return Found(tuple(found), empty)


def entries_of_export(folder: Path, who: str, now_utc_ns: int) -> Found:
    """The entries of what `vrrehab export csv` or `parquet` wrote, under their own ids and dates.

    Raises `BadImport` for an export without them, a shareable one, whose dates and texts are not the true ones, or an
    answer that an instrument does not take.
    """
    tables = read_export(folder).tables
    path = next((p for p in sorted(folder.glob("entries.*"))), folder)
    if "entries" not in tables:
        raise BadImport(folder, "expected a table entries in it, but it has none")
    table = tables["entries"].sort_values("entered_utc_ns", kind="stable")
    if table[["about_utc_ns", "who"]].isna().any(axis=None):
        raise BadImport(
            path, "expected a full export; in a shareable one dates are shifted and some answers are left out"
        )
    return Found(tuple(_exported(path, int(row) + 2, told, who, now_utc_ns)
                       for row, told in zip(table.index, table.to_dict("records"), strict=True)))  # fmt: skip


def _exported(path: Path, number: int, row: dict[str, Any], who: str, now_utc_ns: int) -> Entry:
    instrument = INSTRUMENTS.get(row["instrument"])
    if instrument is None:
        raise BadImport(
            path, f"expected one of {', '.join(INSTRUMENTS)}, got {row['instrument']!r}", number, "instrument"
        )
    try:
        answers = instrument.accept(json.loads(row["answers"]))
    except ValueError as error:
        raise BadImport(path, str(error), number, "answers") from error
    return Entry(
        entry_id=row["entry_id"], participant=row["participant"], instrument=instrument.name, who=who,
        source=row["source"], entered_utc_ns=now_utc_ns, about_utc_ns=int(row["about_utc_ns"]), answers=answers,
        session_id=None if pd.isna(row["session_id"]) else row["session_id"],
        supersedes="" if pd.isna(row["supersedes"]) else row["supersedes"], origin="imported",
    )  # fmt: skip


def _entry_id(code: str, instrument: str, about_utc_ns: int) -> str:
    about = hashlib.sha256(f"{code} {instrument} {about_utc_ns}".encode()).hexdigest()
    return f"{code}-i-{about[:12]}"
