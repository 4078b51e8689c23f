"""`vrrehab export`: the record as files for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app


class Format(StrEnum):
    BIDS = "bids"
    CSV = "csv"
    PARQUET = "parquet"


class Share(StrEnum):
    FULL = "full"
    SHAREABLE = "shareable"


@app.command()
def export(
    file_format: Annotated[Format, typer.Argument(metavar="bids|csv|parquet", help="What kind of files.")],
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An empty folder, or one that is not there yet.")],
    level: Annotated[
        Share,
        typer.Option(
            help="full: everything, which stays in the clinic. shareable: what each participant's consent lets out."
        ),
    ] = Share.FULL,
    motion: Annotated[
        bool, typer.Option("--motion", help="CSV and Parquet: also every frame of movement, a file a session.")
    ] = False,
) -> None:
    """Write the record as a BIDS data set with motion, or as tables with a dictionary of their columns.

    A shareable export has nothing of participants whose consent is `care`, no movement of those who agreed to research,
    and coarse movement of those who agreed to open data. What was removed stands in its README.md.
    """
    import telemetry
    from telemetry.export import Level, check_bids, export_bids, export_tables

    store, of_level = telemetry.open_store(data), Level(level.value)
    if motion and (of_level is not Level.FULL or file_format is Format.BIDS):
        raise typer.BadParameter(
            "--motion is for full csv and parquet exports; bids has the movement that its level allows"
        )
    if file_format is Format.BIDS:

        def told(done: int, total: int) -> None:
            if done % 50 == 0 or done == total:
                print(f"{done} of {total} sessions")

        exported = export_bids(store, out, of_level, told)
        problems, left_out, withheld = check_bids(out), exported.left_out, exported.withheld
        what = f"{exported.sessions} sessions"
    else:
        tables = export_tables(store, out, file_format, motion, of_level)
        problems, left_out, withheld = [], tables.unreadable, tables.withheld
        what = f"{len(tables.files)} files"
    for session, reason in left_out:
        print(f"{session} is left out: {reason}")
    for problem in problems:
        print(problem)
    stays = "It is the full record, of people by their codes: it stays in the clinic."
    if of_level is Level.SHAREABLE:
        stays = (
            f"Left out as agreed to care only: {len(withheld)} of the participants. README.md says what was removed."
        )
    print(f"{out}: {what}. {stays}")
    if left_out or problems:
        raise typer.Exit(1)
