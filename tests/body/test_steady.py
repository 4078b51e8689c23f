"""In the steady state a frame of the body leaves nothing for Python's collector, whoever drives the virtual limbs."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.drives import make_drive
from vrrehab.body.hands import hand_pose
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.rig import BONE_COUNT, ArmRig
from vrrehab.body.skeleton import HAND, HEAD, LEG, Body, Provenance, Side, joint
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker
from vrrehab.body.trunk import TRUNK_COUNT, TrunkRig
from vrrehab.stage.avatar import body_model, rest_arm, rest_trunk
from vrrehab.tasks.demonstration import DemonstratingLeg, resting

PERIOD_S = 1 / 90
MODEL = body_model()
LIMBS = [Limb(chain, side) for chain in Chain for side in Side]
LEFT = [limb for limb in LIMBS if limb.side is Side.LEFT]
#: The joints at which the trackers of `residual` are.
DRIVEN_BY = {limb: "elbow" if limb.chain is Chain.ARM else "knee" for limb in LEFT}


def moving(frames: int) -> list[Body]:
    """Head, both hands and both legs, moving to and fro."""
    out = []
    for swing in np.sin(2 * np.pi * np.arange(frames) / frames):
        seen = Body.unseen()
        seen.poses[HEAD] = geometry.pose((0.02 * swing, 1.2, 0.0), geometry.yaw(0.2 * swing))
        for side, outward in ((Side.LEFT, -1.0), (Side.RIGHT, 1.0)):
            wrist = geometry.pose((0.2 * outward, 0.9 + 0.1 * swing, -0.3), geometry.yaw(0.4 * swing))
            seen.poses[HAND[side]] = geometry.compose(wrist, hand_pose(side, 0.5 + 0.4 * swing))
            seen.poses[joint(side, "elbow")] = geometry.pose((0.25 * outward, 0.85, -0.05))
            hip = np.array([0.09 * outward, 0.52, 0.08])
            DemonstratingLeg(side).pose(hip, seen.poses[LEG[side]], knee=1.2 + 0.3 * swing)
        seen.provenance[~np.isnan(seen.poses[:, 0])] = Provenance.MEASURED
        out.append(seen)
    return out


@pytest.mark.parametrize("mode", ["mirror", "residual", "observe", "imagery", "intact_only"])
def test_a_steady_frame_of_arms_and_legs_leaves_nothing_for_the_collector(mode: str) -> None:
    seen, still = moving(30), {limb: resting(limb) for limb in LIMBS}
    lost = LIMBS if mode == "observe" else LEFT
    drive = make_drive(mode, lost, lambda _, limb, root, into: still[limb].rest(root, into), DRIVEN_BY)
    tracker, smoother = Tracker(1.2), Smoother()
    arms, trunk = ArmRig(rest_arm(MODEL)), TrunkRig(rest_trunk(MODEL))
    palette = np.zeros((2 * BONE_COUNT + TRUNK_COUNT, 4, 4), np.float32)
    tracked, steady, virtual = Body.unseen(), Body.unseen(), Body.unseen()
    rest = palette[2 * BONE_COUNT :]

    def frames(first: int, count: int) -> None:
        for number in range(first, first + count):
            now_s = number * PERIOD_S
            tracker.update(seen[number % len(seen)], tracked, now_s)
            smoother.smooth(tracked, steady, now_s)
            drive.drive(steady, virtual, now_s)
            arms.pose(virtual.poses, palette)
            trunk.pose(virtual.poses, rest)

    gc.collect()
    gc.disable()
    try:
        # A collection empties Python's own stock of small objects, which the first frames fill again.
        frames(0, 400)
        before = gc.get_count()[0]
        frames(400, 300)
        assert gc.get_count()[0] - before < 5
    finally:
        gc.enable()
    assert np.isfinite(rest).all()
