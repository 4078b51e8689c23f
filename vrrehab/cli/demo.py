"""`vrrehab demo`: a scripted participant goes through a short programme on the whole system.

Nothing is pretended but the person: the recorder is a process of its own, the sockets and files are real,
the scene is drawn.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrrehab.cli import app
from vrrehab.cli.interruption import ask_to_leave

if TYPE_CHECKING:
    import pandas as pd

    from vrrehab.cli.session import DisplayKind

#: How long the recorder may take to seal the session, and to stop.
_SEAL_S, _STOP_S = 30.0, 10.0


@app.command()
def demo(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Where the demonstration's record goes.")] = Path(
        "demo-data"
    ),
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed is another participant.")] = 1,
    offscreen: Annotated[bool, typer.Option("--offscreen", help="Draw into memory even if there is a screen.")] = False,
) -> None:
    """Show the whole system at work, without a headset.

    A scripted participant goes through a short programme; no screen, graphics card or configuration is needed.
    """
    from telemetry.client import RecorderClient
    from telemetry.messages import LimbLoss, Profile
    from vrrehab.cli.connection import Recipient
    from vrrehab.cli.disk import make_ready
    from vrrehab.cli.interruption import held_back
    from vrrehab.cli.session import SourceChoice, sit

    make_ready(data)
    with held_back() as interruption:
        from vrrehab.stage.engine import engine

        display: DisplayKind = "offscreen" if offscreen or not engine().windows else "window"
        where = "in a window; Esc stops" if display == "window" else "offscreen"
        print(f"A scripted participant sits down in the therapy room (drawn {where}), for about a minute.")
        with recorder_process(data) as address, RecorderClient(address) as client:
            interruption.check()
            known = client.profile("DEMO")
            profile = Profile(
                code="DEMO",
                limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),),
                consent="open",
                version=known.version + 1 if known else 1,
            )
            client.put_profile(profile)
            outcome = sit(
                data,
                profile,
                "demo",
                source=SourceChoice("scripted"),
                display=display,
                mode=None,
                recorder=Recipient(address),
                seed=seed,
                interruption=interruption,
            )
            client.wait_sealed(outcome.session_id, timeout_s=_SEAL_S)
        interruption.check()
    _show(data, outcome.session_id)


def _show(data: Path, session_id: str) -> None:
    """What a researcher finds afterwards: the task-pain table, the report, and that the record is whole."""
    import telemetry
    from telemetry.report import write_report
    from telemetry.verify import verify

    tasks = telemetry.open_store(data).tasks()
    print()
    _print_table(tasks[tasks["session_id"] == session_id])
    report = data / "report.html"
    write_report(data, session_id, report)
    damage = [finding for finding in verify(data) if finding.damage]
    for finding in damage:
        print(finding)
    if not damage:
        print("\nEvery seal and every link is whole, each task with its own rating.")
    print(f"\nReport:     {report}")
    print(f'In pandas:  import telemetry; telemetry.open_store("{data.as_posix()}").tasks()')
    if damage:
        raise typer.Exit(1)


@contextlib.contextmanager
def recorder_process(data: Path) -> Iterator[str]:
    """A recorder on `data` in a process of its own; its address. Raises `NobodyAnswers` where it does not start."""
    from telemetry.errors import NobodyAnswers

    with tempfile.TemporaryFile() as complaint:
        process = subprocess.Popen(
            [sys.executable, "-m", "vrrehab", "recorder", "--data", str(data), "--bind", "tcp://127.0.0.1:*"],
            stdout=subprocess.PIPE,
            stderr=complaint,
            text=True,
            # Ctrl-C in a terminal reaches the whole group; the recorder has to stay until the session has ended.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if not said.startswith("listening on "):
                process.wait(_STOP_S)
                complaint.seek(0)
                why = complaint.read().decode(errors="replace").strip().removeprefix("vrrehab: ")
                raise NobodyAnswers(why or f"expected the recorder to start on {data}, but it said {said!r}")
            yield said.split()[-1]
        finally:
            ask_to_leave(process)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()  # it loses nothing: what it has acknowledged is on disk
            if process.stdout is not None:
                process.stdout.close()


def _print_table(tasks: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    print("Pain before and after each movement task (0 none, 10 worst imaginable)")
    table = Table()
    for name in ("task", "mode", "times", "s", "before", "after", "change", "rating"):
        table.add_column(name, justify="left" if name in ("task", "mode", "rating") else "right", no_wrap=True)
    for row in tasks.itertuples():
        table.add_row(
            row.task.replace("_", " "),
            row.mode,
            str(row.repetitions),
            f"{row.duration_s:.0f}",
            _number(row.pain_before),
            _number(row.pain_after),
            _number(row.pain_change, signed=True),
            row.rating_status,
        )
    Console().print(table)


def _number(value: float, signed: bool = False) -> str:
    if value != value:  # NaN: declined or not answered
        return "–"
    return f"{value:+.0f}" if signed else f"{value:.0f}"
