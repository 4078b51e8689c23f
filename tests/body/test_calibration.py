"""Ten seconds of sitting still: measures that are right for people of every size, and refusals that say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemetry.messages import Measures
from vrrehab import geometry
from vrrehab.body.build import USUAL, Build
from vrrehab.body.calibration import WINDOW_S, Calibration, hand_length
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import Chain
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side, joint
from vrrehab.errors import NotMeasured
from vrrehab.sources.recording import RecordingSource

RATE_HZ = 90.0
LEFT, RIGHT = Side.LEFT, Side.RIGHT
#: Where the person sits in the room, and which way they face.
SEAT = geometry.pose((1.3, 0.0, -0.7), geometry.yaw(2.2))
CANONICAL_HAND_M = hand_length(hand_pose(RIGHT))


class Sitter:
    """Someone of a stature who sits upright and holds a straight limb out, trembling a little."""

    def __init__(self, stature_m: float, seat_m: float = 0.48, side: Side = RIGHT) -> None:
        self.build = build = Build.of_stature(stature_m)
        self.side, self.sign = side, 1.0 if side is RIGHT else -1.0
        self.eyes_m = seat_m + 0.08 + 0.406 * stature_m
        self.hand_m = 0.108 * stature_m
        neck = np.array([0.0, self.eyes_m - build.eyes_above_neck, build.eyes_before_neck])
        below = build.neck_above_shoulders
        self.shoulder = neck + np.array([self.sign * build.shoulder_breadth / 2, -below, 0.0])
        self.hip = neck + np.array([self.sign * build.hip_breadth / 2, -below - build.shoulders_above_hips, 0.0])
        self._random = np.random.default_rng(3)

    def seen(self, toward=(0.0, 0.05, -1.0), bent=1.0, closure=0.1, away=(0.0, 0.0, 0.0)) -> Body:
        body = Body.unseen()
        tremor = self._random.normal(0.0, 0.002, (3, 3))
        toward = np.array(toward) / np.linalg.norm(toward)
        turn = geometry.yaw(self._random.normal(0.0, 0.02))
        head = geometry.pose((0.0, self.eyes_m, 0.0) + tremor[0] + away, turn)
        wrist = self.shoulder + bent * self.build.arm * toward + tremor[1]
        hand = hand_pose(self.side, closure)
        hand[:, :3] *= self.hand_m / CANONICAL_HAND_M
        ankle = self.hip + self.build.leg * np.array([0.05, -0.3, -1.0]) / np.linalg.norm([0.05, -0.3, -1.0])
        body.poses[HEAD] = geometry.compose(SEAT, head)
        body.poses[HAND[self.side]] = geometry.compose(SEAT, geometry.compose(geometry.pose(wrist), hand))
        body.poses[joint(self.side, "ankle")] = geometry.compose(SEAT, geometry.pose(ankle + tremor[2]))
        body.provenance[HEAD] = body.provenance[HAND[self.side]] = Provenance.MEASURED
        body.provenance[joint(self.side, "ankle")] = Provenance.MEASURED
        return body


def looked_at(sitter: Sitter, calibration: Calibration, **how: object) -> Calibration:
    for frame in range(round(2.5 * RATE_HZ)):
        calibration.add(sitter.seen(**how), 7.0 + frame / RATE_HZ)
    return calibration


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("stature_m", [1.496, 1.612, 1.752, 1.872])
def test_people_of_the_5th_to_the_95th_percentile_are_measured_to_the_centimetre(stature_m: float, side: Side) -> None:
    sitter = Sitter(stature_m, side=side)
    measures = looked_at(sitter, Calibration(side)).measures()
    assert measures.seated_eye_height_m == pytest.approx(sitter.eyes_m, abs=0.002)
    assert measures.reach_m == pytest.approx(sitter.build.arm, abs=0.006)
    assert measures.hand_m == pytest.approx(sitter.hand_m, abs=0.001)
    assert measures.stature_m is None, "nobody measured it"
    assert measures.shin_m is None
    build = Build.of_measures(measures)
    assert build.arm == pytest.approx(sitter.build.arm, abs=0.006)
    assert build.thigh == pytest.approx(sitter.build.thigh, rel=0.02), "usual for one with that reach"


@pytest.mark.parametrize("stature_m", [1.496, 1.872])
def test_a_leg_held_out_gives_the_shin_and_what_is_known_is_handed_on(stature_m: float) -> None:
    sitter = Sitter(stature_m)
    known = looked_at(sitter, Calibration(RIGHT)).measures()
    measures = looked_at(sitter, Calibration(RIGHT, Chain.LEG, known)).measures()
    assert measures.shin_m == pytest.approx(sitter.build.shin, abs=0.006)
    assert measures.reach_m == known.reach_m
    assert measures.hand_m == known.hand_m
    alone = looked_at(sitter, Calibration(RIGHT, Chain.LEG)).measures()
    assert alone.shin_m == pytest.approx(sitter.build.shin, abs=0.006)
    assert alone.reach_m is None


def test_a_stature_that_is_known_is_kept_and_places_the_shoulder() -> None:
    sitter = Sitter(1.7)
    measures = looked_at(sitter, Calibration(RIGHT, known=Measures(stature_m=1.7))).measures()
    assert measures.stature_m == 1.7
    assert measures.reach_m == pytest.approx(sitter.build.arm, abs=0.003)


def test_a_few_frames_of_a_hand_seen_wrongly_do_not_count() -> None:
    sitter, calibration = Sitter(1.7), Calibration(RIGHT)
    for frame in range(180):
        wrong = frame % 30 == 7
        calibration.add(sitter.seen(away=(0, 0, 0), bent=0.7 if wrong else 1.0), frame / RATE_HZ)
    assert calibration.measures().reach_m == pytest.approx(sitter.build.arm, abs=0.006)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"bent": 0.75}, r"The arm: expected \d+ to \d+ cm, but \d+ cm came. Please stretch it"),
        ({"toward": (0.0, -1.0, -0.3)}, r"Expected the arm straight out in front, but it points"),
        ({"toward": (1.0, 0.0, 0.1)}, r"Expected the arm straight out in front"),
        ({"away": (0.0, 0.5, 0.0)}, r"The eyes over the floor: expected 95 to 150 cm, but 17\d cm came. .*sit upright"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_the_reason(how: dict, reason: str) -> None:
    with pytest.raises(NotMeasured, match=reason):
        looked_at(Sitter(1.7), Calibration(RIGHT), **how).measures()


def test_a_hand_that_is_no_persons_is_refused() -> None:
    sitter = Sitter(1.7)
    sitter.hand_m = 0.30
    with pytest.raises(NotMeasured, match=r"The hand: expected 14 to 23 cm, but 30 cm came"):
        looked_at(sitter, Calibration(RIGHT)).measures()


@pytest.mark.parametrize("moving", ["head", "hand"])
def test_somebody_who_moves_is_refused(moving: str) -> None:
    sitter, calibration = Sitter(1.7), Calibration(RIGHT)
    for frame in range(200):
        swing = np.sin(frame / 15.0)
        how = {"away": (0.12 * swing, 0, 0)} if moving == "head" else {"toward": (0.25 * swing, 0, -1.0)}
        calibration.add(sitter.seen(**how), frame / RATE_HZ)
    with pytest.raises(NotMeasured, match=rf"Expected the (right )?{moving} to keep still, but it moved by \d+ cm"):
        calibration.measures()


@pytest.mark.parametrize("as_what", [Provenance.HELD, Provenance.INFERRED, Provenance.NONE])
def test_only_what_was_measured_counts(as_what: Provenance) -> None:
    sitter, calibration = Sitter(1.7), Calibration(RIGHT)
    for frame in range(200):
        body = sitter.seen()
        body.provenance[HAND[RIGHT]] = as_what
        calibration.add(body, frame / RATE_HZ)
    with pytest.raises(NotMeasured, match=r"Expected to see the right hand all the time, but it was seen in 0 of"):
        calibration.measures()


def test_a_moment_is_not_enough_and_only_the_last_seconds_count() -> None:
    sitter, calibration = Sitter(1.7), Calibration(RIGHT)
    with pytest.raises(NotMeasured):
        calibration.measures()
    for frame in range(60):
        calibration.add(sitter.seen(), frame / RATE_HZ)
    with pytest.raises(NotMeasured, match=r"for 1 second"):
        calibration.measures()
    for frame in range(60, 500):
        fidgeting = frame < 300
        calibration.add(sitter.seen(away=(0.1 * (frame % 9), 0, 0) if fidgeting else (0, 0, 0)), frame / RATE_HZ)
    assert (500 - 300) / RATE_HZ > WINDOW_S
    assert calibration.measures().reach_m == pytest.approx(sitter.build.arm, abs=0.006)


@pytest.mark.parametrize("side", list(Side))
def test_a_real_hand_is_as_long_in_a_fist_as_it_is_open(quest3_capture: Path, side: Side) -> None:
    source, body = RecordingSource(quest3_capture), Body.unseen()
    lengths = []
    for time_ns in source.times_ns:
        source.locate(int(time_ns), body)
        if body.has(HAND[side].start):
            lengths.append(hand_length(body.poses[HAND[side]]))
    assert len(lengths) > 600
    assert np.median(lengths) == pytest.approx(0.191, abs=0.001)
    assert np.ptp(lengths) < 0.005


def test_without_measures_a_build_is_the_usual_one() -> None:
    assert Build.of_measures(Measures()) == USUAL
    assert Build.of_measures(Measures(stature_m=1.8, reach_m=0.7)).arm == pytest.approx(0.7)
    assert Build.of_measures(Measures(stature_m=1.8, reach_m=0.7)).shin == Build.of_stature(1.8).shin
    assert Build.of_measures(Measures(hand_m=0.108 * 1.6)).arm == pytest.approx(Build.of_stature(1.6).arm)
    assert Build.of_measures(Measures(shin_m=0.40)).shin == pytest.approx(0.40)
