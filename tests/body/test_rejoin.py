"""A mirrored arm hangs on the torso that is there, its hand exactly where the mirror shows it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.build import USUAL
from vrrehab.body.drives import MirrorDrive
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.rejoin import rejoin
from vrrehab.body.skeleton import ARM, HAND, LEG, PELVIS, TORSO, Body, Provenance, Side, joint
from vrrehab.body.tracking import Tracker

LEFT, RIGHT = Side.LEFT, Side.RIGHT
NECK = np.array([0.0, 1.2 - USUAL.eyes_above_neck, USUAL.eyes_before_neck])


def head(shift: tuple[float, float, float], yaw: float = 0.0) -> np.ndarray:
    turn = geometry.yaw(yaw)
    eyes = geometry.rotate(turn, np.array([0.0, USUAL.eyes_above_neck, -USUAL.eyes_before_neck]))
    return geometry.pose(NECK + shift + eyes, turn)


def mirrored(make_body, at: np.ndarray, intact: Side = RIGHT) -> tuple[Body, Body]:
    tracked, virtual = Body.unseen(), Body.unseen()
    near = {side: geometry.pose((0.2 if side is RIGHT else -0.2, 0.9, -0.25)) for side in Side}
    Tracker(1.2).update(make_body(head=at, left=near[LEFT], right=near[RIGHT]), tracked, 0.0)
    MirrorDrive([Limb(Chain.ARM, intact.other)]).drive(tracked, virtual, 0.0)
    return tracked, virtual


def on_torso(body: Body, side: Side) -> np.ndarray:
    return geometry.apply(geometry.invert(body.poses[TORSO]), body.poses[joint(side, "shoulder"), :3])


SWAYS = [((0.1, -0.01, 0.0), 0.0), ((-0.12, -0.02, -0.05), 0.0), ((0.0, 0.0, 0.0), 1.3), ((0.06, 0.0, -0.1), -1.2)]


@pytest.mark.parametrize("intact", list(Side))
@pytest.mark.parametrize(("shift", "yaw"), SWAYS)
def test_the_shoulder_is_on_the_torso_and_the_hand_is_the_exact_reflection(make_body, intact, shift, yaw) -> None:
    tracked, virtual = mirrored(make_body, head(shift, yaw), intact)
    shown = intact.other
    assert np.array_equal(virtual.poses[HAND[shown]], geometry.mirror(tracked.poses[HAND[intact]]))
    assert np.all(virtual.provenance[HAND[shown]] == Provenance.MIRRORED)
    assert np.allclose(on_torso(virtual, shown), on_torso(tracked, intact) * [-1, 1, 1], atol=1e-9)
    assert np.array_equal(virtual.poses[TORSO], tracked.poses[TORSO])
    shoulder, elbow, wrist = (virtual.poses[joint(shown, name), :3] for name in ("shoulder", "elbow", "wrist"))
    assert np.linalg.norm(elbow - shoulder) == pytest.approx(USUAL.upper_arm, abs=1e-6)
    assert np.linalg.norm(wrist - elbow) == pytest.approx(USUAL.forearm, abs=1e-6)
    assert np.all(virtual.provenance[ARM[shown]][:2] == Provenance.INFERRED)


def test_a_body_that_sits_in_the_mirrors_plane_is_reflected_to_the_last_bit(make_body) -> None:
    tracked, virtual = mirrored(make_body, head((0.0, -0.02, -0.1)))
    assert np.array_equal(virtual.poses[ARM[LEFT]], geometry.mirror(tracked.poses[ARM[RIGHT]]))


def test_swaying_through_the_plane_is_seen_nowhere_as_a_jump(make_body) -> None:
    sways = np.linspace(-0.02, 0.02, 401)
    arms = np.array([mirrored(make_body, head((x, 0.0, 0.0)))[1].poses[ARM[LEFT]][:2] for x in sways])
    assert np.linalg.norm(np.diff(arms[..., :3], axis=0), axis=2).max() < 5 * 2 * 1e-4
    assert geometry.angle_between(arms[1:, :, 3:], arms[:-1, :, 3:]).max() < 0.005


@pytest.mark.parametrize("reach", [0.16, 0.2, 0.4, 0.52, 0.54, 0.555])
def test_a_body_all_but_in_the_plane_has_the_same_arm_as_one_in_it(make_body, reach: float) -> None:
    arms = []
    for x in (0.0, 1e-6):
        tracked, virtual = Body.unseen(), Body.unseen()
        wrist = geometry.pose((0.2, 1.0, NECK[2] - reach))
        Tracker(1.2).update(make_body(head=head((x, 0.0, 0.0)), right=wrist), tracked, 0.0)
        MirrorDrive([Limb(Chain.ARM, LEFT)]).drive(tracked, virtual, 0.0)
        arms.append(virtual.poses[ARM[LEFT]][:2].copy())
    assert np.allclose(arms[1][:, :3], arms[0][:, :3], atol=2e-4)
    assert np.all(geometry.angle_between(arms[1][:, 3:], arms[0][:, 3:]) < 2e-3)


def test_a_hand_out_of_the_mirrored_arms_reach_stretches_it_rather_than_let_it_go(make_body) -> None:
    body = make_body(head=head((0.15, -0.02, 0.0)), right=geometry.pose((0.75, 1.0, -0.1)))
    tracked, virtual = Body.unseen(), Body.unseen()
    Tracker(1.2).update(body, tracked, 0.0)
    MirrorDrive([Limb(Chain.ARM, LEFT)]).drive(tracked, virtual, 0.0)
    shoulder, elbow, wrist = (virtual.poses[joint(LEFT, name), :3] for name in ("shoulder", "elbow", "wrist"))
    assert np.array_equal(wrist, tracked.poses[joint(RIGHT, "wrist"), :3] * [-1, 1, 1])
    assert abs(np.linalg.norm(on_torso(virtual, LEFT) - on_torso(tracked, RIGHT) * [-1, 1, 1])) <= 0.05 + 1e-9
    upper, whole = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - shoulder)
    assert whole > USUAL.arm
    assert upper / whole == pytest.approx(USUAL.upper_arm / USUAL.arm, abs=1e-6), "evenly"


def test_a_reflected_leg_hangs_on_the_pelvis_of_a_body_that_sits_askew(make_body) -> None:
    seen, tracked = make_body(), Body.unseen()
    pelvis = geometry.pose((0.04, 0.55, 0.08), geometry.normalise(np.array([0.0, 0.1, 0.05, 1.0])))
    ankle = joint(RIGHT, "ankle")
    seen.poses[PELVIS], seen.poses[ankle] = pelvis, geometry.pose((0.2, 0.1, -0.4))
    seen.provenance[[PELVIS, ankle]] = Provenance.MEASURED
    Tracker(1.2).update(seen, tracked, 0.0)
    tracked.poses[LEG[LEFT]] = geometry.mirror(tracked.poses[LEG[RIGHT]])
    tracked.provenance[LEG[LEFT]] = Provenance.MIRRORED
    rejoin(tracked, LEG[LEFT].start, joint(LEFT, "ankle"), PELVIS)
    hips = [geometry.apply(geometry.invert(pelvis), tracked.poses[joint(side, "hip"), :3]) for side in Side]
    assert np.allclose(hips[0], hips[1] * [-1, 1, 1], atol=1e-9)
    lengths = np.linalg.norm(np.diff(tracked.poses[LEG[LEFT], :3], axis=0), axis=1)
    assert lengths[:2] == pytest.approx([USUAL.thigh, USUAL.shin], abs=1e-6)


def test_without_a_torso_nothing_is_joined(make_body) -> None:
    body = make_body()
    before = body.poses.copy()
    rejoin(body, joint(LEFT, "shoulder"), joint(LEFT, "wrist"), TORSO)
    assert np.array_equal(body.poses, before, equal_nan=True)
    assert math.isnan(body.poses[joint(LEFT, "elbow"), 0])
