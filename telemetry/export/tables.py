"""A store's tables as CSV or Parquet: the full record, which stays in the clinic.

Nothing is left out and nothing is made coarser, so what comes out identifies people as the store does. Reads a store
and never writes to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from telemetry.errors import FolderTaken, UnknownSession
from telemetry.store import Store

#: The tables, by the name of the store's method.
_TABLES = ("sessions", "tasks", "ratings", "task_pain", "settings", "events", "adverse_events", "addenda", "entries",
           "dictionary")  # fmt: skip


def _to_csv(table: pd.DataFrame, path: Path) -> None:
    # What a spreadsheet and R's read.csv read without being told: UTF-8, a point, an empty field for what is missing.
    table.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%S.%f%z")


def _to_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, index=False, compression="zstd")


#: How each format writes a table, by its name, which is also the files' suffix.
FORMATS: dict[str, Callable[[pd.DataFrame, Path], None]] = {"csv": _to_csv, "parquet": _to_parquet}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. unreadable: the sessions whose motion could not be read, each with the reason."""

    files: tuple[Path, ...]
    unreadable: tuple[tuple[str, str], ...]


def export_tables(store: Store, out: Path, file_format: str, motion: bool = False) -> Exported:
    """Write every table of `store` to the folder `out`, and, if `motion`, every session's frames to `out`/motion.

    file_format: one of `FORMATS`. Raises `FolderTaken` where `out` holds something already: an export is of one moment.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderTaken(
            f"expected an empty folder, or none yet, for the export, but {out} holds something; name another"
        )
    write = FORMATS[file_format]
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name in _TABLES:
        files.append(out / f"{name}.{file_format}")
        write(getattr(store, name)(), files[-1])
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
    return Exported(tuple(files), tuple(unreadable))
