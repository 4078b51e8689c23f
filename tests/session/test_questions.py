"""Questions as data, their panels, and what a session asks when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from telemetry import messages
from vrrehab.body.skeleton import HEAD, Side
from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.session.panels import DECLINE, laid_out
from vrrehab.session.questions import ASKED, PAIN, Numbers, Question, load_question, questions_of
from vrrehab.session.sitting import Sitting
from vrrehab.stage.displays.flat import FIELD_OF_VIEW_DEG
from vrrehab.testing.participant import FadingPain, ScriptedParticipant

from .conftest import Sat, Told

NAMES = sorted(path.name[:-5] for path in (Path(str(resources.files("scenes"))) / "questions").glob("*.toml"))
EVERY = """
name = "every"
title = "Every question"
mode = "mirror"
place = "therapy_room"

[ask]
before = [{before}]
after_task = ["phantom_pain", "effort"]
block_end = ["residual_limb_pain"]
after = ["phantom_pain"]

[[blocks]]
title = "One"
tasks = [{{ task = "open_close_hand", goal = 1, demonstration_s = 0.1 }}]

[[blocks]]
title = "Two"
tasks = [{{ task = "open_close_hand", goal = 1, demonstration_s = 0.1 }}]
"""


@pytest.fixture
def every(tmp_path: Path) -> str:
    path = tmp_path / "every.toml"
    path.write_text(EVERY.format(before=", ".join(f'"{name}"' for name in NAMES)))
    return str(path)


def same(text: str, **values: object) -> str:
    return text.format(**values)


def test_stump_pain_and_sensations_are_asked_at_start_block_end_and_end_and_one_question_after_a_task() -> None:
    sets = questions_of(tuple(ASKED))
    assert [question.name for question in sets["after_task"]] == [PAIN]
    for moment in ("before", "block_end", "after"):
        assert {"RLP", "PLS"} <= {question.site for question in sets[moment]}
    assert sets["before"][0].site == sets["after"][0].site == "PLP"


@pytest.mark.parametrize("name", NAMES)
def test_the_buttons_of_a_question_lie_on_its_panel_apart_from_each_other_and_it_can_be_declined(name: str) -> None:
    question = load_question(name)
    layout = laid_out(question, same)
    rows = [layout.asking, layout.marked or layout.asking, layout.confirming("Yes", "Change")]
    for bottom in rows:
        buttons = (*layout.answers, *bottom)
        assert len(buttons) <= 24
        for button in buttons:
            assert abs(button.x) + button.width / 2 <= layout.width / 2
            assert abs(button.y) + button.height / 2 <= layout.height / 2
            assert min(button.width, button.height) >= 0.02, "smaller than a fingertip"
        for one, other in combinations(buttons, 2):
            apart = (
                abs(one.x - other.x) - (one.width + other.width) / 2,
                abs(one.y - other.y) - (one.height + other.height) / 2,
            )
            assert max(apart) > 0.002
    assert DECLINE in [button.name for button in layout.asking]
    assert 2 * np.degrees(np.arctan(layout.width / 2 / 0.5)) < FIELD_OF_VIEW_DEG


def test_a_scale_may_have_two_to_twenty_one_steps() -> None:
    for most in (1, 20):
        answer = Numbers(least=0, most=most, low="low", high="high")
        question = Question(name="q", site="PLP", scale="S", title="T", answer=answer)
        assert len(laid_out(question, same).answers) == most + 1
    for most in (0, 21):
        with pytest.raises(ValueError, match="2 to 21 steps"):
            Numbers(least=0, most=most, low="low", high="high")


def test_a_therapists_answer_has_to_fit_the_scale() -> None:
    assert load_question("ownership").accept(-3) == {"ownership": -3.0}
    assert load_question("telescoping").accept(4) == {"telescoping": 4.0}
    words = load_question("pain_quality").accept("burning, cold")
    assert [word for word, value in words.items() if value] == ["burning", "cold"]
    assert sum(load_question("pain_quality").accept("").values()) == 0
    for name, wrong, expected in (
        ("phantom_pain", 11, "a whole number from 0 to 10, got 11"),
        ("phantom_pain", 4.5, "a whole number"),
        ("phantom_pain", "burning", "a whole number"),
        ("telescoping", 9, "one of 0, 1, 2, 3, 4, -1, got 9"),
        ("pain_quality", 3, "words of burning"),
        ("pain_quality", "burning, salty", "got 'salty'"),
    ):
        with pytest.raises(ValueError, match=expected):
            load_question(name).accept(wrong)


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (('site = "PLP"', 'site = "leg"'), 4, "one of PLP, PLS, RLP, other"),
        (("most = 10", "most = 30"), 8, "2 to 21 steps"),
        (('kind = "numbers"', 'kind = "stars"'), 9, "one of numbers, choice, words"),
        (('site = "PLP"', 'site = "other"'), None, "an `item` for the site"),
    ],
)
def test_a_mistake_in_a_question_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int | None, expected: str
) -> None:
    text = (Path(str(resources.files("scenes"))) / "questions" / "phantom_pain.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace(*change))
    with pytest.raises(SceneFileError, match=expected) as refused:
        load_question("mine", tmp_path)
    assert refused.value.line == line
    with pytest.raises(UnknownName, match="Did you mean 'mine'"):
        load_question("mines", tmp_path)


def test_every_question_is_answered_by_looking_and_on_record_as_it_was_meant(
    sit: Callable[..., Sat], every: str
) -> None:
    sat = sit(every, participant=ScriptedParticipant(3, Side.RIGHT, pain=FadingPain(3, declines=0.0)))
    assert sat.status == "completed"
    asked = sat.record.of(messages.RatingAsked)
    value = {event.rating_id: event.value for event in sat.record.of(messages.RatingAnswered)}
    assert {event.status for event in sat.record.of(messages.RatingAnswered)} == {"given"}
    answers = sat.sitting.conductor.ledger.answers
    assert len(answers) == len(sat.participant.truth.answers)
    meant = iter(sat.participant.truth.answers)
    rest = iter(asked)
    for answer in answers:
        said = next(meant)
        expected = answer.question.accept(",".join(said) if isinstance(said, frozenset) else said)
        recorded = {event.item: value[event.rating_id] for event in (next(rest) for _ in answer.question.items)}
        assert recorded == expected == dict(answer.values)
    # After a task each of its questions carries its id; the last block's end is the session's, asked once.
    runs = [event.task_run_id for event in sat.record.of(messages.TaskEnded)]
    told = [(event.phase, event.site, event.item, event.task_run_id) for event in asked if event.phase != "before"]
    assert told == [
        ("after_task", "PLP", "", runs[0]), ("after_task", "other", "effort", runs[0]),
        ("block_end", "RLP", "", None),
        ("after_task", "PLP", "", runs[1]), ("after_task", "other", "effort", runs[1]),
        ("after", "PLP", "", None),
    ]  # fmt: skip


def test_a_therapist_answers_what_is_asked_and_nothing_else(sit: Callable[..., Sat], tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(EVERY.format(before='"pain_quality", "residual_limb_pain", "sickness"'))
    told = {
        20: Told("rate", {"value": "burning,cold", "item": "sickness"}),
        21: Told("rate", {"value": "burning,cold", "site": "PLP", "scale": "words"}),
        40: Told("rate", {"value": 7, "site": "PLP"}),
        41: Told("rate", {"value": 7, "site": "RLP"}),
        60: Told("decline", {"question": "residual_limb_pain"}),
        61: Told("rate", {"value": 21}),
        62: Told("decline"),
    }
    sat = sit(str(path), tell=lambda sitting, frame: (told[frame],) if frame in told else (), most_frames=64)
    assert [command.answer[:9] for command in told.values()] == [
        "refused: ", "applied 2", "refused: ", "applied 4", "refused: ", "refused: ", "applied 6",
    ]  # fmt: skip
    assert (
        told[40].answer == "refused: the question that awaits an answer is residual_limb_pain, of site 'RLP', not 'PLP'"
    )
    words, stump, sick = sat.sitting.conductor.ledger.answers
    assert {word for word, chosen in words.values.items() if chosen} == {"burning", "cold"}
    assert (stump.values, sick.status, sick.source) == ({"": 7.0}, "declined", "therapist")


def test_a_question_that_follows_another_stands_where_that_stood(sit: Callable[..., Sat], tmp_path: Path) -> None:
    """The head has turned to the last answer; a panel that went with it would wander round the person."""
    path = tmp_path / "two.toml"
    path.write_text(EVERY.format(before='"phantom_pain", "sickness", "telescoping"'))
    places: dict[str, np.ndarray] = {}
    yaws: list[float] = []

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        if (panel := sitting.view.panel) is not None and panel.asks not in places:
            places[panel.asks] = panel.pose.copy()
            yaws.append(float(sitting.view.virtual.poses[HEAD, 4]))
        return ()

    sat = sit(str(path), tell=watch, most_frames=1200)
    asked = [answer.question.name for answer in sat.sitting.conductor.ledger.answers[:3]]
    assert asked == list(places)[:3] == ["phantom_pain", "sickness", "telescoping"]
    for name in ("sickness", "telescoping"):
        assert np.array_equal(places[name], places["phantom_pain"])
    assert np.ptp(yaws[:3]) > 0.01, "the head did turn"


def test_a_question_that_is_not_there_is_told_before_anything_starts(sit: Callable[..., Sat], tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(EVERY.format(before='"hunger"'))
    with pytest.raises(UnknownName, match="No question 'hunger'"):
        sit(str(path))
