"""Reading others' tab-separated tables, with errors that name file, row and column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from telemetry.errors import BadImport


def read_tsv(path: Path, required: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table by their columns' names. Raises `BadImport`; rows count from 1, which is the header."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise BadImport(path, f"it cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadImport(path, f"expected text in UTF-8 ({error.reason})") from error
    if not lines:
        raise BadImport(path, "expected a header row, but the file is empty")
    header = lines[0].split("\t")
    missing = [name for name in required if name not in header]
    if missing:
        raise BadImport(path, f"expected the columns {', '.join(missing)}, got {', '.join(header[:8])}", 1)
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise BadImport(path, "expected each column once", 1, twice)
    rows = []
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != len(header):
            raise BadImport(path, f"expected {len(header)} values, one a column, got {len(fields)}", number)
        rows.append(dict(zip(header, fields, strict=True)))
    return rows
