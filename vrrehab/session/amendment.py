"""What an edit of the programme came to, for the record and in words.

Of a task run that is on, how much is asked for, how long and in what words is another from the frame on in which the
edit is taken up. What counts as a repetition, of which limb and in which mode, stays as it was begun: else one record
of one task run would be about two tasks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from vrrehab.session.programme import Step
from vrrehab.tasks.run import LIVE


@dataclass(frozen=True, slots=True)
class Amendment:
    """frame: from which on it holds. task: the one that is being performed and was edited, empty where none is.
    at_once: what of it is another from this frame on; later: what only from its next run on.
    """

    programme: str
    frame: int
    steps_to_come: int
    task: str = ""
    at_once: Mapping[str, float | str] = field(default_factory=dict)
    later: tuple[str, ...] = ()

    def detail(self) -> dict[str, float | int | str | bool | None]:
        """As it goes on record."""
        told: dict[str, float | int | str | bool | None]
        told = {"programme": self.programme, "applied_frame": self.frame, "steps_to_come": self.steps_to_come}
        if not self.task:
            return told
        return told | {"task": self.task, **self.at_once, "from_its_next_run": " ".join(self.later)}

    def __str__(self) -> str:
        steps = "task" if self.steps_to_come == 1 else "tasks"
        said = f"From frame {self.frame} on by {self.programme} as it was edited, {self.steps_to_come} {steps} to come"
        if self.at_once:
            said += f"; at once in {self.task}: {', '.join(self._now())}"
        if self.later:
            said += f"; only from its next run on in {self.task}: {', '.join(self.later)}"
        return f"{said}."

    def _now(self) -> list[str]:
        return [name if isinstance(value, str) else f"{name} {value:g}" for name, value in self.at_once.items()]


def amended(amendment: Amendment, was: Step, now: Step) -> Amendment:
    """The same of a step that is being performed, as it was and as it is written now."""
    old, new = was.task, now.task
    changed = [name for name in old.__struct_fields__ if getattr(old, name) != getattr(new, name)]
    at_once = {name: getattr(new, name) for name in changed if name in LIVE}
    later = [name for name in changed if name not in LIVE]
    if now.mode != was.mode and not was.by_therapist:
        later.append("mode")
    if now.timed != was.timed:
        later.append("timed_imagery")
    if not changed and not later:
        return amendment
    return dataclasses.replace(amendment, task=new.name, at_once=at_once, later=tuple(later))
