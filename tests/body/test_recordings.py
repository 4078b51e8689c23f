"""Real movements of hands and legs, played through tracking and inverse kinematics: no pops, and true angles.

The legs come from inertial sensors, which tell each segment's rotation. Hip, knee and ankle are strung together from
those with a usual build; tracking is shown the pelvis and the foot alone, as of trackers strapped there, and has to
find the knee. No free recording of a seated person's legs was found, so the one here stands and walks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.build import USUAL
from vrrehab.body.drives import MirrorDrive
from vrrehab.body.features import ankle_flexion, hip_flexion, knee_flexion
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HAND, HEAD, PELVIS, Body, Provenance, Side, joint
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker
from vrrehab.sources.recording import RecordingSource
from vrrehab.testing.inertial import RATE_HZ, Legs, of_swing, of_walk, played, strung


@pytest.fixture(params=["walk", "swing"])
def legs(request: pytest.FixtureRequest) -> Legs:
    if request.param == "walk":
        return strung(of_walk(request.getfixturevalue("walking_imu")))
    return strung(of_swing(request.getfixturevalue("leg_swing")))


def true_body(legs: Legs, frame: int) -> Body:
    body = Body.unseen()
    for name, poses in legs.poses.items():
        index = PELVIS if name == "pelvis" else joint(Side(name.partition("_")[0]), name.partition("_")[2])
        body.poses[index], body.provenance[index] = poses[frame], Provenance.MEASURED
    return body


def degrees(feature: Callable[[Body, Side], float], bodies: list[Body], side: Side) -> np.ndarray:
    return np.degrees([feature(body, side) for body in bodies])


def test_the_real_movements_are_the_ones_that_they_are_known_to_be(walking_imu: Path, leg_swing: Path) -> None:
    walk, swing = strung(of_walk(walking_imu)), strung(of_swing(leg_swing))
    bodies = [true_body(walk, frame) for frame in range(len(walk))]
    for side in Side:
        assert 55 < np.ptp(degrees(knee_flexion, bodies, side)) < 80
        assert 20 < np.ptp(degrees(ankle_flexion, bodies, side)) < 55
    bodies = [true_body(swing, frame) for frame in range(len(swing))]
    assert max(np.ptp(degrees(hip_flexion, bodies, side)) for side in Side) > 50


def test_angles_told_from_rotations_are_those_between_the_bones_places(legs: Legs) -> None:
    # Another way to the same angle: between the lines from joint to joint, whichever way they bend.
    for side in Side:
        hip, knee, ankle = (legs.poses[f"{side}_{name}"][:, :3] for name in ("hip", "knee", "ankle"))
        thigh, shin = knee - hip, ankle - knee
        between = np.degrees(np.arccos(np.clip((thigh * shin).sum(axis=1) / (USUAL.thigh * USUAL.shin), -1.0, 1.0)))
        told = degrees(knee_flexion, [true_body(legs, frame) for frame in range(len(legs))], side)
        bent = told > 30.0
        assert np.all(np.abs(told - between)[bent] < 4.0), "what is left is the knee's adduction"


def test_the_knee_that_is_inferred_bends_as_the_real_one(legs: Legs) -> None:
    truth, tracked = [true_body(legs, frame) for frame in range(len(legs))], list(played(legs, smooth=False))
    for side in Side:
        for feature in (hip_flexion, knee_flexion, ankle_flexion):
            real, told = degrees(feature, truth, side), degrees(feature, tracked, side)
            off = np.abs(told - real)
            assert np.median(off) < 6.5, feature.__name__
            assert np.percentile(off, 95) < 7.5, feature.__name__
            assert np.corrcoef(real, told)[0, 1] > (0.85 if np.ptp(real) < 10.0 else 0.94), feature.__name__
            # Where the leg is bent, place and angle are well told; nearly straight, a millimetre is some degrees.
            bent = degrees(knee_flexion, truth, side) > 35.0
            assert not bent.any() or np.median(off[bent]) < 2.0, feature.__name__


@pytest.mark.parametrize("smooth", [False, True])
def test_a_real_leg_plays_without_a_pop(legs: Legs, smooth: bool) -> None:
    frames = list(played(legs, smooth=smooth))
    for side in Side:
        joints = [joint(side, name) for name in ("hip", "knee", "ankle")]
        shown = np.array([body.poses[joints] for body in frames])
        real = np.stack([legs.poses[f"{side}_{name}"] for name in ("hip", "knee", "ankle")], axis=1)
        speed, real_speed = (
            np.linalg.norm(np.diff(poses[..., :3], axis=0), axis=2).max(axis=0) * RATE_HZ for poses in (shown, real)
        )
        turn, real_turn = (
            geometry.angle_between(poses[1:, :, 3:], poses[:-1, :, 3:]).max(axis=0) * RATE_HZ for poses in (shown, real)
        )
        assert np.all(speed < 1.5 * real_speed + 0.3)
        assert np.all(turn < 2.0 * real_turn + 0.5)


@pytest.mark.parametrize(("drawn", "lost"), [("tracked", Side.LEFT), ("virtual", Side.LEFT), ("virtual", Side.RIGHT)])
def test_real_hands_have_arms_that_never_pop(quest3_capture: Path, drawn: str, lost: Side) -> None:
    # From the moment when both hands are seen; the left one is out of sight for a second, held and found again. Where
    # the right limb is the lost one, both virtual arms follow that hand.
    source, rate_hz = RecordingSource(quest3_capture, start_s=10.7), 90.0
    seen, tracked, steady, virtual = (Body.unseen() for _ in range(4))
    source.locate(0, seen)
    recentring = Recentring.from_head(seen.poses[HEAD])
    tracker, smoother, drive = Tracker(recentring.eye_height_m), Smoother(), MirrorDrive([Limb(Chain.ARM, lost)])
    shown, losses = [], 0
    for frame in range(round(8.3 * rate_hz)):
        source.locate(round(frame / rate_hz * 1e9), seen)
        recentring.to_session(seen)
        tracker.update(seen, tracked, frame / rate_hz)
        smoother.smooth(tracked, steady, frame / rate_hz)
        drive.drive(steady, virtual, frame / rate_hz)
        losses += tracked.provenance[HAND[Side.LEFT].start] == Provenance.HELD
        # Tracking itself says at once where a hand is found again; only the picture glides there.
        shown.append((tracked if drawn == "tracked" else virtual).poses.copy())
    assert losses > 0.9 * rate_hz
    for side in Side if drawn == "virtual" else (Side.RIGHT,):
        arms = np.array(shown)[:, [joint(side, name) for name in ("shoulder", "elbow", "wrist")]]
        speeds = np.linalg.norm(np.diff(arms[..., :3], axis=0), axis=2) * rate_hz
        turns = geometry.angle_between(arms[1:, :2, 3:], arms[:-1, :2, 3:]) * rate_hz
        assert np.all(np.isfinite(arms))
        assert speeds[:, 2].max() > 0.8, "hands that do move"
        assert speeds[:, 1].max() < 3.2
        assert turns.max() < 12.0
