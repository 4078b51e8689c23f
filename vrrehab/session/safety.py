"""The rules that watch over a person: pain, sickness, time. Each says what it found, and the conductor acts.

A rule's number is a setting, so that a therapist can change it for one person and the change is on record. The defaults
are this product's own proposals, not findings; docs/safety.md says of each hazard what is done about it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.session.settings import Settings

if TYPE_CHECKING:
    from vrrehab.session.ledger import Record

#: Scales of sickness begin so: the Fast Motion Sickness scale, 0 none to 20 frank sickness (Keshavarz and Hecht 2011).
SICKNESS = "FMS"
#: Sites at which pain is felt; a non-painful sensation (PLS) is no pain, however strong.
PAINFUL = ("PLP", "RLP")
_MINUTE_S = 60.0


class Response(enum.IntEnum):
    """What a rule asks for, the most pressing last."""

    #: The therapist is told, and decides.
    PROMPT = enum.auto()
    #: The task that is on is the last one.
    WIND_DOWN = enum.auto()
    #: The calm scene, which only a therapist ends.
    CALM = enum.auto()
    STOP = enum.auto()


@dataclass(frozen=True, slots=True)
class Concern:
    """What a rule found: `value` reached `limit`, which the setting or the part of the profile `rule` says."""

    response: Response
    rule: str
    value: float
    limit: float


class Safety:
    """Hears every event of a session and counts its time. `step` gives what the rules have found since the last frame.

    ceiling: the pain at which this person wants to be left alone, None where they have not said.
    """

    def __init__(self, settings: Settings, ceiling: float | None) -> None:
        self._settings = settings
        self._ceiling = ceiling
        self._asked: dict[str, tuple[str, str]] = {}
        #: Every answer of the session by site and scale, as (rating id, value): the first is where it started.
        self._given: dict[tuple[str, str], list[tuple[str, float]]] = {}
        self._found: list[Concern] = []
        self._told: set[tuple[Response, str]] = set()
        self.session_s = self.exposed_s = 0.0

    @property
    def winding_down(self) -> bool:
        """Whether a limit is reached, as it is set now: no further task begins."""
        spent_s = {"session_limit_min": self.session_s, "exposure_limit_min": self.exposed_s}
        return any(spent >= self._settings.number(rule) * _MINUTE_S for rule, spent in spent_s.items())

    def hear(self, event: messages.Event) -> None:
        """Take note of an event of the session as it happens."""
        if isinstance(event, messages.RatingAsked):
            # What names an item, such as a word, is no strength of pain; only sickness is watched among them.
            if event.item and not event.scale.startswith(SICKNESS):
                return
            self._asked[event.rating_id] = (event.item or event.site, event.scale)
        elif isinstance(event, messages.RatingAnswered) and event.rating_id in self._asked:
            of = self._asked.pop(event.rating_id)
            if event.value is not None:
                self._given.setdefault(of, []).append((event.rating_id, event.value))
                self._rated(*of)
        elif isinstance(event, messages.RatingCorrected):
            self._correct(event)

    def _correct(self, event: messages.RatingCorrected) -> None:
        for of, given in self._given.items():
            names = [name for name, _ in given]
            if event.supersedes in names:
                at = names.index(event.supersedes)
                given[at] = event.rating_id, event.value
                # What lies between says nothing about now.
                if at in (0, len(given) - 1):
                    self._rated(*of)

    def _rated(self, site: str, scale: str) -> None:
        """The last answer of this site and scale is another one, or the first, where the session started."""
        given = self._given[site, scale]
        start, value = given[0][1], given[-1][1]
        if scale.startswith(SICKNESS):
            self._judge(
                (Response.STOP, "sickness_stop_at", value),
                (Response.CALM, "sickness_calm_at", value),
                (Response.CALM, "sickness_calm_rise", value - start),
            )
        elif site in PAINFUL:
            self._judge(
                (Response.CALM, "pain_ceiling", value),
                (Response.CALM, "pain_calm_at", value),
                (Response.CALM, "pain_calm_rise", value - start),
                (Response.PROMPT, "pain_prompt_rise", value - start),
            )

    def _judge(self, *rules: tuple[Response, str, float]) -> None:
        """The first rule that is broken counts; they come most pressing first."""
        for response, rule, value in rules:
            limit = self._ceiling if rule == "pain_ceiling" else self._settings.number(rule)
            if limit is not None and value >= limit:
                self._found.append(Concern(response, rule, value, limit))
                return

    def step(self, elapsed_s: float, exposed: bool) -> Iterable[Concern]:
        """A frame went by, `exposed` to the scene or not; what has been found."""
        self.session_s += elapsed_s
        if exposed:
            self.exposed_s += elapsed_s
        self._time("session_limit_min", self.session_s)
        self._time("exposure_limit_min", self.exposed_s)
        if not self._found:
            return ()
        found, self._found = self._found, []
        return found

    def _time(self, rule: str, spent_s: float) -> None:
        limit_s = self._settings.number(rule) * _MINUTE_S
        if spent_s >= limit_s:
            self._once(Response.WIND_DOWN, rule, spent_s, limit_s)
            return
        # A limit that was put further away counts anew.
        self._told.discard((Response.WIND_DOWN, rule))
        if spent_s >= limit_s - self._settings.number("limit_warning_min") * _MINUTE_S:
            self._once(Response.PROMPT, rule, spent_s, limit_s)

    def _once(self, response: Response, rule: str, spent_s: float, limit_s: float) -> None:
        if (response, rule) not in self._told:
            self._told.add((response, rule))
            self._found.append(Concern(response, rule, round(spent_s / _MINUTE_S, 2), limit_s / _MINUTE_S))


class Overheard:
    """Passes a session's record on and lets `hear` listen to its events; implements `vrrehab.session.ledger.Record`."""

    def __init__(self, record: Record, hear: Callable[[messages.Event], None]) -> None:
        self._record = record
        self._hear = hear

    def event(self, event: messages.Event) -> None:
        self._record.event(event)
        self._hear(event)

    def frame(self, record: NDArray[np.void]) -> None:
        self._record.frame(record)

    def problem(self) -> str:
        return self._record.problem()
