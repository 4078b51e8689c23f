"""Asking how much it hurts: a 0-10 panel answered by looking, touching, pinching or a controller's select.

An answer is shown and confirmed before it counts, and can always be declined. Pure geometry and time: the
same panel that is drawn is the one that is hit.

The scale is the 11-point numeric rating scale of pain intensity, 0 "no pain" to 10 "worst pain imaginable"
(Dworkin et al. 2005, IMMPACT core outcome measures).
"""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Side, joint
from vrrehab.session.view import Button, Panel

SCALE = "NRS-11"
DECLINE = "decline"
CONFIRM = "confirm"
CHANGE = "change"

#: The panel stands this far in front of the participant, a little below the eyes, within reach of a bent arm.
DISTANCE_M = 0.5
BELOW_EYES_M = 0.16

_WIDTH_M, _HEIGHT_M = 0.60, 0.27
_PITCH_M = 0.051

_NUMBERS = tuple(Button(str(value), str(value), (value - 5) * _PITCH_M, 0.005, 0.046, 0.060) for value in range(11))
_DECLINE = Button(DECLINE, "I would rather not say", 0.0, -0.098, 0.26, 0.044)

#: A fingertip this close to the panel's plane is touching it, and must leave this far before it can touch
#: again.
_TOUCH_M, _UNTOUCH_M = 0.015, 0.04
#: After a choice a look has to go this far before it can choose again: what appears under a look that rests, such as
#: "yes" where "I would rather not say" was, must not be chosen by it too.
_LOOK_AWAY_M = 0.04
#: Thumb and index tips closer than this are a pinch, and further apart than this have let go.
_PINCH_M, _UNPINCH_M = 0.022, 0.035


class Answered(enum.Enum):
    GIVEN = "given"
    DECLINED = "declined"


class By(enum.StrEnum):
    """How an answer was given."""

    GAZE = "gaze"
    TOUCH = "touch"
    PINCH = "pinch"
    SELECT = "select"
    CONSOLE = "console"


def panel_in_front_of(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a panel stands for a head pose (7,): ahead in its heading, upright but tilted to meet the eyes."""
    heading = geometry.yaw(geometry.yaw_of(head[3:]))
    position = head[:3] + geometry.rotate(heading, np.array([0.0, -BELOW_EYES_M, -DISTANCE_M]))
    tilt = -np.arctan2(BELOW_EYES_M, DISTANCE_M)
    leaning_back = np.array([np.sin(tilt / 2), 0.0, 0.0, np.cos(tilt / 2)])
    return geometry.pose(position, geometry.quaternion_multiply(heading, leaning_back))


class PainQuestion:
    """One question on the panel. Call `step` every frame until `answer` is not None.

    A look must rest on a button for the dwell time; a pinch or a select takes the button looked at, a touch
    the button touched. Choosing a number asks for confirmation; there a press that chose must be let go
    before it can confirm, and a look must move on.
    """

    def __init__(self, head: NDArray[np.float64], hands: tuple[Side, ...], title: str) -> None:
        self._hands = hands
        self._aimed_for_s = 0.0
        self._looking_at: NDArray[np.float64] | None = None
        self._rests_at: NDArray[np.float64] | None = None
        # A press held while the question appears, or since the last choice, does nothing until it is let go.
        self._armed = {By.TOUCH: False, By.PINCH: False, By.SELECT: False}
        self.answer: Answered | None = None
        self.value: int | None = None
        self.by: By | None = None
        self.panel = Panel(
            panel_in_front_of(head), _WIDTH_M, _HEIGHT_M, title,
            "no pain", "worst pain imaginable", (*_NUMBERS, _DECLINE),
        )  # fmt: skip

    def step(self, elapsed_s: float, dwell_s: float, body: Body, selecting: bool) -> None:
        """Take one frame: the tracked body in session space and whether a controller's select is down."""
        panel = self.panel
        touched = self._press(By.TOUCH, *self._touch(body))
        self._looking_at = self._gaze(body)
        looked_at = self._button_at(self._looking_at)
        pinched = self._press(By.PINCH, *self._pinch(body))
        selected = self._press(By.SELECT, selecting, not selecting)
        if touched is not None:
            self._choose(touched, By.TOUCH)
            return
        aimed = looked_at.name if looked_at else None
        rests = self._rests()
        if aimed != panel.aimed or aimed == panel.chosen or rests:
            self._aimed_for_s = 0.0
        panel.aimed = aimed
        if aimed is None:
            panel.progress = 0.0
        elif pinched or selected:
            self._choose(aimed, By.PINCH if pinched else By.SELECT)
        elif aimed != panel.chosen and not rests:
            self._aimed_for_s += elapsed_s
            panel.progress = min(1.0, self._aimed_for_s / dwell_s)
            if self._aimed_for_s >= dwell_s:
                self._choose(aimed, By.GAZE)

    def _choose(self, name: str, by: By) -> None:
        """Take a press of the button `name`: an answer to be confirmed, a change of mind, or the
        confirmation.
        """
        panel = self.panel
        self._aimed_for_s = 0.0
        self._rests_at = self._looking_at
        panel.progress = 0.0
        if name == CONFIRM:
            self.by = by
            if panel.chosen == DECLINE:
                self.answer = Answered.DECLINED
            else:
                self.answer = Answered.GIVEN
                self.value = int(panel.chosen or "")
            return
        if name == CHANGE:
            panel.chosen = None
            panel.buttons = (*_NUMBERS, _DECLINE)
            return
        panel.chosen = name
        panel.buttons = (*_NUMBERS, *_confirmation(name))

    def _press(self, by: By, button: str | bool | None, released: bool) -> str | None:
        """The edge of a press: what is pressed now and was not before. A press must be released to press
        again.
        """
        if released:
            self._armed[by] = True
            return None
        if button and self._armed[by]:
            self._armed[by] = False
            return str(button)
        return None

    def _rests(self) -> bool:
        """Whether the look is still where it was when something was chosen."""
        if self._rests_at is None:
            return False
        here = self._looking_at
        if here is None or float(np.linalg.norm(here - self._rests_at)) > _LOOK_AWAY_M:
            self._rests_at = None
        return self._rests_at is not None

    def _gaze(self, body: Body) -> NDArray[np.float64] | None:
        """Where the line of the head's gaze meets the panel, (2,) in metres from its centre."""
        if not body.has(HEAD):
            return None
        panel_from_head = geometry.compose(geometry.invert(self.panel.pose), body.poses[HEAD])
        ahead = geometry.rotate(panel_from_head[3:], np.array([0.0, 0.0, -1.0]))
        if panel_from_head[2] <= 0.0 or ahead[2] >= -1e-3:
            return None
        return panel_from_head[:2] - ahead[:2] * (panel_from_head[2] / ahead[2])

    def _touch(self, body: Body) -> tuple[str | None, bool]:
        """The button under an index fingertip that meets the panel, and whether all fingertips are clear of
        it.
        """
        clear = True
        for side in self._hands:
            tip = joint(side, "index_tip")
            if not body.has(tip):
                continue
            x, y, z = geometry.apply(geometry.invert(self.panel.pose), body.poses[tip, :3])
            over = abs(x) <= _WIDTH_M / 2 and abs(y) <= _HEIGHT_M / 2
            if over and abs(z) < _TOUCH_M:
                button = self._button_at(np.array([x, y]))
                return (button.name if button else None), False
            if over and abs(z) < _UNTOUCH_M:
                clear = False
        return None, clear

    def _pinch(self, body: Body) -> tuple[bool, bool]:
        """Whether a hand pinches, and whether every hand has let go."""
        released = True
        for side in self._hands:
            thumb, index = joint(side, "thumb_tip"), joint(side, "index_tip")
            if not (body.has(thumb) and body.has(index)):
                continue
            gap = float(np.linalg.norm(body.poses[thumb, :3] - body.poses[index, :3]))
            if gap < _PINCH_M:
                return True, False
            if gap < _UNPINCH_M:
                released = False
        return False, released

    def _button_at(self, point: NDArray[np.float64] | None) -> Button | None:
        if point is None:
            return None
        for button in self.panel.buttons:
            if abs(point[0] - button.x) <= button.width / 2 and abs(point[1] - button.y) <= button.height / 2:
                return button
        return None


def _confirmation(name: str) -> tuple[Button, Button]:
    label = "Yes, I would rather not say" if name == DECLINE else f"Yes, {name}"
    return (
        Button(CONFIRM, label, -0.105, _DECLINE.y, 0.30, _DECLINE.height),
        Button(CHANGE, "Change", 0.155, _DECLINE.y, 0.16, _DECLINE.height),
    )
