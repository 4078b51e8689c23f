"""What the researcher's side costs, and whether its intervals hold what they promise.

    python benchmarks/research.py speed                # task_pain() over 20,000 task runs, features of a session
    python benchmarks/research.py coverage --studies 400

`coverage` simulates studies with planted effects, analyses each as a user would, and counts how often the 95 % interval
holds the truth: bias and coverage, each with its Monte-Carlo error.
"""

from __future__ import annotations

import argparse
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
from telemetry.analysis.coverage import coverage
from telemetry.features import measure_session
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
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "ledger"
        print("writing 20,000 task runs ...", file=sys.stderr)
        write_study(data, simulate(Truth(), 20, 25, seed=1, runs=40), movement_s=0.0)
        store = telemetry.open_store(data)
        print(f"| `task_pain()`, {len(store.task_pain()):,} task runs | {seconds(store.task_pain):.2f} s |")
        data = Path(folder) / "session"
        print("writing a session of 20 minutes ...", file=sys.stderr)
        (session,) = write_study(data, simulate(Truth(), 1, 1, seed=1, runs=10), movement_s=120.0)
        frames = len(telemetry.open_store(data).motion(session, columns=["time_s"]))
        took = seconds(lambda: measure_session(data, session))
        print(f"| features of 20 minutes, 10 task runs, {frames:,} frames | {took:.2f} s |")


def print_coverage(studies: int, sizes: list[int]) -> None:
    print("| participants | effect | truth | bias (MC error) | coverage of 95 % (MC error) | |")
    print("| ---: | --- | ---: | ---: | ---: | --- |")
    for participants in sizes:
        for found in coverage(participants, studies):
            print(found.row(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "coverage"))
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--participants", type=int, nargs="+", default=[8, 24, 100])
    chosen = parser.parse_args()
    speed() if chosen.what == "speed" else print_coverage(chosen.studies, chosen.participants)
