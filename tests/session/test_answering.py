from __future__ import annotations

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Provenance, Side, joint
from vrrehab.session.aiming import By
from vrrehab.session.answering import Answered, Answering, panel_in_front_of
from vrrehab.session.panels import CHANGE, CONFIRM, DECLINE, NONE, THESE
from vrrehab.session.questions import PAIN, load_question

FRAME_S = 1 / 72
DWELL_S = 0.5
EYES = np.array([0.1, 1.2, 0.05])


def looking_at(point: np.ndarray) -> Body:
    """A body whose head, at EYES, looks straight at `point`."""
    body = Body.unseen()
    ahead = (point - EYES) / np.linalg.norm(point - EYES)
    heading = np.arctan2(-ahead[0], -ahead[2])
    pitch = np.arcsin(ahead[1])
    nod = np.array([np.sin(pitch / 2), 0, 0, np.cos(pitch / 2)])
    body.poses[HEAD] = geometry.pose(EYES, geometry.quaternion_multiply(geometry.yaw(heading), nod))
    body.provenance[HEAD] = Provenance.MEASURED
    return body


@pytest.fixture
def question() -> Answering:
    ahead = looking_at(np.array([0.1, 1.2, -5.0]))
    return Answering(load_question(PAIN), panel_in_front_of(ahead.poses[HEAD]), (Side.RIGHT,))


def where(question: Answering, name: str) -> np.ndarray:
    """The middle of the button `name`, in session space."""
    button = next(b for b in question.panel.buttons if b.name == name)
    return geometry.apply(question.panel.pose, np.array([button.x, button.y, 0.0]))


def look(question: Answering, name: str, seconds: float, selecting: bool = False) -> None:
    body = looking_at(where(question, name))
    for _ in range(round(seconds / FRAME_S)):
        question.step(FRAME_S, DWELL_S, body, selecting)
        if question.answer:
            return


def with_fingertip(body: Body, point: np.ndarray, gap_m: float = 0.1) -> Body:
    for name, offset in (("index_tip", 0.0), ("thumb_tip", gap_m)):
        body.poses[joint(Side.RIGHT, name)] = geometry.pose(point + np.array([0, offset, 0.0]))
        body.provenance[joint(Side.RIGHT, name)] = Provenance.MEASURED
    return body


@pytest.mark.parametrize("number", ["0", "4", "10"])
def test_a_look_that_rests_chooses_and_a_look_at_yes_confirms(question: Answering, number: str) -> None:
    look(question, number, 0.6)
    assert question.panel.chosen == number
    assert question.answer is None, "an answer counts only once confirmed"
    look(question, CONFIRM, 0.6)
    assert (question.answer, question.given[""], question.by) == (Answered.GIVEN, int(number), By.GAZE)


def test_a_passing_look_chooses_nothing(question: Answering) -> None:
    for _ in range(5):
        for number in "123456":
            look(question, number, 0.3)
    assert question.panel.chosen is None


def test_the_answer_can_be_changed_before_it_is_confirmed(question: Answering) -> None:
    look(question, "7", 0.6)
    look(question, CHANGE, 0.6)
    assert question.panel.chosen is None
    look(question, "3", 0.6)
    look(question, "2", 0.6)
    look(question, CONFIRM, 0.6)
    assert question.given[""] == 2


def test_a_question_can_be_declined(question: Answering) -> None:
    look(question, "5", 0.1)
    look(question, DECLINE, 0.6)
    look(question, CONFIRM, 0.6)
    assert (question.answer, question.given) == (Answered.DECLINED, {})


def test_a_look_that_never_moves_answers_nothing(question: Answering) -> None:
    """It may rest where the last question was confirmed, where there is "I would rather not say" now."""
    body = looking_at(geometry.apply(question.panel.pose, np.array([-0.03, -0.098, 0.0])))
    for _ in range(round(4 * DWELL_S / FRAME_S)):
        question.step(FRAME_S, DWELL_S, body, False)
    assert (question.panel.aimed, question.panel.chosen) == (DECLINE, None)
    look(question, "9", 0.1)
    look(question, DECLINE, 0.6)
    assert question.panel.chosen == DECLINE
    for _ in range(round(4 * DWELL_S / FRAME_S)):
        question.step(FRAME_S, DWELL_S, body, False)
    assert question.panel.aimed == CONFIRM
    assert question.answer is None, "the look has not moved since"
    look(question, "9", 0.1)
    look(question, CONFIRM, 0.6)
    assert question.answer is Answered.DECLINED


def test_a_touch_chooses_at_once_and_must_leave_before_it_touches_again(question: Answering) -> None:
    away = looking_at(np.array([3.0, 1.0, -1.0]))
    question.step(FRAME_S, DWELL_S, with_fingertip(away, where(question, "6") + np.array([0, 0, 0.2])), False)
    question.step(FRAME_S, DWELL_S, with_fingertip(away, where(question, "6")), False)
    assert question.panel.chosen == "6"
    for _ in range(100):
        question.step(FRAME_S, DWELL_S, with_fingertip(away, where(question, CONFIRM)), False)
    assert question.answer is None, "the finger slid along the panel without leaving it"
    question.step(FRAME_S, DWELL_S, with_fingertip(away, where(question, CONFIRM) + np.array([0, 0, 0.2])), False)
    question.step(FRAME_S, DWELL_S, with_fingertip(away, where(question, CONFIRM)), False)
    assert (question.given[""], question.by) == (6, By.TOUCH)


def test_a_pinch_takes_the_button_looked_at(question: Answering) -> None:
    far = np.array([0.3, 0.8, 0.1])
    for name in ("8", CONFIRM):
        body = with_fingertip(looking_at(where(question, name)), far)
        question.step(FRAME_S, DWELL_S, body, False)
        question.step(FRAME_S, DWELL_S, with_fingertip(body, far, gap_m=0.01), False)
    assert (question.answer, question.given[""], question.by) == (Answered.GIVEN, 8, By.PINCH)


def test_a_pinch_held_since_before_the_question_answers_nothing(question: Answering) -> None:
    far = np.array([0.3, 0.8, 0.1])
    for _ in range(20):
        body = with_fingertip(looking_at(where(question, "8")), far, gap_m=0.01)
        question.step(FRAME_S, DWELL_S, body, False)
    assert question.panel.chosen is None


def test_a_controllers_select_takes_the_button_looked_at(question: Answering) -> None:
    for name in ("5", CONFIRM):
        look(question, name, FRAME_S)
        look(question, name, FRAME_S, selecting=True)
    assert (question.given[""], question.by) == (5, By.SELECT)


def test_with_no_head_seen_nothing_is_chosen(question: Answering) -> None:
    for _ in range(200):
        question.step(FRAME_S, DWELL_S, Body.unseen(), False)
    assert question.panel.chosen is None
    assert question.panel.aimed is None


def test_the_panel_faces_the_participant_wherever_they_look() -> None:
    for heading in (-1.0, 0.0, 2.0):
        head = geometry.pose(EYES, geometry.yaw(heading))
        panel = Answering(load_question(PAIN), panel_in_front_of(head), (Side.RIGHT,)).panel
        eyes = geometry.apply(geometry.invert(panel.pose), EYES)
        assert eyes[2] == pytest.approx(np.hypot(0.5, 0.16), abs=1e-9)
        assert np.allclose(eyes[:2], 0.0, atol=1e-9)


@pytest.fixture
def words() -> Answering:
    ahead = looking_at(np.array([0.1, 1.2, -5.0]))
    return Answering(load_question("pain_quality"), panel_in_front_of(ahead.poses[HEAD]), (Side.RIGHT,))


def test_words_are_marked_and_unmarked_and_count_once_confirmed(words: Answering) -> None:
    for name in ("burning", "cold", "itching", "cold"):
        look(words, name, 0.6)
        assert words.answer is None
    assert words.panel.marked == {"burning", "itching"}
    look(words, THESE, 0.6)
    assert words.answer is Answered.GIVEN
    assert {word for word, chosen in words.given.items() if chosen} == {"burning", "itching"}
    assert len(words.given) == 11


def test_none_of_the_words_has_to_be_confirmed(words: Answering) -> None:
    look(words, "cold", 0.1)
    look(words, NONE, 0.6)
    assert (words.panel.chosen, words.answer) == (NONE, None)
    look(words, "cold", 0.1)
    look(words, CONFIRM, 0.6)
    assert words.answer is Answered.GIVEN
    assert sum(words.given.values()) == 0


def test_a_look_that_rests_on_a_word_marks_it_once(words: Answering) -> None:
    look(words, "burning", 3.0)
    assert words.panel.marked == {"burning"}


def test_one_of_several_answers_in_words_is_confirmed_by_its_words() -> None:
    ahead = looking_at(np.array([0.1, 1.2, -5.0]))
    where_felt = Answering(load_question("telescoping"), panel_in_front_of(ahead.poses[HEAD]), (Side.RIGHT,))
    look(where_felt, "3", 0.6)
    confirm = next(button for button in where_felt.panel.buttons if button.name == CONFIRM)
    assert confirm.label == "Yes, close to the stump"
    look(where_felt, CONFIRM, 0.6)
    assert where_felt.given == {"telescoping": 3.0}
