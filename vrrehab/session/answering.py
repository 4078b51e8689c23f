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
from vrrehab.body.skeleton import Body, Side
from vrrehab.language import ENGLISH
from vrrehab.session.aiming import Aiming, By
from vrrehab.session.panels import CHANGE, CONFIRM, DECLINE, NONE, THESE, laid_out
from vrrehab.session.questions import Numbers, Question, Words
from vrrehab.session.view import Panel

#: The panel stands this far in front of the participant, a little below the eyes, within reach of a bent arm.
DISTANCE_M = 0.5
BELOW_EYES_M = 0.16

#: After a choice a look has to go this far before it can choose again, and so has one on the bottom row of a panel that
#: appears: what comes under a look that rests, such as "yes" where "I would rather not say" was, or the other way round
#: with the next question, must not be chosen by it too.
_LOOK_AWAY_M = 0.04


class Answered(enum.Enum):
    GIVEN = "given"
    DECLINED = "declined"


def panel_in_front_of(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a panel stands for a head pose (7,): ahead in its heading, upright but tilted to meet the eyes."""
    heading = geometry.yaw(geometry.yaw_of(head[3:]))
    position = head[:3] + geometry.rotate(heading, np.array([0.0, -BELOW_EYES_M, -DISTANCE_M]))
    tilt = -np.arctan2(BELOW_EYES_M, DISTANCE_M)
    leaning_back = np.array([np.sin(tilt / 2), 0.0, 0.0, np.cos(tilt / 2)])
    return geometry.pose(position, geometry.quaternion_multiply(heading, leaning_back))


class Answering(Aiming):
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
        say: Callable[..., str] = ENGLISH.say,
    ) -> None:
        """pose: the panel's, (7,). hands: those that press. say: puts a text into the participant's language."""
        self._question = question
        self._say = say
        self._aimed_for_s = 0.0
        self._looking_at: NDArray[np.float64] | None = None
        self._rests_at: NDArray[np.float64] | None = None
        self._just_appeared = True
        self.answer: Answered | None = None
        self.given: dict[str, float] = {}
        self.by: By | None = None
        numbers = question.answer if isinstance(question.answer, Numbers) else None
        self._layout = laid_out(question, say)
        panel = Panel(
            pose.copy(), self._layout.width, self._layout.height, say(question.title),
            say(numbers.low) if numbers else "", say(numbers.high) if numbers else "",
            (*self._layout.answers, *self._layout.asking), asks=question.name,
        )  # fmt: skip
        super().__init__(panel, hands)

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

    def _rests(self) -> bool:
        """Whether the look is still where it was when something was chosen, or when the panel appeared."""
        if self._rests_at is None:
            return False
        here = self._looking_at
        if here is None or float(np.linalg.norm(here - self._rests_at)) > _LOOK_AWAY_M:
            self._rests_at = None
        return self._rests_at is not None
