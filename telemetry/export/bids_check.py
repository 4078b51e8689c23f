"""What the BIDS validator lets pass: whether a data set's numbers are numbers, and its files tell the same story.

The validator (3.0) goes by names, headers and sidecars. In a motion file it counts each row's values and no more, and
so sees no header row, no values that are not as many as the channels, no missing channels file, no word among numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from telemetry.export.tsv import MISSING

_REQUIRED_CHANNELS = ("name", "component", "type", "tracked_point", "units")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong where. path: from the data set's folder. row: of the file, from 1; None where the file is meant."""

    path: str
    row: int | None
    column: str | None
    what: str

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = "" if self.column is None else f", column {self.column}"
        return f"{self.path}{row}{column}: {self.what}"


def check_bids(folder: Path) -> list[Problem]:
    """Every problem of the data set in `folder`; of one file at most the first few of a kind."""
    problems = []
    if not (folder / "participants.tsv").exists():
        problems.append(Problem("participants.tsv", None, None, "expected this file, but there is none"))
    for path in sorted(folder.rglob("*.tsv")):
        found = _motion(folder, path) if path.name.endswith("_motion.tsv") else _table(folder, path)
        problems += list(found)
    known = {row["participant_id"] for row in _rows(folder / "participants.tsv")}
    for place in sorted(folder.glob("sub-*")):
        if place.name not in known:
            problems.append(Problem("participants.tsv", None, "participant_id", f"expected a row for {place.name}"))
    return problems


# --- movement ---------------------------------------------------------------------------------------------------------


def _motion(folder: Path, path: Path) -> Iterator[Problem]:
    name = str(path.relative_to(folder))
    stem = path.name.removesuffix("_motion.tsv")
    channels_path, json_path = path.with_name(f"{stem}_channels.tsv"), path.with_name(f"{stem}_motion.json")
    for wanted in (channels_path, json_path):
        if not wanted.exists():
            yield Problem(name, None, None, f"expected {wanted.name} beside it, but there is none")
            return
    channels = _rows(channels_path)
    missing = [column for column in _REQUIRED_CHANNELS if not channels or column not in channels[0]]
    if missing:
        told = str(channels_path.relative_to(folder))
        yield Problem(told, 1, None, f"expected the columns {', '.join(missing)}; is its header row missing?")
        return
    names = [row["name"] for row in channels]
    if len(set(names)) != len(names):
        yield Problem(str(channels_path.relative_to(folder)), None, "name", "expected each channel's name once")
    yield from _counts(str(json_path.relative_to(folder)), json.loads(json_path.read_text("utf-8")), channels)
    yield from _frames(name, path, names, next((i for i, c in enumerate(channels) if c["type"] == "LATENCY"), None))


def _counts(name: str, told: dict[str, Any], channels: list[dict[str, str]]) -> Iterator[Problem]:
    kinds = [row["type"] for row in channels]
    expected = {f"{kind}ChannelCount": kinds.count(kind) for kind in sorted(set(kinds))}
    expected["MotionChannelCount"] = len(kinds)
    points = {row["tracked_point"] for row in channels} - {MISSING}
    expected["TrackedPointsCount"] = len(points)
    for key, count in expected.items():
        if key in told and told[key] != count:
            yield Problem(name, None, key, f"expected {count}, as the channels file has them, got {told[key]}")


def _frames(name: str, path: Path, names: list[str], latency: int | None) -> Iterator[Problem]:
    """The file's numbers, some thousand rows at a time."""
    row, last = 0, -np.inf
    with path.open("rb") as file:
        while lines := file.readlines(4_000_000):
            counts = np.array([line.count(b"\t") + 1 for line in lines])
            if np.any(wrong := counts != len(names)):
                at = int(np.argmax(wrong))
                yield Problem(
                    name, row + at + 1, None, f"expected {len(names)} values, one a channel, got {counts[at]}"
                )
                return
            fields = b"".join(lines).replace(b"\n", b"\t").replace(b"\r", b"").split(b"\t")[:-1]
            values = _numbers(fields)
            if isinstance(values, int):
                at, of_row = divmod(values, len(names))
                text = fields[values].decode("utf-8", "replace")
                header = "; a motion file has no header row" if row + at == 0 else ""
                yield Problem(
                    name, row + at + 1, names[of_row], f"expected a number or {MISSING}, got {text!r}{header}"
                )
                return
            if latency is not None:
                times = np.concatenate([[last], values.reshape(-1, len(names))[:, latency]])
                if not np.all(np.diff(times) > 0):
                    at = int(np.argmax(~(np.diff(times) > 0)))
                    yield Problem(name, row + at + 1, names[latency], "expected times that rise")
                    return
                last = times[-1]
            row += len(lines)
    if not row:
        yield Problem(name, None, None, "expected at least one frame, but the file is empty")


def _numbers(fields: list[bytes]) -> np.ndarray | int:
    """The fields as float64, what is missing NaN; or the index of the first that is no number."""
    filled = [b"nan" if field == b"n/a" else field for field in fields]
    try:
        return np.array(filled).astype(float)
    except ValueError:
        for index, field in enumerate(filled):
            try:
                float(field)
            except ValueError:
                return index
        raise


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(folder: Path, path: Path) -> Iterator[Problem]:
    name = str(path.relative_to(folder))
    lines = path.read_text("utf-8").splitlines()
    if not lines:
        yield Problem(name, None, None, "expected a header row, but the file is empty")
        return
    header = lines[0].split("\t")
    for column in header:
        if re.fullmatch(r"[-+.\d]+|n/a|sub-\w+|ses-\w+", column) or not column:
            yield Problem(name, 1, None, f"expected a header row with the columns' names, got {column!r} among them")
            return
    if len(set(header)) != len(header):
        yield Problem(name, 1, None, "expected each column's name once")
    explained = _sidecar(folder, path)
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != len(header):
            yield Problem(name, number, None, f"expected {len(header)} values, one a column, got {len(fields)}")
            return
        for column, field in zip(header, fields, strict=True):
            if what := _wrong(field, column, explained.get(column, {})):
                yield Problem(name, number, column, what)
                return


_ALWAYS_NUMBERS = ("onset", "duration")


def _wrong(field: str, column: str, told: dict[str, Any]) -> str:
    if field == MISSING:
        return ""
    if field == "":
        return f"expected {MISSING} for what is missing, got nothing"
    levels = told.get("Levels")
    if isinstance(levels, dict):
        return "" if field in levels else f"expected one of {', '.join(levels)}, got {field!r}"
    if column in _ALWAYS_NUMBERS or "Units" in told or told.get("Format") == "number":
        try:
            float(field)
        except ValueError:
            return f"expected a number, got {field!r}"
    return ""


def _sidecar(folder: Path, path: Path) -> dict[str, Any]:
    """What explains a table's columns: the JSON file beside it, and those above whose names it inherits from."""
    told: dict[str, Any] = {}
    suffix = path.stem.rpartition("_")[2]
    above = [*reversed(path.relative_to(folder).parents)][:-1]
    places = [folder / f"{suffix}.json", *(folder / place / f"{suffix}.json" for place in above)]
    for place in (*dict.fromkeys(places), path.with_suffix(".json")):
        if place.exists():
            told |= json.loads(place.read_text("utf-8"))
    return told


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    header, *lines = (line.split("\t") for line in path.read_text("utf-8").splitlines() or [""])
    return [dict(zip(header, fields, strict=False)) for fields in lines]
