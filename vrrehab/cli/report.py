"""`vrrehab report`: a session on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app


@app.command()
def report(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A session's id, as the session said at its end.")],
    data: Data,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; default: SESSION.html here.")
    ] = None,
) -> None:
    """Write a session's report, one HTML page."""
    from telemetry.report import write_report

    path = out or Path(f"{session}.html")
    write_report(data, session, path)
    print(path)
