"""Programmes: the ordered plan of a session, read from `scenes/programmes` and laid out as a flat list of
task runs.

A programme and every task it names are validated before anything starts; a malformed one never starts a
session.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vrrehab.body.drives import Mode
from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.session.questions import ASKED, Moment
from vrrehab.session.toml_file import line_of, read_toml
from vrrehab.tasks.definition import Count, Seconds, TaskDefinition, load_task

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
Minutes = Annotated[float, Meta(gt=0, le=30)]
#: Whether the tasks of a block come by lot or as they are written.
Order = Literal["random", "fixed"]


class PlannedTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task in a block; what is given here replaces the task's own default.

    task: a name of `scenes/tasks`, or a .toml file, found from where the programme's file is.
    """

    task: str
    goal: Count | None = None
    time_limit_s: Seconds | None = None
    demonstration_s: Seconds | None = None


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a session. mode, order: in place of the programme's. minutes: how long demonstrations and movement may
    take together; a task that is being performed then ends, and none begins.
    timed_imagery: whether the person tells by presses when an imagined movement begins and when it is done.
    """

    title: str
    tasks: Annotated[tuple[PlannedTask, ...], Meta(min_length=1, max_length=40)]
    mode: Mode | None = None
    order: Order | None = None
    minutes: Minutes | None = None
    timed_imagery: bool = False


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of one session. `mode` says what drives the virtual limb (`vrrehab.body.drives`)."""

    name: Name
    title: str
    mode: Mode
    place: str
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=40)]
    #: Whether the person is measured before anything else, ten seconds a limb (`vrrehab.session.calibration`).
    calibrate: bool = False
    #: When questions are asked: moments, or a table with the questions of each moment
    #: (`vrrehab.session.questions.ASKED` has the usual ones). A study may leave one out, a clinic rarely should.
    ask: tuple[Moment, ...] | dict[Moment, tuple[str, ...]] = tuple(ASKED)
    order: Order = "random"


@dataclass(frozen=True, slots=True)
class Step:
    """One task run to come: the definition with the programme's changes applied, what drives the virtual limb in it,
    and its place.

    block_index, task_index: as the programme is written, from 0. drawn_index: the place in the block that the lot gave
    it. timed: whether the person tells by presses when an imagined movement begins and ends. by_therapist: whether a
    therapist put it there and not the programme.
    """

    block_index: int
    task_index: int
    task: TaskDefinition
    mode: str
    drawn_index: int
    timed: bool = False
    by_therapist: bool = False

    def is_of(self, other: Step) -> bool:
        """Whether it is the same task in the same place, however often and in whatever way it is performed."""
        at = other.block_index, other.task_index, other.task.name
        return at == (self.block_index, self.task_index, self.task.name)


def load_programme(name: str, folder: Path | None = None) -> Programme:
    """The programme `name` (or the file at that path, if `name` ends in .toml).

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a programme or names a task that is
    none.
    """
    path = programme_file(name, folder)
    programme = read_toml(path, Programme)
    blocks = tuple(
        msgspec.structs.replace(block, tasks=tuple(_found(task, path, (i, j)) for j, task in enumerate(block.tasks)))
        for i, block in enumerate(programme.blocks)
    )
    return msgspec.structs.replace(programme, blocks=blocks)


def programme_file(name: str, folder: Path | None = None) -> Path:
    """The file that `name` means. Raises `UnknownName` where there is none."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise UnknownName("programme file", name, [], Path.cwd())
        return path
    folder = folder or programmes_folder()
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("programme", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    return path


def programmes_folder() -> Path:
    """Where the programmes that ship are."""
    return Path(str(resources.files("scenes"))) / "programmes"


def _found(planned: PlannedTask, path: Path, at: tuple[int, int]) -> PlannedTask:
    """The planned task, with a file of its own named from where the programme is; `at` is its block and its place."""
    if planned.task.endswith(".toml"):
        planned = msgspec.structs.replace(planned, task=str(path.parent / planned.task))
    try:
        load_task(planned.task)
    except UnknownName as error:
        line = line_of(path.read_text(encoding="utf-8"), ("blocks", at[0], "tasks", at[1], "task"))
        raise SceneFileError(str(path), line, f"expected a task that there is; {error}") from error
    return planned


def lay_out(programme: Programme, seed: int, mode: str | None = None) -> tuple[Step, ...]:
    """Every task run of the programme in the order in which it is to come, each task loaded and validated.

    seed: of the lot that says in which order the tasks of a block come. mode: in place of the programme's.
    """
    steps = []
    for block_index, block in enumerate(programme.blocks):
        drawn = list(range(len(block.tasks)))
        if (block.order or programme.order) == "random":
            random.Random(f"{seed} {block_index}").shuffle(drawn)
        for drawn_index, task_index in enumerate(drawn):
            planned = block.tasks[task_index]
            changes = {
                field: value
                for field in ("goal", "time_limit_s", "demonstration_s")
                if (value := getattr(planned, field)) is not None
            }
            task = msgspec.structs.replace(load_task(planned.task), **changes)
            drives = block.mode or mode or programme.mode
            steps.append(Step(block_index, task_index, task, drives, drawn_index, block.timed_imagery))
    return tuple(steps)
