"""Telling left from right, and imagining with a press at either end: counted, timed and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from telemetry.messages import RatingAnswered, TaskEnded
from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Side
from vrrehab.session.sitting import Sitting
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.judging import Judgement
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import Kept, Sat, Told

PROGRAMME = str(Path(__file__).parent / "laterality.toml")
HZ = 30


@dataclass(frozen=True)
class Judged:
    """A session that is over; `how` the person answered, `truth` what was shown and what it meant to say."""

    how: str
    status: str
    record: Kept
    truth: list[tuple[Side, Side]]


@pytest.fixture(scope="module", params=["gaze", "touch"])
def judged(request: pytest.FixtureRequest, sit: Callable[..., Sat]) -> Judged:
    participant = ScriptedParticipant(
        5, Side.RIGHT, answering=request.param, judging=Judgement(accuracy=0.75, response_s=1.2, imagery_s=2.0)
    )
    sat = sit(PROGRAMME, seed=5, participant=participant, rate_hz=HZ, settings={"gaze_dwell_s": 0.5})
    return Judged(request.param, sat.status, sat.record, participant.truth.judgements)


def test_each_picture_is_judged_as_the_person_meant_and_how_long_it_took_is_on_record(judged: Judged) -> None:
    assert judged.status == "completed"
    trials = [event.detail for event in judged.record.named("laterality_trial")]
    truth = judged.truth
    assert [(trial["side"], trial["answer"]) for trial in trials] == [(shown, said) for shown, said in truth]
    assert [trial["right"] for trial in trials] == [shown is said for shown, said in truth]
    assert len({trial["angle_deg"] for trial in trials}) >= 8
    assert {trial["by"] for trial in trials} == {judged.how}
    # The person needs the time to turn or to reach, but the dwell of a look is no part of it.
    assert all(0.7 < trial["response_s"] < 4.0 for trial in trials)
    assert {event.task_run_id for event in judged.record.named("laterality_trial")} == {
        judged.record.of(TaskEnded)[0].task_run_id
    }
    score = judged.record.named("score")[0].detail
    assert score["trials"] == 12
    assert score["accuracy"] == pytest.approx(sum(shown is said for shown, said in truth) / 12, abs=1e-4)
    assert {"response_s", "accuracy_left", "accuracy_right", "accuracy_asymmetry"} <= score.keys()


def test_imagined_movements_are_timed_from_press_to_press_while_the_intact_hand_keeps_still(judged: Judged) -> None:
    imagined = [event.detail for event in judged.record.named("imagined")]
    assert [each["repetition"] for each in imagined] == [1, 2, 3]
    assert all(1.2 < each["imagery_s"] < 5.0 for each in imagined)
    assert judged.record.of(TaskEnded)[1].repetitions == 3
    assert judged.record.named("score")[1].detail["imagery_s"] == pytest.approx(
        sorted(each["imagery_s"] for each in imagined)[1], abs=1e-3
    )
    (still,) = judged.record.named("stillness")
    if judged.how == "gaze":
        assert still.detail["moved_m"] < 0.03


def test_every_task_run_has_its_rating(judged: Judged) -> None:
    assert len(judged.record.of(TaskEnded)) == len(judged.record.of(RatingAnswered)) == 2


def test_a_therapist_may_press_for_the_person_and_a_picture_without_an_answer_goes(sit: Callable[..., Sat]) -> None:
    class Silent(ScriptedParticipant):
        def see(self, view: object) -> None:
            """Looks at nothing."""

    told: list[Told] = []

    def press(sitting: Sitting, frame: int) -> Iterable[Told]:
        run = sitting.conductor.performing.run
        if run is not None and run.repetitions == 2 and run.mechanic.asks and not told:
            told.extend([Told("press", {"button": "up"}), Told("press", {"button": "left"}, who="dr_a")])
            return told
        return ()

    sat = sit(PROGRAMME, participant=Silent(1, Side.RIGHT), tell=press, rate_hz=HZ, most_frames=45 * HZ)
    assert [each.answer.partition(" ")[0] for each in told] == ["refused:", "applied"]
    assert "it asks for left or right" in told[0].answer
    trials = [event.detail for event in sat.record.named("laterality_trial")]
    assert [trial["answer"] for trial in trials[:3]] == [None, None, "left"]
    assert [trial["by"] for trial in trials[:3]] == ["", "", "console"]
    assert trials[0]["response_s"] is None
    assert trials[0]["right"] is False
    assert [event.detail["who"] for event in sat.record.named("pressed")] == ["dr_a"]


def test_a_picture_that_a_break_interrupts_goes_and_another_one_comes_after_it(sit: Callable[..., Sat]) -> None:
    """Who looks at it through a break has all the time they want, which the task's clock does not see."""
    in_sight: list[bool] = []
    pictures: list[NDArray[np.float64]] = []

    def rest(sitting: Sitting, frame: int) -> Iterable[Told]:
        run, lone = sitting.conductor.performing.run, sitting.view.lone
        if sitting.conductor.here.held:
            in_sight.append(lone is not None)
            return (Told("resume"),) if len(in_sight) == 5 * HZ else ()
        if run is not None and run.repetitions == 2 and run.mechanic.asks and lone is not None:
            pictures.append(lone.joints.copy())
            return (Told("pause"),) if not in_sight else ()
        return ()

    judging = Judgement(accuracy=1.0, response_s=1.2, imagery_s=2.0)
    participant = ScriptedParticipant(5, Side.RIGHT, answering="touch", judging=judging)
    sat = sit(PROGRAMME, participant=participant, tell=rest, rate_hz=HZ, most_frames=30 * HZ)
    assert not any(in_sight[1:])
    assert np.abs(pictures[1] - pictures[0]).max() > 0.01
    trials = [event.detail for event in sat.record.named("laterality_trial")]
    assert [trial["trial"] for trial in trials[:4]] == [1, 2, 3, 4], "and none is left out"


def test_what_is_imagined_across_a_break_begins_anew(sit: Callable[..., Sat]) -> None:
    def rest(sitting: Sitting, frame: int) -> Iterable[Told]:
        run = sitting.conductor.performing.run
        if sitting.conductor.here.held:
            return (Told("resume"),)
        if run is not None and run.task.name == "open_close_hand" and run.repetitions == 1 and run.mechanic.at_rest:
            begun.append(run.performed_s)
            return (Told("pause"),) if len(begun) == HZ else ()
        return ()

    begun: list[float] = []
    judging = Judgement(accuracy=1.0, response_s=0.5, imagery_s=2.0)
    participant = ScriptedParticipant(5, Side.RIGHT, answering="touch", judging=judging)
    sat = sit(PROGRAMME, participant=participant, tell=rest, rate_hz=HZ)
    imagined = [event.detail for event in sat.record.named("imagined")]
    assert len(imagined) == 3
    gap = [b - a for a, b in pairwise(begun)]
    assert max(gap) > 0.1, "the person presses once more to begin"


def test_board_and_picture_come_before_the_head_again_when_somebody_recentres(sit: Callable[..., Sat]) -> None:
    """Who has turned with the chair is shown them where they look, and after recentring they look there again."""
    turn = geometry.pose((0.0, 0.0, 0.0), geometry.yaw(np.float64(1.0)))
    seen: list[NDArray[np.float64]] = []

    class Turns(ScriptedSource):
        def locate(self, display_time_ns: int, body: Body) -> None:
            super().locate(display_time_ns, body)
            if self.participant.now_s > 0.2:
                body.poses[:] = geometry.compose(turn, body.poses)

    class Silent(ScriptedParticipant):
        def see(self, view: object) -> None:
            """Looks at nothing."""

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if frame in (1, 15):  # nothing is placed before they have turned
            return (Told("pause" if frame == 1 else "resume"),)
        view = sitting.view
        if view.panel is None or view.lone is None or view.lone.opacity < 1.0:
            return ()
        head = geometry.invert(sitting.conductor.here.tracked.poses[HEAD])
        seen.append(geometry.apply(head, np.stack([view.panel.pose[:3], view.lone.joints[2, :3]])))
        return (Told("recentre"),) if len(seen) == 3 else ()

    sit(PROGRAMME, source=Turns(Silent(1, Side.RIGHT)), tell=tell, rate_hz=HZ, most_frames=15 * HZ)
    assert seen[3] == pytest.approx(seen[0], abs=0.03), "it would be 0.4 m beside them"
