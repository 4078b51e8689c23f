"""`vrrehab verify` and `vrrehab recover`: is the store whole, and seal what a crash left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app

Folder = Annotated[Path | None, typer.Argument(help="The data folder; default: what --data says.")]


@app.command()
def verify(data: Data, folder: Folder = None) -> None:
    """Check every seal and every link of a store."""
    from telemetry.verify import verify as check

    folder = folder or data
    findings = check(folder)
    for finding in findings:
        print(finding)
    damage = [finding for finding in findings if finding.damage]
    if damage:
        print(f"{len(damage)} problem(s) found in {folder}")
        raise typer.Exit(1)
    print(f"{folder}: every seal and every link is whole")


@app.command()
def recover(data: Data, folder: Folder = None) -> None:
    """Seal what crashed sessions left; safe to run again."""
    from telemetry.recovery import recover as seal_what_is_left

    sealed = seal_what_is_left(folder or data)
    print(f"{len(sealed)} session(s) sealed" + (f": {', '.join(sealed)}" if sealed else ""))
