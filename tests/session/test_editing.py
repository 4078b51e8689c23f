"""A programme that is edited while its session runs: in force from the next frame on, or refused with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.messages import SettingChanged, TaskEnded, TaskStarted
from vrrehab.body.skeleton import Side
from vrrehab.cli.editing import Editing
from vrrehab.cli.narration import Narrator
from vrrehab.session.edited import decode, read
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.testing.acting import Effort
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Kept, Sat, Told

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
    with closing(watching(mine)) as editing:
        yield editing


def watching(mine: Path) -> Editing:
    plan = make_plan(LOST_LEFT_HAND, load_programme(str(mine)), None, "scripted", 1)
    places = {name: mine.parent / f"{name}.toml" for name in ("therapy_room", "garden")}
    return Editing(str(mine), plan, None, places, look_every_s=0.02)


class WhenFound:
    """Edits files in the first task run, and holds that frame until each edit has been found and tried.

    at: in which frame that is, counted from the run's first. frame: that frame's number.
    """

    def __init__(self, editing: Editing, *edits: tuple[Path, str], at: int = 1, demonstrated: bool = False) -> None:
        self._editing, self._edits, self._left = editing, edits, at
        self._demonstrated = demonstrated
        self.told: list[str] = []
        self.frame = 0
        self.seen: list[tuple[str, str, str]] = []

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        view, conductor = sitting.view, sitting.conductor
        if self.told and len(self.seen) < 2:
            self.seen.append((view.title, view.text, view.count))
        begun = conductor.performing.run is not None if self._demonstrated else conductor.ledger.run_number == 1
        if begun and not self.told:
            self._left -= 1
            if self._left:
                return ()
            self.frame = sitting.frame
            for path, text in self._edits:
                path.write_text(text)
                self.told.append(self._found(sitting))
            self.seen.append((view.title, view.text, view.count))
        return ()

    def _found(self, sitting: Sitting) -> str:
        give_up = time.monotonic() + 60.0
        while not (told := self._editing.apply(sitting)):
            assert time.monotonic() < give_up, "nothing was found"
            time.sleep(0.01)
        return told


def in_the_terminal(sat: Sat) -> list[str]:
    lines: list[str] = []
    narrator = Narrator(Kept(), sat.plan, lines.append)
    for event in sat.record.events:
        narrator.event(event)
    narrator.close()
    return lines


def test_what_is_to_come_is_as_it_was_edited(sit: Callable[..., Sat], mine: Path, editing: Editing) -> None:
    edit = WhenFound(editing, (mine, HEAD + MORE.replace('"reach_touch", goal = 1', '"reach_touch", goal = 2')))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == [f"From frame {edit.frame} on by mine as it was edited, 2 tasks to come."]
    assert sat.status == "completed"
    runs = sat.record.of(TaskStarted)
    assert [(run.task, run.parameters["goal"]) for run in runs] == [
        ("open_close_hand", 1), ("reach_touch", 2), ("own", 1),
    ]  # fmt: skip
    (edited,) = sat.record.named("programme_edited")
    assert edited.detail == {"programme": "mine", "applied_frame": edit.frame, "steps_to_come": 2}
    assert "task 3 of 3: own" in " ".join(in_the_terminal(sat)), "a task of which nobody knew when it began"


def test_goal_and_time_of_the_task_that_is_on_are_others_from_that_frame_on_and_on_record_with_it(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    edit = WhenFound(editing, (mine, HEAD + TASKS.replace("goal = 1", "goal = 3, time_limit_s = 200", 1)))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == [
        f"From frame {edit.frame} on by mine as it was edited, 1 task to come; "
        "at once in open_close_hand: goal 3, time_limit_s 200."
    ]
    first, end = sat.record.of(TaskStarted)[0], sat.record.of(TaskEnded)[0]
    assert (first.parameters["goal"], end.repetitions, end.status) == (1, 3, "completed")
    (edited,) = sat.record.named("programme_edited")
    assert edited.task_run_id == first.task_run_id
    assert edited.detail == {
        "programme": "mine", "applied_frame": edit.frame, "steps_to_come": 1,
        "task": "open_close_hand", "goal": 3, "time_limit_s": 200.0, "from_its_next_run": "",
    }  # fmt: skip
    motion = sat.record.motion()
    assert motion["mono_ns"][motion["frame"] == edit.frame].tolist() == [edited.mono_ns]
    # Read before that frame, seen in it.
    assert [count for _, _, count in edit.seen] == ["0 of 1", "0 of 3"]
    assert sat.record.named("score")[0].detail["goal_ratio"] == 1.0


def test_a_time_that_is_over_by_the_edit_ends_the_task_in_that_frame(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    shorter = HEAD + TASKS.replace("goal = 1", "goal = 9, time_limit_s = 5", 1)
    sat = sit(str(mine), tell=(edit := WhenFound(editing, (mine, shorter), at=5 * HZ + 10)), rate_hz=HZ,
              participant=ScriptedParticipant(1, Side.RIGHT, effort=Effort.NOTHING))  # fmt: skip
    end, motion = sat.record.of(TaskEnded)[0], sat.record.motion()
    assert motion["mono_ns"][motion["frame"] == edit.frame].tolist() == [end.mono_ns]
    assert end.status == "completed"


def test_words_are_others_in_that_frame_and_what_counts_only_from_the_next_run_on_which_is_told(
    sit: Callable[..., Sat], mine: Path
) -> None:
    ours = mine.parent / "own.toml"
    written = HEAD + TASKS.replace("open_close_hand", "own.toml").replace("reach_touch", "own.toml")
    mine.write_text(written)
    other = ours.read_text().replace("instruction = ", 'instruction = "Softly." #').replace("high = 0.6", "high = 0.7")
    with closing(watching(mine)) as editing:
        edit = WhenFound(editing, (ours, other))
        sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == [
        f"From frame {edit.frame} on by mine as it was edited, 1 task to come; at once in own: instruction; "
        "only from its next run on in own: rule."
    ]
    assert sat.record.named("programme_edited")[0].detail["from_its_next_run"] == "rule"
    assert [text for _, text, _ in edit.seen][1:] == ["Softly."]
    first, second = (run.parameters["high"] for run in sat.record.of(TaskStarted))
    assert first == 0.6
    assert second >= 0.7


def test_an_edit_while_the_movement_is_shown_is_what_the_task_then_begins_with(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    edit = WhenFound(editing, (mine, HEAD + TASKS.replace("goal = 1", "goal = 2")), demonstrated=True)
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert [run.parameters["goal"] for run in sat.record.of(TaskStarted)] == [2, 2]
    assert [end.repetitions for end in sat.record.of(TaskEnded)] == [2, 2]
    (edited,) = sat.record.named("programme_edited")
    assert edited.mono_ns < sat.record.of(TaskStarted)[0].mono_ns


def test_what_a_therapist_added_stays_added(sit: Callable[..., Sat], mine: Path, editing: Editing) -> None:
    edit = WhenFound(editing, (mine, HEAD + TASKS.replace("goal = 1", "goal = 2, time_limit_s = 20", 1)), at=3)
    extend = Told("extend", {"seconds": 10})

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        edit(sitting, frame)
        return [extend] if sitting.conductor.ledger.run_number == 1 and not extend.answer else []

    sat = sit(str(mine), tell=tell, rate_hz=HZ)
    assert extend.answer.startswith("applied")
    assert sat.record.of(TaskEnded)[0].repetitions == 3, "two in 20 s are three in 30 s"
    assert sat.record.named("programme_edited")[0].detail["time_limit_s"] == 20.0, "as it is written"


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
    edit = WhenFound(editing, (mine, text))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert original != text
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(edit.told[0])
    assert edit.told[0].startswith(f"The edit is not used, in frame {edit.frame}: ")
    assert [run.task for run in sat.record.of(TaskStarted)] == ["open_close_hand", "reach_touch"]
    (refused,) = sat.record.named("edit_refused")
    assert str(refused.detail["reason"]) in edit.told[0]
    assert refused.detail["frame"] == edit.frame


def test_a_task_that_is_new_and_wrong_is_used_once_it_was_mended(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    own = mine.parent / "own.toml"
    good = own.read_text()
    own.write_text(good.replace("goal = 8", "goal = none"))
    edit = WhenFound(editing, (mine, HEAD + MORE), (own, good))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert "own.toml:6: expected" in edit.told[0]
    assert edit.told[1] == f"From frame {edit.frame} on by mine as it was edited, 2 tasks to come."
    assert [run.task for run in sat.record.of(TaskStarted)] == ["open_close_hand", "reach_touch", "own"]


def test_a_programme_that_names_another_place_now_takes_the_session_there(
    sit: Callable[..., Sat], mine: Path, editing: Editing
) -> None:
    edit = WhenFound(editing, (mine, HEAD.replace("therapy_room", "garden") + TASKS))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == [f"From frame {edit.frame} on by mine as it was edited, 1 task to come."]
    (change,) = sat.record.of(SettingChanged)
    assert (change.name, change.new, change.who) == ("place", "garden", "the programme's file")
    assert sat.sitting.view.ambience.place == "garden"


def test_an_edited_place_is_gone_to_anew(sit: Callable[..., Sat], mine: Path, editing: Editing) -> None:
    edit = WhenFound(editing, (mine.parent / "therapy_room.toml", ""))
    sat = sit(str(mine), tell=edit, rate_hz=HZ)
    assert edit.told == [f"From frame {edit.frame} on therapy_room is made anew as it was edited."]
    assert sat.sitting.view.ambience.arrivals == 1
    assert [event.detail for event in sat.record.named("place")][1:] == [
        {"name": "therapy_room", "who": "the place's file"}
    ]
    assert not sat.record.of(SettingChanged), "it is the same place"


def test_what_is_read_elsewhere_is_what_would_be_read_here(mine: Path) -> None:
    import msgspec

    here = read(str(mine), 5, None)
    assert decode(msgspec.msgpack.encode(here)) == here
