from __future__ import annotations

from pathlib import Path

import pytest

from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.session.programme import lay_out, load_programme

GOOD = """
name = "mine"
title = "Mine"
mode = "mirror"
place = "therapy_room"
order = "fixed"

[[blocks]]
title = "Only"
tasks = [{ task = "open_close_hand", goal = 3 }, { task = "reach_touch" }]
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["demo", "first_session"])
def test_every_programme_that_ships_is_whole(name: str) -> None:
    programme = load_programme(name)
    assert programme.name == name
    assert lay_out(programme, 1)


def test_a_programme_changes_what_it_names_and_leaves_the_rest_to_the_task(tmp_path: Path) -> None:
    first, second = lay_out(load_programme(written(tmp_path, GOOD)), 1)
    assert (first.block_index, first.task_index, first.task.goal) == (0, 0, 3)
    assert (second.block_index, second.task_index, second.task.goal) == (0, 1, 8)


def test_an_unknown_programme_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"No programme 'first_sesion'.*Did you mean 'first_session'"):
        load_programme("first_sesion")


def test_a_programme_with_an_unknown_task_never_starts(tmp_path: Path) -> None:
    with pytest.raises(SceneFileError, match=r"No task 'reach_tuch'.*Did you mean 'reach_touch'") as caught:
        load_programme(written(tmp_path, GOOD.replace("reach_touch", "reach_tuch")))
    assert caught.value.line == 10


@pytest.mark.parametrize(
    ("wrong", "right", "line", "expected"),
    [
        ("goal = 3", "goal = 0", 10, "goal"),
        ("goal = 3", 'goal = "three"', 10, "int"),
        ('title = "Only"', "titel = 1", 9, "titel"),
        ('mode = "mirror"', "mode = ", 4, "value"),
    ],
)
def test_a_malformed_programme_is_refused_with_file_and_line(
    tmp_path: Path, wrong: str, right: str, line: int, expected: str
) -> None:
    path = written(tmp_path, GOOD.replace(wrong, right))
    with pytest.raises(SceneFileError, match=expected) as caught:
        load_programme(path)
    assert caught.value.file == path
    assert caught.value.line == line
