"""`vrrehab programme`: which programmes and courses there are, what is in one, and whether a file is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrrehab.cli import app

if TYPE_CHECKING:
    from vrrehab.session.course import Course

programme_app = typer.Typer(help="Programmes and courses.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(programme_app, name="programme")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A programme, a course, or a .toml file of your own.")]


@programme_app.callback()
def programme() -> None:
    """Programmes and courses."""


@programme_app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A programme's or a course's .toml file.")],
) -> None:
    """Say whether a file can be used, with the line of what cannot be and what was expected there."""
    if file.suffix != ".toml":
        raise typer.BadParameter(f"expected a .toml file, got {str(file)!r}", param_hint="FILE")
    for line in told(str(file)):
        print(line)


@programme_app.command()
def show(name: Name) -> None:
    """Say what a programme or a course is made of, task by task."""
    from vrrehab.session.course import Course, load_plan

    for line in told(name):
        print(line)
    plan = load_plan(name)
    if isinstance(plan, Course):
        return
    for block in plan.blocks:
        limits = [f"{block.minutes:g} min"] if block.minutes else []
        limits += [block.mode] if block.mode else []
        within = f" ({', '.join(limits)})" if limits else ""
        print(f"\n{block.title}{within}")
        for task in block.tasks:
            print(f"  {task.task}{f', {task.goal} times' if task.goal else ''}")


@programme_app.command("list")
def list_() -> None:
    """List the programmes and courses that ship."""
    from vrrehab.session.course import courses_folder, load_plan
    from vrrehab.session.programme import programmes_folder

    for what, folder in (("Programmes", programmes_folder()), ("Courses, over several sessions", courses_folder())):
        print(what)
        for path in sorted(folder.glob("*.toml")):
            print(f"  {path.stem:24}{load_plan(path.stem).title}")


def told(name: str) -> Iterator[str]:
    """What there is to say of it. Raises `SceneFileError` and `UnknownName` where it cannot be used."""
    from vrrehab.session.checking import check as checked
    from vrrehab.session.course import Course, load_plan
    from vrrehab.session.programme import programme_file
    from vrrehab.stage.place import load_place

    plan = load_plan(name)
    if isinstance(plan, Course):
        yield from _of_course(plan, name)
        return
    path = programme_file(name)
    summary = checked(plan, path)
    _with_line(load_place, plan.place, path, ("place",))
    yield f"{path}: can be used"
    for line in summary.lines():
        yield f"  {line}"
    for note in summary.notes():
        yield f"  note: {note}"


def _of_course(course: Course, name: str) -> Iterator[str]:
    from vrrehab.session.checking import check as checked
    from vrrehab.session.programme import load_programme, programme_file
    from vrrehab.stage.place import load_place

    lengths = {"phases": " ".join(course.order), "graded": "as the participant gets on"}
    yield f"{name}: can be used"
    yield f"  {course.title}: {course.design}, {lengths.get(course.design) or f'{course.sessions} sessions'}"
    for phase in course.phases:
        path = programme_file(phase.programme)
        summary = checked(load_programme(phase.programme), path, phase.mode)
        _with_line(load_place, summary.programme.place, path, ("place",))
        yield f"  {phase.name}: {phase.programme}, {', '.join(summary.modes)}, at most {summary.minutes:.0f} minutes"


def _with_line(load, name: str, path: Path, at: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    """Load something by its name, and where there is none of that name, say where the file says it."""
    from vrrehab.errors import SceneFileError, UnknownName
    from vrrehab.session.toml_file import line_of

    try:
        load(name)
    except UnknownName as error:
        line = line_of(path.read_text(encoding="utf-8"), at)
        raise SceneFileError(str(path), line, f"expected a {at[-1]} that there is; {error}") from error
