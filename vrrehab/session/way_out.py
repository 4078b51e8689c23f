"""What the participant can do at any time without anybody's help: stop, hide the virtual limb, lay a cloth over it.

A small panel beside them, out of the way of every task, pressed by looking, touching, pinching or select; and, without
any panel, looking far up for a while stops. A nod or a shake of the head would not do: people nod and shake their heads
when they talk, and nobody who works at a table looks at the ceiling for two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, radians, sin

import numpy as np

from vrrehab import geometry
from vrrehab.body.single import dot, rotate
from vrrehab.body.skeleton import HEAD, Body, Side
from vrrehab.session.pressing import Pressing
from vrrehab.session.settings import Settings
from vrrehab.session.view import Button, Panel

STOP, HIDE, COVER = "stop", "hide", "cover"
#: Beside, below the eyes and ahead, metres: further out and higher than what tasks let people reach for.
_BESIDE_M, _BELOW_M, _AHEAD_M = 0.62, 0.10, 0.50
_WIDTH_M, _HEIGHT_M, _BUTTON = 0.25, 0.27, (0.21, 0.052)
_ROWS_M = (0.045, -0.023, -0.091)
#: Nothing of it is looked at from further away than this.
_NEAR = cos(radians(25.0))
_AHEAD = (0.0, 0.0, -1.0)


class WayOut:
    """panel: to be drawn, None while there is none."""

    def __init__(self, settings: Settings, hands: tuple[Side, ...], say: Callable[[str], str]) -> None:
        """`say` puts a text into the participant's language."""
        self._settings = settings
        self._hands = hands
        self._say = say
        self._pressing: Pressing | None = None
        self._made_for: tuple[object, ...] = ()
        self._up_s = 0.0
        self._toward = (0.0, 0.0, 0.0)

    @property
    def panel(self) -> Panel | None:
        return None if self._pressing is None else self._pressing.panel

    def forget(self) -> None:
        """It is not there, and is placed anew when it comes again."""
        self._pressing = None
        self._made_for = ()
        self._up_s = 0.0

    def step(self, elapsed_s: float, body: Body, selecting: bool, limb_shown: bool) -> str:
        """Take one frame of the tracked body in session space; what was asked for, empty for nothing.

        limb_shown: whether there is a virtual limb to hide or to cover.
        """
        if not body.has(HEAD):
            self._up_s = 0.0
            return ""
        x, y, z, *turn = body.poses[HEAD].tolist()
        gaze = rotate(turn, _AHEAD)
        if self._looked_up(elapsed_s, gaze[1]):
            return STOP
        settings = self._settings
        side = str(settings["way_out_side"])
        made_for = side, limb_shown, settings["limb_hidden"], settings["limb_covered"]
        if made_for != self._made_for:
            self._make(made_for, y)
        if self._pressing is None:
            return ""
        px, py, pz = self._toward
        away = (px - x, py - y, pz - z)
        if dot(gaze, away) < _NEAR * dot(away, away) ** 0.5:
            if self._pressing.panel.aimed is not None:
                self._pressing.again()
            return ""
        pressed = self._pressing.step(elapsed_s, settings.number("way_out_dwell_s"), body, selecting)
        if pressed is None:
            return ""
        self._pressing.again()
        return pressed.name

    def _looked_up(self, elapsed_s: float, height: float) -> bool:
        """Whether the head has been turned up for long enough; `height` is that of the unit vector of its gaze."""
        settings = self._settings
        up = bool(settings["look_up_to_stop"]) and height >= sin(radians(settings.number("look_up_deg")))
        self._up_s = self._up_s + elapsed_s if up else 0.0
        if self._up_s < settings.number("look_up_s"):
            return False
        self._up_s = 0.0
        return True

    def _make(self, made_for: tuple[object, ...], eye_height_m: float) -> None:
        side, limb_shown, hidden, covered = made_for
        if not self._made_for or self._made_for[0] != side:
            beside = _BESIDE_M if side == "right" else -_BESIDE_M
            self._toward = (beside, eye_height_m - _BELOW_M, -_AHEAD_M)
        self._made_for = made_for
        if side == "off":
            self._pressing = None
            return
        x, _, z = self._toward
        pose = geometry.pose(self._toward, geometry.yaw(np.float64(atan2(-x, -z))))
        say = self._say
        words = {STOP: say("Stop")}
        if limb_shown:
            words[HIDE] = say("Show") if hidden else say("Hide")
            words[COVER] = say("Uncover") if covered else say("Cover")
        rows = zip(words.items(), _ROWS_M, strict=False)
        buttons = tuple(Button(name, word, 0.0, up, *_BUTTON) for (name, word), up in rows)
        panel = Panel(pose, _WIDTH_M, _HEIGHT_M, say("If it is too much"), "", "", buttons)
        self._pressing = Pressing(panel, self._hands)
