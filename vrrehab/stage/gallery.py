"""Pictures of the body for the documents: `python -m vrrehab.stage.gallery --out docs/pictures`.

Every level of loss, first person and from outside; the skin's tones; hands and feet from close by.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import Appearance
from vrrehab.body.alteration import Alteration, Wanted
from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import END, Chain, Limb
from vrrehab.body.loss import ARM_LEVELS, LEG_LEVELS, Loss
from vrrehab.body.phantom import POSTURES, shape_of
from vrrehab.body.skeleton import LEG, PELVIS, Body, Provenance, Side
from vrrehab.geometry import IDENTITY
from vrrehab.session.view import View
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import Hand, seated, seen_from, take, write
from vrrehab.stage.place import place_for
from vrrehab.stage.skin import MONK
from vrrehab.stage.stage import Stage
from vrrehab.tasks.demonstration import DemonstratingLeg

Picture = NDArray[np.uint8]

_PLACE = "therapy_room"
_TILE = (480, 400)
_LOST = Side.LEFT
#: A see-through virtual limb, and none: the residual limb alone.
_FAINT, _NONE = 0.55, 0.0


def resting(top_m: float, pitch_deg: float = 0.0) -> View:
    """Both hands on the table, one open and one half closed."""
    place = (0.15, top_m + 0.045, -0.40)
    return seated(pitch_deg, left=(place, 0.05, 14.0), right=(place, RELAXED, 14.0))


def arm_loss(level: str) -> Picture:
    """First person with a see-through virtual limb; the same, and the residual limb alone, from outside."""
    stage = Stage(_PLACE, Tier.FULL, losses=[Loss(_LOST, level)])
    top = stage.place.table.top_m
    near, far = ((-0.62, 1.22, -0.95), (-0.20, 0.95, -0.22)), 58.4

    def view(pitch_deg: float, opacity: float) -> View:
        made = resting(top, pitch_deg)
        made.opacity[_LOST] = opacity
        return made

    first = take(stage, view(-45.0, _FAINT), _TILE)
    outside = (take(stage, seen_from(view(0.0, opacity), *near), _TILE, far) for opacity in (_FAINT, _NONE))
    return np.hstack([first, *outside])


def leg_loss(level: str) -> Picture:
    """The same of a leg."""
    stage = Stage(place_for(_PLACE, legs=True), Tier.FULL, losses=[Loss(_LOST, level)])
    near, far = ((-1.25, 0.85, -0.95), (-0.05, 0.48, -0.42)), 63.8

    def view(pitch_deg: float, opacity: float) -> View:
        beside = ((0.30, 0.60, -0.16), RELAXED, 10.0)
        made = seated(pitch_deg, left=beside, right=beside)
        _stretch_out(made.virtual, _LOST)
        made.leg_opacity[_LOST] = opacity
        return made

    first = take(stage, view(-55.0, _FAINT), _TILE)
    outside = (take(stage, seen_from(view(0.0, opacity), *near), _TILE, far) for opacity in (_FAINT, _NONE))
    return np.hstack([first, *outside])


def _stretch_out(body: Body, side: Side) -> None:
    """The leg of one side before a body that sits, the foot off the floor."""
    outward = 1.0 if side is Side.RIGHT else -1.0
    hip = body.poses[PELVIS, :3] + [0.09 * outward, -0.02, -0.02]
    steps = [(0, 0, 0), (0.05 * outward, 0.0, -0.40), (0.01 * outward, -0.12, -0.38), (0.01 * outward, 0.06, -0.12)]
    body.poses[LEG[side], :3] = hip + np.cumsum(steps, axis=0)
    body.poses[LEG[side], 3:] = IDENTITY[3:]
    body.provenance[LEG[side]] = Provenance.SCRIPTED


def covered() -> Picture:
    """A cloth over a hand, over a forearm and over a leg."""
    tiles = []
    for level in ("wrist", "elbow", "above_knee"):
        arm = level in ARM_LEVELS
        stage = Stage(place_for(_PLACE, legs=not arm), Tier.FULL, losses=[Loss(_LOST, level)])
        if arm:
            view = resting(stage.place.table.top_m, -38.0)
            view.opacity[_LOST] = 0.0
        else:
            beside = ((0.30, 0.60, -0.16), RELAXED, 10.0)
            view = seated(-55.0, left=beside, right=beside)
            _stretch_out(view.virtual, _LOST)
            view.leg_opacity[_LOST] = 0.0
        view.cover = 1.0
        tiles.append(take(stage, view, _TILE))
    return np.hstack(tiles)


def tones() -> Picture:
    """Tones 1 to 10: the back of the left hand and the palm of the right one."""
    tiles = []
    for tone in range(1, len(MONK) + 1):
        stage = Stage(_PLACE, Tier.FULL, appearance=Appearance(tone=tone))
        top = stage.place.table.top_m
        left: Hand = ((0.075, top + 0.045, -0.42), 0.08, 6.0)
        right: Hand = ((0.075, top + 0.06, -0.42), 0.15, 6.0, 165.0)
        view = seen_from(seated(0.0, left=left, right=right), (0.0, top + 0.34, -0.40), (0.0, top, -0.485))
        tiles.append(take(stage, view, (384, 300), 65.9))
    return np.vstack([np.hstack(tiles[:5]), np.hstack(tiles[5:])])


def phantom_feet() -> Picture:
    """A left foot in each posture in which a phantom may be felt."""
    stage = Stage(place_for(_PLACE, legs=True), Tier.FULL)
    limb, tiles = Limb(Chain.LEG, Side.LEFT), []
    for posture in POSTURES[Chain.LEG]:
        view = seated(0.0)
        body = view.virtual
        hip = body.poses[PELVIS, :3] + [-0.09, -0.02, -0.02]
        DemonstratingLeg(limb.side).pose(hip, body.poses[limb.joints], knee=0.9)
        body.provenance[limb.joints] = Provenance.SCRIPTED
        Alteration(limb, shape_of(Chain.LEG, posture, {}, 0.0, (0.0, 0.0, 0.0), 2.0), 1.0).alter(
            body, Wanted(share=1.0), 0.0
        )
        x, y, z = body.poses[limb.joints.start + END[Chain.LEG], :3].tolist()
        there = seen_from(view, (x - 0.45, y + 0.18, z - 0.45), (x, y - 0.02, z - 0.10))
        tiles.append(take(stage, there, (300, 260), 26.0))
    return np.hstack(tiles)


def close() -> dict[str, Picture]:
    """Hands and feet as near as a person looks at their own."""
    stage = Stage(_PLACE, Tier.FULL)
    top = stage.place.table.top_m
    up = top + 0.08
    backs, feet = resting(top), resting(top)
    palms = seated(0.0, left=((0.15, up, -0.40), 0.1, 14.0, 165.0), right=((0.15, up, -0.40), RELAXED, 14.0, 165.0))
    return {
        "hands": take(stage, seen_from(backs, (0.0, top + 0.36, -0.22), (0.0, top, -0.46)), (960, 640), 50.9),
        "palms": take(stage, seen_from(palms, (0.0, top + 0.42, -0.22), (0.0, top, -0.44)), (960, 640), 50.9),
        "feet": take(stage, seen_from(feet, (0.05, 0.55, -1.0), (0.05, 0.03, -0.55)), (960, 640), 53.7),
    }


def levels() -> Iterable[str]:
    return (*ARM_LEVELS, *LEG_LEVELS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.gallery", description="Pictures of the body.")
    parser.add_argument("--out", type=Path, required=True, help="a folder, such as docs/pictures")
    parser.add_argument("--level", choices=sorted(levels()), help="only this level of loss")
    given = parser.parse_args()
    limbs = given.out / "limbs"
    limbs.mkdir(parents=True, exist_ok=True)
    for level in [given.level] if given.level else levels():
        write(arm_loss(level) if level in ARM_LEVELS else leg_loss(level), limbs / f"{level}.jpg")
    if given.level is None:
        write(tones(), given.out / "tones.jpg")
        write(phantom_feet(), given.out / "phantom_feet.jpg")
        write(covered(), given.out / "covered.jpg")
        for name, picture in close().items():
            write(picture, given.out / f"{name}.jpg")


if __name__ == "__main__":
    main()
