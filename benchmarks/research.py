"""What the researcher's side costs, and whether its intervals hold what they promise.

    python benchmarks/research.py speed                # the ledger and the measures, beside UXF's CSV files
    python benchmarks/research.py parallel             # the measures of 1,000 sessions, by 1, 2, 4, 8 and 16 processes
    python benchmarks/research.py export               # a study to Motion-BIDS and through the validator: time, memory
    python benchmarks/research.py coverage --studies 400

`coverage` simulates studies with planted effects, analyses each as a user would, and counts how often the 95 % interval
holds the truth: bias and coverage, each with its Monte-Carlo error.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
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


def parallel(sessions: int, workers: list[int]) -> None:
    """The measures of `sessions` sessions of six task runs; of a quarter and a half of them by 1 and by 2 processes."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        print("writing 50 sessions, which stand for all ...", file=sys.stderr)
        written = write_study(data, simulate(Truth(), 5, 10, seed=1), movement_s=15.0)
        measure_store(data, written[:2], 1)  # so that no process has to import anything first
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        print(f"{cores} cores for this process; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        print("| processes | sessions | seconds | sessions a second | of linear |")
        print("| ---: | ---: | ---: | ---: | ---: |")
        alone = 0.0
        for count in workers or [n for n in (1, 2, 4, 8, 16) if n <= (cores or 1)]:
            chosen = (written * (sessions // len(written) + 1))[: min(sessions, count * sessions // 4)]
            began = time.perf_counter()
            table = measure_store(data, chosen, count)
            took = time.perf_counter() - began
            assert len(table) == 6 * len(chosen)
            rate = len(chosen) / took
            alone = alone or rate / count
            print(f"| {count} | {len(chosen)} | {took:.1f} | {rate:.1f} | {rate / alone / count:.0%} |", flush=True)


def export(sizes: list[int]) -> None:
    """Studies of as many participants, 20 sessions each, and one session of 20 minutes, each step a process."""
    vrrehab, python = [sys.executable, "-m", "vrrehab"], [sys.executable]
    validator = [str(Path(sys.executable).with_name("bids-validator-deno")), "--max-rows", "-1", "--format", "json"]
    print("| | written in | export | its peak | files | validator | its peak | errors |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in [*sizes, 0]:
        with tempfile.TemporaryDirectory() as folder:
            data, out, verdict = (Path(folder) / name for name in ("data", "bids", "verdict.json"))
            if size:
                name, make = f"{size} participants, {20 * size} sessions", [
                    *vrrehab, "demo-study", "--participants", str(size), "--sessions", "20", "--data", str(data)
                ]  # fmt: skip
            else:
                name, make = "one session, 108,000 frames", [*python, __file__, "long", "--out", str(data)]
            written_s, _ = spent(make)
            export_s, export_mb = spent([*vrrehab, "export", "bids", "--data", str(data), "--out", str(out)])
            validator_s, validator_mb = spent([*validator, str(out)], verdict)
            issues = json.loads(verdict.read_text())["issues"]["issues"]
            errors = sum(issue["severity"] == "error" for issue in issues)
            size_mb = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
            print(f"| {name} | {written_s:.0f} s | {export_s:.0f} s | {export_mb:.0f} MB | {size_mb:.0f} MB | "
                  f"{validator_s:.0f} s | {validator_mb:.0f} MB | {errors} |", flush=True)  # fmt: skip


def spent(command: list[str], output: Path = Path(os.devnull)) -> tuple[float, float]:
    """(seconds, peak resident memory in MB) of a process, whose output goes to a file."""
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, cwd=sys.path[0])
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def long_session(out: Path) -> None:
    """A session of 20 minutes at 90 frames a second."""
    write_study(out, simulate(Truth(), 1, 1, seed=1, runs=10), movement_s=120.0, rate_hz=90.0)


def print_coverage(studies: int, sizes: list[int]) -> None:
    print("| participants | effect | truth | bias (MC error) | coverage of 95 % (MC error) | |")
    print("| ---: | --- | ---: | ---: | ---: | --- |")
    for participants in sizes:
        for found in coverage(participants, studies):
            print(found.row(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "parallel", "export", "coverage", "long"))
    parser.add_argument("--sessions", type=int, default=1000, help="parallel: how many sessions")
    parser.add_argument("--workers", type=int, nargs="+", help="parallel: processes; up to as many as there are cores")
    parser.add_argument("--studies", type=int, default=400, help="coverage: how many studies of each size")
    parser.add_argument("--participants", type=int, nargs="+", help="coverage, export: the sizes of studies")
    parser.add_argument("--out", type=Path, help="long: where to write a session of 20 minutes")
    chosen = parser.parse_args()
    if chosen.what == "speed":
        speed()
    elif chosen.what == "parallel":
        parallel(chosen.sessions, chosen.workers)
    elif chosen.what == "export":
        export(chosen.participants or [6, 24])
    elif chosen.what == "long":
        long_session(chosen.out)
    else:
        print_coverage(chosen.studies, chosen.participants or [8, 24, 100])
