"""Signs: they say what they are told, where the session thinks they say it, and are set only when they change."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Side
from vrrehab.language import languages, load_language
from vrrehab.session.answering import Answering, panel_in_front_of
from vrrehab.session.questions import PAIN, load_question
from vrrehab.session.view import Button, Panel
from vrrehab.stage import lettering, signs
from vrrehab.stage.picture import asked, seated
from vrrehab.stage.place import load_place
from vrrehab.tasks.definition import load_tasks

Eye = runpy.run_path(str(Path(__file__).parent / "conftest.py"))["Eye"]


@pytest.fixture
def eye(stage) -> Iterator[Eye]:
    """Sharp enough for letters."""
    eye = Eye(stage, (640, 480))
    yield eye
    eye.display.close()


def ink(eye, text: str) -> np.ndarray:
    """Which pixels of the board are letters, seen from close by."""
    view = seated(0.0)
    view.virtual.poses[HEAD, :3] = 0.0, eye.stage.place.board.up_m, -eye.stage.place.room.front_m + 0.85
    view.text = text
    board = eye.stage.place.board
    z = -eye.stage.place.room.front_m
    half_w, half_h = board.width_m / 2 - 0.03, board.height_m / 2 - 0.03
    eye.draw(view)
    top, left = eye.pixel((board.right_m - half_w, board.up_m + half_h, z + 0.012))
    bottom, right = eye.pixel((board.right_m + half_w, board.up_m - half_h, z + 0.012))
    return eye.draw(view)[top:bottom, left:right].max(axis=2) > 110


def test_an_empty_board_is_empty(eye) -> None:
    assert not ink(eye, "").any()


@pytest.mark.parametrize(("letter", "plain"), [("ä", "a"), ("ö", "o"), ("ü", "u"), ("Ä", "A"), ("é", "e")])
def test_letters_with_marks_show_their_marks(eye, letter: str, plain: str) -> None:
    marked, bare = ink(eye, letter * 12), ink(eye, plain * 12)
    assert bare.any()
    # The letter itself is drawn, and its mark above it.
    assert marked[bare].mean() > 0.8
    assert np.flatnonzero(marked.any(axis=1))[0] < np.flatnonzero(bare.any(axis=1))[0]


def test_a_sharp_s_is_a_letter_of_its_own(eye) -> None:
    assert (ink(eye, "ß" * 12) != ink(eye, "\ufffe" * 12)).any()
    assert (ink(eye, "ß" * 12) != ink(eye, "B" * 12)).any()


def near(colour: np.ndarray, wanted: tuple[float, float, float]) -> bool:
    return bool(np.abs(colour - 255 * np.array(wanted)).max() <= 6)


def test_every_button_is_drawn_where_the_session_looks_for_it(eye) -> None:
    view = asked(eye.stage.place.table.top_m)
    panel = view.panel
    assert panel is not None
    panel.aimed = None
    eye.draw(view)
    for button in panel.buttons:
        panel.chosen = button.name
        picture = eye.draw(view)
        for other in panel.buttons:
            # Beside the label, well inside the rectangle.
            inside = np.array([other.x - 0.34 * other.width, other.y + 0.36 * other.height, 0.0])
            colour = picture[eye.pixel(geometry.apply(panel.pose, inside))]
            assert near(colour, signs._STATES[2]) == (other is button), (button.name, other.name)
        outside = np.array([button.x, button.y - 0.5 * button.height - 0.006, 0.0])
        assert near(picture[eye.pixel(geometry.apply(panel.pose, outside))], signs._PLATE)


def test_the_gaze_that_chooses_a_button_rests_on_its_picture(eye) -> None:
    view = asked(eye.stage.place.table.top_m)
    head = view.virtual.poses[HEAD]
    question = Answering(load_question(PAIN), panel_in_front_of(head), (Side.LEFT,))
    view.panel = question.panel
    eye.draw(view)
    for name in ("0", "5", "10", "decline"):
        button = next(b for b in question.panel.buttons if b.name == name)
        place = geometry.apply(question.panel.pose, np.array([button.x, button.y, 0.0]))
        ahead = place - head[:3]
        pitch, yaw = np.arctan2(ahead[1], np.hypot(ahead[0], ahead[2])), np.arctan2(-ahead[0], -ahead[2])
        nod = np.array([np.sin(pitch / 2), 0.0, 0.0, np.cos(pitch / 2)])
        head[3:] = geometry.quaternion_multiply(geometry.yaw(yaw), nod)
        question.step(0.01, 1.0, view.virtual, False)
        assert question.panel.aimed == name
        eye.draw(view)
        assert np.abs(np.subtract(eye.pixel(place), (240, 320))).max() <= 1


def test_a_label_stands_in_the_middle_of_its_button(eye) -> None:
    view = asked(eye.stage.place.table.top_m)
    panel = view.panel
    assert panel is not None
    panel.aimed = None
    view.virtual.poses[HEAD] = geometry.compose(panel.pose, geometry.pose((0.0, 0.0, 0.3)))
    picture = eye.draw(view)
    for button in panel.buttons[:11]:
        # As wide and high as the label may be.
        half = np.array([0.42 * button.width, 0.42 * button.height])
        corners = [np.array([button.x + s * half[0], button.y - s * half[1], 0.0]) for s in (-1, 1)]
        (top, left), (bottom, right) = (eye.pixel(geometry.apply(panel.pose, corner)) for corner in corners)
        rows, columns = np.nonzero(picture[top:bottom, left:right].min(axis=2) > 160)
        assert (rows.min() + rows.max()) / 2 == pytest.approx((bottom - top) / 2, abs=2)
        assert (columns.min() + columns.max()) / 2 == pytest.approx((right - left) / 2, abs=2.5)


def test_progress_fills_the_button_aimed_at(eye) -> None:
    view = asked(eye.stage.place.table.top_m)
    panel = view.panel
    assert panel is not None
    panel.aimed = "decline"
    button = next(b for b in panel.buttons if b.name == "decline")
    filled = []
    for progress in (0.0, 0.5, 1.0):
        panel.progress = progress
        picture = eye.draw(view)
        across = [
            picture[eye.pixel(geometry.apply(panel.pose, np.array([button.x + x, button.y + 0.015, 0.0])))]
            for x in (-0.1, 0.1)
        ]
        filled.append([bool(colour[1] - colour[0] > 30) for colour in across])
    assert filled == [[False, False], [True, False], [True, True]]


def test_a_long_question_stays_on_its_panel(eye) -> None:
    view = asked(eye.stage.place.table.top_m)
    panel = view.panel
    assert panel is not None
    beside = eye.draw(view)
    panel.title = "How strong is the pain that you feel in the hand that is missing, at this very moment?"
    picture = eye.draw(view)
    corners = [
        eye.pixel(geometry.apply(panel.pose, np.array([sx * panel.width / 2, sy * panel.height / 2, 0.0])))
        for sx, sy in ((-1, 1), (1, -1))
    ]
    changed = np.argwhere(np.abs(picture - beside).max(axis=2) > 8)
    assert len(changed)
    assert (changed.min(axis=0) >= corners[0]).all()
    assert (changed.max(axis=0) <= corners[1]).all()


def test_text_is_set_again_only_when_it_reads_differently(stage) -> None:
    view = asked(stage.place.table.top_m)
    stage.update(view)
    board, panel = stage._board.settings, stage._panel.settings
    assert view.panel is not None
    for frame in range(50):
        view.panel.progress = frame / 50
        view.panel.aimed = str(frame % 11)
        view.virtual.poses[HEAD, 0] += 0.001
        stage.update(view)
    assert (stage._board.settings, stage._panel.settings) == (board, panel)
    view.count = "4 of 8"
    view.panel.title = "And now?"
    stage.update(view)
    assert (stage._board.settings, stage._panel.settings) == (board + 1, panel + 1)


def test_more_buttons_than_a_panel_can_show_are_refused(stage) -> None:
    view = seated(0.0)
    many = tuple(Button(str(i), str(i), 0.01 * i, 0.0, 0.01, 0.01) for i in range(25))
    view.panel = Panel(geometry.pose((0, 1, -0.5)), 0.5, 0.2, "", "", "", many)
    with pytest.raises(ValueError, match="at most 24 buttons"):
        stage.update(view)


@pytest.mark.parametrize("place", ["therapy_room", "garden"])
@pytest.mark.parametrize("language", languages())
def test_every_instruction_and_title_fits_the_board_in_every_language(place: str, language: str) -> None:
    board = load_place(place).board
    say = load_language(language).say
    imagined = say("Only imagine it, and keep still.")
    em = 0.066 * board.width_m / 1.5
    wrap, room = board.width_m - 2.6 * em, board.height_m - 2.6 * em - 4.6 * em
    for task in load_tasks().values():
        for text in (say(task.instruction), f"{imagined} {say(task.instruction)}"):
            fits = signs._fitting(text, em, wrap, room)
            assert (lettering.rows(text, fits, wrap) - 1) * lettering.LINE_HEIGHT * fits <= room, text
            assert fits >= 0.85 * em, "too small to be read"
        assert lettering.text_width(say(task.title), 1.28 * em, bold=True) <= 1.25 * wrap
