"""`vrrehab doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from vrrehab.cli import Data, app
from vrrehab.xr.probe import Finding, Verdict, probe

#: A full-width session of 20 minutes is about this large on disk.
_SESSION_MB = 130
_MARKS = {Verdict.OK: "[green]ok[/]", Verdict.LESS: "[yellow]less[/]", Verdict.WRONG: "[bold red]wrong[/]"}


@app.command()
def doctor(data: Data) -> None:
    """Check runtime, extensions, graphics, disk and packages, a line each."""
    findings = [*_program(), *_graphics(), *probe(), *_disk(data)]
    table = Table("", "what", "how it is", "what to do", show_lines=False, box=None, padding=(0, 1))
    for finding in findings:
        table.add_row(_MARKS[finding.verdict], finding.about, finding.found, finding.remedy)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if any(finding.verdict is Verdict.WRONG for finding in findings):
        raise typer.Exit(1)


def _program() -> Iterator[Finding]:
    import telemetry
    import vrrehab

    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("vrrehab", Verdict.OK, f"{vrrehab.__version__} on Python {version}")
    # PyPI has another package of the same name, which would take its place if installed later.
    if hasattr(telemetry, "open_store"):
        yield Finding("telemetry", Verdict.OK, "the record's own package")
    else:
        yield Finding(
            "telemetry",
            Verdict.WRONG,
            f"another package of that name was imported, from {telemetry.__file__}",
            "Uninstall it (pip uninstall telemetry) and install vrrehab again.",
        )


def _graphics() -> Iterator[Finding]:
    from vrrehab.errors import NoGraphics

    try:
        from vrrehab.stage.engine import engine

        drawing = engine()
        renderer = drawing.renderer()
    except NoGraphics as error:
        yield Finding("graphics", Verdict.WRONG, str(error), "Install the graphics driver.")
        return
    where = "windows and offscreen" if drawing.windows else "offscreen only, there is no screen"
    if drawing.software():
        yield Finding(
            "graphics",
            Verdict.LESS,
            f"{renderer} ({where}): drawn by the processor",
            "Good enough to look at; for a headset, use a graphics card and its own driver.",
        )
    else:
        yield Finding("graphics", Verdict.OK, f"{renderer} ({where})")


def _disk(data: Path) -> Iterator[Finding]:
    there = data
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        yield Finding(
            "data folder", Verdict.WRONG, f"{data} cannot be written to", "Choose another with --data or VRREHAB_DATA."
        )
        return
    free_mb = shutil.disk_usage(there).free / 1e6
    verdict = Verdict.OK if free_mb > 10 * _SESSION_MB else Verdict.WRONG
    remedy = "" if verdict is Verdict.OK else "Make room, or choose another disk with --data."
    sessions = f"room for about {free_mb / _SESSION_MB:,.0f} sessions of 20 minutes"
    yield Finding("disk", verdict, f"{data}: {free_mb / 1000:,.1f} GB free, {sessions}", remedy)
    commit_ms = _commit_ms(there)
    slow = commit_ms > 100
    yield Finding(
        "disk speed",
        Verdict.LESS if slow else Verdict.OK,
        f"{commit_ms:.1f} ms to commit (median of 9)",
        "A local SSD commits in under 10 ms; do not keep data on a network drive." if slow else "",
    )


def _commit_ms(folder: Path) -> float:
    """The median time to write a little and have it on the disk, as every commit of the record does."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(9):
            began = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[4]
