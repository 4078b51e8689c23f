"""Going to another place while a session runs: made ready first, then behind a mist, and gently there and back.

What stands still goes into the mist, the other place is there, the mist lifts; the person's limbs, lights to reach for
and panels stay in sight all the while, so that nothing has to be held up for it. The place is another one from the
very frame on in which the mist is whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vrrehab.session.fade import REST_S, Fade
from vrrehab.session.view import Ambience

#: How long the mist takes to come, and to lift.
VEIL_S = 0.75


class Places(Protocol):
    """Who makes places ready to be shown; never waits."""

    def make(self, name: str) -> None:
        """Begin; what was asked for before is let go."""
        ...

    def made(self, name: str) -> bool:
        """Whether it is ready; ValueError says why it never will be."""
        ...


class Asked(Protocol):
    """Whoever waits for the answer, such as a command."""

    def applied(self, frame: int) -> None: ...

    def refused(self, reason: str) -> None: ...


@dataclass(slots=True)
class Journey:
    """To where, and who wants it. asked: whom to tell what became of it, where somebody waits."""

    place: str
    who: str
    asked: Asked | None = None

    def refuse(self, reason: str) -> None:
        if self.asked is not None:
            self.asked.refused(reason)


class Going:
    """The way from one place to the next."""

    def __init__(self, places: Places | None) -> None:
        """places: None where nothing has to be made."""
        self._places = places
        self._fade = Fade(VEIL_S)
        self._journey: Journey | None = None
        #: For how long no mist comes, after one that came for nothing.
        self._clear_s = 0.0

    @property
    def to(self) -> str:
        """The place that is under way to; empty while none is."""
        return "" if self._journey is None else self._journey.place

    def begin(self, journey: Journey) -> None:
        """Go there; a journey under way is given up for it."""
        self.give_up(f"{journey.place} was asked for meanwhile")
        self._journey = journey
        if self._places is not None:
            self._places.make(journey.place)

    def make_anew(self) -> None:
        """What is being made is made once more, as its file is now; the journey goes on, and whoever waits, waits."""
        if self._journey is not None and self._places is not None:
            self._places.make(self._journey.place)

    def give_up(self, reason: str) -> None:
        """Stay, and a mist that has begun to come lifts again; whoever waits for the journey is told why."""
        if self._journey is None:
            return
        self._journey.refuse(reason)
        self._journey = None
        if 0.0 < self._fade.gone < 1.0:
            self._fade.turn_back()
            self._clear_s = REST_S

    def step(self, elapsed_s: float, ambience: Ambience) -> Journey | None:
        """One frame. Gives the journey that arrives in it; ValueError says why one has come to nothing."""
        journey = self._journey
        if self._fade.gone == 0.0:
            self._clear_s = max(self._clear_s - elapsed_s, 0.0)
        away = journey is not None and self._ready(journey) and self._clear_s == 0.0
        ambience.veil = self._fade.step(away, elapsed_s)
        if not away or journey is None or ambience.veil < 1.0:
            return None
        self._journey = None
        ambience.place = journey.place
        ambience.arrivals += 1
        return journey

    def _ready(self, journey: Journey) -> bool:
        if self._places is None:
            return True
        try:
            return self._places.made(journey.place)
        except ValueError as error:
            self.give_up(str(error))
            raise
