"""What the command line says of a person's body, phantom limbs and trackers: read, checked, and told again in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

import msgspec
import typer

from telemetry.messages import Appearance, Limb, Measures, PhantomShape, Profile, SideName, TrackerMount

DEVICE = re.compile(r"/user(/[a-z0-9_]+)+")
#: How each measure is called when it is told.
_MEASURED = {
    "stature_m": "stature",
    "seated_eye_height_m": "seated eye height",
    "reach_m": "reach",
    "hand_m": "hand",
    "shin_m": "shin",
}
Record = TypeVar("Record", Appearance, Measures)
_AXES = (("right", "left"), ("up", "down"), ("back", "forward"))


@dataclass(frozen=True, slots=True)
class SaidPhantom:
    """A phantom limb as it was said; `shape` is None where nothing is to be kept of it any more."""

    limb: Limb
    side: SideName
    shape: PhantomShape | None


def parse_phantom(text: str) -> SaidPhantom:
    """A phantom's shape from `side:limb:posture[:telescoping][:movement=radians ...][:at=right,up,back]`."""
    from vrrehab.body.limb import CHAIN_OF
    from vrrehab.body.phantom import POSTURES, shape_of
    from vrrehab.errors import UnknownName

    parts = text.split(":")
    if len(parts) < 3 or parts[0] not in get_args(SideName) or parts[1] not in CHAIN_OF:
        raise typer.BadParameter(
            f"expected side:limb:posture such as left:hand:clenched or left:hand:clenched:0.4, got {text!r}"
        )
    side, limb, posture, *more = parts
    if posture == "none":
        return SaidPhantom(limb, side, None)  # type: ignore[arg-type]
    if posture not in POSTURES[CHAIN_OF[limb]]:
        known = ", ".join(POSTURES[CHAIN_OF[limb]])
        raise typer.BadParameter(f"expected a posture of a {limb} ({known}; or none), got {posture!r}")
    telescoping, offset = 0.0, (0.0, 0.0, 0.0)
    joints: dict[str, float] = {}
    for part in more:
        name, said, value = part.partition("=")
        if not said:
            telescoping = _number(part, "the telescoping from 0 (full length) to 1 (at the stump)", 0.0, 1.0)
        elif name == "at":
            offset = _place(value)
        else:
            joints[name] = _number(value, f"{name} in radians", -math.pi, math.pi)
    try:
        shape_of(CHAIN_OF[limb], posture, joints, telescoping, offset, 2.0)
    except UnknownName as error:
        raise typer.BadParameter(str(error)) from None
    return SaidPhantom(
        limb,  # type: ignore[arg-type]
        side,  # type: ignore[arg-type]
        PhantomShape(
            limb=limb,  # type: ignore[arg-type]
            side=side,  # type: ignore[arg-type]
            posture=posture,
            joints_rad=joints,
            telescoping=telescoping,
            offset_m=offset,
        ),
    )


def parse_tracker(text: str) -> TrackerMount:
    """Where a device is strapped, from `joint:device`; right at the joint, as long as nobody has measured it."""
    from vrrehab.body.mounting import MOUNTABLE

    joint, _, device = text.partition(":")
    if joint not in MOUNTABLE:
        raise typer.BadParameter(
            f"expected joint:device such as left_ankle:/user/hand/left (joints: {', '.join(MOUNTABLE)}), got {text!r}"
        )
    if not DEVICE.fullmatch(device):
        raise typer.BadParameter(f"expected a device's path such as /user/hand/left after the joint, got {device!r}")
    return TrackerMount(joint=joint, device=device)


def with_said(
    profile: Profile,
    appearance: Mapping[str, float | int | None],
    measures: Mapping[str, float | None],
    phantoms: Iterable[SaidPhantom],
    trackers: Iterable[TrackerMount],
) -> Profile:
    """The profile with what was said put in the place of what it said before; None leaves things as they are.

    Raises `typer.BadParameter` for a phantom of a limb that the profile does not say is lost.
    """
    from vrrehab.session.plan import limb_of, lost_limbs

    shapes = {limb_of(shape.limb, shape.side): shape for shape in profile.phantom_shapes}
    for said in phantoms:
        limb = limb_of(said.limb, said.side)
        if limb not in lost_limbs(profile):
            lost = ", ".join(f"{loss.side} {loss.limb}" for loss in profile.limb_losses) or "nothing"
            raise typer.BadParameter(
                f"expected a phantom of a limb that {profile.code} has lost ({lost}), got {said.side} {said.limb}; "
                f"say that it is lost with --lost {said.side}:{said.limb}:..."
            )
        shapes.pop(limb, None)
        if said.shape is not None:
            shapes[limb] = said.shape
    mounts = list(profile.tracker_mounts)
    for mount in trackers:
        mounts = [each for each in mounts if each.joint != mount.joint and each.device != mount.device]
        mounts.append(mount)
    return msgspec.structs.replace(
        profile,
        appearance=_changed(profile.appearance, appearance),
        measures=_changed(profile.measures, measures),
        phantom_shapes=tuple(shapes.values()),
        tracker_mounts=tuple(mounts),
    )


def _changed(record: Record, said: Mapping[str, float | int | None]) -> Record:
    return msgspec.structs.replace(record, **{name: value for name, value in said.items() if value is not None})


def in_words(profile: Profile) -> Iterator[str]:
    """A line for each thing that the profile says beyond losses and consent."""
    look = profile.appearance
    if look != Appearance():
        yield (
            f"body: sex {look.sex:g}, {look.age_years:g} years, weight {look.weight:g}, muscle {look.muscle:g}, "
            f"proportions {look.proportions:g}, skin tone {look.tone}"
        )
    measured = [
        f"{words} {value:.2f} m" for name, words in _MEASURED.items() if (value := getattr(profile.measures, name))
    ]
    if measured:
        yield f"measured: {', '.join(measured)}"
    if profile.pain_ceiling is not None:
        yield f"their session comes to rest at pain {profile.pain_ceiling:g}"
    for shape in profile.phantom_shapes:
        yield f"phantom {shape.side} {shape.limb}: {', '.join(_felt(shape))}"
    for mount in profile.tracker_mounts:
        yield f"{mount.device} is strapped to {mount.joint}"


def _felt(shape: PhantomShape) -> Iterator[str]:
    yield shape.posture.replace("_", " ")
    for name, angle in shape.joints_rad.items():
        yield f"{name.replace('_', ' ')} {angle:+.2f} rad"
    if shape.telescoping:
        yield f"telescoped by {100 * shape.telescoping:.0f} %"
    for at, (positive, negative) in zip(shape.offset_m, _AXES, strict=True):
        if at:
            yield f"{100 * abs(at):.0f} cm {positive if at > 0 else negative}"


def _number(text: str, what: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise typer.BadParameter(f"expected {what}, got {text!r}")
    return value


def _place(text: str) -> tuple[float, float, float]:
    parts = text.split(",")
    if len(parts) != 3:
        raise typer.BadParameter(f"expected at=right,up,back in metres such as at=0.02,0,-0.05, got {text!r}")
    x, y, z = (_number(part, "a place within 0.3 m", -0.3, 0.3) for part in parts)
    return x, y, z
