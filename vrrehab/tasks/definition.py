"""Task definitions: what a TOML file in `scenes/tasks/` may say, and nothing it may not.

A file is read once, validated whole, and never changes while it runs; a definition that cannot work (an
open threshold above the closed one, a target out of reach) is refused here, not discovered by a patient.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import read_toml
from vrrehab.tasks.rules import AnyRule, Seconds

Count = Annotated[int, Meta(ge=1, le=100)]
Mode = Literal["mirror", "intact_only", "observe", "residual", "imagery", "distractor", "relax"]
#: A task as its file has it is at this difficulty; 0 is as `easy` says and 1 as `hard` says.
AS_WRITTEN = 0.5


class Difficulty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers of the rule where the task is easiest and where it is hardest; between them and the file's own they go
    over in proportion.
    """

    easy: dict[str, float] = {}
    hard: dict[str, float] = {}


class TaskDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of movement. `goal` repetitions end it, or `time_limit_s` without shame."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
    limb: Literal["hand", "arm", "foot", "leg", "any"]
    title: str
    instruction: str
    rule: AnyRule
    goal: Count = 8
    time_limit_s: Seconds = 90.0
    #: How long the movement is shown before the participant's turn.
    demonstration_s: Annotated[float, Meta(ge=0, le=60)] = 5.0
    #: The modes in which the task makes sense; any if none is named.
    modes: tuple[Mode, ...] = ()
    difficulty: Difficulty = Difficulty()

    def __post_init__(self) -> None:
        limbs = self.rule.limbs
        if self.limb != "any" and self.limb not in limbs:
            raise ValueError(f"expected `limb` to be {' or '.join(limbs)} for this rule, got {self.limb}")
        if self.limb == "any" and set(limbs) != {"hand", "arm", "foot", "leg"}:
            raise ValueError(f"expected `limb` to be {' or '.join(limbs)} for this rule, got any")
        own = msgspec.structs.asdict(self.rule)
        for name in {**self.difficulty.easy, **self.difficulty.hard}:
            if isinstance(own.get(name), bool) or not isinstance(own.get(name), int | float):
                numbers = [field for field, value in own.items() if isinstance(value, float)]
                raise ValueError(
                    f"expected `difficulty` to name numbers of the rule ({', '.join(numbers)}), got {name}"
                )
        for level in (0.0, 1.0):
            self.rule_at(level)

    def rule_at(self, level: float) -> AnyRule:
        """The rule at a difficulty from 0 to 1. ValueError where such a rule could not be, which no file's can."""
        own = msgspec.structs.asdict(self.rule)
        ends = self.difficulty.easy if level < AS_WRITTEN else self.difficulty.hard
        share = abs(level - AS_WRITTEN) / AS_WRITTEN
        changed = {name: own[name] + share * (end - own[name]) for name, end in ends.items()}
        return _checked(self.rule, changed) if changed else self.rule


def _checked(rule: AnyRule, changed: dict[str, float]) -> AnyRule:
    data: dict[str, Any] = {**msgspec.to_builtins(rule), **changed}
    try:
        return msgspec.convert(data, type(rule))
    except msgspec.ValidationError as error:
        raise ValueError(f"{str(error)[:1].lower()}{str(error)[1:]} with the numbers of `difficulty`") from error


def load_task(name: str, folder: Path | None = None) -> TaskDefinition:
    """The task `name` from `folder`, by default the ones that ship in `scenes/tasks`; or the file at that path, if
    `name` ends in .toml.

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a task.
    """
    path = task_file(name, folder)
    if not path.is_file():
        folder = folder or tasks_folder()
        raise UnknownName("task", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    return read_toml(path, TaskDefinition)


def task_file(name: str, folder: Path | None = None) -> Path:
    """The file that `name` means, whether it is there or not."""
    return Path(name) if name.endswith(".toml") else (folder or tasks_folder()) / f"{name}.toml"


def tasks_folder() -> Path:
    """Where the tasks that ship are."""
    return Path(str(resources.files("scenes"))) / "tasks"


def load_tasks() -> dict[str, TaskDefinition]:
    """Every task that ships, by name. Raises `SceneFileError` for a file that is none."""
    return {path.stem: load_task(path.stem) for path in sorted(tasks_folder().glob("*.toml"))}
