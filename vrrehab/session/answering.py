"""A question on its panel: answered by looking, touching, pinching or a controller's select.

An answer is shown and confirmed before it counts, and can always be declined. Pure geometry and time: the
same panel that is drawn is the one that is hit.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Side, joint
from vrrehab.session.panels import CHANGE, CONFIRM, DECLINE, NONE, THESE, laid_out
from vrrehab.session.questions import Numbers, Question, Words
from vrrehab.session.view import Button, Panel

#: The panel stands this far in front of the participant, a little below the eyes, within reach of a bent arm.
DISTANCE_M = 0.5
BELOW_EYES_M = 0.16

#: A fingertip this close to the panel's plane is touching it, and must leave this far before it can touch
#: again.
_TOUCH_M, _UNTOUCH_M = 0.015, 0.04
#: After a choice a look has to go this far before it can choose again, and so has one on the bottom row of a panel that
#: appears: what comes under a look that rests, such as "yes" where "I would rather not say" was, or the other way round
#: with the next question, must not be chosen by it too.
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


def _as_it_is(text: str, **values: object) -> str:
    return text.format(**values)


class Answering:
    """One question on the panel. Call `step` every frame until `answer` is not None; then `given` has its values.

    A look must rest on a button for the dwell time; a pinch or a select takes the button looked at, a touch
    the button touched. Choosing a number asks for confirmation; there a press that chose must be let go
    before it can confirm, and a look must move on. A word is marked, or marked no more, until all are confirmed.
    """

    def __init__(
        self,
        question: Question,
        pose: NDArray[np.float64],
        hands: tuple[Side, ...],
        say: Callable[..., str] = _as_it_is,
    ) -> None:
        """pose: the panel's, (7,). hands: those that press. say: puts a text into the participant's language."""
        self._question = question
        self._hands = hands
        self._say = say
        self._aimed_for_s = 0.0
        self._looking_at: NDArray[np.float64] | None = None
        self._rests_at: NDArray[np.float64] | None = None
        self._just_appeared = True
        # A press held while the question appears, or since the last choice, does nothing until it is let go.
        self._armed = {By.TOUCH: False, By.PINCH: False, By.SELECT: False}
        self.answer: Answered | None = None
        self.given: dict[str, float] = {}
        self.by: By | None = None
        numbers = question.answer if isinstance(question.answer, Numbers) else None
        self._layout = laid_out(question, say)
        self.panel = Panel(
            pose.copy(), self._layout.width, self._layout.height, say(question.title),
            say(numbers.low) if numbers else "", say(numbers.high) if numbers else "",
            (*self._layout.answers, *self._layout.asking), asks=question.name,
        )  # fmt: skip

    def step(self, elapsed_s: float, dwell_s: float, body: Body, selecting: bool) -> None:
        """Take one frame: the tracked body in session space and whether a controller's select is down."""
        panel = self.panel
        touched = self._press(By.TOUCH, *self._touch(body))
        self._looking_at = self._gaze(body)
        looked_at = self._button_at(self._looking_at)
        if self._just_appeared:
            self._just_appeared = False
            self._rests_at = self._looking_at if looked_at in self._layout.asking else None
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
        if aimed is None or rests:
            panel.progress = 0.0
        if aimed is None:
            return
        if pinched or selected:
            self._choose(aimed, By.PINCH if pinched else By.SELECT)
        elif aimed != panel.chosen and not rests:
            self._aimed_for_s += elapsed_s
            panel.progress = min(1.0, self._aimed_for_s / dwell_s)
            if self._aimed_for_s >= dwell_s:
                self._choose(aimed, By.GAZE)

    def _choose(self, name: str, by: By) -> None:
        """Take a press of the button `name`: a word marked, an answer to be confirmed, a change of mind, or the
        confirmation.
        """
        panel = self.panel
        self._aimed_for_s = 0.0
        self._rests_at = self._looking_at
        panel.progress = 0.0
        words = isinstance(self._question.answer, Words)
        if name == CONFIRM:
            self._confirm(DECLINE if panel.chosen == DECLINE else NONE if words else str(panel.chosen), by)
        elif name == THESE:
            # The marked words are what is shown, and this confirms them.
            self._confirm(THESE, by)
        elif name == CHANGE or (words and name not in (DECLINE, NONE)):
            if name != CHANGE:
                panel.marked = panel.marked ^ {name}
            panel.chosen = None
            bottom = self._layout.marked if panel.marked else self._layout.asking
            panel.buttons = (*self._layout.answers, *bottom)
        else:
            panel.chosen = name
            panel.buttons = (
                *self._layout.answers,
                *self._layout.confirming(self._confirmation(name), self._say("Change")),
            )

    def _confirm(self, what: str, by: By) -> None:
        self.by = by
        if what == DECLINE:
            self.answer = Answered.DECLINED
            return
        self.answer = Answered.GIVEN
        marked = {THESE: ",".join(sorted(self.panel.marked)), NONE: ""}
        self.given = self._question.accept(marked[what] if what in marked else int(what))

    def _confirmation(self, name: str) -> str:
        """The label of the button that confirms the answer `name`."""
        if name == DECLINE:
            return self._say("Yes, I would rather not say")
        if name == NONE:
            return self._say("Yes, none of these")
        label = next(button.label for button in self._layout.answers if button.name == name)
        return self._say("Yes, {answer}", answer=label)

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
        """Whether the look is still where it was when something was chosen, or when the panel appeared."""
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
            over = abs(x) <= self.panel.width / 2 and abs(y) <= self.panel.height / 2
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
