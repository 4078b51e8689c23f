"""A session that a seed decides, what it must leave in the record, and the process that performs it until it is killed.

The same seed hands over the same events and frames, so that whoever looks for them later knows each to the last bit.
"""

from __future__ import annotations

import random
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from telemetry.journal import Stream
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing.pretend import JOINTS, PretendSession, Recording

_BEGAN_UTC_NS = 1_700_000_000_000_000_000
_HOUR_NS = 3_600_000_000_000


class Handed:
    """Everything that a session hands over, in order; the reference that a store is compared with."""

    def __init__(self) -> None:
        self.events: list[messages.Event] = []
        self.frames: list[bytes] = []

    @property
    def last_motion_seq(self) -> int:
        return len(self.frames)

    def event(self, event: messages.Event) -> None:
        self.events.append(event)

    def frame(self, record: NDArray[np.void]) -> None:
        self.frames.append(record.tobytes())


def handed_over(session_id: str, seed: int, steps: int) -> Handed:
    """What `perform` hands over if nobody kills it."""
    handed = Handed()
    for _ in perform(handed, session_id, seed, steps):
        pass
    return handed


def perform(record: Recording, session_id: str, seed: int, steps: int) -> Iterator[PretendSession]:
    """Hand a session over, a piece for each `next`: tasks, answers and none, bursts of frames, clocks that step."""
    chance = random.Random(seed)
    session = PretendSession(record, session_id, utc_ns=_BEGAN_UTC_NS)
    session.answer(session.ask("before"), float(chance.randint(0, 10)))
    running, answered = "", ""
    for _ in range(steps):
        yield session
        match chance.randrange(10):
            case 0 | 1 | 2 | 3:
                session.move(chance.choice((1, 3, 40, 200)))
            case 4 | 5 if not running:
                running = session.begin_task()
            case 4 | 5 | 6 if running:
                session.end_task(running)
                yield session
                answered = _rate(session, running, chance) or answered
                running = ""
            case 7 if answered:
                answered = session.correct(answered, float(chance.randint(0, 10)))
            case 8:
                # Somebody sets the computer's clock: hours forwards or backwards.
                utc_ns = _BEGAN_UTC_NS + chance.randint(-5, 5) * _HOUR_NS
                record.event(messages.ClockPair(mono_ns=session.now_ns, xr_ns=session.now_ns, utc_ns=utc_ns))
            case _:
                session.happened("note", text="x" * chance.choice((0, 10, 3000)))
    yield session
    session.end()


def _rate(session: PretendSession, task_run_id: str, chance: random.Random) -> str:
    """The rating that was given, if one was."""
    if chance.random() < 0.2:
        return ""  # not even asked
    rating = session.ask("after_task", task_run_id)
    if chance.random() < 0.3:
        return ""
    value = float(chance.randint(0, 10)) if chance.random() < 0.8 else None
    session.answer(rating, value, "declined" if value is None else "given")
    return "" if value is None else rating


def expected_tasks(events: Sequence[messages.Event], sealed: bool) -> dict[str, tuple[str | None, float | None]]:
    """What the task-pain ledger has to say after these events: the rating's status and value of each task run."""
    tasks: dict[str, tuple[str | None, float | None]] = {}
    asked_for: dict[str, str | None] = {}
    for event in events:
        match event:
            case messages.TaskStarted():
                tasks[event.task_run_id] = None, None
            case messages.TaskEnded():
                tasks[event.task_run_id] = "awaiting", None
            case messages.RatingAsked():
                asked_for[event.rating_id] = event.task_run_id
            case messages.RatingAnswered() if run := asked_for[event.rating_id]:
                tasks[run] = event.status, event.value
            case messages.RatingCorrected():
                asked_for[event.rating_id] = run = asked_for[event.supersedes]
                if run:
                    tasks[run] = "given", event.value
            case messages.SessionEnded():
                tasks = {run: (status or "awaiting", value) for run, (status, value) in tasks.items()}
    if sealed:
        tasks = {run: ("interrupted" if s == "awaiting" else s, value) for run, (s, value) in tasks.items()}
    return tasks


def main() -> int:
    """Perform, with pauses that no seed decides; each acknowledgement that was heard is printed."""
    parser = ArgumentParser(prog="python -m telemetry.testing.script", description="Hand a random session over.")
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--session", required=True)
    parser.add_argument("--recorder", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--queue", type=int, required=True)
    parser.add_argument("--short", type=int, required=True, help="The space below which a disk is short, in bytes.")
    said = parser.parse_args()
    layout = FrameLayout(JOINTS)
    sender = Sender(said.spool, said.session, said.recorder, layout, queue_frames=said.queue, short_bytes=said.short)
    heard: dict[Stream, int] = {}
    for _ in perform(sender, said.session, said.seed, said.steps):
        time.sleep(random.uniform(0.0, 0.06))
        if (acknowledged := dict(sender.status().acknowledged)) != heard:
            heard = acknowledged
            print(heard["events"], heard["motion"], flush=True)
    print("closed", sender.close(2.0), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
