"""`vrrehab participant add|show|list`: profiles, changed only through the recorder's own writer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from telemetry.messages import ConsentLevel, Limb, LimbLoss, Profile, SideName
from vrrehab.cli import Data, RecorderAddress, participant_app
from vrrehab.cli.connection import recorder_for

CODE = re.compile(r"[A-Z][A-Z0-9]{1,15}")
LANGUAGE = re.compile(r"[a-z]{2}")

#: Levels of loss by limb, from the end inwards.
LEVELS: dict[str, tuple[str, ...]] = {
    "hand": ("fingers", "partial_hand", "wrist"),
    "arm": ("forearm", "elbow", "upper_arm", "shoulder"),
    "foot": ("toes", "partial_foot", "ankle"),
    "leg": ("below_knee", "knee", "above_knee", "hip"),
}


def parse_loss(text: str) -> LimbLoss:
    """A limb loss from `side:limb:level`, as in `left:hand:wrist`."""
    parts = text.split(":")
    if len(parts) != 3 or parts[0] not in get_args(SideName) or parts[1] not in get_args(Limb):
        raise typer.BadParameter(f"expected side:limb:level such as left:hand:wrist, got {text!r}")
    side, limb, level = parts
    if level not in LEVELS[limb]:
        raise typer.BadParameter(f"expected a level of {limb} ({', '.join(LEVELS[limb])}), got {level!r}")
    return LimbLoss(side=side, limb=limb, level=level)  # type: ignore[arg-type]


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise typer.BadParameter(
            f"expected a code such as P001 (capital letter, then 1 to 15 capitals or digits), got {text!r}; "
            "never a name"
        )
    return text


Code = Annotated[str, typer.Argument(callback=_code, help="A code such as P001, never a name.")]


@participant_app.command()
def add(
    code: Code,
    data: Data,
    lost: Annotated[
        list[str], typer.Option(help="A lost limb as side:limb:level, e.g. left:hand:wrist; repeat for more.")
    ] = [],  # noqa: B006  # typer reads the default, nobody changes it
    consent: Annotated[str, typer.Option(help="care, research or open.")] = "care",
    language: Annotated[str, typer.Option(help="Two letters, e.g. en or de.")] = "en",
    recorder: RecorderAddress = None,
) -> None:
    """Add a participant, or change what is known of one."""
    if consent not in get_args(ConsentLevel):
        raise typer.BadParameter(f"expected consent {', '.join(get_args(ConsentLevel))}, got {consent!r}")
    if not LANGUAGE.fullmatch(language):
        raise typer.BadParameter(f"expected a language such as en or de, got {language!r}")
    losses = tuple(parse_loss(text) for text in lost)
    with recorder_for(data, recorder) as client:
        known = client.profile(code)
        profile = Profile(
            code=code,
            limb_losses=losses,
            consent=consent,  # type: ignore[arg-type]
            language=language,
            version=known.version + 1 if known else 1,
        )
        client.put_profile(profile)
    print(f"{code} {'changed' if known else 'added'} (version {profile.version})")


@participant_app.command()
def show(code: Code, data: Data, recorder: RecorderAddress = None) -> None:
    """Show one participant's profile."""
    with recorder_for(data, recorder) as client:
        profile = client.profile(code)
    if profile is None:
        raise typer.BadParameter(f"no participant {code} in {data}; see: vrrehab participant list")
    _print_profiles([profile])


@participant_app.command("list")
def list_all(data: Data, recorder: RecorderAddress = None) -> None:
    """List all participants."""
    with recorder_for(data, recorder) as client:
        _print_profiles(client.profiles())


def _print_profiles(profiles: Iterable[Profile]) -> None:
    table = Table("code", "lost limbs", "consent", "language", "version")
    for profile in profiles:
        losses = ", ".join(f"{loss.side} {loss.limb} ({loss.level})" for loss in profile.limb_losses)
        table.add_row(profile.code, losses or "none", profile.consent, profile.language, str(profile.version))
    Console().print(table)
