"""A programme that is edited while its session runs: used from the next task on, or refused with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from telemetry.messages import SettingChanged, TaskStarted
from vrrehab.cli.editing import Editing
from vrrehab.session.edited import decode, read
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting

from .conftest import LOST_LEFT_HAND, Sat, Told

HEAD = 'name = "mine"\ntitle = "Mine"\nmode = "mirror"\nplace = "therapy_room"\nask = []\norder = "fixed"\n'
TASKS = """
[[blocks]]
title = "Only"
tasks = [
    { task = "open_close_hand", goal = 1, demonstration_s = 0.1 },
    { task = "reach_touch", goal = 1, demonstration_s = 0.1 },
]
"""
MORE = (
    TASKS.rstrip().removesuffix("]")
    + '    { task = "own.toml", goal = 1, demonstration_s = 0.1, time_limit_s = 2 },\n]\n'
)
HZ = 20


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + TASKS)
    own = Path("scenes/tasks/open_close_hand.toml").read_text()
    (tmp_path / "own.toml").write_text(own.replace('name = "open_close_hand"', 'name = "own"'))
    return path


@pytest.fixture
def editing(mine: Path) -> Iterator[Editing]:
    plan = make_plan(LOST_LEFT_HAND, load_programme(str(mine)), None, "scripted", 1)
    editing = Editing(str(mine), plan, None, {"therapy_room": mine.parent / "place.toml"}, look_every_s=0.02)
    yield editing
    editing.close()


class WhenFound:
    """Edits the file in the first task run, and holds that frame until the edit has been found and tried."""

    def __init__(self, editing: Editing, path: Path, text: str) -> None:
        self._editing, self._path, self._text = editing, path, text
        self.told: list[str] = []

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        if sitting.conductor.ledger.run_number == 1 and not self.told:
            self._path.write_text(self._text)
            give_up = time.monotonic() + 60.0
            while not (told := self._editing.apply(sitting)):
                assert time.monotonic() < give_up, "nothing was found"
                time.sleep(0.01)
            self.told.append(told)
        return ()


def test_a_good_edit_is_used_from_the_next_task_on(sit: Callable[..., Sat], mine: Path, editing: Editing) -> None:
    edit = WhenFound(editing, mine, HEAD + MORE.replace('"reach_touch", goal = 1', '"reach_touch", goal = 2'))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == ["The session goes on by mine as it was edited."]
    assert sat.status == "completed"
    runs = sat.record.of(TaskStarted)
    assert [(run.task, run.parameters["goal"]) for run in runs] == [
        ("open_close_hand", 1), ("reach_touch", 2), ("own", 1),
    ]  # fmt: skip
    (edited,) = sat.record.named("programme_edited")
    assert edited.detail == {"programme": "mine", "steps_to_come": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + TASKS.replace("goal = 1", "goal = none", 1), "mine.toml:11: expected TOML"),
        (HEAD + TASKS.replace("reach_touch", "stretch_knee"), "tasks of arms|tasks for the limbs of this session"),
        (HEAD.replace("therapy_room", "moon") + TASKS, "place expects one of .*garden.*, got 'moon'"),
    ],
    ids=["malformed", "another limb", "no place"],
)
def test_a_bad_edit_is_refused_with_the_reason_and_the_session_goes_on_as_it_was(
    sit: Callable[..., Sat], mine: Path, editing: Editing, text: str, reason: str
) -> None:
    original = mine.read_text()
    edit = WhenFound(editing, mine, text)
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert original != text
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(edit.told[0])
    assert edit.told[0].startswith("The edit is not used: ")
    assert [run.task for run in sat.record.of(TaskStarted)] == ["open_close_hand", "reach_touch"]
    (refused,) = sat.record.named("edit_refused")
    assert str(refused.detail["reason"]) in edit.told[0]


def test_a_programme_that_names_another_place_now_takes_the_session_there(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    edit = WhenFound(editing, mine, HEAD.replace("therapy_room", "garden") + TASKS)
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == ["The session goes on by mine as it was edited."]
    (change,) = sat.record.of(SettingChanged)
    assert (change.name, change.new, change.who) == ("place", "garden", "the programme's file")
    assert sat.sitting.view.ambience.place == "garden"


def test_an_edited_place_is_gone_to_anew(sit: Callable[..., Sat], mine: Path, editing: Editing) -> None:
    edit = WhenFound(editing, mine.parent / "place.toml", "")
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == ["The place therapy_room is made anew as it was edited."]
    assert sat.sitting.view.ambience.arrivals == 1
    assert [event.detail for event in sat.record.named("place")][1:] == [
        {"name": "therapy_room", "who": "the place's file"}
    ]
    assert not sat.record.of(SettingChanged), "it is the same place"


def test_what_is_read_elsewhere_is_what_would_be_read_here(mine: Path) -> None:
    import msgspec

    here = read(str(mine), 5, None)
    assert decode(msgspec.msgpack.encode(here)) == here
