"""Pictures of a place as the participant sees it, for the documents: `python -m vrrehab.stage.picture --help`.

Draws offscreen with everything switched on and averages the picture down, so that its edges are smooth on any machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab import geometry
from vrrehab.body.build import USUAL
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.limb import CHAIN_OF, Limb
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side
from vrrehab.body.tracking import Tracker
from vrrehab.language import load_language
from vrrehab.session.answering import Answering, panel_in_front_of
from vrrehab.session.questions import PAIN, load_question
from vrrehab.session.view import Target, TargetState, View
from vrrehab.stage.displays.flat import FIELD_OF_VIEW_DEG
from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.material import Tier
from vrrehab.stage.stage import Stage
from vrrehab.tasks.definition import load_task
from vrrehab.tasks.laterality import Laterality, Trial
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import LateralityRule

_EYE_HEIGHT_M = 1.2
_EYES_FROM_NECK = np.array([0.0, USUAL.eyes_above_neck, -USUAL.eyes_before_neck])
_SUPERSAMPLED = 2
#: Frames drawn before the picture is taken, in which targets reach their colours.
_SETTLING = 60

#: A hand lying before the body: its wrist's place as if it were the right one, how far it is closed, and how far its
#: fingers are turned inward; and, where it is given, how far its palm is turned up.
Hand = tuple[tuple[float, float, float], float, float] | tuple[tuple[float, float, float], float, float, float]


def seated(pitch_deg: float, yaw_deg: float = 0.0, **hands: Hand) -> View:
    """A view of a person who sits, looks `pitch_deg` up and `yaw_deg` to the left, and has the hands that are given."""
    seen = Body.unseen()
    turn = geometry.quaternion_multiply(geometry.yaw(np.radians(yaw_deg)), _nod(np.radians(pitch_deg)))
    neck = np.array([0.0, _EYE_HEIGHT_M, 0.0]) - _EYES_FROM_NECK
    seen.poses[HEAD] = geometry.pose(neck + geometry.rotate(turn, _EYES_FROM_NECK), turn)
    seen.provenance[HEAD] = Provenance.SCRIPTED
    for name, (place, closure, inward_deg, *palm_up_deg) in hands.items():
        side = Side(name)
        outward = 1.0 if side is Side.RIGHT else -1.0
        half = -outward * np.radians(palm_up_deg[0] if palm_up_deg else 0.0) / 2
        roll = np.array([0.0, 0.0, np.sin(half), np.cos(half)])
        turned = geometry.quaternion_multiply(geometry.yaw(outward * np.radians(inward_deg)), roll)
        wrist = geometry.pose(np.multiply(place, (outward, 1, 1)), turned)
        seen.poses[HAND[side]] = geometry.compose(wrist, hand_pose(side, closure))
        seen.provenance[HAND[side]] = Provenance.SCRIPTED
    virtual = Body.unseen()
    Tracker(_EYE_HEIGHT_M).update(seen, virtual, 0.0)
    return View(virtual)


def _nod(angle: float) -> NDArray[np.float64]:
    return np.array([np.sin(angle / 2), 0.0, 0.0, np.cos(angle / 2)])


def resting(top_m: float) -> View:
    """Both hands on the table, one open and one half closed, the instruction on the board."""
    lying = top_m + 0.045
    view = seated(-24.0, left=((0.16, lying, -0.40), 0.05, 14.0), right=((0.16, lying, -0.40), RELAXED, 14.0))
    view.title, view.count = "Open and close", "3 of 8"
    view.text = "Open both hands wide, then close them gently. Take your time."
    return view


def looking(top_m: float) -> View:
    """Resting, and looking round."""
    lying = top_m + 0.045
    view = seated(-9.0, left=((0.16, lying, -0.40), 0.25, 14.0), right=((0.16, lying, -0.40), RELAXED, 14.0))
    view.title, view.text = "A short rest", "Let your hands rest and look round. We go on when you are ready."
    return view


def reaching(top_m: float) -> View:
    """One hand at a lit target."""
    view = seated(
        -26.0,
        left=((0.16, top_m + 0.045, -0.40), RELAXED, 14.0),
        right=((0.10, top_m + 0.12, -0.44), 0.15, 8.0),
    )
    view.title, view.text, view.count = "Reach and touch", "Touch the lit ball with your fingertip.", "2 of 8"
    for x, y, z, state in (
        (-0.26, 0.16, -0.62, TargetState.WAITING),
        (0.06, 0.18, -0.66, TargetState.ACTIVE),
        (0.34, 0.12, -0.58, TargetState.TOUCHED),
    ):
        view.targets.append(Target(np.array([x, top_m + y, z]), 0.045, state))
    return view


def asked(top_m: float) -> View:
    """The question after a task, an answer being looked at."""
    lying = top_m + 0.045
    view = seated(-16.0, left=((0.16, lying, -0.40), 0.05, 14.0), right=((0.16, lying, -0.40), RELAXED, 14.0))
    view.title, view.count = "Open and close", "8 of 8"
    panel = Answering(load_question(PAIN), panel_in_front_of(view.virtual.poses[HEAD]), (Side.LEFT,)).panel
    panel.aimed, panel.progress = "4", 0.55
    view.panel = panel
    return view


def judging(limb: str, trial: Trial) -> Callable[[float], View]:
    """A hand or a foot by itself, and the board that asks whether it is a left or a right one."""

    def view_of(top_m: float) -> View:
        lying = top_m + 0.045
        view = seated(-14.0, left=((0.16, lying, -0.40), 0.1, 14.0), right=((0.16, lying, -0.40), RELAXED, 14.0))
        task, chain = load_task(f"left_or_right_{limb}"), CHAIN_OF[limb]
        assert isinstance(task.rule, LateralityRule)
        view.title, view.text, view.count = task.title, task.instruction, "7 of 24"
        performer = Performer(Limb(chain, Side.LEFT), np.zeros(3), head=view.virtual.poses[HEAD])
        asking = Laterality(task.rule, performer)
        asking.show(trial)
        view.panel, view.lone = asking.panel, asking.lone
        if view.lone is not None:
            view.lone.opacity = 1.0
        return view

    return view_of


def described(top_m: float) -> View:
    """Words for the pain in German, two of them chosen."""
    view = seated(-16.0)
    where = panel_in_front_of(view.virtual.poses[HEAD])
    view.panel = Answering(load_question("pain_quality"), where, (Side.LEFT,), load_language("de").say).panel
    view.panel.marked = frozenset(("burning", "electric"))
    view.panel.aimed, view.panel.progress = "cramping", 0.4
    return view


SCENES: dict[str, Callable[[float], View]] = {
    "looking": looking,
    "resting": resting,
    "reaching": reaching,
    "asked": asked,
    "described": described,
    "judging_hand": judging("hand", Trial(Side.LEFT, "relaxed", "palm", 90.0)),
    "judging_foot": judging("foot", Trial(Side.RIGHT, "flat", "top", 0.0)),
}


def seen_from(view: View, eye: tuple[float, float, float], at: tuple[float, float, float]) -> View:
    """The same view through an eye elsewhere, looking `at` a place: the body stays where it is."""
    back = np.subtract(eye, at)
    turn = geometry.quaternion_multiply(
        geometry.yaw(np.arctan2(back[0], back[2])), _nod(-np.arctan2(back[1], np.hypot(back[0], back[2])))
    )
    view.virtual.poses[HEAD] = geometry.pose(eye, turn)
    return view


def take(
    stage: Stage,
    view: View,
    size: tuple[int, int] = (1280, 960),
    field_of_view_deg: float = FIELD_OF_VIEW_DEG,
) -> NDArray[np.uint8]:
    """The picture of one view, (height, width, 3)."""
    n = _SUPERSAMPLED
    display = OffscreenDisplay(stage, (n * size[0], n * size[1]), field_of_view_deg=field_of_view_deg)
    try:
        for _ in range(_SETTLING):
            stage.update(view)
        frame = display.wait()
        assert frame is not None
        display.draw(frame, view)
        picture = display.picture().astype(np.uint16)
    finally:
        display.close()
    return (picture.reshape(size[1], n, size[0], n, 3).sum(axis=(1, 3)) // (n * n)).astype(np.uint8)


def write(picture: NDArray[np.uint8], path: Path) -> None:
    height, width, _ = picture.shape
    image = core.PNMImage(width, height, 3)
    image.fill(0)
    texture = core.Texture()
    texture.setup_2d_texture(width, height, core.Texture.T_unsigned_byte, core.Texture.F_rgb)
    texture.set_ram_image(np.ascontiguousarray(picture[::-1, :, ::-1]).tobytes())
    texture.store(image)
    if not image.write(core.Filename.from_os_specific(str(path))):
        raise OSError(f"Expected to write {path}, but it could not be written; check that its folder is there.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.picture", description="A picture of a place.")
    parser.add_argument("--place", default="therapy_room")
    parser.add_argument("--scene", choices=sorted(SCENES), default="resting")
    parser.add_argument("--hour", type=float, default=13.0, help="the time of day: 8 morning, 13 noon, 19 evening")
    parser.add_argument("--out", type=Path, required=True, help="a .png file")
    given = parser.parse_args()
    stage = Stage(given.place, Tier.FULL)
    view = SCENES[given.scene](stage.place.table.top_m)
    view.ambience.hour_h = given.hour
    write(take(stage, view), given.out)


if __name__ == "__main__":
    main()
