"""What the researcher's side costs, and whether its intervals hold what they promise.

    python benchmarks/research.py speed                # the ledger and the measures, beside UXF's CSV files
    python benchmarks/research.py parallel             # the measures of 1,000 sessions, by one process and by several
    python benchmarks/research.py coverage --studies 400

`coverage` simulates studies with planted effects, analyses each as a user would, and counts how often the 95 % interval
holds the truth: bias and coverage, each with its Monte-Carlo error.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

# A script's own folder comes first, where this file would stand for the package that it measures.
sys.path[0] = str(Path(__file__).parents[1])
# ruff: noqa: E402

import telemetry
from benchmarks import uxf
from telemetry.analysis.coverage import coverage
from telemetry.features import measure_session, measure_store
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study


def seconds(call: Callable[[], object], times: int = 5) -> float:
    """The median of some calls, after one that does not count."""
    call()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return float(np.median(took))


def speed() -> None:
    """The ledger of 20,000 task runs, and the measures of 20 minutes; each beside the same asked of UXF's CSV files."""
    with tempfile.TemporaryDirectory() as folder:
        data, csv = Path(folder) / "ledger", Path(folder) / "uxf"
        print("writing 20,000 task runs, twice ...", file=sys.stderr)
        study = simulate(Truth(), 20, 25, seed=1, runs=40)
        write_study(data, study, movement_s=0.0)
        uxf.write_trials(csv, study)
        store = telemetry.open_store(data)
        print("| | ours | UXF's CSV files |")
        print("| --- | ---: | ---: |")
        ledger = store.task_pain()
        assert len(ledger) == 20_000
        np.testing.assert_allclose(uxf.pain_by_task(csv), ledger.groupby("task")["pain_change"].mean())
        ours, theirs = seconds(store.task_pain), seconds(lambda: uxf.pain_by_task(csv), times=3)
        print(
            f"| change in pain by task, 20,000 task runs of 500 sessions | {ours:.2f} s | {theirs:.2f} s |", flush=True
        )
        data, csv = Path(folder) / "session", Path(folder) / "trackers"
        print("writing a session of 20 minutes, twice ...", file=sys.stderr)
        (session,) = write_study(data, simulate(Truth(), 1, 1, seed=1, runs=10), movement_s=120.0, rate_hz=90.0)
        store = telemetry.open_store(data)
        uxf.write_trackers(csv, store.motion(session))
        measures = seconds(lambda: measure_session(data, session))
        print(f"| every measure of 20 minutes, 108,000 frames at 90 a second | {measures:.2f} s | |", flush=True)
        np.testing.assert_allclose(uxf.path_lengths(csv), path_lengths(store, session), rtol=1e-4)
        ours = seconds(lambda: path_lengths(store, session))
        theirs = seconds(lambda: uxf.path_lengths(csv), times=3)
        print(
            f"| the way of the wrist in each task run, the same session | {ours:.2f} s | {theirs:.2f} s |", flush=True
        )


def path_lengths(store: telemetry.Store, session: str) -> np.ndarray:
    """How far the right wrist went in each task run, metres."""
    places = [f"tracked_right_wrist_p{axis}" for axis in "xyz"]
    motion = store.motion(session, columns=["task_run_id", *places])
    runs = motion.groupby("task_run_id", observed=True)[places]
    return np.array([np.linalg.norm(np.diff(rows.to_numpy(float), axis=0), axis=1).sum() for _, rows in runs])


def parallel(times: int) -> None:
    """The measures of 50 sessions, so often that it is 1,000, by one process and by as many as there are cores."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        print("writing 50 sessions ...", file=sys.stderr)
        sessions = write_study(data, simulate(Truth(), 5, 10, seed=1), movement_s=15.0) * times
        print("| processes | seconds | sessions a second | of linear |")
        print("| ---: | ---: | ---: | ---: |")
        alone = 0.0
        for workers in sorted({1, 2, os.cpu_count() or 1}):
            began = time.perf_counter()
            table = measure_store(data, sessions, workers)
            took = time.perf_counter() - began
            assert len(table) == 6 * len(sessions)
            alone = alone or took
            print(f"| {workers} | {took:.1f} | {len(sessions) / took:.1f} | {alone / took / workers:.0%} |", flush=True)


def print_coverage(studies: int, sizes: list[int]) -> None:
    print("| participants | effect | truth | bias (MC error) | coverage of 95 % (MC error) | |")
    print("| ---: | --- | ---: | ---: | ---: | --- |")
    for participants in sizes:
        for found in coverage(participants, studies):
            print(found.row(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "parallel", "coverage"))
    parser.add_argument("--times", type=int, default=20, help="parallel: how often each of 50 sessions is measured")
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--participants", type=int, nargs="+", default=[8, 24, 100])
    chosen = parser.parse_args()
    if chosen.what == "speed":
        speed()
    elif chosen.what == "parallel":
        parallel(chosen.times)
    else:
        print_coverage(chosen.studies, chosen.participants)
