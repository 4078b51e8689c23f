"""`vrrehab tracker mount|remove`: where a controller or tracker is strapped, measured and kept in the profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from telemetry.messages import TrackerMount
from vrrehab.cli import Data, RecorderAddress, app
from vrrehab.cli.participant import checked_code
from vrrehab.cli.person import DEVICE

tracker_app = typer.Typer(
    help="Strap a controller or tracker to a participant's limb.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(tracker_app, name="tracker")


def _checked_device(text: str) -> str:
    if not DEVICE.fullmatch(text):
        raise typer.BadParameter(
            f"expected a device's path such as /user/hand/left or /user/vive_tracker_htcx/role/left_foot, got {text!r}"
        )
    return text


def _checked_joint(text: str) -> str:
    from vrrehab.body.mounting import mounted_joint
    from vrrehab.errors import UnknownName

    try:
        mounted_joint(text)
    except UnknownName as error:
        raise typer.BadParameter(str(error)) from None
    return text


Participant = Annotated[
    str, typer.Option("--participant", metavar="CODE", callback=checked_code, help="The participant's code, e.g. P001.")
]
Joint = Annotated[
    str, typer.Option("--joint", metavar="JOINT", callback=_checked_joint, help="The joint it moves, e.g. left_ankle.")
]


@tracker_app.command()
def mount(
    data: Data,
    participant: Participant,
    joint: Joint,
    device: Annotated[
        str, typer.Option(metavar="PATH", callback=_checked_device, help="The device, e.g. /user/hand/left.")
    ],
    along: Annotated[
        float | None,
        typer.Option(
            metavar="CM",
            min=0,
            max=50,
            help="How far down the limb from the joint it is strapped; for shoulder, elbow and hip, by default half "
            "of the bone.",
        ),
    ] = None,
    recorder: RecorderAddress = None,
) -> None:
    """Measure how a device sits on a limb, and keep it in the profile.

    The participant wears the headset, looks straight ahead and sits as the command says, for a few seconds.
    """
    from vrrehab.body.mounting import joint_from_device
    from vrrehab.cli.connection import known_profile, recorder_for
    from vrrehab.cli.interruption import held_back
    from vrrehab.cli.strapping import watch
    from vrrehab.language import load_language
    from vrrehab.stage.avatar import body_model, build_of

    with recorder_for(data, recorder) as client:
        profile = known_profile(client, data, participant)
    with held_back() as interruption:
        devices, heads = watch(joint, device, interruption, load_language(profile.language))
    # As a session builds it.
    build = build_of(body_model(profile.appearance, profile.measures), profile.measures)
    found = joint_from_device(joint, devices, heads, build, along_m=None if along is None else along / 100)
    new = TrackerMount(joint=joint, device=device, joint_from_device=tuple(found.tolist()))

    def with_new(before: tuple[TrackerMount, ...]) -> tuple[TrackerMount, ...]:
        return (*(each for each in before if each.joint != joint and each.device != device), new)

    _change(data, recorder, participant, with_new)
    centre_cm = 100 * sum(part * part for part in new.joint_from_device[:3]) ** 0.5
    print(
        f"{participant}: {device} is strapped to {joint}, {centre_cm:.0f} cm from its centre ({len(devices)} frames)."
    )


@tracker_app.command()
def remove(data: Data, participant: Participant, joint: Joint, recorder: RecorderAddress = None) -> None:
    """Forget what is strapped to a joint; a controller is held in the hand again."""
    from vrrehab.errors import NotPossible

    def without(before: tuple[TrackerMount, ...]) -> tuple[TrackerMount, ...]:
        left = tuple(each for each in before if each.joint != joint)
        if left == before:
            said = ", ".join(each.joint for each in before) or "nothing"
            raise NotPossible(f"Expected a device on {joint} of {participant}, but there is none; on record: {said}.")
        return left

    _change(data, recorder, participant, without)
    print(f"{participant}: nothing is strapped to {joint} any more.")


def _change(
    data: Path,
    recorder: str | None,
    code: str,
    change: Callable[[tuple[TrackerMount, ...]], tuple[TrackerMount, ...]],
) -> None:
    from vrrehab.cli.connection import keep_copy, known_profile, recorder_for

    with recorder_for(data, recorder) as client:
        before = known_profile(client, data, code)
        profile = msgspec.structs.replace(
            before, tracker_mounts=change(before.tracker_mounts), version=before.version + 1
        )
        client.put_profile(profile)
    keep_copy(data, profile)
