"""`vrrehab keys make|show|allow|remove|list`: which computers may connect to this one, and how it proves itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrrehab.cli import Data, app

if TYPE_CHECKING:
    from telemetry.keys import Keyring

keys_app = typer.Typer(
    help="Make this computer's keys, and say which other computers may connect.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(keys_app, name="keys")


def _keyring(data: Path) -> Keyring:
    from vrrehab.cli.connection import keyring_of

    return keyring_of(data)


@keys_app.command()
def make(data: Data) -> None:
    """Make this computer's keys.

    The secret one stays here, readable by you alone; the public one is for the other computers.
    """
    keyring = _keyring(data)
    pair = keyring.make()
    print(f"public {pair.public.hex()}")
    print(f"The secret key is in {keyring.own_file}; keep it out of backups that others can read.")


@keys_app.command()
def show(data: Data) -> None:
    """Show this computer's public key, as `vrrehab keys allow` takes it on the other computer."""
    print(f"public {_keyring(data).own().public.hex()}")


@keys_app.command()
def allow(
    key: Annotated[str, typer.Argument(metavar="FILE|KEY", help="The other computer's public key, or a file with it.")],
    data: Data,
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call that computer, e.g. headset-1.")],
) -> None:
    """Let another computer connect to this one.

    Works at once, also while a recorder runs. To change a key, allow the new one before removing the old one.
    """
    from telemetry.keys import parse_key

    file = Path(key)
    _keyring(data).allow(parse_key(file.read_text() if file.is_file() else key), name)
    print(f"{name} may connect")


@keys_app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `vrrehab keys list` names it.")], data: Data
) -> None:
    """Let a computer connect no longer; a connection that it has open is cut."""
    _keyring(data).remove(name)
    print(f"{name} may connect no longer")


@keys_app.command("list")
def list_all(data: Data) -> None:
    """List the computers that may connect."""
    for name, key in _keyring(data).allowed().items():
        print(f"{name}  {key.hex()}")
