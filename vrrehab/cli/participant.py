"""`vrrehab participant add|show|list`: profiles, changed only through the recorder's own writer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, get_args

import msgspec
import typer

from telemetry.messages import ConsentLevel, Limb, LimbLoss, Profile, SideName, TrackerMount
from vrrehab.cli import Data, RecorderAddress, app
from vrrehab.cli.person import SaidPhantom, in_words, parse_phantom, parse_tracker, with_said

participant_app = typer.Typer(
    help="Add, change, show and list participants.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(participant_app, name="participant")

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
        raise typer.BadParameter(
            f"expected side:limb:level such as left:hand:wrist (limbs: {', '.join(LEVELS)}), got {text!r}"
        )
    side, limb, level = parts
    if level not in LEVELS[limb]:
        raise typer.BadParameter(f"expected a level of {limb} ({', '.join(LEVELS[limb])}), got {level!r}")
    return LimbLoss(side=side, limb=limb, level=level)  # type: ignore[arg-type]


def checked_code(text: str) -> str:
    """The code, if it is one; it becomes a folder's name, and nobody's own name must."""
    if not CODE.fullmatch(text):
        raise typer.BadParameter(
            f"expected a code such as P001 (a capital letter, then 1 to 15 capitals or digits; never a name), "
            f"got {text!r}"
        )
    return text


def _checked_language(text: str | None) -> str | None:
    if text is not None and not LANGUAGE.fullmatch(text):
        raise typer.BadParameter(f"expected two letters such as en or de, got {text!r}")
    return text


Code = Annotated[str, typer.Argument(metavar="CODE", callback=checked_code, help="Such as P001, never a name.")]


@participant_app.command()
def add(
    code: Code,
    data: Data,
    lost: Annotated[
        list[LimbLoss] | None,
        typer.Option(
            metavar="SIDE:LIMB:LEVEL", parser=parse_loss, help="A lost limb, e.g. left:hand:wrist; repeat for more."
        ),
    ] = None,
    consent: Annotated[ConsentLevel | None, typer.Option(help="What the record is for; at first: care.")] = None,
    language: Annotated[
        str | None, typer.Option(metavar="LETTERS", callback=_checked_language, help="Two letters; at first: en.")
    ] = None,
    sex: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="Of the virtual body: 0 female to 1 male.")
    ] = None,
    age: Annotated[float | None, typer.Option(min=16, max=110, metavar="YEARS", help="Of the virtual body.")] = None,
    weight: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="0 thin, 0.5 average, 1 heavy.")
    ] = None,
    muscle: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="0 slight, 0.5 average, 1 strong.")
    ] = None,
    proportions: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="0 uncommon, 0.5 average, 1 ideal.")
    ] = None,
    tone: Annotated[
        int | None, typer.Option(min=1, max=10, metavar="1..10", help="Of the skin, on Monk's scale, 1 lightest.")
    ] = None,
    stature: Annotated[float | None, typer.Option(min=0.5, max=2.5, metavar="M", help="Standing height.")] = None,
    eye_height: Annotated[
        float | None, typer.Option(min=0.5, max=1.8, metavar="M", help="Of the eyes over the floor, seated.")
    ] = None,
    reach: Annotated[
        float | None, typer.Option(min=0.25, max=1.0, metavar="M", help="Shoulder to wrist, arm straight.")
    ] = None,
    hand: Annotated[
        float | None, typer.Option(min=0.08, max=0.3, metavar="M", help="Wrist to the middle finger's tip.")
    ] = None,
    shin: Annotated[float | None, typer.Option(min=0.15, max=0.7, metavar="M", help="Knee to ankle.")] = None,
    phantom: Annotated[
        list[SaidPhantom] | None,
        typer.Option(
            metavar="SIDE:LIMB:POSTURE[:TELESCOPING]",
            parser=parse_phantom,
            help="How a phantom is felt, e.g. left:hand:clenched or left:hand:clenched:0.4; then, each after a colon, "
            "joints in radians (wrist_flexion=0.5) and a place in metres (at=0.02,0,-0.05); none forgets it. "
            "Repeat for more.",
        ),
    ] = None,
    tracker: Annotated[
        list[TrackerMount] | None,
        typer.Option(
            metavar="JOINT:DEVICE",
            parser=parse_tracker,
            help="A device strapped right at a joint, e.g. left_ankle:/user/hand/left; repeat for more.",
        ),
    ] = None,
    ceiling: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=10.0, metavar="0..10", help="Pain at which their session comes to rest; 0 forgets it."
        ),
    ] = None,
    recorder: RecorderAddress = None,
) -> None:
    """Add a participant, or change what is said here of one and leave the rest."""
    from vrrehab.cli.connection import keep_copy, recorder_for

    with recorder_for(data, recorder, new=True) as client:
        known = client.profile(code)
        before = known or Profile(code=code, version=0)
        profile = msgspec.structs.replace(
            before,
            limb_losses=before.limb_losses if lost is None else tuple(dict.fromkeys(lost)),
            consent=consent or before.consent,
            language=language or before.language,
            pain_ceiling=before.pain_ceiling if ceiling is None else ceiling or None,
            version=before.version + 1,
        )
        look = {"sex": sex, "age_years": age, "weight": weight, "muscle": muscle, "proportions": proportions}
        measured = {"seated_eye_height_m": eye_height, "reach_m": reach, "hand_m": hand, "shin_m": shin}
        profile = with_said(
            profile, {**look, "tone": tone}, {"stature_m": stature, **measured}, phantom or (), tracker or ()
        )
        client.put_profile(profile)
    keep_copy(data, profile)
    print(f"{code} {'changed' if known else 'added'}: {_in_words(profile)}")


@participant_app.command()
def show(code: Code, data: Data, recorder: RecorderAddress = None) -> None:
    """Show one participant and how many sessions there were."""
    from vrrehab.cli.connection import known_profile, recorder_for

    with recorder_for(data, recorder) as client:
        profile = known_profile(client, data, code)
        sessions = client.history(code)
    _print([profile])
    for line in in_words(profile):
        print(f"  {line}")
    for past in sessions:
        print(f"  {past.session_id}  {past.programme}, {past.mode}, {past.status}, tasks: {past.task_runs}")


@participant_app.command("list")
def list_all(data: Data, recorder: RecorderAddress = None) -> None:
    """List all participants."""
    from vrrehab.cli.connection import recorder_for

    with recorder_for(data, recorder) as client:
        _print(client.profiles())


def _print(profiles: Iterable[Profile]) -> None:
    for profile in profiles:
        print(f"{profile.code}  {_in_words(profile)}")


def _in_words(profile: Profile) -> str:
    losses = ", ".join(f"{loss.side}:{loss.limb}:{loss.level}" for loss in profile.limb_losses) or "nothing"
    return f"lost {losses}; consent {profile.consent}; language {profile.language}; version {profile.version}"
