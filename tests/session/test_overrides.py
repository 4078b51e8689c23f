"""In which order tasks come, how long a block may take, and what a therapist changes of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from telemetry.messages import LimbLoss, Profile, RatingAnswered, TaskEnded, TaskStarted
from vrrehab.body.skeleton import Side
from vrrehab.session.agenda import Agenda
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import lay_out, load_programme
from vrrehab.session.sitting import Sitting

from .conftest import LOST_LEFT_HAND, Sat, Told

BLOCKS = str(Path(__file__).parent / "blocks.toml")
#: Few frames a second do for what is not about movement.
SLOW_HZ = 20


class InRun:
    """Tells what is due as soon as the task runs with these numbers are seen."""

    def __init__(self, **due: Told) -> None:
        self._due = {int(number.removeprefix("run_")): told for number, told in due.items()}

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        if not sitting.conductor.here.may_move_on:
            return ()
        told = self._due.pop(sitting.conductor.ledger.run_number, None)
        return (told,) if told else ()


@pytest.fixture(scope="module")
def agenda() -> Callable[[], Agenda]:
    plan = make_plan(LOST_LEFT_HAND, load_programme(BLOCKS), None, "scripted", 1)
    return lambda: Agenda(plan)


def test_the_order_within_a_block_is_drawn_by_the_seed_and_within_a_fixed_block_as_written() -> None:
    programme = load_programme(BLOCKS)
    orders = [[(s.block_index, s.task_index) for s in lay_out(programme, seed)] for seed in range(40)]
    assert orders[7] == [(s.block_index, s.task_index) for s in lay_out(programme, 7)], "the seed says it again"
    assert len({tuple(order[:3]) for order in orders}) == 6, "every order comes up"
    assert all(order[3:] == [(1, 0), (1, 1), (2, 0)] for order in orders), "blocks, and a fixed one, stay as written"
    assert [step.drawn_index for step in lay_out(programme, 3)] == [0, 1, 2, 0, 1, 0]


@pytest.fixture(scope="module")
def seen() -> dict[str, list[float]]:
    return {"opacity": []}


def test_a_session_keeps_to_the_lot_and_the_time_of_its_blocks_and_winds_down_without_a_limb(
    sit: Callable[..., Sat], seen: dict[str, list[float]]
) -> None:
    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        seen["opacity"].append(sitting.view.opacity[Side.LEFT])
        return ()

    sat = sit(BLOCKS, seed=4, tell=watch, rate_hz=SLOW_HZ)
    assert sat.status == "completed"
    started, ended = sat.record.of(TaskStarted), sat.record.of(TaskEnded)
    first = sat.record.named("allocation")[0].detail
    assert (first["order"], first["seed"]) == ("random", 4)
    assert first["task_indices"] == " ".join(str(run.task_index) for run in started[:3])
    assert [run.parameters["drawn_index"] for run in started[:3]] == [0, 1, 2]
    assert {run.parameters["chosen_by"] for run in started} == {"programme"}
    # Of half a minute the first task may take all, and nothing is left for the second.
    assert [(run.block_index, run.task) for run in started[3:]] == [(1, "open_close_hand"), (2, "open_close_hand")]
    assert ended[3].duration_s == pytest.approx(29.9, abs=0.1)
    (left_out,) = sat.record.named("left_out")
    assert left_out.detail["task"] == "reach_touch"
    assert [run.mode for run in started] == ["mirror"] * 4 + ["relax"]
    assert seen["opacity"][-1] == 0.0
    steps = [abs(b - a) for a, b in zip(seen["opacity"], seen["opacity"][1:], strict=False)]
    assert max(steps[1:]) <= 0.15, "a limb that goes fades"


def test_a_therapist_repeats_extends_chooses_and_changes_the_mode_and_that_is_on_record(
    sit: Callable[..., Sat],
) -> None:
    told = InRun(
        run_1=Told("repeat", who="dr_a"),
        run_2=Told("choose", {"task": "reach_touch", "mode": "intact_only"}),
        run_4=Told("mode", {"mode": "observe"}),
        run_5=Told("extend", {"seconds": 30}),
        run_6=Told("skip"),
    )
    sat = sit(BLOCKS, seed=4, tell=told, rate_hz=SLOW_HZ)
    assert sat.status == "completed"
    runs = sat.record.of(TaskStarted)
    order = [(run.block_index, run.task_index) for run in sat.plan.steps for run in (run,)]
    assert [(run.task, run.mode, run.parameters["chosen_by"]) for run in runs[:4]] == [
        (sat.plan.steps[0].task.name, "mirror", "programme"),
        (sat.plan.steps[0].task.name, "mirror", "therapist"),
        ("reach_touch", "intact_only", "therapist"),
        (sat.plan.steps[1].task.name, "mirror", "programme"),
    ]
    assert [(run.block_index, run.task_index) for run in runs[:2]] == [order[0]] * 2
    assert {(run.mode, run.parameters["chosen_by"]) for run in runs[4:-1]} == {("observe", "therapist")}
    assert runs[-1].mode == "relax", "the wind-down keeps its own mode"
    overrides = [event.detail for event in sat.record.named("override")]
    assert [(detail["what"], detail["who"]) for detail in overrides] == [
        ("repeat", "dr_a"), ("choose", "therapist"), ("mode", "therapist"), ("extend", "therapist"),
        ("skip", "therapist"),
    ]  # fmt: skip
    (extended,) = [event for event in sat.record.named("override") if event.detail["what"] == "extend"]
    assert extended.task_run_id == runs[4].task_run_id
    assert [run.status for run in sat.record.of(TaskEnded)].count("skipped") == 1


def test_a_skip_between_two_tasks_is_refused_and_takes_nothing_of_what_comes_next(sit: Callable[..., Sat]) -> None:
    told: list[Told] = []

    def skip(sitting: Sitting, frame: int) -> Iterable[Told]:
        # The limb goes and comes again where the mode changes.
        if 0.0 < sitting.conductor.limb_ratio < 1.0 and sitting.view.ghost is None and len(told) < 3:
            told.append(Told("skip"))
            return told[-1:]
        return ()

    sat = sit(BLOCKS, seed=4, tell=skip, rate_hz=SLOW_HZ)
    assert len(told) == 3
    assert {each.answer.partition(";")[0] for each in told} == {"refused: nothing is shown now that could be skipped"}
    assert sat.record.named("override") == []
    assert {run.status for run in sat.record.of(TaskEnded)} == {"completed"}
    assert {answer.status for answer in sat.record.of(RatingAnswered)} == {"given"}


def test_an_answer_counts_that_is_given_in_the_very_frame_in_which_somebody_skips(sit: Callable[..., Sat]) -> None:
    given: list[bool] = []

    def skip(sitting: Sitting, frame: int) -> Iterable[Told]:
        panel = sitting.view.panel
        due = panel is not None and panel.chosen is not None and panel.aimed == "confirm"
        # One frame more of the look that rests on it, and it is given.
        due = (
            due
            and panel is not None
            and panel.progress + 1.001 / SLOW_HZ / sitting.settings.number("gaze_dwell_s") >= 1
        )
        if due and not given:
            given.append(True)
            return (Told("skip"),)
        return ()

    sat = sit(BLOCKS, seed=4, tell=skip, rate_hz=SLOW_HZ, most_frames=20 * SLOW_HZ)
    assert given
    assert sat.record.of(RatingAnswered)[0].status == "given"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Told("repeat"), "nothing has been performed yet"),
        (Told("extend", {"seconds": 30}), "no task is being performed just now"),
        (Told("extend", {"seconds": 3}), "extend expects 5 to 600 seconds, got 3"),
        (Told("choose", {"task": "juggle"}), "no task 'juggle'; there are open_close_hand"),
        (Told("choose", {"task": "stretch_knee"}), r"tasks for the limbs of this session \(left arm\)"),
        (Told("choose", {"task": "reach_touch", "mode": "magic"}), "Expected a mode of mirror"),
        (Told("mode", {"mode": "magic"}), "mode expects one of mirror"),
    ],
    ids=lambda value: f"{value.name} {dict(value.arguments)}" if isinstance(value, Told) else "",
)
def test_what_cannot_be_is_refused_with_the_reason_and_nothing_changes(
    sit: Callable[..., Sat], command: Told, reason: str
) -> None:
    sat = sit(tell=lambda _, frame: (command,) if frame == 5 else (), most_frames=10)
    assert command.answer.startswith("refused: ")
    with pytest.raises(ValueError, match=reason):
        raise ValueError(command.answer)
    assert sat.record.named("override") == []


def test_a_mode_that_both_lost_hands_do_not_allow_is_refused(agenda: Callable[[], Agenda]) -> None:
    both = Profile(
        code="P002", limb_losses=tuple(LimbLoss(limb="hand", side=side, level="wrist") for side in ("left", "right"))
    )
    plan = make_plan(both, load_programme(BLOCKS), "observe", "scripted", 1)
    assert plan.steps[-1].mode == "relax", "to rest, nobody needs an intact side"
    with pytest.raises(ValueError, match="both are lost, so neither can lead"):
        Agenda(plan).change_mode("mirror")


def test_what_a_therapist_wants_is_done_whatever_time_its_block_has_left(agenda: Callable[[], Agenda]) -> None:
    ours = agenda()
    for _ in range(4):
        step = ours.begin_next()
    assert step is not None
    assert ours.left_s(step) == 30.0
    ours.spend(step, 29.0)
    ours.extend(step, 60.0)
    assert ours.left_s(step) == 61.0
    assert ours.repeat().by_therapist
    assert len(ours) == 3
