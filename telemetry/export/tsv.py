"""Tables as BIDS wants them: tab-separated, a header row, `n/a` for what is missing, and JSON that explains them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from telemetry.schema import Column

MISSING = "n/a"


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Write a table; tabs and line ends in text become spaces, since the format knows no quotation marks."""
    columns = [[_field(value) for value in table[name].astype(object)] for name in table]
    lines = ["\t".join(map(str, table.columns)), *("\t".join(row) for row in zip(*columns, strict=True))]
    path.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def _field(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return MISSING if math.isnan(value) else f"{value:.10g}"
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).isoformat(timespec="microseconds")
    return " ".join(str(value).split()) or MISSING


def described(columns: Iterable[Column]) -> dict[str, dict[str, Any]]:
    """Each column as a JSON sidecar explains it; the levels of a choice by themselves, as their names say them."""
    told: dict[str, dict[str, Any]] = {}
    for column in columns:
        entry: dict[str, Any] = {"Description": column.description}
        if column.unit and column.kind in ("integer", "real"):
            entry["Units"] = column.unit
        elif column.kind in ("integer", "real"):
            entry["Format"] = "number"
        if column.kind == "truth":
            entry["Levels"] = {"true": "yes", "false": "no"}
        if column.values:
            entry["Levels"] = {value: value.replace("_", " ") for value in column.values}
        told[column.name] = entry
    return told
