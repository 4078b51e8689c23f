"""Questionnaires of other data sets: phenotype tables of OpenNeuro ds006921's form as entries of our instruments.

`participants.tsv` is the instrument `profile`, `phenotype/*.tsv` another one; names and codes are those of ds006921
(doi:10.18112/openneuro.ds006921.v1.1.1), which our instruments have as well. `n/a` and an empty field are no answer.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from telemetry.errors import BadImport
from telemetry.imports.tsv import read_tsv
from telemetry.instruments import INSTRUMENTS, Answer, Instrument, Item

#: What such tables have besides the answers; not an item, and not an error.
_BESIDES = frozenset({"participant_id", "session_id", "ParticipantID", "Comment", "consent", "days",
                      "YearsSinceAmputation"})  # fmt: skip
_MISSING = ("n/a", "")
#: A hundred years: what a person may tell of their life.
MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, participant_id as it stands there, session_id or "", days (NaN without that
    column), and the answers, None where there is none."""

    number: int
    participant_id: str
    session_id: str
    days: float
    answers: dict[str, Answer]


def read_phenotype(path: Path, instrument: str = "") -> pd.DataFrame:
    """The answers of such a table: participant_id, session_id (missing where the table has none), an item a column.

    instrument: by default the one most of whose items the table's columns are. Raises `BadImport` with file, row and
    column for what is no answer to an item, a participant who has the same row twice, or a column that is no item.
    """
    of, rows = phenotype_rows(path, instrument)
    told = [{"participant_id": row.participant_id, "session_id": row.session_id or None, **row.answers} for row in rows]
    answered = {name for row in rows for name in row.answers}
    names = ["participant_id", "session_id", *(item.name for item in of.items if item.name in answered)]
    table = pd.DataFrame(told, columns=names)
    return table.astype({"participant_id": "string", "session_id": "string"})


def phenotype_rows(path: Path, instrument: str = "") -> tuple[Instrument, list[Row]]:
    """The instrument that such a table is of, and its rows; as `read_phenotype`, which says what is refused."""
    rows = read_tsv(path, ("participant_id",))
    columns = list(rows[0]) if rows else path.read_text("utf-8-sig").splitlines()[0].split("\t")
    of = _instrument(path, columns, instrument)
    items = {item.name: item for item in of.items}
    scores = {f"score_{score.name}" for score in of.scores}
    for column in columns:
        if column not in items and column not in _BESIDES and column not in scores:
            raise BadImport(path, f"expected items of {of.name} ({', '.join(items)})", 1, column)
    told = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, 2):
        if not re.fullmatch(r"sub-[0-9A-Za-z+]+", row["participant_id"]):
            raise BadImport(path, f"expected sub- and a code, got {row['participant_id']!r}", number, "participant_id")
        who = row["participant_id"], row.get("session_id", "")
        if who in seen:
            raise BadImport(path, f"expected one row of {' '.join(who).strip()}, but here is another", number)
        seen.add(who)
        answers = {name: _answer(path, number, items[name], row[name]) for name in items if name in row}
        told.append(Row(number, *who, _days(path, number, row.get("days", "n/a")), answers))
    return of, told


def _days(path: Path, row: int, text: str) -> float:
    if text in _MISSING:
        return math.nan
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not abs(days) <= MOST_DAYS:
        raise BadImport(path, f"expected a number of days, {MOST_DAYS} at most, got {text!r}", row, "days")
    return days


def _instrument(path: Path, columns: list[str], named: str) -> Instrument:
    if named:
        if named not in INSTRUMENTS:
            raise BadImport(path, f"expected an instrument of {', '.join(INSTRUMENTS)}, got {named!r}")
        return INSTRUMENTS[named]
    shared = {name: len({item.name for item in of.items} & set(columns)) for name, of in INSTRUMENTS.items()}
    best = max(shared, key=lambda name: shared[name])
    if not shared[best]:
        raise BadImport(path, f"expected items of one of {', '.join(INSTRUMENTS)} as columns, got none of them", 1)
    return INSTRUMENTS[best]


def _answer(path: Path, row: int, item: Item, text: str) -> Answer:
    """A field as the item takes it: codes and numbers are numbers; what is missing is no answer."""
    known = item.levels or {}
    if text in _MISSING and text not in known:
        return None
    value: Answer = text
    if text not in known and (item.number is not None or item.levels is not None):
        try:
            value = float(text)
        except ValueError:
            pass
        else:
            value = int(value) if value.is_integer() else value
    try:
        return item.accept(value)
    except ValueError as error:
        raise BadImport(path, str(error), row, item.name) from error
