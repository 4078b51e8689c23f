"""`vrrehab avatar preview`: what a participant will see as their body, without a headset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrrehab.cli import Data, RecorderAddress, app
from vrrehab.cli.participant import checked_code

if TYPE_CHECKING:
    from telemetry.messages import Profile

avatar_app = typer.Typer(help="The virtual body of a participant.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(avatar_app, name="avatar")


def _code_or_none(text: str | None) -> str | None:
    return None if text is None else checked_code(text)


@avatar_app.callback()
def avatar() -> None:
    """The virtual body of a participant."""


@avatar_app.command()
def preview(
    data: Data,
    participant: Annotated[
        str | None, typer.Option(metavar="CODE", help="The participant's code, e.g. P001.", callback=_code_or_none)
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead: a profile as JSON that is not kept yet.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A .png file; default: CODE.png here.")] = None,
    recorder: RecorderAddress = None,
) -> None:
    """Draw a participant's body on one sheet: from the front and the side, as they see it, hands and feet."""
    if (participant is None) == (profile is None):
        raise typer.BadParameter("give --participant or --profile, and one of them only")
    if profile is not None:
        chosen = _read(profile)
    out = out or Path(f"{participant or chosen.code}.png")
    if out.suffix.lower() != ".png":
        raise typer.BadParameter(f"expected a .png file, got {str(out)!r}", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"expected a folder that is there, got {str(out)!r}", param_hint="--out")
    if participant is not None:
        from vrrehab.cli.connection import known_profile, recorder_for

        with recorder_for(data, recorder) as client:
            chosen = known_profile(client, data, participant)
    from vrrehab.stage.picture import write
    from vrrehab.stage.portrait import portrait

    write(portrait(_title(chosen), chosen.appearance, chosen.measures), out)
    print(f"{chosen.code}'s body is drawn in {out}")


def _read(file: Path) -> Profile:
    import msgspec

    from telemetry.messages import Profile

    try:
        return msgspec.json.decode(file.read_bytes(), type=Profile)
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"expected a profile as JSON, but {file}: {error}", param_hint="--profile") from None


def _title(profile: Profile) -> str:
    look, stature_m = profile.appearance, profile.measures.stature_m
    size = "stature not measured" if stature_m is None else f"{stature_m:.2f} m"
    shares = ", ".join(f"{name} {getattr(look, name):g}" for name in ("weight", "muscle", "proportions"))
    sex = {0.0: "female", 1.0: "male"}.get(look.sex, f"{look.sex:g} from female to male")
    return f"{profile.code}: {sex}, {look.age_years:g} years, {size}, {shares}, tone {look.tone}"
