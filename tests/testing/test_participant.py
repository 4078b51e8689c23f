"""The scripted participant: moves like a person, repeats exactly, and does what a session truly counts."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side, joint
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.session.view import View
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.tasks.definition import load_task
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.movement import Movement, Wavering, minimum_jerk
from vrrehab.testing.participant import FadingPain, ScriptedParticipant

RATE_HZ = 90.0


class Kept:
    """Keeps a session's record in memory."""

    def __init__(self) -> None:
        self.events: list[messages.Event] = []
        self.frames = 0

    def event(self, event: messages.Event) -> None:
        self.events.append(event)

    def frame(self, record: np.ndarray) -> None:
        self.frames += 1

    def problem(self) -> str:
        return ""

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def session(participant: ScriptedParticipant, mode: str = "mirror", seed: int = 5) -> Kept:
    loss = messages.LimbLoss(limb="hand", side=participant.intact_side.other.value, level="wrist")
    plan = make_plan(messages.Profile(code="P001", limb_losses=(loss,)), load_programme("demo"), mode, "scripted", seed)
    kept = Kept()
    sitting = Sitting(plan, ScriptedSource(participant), kept, "none")
    assert run(sitting, SilentDisplay(VirtualClock(), RATE_HZ), lambda: ()) == "completed"
    return kept


def watched(participant: ScriptedParticipant, view: View, seconds: float, begin_s: float = 0.0) -> np.ndarray:
    """The poses of every frame, (n, joints, 7), while the participant is shown `view`."""
    body, poses = Body.unseen(), []
    for frame in range(round(seconds * RATE_HZ)):
        participant.locate(round((begin_s + frame / RATE_HZ) * 1e9), body)
        participant.see(view)
        poses.append(body.poses.copy())
    return np.array(poses)


def test_a_reach_is_smooth_and_begins_and_ends_at_rest() -> None:
    times = np.linspace(0, 1, 201)
    way = np.array([minimum_jerk(t) for t in times])
    assert (way[0], way[-1], minimum_jerk(-1), minimum_jerk(2)) == (0, 1, 0, 1)
    speed = np.gradient(way, times)
    assert speed.argmax() == 100
    assert speed.max() == pytest.approx(1.875, abs=0.001)  # Flash and Hogan: peak 15/8 of the mean
    assert abs(speed[0]) < 0.02
    assert abs(speed[-1]) < 0.02


def test_a_goal_that_changes_on_the_way_jumps_neither_in_place_nor_in_speed() -> None:
    movement = Movement([0.0, 0.0])
    movement.go([1.0, 0.0], 0.0, 1.0)
    places = []
    for now_s in np.arange(0.0, 2.0, 0.001):
        if now_s == pytest.approx(0.4):
            movement.go([0.0, 1.0], now_s, 0.8)
        places.append(movement.at(now_s))
    places = np.array(places)
    assert np.allclose(places[-1], [0, 1])
    speed = np.diff(places, axis=0) / 0.001
    assert np.abs(np.diff(speed, axis=0)).max() < 0.02


def test_tremor_is_small_and_quick() -> None:
    tremor = Wavering(np.random.default_rng(1), 8.0, 12.0, 0.001)
    times = np.arange(0, 20, 1 / 200)
    values = np.array([tremor.at(t) for t in times])
    assert np.allclose(values.std(axis=0), 0.001, rtol=0.1)
    spectrum = np.abs(np.fft.rfft(values, axis=0)) ** 2
    band = (np.fft.rfftfreq(len(times), 1 / 200) > 7.5) & (np.fft.rfftfreq(len(times), 1 / 200) < 12.5)
    assert np.all(spectrum[band].sum(axis=0) > 0.95 * spectrum.sum(axis=0))


def test_joints_say_scripted_and_the_missing_hand_is_missing() -> None:
    body = Body.unseen()
    ScriptedParticipant(1, Side.RIGHT).locate(0, body)
    assert body.provenance[HEAD] == Provenance.SCRIPTED
    assert np.all(body.provenance[HAND[Side.RIGHT]] == Provenance.SCRIPTED)
    assert np.all(body.provenance[HAND[Side.LEFT]] == Provenance.NONE)
    ScriptedParticipant(1, Side.RIGHT, hands=list(Side)).locate(0, body)
    assert np.all(body.provenance[HAND[Side.LEFT]] == Provenance.SCRIPTED)
    assert ScriptedSource(ScriptedParticipant(1)).origin == "scripted"


def test_at_rest_it_breathes_and_sways_but_stays_where_it_is() -> None:
    poses = watched(ScriptedParticipant(3), View(Body.unseen()), 20)
    settled = poses[200:, [HEAD, joint(Side.LEFT, "wrist")]]
    spread = settled[..., :3].std(axis=0)
    assert np.all(spread > 0.0001)
    assert np.all(spread < 0.01)
    assert np.allclose(np.linalg.norm(poses[:, HEAD, 3:], axis=1), 1.0)


@pytest.mark.parametrize(("activity", "task"), [("", ""), ("repetition", "open_close_hand"), ("trace", "trace_eight")])
def test_no_joint_ever_moves_faster_than_a_person(activity: str, task: str) -> None:
    view = View(Body.unseen(), activity=activity, task=task, rule=load_task(task).rule if task else None)
    poses = watched(ScriptedParticipant(4), view, 12)[:, [HEAD, *range(*HAND[Side.LEFT].indices(100))]]
    speeds = np.linalg.norm(np.diff(poses[..., :3], axis=0), axis=-1) * RATE_HZ
    assert speeds.max() < 2.5


def test_the_same_seed_gives_the_same_session_and_another_seed_another() -> None:
    first, again, other = (ScriptedParticipant(seed) for seed in (6, 6, 7))
    view = View(Body.unseen(), activity="repetition", task="open_close_hand", rule=load_task("open_close_hand").rule)
    a, b, c = (watched(participant, view, 8) for participant in (first, again, other))
    assert np.array_equal(a, b, equal_nan=True)
    assert first.truth == again.truth
    assert not np.array_equal(a, c, equal_nan=True)


def test_a_lapse_hides_the_intact_hand_and_nothing_else() -> None:
    poses = watched(ScriptedParticipant(3, lapses=[(1.0, 2.0)]), View(Body.unseen()), 3)
    seen = ~np.isnan(poses[:, joint(Side.LEFT, "wrist"), 0])
    assert np.array_equal(seen, ~((np.arange(270) >= 90) & (np.arange(270) < 180)))
    assert np.all(np.isfinite(poses[:, HEAD]))


def test_it_sits_where_it_is_told() -> None:
    seat = geometry.pose((1.0, 0.0, -2.0), geometry.yaw(1.5))
    here, there = ScriptedParticipant(3, seat=geometry.IDENTITY), ScriptedParticipant(3, seat=seat)
    a, b = watched(here, View(Body.unseen()), 1), watched(there, View(Body.unseen()), 1)
    hand = [HEAD, joint(Side.LEFT, "wrist")]
    assert np.allclose(geometry.compose(seat, a[:, hand]), b[:, hand])


@pytest.mark.parametrize(
    ("mode", "intact", "answering", "seed"),
    [("mirror", Side.RIGHT, "gaze", 5), ("mirror", Side.LEFT, "touch", 3), ("intact_only", Side.LEFT, "gaze", 8)],
)
def test_a_whole_session_counts_what_it_truly_did_and_records_what_it_meant(mode, intact, answering, seed) -> None:
    participant = ScriptedParticipant(seed, intact, answering=answering)
    kept = session(participant, mode, seed)
    ended, started = kept.of(messages.TaskEnded), kept.of(messages.TaskStarted)
    counted = {"open_close_hand": 0, "reach_touch": 0}
    for start, end in zip(started, ended, strict=True):
        assert end.status == "completed"
        counted[start.task] += end.repetitions
    assert counted == {"open_close_hand": 8, "reach_touch": 3}
    assert len(participant.truth.cycles_s) == 8
    assert len(participant.truth.touches_s) == 3
    answers = kept.of(messages.RatingAnswered)
    assert [answer.value for answer in answers] == [
        None if meant is None else float(meant) for meant in participant.truth.answers
    ]
    assert {answer.by for answer in answers} == {answering}
    assert {answer.status for answer in answers} <= {"given", "declined"}


def test_each_counted_fist_is_one_the_participant_made_just_before() -> None:
    participant = ScriptedParticipant(5, Side.RIGHT)
    kept = session(participant)
    first = kept.of(messages.TaskStarted)[0], kept.of(messages.TaskEnded)[0]
    begin_ns = kept.of(messages.SessionStarted)[0].mono_ns
    start_s, end_s = ((event.mono_ns - begin_ns) / 1e9 for event in first)
    made = [at_s for at_s in participant.truth.cycles_s if start_s < at_s < end_s]
    assert len(made) == first[1].repetitions == 4
    assert 0.0 < end_s - made[-1] < 0.5, "the last one ends the task as the hand closes"


def test_pain_falls_with_tasks_and_is_sometimes_not_told() -> None:
    pain = FadingPain(1, start=6.0, ease=0.6, declines=0.2)
    told = []
    for _ in range(10):
        told.append(pain.rate())
        pain.after_task()
    given = [value for value in told if value is not None]
    assert given[0] == 6
    assert all(isinstance(value, int) and 0 <= value <= 10 for value in given)
    assert given[-1] < 4
    assert None in [FadingPain(seed, declines=0.3).rate() for seed in range(20)]
