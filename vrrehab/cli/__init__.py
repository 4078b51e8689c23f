"""The `vrrehab` command. Each subcommand lives in a module of its own, imported only when it is called.

Exit codes: 0 done, 2 misuse, 1 a failure told in one line that says what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    name="vrrehab",
    help="Virtual-reality training for people with phantom limb pain, and its record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
participant_app = typer.Typer(help="Participants: codes only, never names.", no_args_is_help=True)
app.add_typer(participant_app, name="participant")

errors = Console(stderr=True)


def default_data() -> Path:
    """Where data goes unless --data says otherwise: `VRREHAB_DATA`, else the platform's data folder."""
    import os

    import platformdirs

    return Path(os.environ.get("VRREHAB_DATA") or platformdirs.user_data_path("vrrehab", appauthor=False))


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        default_factory=default_data,
        show_default="VRREHAB_DATA, else the platform's data folder",
        help="The folder that holds the store.",
    ),
]
RecorderAddress = Annotated[
    str | None,
    typer.Option("--recorder", help="The recorder's address; by default the one running on --data."),
]


def _known_failures() -> tuple[type[Exception], ...]:
    from telemetry.errors import TelemetryError
    from vrrehab.errors import BadModel, BadRecording, NoGraphics, NotPossible, SceneFileError, UnknownName
    from vrrehab.xr.errors import XrError

    return (TelemetryError, BadModel, BadRecording, NoGraphics, NotPossible, UnknownName, SceneFileError, XrError)


def main() -> None:
    """Run a command; a failure it knows becomes one line and exit code 1."""
    from vrrehab.cli import (  # noqa: F401  # importing a module registers its commands
        demo,
        doctor,
        participant,
        recorder,
        report,
        session,
        verify,
    )

    try:
        app()
    except _known_failures() as error:
        errors.print(f"[bold red]vrrehab:[/] {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("vrrehab: interrupted")
        sys.exit(1)
