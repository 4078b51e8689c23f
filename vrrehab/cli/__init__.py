"""The `vrrehab` command. Each subcommand lives in a module of its own, and imports what is heavy when it is called.

Exit codes: 0 done, 2 misuse, 1 a failure told in one line that says what to do.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="vrrehab",
    help="Virtual-reality training for people with phantom limb pain, and its record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain text: a message in a frame is broken into lines, and is then no longer one that can be searched for.
    rich_markup_mode=None,
)

#: The modules of this package that hold a command, in the order in which help lists them.
_COMMANDS = (
    "demo", "doctor", "recorder", "participant", "avatar", "tracker", "programme", "session",
    "replay", "enter", "importing", "report", "export", "research", "verify", "keys", "erase", "console",
    "clinic", "language",
)  # fmt: skip


def default_data() -> Path:
    """Where data goes unless --data says otherwise: `VRREHAB_DATA`, else the platform's data folder."""
    import platformdirs

    return Path(os.environ.get("VRREHAB_DATA") or platformdirs.user_data_path("vrrehab", appauthor=False))


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        default_factory=default_data,
        show_default="VRREHAB_DATA, else the platform's data folder",
        help="The folder that holds the record.",
    ),
]
RecorderAddress = Annotated[
    str | None,
    typer.Option(
        "--recorder",
        metavar="ADDRESS",
        help="The recorder's address, as it says when it starts; by default the one running on --data.",
    ),
]


def with_every_command() -> typer.Typer:
    """The app, once the modules that hold a command have been loaded."""
    try:
        for name in _COMMANDS:
            importlib.import_module(f"vrrehab.cli.{name}")
    except ImportError:
        from vrrehab.cli.own_record import REMEDY, other_telemetry

        if not (other := other_telemetry()):
            raise
        _fail(f"telemetry: {other}. {REMEDY}")
    return app


def main() -> None:
    """Run a command; a failure it knows becomes one line and exit code 1."""
    from vrrehab.cli.interruption import Interrupted, leave_on_any_signal

    leave_on_any_signal()
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a letter shows a question mark for it, and whoever reads along sees every line at once.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    warnings.showwarning = _warn
    try:
        with_every_command()()
    except (Interrupted, KeyboardInterrupt):
        _fail("interrupted; what was recorded until then is kept")
    except Exception as error:
        if not isinstance(error, _known_failures()):
            raise
        _fail(_said(error))


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning is a line for whoever gave the command, without the line of code that gave it."""
    print(f"vrrehab: {message}", file=sys.stderr)


def _fail(message: str) -> None:
    print(f"vrrehab: {message}", file=sys.stderr)
    sys.exit(1)


def _known_failures() -> tuple[type[Exception], ...]:
    from telemetry.errors import TelemetryError
    from vrrehab.errors import BadModel, BadRecording, NoGraphics, NotMeasured, NotPossible, SceneFileError, UnknownName
    from vrrehab.xr.errors import XrError

    ours = (BadModel, BadRecording, NoGraphics, NotMeasured, NotPossible, SceneFileError, UnknownName)
    return (*ours, TelemetryError, XrError, OSError)


def _said(error: Exception) -> str:
    """What an error says, in one line; the operating system's own errors lack what to do."""
    from telemetry.errors import TelemetryError

    if isinstance(error, OSError) and not isinstance(error, TelemetryError) and error.filename is not None:
        return (
            f"expected to be able to use {error.filename}, but: {error.strerror}; "
            "look whether it is there, may be written to and has space left"
        )
    return " ".join(str(error).split())
