"""A session for every lost limb, from the first rating to the last, and what settings do to the virtual limb in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from telemetry.messages import (
    LimbLoss,
    Measures,
    PhantomShape,
    Profile,
    RatingAnswered,
    SessionStarted,
    SettingChanged,
    TaskEnded,
    TaskStarted,
)
from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.features import hand_closure_of
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import ARM, HAND, INDEX, LEG, Body, Provenance, Side
from vrrehab.session.sitting import Sitting
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import Sat, Told

ARMS, LEGS = (str(Path(__file__).parent / f"short_{limb}.toml") for limb in ("arm", "leg"))
LEVELS = {"hand": "wrist", "arm": "elbow", "foot": "ankle", "leg": "below_knee"}


def who(*lost: str, **more) -> Profile:
    """A participant who has lost these, as in `left leg`."""
    losses = tuple(LimbLoss(side=side, limb=limb, level=LEVELS[limb]) for side, limb in (each.split() for each in lost))
    return Profile(code="P001", limb_losses=losses, **more)


LEFT_LEG, BOTH_HANDS = who("left leg"), who("left hand", "right hand")


@pytest.mark.parametrize(
    ("profile", "programme", "mode", "intact", "moved"),
    [
        (who("left arm"), ARMS, "mirror", "right", "left"),
        (who("right hand"), ARMS, "mirror", "left", "right"),
        (LEFT_LEG, LEGS, "mirror", "right", "left"),
        (who("right foot"), LEGS, "intact_only", "left", "left"),
        (LEFT_LEG, LEGS, "observe", "right", "left"),
        (LEFT_LEG, LEGS, "imagery", "right", "left"),
        (LEFT_LEG, ARMS, "distractor", "right", "right"),
        (BOTH_HANDS, ARMS, "observe", "none", "both"),
        (BOTH_HANDS, ARMS, "imagery", "none", "both"),
        (who("left leg", "right leg"), LEGS, "observe", "none", "both"),
    ],
    ids=lambda value: (
        " ".join(f"{loss.side} {loss.limb}" for loss in value.limb_losses)
        if isinstance(value, Profile)
        else Path(value).stem
    ),
)
def test_a_whole_session_for_every_loss_and_mode(
    sit: Callable[..., Sat], profile: Profile, programme: str, mode: str, intact: str, moved: str
) -> None:
    sat = sit(programme, mode=mode, profile=profile, rate_hz=36.0)
    assert sat.status == "completed"
    (started,) = sat.record.of(SessionStarted)
    assert (started.intact_side, started.mode) == (intact, mode)
    runs, ends = sat.record.of(TaskStarted), sat.record.of(TaskEnded)
    assert {run.side for run in runs} == {moved}
    assert [end.status for end in ends] == ["completed"] * len(sat.plan.steps)
    assert [end.repetitions for end in ends] == [step.task.goal for step in sat.plan.steps]
    assert [run.limb for run in runs] == [step.task.limb for step in sat.plan.steps]
    assert len(sat.record.of(RatingAnswered)) == len(ends) + 2


def test_a_lost_leg_is_the_reflection_of_the_intact_one(sit: Callable[..., Sat]) -> None:
    sat = sit(LEGS, profile=LEFT_LEG, settings={"smoothing": False}, most_frames=1500)
    motion = sat.record.motion()
    seen = motion["tracked_provenance"][:, INDEX["right_ankle"]] == Provenance.SCRIPTED
    assert seen.mean() > 0.95
    virtual, tracked = motion["virtual"][seen], motion["tracked"][seen]
    ankle, other = INDEX["left_ankle"], INDEX["right_ankle"]
    assert np.allclose(virtual[:, ankle], geometry.mirror(tracked[:, other].astype(float)), atol=1e-6)
    assert np.ptp(virtual[:, ankle, 1]) > 0.1, "it moves"
    assert set(motion["virtual_provenance"][seen, ankle]) == {Provenance.MIRRORED}
    assert np.array_equal(virtual[:, ARM[Side.LEFT]], tracked[:, ARM[Side.LEFT]], equal_nan=True)


def test_repetitions_of_a_leg_are_the_ones_the_participant_made(sit: Callable[..., Sat]) -> None:
    sat = sit(LEGS, profile=LEFT_LEG, seed=4)
    counted = sum(event.repetitions for event in sat.record.of(TaskEnded))
    assert len(sat.participant.truth.cycles_s) == counted == sum(step.task.goal for step in sat.plan.steps)


def test_a_leg_out_of_sight_is_held_dimmed_and_pauses_the_task(sit: Callable[..., Sat]) -> None:
    dimmed: list[float] = []
    notices: set[str] = set()

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        dimmed.append(sitting.view.leg_opacity[Side.LEFT])
        notices.add(sitting.view.notice)
        return ()

    participant = ScriptedParticipant(1, Side.RIGHT, hands=list(Side), legs=[Side.RIGHT], lapses=[(12.0, 13.5)])
    sat = sit(LEGS, profile=LEFT_LEG, participant=participant, tell=watch, most_frames=1400)
    motion = sat.record.motion()
    time_s = (motion["display_time_ns"] - motion["display_time_ns"][0]) / 1e9
    during = (time_s >= 12.0) & (time_s < 13.5)
    assert (motion["virtual_provenance"][during, INDEX["left_ankle"]] == Provenance.HELD).all()
    assert min(dimmed[1:]) == pytest.approx(0.35)
    assert max(abs(np.diff(dimmed[1:]))) < 0.1
    (lost,) = sat.record.named("tracking_lost")
    assert lost.detail == {"limb": "leg", "side": "right"}
    assert "I cannot see the tracker on your right leg. Please sit still for a moment." in notices


def test_observing_goes_on_while_the_intact_hand_is_out_of_sight(sit: Callable[..., Sat]) -> None:
    participant = ScriptedParticipant(1, Side.RIGHT, lapses=[(0.0, 500.0)])
    sat = sit(ARMS, mode="observe", participant=participant)
    assert sat.status == "completed"
    assert sat.record.named("tracking_lost") == []


def test_both_hands_play_alike_in_observe(sit: Callable[..., Sat]) -> None:
    motion = sit(ARMS, mode="observe", profile=BOTH_HANDS, settings={"smoothing": False}).record.motion()
    performing = motion["run_number"] > 0
    left, right = (motion["virtual"][performing][:, HAND[side]].astype(float) for side in Side)
    closures = [[hand_closure_of(hand) for hand in hands[::40]] for hands in (left, right)]
    assert np.allclose(closures[0], closures[1], atol=1e-5)
    assert np.ptp(closures[0]) > 0.7
    assert np.all(motion["virtual_provenance"][performing][:, ARM[Side.LEFT]] == Provenance.SCRIPTED)


class Strapped(ScriptedParticipant):
    """Wears a tracker on what is left of the left shin, and moves it along with the right leg."""

    def locate(self, display_time_ns: int, body: Body) -> None:
        super().locate(display_time_ns, body)
        seat = geometry.invert(self.seat)
        own = geometry.compose(seat, body.poses[INDEX["right_knee"]])
        body.poses[INDEX["left_knee"]] = geometry.compose(self.seat, geometry.mirror(own))
        body.provenance[INDEX["left_knee"]] = Provenance.SCRIPTED


def test_a_tracker_on_the_residual_limb_moves_the_virtual_one_through_a_session(sit: Callable[..., Sat]) -> None:
    participant = Strapped(1, Side.RIGHT, hands=list(Side), legs=[Side.RIGHT])
    sat = sit(LEGS, mode="residual", profile=LEFT_LEG, participant=participant, settings={"smoothing": False})
    assert sat.status == "completed"
    assert [event.repetitions for event in sat.record.of(TaskEnded)] == [2, 2]
    motion = sat.record.motion()[200:]
    knee, ankle = INDEX["left_knee"], INDEX["left_ankle"]
    shin = motion["virtual"][:, ankle, :3] - motion["virtual"][:, knee, :3]
    assert np.ptp(np.linalg.norm(shin, axis=1)) < 1e-5, "no bone is stretched"
    assert np.allclose(motion["virtual"][:, knee, 3:], motion["tracked"][:, knee, 3:], atol=1e-6)
    assert np.ptp(motion["virtual"][:, ankle, 1]) > 0.1, "it moves"


class TestImagery:
    def test_how_still_the_intact_limb_was_is_on_record_for_each_task(self, sit: Callable[..., Sat]) -> None:
        sat = sit(ARMS, mode="imagery")
        told = sat.record.named("stillness")
        assert [event.task_run_id for event in told] == [event.task_run_id for event in sat.record.of(TaskEnded)]
        for event in told:
            assert event.detail["limb"] == "arm"
            assert event.detail["side"] == "right"
            assert event.detail["seen_ratio"] == 1.0
            assert 0.0 < event.detail["moved_m"] < 0.03, "it trembles and sways, and no more"

    def test_a_hand_that_moves_along_is_not_still(self, sit: Callable[..., Sat]) -> None:
        class Restless(ScriptedParticipant):
            def see(self, view) -> None:
                view.activity, kept = "repetition" if view.activity else "", view.activity
                super().see(view)
                view.activity = kept

        sat = sit(ARMS, mode="imagery", participant=Restless(1, Side.RIGHT))
        assert all(event.detail["moved_m"] > 0.06 for event in sat.record.named("stillness"))

    def test_the_limb_keeps_still_and_is_dimmed(self, sit: Callable[..., Sat]) -> None:
        sat = sit(ARMS, mode="imagery", settings={"smoothing": False}, most_frames=1200)
        assert sat.sitting.view.opacity[Side.LEFT] == pytest.approx(0.5)
        virtual = sat.record.motion()["virtual"][100:, HAND[Side.LEFT]].astype(float)
        assert np.ptp([hand_closure_of(hand) for hand in virtual[::50]]) < 1e-6


def test_in_relax_nothing_is_asked_shown_or_counted(sit: Callable[..., Sat]) -> None:
    activities: set[str] = set()

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        activities.add(sitting.view.activity)
        return ()

    sat = sit(ARMS, mode="relax", tell=watch, most_frames=1000)
    assert activities == {"", "resting"}
    assert sat.sitting.view.text.startswith("Lean back and breathe slowly")
    assert sat.sitting.view.opacity[Side.LEFT] == 0.0
    assert [event.repetitions for event in sat.record.of(TaskEnded)] == [0]
    assert np.all(sat.record.motion()["virtual_provenance"][:, ARM[Side.LEFT]] == Provenance.NONE)


class TestPhantom:
    FIST = PhantomShape(limb="hand", side="left", posture="clenched")

    def closures(self, sat: Sat, joints: slice = HAND[Side.LEFT]) -> np.ndarray:
        virtual = sat.record.motion()["virtual"][:, joints].astype(float)
        return np.array([hand_closure_of(hand) for hand in virtual])

    def test_the_limb_begins_as_it_is_felt_and_ends_as_it_is_driven(self, sit: Callable[..., Sat]) -> None:
        profile = who("left hand", phantom_shapes=(self.FIST,))
        settings = {"phantom_morph_min": 0.25, "smoothing": False}
        sat = sit(ARMS, profile=profile, settings=settings, most_frames=72 * 17)
        motion, closures = sat.record.motion(), self.closures(sat)
        own = [hand_closure_of(hand) for hand in motion["tracked"][:, HAND[Side.RIGHT]].astype(float)]
        assert closures[2] > 0.95
        assert own[2] < 0.4
        after = 72 * 16
        expected = geometry.mirror(motion["tracked"][after:, HAND[Side.RIGHT]].astype(float))
        assert np.allclose(motion["virtual"][after:, HAND[Side.LEFT]], expected, atol=1e-6)
        tip, way = INDEX["left_index_tip"], INDEX["left_wrist"]
        step = np.diff(motion["virtual"][2:, tip, :3] - motion["virtual"][2:, way, :3], axis=0)
        assert np.linalg.norm(step, axis=1).max() < 0.02, "it never snaps"
        provenance = motion["virtual_provenance"][:, tip]
        assert provenance[0] == Provenance.SCRIPTED
        assert provenance[72 * 5] == Provenance.INFERRED
        assert provenance[after] == Provenance.MIRRORED

    def test_repetitions_count_what_the_person_does_while_the_phantom_is_clenched(
        self, sit: Callable[..., Sat]
    ) -> None:
        profile = who("left hand", phantom_shapes=(self.FIST,))
        sat = sit(ARMS, profile=profile, settings={"phantom_share": 1.0}, most_frames=1600)
        assert sat.record.of(TaskEnded)[0].repetitions == 2
        assert self.closures(sat)[200:].min() > 0.9

    def test_a_therapist_may_change_it_live_and_the_change_is_on_record(self, sit: Callable[..., Sat]) -> None:
        told = {
            300: Told("set", {"name": "phantom_posture", "value": "clenched"}),
            301: Told("set", {"name": "phantom_morph_min", "value": 0}),
            302: Told("set", {"name": "phantom_share", "value": 1.0}),
            303: Told("set", {"name": "phantom_posture", "value": "sleepy"}),
        }
        sat = sit(tell=lambda _, frame: (told[frame],) if frame in told else (), most_frames=400)
        assert [event.name for event in sat.record.of(SettingChanged)] == [
            "phantom_posture",
            "phantom_morph_min",
            "phantom_share",
        ]
        assert told[303].answer.startswith("refused: phantom_posture expects one of as_felt, relaxed")
        closures = self.closures(sat)
        assert closures[299] < 0.5
        assert closures[-1] > 0.95
        assert max(abs(np.diff(closures[290:]))) < 0.06


class TestExperiment:
    def test_delay_makes_the_virtual_limb_later_by_just_so_much(self, sit: Callable[..., Sat]) -> None:
        settings = {"smoothing": False, "limb_delay_ms": 500.0}
        motion = sit(settings=settings, most_frames=2400).record.motion()
        frames = 36
        tip, wrist = INDEX["left_index_tip"], INDEX["left_wrist"]
        own_tip, own_wrist = INDEX["right_index_tip"], INDEX["right_wrist"]
        shown = (motion["virtual"][:, tip, :3] - motion["virtual"][:, wrist, :3])[500:]
        own = (motion["tracked"][:, own_tip, :3] - motion["tracked"][:, own_wrist, :3])[500 - frames : -frames]
        assert np.abs(shown - own * [-1, 1, 1]).max() < 2e-5
        assert np.abs(shown[:-frames] - (own * [-1, 1, 1])[frames:]).max() > 0.02, "and moves meanwhile"

    def test_an_offset_moves_the_hand_and_leaves_the_shoulder(self, sit: Callable[..., Sat]) -> None:
        settings = {"smoothing": False, "limb_offset_x_m": -0.05, "limb_offset_y_m": 0.03}
        motion = sit(settings=settings, most_frames=700).record.motion()[200:]
        shown, own = motion["virtual"][:, INDEX["left_wrist"]], motion["tracked"][:, INDEX["right_wrist"]]
        assert np.abs(shown[:, :3] - own[:, :3] * [-1, 1, 1] - [-0.05, 0.03, 0.0]).max() < 1e-5
        plain = sit(settings={"smoothing": False}, most_frames=700).record.motion()[200:]
        shoulder = INDEX["left_shoulder"]
        assert np.array_equal(motion["virtual"][:, shoulder, :3], plain["virtual"][:, shoulder, :3])
        elbow = INDEX["left_elbow"]
        lengths = [
            np.linalg.norm(each["virtual"][:, elbow, :3] - each["virtual"][:, shoulder, :3], axis=1)
            for each in (motion, plain)
        ]
        assert np.allclose(*lengths, atol=1e-6)

    def test_with_everything_at_its_default_the_limb_is_the_drives_to_the_last_bit(
        self, sit: Callable[..., Sat]
    ) -> None:
        def check(sitting: Sitting, frame: int) -> Iterable[Told]:
            same = np.array_equal(sitting.view.virtual.poses, sitting._driven.poses, equal_nan=True)
            assert same, f"frame {frame}"
            return ()

        sit(tell=check, most_frames=600)
        sit(LEGS, profile=LEFT_LEG, tell=check, most_frames=600)


@pytest.mark.parametrize(
    ("programme", "profile", "limb"),
    [
        (LEGS, LEFT_LEG, Limb(Chain.LEG, Side.LEFT)),
        (ARMS, who("right hand"), Limb(Chain.ARM, Side.RIGHT)),
    ],
    ids=["leg", "arm"],
)
def test_a_movement_is_shown_by_a_limb_of_its_own_kind_on_the_side_that_is_to_move(
    sit: Callable[..., Sat], programme: str, profile: Profile, limb: Limb
) -> None:
    ghosts, ends = set(), []

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        ghost = sitting.view.ghost
        ghosts.add(ghost)
        if ghost is not None:
            ends.append(sitting.view.ghost_joints[ghost.chain][-1].copy())
        return ()

    sit(programme, profile=profile, tell=watch, most_frames=1500)
    assert ghosts == {None, limb}
    assert np.isfinite(ends).all()
    assert np.ptp(ends, axis=0).max() > 0.02, "and it moves"


def test_a_steady_leg_frame_has_the_leg_on_the_hip(sit: Callable[..., Sat]) -> None:
    sat = sit(LEGS, profile=LEFT_LEG, mode="observe", most_frames=800)
    leg = sat.record.motion()["virtual"][-1, LEG[Side.LEFT], :3]
    assert np.isfinite(leg).all()
    assert leg[0, 0] < 0.0 < leg[0, 1]
    assert math.dist(leg[0], leg[1]) == pytest.approx(0.41, abs=0.02)


@pytest.mark.parametrize("mode", ["observe", "imagery"])
def test_a_virtual_limb_that_follows_nobody_is_as_long_and_hangs_as_the_person_is_built(
    sit: Callable[..., Sat], mode: str
) -> None:
    def build_of(measures: Measures) -> Build:
        return replace(Build.of_measures(measures), hip_breadth=0.24)

    tall = Measures(stature_m=1.95, reach_m=0.70, shin_m=0.50)
    build = build_of(tall)
    for profile, programme, chain in ((LEFT_LEG, LEGS, LEG), (who("left arm"), ARMS, ARM)):
        profile = msgspec.structs.replace(profile, measures=tall)
        sat = sit(programme, profile=profile, mode=mode, build_of=build_of, most_frames=40)
        assert sat.sitting.conductor.ledger.task_run_id is None, "at rest"
        limb = sat.record.motion()["virtual"][-1, chain[Side.LEFT], :3]
        leg = chain is LEG
        upper, lower = (build.thigh, build.shin) if leg else (build.upper_arm, build.forearm)
        hinged = 2 if leg else INDEX["left_wrist"] - ARM[Side.LEFT].start
        assert np.linalg.norm(np.diff(limb[[0, 1, hinged]], axis=0), axis=1) == pytest.approx([upper, lower], abs=1e-3)
        if leg:
            assert limb[0, 0] == pytest.approx(-0.12, abs=1e-3)


def test_the_lights_of_a_leg_that_was_never_seen_are_before_its_hip_and_are_touched_by_nobody(
    sit: Callable[..., Sat], tmp_path: Path
) -> None:
    programme = tmp_path / "reach.toml"
    tasks = 'tasks = [{ task = "reach_with_foot", goal = 2, demonstration_s = 0.5, time_limit_s = 10 }]'
    text = Path(LEGS).read_text().partition("tasks = [")[0]
    programme.write_text(f"{text.partition('ask = ')[0]}ask = []\n[[blocks]]\ntitle = 'One'\n{tasks}\n")
    places: list[np.ndarray] = []

    def skip(sitting: Sitting, frame: int) -> Iterable[Told]:
        places.extend(target.position for target in sitting.view.targets)
        # The therapist does not wait until the leg is seen.
        return (Told("skip"),) if frame == 20 else ()

    participant = ScriptedParticipant(1, Side.RIGHT, hands=list(Side), legs=[Side.RIGHT], lapses=[(0.0, 5.0)])
    sat = sit(str(programme), profile=LEFT_LEG, participant=participant, tell=skip, rate_hz=20.0, most_frames=400)
    (ended,) = sat.record.of(TaskEnded)
    assert ended.duration_s > 1.0, "without a place every light was touched at once"
    assert np.isfinite(places).all()
    assert np.linalg.norm(np.array(places) - (0.0, 0.3, -0.6), axis=1).max() < 0.8
