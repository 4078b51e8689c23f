"""Scene files: read exactly, or refused with file, line and remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from vrrehab.errors import SceneFileError
from vrrehab.session.toml_file import Place, line_of, read_toml


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    goal: Annotated[int, msgspec.Meta(ge=1)] = 3
    kind: Literal["open_close", "reach"] = "reach"
    targets: tuple[tuple[float, float, float], ...] = ()


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    tasks: tuple[Exercise, ...] = ()
    gains: dict[str, float] = {}


@pytest.fixture
def read(tmp_path: Path):
    def reading(text: str | bytes) -> Plan:
        path = tmp_path / "plan.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_toml(path, Plan)

    return reading


def refusal(read, text: str | bytes) -> tuple[int | None, str]:
    with pytest.raises(SceneFileError) as caught:
        read(text)
    error = caught.value
    where = f":{error.line}" if error.line else ""
    assert str(error) == f"{error.file}{where}: {error.problem}"
    assert error.file.endswith("plan.toml")
    return error.line, error.problem


def test_a_right_file_becomes_the_record(read) -> None:
    plan = read('title = "Morning"\n[[tasks]]\nname = "wave"\ntargets = [[0, 1.5, -0.4]]\n')
    assert plan == Plan("Morning", (Exercise("wave", targets=((0.0, 1.5, -0.4),)),))


def test_windows_line_ends_are_read_like_any_other(read) -> None:
    assert read(b'title = "Morning"\r\n[gains]\r\na = 1.5\r\n').gains == {"a": 1.5}
    assert refusal(read, b'title = "Morning"\r\n[gains]\r\n\r\na = "b"\r\n')[0] == 2


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("title = 1", 1, "expected `str` in `title`, but 1 came; correct it"),
        ("title = true", 1, "expected `str` in `title`, but true came; correct it"),
        (
            'title = "x"\ngains = {a = "2"}',
            2,
            "expected `float` in a value of `gains`, but another value came; correct it",
        ),
        ('title = "x"\ntasks = 3', 2, "expected `array` in `tasks`, but 3 came; correct it"),
        ('title = "x"\ngains = [1]', 2, "expected `object` in `gains`, but a list of 1 came; correct it"),
        ("title = {a = 1}", 1, "expected `str` in `title`, but a table came; correct it"),
        (
            'title = "x"\n\n[[tasks]]\nname = "a"\n\n[[tasks]]\nname = "b"\ngoal = 0',
            8,
            "expected `int` >= 1 in `tasks[2].goal`, but 0 came; correct it",
        ),
        (
            'title = "x"\n[[tasks]]\nname = "a"\nkind = "grasp"',
            4,
            'expected one of open_close, reach in `tasks[1].kind`, but "grasp" came; correct it',
        ),
        (
            'title = "x"\n[[tasks]]\nname = "a"\ntargets = [\n  [0, 1, 2],\n  [0, "up", 2],\n]',
            6,
            'expected `float` in `tasks[1].targets[2][2]`, but "up" came; correct it',
        ),
        (
            'title = "x"\n[[tasks]]\ngoal = 1',
            2,
            "expected `name` in `tasks[1]`, but it is missing; add `name = ...`",
        ),
        ("", None, "expected `title`, but it is missing; add `title = ...`"),
        (
            'title = "x"\n[[tasks]]\nname = "a"\ngaol = 4',
            4,
            "expected a known name in `tasks[1]`, but `gaol` came; did you mean `goal`?",
        ),
        (
            'title = "x"\ncolour = "red"',
            2,
            "expected a known name, but `colour` came; remove it (known: title, tasks, gains)",
        ),
        (
            'title = "x"\n[gains]\na = 1\nb = "much"',
            2,
            "expected `float` in a value of `gains`, but another value came; correct it",
        ),
    ],
)
def test_a_wrong_record_is_refused_with_line_and_remedy(read, text: str, line: int, problem: str) -> None:
    assert refusal(read, text) == (line, problem)


@pytest.mark.parametrize(
    ("text", "line"), [('title = "x"\ngoal =\n', 2), ('title = "x"\ntitle = "y"\n', 2), ('\ntitle = "x', 2)]
)
def test_what_is_not_toml_is_refused_at_its_line(read, text: str, line: int) -> None:
    found, problem = refusal(read, text)
    assert found == line
    assert problem.startswith("expected TOML, but ")
    assert problem.endswith("; correct this line or the one before")


def test_other_bytes_than_utf8_are_refused_at_their_line(read) -> None:
    assert refusal(read, b'title = "x"\n# caf\xe9\n') == (
        2,
        "expected UTF-8 text, but other bytes came; save the file as UTF-8",
    )


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneFileError, match=r"nowhere\.toml: expected a TOML file, but there is none"):
        read_toml(tmp_path / "nowhere.toml", Plan)
    with pytest.raises(SceneFileError, match="expected a TOML file, but it cannot be read"):
        read_toml(tmp_path, Plan)


#: Every trick of TOML's layout at once; its strings are marked v01, v02, ... in order.
CROOKED = Path(__file__).with_name("crooked.toml").read_text()


def strings(value: Any, place: Place = ()) -> list[tuple[Place, str]]:
    if isinstance(value, str):
        return [(place, value)]
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in strings(inner, (*place, key))]
    if isinstance(value, list):
        return [found for index, inner in enumerate(value) for found in strings(inner, (*place, index))]
    return []


def test_the_line_of_every_value_is_found_whatever_the_layout() -> None:
    lines = CROOKED.split("\n")
    found = strings(tomllib.loads(CROOKED))
    assert len(found) == 18
    for place, value in found:
        mark = value.strip()[:3]
        line = line_of(CROOKED, place)
        assert line is not None
        # A multi-line string begins on the line of its quotes, one above its first word.
        opened = lines[line - 1].endswith(('"""', "'''"))
        assert mark in lines[line if opened else line - 1], (place, line)


def test_a_value_that_is_not_written_takes_the_line_of_what_is_around_it() -> None:
    assert line_of(CROOKED, ("tasks", 1, "absent")) == lines_with(CROOKED, "[[tasks]]")[1]
    assert line_of(CROOKED, ("one", "two", "absent", 4)) == lines_with(CROOKED, "[one.two]")[0]
    assert line_of(CROOKED, ("absent",)) is None


def lines_with(text: str, mark: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), 1) if line.startswith(mark)]
