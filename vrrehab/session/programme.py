"""Programmes: the ordered plan of a session, read from `scenes/programmes` and laid out as a flat list of
task runs.

A programme and every task it names are validated before anything starts; a malformed one never starts a
session.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import read_toml
from vrrehab.tasks.definition import Count, Seconds, TaskDefinition, load_task


class PlannedTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task in a block; what is given here replaces the task's own default."""

    task: str
    goal: Count | None = None
    time_limit_s: Seconds | None = None
    demonstration_s: Seconds | None = None


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    tasks: Annotated[tuple[PlannedTask, ...], Meta(min_length=1, max_length=40)]


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of one session. `mode` says what drives the virtual limb (`vrrehab.body.drives`)."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
    title: str
    mode: str
    place: str
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=40)]
    #: Whether the person is measured before anything else, ten seconds a limb (`vrrehab.session.calibration`).
    calibrate: bool = False
    #: When the pain question is asked; a study may leave one out, a clinic rarely should.
    ask: tuple[Literal["before", "after_task", "after"], ...] = ("before", "after_task", "after")


@dataclass(frozen=True, slots=True)
class Step:
    """One task run to come: its place in the programme and the definition with the programme's changes
    applied.
    """

    block_index: int
    task_index: int
    task: TaskDefinition


def load_programme(name: str, folder: Path | None = None) -> Programme:
    """The programme `name` (or the file at that path, if `name` ends in .toml).

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a programme.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise UnknownName("programme file", name, [], Path.cwd())
        return read_toml(path, Programme)
    folder = folder or Path(str(resources.files("scenes"))) / "programmes"
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("programme", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    return read_toml(path, Programme)


def lay_out(programme: Programme, task_folder: Path | None = None) -> tuple[Step, ...]:
    """Every task run of the programme in order, each task loaded and validated."""
    steps = []
    for block_index, block in enumerate(programme.blocks):
        for task_index, planned in enumerate(block.tasks):
            changes = {
                field: value
                for field in ("goal", "time_limit_s", "demonstration_s")
                if (value := getattr(planned, field)) is not None
            }
            task = msgspec.structs.replace(load_task(planned.task, task_folder), **changes)
            steps.append(Step(block_index, task_index, task))
    return tuple(steps)
