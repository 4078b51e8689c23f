"""`vrrehab recorder`: the process that keeps the record."""

from __future__ import annotations

from typing import Annotated

import typer

from vrrehab.cli import Data, app


@app.command()
def recorder(
    data: Data,
    bind: Annotated[str, typer.Option(help="The address to listen on; port * takes any free one.")] = (
        "tcp://127.0.0.1:5711"
    ),
) -> None:
    """Keep the record: receive sessions, acknowledge what is committed, seal what is whole."""
    from telemetry.recorder import run_recorder

    run_recorder(data, bind)
