"""`vrrehab console`: the therapist's pages, and the accounts of those who use them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrrehab.cli import Data, RecorderAddress, app
from vrrehab.console import DEFAULT_PORT

console_app = typer.Typer(
    help="The therapist's console, in a browser.", invoke_without_command=True, rich_markup_mode=None
)
app.add_typer(console_app, name="console")

Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any free one.")]


@console_app.callback()
def console(
    context: typer.Context,
    data: Data,
    port: Port = DEFAULT_PORT,
    bind: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; one that others reach is served with TLS only.")
    ] = "127.0.0.1",
    name: Annotated[
        str, typer.Option(metavar="HOST", help="The name under which other computers reach this one.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The clinic's own certificate (PEM), instead of one made here.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The key of that certificate (PEM).")] = None,
    recorder: RecorderAddress = None,
    session: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Where a session on another computer shows itself, as it says there."),
    ] = None,
) -> None:
    """Serve the therapist's console until Ctrl-C; open the address that it says in a browser."""
    if context.invoked_subcommand is not None:
        return
    if (certificate is None) != (key is None):
        raise typer.BadParameter("give --certificate and --key together")
    require_console()
    from vrrehab.cli.disk import make_ready
    from vrrehab.console.app import Where, serve

    make_ready(data)
    serve(data, Where(bind, port, certificate, key, name), recorder=recorder, session=session)


@console_app.command()
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, such as anna.")],
    data: Data,
    role: Annotated[
        list[str],
        typer.Option(metavar="ROLE", help="therapist, observer, researcher or administrator; repeat for more."),
    ],
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, envvar="VRREHAB_PASSWORD", show_envvar=True,
            help="Asked for where it is not given.",
        ),
    ],
) -> None:  # fmt: skip
    """Add an account to the console, also while it runs."""
    require_console()
    from vrrehab.console.app import accounts_file
    from vrrehab.console.people import People
    from vrrehab.console.rights import Role

    unknown = [each for each in role if each not in set(Role)]
    if unknown:
        raise typer.BadParameter(f"expected a role of {', '.join(Role)}, got {unknown[0]!r}", param_hint="--role")
    people = People(accounts_file(data))
    try:
        people.add(name, password, [Role(each) for each in role], "command line")
    finally:
        people.close()
    print(f"{name} may log in")


def require_console() -> None:
    """Raises `NotPossible` where the extra that the console is built on is not installed."""
    import importlib.util

    from vrrehab.errors import NotPossible

    missing = [each for each in ("nicegui", "argon2", "cryptography", "PIL") if importlib.util.find_spec(each) is None]
    if missing:
        raise NotPossible(f"The console needs {', '.join(missing)}. Install it with: pip install 'vrrehab[console]'")
