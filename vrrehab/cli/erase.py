"""`vrrehab erase CODE`: a person who asks for it is forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from vrrehab.cli import Data, app
from vrrehab.cli.participant import Code


@app.command()
def erase(
    code: Code,
    data: Data,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything about one participant, for good.

    Ratings, motion, profile and what was not delivered yet go; the recorder must not be running. The code itself is
    kept, so that whatever another computer still delivers of it is refused, and lost there too.
    """
    from telemetry.erasure import erase as erase_person

    if not yes:
        typed = typer.prompt(
            f"This cannot be undone. Type {code} to erase everything about {code}", default="", show_default=False
        )
        if typed != code:
            print("Nothing was erased.")
            raise typer.Exit(1)
    done = erase_person(data, code)
    print(f"{code} is erased: sessions gone: {len(done.sessions)}")
    print("Not reached from here:")
    for place in done.unreached:
        print(f"  {place}")
