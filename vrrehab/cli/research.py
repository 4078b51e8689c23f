"""`vrrehab features` and `vrrehab demo-study`: measures of the movement, and a study to try an analysis on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app


@app.command()
def features(
    data: Data,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes to use; default: one a core.")] = None,
) -> None:
    """Measure the movement in every sealed session that has not been measured yet.

    The measures go to features.parquet in the data folder, from where store.task_pain() takes them.
    """
    require_research()
    import telemetry
    from telemetry.features import write_features

    table = write_features(data, workers)
    print(f"{data}: {len(table)} task runs of {table['session_id'].nunique()} sessions are measured")
    for session, reason in table.loc[table["problem"].notna(), ["session_id", "problem"]].drop_duplicates().values:
        print(f"{session}: {reason}")
    sessions = telemetry.open_store(data).sessions()
    for session in sessions.loc[~sessions["sealed"], "session_id"]:
        print(f"{session}: not sealed yet, so not measured; end it, or run: vrrehab recover {data}")


@app.command("demo-study")
def demo_study(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="An empty folder, where the study goes.")],
    participants: Annotated[int, typer.Option(min=1, max=999, metavar="N")] = 24,
    sessions: Annotated[int, typer.Option(min=1, max=99, metavar="N", help="Sessions of each participant.")] = 20,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed is another study.")] = 1,
) -> None:
    """Write a synthetic study with planted effects, to learn on, to teach with, and to try an analysis on.

    No person is behind it: every session's origin is `scripted`. The planted effects are printed.
    """
    from telemetry.testing.study import Truth, simulate
    from telemetry.testing.write_study import write_study

    if data.exists() and any(data.iterdir()):
        raise typer.BadParameter(f"{data} holds something already; give a folder that is empty or not there yet",
                                 param_hint="--data")  # fmt: skip
    truth = Truth()
    total, written = participants * sessions, 0

    def told(_session: str) -> None:
        nonlocal written
        written += 1
        if written % 50 == 0 or written == total:
            print(f"{written} of {total} sessions")

    write_study(data, simulate(truth, participants, sessions, seed), told=told)
    print("Planted, in points of the 0-10 scale (telemetry.testing.study.Truth):")
    for name, value in (*truth.task.items(), *truth.mode.items()):
        print(f"  {name}: {value:+g}")
    print(f"  each minute of a task: {truth.dose_per_minute:+g}; the course: {truth.course_change:+g}")
    print(f"Next: vrrehab features --data {data}; vrrehab report --cohort --origin scripted --data {data}")


def require_research() -> None:
    """Raises `NotPossible` where what the extra brings is missing."""
    import importlib.util

    from vrrehab.errors import NotPossible

    if importlib.util.find_spec("scipy") is None:
        raise NotPossible("this needs scipy, which is not installed; run: pip install 'vrrehab[research]'")
