"""The door through which every kind of movement enters a task run.

A mechanic counts on the body that it is shown, says what is to be seen of it (targets, things, words), demonstrates
its movement, and tells at the end what it measured. It knows no clock but the one that it is given.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.build import USUAL, Build
from vrrehab.body.limb import Limb
from vrrehab.body.skeleton import Body
from vrrehab.language import ENGLISH
from vrrehab.session.view import LoneLimb, Panel, Prop, Target

Told = float | int | str | bool | None
#: A head of which nobody says where it is.
HEAD_AT = np.array([0.0, 1.2, 0.0, 0.0, 0.0, 0.0, 1.0])


@dataclass(slots=True)
class Brush:
    """What the therapist strokes the limb with: how far along it, 0 the elbow or knee to 1 the tip, None while lifted;
    and the texture, empty for the task's own.
    """

    at: float | None = None
    texture: str = ""


@dataclass(frozen=True, slots=True)
class Performer:
    """Who performs a task, and with what.

    limb: the limb that acts in the scene. root: where its shoulder or hip is, (3,), session space. build: how the
    person is proportioned, as measured. seed: of what comes in a random order. brush: see `Brush`. head: where
    the head is, (7,). say: puts what is written on a board of the task into the person's language.
    """

    limb: Limb
    root: NDArray[np.float64]
    build: Build = USUAL
    seed: int = 0
    brush: Brush = field(default_factory=Brush)
    head: NDArray[np.float64] = field(default_factory=lambda: HEAD_AT.copy())
    say: Callable[..., str] = ENGLISH.say


class Mechanic(ABC):
    """Counts one kind of movement on the body it is shown, and demonstrates it.

    cycle_s: how long the demonstration takes for one repetition. targets, props: what is seen of it, changed in place.
    text: what is said now instead of the task's instruction. counts: whether the number of repetitions says anything to
    the person. paced: whether nobody has to move, because it goes by time, is all in the mind or is done by the
    therapist. touches: whether it counts what is seen to happen (a light touched) and not what the person does.

    panel, lone: a board whose buttons tell it something, and a limb by itself that is looked at. asks: whether a press
    counts now. at_rest: whether the person is to keep still now, where imagining means that. news: what happened in it,
    for the record; whoever takes it empties it.
    """

    cycle_s: float
    touches = False
    paced = False
    counts = True

    def __init__(self) -> None:
        self.repetitions = 0
        self.targets: list[Target] = []
        self.props: list[Prop] = []
        self.text = ""
        self.panel: Panel | None = None
        self.lone: LoneLimb | None = None
        self.asks = False
        self.at_rest = True
        self.news: list[tuple[str, dict[str, Told]]] = []

    def pressed(self, button: str, by: str, ago_s: float) -> None:  # noqa: B027  # most have no panel
        """A button of the panel was pressed, by gaze, touch, pinch, select or console, so long before this frame."""

    def interrupted(self) -> None:  # noqa: B027  # a movement simply goes on
        """A pause begins. What was timed until here is no measure of anything any more."""

    def come_before(self, head: NDArray[np.float64]) -> None:  # noqa: B027  # most have no board
        """Session space has moved, and the head (7,) in it: what is looked at comes before the eyes again."""

    @abstractmethod
    def step(self, now_s: float, body: Body) -> None:
        """One frame of the participant's turn; never called while tracking is lost. The time stands still in pauses."""

    @abstractmethod
    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        """Write the limb that shows the movement, (28, 7) shoulder to fingertips or (4, 7) hip to ball, for a shoulder
        or hip at `root` (3,).
        """

    @property
    def over(self) -> bool:
        """Whether there is nothing more to do, whatever the goal is."""
        return False

    def measures(self) -> dict[str, float]:
        """What was measured, for the record: names with their units, none for nothing."""
        return {}


class Imagined(Mechanic):
    """A movement that nobody makes. Imagined at the pace of its demonstration, time counts; at rest nothing does."""

    def __init__(self, movement: Mechanic, at_rest: bool = False) -> None:
        super().__init__()
        self._movement = movement
        self.cycle_s = math.inf if at_rest else movement.cycle_s
        self.counts = not at_rest

    def step(self, now_s: float, body: Body) -> None:
        self.repetitions = int(now_s / self.cycle_s)

    def demonstrate(self, elapsed_s: float, root: NDArray[np.float64], into: NDArray[np.float64]) -> None:
        self._movement.demonstrate(elapsed_s, root, into)
