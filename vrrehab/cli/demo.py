"""`vrrehab demo`: a scripted participant goes through a short programme on the whole system.

Nothing is pretended but the person: the recorder is a process of its own, the sockets and files are real,
the scene is drawn.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vrrehab.cli import app

#: How long the recorder may take to start, and to seal the session.
_START_S, _SEAL_S = 20.0, 30.0


@app.command()
def demo(
    data: Annotated[Path, typer.Option("--data", help="Where the demonstration's store goes.")] = Path("demo-data"),
    seed: Annotated[int, typer.Option(help="Another seed is another participant.")] = 1,
    offscreen: Annotated[bool, typer.Option(help="Draw into memory even if there is a screen.")] = False,
) -> None:
    """Show the whole system at work: no headset, screen, graphics card or configuration needed."""
    from telemetry.report import write_report
    from telemetry.verify import verify

    import telemetry
    from telemetry.client import RecorderClient
    from telemetry.messages import LimbLoss, Profile
    from vrrehab.cli.session import sit
    from vrrehab.stage.engine import engine

    console = Console()
    display = "offscreen" if offscreen or not engine().windows else "window"
    with recorder_process(data) as address, RecorderClient(address) as client:
        console.print(f"A recorder listens on {address}. A scripted participant begins ({display}).", highlight=False)
        loss = LimbLoss(limb="hand", side="left", level="wrist")
        known = client.profile("DEMO")
        profile = Profile(code="DEMO", limb_losses=(loss,), consent="open", version=known.version + 1 if known else 1)
        client.put_profile(profile)
        outcome = sit(
            data,
            profile,
            "demo",
            source="scripted",
            display=display,
            mode=None,
            recorder=address,
            seed=seed,
        )
        client.wait_sealed(outcome.session_id, timeout_s=_SEAL_S)
    store = telemetry.open_store(data)
    tasks = store.tasks()
    _print(console, tasks[tasks["session_id"] == outcome.session_id])
    report = data / "report.html"
    write_report(data, outcome.session_id, report)
    damage = [finding for finding in verify(data) if finding.damage]
    for finding in damage:
        console.print(str(finding))
    console.print(f"Report: {report}    Again in pandas: telemetry.open_store({str(data)!r}).tasks()", highlight=False)
    if damage or outcome.status != "completed":
        raise typer.Exit(1)


@contextlib.contextmanager
def recorder_process(data: Path) -> Iterator[str]:
    """A recorder on `data` in a process of its own; its address."""
    from telemetry.errors import NobodyAnswers
    from vrrehab.cli.connection import running_recorder

    process = subprocess.Popen(
        [sys.executable, "-m", "vrrehab", "recorder", "--data", str(data), "--bind", "tcp://127.0.0.1:*"],
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _START_S
        while (address := running_recorder(data)) is None:
            if process.poll() is not None or time.monotonic() > until:
                raise NobodyAnswers(
                    f"Expected the recorder to start on {data}, but it did not. Try: vrrehab recorder --data {data}"
                )
            time.sleep(0.02)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def _print(console: Console, tasks) -> None:  # type: ignore[no-untyped-def]  # a pandas table
    table = Table(title="Pain before and after each movement task, 0 none to 10 worst imaginable")
    for name in ("task", "mode", "times", "s", "before", "after", "change", "rating"):
        table.add_column(name, justify="left" if name in ("task", "mode", "rating") else "right")
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
    console.print(table)


def _number(value: float, signed: bool = False) -> str:
    if value != value:  # NaN: declined or not answered
        return "–"
    return f"{value:+.0f}" if signed else f"{value:.0f}"
