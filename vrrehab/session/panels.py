"""Where the buttons of a question are on its panel: pure geometry, the same for what is drawn and for what is hit.

Numbers stand in one row from low to high, answers in words under each other in columns, and what ends a question in the
row at the bottom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vrrehab.session.questions import Choice, Numbers, Question, Words
from vrrehab.session.view import Button

DECLINE = "decline"
CONFIRM = "confirm"
CHANGE = "change"
#: Of a question in words: the words that are marked, or that there is none.
THESE = "these"
NONE = "none"

_WIDTH_M, _HEIGHT_M = 0.60, 0.27
#: A row of numbers is as wide as that of eleven; of many more, a little wider.
_ROW_M, _LONG_ROW_M, _LONG = 0.561, 0.615, 14
_WIDEST_PITCH_M, _BETWEEN_M = 0.072, 0.005
_NUMBER_UP_M, _NUMBER_HEIGHT_M = 0.005, 0.060
_BUTTON_M, _GRID_ROW_M = 0.044, 0.050
_TITLE_M, _BOTTOM_M, _FROM_BOTTOM_M = 0.10, 0.075, 0.037
_USABLE_M = 0.565


@dataclass(frozen=True, slots=True)
class Layout:
    """A panel's size in metres and its buttons.

    answers: one for each answer. asking: the bottom row before anything is chosen. marked: that row once words are.
    bottom: how far up the bottom row is.
    """

    width: float
    height: float
    answers: tuple[Button, ...]
    asking: tuple[Button, ...]
    marked: tuple[Button, ...]
    bottom: float

    def confirming(self, label: str, change: str) -> tuple[Button, ...]:
        """The bottom row once an answer is chosen."""
        return (
            Button(CONFIRM, label, -0.105, self.bottom, 0.33, _BUTTON_M),
            Button(CHANGE, change, 0.155, self.bottom, 0.16, _BUTTON_M),
        )


def laid_out(question: Question, say: Callable[..., str]) -> Layout:
    """The panel of a question; `say` puts a label into the participant's language."""
    answer = question.answer
    decline = say("I would rather not say")
    if isinstance(answer, Numbers):
        count = answer.most - answer.least + 1
        width = _WIDTH_M if count <= _LONG else _WIDTH_M + _LONG_ROW_M - _ROW_M
        pitch = min(_WIDEST_PITCH_M, (_ROW_M if count <= _LONG else _LONG_ROW_M) / count)
        middle, wide = (answer.least + answer.most) / 2, pitch - _BETWEEN_M
        numbers = tuple(
            Button(str(value), _as_read(value), (value - middle) * pitch, _NUMBER_UP_M, wide, _NUMBER_HEIGHT_M)
            for value in range(answer.least, answer.most + 1)
        )
        bottom = _FROM_BOTTOM_M - _HEIGHT_M / 2
        return Layout(width, _HEIGHT_M, numbers, (_declining(decline, bottom),), (), bottom)
    if isinstance(answer, Choice):
        labels = {str(option.value): say(option.label) for option in answer.options}
        columns = 2 if len(labels) > 4 else 1
    else:
        assert isinstance(answer, Words)
        labels = {name: say(label) for name, label in answer.words.items()}
        columns = 3 if len(labels) > 8 else 2
    rows = -(-len(labels) // columns)
    height = _TITLE_M + rows * _GRID_ROW_M + _BOTTOM_M
    across = _USABLE_M / columns
    top = height / 2 - _TITLE_M - _BUTTON_M / 2
    # Down the columns, as one reads a list.
    buttons = tuple(
        Button(
            name, label, (i // rows - (columns - 1) / 2) * across, top - (i % rows) * _GRID_ROW_M,
            across - 0.01, _BUTTON_M,
        )
        for i, (name, label) in enumerate(labels.items())
    )  # fmt: skip
    bottom = _FROM_BOTTOM_M - height / 2
    if isinstance(answer, Choice):
        return Layout(_WIDTH_M, height, buttons, (_declining(decline, bottom),), (), bottom)
    beside = Button(DECLINE, decline, 0.1425, bottom, 0.275, _BUTTON_M)
    left = (-0.1425, bottom, 0.275, _BUTTON_M)
    asking, marked = (
        (Button(NONE, say("None of these"), *left), beside),
        (Button(THESE, say("Yes, these"), *left), beside),
    )
    return Layout(_WIDTH_M, height, buttons, asking, marked, bottom)


def _declining(label: str, up: float) -> Button:
    return Button(DECLINE, label, 0.0, up, 0.26, _BUTTON_M)


def _as_read(value: int) -> str:
    return f"−{-value}" if value < 0 else str(value)
