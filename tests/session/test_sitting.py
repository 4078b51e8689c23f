from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.build import USUAL
from vrrehab.body.skeleton import ARM, HAND, HEAD, INDEX, Body, Provenance, Side, joint
from vrrehab.session.sitting import Sitting
from vrrehab.sources import SPACE_CHANGED
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.participant import FadingPain, ScriptedParticipant

from .conftest import Sat, Told

#: Half of a headset's: frames enough for everything here, at half the price.
RATE_HZ = 36


@pytest.fixture(scope="module")
def sit(sit: Callable[..., Sat]) -> Callable[..., Sat]:
    return functools.partial(sit, rate_hz=RATE_HZ)


class Silent(ScriptedParticipant):
    def _tell(self, panel: object) -> None:
        """Says nothing."""


class InSecondTask:
    """Tells what is due so many frames into the second task run; `began` is that run's first frame."""

    def __init__(self, *due: tuple[int, Told]) -> None:
        self._due = dict(due)
        self.began = 0

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        if not self.began and sitting.conductor.ledger.run_number == 2:
            self.began = frame
        told = self._due.get(frame - self.began) if self.began else None
        return (told,) if told else ()


def test_every_task_is_followed_by_its_own_rating(sit: Callable[..., Sat]) -> None:
    sat = sit(participant=ScriptedParticipant(1, Side.RIGHT, pain=FadingPain(1, declines=0.0)))
    assert sat.status == "completed"
    ended = [event.task_run_id for event in sat.record.of(messages.TaskEnded)]
    asked = sat.record.of(messages.RatingAsked)
    answered = {event.rating_id: event for event in sat.record.of(messages.RatingAnswered)}
    assert [event.phase for event in asked] == ["before", "after_task", "after_task", "after_task", "after"]
    assert [event.task_run_id for event in asked] == [None, *ended, None]
    assert [answered[event.rating_id].value for event in asked] == sat.participant.truth.answers
    assert all(answered[event.rating_id].status == "given" for event in asked)


def test_repetitions_are_the_ones_the_participant_made(sit: Callable[..., Sat]) -> None:
    sat = sit("first_session", seed=3)
    truth = sat.participant.truth
    hand, reach = [], []
    for started, ended in zip(sat.record.of(messages.TaskStarted), sat.record.of(messages.TaskEnded), strict=True):
        (hand if started.task == "open_close_hand" else reach).append(ended.repetitions)
    assert hand == [6, 8, 8]
    assert reach == [6, 8, 8]
    assert len(truth.touches_s) == sum(reach)
    assert len(truth.cycles_s) == sum(hand)


def test_the_virtual_hand_is_the_tracked_one_reflected_and_says_so(sit: Callable[..., Sat]) -> None:
    motion = sit(settings={"smoothing": False}).record.motion()
    tracked = motion["tracked"][:, HAND[Side.RIGHT]]
    virtual = motion["virtual"][:, HAND[Side.LEFT]]
    seen = motion["tracked_provenance"][:, INDEX["right_wrist"]] == Provenance.SCRIPTED
    assert seen.mean() > 0.95
    assert np.allclose(virtual[seen, :, :3], tracked[seen, :, :3] * [-1, 1, 1], atol=1e-6)
    assert np.allclose(virtual[seen, :, 3:], tracked[seen, :, 3:] * [1, -1, -1, 1], atol=1e-6)
    assert (motion["virtual_provenance"][seen, INDEX["left_wrist"]] == Provenance.MIRRORED).all()


def test_frames_say_which_task_run_they_belong_to(sit: Callable[..., Sat]) -> None:
    sat = sit()
    motion = sat.record.motion()
    for started, ended in zip(sat.record.of(messages.TaskStarted), sat.record.of(messages.TaskEnded), strict=True):
        during = (motion["mono_ns"] > started.mono_ns) & (motion["mono_ns"] < ended.mono_ns)
        assert (motion["run_number"][during] == started.run_number).all()
    assert set(motion["run_number"]) == {0, 1, 2, 3}
    assert (np.diff(motion["frame"]) == 1).all()
    (end,) = sat.record.of(messages.SessionEnded)
    assert end.last_motion_seq == len(motion)


def test_a_lost_hand_is_held_dimmed_and_pauses_the_task_until_it_is_found(sit: Callable[..., Sat]) -> None:
    opacities: list[float] = []
    notices: set[str] = set()

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        opacities.append(sitting.view.opacity[Side.LEFT])
        notices.add(sitting.view.notice)
        return ()

    lapse = (22.5, 24.0)
    sat = sit(participant=ScriptedParticipant(1, Side.RIGHT, lapses=[lapse]), tell=watch)
    motion = sat.record.motion()
    time_s = (motion["display_time_ns"] - motion["display_time_ns"][0]) / 1e9
    during = (time_s >= lapse[0]) & (time_s < lapse[1])
    wrist = INDEX["right_wrist"]
    assert (motion["tracked_provenance"][during, wrist] == Provenance.HELD).all()
    assert (motion["virtual_provenance"][during, INDEX["left_wrist"]] == Provenance.HELD).all()
    assert np.ptp(motion["tracked"][during, wrist, :3], axis=0).max() == 0.0
    assert min(opacities) == pytest.approx(0.35)
    assert max(abs(np.diff(opacities[1:]))) < 0.1, "it dims, it never snaps"
    (lost,), (found,) = sat.record.named("tracking_lost"), sat.record.named("tracking_found")
    assert (found.mono_ns - lost.mono_ns) / 1e9 == pytest.approx(1.0, abs=0.05)
    assert "I cannot see your right hand. Please hold it in front of you." in notices
    assert sat.status == "completed"
    # The pause is not performed time.
    run = next(e for e in sat.record.of(messages.TaskEnded) if e.task_run_id == lost.task_run_id)
    started = next(e for e in sat.record.of(messages.TaskStarted) if e.task_run_id == lost.task_run_id)
    wall_s = (run.mono_ns - started.mono_ns) / 1e9
    assert wall_s - run.duration_s == pytest.approx(1.0, abs=0.1)


def test_stop_freezes_limb_and_task_in_its_frame_and_fades_to_calm_in_half_a_second(
    sit: Callable[..., Sat],
) -> None:
    calm: list[float] = []
    stop = Told("stop")
    in_task = InSecondTask((30, stop))

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        calm.append(sitting.view.calm)
        return in_task(sitting, frame)

    sat = sit(tell=tell, settings={"calm_before_end_s": 2.0})
    assert sat.status == "stopped"
    stopped = in_task.began + 30
    assert stop.answer == f"applied {stopped}"
    virtual = sat.record.motion()["virtual"]
    after = virtual[stopped - 1 :]
    assert np.array_equal(after, np.broadcast_to(virtual[stopped - 2], after.shape), equal_nan=True)
    assert calm[stopped - 1] == 0.0
    full = next(i for i, value in enumerate(calm) if value == 1.0)
    assert (full - stopped) / RATE_HZ == pytest.approx(0.5, abs=0.05)
    ended = sat.record.of(messages.TaskEnded)[-1]
    assert (ended.task_run_id, ended.status) == (f"{sat.plan.session_id}-t02", "stopped")


def test_after_a_stop_the_therapist_may_still_enter_the_rating_of_the_stopped_task(
    sit: Callable[..., Sat],
) -> None:
    tell = InSecondTask((30, Told("stop")), (50, Told("rate", {"value": 7})))
    sat = sit(tell=tell, settings={"calm_before_end_s": 2.0})
    ended = sat.record.of(messages.TaskEnded)[-1]
    asked = sat.record.of(messages.RatingAsked)[-1]
    answered = sat.record.of(messages.RatingAnswered)[-1]
    assert asked.task_run_id == ended.task_run_id
    assert (answered.rating_id, answered.value, answered.source) == (asked.rating_id, 7.0, "therapist")


def test_a_rating_that_was_given_is_corrected_once_each_time_and_keeps_its_row(sit: Callable[..., Sat]) -> None:
    told: list[Told] = []

    def tell(sitting: Sitting, frame: int) -> list[Told]:
        given = [each for each in sitting.conductor.ledger.answers if each.status == "given"]
        if not given or told:
            return []
        first = f"{sitting.plan.session_id}-r01"
        told.extend(Told("correct", {"rating_id": first, "value": value}, "anna") for value in (9, 11, 2))
        told[1].arguments["rating_id"] = told[2].arguments["rating_id"] = "nobody's"
        return told

    sat = sit(tell=tell, most_frames=1000)
    (corrected,) = sat.record.of(messages.RatingCorrected)
    assert (corrected.supersedes, corrected.value, corrected.who) == (f"{sat.plan.session_id}-r01", 9.0, "anna")
    assert corrected.rating_id not in {asked.rating_id for asked in sat.record.of(messages.RatingAsked)}
    assert told[0].answer.startswith("applied")
    assert told[1].answer.startswith("refused: expected a rating of this session that was given")


def test_a_stopped_task_nobody_rates_ends_as_interrupted(sit: Callable[..., Sat]) -> None:
    sat = sit(tell=InSecondTask((30, Told("stop"))), settings={"calm_before_end_s": 1.0})
    assert sat.record.of(messages.RatingAnswered)[-1].status == "interrupted"


def test_an_interrupted_sitting_leaves_a_whole_record(sit: Callable[..., Sat]) -> None:
    kept: list[Sitting] = []

    def interrupt(sitting: Sitting, frame: int) -> Iterable[Told]:
        kept.append(sitting)
        if sitting.conductor.ledger.run_number == 2:
            raise KeyboardInterrupt
        return ()

    with pytest.raises(KeyboardInterrupt):
        sit(tell=interrupt)
    record = kept[0]._record
    assert [event.status for event in record.of(messages.TaskEnded)] == ["completed", "interrupted"]
    (end,) = record.of(messages.SessionEnded)
    assert end.status == "interrupted"
    assert end.last_motion_seq == len(record.frames)


def test_a_question_nobody_answers_counts_as_missed_and_the_programme_goes_on(sit: Callable[..., Sat]) -> None:
    sat = sit(participant=Silent(1, Side.RIGHT), settings={"answer_within_s": 10.0})
    assert sat.status == "completed"
    assert {event.status for event in sat.record.of(messages.RatingAnswered)} == {"missed"}


def test_a_declined_rating_stays_linked_to_its_task(sit: Callable[..., Sat]) -> None:
    sat = sit(participant=ScriptedParticipant(1, Side.RIGHT, pain=FadingPain(1, declines=1.0)))
    answers = sat.record.of(messages.RatingAnswered)
    assert {(event.status, event.value) for event in answers} == {("declined", None)}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Told("dance"), "refused: no command 'dance'; there are stop"),
        (Told("set", {"name": "smoothing", "value": False}), "applied 100"),
        (Told("set", {"name": "gaze_dwell_s", "value": 99}), "refused: gaze_dwell_s expects 0.3 to 5 s"),
        (Told("set", {}), "refused: set expects a name and a value"),
        (Told("rate", {"value": 11}), "refused: rate expects a whole number from 0 to 10, got 11"),
        (Told("rate", {"value": 4.5}), "refused: rate expects a whole number"),
        (Told("note", {"text": " "}), "refused: note expects some text"),
        (Told("note", {"text": "moved the chair"}), "applied 100"),
        (Told("recentre"), "applied 100"),
        (Told("pause"), "applied 100"),
    ],
    ids=lambda value: f"{value.name} {dict(value.arguments)}" if isinstance(value, Told) else "",
)
def test_every_command_is_answered_applied_or_refused_with_the_reason(
    sit: Callable[..., Sat], command: Told, expected: str
) -> None:
    sit(tell=lambda _, frame: (command,) if frame == 100 else (), most_frames=200)
    assert command.answer.startswith(expected)
    command.answer = ""


def test_a_setting_changed_live_is_recorded_with_who_and_the_frame(sit: Callable[..., Sat]) -> None:
    change = Told("set", {"name": "limb_opacity_ratio", "value": 0.5}, who="dr_a")
    sat = sit(tell=lambda _, frame: (change,) if frame == 300 else (), most_frames=400)
    (changed,) = sat.record.of(messages.SettingChanged)
    assert (changed.who, changed.name, changed.old, changed.new, changed.applied_frame) == (
        "dr_a", "limb_opacity_ratio", 1.0, 0.5, 300,
    )  # fmt: skip
    assert sat.sitting.view.opacity[Side.LEFT] == pytest.approx(0.5)


def test_how_large_a_virtual_limb_is_and_where_it_begins_are_changed_live(sit: Callable[..., Sat]) -> None:
    wanted = {"limb_size_ratio": 1.2, "limb_boundary_softness_m": 0.1}
    told = [Told("set", {"name": name, "value": value}) for name, value in wanted.items()]
    sat = sit(tell=lambda sitting, frame: told if frame == 50 else (), most_frames=100)
    assert all(each.answer.startswith("applied") for each in told)
    view = sat.sitting.view
    assert (view.limb_size, view.boundary_softness_m) == (1.2, 0.1)


def test_the_place_is_on_record_and_its_light_hour_detail_and_sound_are_changed_live(sit: Callable[..., Sat]) -> None:
    wanted = {"light_ratio": 0.6, "time_of_day_h": 18.5, "place_detail": "calm", "sound_ratio": 0.0}
    told = [Told("set", {"name": name, "value": value}) for name, value in wanted.items()]
    sat = sit(tell=lambda sitting, frame: told if frame == 50 else (), most_frames=100)
    assert all(each.answer.startswith("applied") for each in told)
    ambience = sat.sitting.view.ambience
    assert (ambience.light_ratio, ambience.hour_h, ambience.detail, ambience.sound_ratio) == (0.6, 18.5, False, 0.0)
    assert ambience.time_s == pytest.approx(99 / RATE_HZ, abs=0.03)
    assert [event.detail for event in sat.record.of(messages.Happened) if event.name == "place"] == [
        {"name": "therapy_room"}
    ]


def test_nothing_on_record_is_older_than_the_session(sit: Callable[..., Sat]) -> None:
    sat = sit(most_frames=60, checklist={"skin": "ok"})
    times_ns = [event.mono_ns for event in sat.record.events]
    assert isinstance(sat.record.events[0], messages.SessionStarted)
    assert min(times_ns) == times_ns[0] > 0


def test_a_break_holds_the_programme_and_lets_it_go_on(sit: Callable[..., Sat]) -> None:
    with_break = sit(tell=InSecondTask((1, Told("pause")), (1 + 10 * RATE_HZ, Told("resume"))))
    assert with_break.status == "completed"
    started, ended = (with_break.record.of(kind)[1] for kind in (messages.TaskStarted, messages.TaskEnded))
    assert (ended.mono_ns - started.mono_ns) / 1e9 - ended.duration_s == pytest.approx(10.0, abs=0.1)
    assert [event.detail["who"] for event in with_break.record.named("paused")] == ["therapist"]


def test_no_question_is_missed_in_a_break(sit: Callable[..., Sat]) -> None:
    pause = Told("pause")
    sat = sit(
        participant=Silent(1, Side.RIGHT), tell=lambda _, frame: (pause,) if frame == 30 else (),
        settings={"answer_within_s": 10.0}, most_frames=15 * RATE_HZ,
    )  # fmt: skip
    assert [event.status for event in sat.record.of(messages.RatingAnswered)] == ["interrupted"], "when the test ended"


def test_what_is_shown_stands_still_in_a_break_and_its_task_does_not_begin(sit: Callable[..., Sat]) -> None:
    shown: list[bool] = []

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        shown.append(sitting.view.ghost is not None)
        if sitting.view.panel is not None:
            return (Told("skip"),)
        return (Told("pause"),) if shown.count(True) == 10 else ()

    sat = sit(tell=tell, most_frames=15 * RATE_HZ)
    assert sat.record.of(messages.TaskStarted) == []
    assert shown[-1]


def test_a_question_waits_for_whoever_took_the_headset_off(sit: Callable[..., Sat]) -> None:
    class Away(Silent):
        def locate(self, display_time_ns: int, body: Body) -> None:
            super().locate(display_time_ns, body)
            if 2.0 < self.now_s < 14.0:
                body.forget()

    sat = sit(participant=Away(1, Side.RIGHT), settings={"answer_within_s": 10.0}, most_frames=23 * RATE_HZ)
    asked, answered = sat.record.of(messages.RatingAsked)[0], sat.record.of(messages.RatingAnswered)[0]
    assert answered.status == "missed"
    assert (answered.mono_ns - asked.mono_ns) / 1e9 == pytest.approx(22.0, abs=0.1), "once it is on, the time goes on"
    assert sat.sitting.conductor.guard.safety.exposed_s == pytest.approx(11.0, abs=0.1), "nor is that time in the scene"


def test_a_question_comes_before_the_head_again_when_somebody_recentres(sit: Callable[..., Sat]) -> None:
    """Who has turned with the chair is asked where they look, and after recentring they look there again."""
    beside: dict[int, float] = {}
    turn = geometry.pose((0.0, 0.0, 0.0), geometry.yaw(np.float64(1.0)))

    class Turns(ScriptedSource):
        def locate(self, display_time_ns: int, body: Body) -> None:
            super().locate(display_time_ns, body)
            if self.participant.now_s > 0.2:
                body.poses[:] = geometry.compose(turn, body.poses)

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if sitting.view.panel is not None:
            head = sitting.conductor.here.tracked.poses[HEAD]
            beside[frame] = float(geometry.apply(geometry.invert(head), sitting.view.panel.pose[:3])[0])
        return (Told("recentre"),) if frame == 40 else ()

    # The first question waits until the hand is seen.
    late = ScriptedParticipant(1, Side.RIGHT, lapses=((0.0, 0.5),))
    sit(source=Turns(late), tell=tell, most_frames=50)
    assert beside[min(beside)] == pytest.approx(0.0, abs=0.05)
    assert min(beside) < 40
    assert beside[41] == pytest.approx(0.0, abs=0.05), "it would be 0.4 m beside them"


def test_a_lost_hand_stays_where_it_is_in_the_room_when_somebody_recentres(sit: Callable[..., Sat]) -> None:
    """It would be gone at once, and the virtual limb with it."""
    turn = geometry.pose((0.1, 0.0, 0.2), geometry.yaw(np.float64(0.5)))
    wrist, there = joint(Side.RIGHT, "wrist"), []

    class Turned(ScriptedSource):
        def locate(self, display_time_ns: int, body: Body) -> None:
            super().locate(display_time_ns, body)
            if self.participant.now_s > 0.5:  # with the head alone, as the hand is not seen
                body.poses[HEAD] = geometry.compose(turn, body.poses[HEAD])

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        view, tracked = sitting.view, sitting.conductor.here.tracked
        there.append(geometry.compose(view.reference_from_session, tracked.poses[wrist]))
        return (Told("recentre"),) if frame == 50 else ()

    sat = sit(source=Turned(ScriptedParticipant(1, Side.RIGHT, lapses=((0.4, 9.0),))), tell=tell, most_frames=60)
    assert there[55] == pytest.approx(there[45], abs=1e-9)
    assert np.linalg.norm(sat.record.motion()["tracked"][55, wrist, :3] - there[55][:3]) > 0.05, "session space moved"
    virtual = sat.record.motion()["virtual_provenance"][-1, joint(Side.LEFT, "wrist")]
    assert virtual in (Provenance.HELD, Provenance.MIRRORED)


def test_until_the_head_is_seen_nothing_is_anywhere_in_a_space_that_has_moved(sit: Callable[..., Sat]) -> None:
    class Moved(ScriptedSource):
        looked = 0

        def news(self) -> tuple[tuple[str, dict[str, str]], ...]:
            self.looked += 1
            return ((SPACE_CHANGED, {}),) if self.looked == 100 else ()

        def locate(self, display_time_ns: int, body: Body) -> None:
            super().locate(display_time_ns, body)
            if 100 <= self.looked < 120:
                body.poses[HEAD], body.provenance[HEAD] = np.nan, Provenance.NONE

    seat = geometry.pose((2.0, 0.0, 1.0), geometry.yaw(np.float64(1.0)))
    sat = sit(source=Moved(ScriptedParticipant(1, Side.RIGHT, seat=seat)), most_frames=130)
    motion, wrist = sat.record.motion(), joint(Side.RIGHT, "wrist")
    assert np.abs(np.diff(motion["tracked"][:, wrist, :3], axis=0)).max() < 0.1, "it never jumps"
    assert (motion["tracked_provenance"][99:119, wrist] == Provenance.HELD).all()


def test_recentring_moves_session_space_under_the_head_again(sit: Callable[..., Sat]) -> None:
    sat = sit(tell=lambda _, frame: (Told("recentre"),) if frame == 500 else (), most_frames=600)
    first, again = sat.record.named("recentred")
    assert first.detail["px"] != again.detail["px"]
    head = sat.record.motion()["tracked"][500, INDEX["centre_head"]]
    assert np.abs(head[[0, 2]]).max() < 0.01


@pytest.mark.parametrize("mode", ["mirror", "intact_only", "observe"])
def test_the_demo_runs_to_its_end_in_every_mode(sit: Callable[..., Sat], mode: str) -> None:
    sat = sit(mode=mode)
    assert sat.status == "completed"
    assert all(event.repetitions > 0 for event in sat.record.of(messages.TaskEnded))
    provenance = sat.record.motion()["virtual_provenance"][-1, ARM[Side.LEFT]][2:]
    expected = {"mirror": Provenance.MIRRORED, "intact_only": Provenance.NONE, "observe": Provenance.SCRIPTED}
    assert set(provenance) == {expected[mode]}


def test_a_record_in_trouble_is_told_calmly_and_the_session_goes_on(sit: Callable[..., Sat]) -> None:
    sat = sit(trouble="tcp://127.0.0.1:5757 does not answer", most_frames=100)
    assert sat.sitting.view.notice.startswith("The record is not connected just now.")
    assert len(sat.record.frames) == 100


def test_a_steady_frame_leaves_nothing_for_the_collector(sit: Callable[..., Sat]) -> None:
    tracked: dict[int, int] = {}

    def count(sitting: Sitting, frame: int) -> Iterable[Told]:
        if frame in (1300, 1400):
            gc.collect()
            gc.disable()
            tracked[frame] = gc.get_count()[0]
        if frame in (1301, 1380):
            tracked[frame] = gc.get_count()[0]
        return ()

    try:
        sit(tell=count, most_frames=1400, rate_hz=72.0)
    finally:
        gc.enable()
    # The record keeps each frame in a list, which is this test's doing, and no more than that grows.
    assert tracked[1380] - tracked[1301] <= 2 * 79


def test_nothing_is_asked_or_performed_before_the_head_has_been_seen(sit: Callable[..., Sat]) -> None:
    class Nobody(ScriptedParticipant):
        def locate(self, display_time_ns: int, body: Body) -> None:
            body.forget()

    sat = sit(participant=Nobody(1, Side.RIGHT), tell=lambda *_: (Told("skip"),), most_frames=100)
    assert sat.record.of(messages.RatingAsked) == []
    assert sat.record.of(messages.TaskStarted) == []
    assert len(sat.record.frames) == 100


def test_joints_that_nobody_sees_are_placed_as_the_person_is_built(sit: Callable[..., Sat]) -> None:
    for breadth_m in (0.31, 0.39):
        sat = sit(build_of=lambda _, m=breadth_m: replace(USUAL, shoulder_breadth=m), most_frames=40)
        shoulders = [sat.sitting.view.virtual.poses[joint(side, "shoulder"), :3] for side in Side]
        # One of the two is the other's reflection in the middle, from which the trunk sways a little.
        assert np.linalg.norm(shoulders[0] - shoulders[1]) == pytest.approx(breadth_m, abs=0.015)
