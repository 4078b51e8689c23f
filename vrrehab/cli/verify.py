"""`vrrehab verify`, `backup` and `recover`: is the record whole, copy it, and seal what a crash left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app

Dir = Annotated[Path | None, typer.Argument(metavar="DIR", help="The data folder; default: what --data says.")]


@app.command()
def verify(data: Data, folder: Dir = None) -> None:
    """Check every seal and every link of a record."""
    from telemetry.verify import frames_not_kept
    from telemetry.verify import verify as check

    folder = folder or data
    findings = check(folder)
    for finding in findings:
        print(finding)
    if damage := sum(finding.damage for finding in findings):
        print(f"{folder}: {damage} {'problem' if damage == 1 else 'problems'} found")
        raise typer.Exit(1)
    for session, (lost, handed_over) in frames_not_kept(folder).items():
        print(f"gap: {session}: {lost:,} of {handed_over:,} frames were not kept; store.events() says which and why")
    print(f"{folder}: every seal and every link is whole")


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="An empty folder, or that of an earlier backup.")],
    data: Data,
) -> None:
    """Copy the whole record, also while a recorder runs.

    The copy is a data folder again. A further backup to the same folder copies only what is new. The secret key stays
    where it is.
    """
    from telemetry.backup import back_up

    done = back_up(data, to)
    print(f"{to}: sealed sessions: {done.sessions}, of them new: {done.copied}")


@app.command()
def recover(data: Data, folder: Dir = None) -> None:
    """Seal what crashed sessions left.

    Safe to run again, and while a recorder runs.
    """
    from telemetry.folder import Folder, running_recorder
    from telemetry.keys import Keyring
    from telemetry.leftovers import deliver_leftovers
    from telemetry.recovery import recover as seal_what_is_left

    folder = folder or data
    address = running_recorder(folder)
    if address is None:
        sealed = seal_what_is_left(folder)
        for session in sealed:
            print(f"sealed: {session}")
        print(f"{folder}: sessions sealed: {len(sealed)}")
        return
    found = deliver_leftovers(Folder(folder).spool, address, keyring=Keyring(Folder(folder).keys))
    for left in found:
        how = "delivered" if left.delivered else "removed" if left.dropped else "NOT delivered"
        print(f"{how}: {left.session_id} {left.problem}".rstrip())
    delivered = sum(left.delivered for left in found)
    print(f"{folder}: sessions delivered to the recorder that is running, which seals them: {delivered}")
    if not all(left.delivered or left.dropped for left in found):
        raise typer.Exit(1)
