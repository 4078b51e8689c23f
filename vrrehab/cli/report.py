"""`vrrehab report`: a session, a participant's course, or everybody, on one page."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, app
from vrrehab.cli.research import require_research


class Origin(StrEnum):
    PERSON = "person"
    SCRIPTED = "scripted"
    RECORDING = "recording"


@app.command()
def report(
    data: Data,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[SESSION|PARTICIPANT]", help="A session's id, or a participant's code."),
    ] = None,
    cohort: Annotated[bool, typer.Option("--cohort", help="All participants on one page.")] = False,
    origin: Annotated[
        Origin, typer.Option(help="Whose sessions a course or the cohort is made of; a person's unless you say so.")
    ] = Origin.PERSON,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; default: SESSION.html here.")
    ] = None,
) -> None:
    """Write a report, one HTML page: of a session, of a participant's course, or (--cohort) of everybody."""
    if (what is None) != cohort:
        raise typer.BadParameter("give a session, a participant, or --cohort, and one of them only")
    import telemetry

    if what is None:
        require_research()
        from telemetry.report_cohort import write_cohort_report

        path = out or Path("cohort.html")
        write_cohort_report(data, path, (origin.value,))
    elif what in set(telemetry.open_store(data).participants()["code"]):
        require_research()
        from telemetry.report_participant import write_participant_report

        path = out or Path(f"{what}.html")
        write_participant_report(data, what, path, (origin.value,))
    else:
        from telemetry.report import write_report

        path = out or Path(f"{what}.html")
        write_report(data, what, path)
    print(path)
