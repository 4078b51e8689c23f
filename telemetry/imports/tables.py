"""An earlier `vrrehab export csv` or `parquet` as the tables that it was made of, also one of an earlier version.

Each column gets the type that the record declares for it (`telemetry.schema`). A column that the export's version did
not have yet is there and empty; one that this version does not know any more stays as it came.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from telemetry.dictionary import columns_by_table
from telemetry.errors import BadImport
from telemetry.schema import SCORE_PREFIX, SETTING_PREFIX, Column

_DTYPES = {"text": "string", "json": "string", "integer": "Int64", "real": "float64"}


@dataclass(frozen=True, slots=True)
class ImportedTables:
    """The tables of an export, by name: `tables["task_pain"]` and so on, as `telemetry.open_store` gives them.

    added: columns that this version has and the export has not, which are empty. unknown: the other way round. Each as
    `table.column`.
    """

    tables: dict[str, pd.DataFrame]
    added: tuple[str, ...]
    unknown: tuple[str, ...]


def read_export(folder: Path) -> ImportedTables:
    """The tables of the export in `folder`. Raises `BadImport` with file, row and column for what cannot be read."""
    declared: dict[str, dict[str, Column]] = {}
    for name, column in columns_by_table():
        declared.setdefault(name, {})[column.name] = column
    found = {path.stem: path for path in sorted(folder.glob("*")) if path.suffix in (".csv", ".parquet")}
    known = {name: path for name, path in found.items() if name in declared}
    if "sessions" not in known:
        raise BadImport(
            folder, "expected what vrrehab export csv or parquet wrote, with sessions.csv or .parquet in it"
        )
    tables, added, unknown = {}, [], []
    for name, path in known.items():
        table = _read(path)
        unknown += [
            f"{name}.{c}"
            for c in table
            if c not in declared[name] and not str(c).startswith((SETTING_PREFIX, SCORE_PREFIX))
        ]
        for column in declared[name].values():
            if column.name not in table:
                added.append(f"{name}.{column.name}")
                table[column.name] = pd.Series([None] * len(table), dtype=object)
            table[column.name] = _typed(path, table[column.name], column)
        tables[name] = table
    return ImportedTables(tables, tuple(added), tuple(unknown))


def row_number(path: Path, place: int) -> int:
    """What a person calls the row at `place`, from 0: a CSV file has a header above it."""
    return place + (2 if path.suffix == ".csv" else 1)


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            # Only an empty field is missing: a task or a word may be called NA or null.
            return pd.read_csv(path, dtype=object, keep_default_na=False, na_values=[""])
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise BadImport(path, f"it cannot be read ({' '.join(str(error).split())})") from error


def _typed(path: Path, values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "choice":
        wrong = values.notna() & ~values.astype(object).isin(column.values)
        _refuse(path, values, wrong, column, f"one of {', '.join(column.values)}")
        return pd.Series(pd.Categorical(values.astype(object), categories=list(column.values)), index=values.index)
    if column.kind == "truth":
        truths = values.astype(object).map({"True": True, "False": False, True: True, False: False})
        _refuse(path, values, values.notna() & truths.isna(), column, "True or False")
        return truths.astype("boolean" if truths.isna().any() else "bool")
    if column.kind == "time":
        times: Any = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        _refuse(path, values, values.notna() & times.isna(), column, "a time such as 2026-01-05T09:00:00Z")
        return times.astype("datetime64[ns, UTC]")
    if column.kind in ("integer", "real"):
        numbers = pd.to_numeric(values, errors="coerce")
        wrong = values.notna() & numbers.isna()
        if column.kind == "integer":
            wrong |= numbers.notna() & ((numbers % 1 != 0) | (numbers.abs() >= 2.0**63))
        _refuse(path, values, wrong, column, "a whole number of 64 bits" if column.kind == "integer" else "a number")
        if column.kind == "integer" and not column.optional and not numbers.isna().any():
            return numbers.astype("int64")
        return numbers.astype(_DTYPES[column.kind])
    return values.astype("string")


def _refuse(path: Path, values: pd.Series, wrong: pd.Series, column: Column, expected: str) -> None:
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise BadImport(path, f"expected {expected}, got {values.iloc[at]!r}", row_number(path, at), column.name)
