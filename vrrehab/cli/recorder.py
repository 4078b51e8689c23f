"""`vrrehab recorder`: the process that keeps the record."""

from __future__ import annotations

from typing import Annotated

import typer

from vrrehab.cli import Data, app


@app.command()
def recorder(
    data: Data,
    bind: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            show_default="tcp://127.0.0.1:5757",
            help="The address to listen on; port * takes any free one. Other computers need keys: vrrehab keys.",
        ),
    ] = "",
) -> None:
    """Keep the record of every session.

    Receives sessions, acknowledges what is committed and seals what is whole, until Ctrl-C.
    """
    from telemetry.address import RECORDER
    from telemetry.recorder import run_recorder

    run_recorder(data, bind or RECORDER)
