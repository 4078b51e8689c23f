"""Measures of the movement in each task run, from joints that were really seen.

`measure_store` computes them for a data folder and `write_features` keeps them in it, where `store.task_pain()` finds
them. What each is, and after whom, stands with the function that computes it. Needs the extra `research`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from telemetry.errors import MeasuresMissing, TelemetryError
from telemetry.files import put_in_place
from telemetry.folder import Folder
from telemetry.schema import FEATURES, MEASURES_VERSION
from telemetry.store import Store

__all__ = ["measure_session", "measure_store", "write_features"]

#: Windows waits for no more processes at once than these.
_MOST_WORKERS = 61
#: Where a table, and its file, says of which sessions the motion could not be read.
_UNREAD = "unread"
_WITHOUT_END = 2**63 - 1


def measure_session(data_dir: Path, session_id: str) -> pd.DataFrame:
    """The measures of one session, a row a task run.

    A session whose motion cannot be read has rows that say so in `problem`.
    """
    return measure_store(data_dir, [session_id], workers=1)


def measure_store(data_dir: Path, sessions: Iterable[str] | None = None, workers: int | None = None) -> pd.DataFrame:
    """The measures of these sessions, or of all, in as many processes as there are cores unless `workers` says."""
    store = Store(data_dir)
    sides = store.sessions().set_index("session_id")["intact_side"]
    breaks = _breaks(store.events())
    runs = dict(iter(store.tasks().groupby("session_id", sort=False)[["task_run_id", "limb"]]))
    wanted = [session for session in (sides.index if sessions is None else sessions) if session in runs]
    held = [breaks.get(s, []) for s in wanted]
    calls = ([data_dir] * len(wanted), wanted, [sides[s] for s in wanted], [runs[s] for s in wanted], held)
    workers = min(workers or os.cpu_count() or 1, max(1, len(wanted)), _MOST_WORKERS)
    if workers == 1:
        tables = list(map(_measured, *calls))
    else:
        # One session at a time, so that none waits behind others while a process has nothing left to do.
        with ProcessPoolExecutor(workers, initializer=_one_thread) as pool:
            tables = list(pool.map(_measured, *calls))
    table = pd.concat(tables, ignore_index=True) if tables else _typed(pd.DataFrame())
    table.attrs[_UNREAD] = [session for session, of in zip(wanted, tables, strict=True) if of.attrs[_UNREAD]]
    return table


def _one_thread() -> None:
    """There are as many processes as cores already: Arrow would start as many threads in each."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _breaks(events: pd.DataFrame) -> dict[str, list[tuple[int, int]]]:
    """When a therapist held each session, from and to, on its monotonic clock; tracking that is lost is no break."""
    breaks = {}
    for session, own in events[events["name"].isin(["paused", "resumed"])].groupby("session_id"):
        begins, ends = (own.loc[own["name"] == name, "mono_ns"].tolist() for name in ("paused", "resumed"))
        breaks[str(session)] = list(zip(begins, [*ends, _WITHOUT_END], strict=False))  # each is told once, in turn
    return breaks


def _measured(
    data_dir: Path, session_id: str, intact_side: str, runs: pd.DataFrame, breaks: list[tuple[int, int]]
) -> pd.DataFrame:
    from telemetry.features.task_run import measure, wanted_columns

    unread = False
    try:
        motion = Store(data_dir).motion(session_id, columns=wanted_columns())
        # In the time that measures go by.
        ends_s = np.interp(np.ravel(breaks), motion["mono_ns"], motion["time_s"]) if len(motion) else np.empty(0)
        held = list(zip(ends_s[::2].tolist(), ends_s[1::2].tolist(), strict=True))
        of_run = dict(iter(motion.groupby("task_run_id", observed=True)))
        rows = [
            measure(of_run.get(run, motion.iloc[:0]), str(limb), intact_side, held)
            for run, limb in runs.itertuples(index=False, name=None)
        ]
    except (TelemetryError, OSError, ValueError) as error:
        unread = True
        rows = [{"problem": f"session {session_id}: {' '.join(str(error).split())}"}] * len(runs)
    table = _typed(pd.DataFrame(rows).assign(session_id=session_id, task_run_id=runs["task_run_id"].to_numpy()))
    table.attrs[_UNREAD] = unread
    return table


def write_features(data_dir: Path, workers: int | None = None) -> pd.DataFrame:
    """Measure what is sealed and has no measures yet, and keep all in the folder's `features.parquet`.

    What another version measured is measured anew, and so is what could not be read before: it may be restored by now.
    """
    store = Store(data_dir)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasuresMissing)
        sessions, known = store.sessions(), store.features()
    # A file that does not say so yet may have some among those without measures.
    unread = known.attrs.get(_UNREAD, known.loc[known["seen_ratio"].isna(), "session_id"])
    known = known[~known["session_id"].isin(unread)]
    due = sessions.loc[sessions["sealed"] & ~sessions["session_id"].isin(known["session_id"]), "session_id"]
    fresh = measure_store(data_dir, due, workers)
    table = pd.concat([part for part in (known, fresh) if len(part)], ignore_index=True) if len(fresh) else known
    path = Folder(Path(data_dir)).features
    part_file = path.with_suffix(".part")
    table.attrs = {"version": MEASURES_VERSION, _UNREAD: fresh.attrs[_UNREAD]}  # kept in the file
    table.to_parquet(part_file)
    put_in_place(part_file, path)
    return table


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {"text": "string", "real": "float64"}
    dtypes = {
        c.name: pd.CategoricalDtype(list(c.values)) if c.kind == "choice" else kinds[c.kind] for c in FEATURES.columns
    }
    return table.reindex(columns=list(dtypes)).astype(dtypes)
