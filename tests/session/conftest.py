"""A whole sitting on a virtual clock: real conductor, real tasks, a scripted participant, nothing drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.body.build import Build
from vrrehab.body.skeleton import Side
from vrrehab.session.commands import Command
from vrrehab.session.loop import run
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.sources import Source
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.participant import ScriptedParticipant

LOST_LEFT_HAND = messages.Profile(
    code="P001", limb_losses=(messages.LimbLoss(limb="hand", side="left", level="wrist"),)
)


@dataclass
class Kept:
    """A record kept in memory; implements `vrrehab.session.ledger.Record`."""

    events: list[messages.Event] = field(default_factory=list)
    frames: list[NDArray[np.void]] = field(default_factory=list)
    trouble: str = ""

    def event(self, event: messages.Event) -> None:
        self.events.append(event)

    def frame(self, record: NDArray[np.void]) -> None:
        self.frames.append(record.copy())

    def problem(self) -> str:
        return self.trouble

    def of(self, kind: type[messages.Event]) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def named(self, name: str) -> list[messages.Happened]:
        return [event for event in self.of(messages.Happened) if event.name == name]

    def motion(self) -> NDArray[np.void]:
        return np.concatenate(self.frames)


@dataclass
class Told:
    """A therapist's command; implements `vrrehab.session.commands.Command`."""

    name: str
    arguments: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    who: str = "therapist"
    answer: str = ""

    def applied(self, frame: int) -> None:
        assert not self.answer
        self.answer = f"applied {frame}"

    def refused(self, reason: str) -> None:
        assert not self.answer
        self.answer = f"refused: {reason}"


@dataclass
class Sat:
    """A sitting that is over."""

    plan: Plan
    sitting: Sitting
    record: Kept
    status: messages.SessionStatus
    participant: ScriptedParticipant | None


Script = Callable[[Sitting, int], Iterable[Command]]


@pytest.fixture(scope="session")
def sit() -> Callable[..., Sat]:
    """Run a sitting to its end. `tell(sitting, frame)` gives the commands that come before a frame."""

    def sit(
        programme: str = "demo",
        *,
        mode: str | None = None,
        profile: messages.Profile = LOST_LEFT_HAND,
        intact: Side | None = None,
        seed: int = 1,
        source: Source | None = None,
        participant: ScriptedParticipant | None = None,
        tell: Script = lambda sitting, frame: (),
        settings: Mapping[str, float | bool] | None = None,
        most_frames: int = 60_000,
        origin: messages.Origin = "scripted",
        rate_hz: float = 72.0,
        trouble: str = "",
        checklist: Mapping[str, str] | None = None,
        build_of: Callable[[messages.Measures], Build] = Build.of_measures,
    ) -> Sat:
        plan = replace(
            make_plan(profile, load_programme(programme), mode, origin, seed, intact), checklist=checklist or {}
        )
        if source is None:
            participant = participant or ScriptedParticipant.of(plan)
            source = ScriptedSource(participant)
        record = Kept(trouble=trouble)
        sitting = Sitting(plan, source, record, "none", build_of)
        for name, value in (settings or {}).items():
            sitting.settings.change(name, value)
        frames = Counter[str]()

        def commands() -> Iterable[Command]:
            frames["given"] += 1
            return tell(sitting, frames["given"])

        display = SilentDisplay(VirtualClock(), rate_hz, most_frames)
        return Sat(plan, sitting, record, run(sitting, display, commands), participant)

    return sit
