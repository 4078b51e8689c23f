"""What is written in the scene: the board on the wall, the panel that asks, the line that must be seen.

Each is told every frame what it should say, and builds itself again only when that reads differently.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.session.view import Button, Panel
from vrrehab.stage import lettering
from vrrehab.stage.engine import set_pose
from vrrehab.stage.lettering import CAPITAL_MIDDLE, CENTRE, LEFT, LINE_HEIGHT, RGB, RIGHT, Line, Plate
from vrrehab.stage.material import Materials
from vrrehab.stage.place import Board

_BUTTONS = 24

_PLATE: RGB = (0.20, 0.25, 0.27)
_BUTTON: RGB = (0.33, 0.40, 0.43)
_LETTERS: RGB = (0.97, 0.95, 0.91)
_QUIET_LETTERS: RGB = (0.80, 0.82, 0.80)
#: Of a button's height, how large its letters are at most, and how small they get for a longer neighbour's sake; and
#: how much of its width they take.
_LARGEST, _EASILY_READ, _LABEL_WIDTH = 0.46, 0.30, 0.86
#: What a long instruction is shrunk to on the board, a step after the other.
_SMALLER = (1.0, 0.93, 0.86, 0.79, 0.72)
_NOTICE_PLATE: RGB = (0.98, 0.90, 0.70)
_QUIET_PLATE: RGB = (0.74, 0.78, 0.76)
_NOTICE_LETTERS: RGB = (0.20, 0.16, 0.10)
#: Of a button: aimed at, the dwell's progress, chosen.
_STATES = ((0.41, 0.50, 0.54), (0.36, 0.58, 0.60), (0.13, 0.50, 0.47))


def rgb(colour: str) -> RGB:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


class _Sheet:
    """Plates and letters on one plane, drawn before limbs are so that a translucent hand shows what it covers."""

    def __init__(self, parent: core.NodePath, materials: Materials, name: str, *defines: str) -> None:
        self.root = parent.attach_new_node(name)
        self.root.set_shader(materials.shader("sign", *defines))
        self.root.set_bin("fixed", -20)
        self._shown = core.NodePath("nothing")
        looks = core.PTA_LVecBase4f.empty_array(_BUTTONS)
        #: (24, 4) float32: aimed, progress and chosen of each button, written in place.
        self.looks: NDArray[np.float32] = np.asarray(memoryview(looks))
        states = core.PTA_LVecBase4f.empty_array(len(_STATES))
        np.asarray(memoryview(states))[:, :3] = _STATES
        self.root.set_shader_input("button_look", looks)
        self.root.set_shader_input("sign_colours", states)
        self.root.set_transparency(core.TransparencyAttrib.M_alpha)
        self.root.set_depth_write(True)
        self.root.hide()
        #: How often this was set anew, for tests.
        self.settings = 0

    def set(self, plates: list[Plate], lines: list[Line]) -> None:
        self.settings += 1
        self._shown.remove_node()
        self._shown = lettering.sheet(plates, lines)
        self._shown.reparent_to(self.root)


class BoardSign:
    """The heading, the instruction and the count on the wall's board."""

    def __init__(
        self, parent: core.NodePath, materials: Materials, board: Board, pose: tuple[float, float, float, float]
    ) -> None:
        self._said = ("", "", "")
        self._sheet = _Sheet(parent, materials, "board", "STILL")
        self._sheet.root.show()
        self.stand(board, pose)

    def stand(self, board: Board, pose: tuple[float, float, float, float]) -> None:
        """Be another board, in another place."""
        self._board = board
        self._letters = rgb(board.letters)
        x, y, z, turn_deg = pose
        self._sheet.root.set_pos(x + 0.012 * np.sin(np.radians(turn_deg)), y, z + 0.012 * np.cos(np.radians(turn_deg)))
        self._sheet.root.set_h(turn_deg)
        self._set()

    @property
    def settings(self) -> int:
        return self._sheet.settings

    def say(self, title: str, text: str, count: str) -> None:
        said = self._said
        if title != said[0] or text != said[1] or count != said[2]:
            self._said = (title, text, count)
            self._set()

    def _set(self) -> None:
        title, text, count = self._said
        board = self._board
        em = 0.066 * board.width_m / 1.5
        margin = 1.3 * em
        left, top = -board.width_m / 2 + margin, board.height_m / 2 - margin
        wrap = board.width_m - 2 * margin
        heading = 1.28 * em * min(1.0, wrap / max(lettering.text_width(title, 1.28 * em, bold=True), 1e-6))
        lines = [
            Line(title, left, top - 1.0 * em, heading, self._letters, bold=True),
            Line(text, left, top - 3.1 * em, _fitting(text, em, wrap, 2 * top - 4.6 * em), self._letters, wrap_m=wrap),
            Line(count, -left, -top + 0.25 * em, 1.2 * em, self._letters, RIGHT),
        ]
        self._sheet.set([Plate(0, 0, board.width_m, board.height_m, rgb(board.colour))], lines)


def _fitting(text: str, em: float, wrap_m: float, room_m: float) -> float:
    """How large a text may be that has `room_m` from its first baseline down: smaller only where it is long."""
    for share in _SMALLER:
        if (lettering.rows(text, share * em, wrap_m) - 1) * LINE_HEIGHT * share * em <= room_m:
            return share * em
    return _SMALLER[-1] * em


class PanelSign:
    """A panel as the session made it: every button is drawn exactly where the session will look for it."""

    def __init__(self, parent: core.NodePath, materials: Materials) -> None:
        self._sheet = _Sheet(parent, materials, "panel")
        self._shown = False
        self._buttons: tuple[Button, ...] = ()
        # As bytes, which compare in a tenth of the time that numpy takes.
        self._pose = b""
        self._looks: tuple[object, ...] = ()
        self._words = ("", "", "")

    @property
    def settings(self) -> int:
        return self._sheet.settings

    def show(self, panel: Panel | None) -> None:
        root = self._sheet.root
        if (panel is None) is self._shown:
            self._shown = not self._shown
            root.show() if self._shown else root.hide()
        if panel is None:
            return
        if panel.buttons is not self._buttons or self._reads_differently(panel):
            self._set(panel)
        if (pose := panel.pose.tobytes()) != self._pose:
            self._pose = pose
            set_pose(root, panel.pose.tolist())
        looking = panel.aimed, panel.progress, panel.chosen, panel.marked, panel.buttons
        if looking != self._looks:
            self._looks = looking
            self._light(panel)

    def _light(self, panel: Panel) -> None:
        """Each button as it is aimed at, chosen or marked."""
        looks = self._sheet.looks
        looks[:] = 0.0
        for index, button in enumerate(panel.buttons):
            if button.name == panel.aimed:
                looks[index, 0] = 1.0
                looks[index, 1] = panel.progress
            if button.name == panel.chosen or button.name in panel.marked:
                looks[index, 2] = 1.0

    def _reads_differently(self, panel: Panel) -> bool:
        title, low, high = self._words
        return panel.title != title or panel.low_anchor != low or panel.high_anchor != high

    def _set(self, panel: Panel) -> None:
        if len(panel.buttons) > _BUTTONS:
            raise ValueError(f"Expected at most {_BUTTONS} buttons on a panel, got {len(panel.buttons)}.")
        self._buttons = panel.buttons
        self._words = (panel.title, panel.low_anchor, panel.high_anchor)
        plates = [Plate(0, 0, panel.width, panel.height, _PLATE)]
        plates += [Plate(b.x, b.y, b.width, b.height, _BUTTON, i) for i, b in enumerate(panel.buttons)]
        lines = _labels(panel.buttons) + _heading(panel) + _anchors(panel)
        self._sheet.set(plates, lines)


def _labels(buttons: tuple[Button, ...]) -> list[Line]:
    """Each button's label in its middle; those of one size have letters of one size, down to what can still be read."""
    fitting = {button: _fitting_em(button) for button in buttons}
    lines = []
    for button, fits in fitting.items():
        alike = min(em for b, em in fitting.items() if (b.width, b.height) == (button.width, button.height))
        em = min(fits, max(alike, _EASILY_READ * button.height))
        lines.append(Line(button.label, button.x, button.y - CAPITAL_MIDDLE * em, em, _LETTERS, CENTRE))
    return lines


def _fitting_em(button: Button) -> float:
    em = _LARGEST * button.height
    return em * min(1.0, _LABEL_WIDTH * button.width / max(lettering.text_width(button.label, em), 1e-6))


def _heading(panel: Panel) -> list[Line]:
    """The question, between the panel's upper edge and its first row of buttons."""
    top = panel.height / 2
    row = max((b.y + b.height / 2 for b in panel.buttons), default=-top)
    room = top - row
    wide = 0.92 * panel.width
    em = min(0.30 * room, 0.032)
    width = lettering.text_width(panel.title, em)
    # A little smaller rather than broken in two; if it must be two lines, then small enough for two.
    em *= min(1.0, max(wide / width, 0.72)) if width else 1.0
    lines = 1 if lettering.text_width(panel.title, em) <= 1.001 * wide else 2
    if lines == 2:
        em *= min(1.0, 1.8 * wide / lettering.text_width(panel.title, em))
    first = row + room / 2 + ((lines - 1) * 0.5 * LINE_HEIGHT - CAPITAL_MIDDLE) * em
    return [Line(panel.title, 0.0, first, em, _LETTERS, CENTRE, wrap_m=1.02 * wide)]


def _anchors(panel: Panel) -> list[Line]:
    """The words for the two ends, under the ends of the first button's row."""
    if not panel.buttons:
        return []
    y = panel.buttons[0].y
    row = [b for b in panel.buttons if b.y == y]
    left = min(b.x - b.width / 2 for b in row)
    right = max(b.x + b.width / 2 for b in row)
    em = 0.019 * panel.width / 0.6
    below = min(b.y - b.height / 2 for b in row) - 1.25 * em
    return [
        Line(panel.low_anchor, left, below, em, _QUIET_LETTERS, LEFT),
        Line(panel.high_anchor, right, below, em, _QUIET_LETTERS, RIGHT),
    ]


class NoticeSign:
    """One line held before the eyes, above the gaze where hands are not; it stays, in quieter colours, when the view
    fades to calm.
    """

    _DISTANCE_M, _ABOVE_M = 1.2, 0.45

    def __init__(self, parent: core.NodePath, materials: Materials) -> None:
        self._eyes = parent.attach_new_node("notice's eyes")
        self._sheet = _Sheet(self._eyes, materials, "notice", "NOTICE")
        self._sheet.root.set_pos(0, self._ABOVE_M, -self._DISTANCE_M)
        self._sheet.root.set_p(np.degrees(np.arctan2(self._ABOVE_M, self._DISTANCE_M)))
        self._sheet.root.set_depth_test(False)
        self._said, self._quiet = "", False

    def say(self, notice: str, head: NDArray[np.float64], quiet: bool = False) -> None:
        if notice != self._said or quiet is not self._quiet:
            self._said, self._quiet = notice, quiet
            if notice:
                self._set(notice)
                self._sheet.root.show()
            else:
                self._sheet.root.hide()
        if notice and not np.isnan(head[0]):
            set_pose(self._eyes, head.tolist())

    def _set(self, notice: str) -> None:
        em = 0.042
        colour = _QUIET_PLATE if self._quiet else _NOTICE_PLATE
        width = lettering.text_width(notice, em)
        lines = 1 if width < 1.0 else 2
        wrap = 1.02 * width if lines == 1 else max(1.0, 0.56 * width)
        plate = Plate(0, 0, min(width, wrap) + 2 * em, (lines * LINE_HEIGHT + 0.9) * em, colour)
        first = ((lines - 1) * 0.5 * LINE_HEIGHT - CAPITAL_MIDDLE) * em
        self._sheet.set([plate], [Line(notice, 0, first, em, _NOTICE_LETTERS, CENTRE, wrap_m=wrap)])
