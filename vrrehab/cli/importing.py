"""`vrrehab import`: questionnaires that were filled in elsewhere, from a data set or an earlier export."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, RecorderAddress, app


@app.command("import")
def import_(
    data: Data,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A table as phenotype/*.tsv or participants.tsv of OpenNeuro ds006921, a folder with such ones, or "
            "one that vrrehab export csv or parquet wrote.",
        ),
    ],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who imports it.")],
    about: Annotated[
        datetime | None,
        typer.Option(help="When it was filled in, in this computer's time; tables do not say. A column days counts "
                     "from then."),
    ] = None,
    sitting: Annotated[
        str, typer.Option("--sitting", metavar="SESSION_ID", help="The rows of this session_id alone, such as ses-1.")
    ] = "",
    instrument: Annotated[
        str, typer.Option(metavar="NAME", help="What the table is of, where its columns leave that open.")
    ] = "",
    recorder: RecorderAddress = None,
) -> None:  # fmt: skip
    """Take over questionnaires that were filled in elsewhere: all of them, or none where one cannot be taken.

    They become dated entries of participants who are known here, with the origin `imported`. What is there already is
    passed over, so that importing again does no harm.
    """
    from telemetry.imports import entries_of_export, entries_of_tables
    from vrrehab.cli.connection import recorder_for
    from vrrehab.errors import UnknownName

    is_export = path.is_dir() and any(path.glob("sessions.*"))
    if is_export == (about is not None) or (is_export and (sitting or instrument)):
        raise typer.BadParameter(
            "an export says itself what is of when: leave --about, --sitting and --instrument out" if is_export else
            "say when these tables were filled in; they do not", param_hint="--about",
        )  # fmt: skip
    if not path.exists():
        raise typer.BadParameter(f"{path} is not there", param_hint="PATH")
    if about is None:
        found = entries_of_export(path, by, time.time_ns())
    else:
        found = entries_of_tables(path, round(about.timestamp() * 1e9), by, time.time_ns(), sitting, instrument)
    with recorder_for(data, recorder) as client:
        known = [profile.code for profile in client.profiles()]
        unknown = sorted({entry.participant for entry in found.entries} - set(known))
        if unknown:
            raise UnknownName("participant", ", ".join(unknown), known, data)
        appended = client.enter_all(found.entries) if found.entries else 0
    for name, count in Counter(entry.instrument for entry in found.entries).items():
        print(f"{name}: {count} of {len({e.participant for e in found.entries if e.instrument == name})} participants")
    if found.empty_rows:
        print(f"{found.empty_rows} rows without an answer in them make no entry")
    print(f"{appended} entries are new, {len(found.entries) - appended} were there already")
