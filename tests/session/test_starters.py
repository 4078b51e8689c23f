"""Every programme that ships, from first rating to seal; and graded motor imagery over its three phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pandas as pd
import pytest

import telemetry
from telemetry.analysis import alternation_test, by_condition
from telemetry.errors import NotAnalysable
from telemetry.folder import Folder
from telemetry.messages import LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.sender import Sender
from telemetry.verify import recover, verify
from vrrehab.body.drives import MODES
from vrrehab.body.skeleton import JOINTS
from vrrehab.session.checking import MOST_RATED, check
from vrrehab.session.course import Course, due, load_plan
from vrrehab.session.loop import run
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import Programme, load_programme, programme_file, programmes_folder
from vrrehab.session.sitting import Sitting
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.judging import Judgement
from vrrehab.testing.pain import FadingPain
from vrrehab.testing.participant import ScriptedParticipant

#: Frames a second: enough to count by, and quick.
HZ = 12.0
#: For whom each starter is, and whether something has been lost on both sides.
LOST = {
    "hand": ("left hand",), "arm": ("right arm",), "foot": ("left foot",), "leg": ("right leg",),
    "bilateral_arms": ("left arm", "right hand"), "bilateral_legs": ("left leg", "right foot"),
}  # fmt: skip
#: What is held against the mirror: the same tasks without the sight of the limb, or without the movement.
CONTROLS = ("intact_only", "imagery", "distractor", "relax")
_LEVELS = {"hand": "wrist", "arm": "elbow", "foot": "ankle", "leg": "below_knee"}


def who(*lost: str) -> Profile:
    losses = (each.split() for each in lost)
    return Profile(
        code="P001", limb_losses=tuple(LimbLoss(side=side, limb=limb, level=_LEVELS[limb]) for side, limb in losses)
    )


def short(programme: Programme, goal: int = 2, limit_s: float = 20.0) -> Programme:
    """The same programme with few repetitions of everything, because nobody waits for a test."""
    change = msgspec.structs.replace
    blocks = tuple(
        change(
            block,
            tasks=tuple(change(task, goal=goal, time_limit_s=limit_s, demonstration_s=0.5) for task in block.tasks),
        )
        for block in programme.blocks
    )
    return change(programme, blocks=blocks)


class Clinic:
    """A data folder, and sittings that are recorded in it without a recorder's process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.plans: list[Plan] = []

    def sit(self, plan: Plan, participant: ScriptedParticipant | None = None) -> Plan:
        """Run a sitting to its end on a virtual clock, and put it into the record. Whom the calm scene comes to is
        let go home.
        """
        # Of sessions that begin in the same second of a test the order would be chance.
        plan = replace(plan, session_id=f"S{len(self.plans):02d}")
        self.plans.append(plan)
        sender = Sender(Folder(self.data).spool, plan.session_id, None, FrameLayout(JOINTS))
        sitting = Sitting(plan, ScriptedSource(participant or ScriptedParticipant.of(plan)), sender, "none")
        # Each session an hour after the one before, on every clock.
        display = SilentDisplay(VirtualClock(1_000_000_000_000 + len(self.plans) * 3_600_000_000_000), HZ, 40_000)

        def nothing() -> tuple[()]:
            if sitting.conductor.guard.calm.reason:
                sitting.conductor.guard.stop("dr_a")  # once to stop, once to end
            return ()

        assert run(sitting, display, nothing) in ("completed", "stopped")
        sender.close(5.0)
        return plan

    def seal(self) -> None:
        recover(self.data)

    def history(self) -> Sequence[telemetry.wire.PastSession]:
        """The participant's sessions, as the recorder tells them."""
        self.seal()
        record = Record(Folder(self.data))
        try:
            return record.clinic.history("P001")
        finally:
            record.close()


@pytest.fixture(scope="module")
def starters(tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    """Every starter programme has been gone through by whom it is for."""
    clinic = Clinic(tmp_path_factory.mktemp("starters"))
    for name, lost in LOST.items():
        clinic.sit(make_plan(who(*lost), short(load_programme(name)), None, "scripted", 3))
    clinic.seal()
    return clinic


def of(clinic: Clinic, name: str, table: str) -> pd.DataFrame:
    """The rows of a table of the store that belong to the session of this programme."""
    (plan,) = [plan for plan in clinic.plans if plan.programme.name == name]
    rows = getattr(telemetry.open_store(clinic.data), table)()
    return rows[rows["session_id"] == plan.session_id]


@pytest.mark.parametrize("name", LOST)
def test_a_starter_runs_from_the_first_rating_to_the_seal_and_every_task_run_has_its_rating(
    starters: Clinic, name: str
) -> None:
    (session,) = of(starters, name, "sessions").itertuples()
    assert (session.status, session.sealed, session.programme) == ("completed", True, name)
    tasks, ratings = of(starters, name, "tasks"), of(starters, name, "ratings")
    assert len(tasks) == MOST_RATED
    assert set(tasks["status"]) == {"completed"}
    assert set(tasks["rating_status"]) <= {"given", "declined"}
    own = ratings[(ratings["phase"] == "after_task") & ratings["current"]]
    assert sorted(own["task_run_id"]) == sorted(tasks["task_run_id"])
    assert {"before", "after"} <= set(ratings["phase"])
    assert tasks["mode"].iloc[-1] == "relax"
    assert tasks["task"].iloc[-1] == "paced_breathing"


@pytest.mark.parametrize("name", LOST)
def test_the_order_of_its_tasks_is_the_lot_that_is_on_record(starters: Clinic, name: str) -> None:
    tasks, events = of(starters, name, "tasks"), of(starters, name, "events")
    drawn = [msgspec.json.decode(text) for text in events.loc[events["name"] == "allocation", "detail"]]
    performed = tasks.groupby("block_index")["task_index"].apply(lambda rows: " ".join(map(str, rows)))
    assert [lot["task_indices"] for lot in drawn] == performed.tolist()
    assert tasks.groupby("block_index")["drawn_index"].apply(lambda rows: rows.is_monotonic_increasing).all()
    assert set(tasks["chosen_by"]) == {"programme"}
    assert (tasks["extended_s"] == 0.0).all()


def test_the_record_of_all_of_them_is_whole(starters: Clinic) -> None:
    assert verify(starters.data) == []


@pytest.mark.parametrize("path", sorted(programmes_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_every_programme_that_ships_can_be_used_and_asks_no_more_than_a_participant_bears(path: Path) -> None:
    summary = check(load_programme(path.stem), path)
    assert summary.rated <= MOST_RATED
    assert summary.minutes <= 22.0
    assert list(summary.notes()) == []


@pytest.mark.parametrize("name", ["hand", "arm", "foot", "leg"])
def test_the_controls_have_the_same_tasks(name: str) -> None:
    own = {(step.block_index, step.task.name) for step in plan_of(name, "mirror").steps}
    for mode in CONTROLS:
        control = plan_of(name, mode)
        assert {(step.block_index, step.task.name) for step in control.steps} == own
        assert {step.mode for step in control.steps} == {mode, "relax"}
        assert check(load_programme(name), programme_file(name), mode).rated == MOST_RATED


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    """Every control condition has been gone through, two in a programme for an arm and two in one for a leg."""
    clinic = Clinic(tmp_path_factory.mktemp("controls"))
    for name, mode in zip(("hand", "leg", "hand", "leg"), CONTROLS, strict=True):
        programme = short(load_programme(name), goal=1, limit_s=8.0)
        clinic.sit(make_plan(who(*LOST[name]), programme, mode, "scripted", 4))
    clinic.seal()
    return clinic


def test_every_control_condition_runs_from_the_first_rating_to_the_seal_and_every_task_run_has_its_rating(
    controls: Clinic,
) -> None:
    store = telemetry.open_store(controls.data)
    sessions, tasks, ratings = store.sessions(), store.tasks(), store.ratings()
    assert sessions["mode"].tolist() == list(CONTROLS)
    assert set(sessions["status"]) == {"completed"}
    assert sessions["sealed"].all()
    assert set(tasks["rating_status"]) <= {"given", "declined", "missed"}
    own = ratings[(ratings["phase"] == "after_task") & ratings["current"]]
    assert sorted(own["task_run_id"]) == sorted(tasks["task_run_id"])
    for session in sessions.itertuples():
        of_session = tasks[tasks["session_id"] == session.session_id]
        assert len(of_session) == MOST_RATED
        assert set(of_session["mode"]) == {session.mode, "relax"}
        assert set(of_session["status"]) == {"completed"}
        phases = ratings.loc[ratings["session_id"] == session.session_id, "phase"]
        assert {"before", "block_end", "after"} <= set(phases)
    # The movement is done where there is one, and only imagined or left where it is not.
    moved = tasks[tasks["task"] != "paced_breathing"].groupby("mode", observed=True)["repetitions"].sum()
    assert moved["intact_only"] > 0
    assert moved["distractor"] > 0
    assert verify(controls.data) == []


def plan_of(name: str, mode: str) -> Plan:
    assert mode in MODES
    return make_plan(who(*LOST[name]), load_programme(name), mode, "scripted", 3)


# --- graded motor imagery ---


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clinic, list[str]]:
    """A course that goes on after every good session: too little, enough, a flare, enough again, and to its end."""
    clinic = Clinic(tmp_path_factory.mktemp("graded"))
    course = load_plan("gmi_hand")
    assert isinstance(course, Course)
    change = msgspec.structs.replace
    phases = tuple(
        change(phase, advance=phase.advance and change(phase.advance, sessions=1, in_a_row=1))
        for phase in course.phases
    )
    course = change(course, phases=phases)
    profile, whys = who("left hand"), []
    for n, (accuracy, ease) in enumerate([(0.3, 0.3), (1.0, 0.3), (1.0, -1.5), (1.0, 0.3), (1.0, 0.3), (1.0, 0.3)]):
        now = due(course, "P001", "scripted", clinic.history() if n else ())
        whys.append(now.why)
        plan = make_plan(profile, short(load_programme(now.phase.programme), 5), now.phase.mode, "scripted", n)
        participant = ScriptedParticipant(
            n, plan.intact_side, pain=FadingPain(n, start=4.0, ease=ease, declines=0.0),
            judging=Judgement(accuracy=accuracy, response_s=0.9, imagery_s=1.0),
        )  # fmt: skip
        clinic.sit(replace(plan, due=now, session_number=n + 5), participant)
    clinic.seal()
    return clinic, whys


def test_graded_motor_imagery_goes_through_its_phases_by_what_is_on_record(graded: tuple[Clinic, list[str]]) -> None:
    clinic, whys = graded
    sessions = telemetry.open_store(clinic.data).sessions().sort_values("session_id")
    assert sessions["condition"].tolist() == [
        "laterality", "laterality", "imagery", "laterality", "imagery", "mirror",
    ]  # fmt: skip
    assert whys[1].endswith("were right, 80% are wanted")
    assert whys[3].startswith("pain rose by")
    assert whys[5] == "imagery was good enough"
    assert sessions["course_session"].tolist() == [1, 2, 3, 4, 5, 6]
    assert set(sessions["course"]) == {"gmi_hand"}
    assert set(sessions["condition_by"]) == {"programme"}
    assert sessions["programme"].tolist()[-1] == "hand"
    tasks = telemetry.open_store(clinic.data).tasks()
    assert set(tasks["rating_status"]) <= {"given", "interrupted"}
    assert sessions["status"].tolist() == ["completed"] * 2 + ["stopped"] + ["completed"] * 3
    assert (tasks["rating_status"] == "interrupted").sum() <= 1, "at most the one that was stopped"
    assert verify(clinic.data) == []


def test_accuracy_imagery_time_and_stillness_of_a_course_are_in_the_record(graded: tuple[Clinic, list[str]]) -> None:
    events = telemetry.open_store(graded[0].data).events()
    counts = events.groupby(["session_id", "name"]).size().unstack(fill_value=0)
    assert counts["laterality_trial"].tolist() == [15, 15, 0, 15, 0, 0]
    imagined = counts["imagined"].tolist()
    assert imagined[4] >= 18
    assert [imagined[i] for i in (0, 1, 3, 5)] == [0] * 4
    assert counts["stillness"].tolist()[4] == 6
    reviews = events[events["name"] == "review"]
    assert reviews["detail"].map(msgspec.json.decode).tolist() == [{"session_number": 7}, {"session_number": 10}]


def test_a_course_is_in_the_ledger_for_the_analysis(graded: tuple[Clinic, list[str]]) -> None:
    ledger = telemetry.open_store(graded[0].data).task_pain()
    sessions = by_condition(ledger, "P001", "gmi_hand", origins=("scripted",))
    assert sessions["condition"].tolist() == ["laterality", "laterality", "imagery", "laterality", "imagery", "mirror"]
    assert sessions["condition_block"].tolist() == [1, 1, 2, 1, 2, 3]
    early = sessions[sessions["condition"] != "mirror"]
    assert alternation_test(early["score"], early["condition"].tolist()).assignments == 10
    with pytest.raises(NotAnalysable, match="in the course abab_hand"):
        by_condition(ledger, "P001", "abab_hand")
