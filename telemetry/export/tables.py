"""A store's tables as CSV or Parquet, in full or as they may be shared. Reads a store and never writes to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from telemetry.errors import UnknownSession
from telemetry.export.release import TABLES, Level, Release, make_folder
from telemetry.store import Store


def _to_csv(table: pd.DataFrame, path: Path) -> None:
    # What a spreadsheet and R's read.csv read without being told: UTF-8, a point, an empty field for what is missing.
    table.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%S.%f%z")


def _to_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, index=False, compression="zstd")


#: How each format writes a table, by its name, which is also the files' suffix.
FORMATS: dict[str, Callable[[pd.DataFrame, Path], None]] = {"csv": _to_csv, "parquet": _to_parquet}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. unreadable: the sessions whose motion could not be read, each with the reason. withheld: the
    codes of participants whose consent keeps them out."""

    files: tuple[Path, ...]
    unreadable: tuple[tuple[str, str], ...]
    withheld: tuple[str, ...] = ()


def export_tables(
    store: Store, out: Path, file_format: str, motion: bool = False, level: Level = Level.FULL
) -> Exported:
    """Write every table of `store` to the folder `out`, and, if `motion`, every session's frames to `out`/motion.

    file_format: one of `FORMATS`. Raises `FolderTaken` where `out` holds something already: an export is of one moment;
    ValueError for every frame of movement at a level that may be shared.
    """
    if motion and level is not Level.FULL:
        raise ValueError(
            "expected movement in a full export only, since every frame of it identifies a person; "
            "coarser movement may be shared in the form bids"
        )
    write = FORMATS[file_format]
    make_folder(out)
    release = Release(store, level)
    files = []
    columns = set()
    for name in TABLES:
        files.append(out / f"{name}.{file_format}")
        table = release.table(name)
        columns |= {(name, column) for column in table}
        write(table, files[-1])
    dictionary = store.dictionary()
    told = [pair in columns or (pair[0] == "motion" and motion)
            for pair in zip(dictionary["table"], dictionary["column"], strict=True)]  # fmt: skip
    files.append(out / f"dictionary.{file_format}")
    write(dictionary[told].reset_index(drop=True), files[-1])
    files.append(out / "README.md")
    files[-1].write_text(f"# What was removed\n\n{release.statement()}", "utf-8", newline="\n")
    unreadable = []
    if motion:
        (out / "motion").mkdir()
        for session in store.sessions()["session_id"]:
            path = out / "motion" / f"{session}.{file_format}"
            try:
                write(store.motion(session), path)
            except (UnknownSession, OSError, ValueError) as error:
                path.unlink(missing_ok=True)
                unreadable.append((str(session), str(error)))
            else:
                files.append(path)
    return Exported(tuple(files), tuple(unreadable), release.withheld)
