"""A participant's body on a sheet that a therapist looks over: from outside, as its owner sees it, hands and feet.

Seated, without the room, so that nothing hides it. Drawn offscreen with everything switched on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d import core

from telemetry.messages import Appearance, Measures
from vrrehab import geometry
from vrrehab.body.build import USUAL_STATURE_M, Build
from vrrehab.body.hands import RELAXED, hand_pose
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side
from vrrehab.body.tracking import Tracker
from vrrehab.session.view import View
from vrrehab.stage.avatar import body_model
from vrrehab.stage.lettering import font_file
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import take
from vrrehab.stage.stage import Stage

Picture = NDArray[np.uint8]

_PANEL, _CAPTION, _TITLE, _COLUMNS = 480, 34, 52, 3
_PAPER, _INK = 0.96, 0.15
#: The seat is so high that thighs lie level: knees are at this share of stature (Drillis and Contini 1966).
_KNEE_HEIGHT = 0.285
#: Wrist to the middle finger's tip, of stature; the same source. The canonical hand has it at the usual stature.
_HAND_LENGTH = 0.108
_PALMS_UP = np.array([0.0, 0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Shot:
    """Where the camera is and what it looks at, from the middle of the hips; None for the person's own eyes.

    Lengths are metres for a person of usual stature, and grow with it.
    """

    caption: str
    camera: tuple[float, float, float] | None
    at: tuple[float, float, float]
    field_of_view_deg: float
    #: Wrists, as if each were the right one, from the middle of the hips.
    wrists: tuple[float, float, float] = (0.16, 0.14, -0.36)
    palms_up: bool = False


_HANDS = (0.13, 0.3, -0.4)
SHOTS = (
    Shot("From the front", (0.45, 0.45, -2.4), (0.0, 0.0, -0.2), 34.0),
    Shot("From the side", (2.3, 0.3, -0.25), (0.0, 0.02, -0.2), 34.0),
    Shot("Looking down at oneself", None, (0.0, 0.02, -0.42), 66.0),
    Shot("Both hands, backs", (0.0, 0.85, -0.45), (0.0, 0.3, -0.5), 43.0, _HANDS),
    Shot("Both hands, palms", (0.0, 0.85, -0.45), (0.0, 0.3, -0.5), 43.0, _HANDS, palms_up=True),
    Shot("Feet", (0.25, 0.15, -1.1), (0.0, -0.36, -0.45), 37.0),
)


def portrait(title: str, appearance: Appearance, measures: Measures) -> Picture:
    """The sheet (height, width, 3). Raises `NotPossible` for a description of no person."""
    stage = Stage("therapy_room", Tier.FULL, appearance=appearance, measures=measures)
    stage.root.find("what stands still").hide()
    stature_m = body_model(appearance, measures).stature_m
    hand_m = measures.hand_m or _HAND_LENGTH * stature_m
    pictures = []
    for shot in SHOTS:
        view = View(_seated(stage.build, stature_m, hand_m, shot))
        pictures.append(take(stage, view, (_PANEL, _PANEL), shot.field_of_view_deg))
    return _sheet(title, pictures)


def _seated(build: Build, stature_m: float, hand_m: float, shot: Shot) -> Body:
    """A body on a seat of the right height, its head where the camera is."""
    seen, body = Body.unseen(), Body.unseen()
    size, knees_m = stature_m / USUAL_STATURE_M, _KNEE_HEIGHT * stature_m
    eyes_m = knees_m + build.shoulders_above_hips + build.neck_above_shoulders + build.eyes_above_neck
    seen.poses[HEAD], seen.provenance[HEAD] = geometry.pose((0.0, eyes_m, 0.0)), Provenance.SCRIPTED
    hips = np.array([0.0, knees_m, build.eyes_before_neck])
    for side in Side:
        outward = 1.0 if side is Side.RIGHT else -1.0
        turn = geometry.yaw(outward * np.radians(8.0))
        if shot.palms_up:
            turn = geometry.quaternion_multiply(turn, _PALMS_UP)
        wrist = geometry.pose(hips + size * np.multiply(shot.wrists, (outward, 1.0, 1.0)), turn)
        hand = hand_pose(side, RELAXED)
        hand[:, :3] *= hand_m / (_HAND_LENGTH * USUAL_STATURE_M)
        seen.poses[HAND[side]] = geometry.compose(wrist, hand)
        seen.provenance[HAND[side]] = Provenance.SCRIPTED
    Tracker(eyes_m, build).update(seen, body, 0.0)
    camera = seen.poses[HEAD, :3] if shot.camera is None else hips + size * np.array(shot.camera)
    body.poses[HEAD] = _looking(camera, hips + size * np.array(shot.at))
    return body


def _looking(camera: NDArray[np.float64], at: ArrayLike) -> NDArray[np.float64]:
    """A camera's pose (7,) that looks at a point, upright."""
    z = camera - np.asarray(at)
    z /= np.linalg.norm(z)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    return geometry.pose(camera, geometry.quaternions_of(np.stack([x, np.cross(z, x), z], axis=1)))


def _sheet(title: str, pictures: list[Picture]) -> Picture:
    rows = -(-len(pictures) // _COLUMNS)
    height = _TITLE + rows * (_PANEL + _CAPTION)
    paper = core.PNMImage(_COLUMNS * _PANEL, height)
    paper.fill(_PAPER)
    _write(paper, title, 14, _TITLE - 16, 24)
    for i, shot in enumerate(SHOTS):
        row, column = divmod(i, _COLUMNS)
        _write(paper, shot.caption, 14 + column * _PANEL, _TITLE + (row + 1) * (_PANEL + _CAPTION) - 11, 17)
    texture = core.Texture()
    texture.load(paper)
    sheet = np.frombuffer(texture.get_ram_image_as("RGB"), np.uint8).reshape(height, _COLUMNS * _PANEL, 3)[::-1].copy()
    for i, picture in enumerate(pictures):
        row, column = divmod(i, _COLUMNS)
        top, left = _TITLE + row * (_PANEL + _CAPTION), column * _PANEL
        sheet[top : top + _PANEL, left : left + _PANEL] = picture
    return sheet


def _write(paper: core.PNMImage, text: str, x: int, y: int, pixels: int) -> None:
    """Text on the paper, its baseline beginning at (x, y) from the upper left."""
    maker = core.PNMTextMaker(core.Filename.from_os_specific(str(font_file())), 0)
    maker.set_pixel_size(pixels)
    maker.set_fg((_INK, _INK, _INK, 1.0))
    maker.generate_into(text, paper, x, y)
