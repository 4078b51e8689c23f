"""Task runs in a session: the therapist's strokes, difficulty, what is put on record, and what a plan refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from telemetry import messages
from vrrehab.errors import NotPossible
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.tasks.definition import load_task
from vrrehab.testing.acting import Effort
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Sat, Told

HERE = Path(__file__).parent
STROKING, GROWING = str(HERE / "stroking.toml"), str(HERE / "growing.toml")
LOST_LEFT_FOOT = messages.Profile(
    code="P002", limb_losses=(messages.LimbLoss(limb="foot", side="left", level="ankle"),)
)


class Stroking:
    """A therapist who strokes, lifts, and strokes again; notes where the brush was seen in each frame."""

    def __init__(self) -> None:
        self.told: list[tuple[Told, float | None]] = []
        self.shown: list[tuple[bool, np.ndarray]] = []
        self._frame = 0

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        props = sitting.view.props
        if props and sitting.view.activity:
            self.shown.append((props[0].shown, props[0].pose[:3].copy()))
        if sitting.view.activity != "stroke":
            return ()
        self._frame += 1
        stroke, into = divmod(self._frame, 60)
        at = None if into > 45 or stroke > 2 else 0.2 + 0.6 * into / 45
        command = Told("stroke", {"at": at})
        self.told.append((command, at))
        return (command,)


def test_a_brush_moves_in_the_very_frame_in_which_the_therapists_stroke_arrives(sit: Callable[..., Sat]) -> None:
    therapist = Stroking()
    sat = sit(STROKING, tell=therapist)
    assert all(command.answer.startswith("applied") for command, _ in therapist.told)
    # What the frame after a command finds in the picture is what the frame of the command drew.
    for (_, at), (shown, _) in zip(therapist.told[:-1], therapist.shown[1:], strict=False):
        assert shown is (at is not None)
    moves = [np.linalg.norm(b - a) for (_, a), (s, b) in zip(therapist.shown[2:40], therapist.shown[3:41], strict=True)]
    assert min(moves) > 0.002, "it goes on in every frame"
    (end,) = sat.record.of(messages.TaskEnded)
    assert end.repetitions == 2
    (who,) = sat.record.named("stroking")
    assert who.detail["who"] == "therapist"
    (score,) = sat.record.named("score")
    assert score.detail["stroke_way"] == pytest.approx(0.6, abs=0.03)


def test_a_stroke_where_nothing_is_stroked_is_refused_with_the_reason(sit: Callable[..., Sat]) -> None:
    early, wrong = Told("stroke", {"at": 0.5}), Told("stroke", {"at": 7})
    sit(STROKING, tell=lambda sitting, frame: {1: (early,), 2: (wrong,)}.get(frame, ()))
    assert "no limb is being stroked now" in early.answer
    assert "0 to 1" in wrong.answer


def test_a_task_gets_harder_after_it_went_well_and_easier_after_too_much(sit: Callable[..., Sat]) -> None:
    sat = sit(GROWING, settings={"difficulty_most_ratio": 0.55})
    levels = [start.parameters["difficulty_ratio"] for start in sat.record.of(messages.TaskStarted)]
    changes = [event.detail for event in sat.record.named("difficulty")]
    assert levels == [0.5, 0.55, 0.55], "by a tenth, and never beyond what the therapist allows"
    assert [(change["old"], change["new"]) for change in changes] == [(0.5, 0.55), (0.55, 0.35)]
    assert changes[1]["why"] == "less than half of the goal was reached"
    highs = [start.parameters["high"] for start in sat.record.of(messages.TaskStarted)]
    assert highs == pytest.approx([0.6, 0.615, 0.615])


def test_who_does_nothing_is_told_nothing_of_it_and_the_task_ends_as_completed(sit: Callable[..., Sat]) -> None:
    texts: set[str] = set()

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        texts.add(f"{sitting.view.title} {sitting.view.text} {sitting.view.count} {sitting.view.notice}")
        return ()

    profile = LOST_LEFT_HAND
    plan = make_plan(profile, load_programme(GROWING), None, "scripted", 1)
    idle = ScriptedParticipant(1, plan.intact_side, effort=Effort.NOTHING)
    sat = sit(GROWING, participant=idle, tell=watch, settings={"difficulty_adapts": False})
    ended = sat.record.of(messages.TaskEnded)
    assert [(end.status, end.repetitions) for end in ended] == [("completed", 0)] * 3
    assert not sat.record.named("difficulty")
    said = " ".join(texts).lower()
    assert not any(word in said for word in ("fail", "wrong", "miss", "try harder", "good.", "well done"))


@pytest.mark.parametrize(("profile", "limb"), [(LOST_LEFT_HAND, "arm"), (LOST_LEFT_FOOT, "leg")])
def test_a_task_for_any_limb_is_recorded_with_the_one_that_acts(profile: messages.Profile, limb: str) -> None:
    programme = load_programme(STROKING)
    plan = make_plan(profile, programme, None, "scripted", 1)
    (step,) = plan.steps
    assert plan.moved_limb(step.task) == limb
    assert plan.moves_legs is (limb == "leg")


def test_a_mode_in_which_a_task_makes_no_sense_is_refused_with_those_in_which_it_does() -> None:
    programme = load_programme(STROKING)
    with pytest.raises(NotPossible, match=r"in the mode relax, but stroke_textures .* is for mirror, observe"):
        make_plan(LOST_LEFT_HAND, programme, "relax", "scripted", 1)


def test_difficulty_between_the_files_numbers_goes_over_in_proportion() -> None:
    task = load_task("open_close_hand")
    assert task.rule_at(0.5) == task.rule
    assert task.rule_at(0.0).high == 0.5
    assert task.rule_at(1.0).high == 0.75
    assert task.rule_at(0.75).high == pytest.approx(0.675)
    assert task.rule_at(0.75).low == pytest.approx(0.325)


def test_a_difficulty_that_names_no_number_of_the_rule_is_refused() -> None:
    task = load_task("open_close_hand")
    for names in ({"higher": 0.7}, {"feature": 0.7}):
        with pytest.raises(ValueError, match=r"expected `difficulty` to name numbers of the rule \(high, low"):
            msgspec.structs.replace(task, difficulty=msgspec.structs.replace(task.difficulty, hard=names))
    with pytest.raises(ValueError, match="expected `low` below `high`"):
        msgspec.structs.replace(task, difficulty=msgspec.structs.replace(task.difficulty, hard={"high": 0.2}))


LOST_LEFT_LEG = messages.Profile(
    code="P003", limb_losses=(messages.LimbLoss(limb="leg", side="left", level="above_knee"),)
)


@pytest.mark.parametrize(
    ("programme", "profile"), [("every_arm_task", LOST_LEFT_HAND), ("every_leg_task", LOST_LEFT_LEG)]
)
def test_the_participant_does_every_task_in_a_session_and_each_is_counted_and_scored(
    sit: Callable[..., Sat], programme: str, profile: messages.Profile
) -> None:
    sat = sit(str(HERE / f"{programme}.toml"), profile=profile, rate_hz=36.0)
    started, ended = sat.record.of(messages.TaskStarted), sat.record.of(messages.TaskEnded)
    done = {start.task: (end.repetitions, end.status) for start, end in zip(started, ended, strict=True)}
    assert done == {step.task.name: (step.task.goal, "completed") for step in sat.plan.steps}
    truth = sat.participant.truth
    assert len(truth.cycles_s) + len(truth.touches_s) == sum(end.repetitions for end in ended)
    scores = sat.record.named("score")
    assert [score.task_run_id for score in scores] == [end.task_run_id for end in ended]
    assert all(score.detail["goal_ratio"] == 1.0 for score in scores)
