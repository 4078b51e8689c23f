"""`vrrehab export`: the record as files for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app


class Format(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def export(
    file_format: Annotated[Format, typer.Argument(metavar="csv|parquet", help="What kind of files.")],
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An empty folder, or one that is not there yet.")],
    motion: Annotated[bool, typer.Option("--motion", help="Also every frame of movement, a file a session.")] = False,
) -> None:
    """Write every table of the record as files, with a dictionary of their columns.

    It is the full record: it stays in the clinic. Movement identifies a person even without a name.
    """
    import telemetry
    from telemetry.export import export_tables

    exported = export_tables(telemetry.open_store(data), out, file_format, motion)
    for session, reason in exported.unreadable:
        print(f"{session}: {reason}")
    print(
        f"{out}: {len(exported.files)} files. It is the full record, of people by their codes: it stays in the clinic."
    )
    if exported.unreadable:
        raise typer.Exit(1)
