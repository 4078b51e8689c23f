"""What a session shows of itself: the state that a console draws, as it was in the frame it says."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from telemetry import messages
from telemetry.live_messages import Joints, Standing, State
from vrrehab.body.skeleton import JOINTS
from vrrehab.session.commands import Command
from vrrehab.session.course import Course, due, load_plan
from vrrehab.session.edited import read
from vrrehab.session.live import LiveRecord
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.sources import SPACE_CHANGED, News
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Kept, Told


class Shown:
    """Keeps what is shown."""

    def __init__(self, *, watched: bool = True) -> None:
        self.watched = watched
        self.standings: list[Standing] = []
        self.states: list[State] = []
        self.joints: list[Joints | None] = []

    def stand(self, standing: Standing) -> None:
        self.standings.append(standing)

    def show(self, state: State, joints: Joints | None = None) -> None:
        self.states.append(state)
        self.joints.append(joints)


def sit(
    shown: Shown,
    tell: Callable[[int], Iterable[Command]] = lambda frame: (),
    most_frames: int = 30_000,
    kept: Kept | None = None,
    rate_hz: float = 60,
    source_of: Callable[[ScriptedParticipant], ScriptedSource] = ScriptedSource,
) -> Kept:
    plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1)
    kept = kept or Kept()
    record = LiveRecord(kept, plan, shown, "tcp://127.0.0.1:1")
    sitting = Sitting(plan, source_of(ScriptedParticipant.of(plan)), record, "none")
    record.follow(sitting)
    frames = iter(range(1, 100_000))
    run(sitting, SilentDisplay(VirtualClock(), rate_hz, most_frames), lambda: tell(next(frames)))
    return kept


@pytest.fixture(scope="module")
def whole() -> tuple[Shown, Kept]:
    shown = Shown()
    return shown, sit(shown)


def test_the_state_is_shown_ten_times_a_second_and_goes_through_the_whole_programme(whole: tuple[Shown, Kept]) -> None:
    shown, kept = whole
    seconds = len(kept.frames) / 60
    assert len(shown.states) == pytest.approx(10 * seconds, rel=0.05)
    doing = [state.doing for state in shown.states]
    in_order = [now for now, before in zip(doing, [None, *doing], strict=False) if now != before]
    assert in_order[-1] == "between"
    assert [d for d in in_order if d in ("task", "question")] == ["question", *["task", "question"] * 3]
    assert shown.states[-1].over == "completed"


def test_it_is_ten_times_a_second_at_a_headsets_rate_too_where_no_frame_falls_on_the_tenth() -> None:
    shown = Shown()
    sit(shown, most_frames=720, rate_hz=72)
    assert len(shown.states) == pytest.approx(100, abs=2)


def test_repetitions_goal_and_time_are_those_of_the_task_run(whole: tuple[Shown, Kept]) -> None:
    shown, kept = whole
    for number, ended in enumerate(kept.of(messages.TaskEnded)):
        during = [state for state in shown.states if state.task_run_id == ended.task_run_id]
        assert {state.step for state in during} == {number}
        assert during[0].repetitions == 0
        assert 0 <= ended.repetitions - during[-1].repetitions <= 1
        assert during[-1].performed_s == pytest.approx(ended.duration_s, abs=0.2)
        assert during[-1].goal == ended.repetitions


def test_pain_so_far_is_what_the_record_says(whole: tuple[Shown, Kept]) -> None:
    shown, kept = whole
    asked = {event.rating_id: event for event in kept.of(messages.RatingAsked)}
    answered = {event.rating_id: (event.status, event.value) for event in kept.of(messages.RatingAnswered)}
    scores = shown.standings[-1].scores
    assert {score.rating_id: (score.status, score.value) for score in scores} == answered
    assert [score.task_run_id for score in scores] == [event.task_run_id for event in asked.values()]
    assert [bool(score.task) for score in scores] == [False, True, True, True, False]


def test_joints_are_those_of_the_frame(whole: tuple[Shown, Kept]) -> None:
    shown, kept = whole
    joints = shown.joints[100]
    assert joints is not None
    frame = next(f for f in kept.frames if f["frame"][0] == joints.frame)
    np.testing.assert_array_equal(joints.poses()[0], frame["tracked"][0])
    np.testing.assert_array_equal(joints.poses()[1], frame["virtual"][0])
    np.testing.assert_array_equal(joints.provenance()[1], frame["virtual_provenance"][0])
    assert shown.standings[0].facts.joints == JOINTS


def test_pause_settings_stop_and_a_question_are_shown_as_they_are() -> None:
    shown = Shown()
    due = {
        600: Told("pause"),
        700: Told("set", {"name": "limb_gain_ratio", "value": 1.5}, "anna"),
        800: Told("resume"),
        1000: Told("stop"),
    }
    sit(shown, lambda frame: [due[frame]] if frame in due else [], 1100)
    by_frame = {state.frame: state for state in shown.states}
    assert {state.paused for frame, state in by_frame.items() if 610 < frame < 800} == {True}
    assert {state.notice != "" for frame, state in by_frame.items() if 610 < frame < 800} == {True}
    assert not any(state.paused for frame, state in by_frame.items() if frame > 810)
    last = shown.standings[-1]
    assert last.settings["limb_gain_ratio"] == 1.5
    assert [(change.who, change.old, change.new, change.frame) for change in last.changes] == [("anna", 1.0, 1.5, 700)]
    frozen = [state for frame, state in by_frame.items() if frame > 1060]
    assert {state.doing for state in frozen} == {"calm"}
    assert {state.calm for state in frozen} == {1.0}


def test_the_calm_scene_what_a_rule_found_and_a_lost_console_are_shown() -> None:
    shown = Shown()
    due = {
        100: Told("heartbeat", who="anna"),
        400: Told("release", who="anna"),
        500: Told("set", {"name": "exposure_limit_min", "value": 1.0}, "anna"),
        600: Told("calm", who="anna"),
        700: Told("resume", who="anna"),
    }
    sit(shown, lambda frame: [due[frame]] if frame in due else [], 800)
    by_frame = {state.frame: state for state in shown.states}

    def told(first: int, last: int, what: str) -> set[object]:
        return {getattr(state, what) for frame, state in by_frame.items() if first < frame < last}

    assert told(110, 270, "console_lost") == {False}
    assert told(300, 390, "console_lost") == {True}
    assert told(410, 800, "console_lost") == {False}
    assert told(110, 390, "in_control") == {"anna"}
    assert told(0, 490, "concern") == {""}
    assert told(520, 800, "concern") == {"exposure_limit_min"}
    assert sorted(told(520, 800, "concern_s")) == [pytest.approx(500 / 60, abs=0.1)]
    assert told(610, 690, "resting") == {"asked"}
    assert told(610, 690, "doing") == {"calm"}
    assert told(720, 800, "resting") == {""}


class Reconnected(ScriptedSource):
    """Its space is another one in the 200th and the 400th frame."""

    def __init__(self, participant: ScriptedParticipant) -> None:
        super().__init__(participant)
        self._frames = 0

    def news(self) -> Sequence[News]:
        self._frames += 1
        return [(SPACE_CHANGED, {})] if self._frames in (200, 400) else ()


def test_a_new_connection_is_told_unless_the_person_rests_for_something_else() -> None:
    shown = Shown()
    due = {300: Told("set", {"name": "exposure_limit_min", "value": 1.0}, "anna"), 350: Told("calm", who="anna")}
    sit(shown, lambda frame: [due[frame]] if frame in due else [], 500, source_of=Reconnected)
    told = {state.frame: (state.concern, round(60 * state.concern_s)) for state in shown.states}
    assert {told[frame] for frame in told if frame < 199} == {("", 0)}
    assert {told[frame] for frame in told if 200 <= frame < 299} == {(SPACE_CHANGED, 199)}
    assert {told[frame][0] for frame in told if frame > 305} == {"exposure_limit_min"}


def test_what_awaits_an_answer_is_shown_with_how_long_it_has(whole: tuple[Shown, Kept]) -> None:
    shown, _ = whole
    questions = [state.question for state in shown.states if state.question is not None]
    assert {(q.site, q.scale, q.shown) for q in questions} == {("PLP", "NRS-11", True)}
    assert max(q.waited_s for q in questions) > 1.0
    tracked = [state.tracking for state in shown.states if state.doing == "task"]
    assert all(tracking.head for tracking in tracked)
    assert np.mean([tracking.limbs["right arm"] for tracking in tracked]) > 0.95
    assert {tracking.limbs["left arm"] for tracking in tracked} == {0.0}


class ShownLast(Shown):
    """Keeps the last of what is shown, as what sends it does."""

    def show(self, state: State, joints: Joints | None = None) -> None:
        self.states, self.joints = [state], [joints]


class Forgotten(Kept):
    def frame(self, record: np.ndarray) -> None:
        """Kept by nobody, so that what grows is what is shown."""


def test_being_watched_leaves_nothing_for_the_collector() -> None:
    tracked: dict[int, int] = {}

    def count(frame: int) -> Iterable[Command]:
        if frame == 700:
            gc.collect()
            gc.disable()
        if frame in (701, 780):
            tracked[frame] = gc.get_count()[0]
        return ()

    try:
        sit(ShownLast(), count, most_frames=790, kept=Forgotten())
    finally:
        gc.enable()
    assert tracked[780] - tracked[701] < 5, "in 79 frames, 13 of them shown"


def test_while_nobody_watches_nothing_is_made() -> None:
    shown = Shown(watched=False)
    sit(shown, most_frames=200)
    assert shown.states == []
    assert shown.standings, "whoever comes later has to know how things stand"


def test_an_edited_programme_is_shown_with_its_new_steps_and_goes_on_being_the_same_session() -> None:
    shown = Shown()
    plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1)
    record = LiveRecord(Kept(), plan, shown, "tcp://127.0.0.1:1")
    sitting = Sitting(plan, ScriptedSource(ScriptedParticipant.of(plan)), record, "none")
    record.follow(sitting)
    frames = iter(range(1, 100))

    def edit() -> Iterable[Command]:
        frame = next(frames)
        if frame == 10:
            sitting.conductor.happened("edit_refused", {"reason": "demo.toml:3: expected a title", "frame": 10})
        if frame == 20:
            sitting.conductor.therapist.take_up(read("first_session", 1, None), sitting.frame)
        return ()

    run(sitting, SilentDisplay(VirtualClock(), 20, 40), edit)
    before, after = shown.standings[0].facts, shown.standings[-1].facts
    assert (len(before.steps), len(after.steps)) == (3, 6)
    assert after.session_id == before.session_id
    assert after.title == "First session"
    told = [standing.edit_refused for standing in shown.standings]
    assert list(dict.fromkeys(told)) == ["", "demo.toml:3: expected a title"], "until an edit is used"
    assert told[-1] == ""


def test_a_session_of_a_course_says_which_and_whether_a_review_is_due() -> None:
    course = load_plan("gmi_hand")
    assert isinstance(course, Course)
    now = due(course, "P001", "scripted", ())
    plan = make_plan(LOST_LEFT_HAND, load_programme(now.phase.programme), None, "scripted", 1)
    plan = dataclasses.replace(plan, due=now, session_number=7)
    shown = Shown()
    record = LiveRecord(Kept(), plan, shown, "tcp://127.0.0.1:1")
    sitting = Sitting(plan, ScriptedSource(ScriptedParticipant.of(plan)), record, "none")
    run(sitting, SilentDisplay(VirtualClock(), 20, 5), lambda: ())
    facts = shown.standings[-1].facts
    assert facts.title == plan.programme.title
    assert (facts.course, facts.course_session, facts.course_phase) == ("Graded motor imagery, hand", 1, "laterality")
    assert facts.review == 7
