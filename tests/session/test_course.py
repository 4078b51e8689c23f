"""Which programme and mode are due, from a course's file, a code and the sessions on record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from telemetry.analysis import alternation_test
from vrrehab.errors import NotPossible, SceneFileError, UnknownName
from vrrehab.session.course import Course, due, load_plan
from vrrehab.session.programme import Programme

HEAD = 'name = "mine"\ntitle = "Mine"\n'
PHASES = """
[[phases]]
name = "A"
programme = "demo"
mode = "intact_only"
[[phases]]
name = "B"
programme = "demo"
"""
GRADED = """
design = "graded"
[[phases]]
name = "laterality"
programme = "demo"
advance = { sessions = 2, in_a_row = 2, accuracy = 0.8, response_s = 2.5 }
[[phases]]
name = "imagery"
programme = "demo"
mode = "imagery"
advance = { sessions = 2 }
[[phases]]
name = "mirror"
programme = "demo"
"""


@dataclass
class Past:
    """A session on record."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    origin: str = "person"
    task_runs: int = 3
    pain_first: float | None = 5.0
    pain_most: float | None = 5.0


def of(course: Course, condition: str, accuracy: float | None = None, response_s: float = 2.0, **more: Any) -> Past:
    """A session of a course in this condition, with a judgement of left and right where one is given."""
    told: list[tuple[str, dict[str, Any]]] = [("course", {"course": course.name, "condition": condition})]
    if accuracy is not None:
        told.append(("score", {"trials": 24, "accuracy": accuracy, "response_s": response_s}))
    return Past(told, **more)


def course(folder: Path, text: str) -> Course:
    path = folder / "mine.toml"
    path.write_text(HEAD + text)
    loaded = load_plan(str(path))
    assert isinstance(loaded, Course)
    return loaded


def whole(plan: Course, code: str, count: int) -> list[str]:
    """The conditions of so many sessions, each as if the ones before had gone as planned."""
    past: list[Past] = []
    for _ in range(count):
        past.append(of(plan, due(plan, code, "person", past).phase.name))
    return [told["condition"] for each in past for _, told in each.told]


def test_phases_come_in_their_order_and_length(tmp_path: Path) -> None:
    abab = course(tmp_path, 'design = "phases"\norder = ["A", "B", "A", "B"]\nlengths = [3, 2, 1, 2]\n' + PHASES)
    assert "".join(whole(abab, "P001", 8)) == "AAABBABB"
    fifth = due(abab, "P001", "person", [of(abab, "A")] * 4)
    assert (fifth.session, fifth.block, fifth.phase.mode) == (5, 2, None)
    assert fifth.told()["order"] == "A A A B B A B B"
    with pytest.raises(NotPossible, match="which has 8, but P001 is at number 9"):
        due(abab, "P001", "person", [of(abab, "A")] * 8)


def test_a_length_between_two_numbers_is_drawn_so_that_the_start_of_b_is_by_lot(tmp_path: Path) -> None:
    ab = course(tmp_path, 'design = "phases"\norder = ["A", "B"]\nlengths = [[3, 6], 5]\n' + PHASES)
    starts = Counter(due(ab, f"P{n:03d}", "person", []).order.index("B") for n in range(60))
    assert set(starts) == {3, 4, 5, 6}
    assert all(
        due(ab, "P007", "person", [of(ab, "A")] * n).order == due(ab, "P007", "person", []).order for n in (1, 2)
    )


def test_alternating_begins_by_lot_and_takes_turns(tmp_path: Path) -> None:
    plan = course(tmp_path, 'design = "alternating"\nsessions = 6\n' + PHASES)
    orders = {"".join(due(plan, f"P{n:03d}", "person", []).order) for n in range(20)}
    assert orders == {"ABABAB", "BABABA"}


def test_randomised_blocks_have_each_condition_as_often_and_their_test_reads_what_is_recorded(tmp_path: Path) -> None:
    plan = course(tmp_path, 'design = "randomised"\nsessions = 12\nblock_sessions = 4\nseed = 3\n' + PHASES)
    orders = set()
    for n in range(20):
        now = due(plan, f"P{n:03d}", "person", [])
        orders.add(now.order)
        assert all(Counter(now.order[i : i + 4]) == {"A": 2, "B": 2} for i in (0, 4, 8))
    assert len(orders) > 10
    blocks = [due(plan, "P001", "person", [of(plan, "A")] * n).block for n in range(12)]
    assert blocks == [1] * 4 + [2] * 4 + [3] * 4
    found = alternation_test(range(12), due(plan, "P001", "person", []).order, blocks)
    assert found.assignments == 6**3


def test_only_sessions_of_this_course_and_origin_in_which_something_was_performed_count(tmp_path: Path) -> None:
    plan = course(tmp_path, 'design = "phases"\norder = ["A", "B"]\nlengths = [2, 2]\n' + PHASES)
    others = [Past(), of(plan, "A", origin="scripted"), of(plan, "A", task_runs=0), Past([("course", {"course": "x"})])]
    assert due(plan, "P001", "person", others).session == 1
    assert due(plan, "P001", "person", [*others, of(plan, "A")]).session == 2
    assert due(plan, "P001", "person", others, session=3).phase.name == "B", "whoever knows may say the number"


def test_a_therapist_chooses_against_the_plan_and_that_is_said(tmp_path: Path) -> None:
    plan = course(tmp_path, 'design = "phases"\norder = ["A", "B"]\nlengths = [2, 2]\n' + PHASES)
    other = due(plan, "P001", "person", [], chosen="B")
    assert (other.phase.name, other.told()["by"], other.why) == (
        "B",
        "therapist",
        "chosen by the therapist, where A was due",
    )
    assert due(plan, "P001", "person", [], chosen="A").told()["by"] == "programme"
    with pytest.raises(UnknownName, match="No phase 'C' in the course mine"):
        due(plan, "P001", "person", [], chosen="C")


@pytest.mark.parametrize(
    ("sessions", "phase", "why"),
    [
        ([], "laterality", "the course begins"),
        ([("laterality", 0.9)], "laterality", "after 1 of at least 2 sessions"),
        ([("laterality", 0.9)] * 2, "imagery", "laterality was good enough"),
        ([("laterality", 0.9), ("laterality", 0.79)], "laterality", "79% were right, 80% are wanted"),
        ([("laterality", 0.9, 3.1)] * 2, "laterality", "an answer took 3.1 s, 2.5 s are wanted"),
        ([("laterality", 0.9), ("laterality", None)], "laterality", "no judgement of left and right was on record"),
        ([("laterality", 0.9)] * 2 + [("imagery", None)], "imagery", "after 1 of at least 2 sessions"),
        ([("laterality", 0.9)] * 2 + [("imagery", None)] * 2, "mirror", "imagery was good enough"),
        ([("imagery", None)] * 2 + [("mirror", None)] * 9, "mirror", "session 10 of the last phase"),
    ],
)
def test_graded_goes_on_when_the_last_sessions_were_good_enough(
    tmp_path: Path, sessions: list[tuple[Any, ...]], phase: str, why: str
) -> None:
    plan = course(tmp_path, GRADED)
    now = due(plan, "P001", "person", [of(plan, *each) for each in sessions])
    assert (now.phase.name, now.why) == (phase, why)


def test_a_flare_leads_a_graded_course_back_a_phase_and_it_has_to_be_met_anew(tmp_path: Path) -> None:
    plan = course(tmp_path, GRADED)
    past = [of(plan, "laterality", 0.9)] * 2 + [of(plan, "imagery")]
    flare = of(plan, "imagery", pain_first=4.0, pain_most=6.0)
    back = due(plan, "P001", "person", [*past, flare])
    assert (back.phase.name, back.why) == ("laterality", "pain rose by 2 points in the last session")
    assert due(plan, "P001", "person", [*past, flare, of(plan, "laterality", 0.9)]).phase.name == "laterality"
    again = [*past, flare, of(plan, "laterality", 0.9), of(plan, "laterality", 0.9)]
    assert due(plan, "P001", "person", again).phase.name == "imagery"
    first = of(plan, "laterality", 0.9, pain_first=4.0, pain_most=9.0)
    assert due(plan, "P001", "person", [first]).phase.name == "laterality", "there is none before the first"


def test_after_a_therapists_choice_a_graded_course_goes_on_from_there(tmp_path: Path) -> None:
    plan = course(tmp_path, GRADED)
    assert due(plan, "P001", "person", [of(plan, "mirror")]).phase.name == "mirror"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'design = "phases"\norder = ["A", "C"]\nlengths = [1, 1]\n' + PHASES,
            r"`order` to name phases \(A, B\), got C",
        ),
        ('design = "phases"\norder = ["A"]\nlengths = [1, 1]\n' + PHASES, "as many entries, got 1 and 2"),
        ('design = "randomised"\n' + PHASES, "expected `sessions`"),
        ('design = "randomised"\nsessions = 6\nblock_sessions = 3\n' + PHASES, "a multiple of the 2 phases, got 3"),
        ('design = "alternate"\nsessions = 6\n' + PHASES, "one of alternating, graded, phases, randomised"),
        ('design = "alternating"\nsessions = 6\n' + PHASES.replace('"B"', '"A"'), "a name of its own, got A, A"),
        ('design = "alternating"\nsessions = 6\n' + PHASES.replace('"demo"', '"dema"'), "Did you mean 'demo'"),
        (GRADED.replace("graded", "alternating") + "\n", "expected `sessions`"),
    ],
)
def test_a_malformed_course_is_refused_with_what_was_expected(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SceneFileError, match=expected):
        course(tmp_path, text)


def test_a_name_is_a_programmes_or_a_courses() -> None:
    assert isinstance(load_plan("demo"), Programme)
    with pytest.raises(UnknownName, match="Did you mean 'demo'"):
        load_plan("demu")
