"""Questionnaires from outside as entries of the record: phenotype tables, whole data sets, and our earlier exports.

Reads files and writes nothing: what comes out goes to a recorder, the only writer of a record. Each entry's id follows
from what it is and what it is about, so that the same import again is the same entries.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from telemetry.errors import BadImport
from telemetry.imports.phenotype import phenotype_rows
from telemetry.imports.tables import read_export, row_number
from telemetry.instruments import INSTRUMENTS, Answer
from telemetry.messages import Entry

_DAY_NS = 86_400 * 10**9
_EARLIEST_NS, _LATEST_NS = (int(pd.Timestamp(year, 1, 1, tz="UTC").value) for year in (1900, 2200))
#: What an exported entry cannot be without.
_NEEDED = ("entry_id", "participant", "instrument", "source", "answers", "about_utc_ns", "who")
_answers = msgspec.json.Decoder(dict[str, Answer])


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
            days_ns = round((0.0 if math.isnan(row.days) else row.days) * _DAY_NS)
            at_ns = _dated(each, about_utc_ns + days_ns, row.number, "days")
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

    Raises `BadImport` for an export without them, a shareable one, whose dates and texts are not the true ones, and,
    with row and column, for an empty cell or an answer that an instrument does not take.
    """
    tables = read_export(folder).tables
    path = next((p for p in sorted(folder.glob("entries.*"))), folder)
    if "entries" not in tables:
        raise BadImport(folder, "expected a table entries in it, but it has none")
    table = tables["entries"].reset_index(drop=True)
    if len(table) and table[["about_utc_ns", "who"]].isna().all(axis=None):
        raise BadImport(
            path, "expected a full export; in a shareable one dates are shifted and some answers are left out"
        )
    for name in _NEEDED:
        for place in table.index[table[name].isna()]:
            raise BadImport(path, "expected a value, got an empty cell", row_number(path, int(place)), name)
    entries: dict[str, Entry] = {}
    for place, told in enumerate(table.to_dict("records")):
        number = row_number(path, place)
        entry = _exported(path, number, told, who, now_utc_ns)
        if entry.entry_id in entries:
            raise BadImport(path, f"expected each entry once, got {entry.entry_id} again", number, "entry_id")
        entries[entry.entry_id] = entry
    return Found(_originals_first(entries))


def _originals_first(entries: dict[str, Entry]) -> tuple[Entry, ...]:
    """Each entry behind the one that it corrects, as a recorder takes them; dates do not say that."""
    waiting, ordered = dict(entries), list[Entry]()
    for name in entries:
        chain = []
        while entry := waiting.pop(name, None):
            chain.append(entry)
            name = entry.supersedes
        ordered += reversed(chain)
    return tuple(ordered)


def _exported(path: Path, number: int, row: dict[str, Any], who: str, now_utc_ns: int) -> Entry:
    instrument = INSTRUMENTS.get(row["instrument"])
    if instrument is None:
        raise BadImport(
            path, f"expected one of {', '.join(INSTRUMENTS)}, got {row['instrument']!r}", number, "instrument"
        )
    try:
        answers = instrument.accept(_answers.decode(row["answers"]))
    except (ValueError, msgspec.DecodeError) as error:
        raise BadImport(path, str(error), number, "answers") from error
    return Entry(
        entry_id=row["entry_id"], participant=row["participant"], instrument=instrument.name, who=who,
        source=row["source"], entered_utc_ns=now_utc_ns, answers=answers,
        about_utc_ns=_dated(path, int(row["about_utc_ns"]), number, "about_utc_ns"),
        session_id=None if pd.isna(row["session_id"]) else row["session_id"],
        supersedes="" if pd.isna(row["supersedes"]) else row["supersedes"], origin="imported",
    )  # fmt: skip


def _dated(path: Path, about_utc_ns: int, number: int, column: str) -> int:
    """The time, where it is one that somebody may have filled something in about."""
    if not _EARLIEST_NS <= about_utc_ns < _LATEST_NS:
        raise BadImport(path, "expected a time between 1900 and 2200, got another", number, column)
    return about_utc_ns


def _entry_id(code: str, instrument: str, about_utc_ns: int) -> str:
    about = hashlib.sha256(f"{code} {instrument} {about_utc_ns}".encode()).hexdigest()
    return f"{code}-i-{about[:12]}"
