"""What a session is part of: which session of a participant's it is, and what of a course is due in it.

Asked of the recorder, which has the sessions so far. Where none answers, a course needs to be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.messages import Origin
    from telemetry.wire import PastSession
    from vrrehab.session.course import Course, Due
    from vrrehab.session.programme import Programme

#: As long as for a profile.
_ANSWERS_S = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """due: what of a course. session_number: of all the participant's sessions of this origin, from 1; None where no
    recorder answered.
    """

    due: Due | None = None
    session_number: int | None = None

    def in_words(self) -> Iterator[str]:
        """What a therapist should know before it begins."""
        from telemetry.reviews import REVIEWS

        if self.due is not None:
            yield str(self.due)
        if self.session_number in REVIEWS:
            yield (
                f"This is session {self.session_number}: a review is due. Look at the course with vrrehab report, and "
                "decide with the participant whether to go on as it is."
            )


def part_of_course(
    data: Path, address: str, code: str, chosen: Programme | Course, origin: Origin, phase: str | None,
    session: int | None,
) -> Part:  # fmt: skip
    """Raises `NotPossible` where a course needs the sessions so far and nobody tells them, or has come to its end; and
    for a phase or a session's number of what is no course.
    """
    from vrrehab.errors import NotPossible
    from vrrehab.session.course import Course, due

    past = _past(data, address, code)
    number = None if past is None else 1 + sum(each.origin == origin and each.task_runs > 0 for each in past)
    if not isinstance(chosen, Course):
        if phase is not None or session is not None:
            raise NotPossible(
                f"Expected a course for --phase and --session-number, but {chosen.name} is a programme of one session. "
                "Leave them out, or choose a course."
            )
        return Part(None, number)
    if past is None and (phase is None or session is None) and (chosen.design == "graded" or session is None):
        told = "--phase NAME and --session-number N" if chosen.design == "graded" else "--session-number N"
        raise NotPossible(
            f"Expected a recorder that knows the sessions of {code} so far, because {chosen.name} goes by them, but "
            f"none answers at {address}. Start one with: vrrehab recorder --data {data}; or say {told}."
        )
    return Part(due(chosen, code, origin, past or (), phase, session), number)


def _past(data: Path, address: str, code: str) -> tuple[PastSession, ...] | None:
    from telemetry.client import RecorderClient
    from telemetry.errors import NobodyAnswers
    from vrrehab.cli.connection import keyring_of

    try:
        with RecorderClient(address, _ANSWERS_S, keyring=keyring_of(data)) as client:
            return client.history(code)
    except NobodyAnswers:
        return None
