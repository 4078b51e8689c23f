"""The modes: what moves the virtual limbs, and that nothing else does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.drives import MODES, WITHOUT_LIMB, make_drive
from vrrehab.body.features import ankle_flexion, hand_closure, knee_flexion
from vrrehab.body.limb import CHAIN_JOINTS, Chain, Limb
from vrrehab.body.skeleton import ARM, HAND, JOINT_COUNT, LEG, Body, Provenance, Side, joint
from vrrehab.body.tracking import Tracker
from vrrehab.errors import NotPossible
from vrrehab.tasks.demonstration import DemonstratingLeg, resting
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.movement import RepeatedMovement
from vrrehab.tasks.rules import RepetitionRule

LEFT, RIGHT = Side.LEFT, Side.RIGHT
LEFT_ARM, LEFT_LEG = Limb(Chain.ARM, LEFT), Limb(Chain.LEG, LEFT)
RULES = {
    Chain.ARM: RepetitionRule(feature="hand_closure", high=0.6, low=0.4),
    Chain.LEG: RepetitionRule(feature="knee_extension", high=0.7, low=0.35),
}
#: The joint at which the segment begins that is left of a limb lost below the elbow or the knee.
DRIVEN_BY = {Chain.ARM: "elbow", Chain.LEG: "knee"}


def moving(elapsed_s: float, limb: Limb, root: np.ndarray, into: np.ndarray) -> None:
    """The movement that a task shows and `observe` plays."""
    RepeatedMovement(RULES[limb.chain], Performer(limb, root)).demonstrate(elapsed_s, root, into)


def still(elapsed_s: float, limb: Limb, root: np.ndarray, into: np.ndarray) -> None:
    resting(limb).rest(root, into)


def drive_of(mode: str, *limbs: Limb):
    driven_by = {limb: DRIVEN_BY[limb.chain] for limb in limbs} if mode == "residual" else None
    return make_drive(mode, limbs, moving if mode == "observe" else still, driven_by)


@pytest.fixture
def tracked(make_body) -> Body:
    """A person with both hands and both legs in view, the right leg stretched out a little."""
    seen, body = make_body(), Body.unseen()
    for side, outward, knee in ((LEFT, -1.0, 1.4), (RIGHT, 1.0, 0.8)):
        DemonstratingLeg(side).pose(np.array([0.09 * outward, 0.52, 0.08]), seen.poses[LEG[side]], knee=knee)
        seen.provenance[LEG[side]] = Provenance.MEASURED
    Tracker(1.2).update(seen, body, 0.0)
    # A tracker on each forearm and upper arm, for `residual`.
    for side in Side:
        body.provenance[[joint(side, "shoulder"), joint(side, "elbow")]] = Provenance.MEASURED
    return body


def everything_but(*limbs: Limb) -> np.ndarray:
    rest = np.ones(JOINT_COUNT, bool)
    for limb in limbs:
        rest[limb.joints] = False
    return rest


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("chain", list(Chain))
@pytest.mark.parametrize("mode", MODES)
def test_the_intact_limbs_and_the_rest_of_the_body_stay_as_tracked(
    tracked: Body, mode: str, chain: Chain, side: Side
) -> None:
    virtual, before = Body.unseen(), tracked.poses.copy()
    limb = Limb(chain, side)
    drive_of(mode, limb).drive(tracked, virtual, 1.0)
    rest = everything_but(limb)
    assert np.array_equal(virtual.poses[rest], tracked.poses[rest], equal_nan=True)
    assert np.array_equal(virtual.provenance[rest], tracked.provenance[rest])
    assert np.array_equal(tracked.poses, before, equal_nan=True), "the tracked body is left alone"


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("mode", MODES)
def test_what_a_camera_takes_for_the_missing_hand_never_moves_the_virtual_one(
    tracked: Body, mode: str, side: Side
) -> None:
    calm, fooled = Body.unseen(), Body.unseen()
    limb = Limb(Chain.ARM, side)
    drive_of(mode, limb).drive(tracked, calm, 1.0)
    tracked.poses[HAND[side]] = geometry.pose((0.0, 1.5, -0.9), geometry.yaw(1.0))
    drive_of(mode, limb).drive(tracked, fooled, 1.0)
    assert np.array_equal(calm.poses[limb.joints], fooled.poses[limb.joints], equal_nan=True)


def test_mirror_shows_the_intact_arms_reflection(tracked: Body) -> None:
    virtual = Body.unseen()
    drive_of("mirror", LEFT_ARM).drive(tracked, virtual, 1.0)
    assert np.array_equal(virtual.poses[ARM[LEFT]], geometry.mirror(tracked.poses[ARM[RIGHT]]))
    assert np.all(virtual.provenance[HAND[LEFT]] == Provenance.MIRRORED)
    assert hand_closure(virtual, LEFT) == pytest.approx(hand_closure(tracked, RIGHT))


def test_mirror_shows_the_intact_legs_reflection_and_leaves_the_arms(tracked: Body) -> None:
    virtual = Body.unseen()
    drive_of("mirror", LEFT_LEG).drive(tracked, virtual, 1.0)
    assert np.array_equal(virtual.poses[LEG[LEFT]], geometry.mirror(tracked.poses[LEG[RIGHT]]))
    assert np.all(virtual.provenance[LEG[LEFT]] == Provenance.MIRRORED)
    assert knee_flexion(virtual, LEFT) == pytest.approx(0.8)
    assert np.array_equal(virtual.poses[ARM[LEFT]], tracked.poses[ARM[LEFT]])


def test_an_arm_and_a_leg_that_are_lost_are_both_mirrored(tracked: Body) -> None:
    virtual = Body.unseen()
    drive_of("mirror", LEFT_ARM, LEFT_LEG).drive(tracked, virtual, 1.0)
    for own, other in ((ARM[LEFT], ARM[RIGHT]), (LEG[LEFT], LEG[RIGHT])):
        assert np.array_equal(virtual.poses[own], geometry.mirror(tracked.poses[other]))


def test_a_held_hand_is_held_in_the_mirror_too(tracked: Body) -> None:
    tracked.provenance[HAND[RIGHT]] = Provenance.HELD
    virtual = Body.unseen()
    drive_of("mirror", LEFT_ARM).drive(tracked, virtual, 1.0)
    assert np.all(virtual.provenance[HAND[LEFT]] == Provenance.HELD)


@pytest.mark.parametrize("chain", list(Chain))
@pytest.mark.parametrize("mode", WITHOUT_LIMB)
def test_the_control_conditions_show_no_limb_on_the_affected_side(tracked: Body, mode: str, chain: Chain) -> None:
    virtual, limb = Body.unseen(), Limb(chain, RIGHT)
    drive_of(mode, limb).drive(tracked, virtual, 1.0)
    assert np.all(np.isnan(virtual.poses[limb.joints]))
    assert np.all(virtual.provenance[limb.joints] == Provenance.NONE)


def test_observe_plays_a_hand_that_opens_and_closes_on_the_participants_own_shoulder(tracked: Body) -> None:
    virtual, drive = Body.unseen(), drive_of("observe", LEFT_ARM)
    affected = ARM[LEFT]
    closures = []
    for now_s in np.arange(100.0, 105.0, 0.05):
        drive.drive(tracked, virtual, float(now_s))
        closures.append(hand_closure(virtual, LEFT))
        assert np.all(virtual.provenance[affected] == Provenance.SCRIPTED)
        assert np.array_equal(virtual.poses[affected.start, :3], tracked.poses[affected.start, :3])
    assert closures[0] < 0.05, "it begins open, whenever it begins"
    closed = np.array(closures) > 0.62
    assert np.sum(closed[1:] & ~closed[:-1]) == 2
    assert np.all(np.isfinite(virtual.poses[affected]))


@pytest.mark.parametrize("chain", list(Chain))
def test_observe_plays_on_both_sides_where_both_are_lost_and_alike(tracked: Body, chain: Chain) -> None:
    limbs = [Limb(chain, side) for side in Side]
    virtual, drive = Body.unseen(), drive_of("observe", *limbs)
    for now_s in (50.0, 50.4, 51.2):
        drive.drive(tracked, virtual, now_s)
        places = [virtual.poses[limb.joints].copy() for limb in limbs]
        for poses in places:
            poses[:, :3] -= poses[0, :3].copy()
        assert np.allclose(places[0], geometry.mirror(places[1]), atol=1e-12)


def test_observe_bends_the_knee_of_a_leg(tracked: Body) -> None:
    virtual, drive = Body.unseen(), drive_of("observe", LEFT_LEG)
    bent = []
    for now_s in np.arange(0.0, 3.0, 0.05):
        drive.drive(tracked, virtual, float(now_s))
        bent.append(knee_flexion(virtual, LEFT))
    assert max(bent) > math.radians(75)
    assert min(bent) < math.radians(50)


@pytest.mark.parametrize("mode", ["observe", "imagery", "residual"])
def test_nothing_is_shown_before_there_is_a_shoulder_to_hang_it_on(mode: str) -> None:
    virtual = Body.unseen()
    drive_of(mode, LEFT_ARM, LEFT_LEG).drive(Body.unseen(), virtual, 1.0)
    assert np.all(virtual.provenance == Provenance.NONE)


@pytest.mark.parametrize("limb", [LEFT_ARM, LEFT_LEG], ids=str)
def test_imagery_shows_a_limb_that_keeps_still_whatever_the_person_does(tracked: Body, limb: Limb, make_body) -> None:
    drive, first, later = drive_of("imagery", limb), Body.unseen(), Body.unseen()
    drive.drive(tracked, first, 0.0)
    tracked.poses[limb.other.joints] = np.nan
    drive.drive(tracked, later, 3.0)
    assert np.array_equal(first.poses[limb.joints], later.poses[limb.joints])
    assert np.all(np.isfinite(first.poses[limb.joints]))


class TestResidual:
    """A tracker on the residual limb moves its segment."""

    def turned(self, tracked: Body, index: int, angle: float) -> None:
        half = angle / 2
        turn = np.array([math.sin(half), 0.0, 0.0, math.cos(half)])
        tracked.poses[index, 3:] = geometry.quaternion_multiply(turn, tracked.poses[index, 3:])

    def test_the_forearm_goes_as_its_tracker_and_the_hand_goes_with_it(self, tracked: Body) -> None:
        virtual, drive = Body.unseen(), drive_of("residual", LEFT_ARM)
        elbow, wrist = joint(LEFT, "elbow"), joint(LEFT, "wrist")
        drive.drive(tracked, virtual, 0.0)
        assert np.allclose(virtual.poses[elbow, 3:], tracked.poses[elbow, 3:])
        before = virtual.poses.copy()
        self.turned(tracked, elbow, 0.4)
        drive.drive(tracked, virtual, 0.1)
        turn = np.array([math.sin(0.2), 0.0, 0.0, math.cos(0.2)])
        expected = geometry.rotate(turn, before[wrist, :3] - before[elbow, :3])
        assert np.allclose(virtual.poses[wrist, :3] - virtual.poses[elbow, :3], expected)
        assert np.allclose(virtual.poses[ARM[LEFT].start, :3], tracked.poses[ARM[LEFT].start, :3])

    def test_the_segment_before_hinges_and_no_bone_is_stretched_by_noise(self, tracked: Body) -> None:
        virtual, drive = Body.unseen(), drive_of("residual", LEFT_LEG)
        hip, knee = joint(LEFT, "hip"), joint(LEFT, "knee")
        lengths = []
        for noise in (0.0, 0.03, -0.03):
            tracked.poses[knee, 2] += noise
            drive.drive(tracked, virtual, 0.0)
            lengths.append(np.linalg.norm(virtual.poses[knee, :3] - virtual.poses[hip, :3]))
            ahead = geometry.rotate(virtual.poses[hip, 3:], np.array([0.0, 0.0, -1.0]))
            assert np.allclose(ahead, (virtual.poses[knee, :3] - virtual.poses[hip, :3]) / lengths[-1])
        assert np.ptp(lengths) < 1e-12
        assert knee_flexion(virtual, LEFT) == pytest.approx(knee_flexion(tracked, LEFT), abs=0.1)

    def test_fingers_and_foot_go_as_the_intact_ones(self, tracked: Body) -> None:
        virtual = Body.unseen()
        self.turned(tracked, joint(RIGHT, "ankle"), 0.3)
        drive_of("residual", LEFT_ARM, LEFT_LEG).drive(tracked, virtual, 0.0)
        assert hand_closure(virtual, LEFT) == pytest.approx(hand_closure(tracked, RIGHT), abs=1e-6)
        assert ankle_flexion(virtual, LEFT) == pytest.approx(ankle_flexion(tracked, RIGHT), abs=1e-6)
        assert virtual.provenance[joint(LEFT, "index_tip")] == Provenance.MIRRORED
        assert virtual.provenance[joint(LEFT, "ball")] == Provenance.MIRRORED
        assert virtual.provenance[joint(LEFT, "wrist")] == Provenance.INFERRED
        assert virtual.provenance[joint(LEFT, "knee")] == Provenance.MEASURED

    def test_with_no_intact_hand_the_fingers_keep_the_posture_at_rest(self, tracked: Body) -> None:
        virtual, rest = Body.unseen(), np.empty((28, 7))
        drive_of("residual", LEFT_ARM, LEFT_ARM.other).drive(tracked, virtual, 0.0)
        still(0.0, LEFT_ARM, np.zeros(3), rest)
        body = Body.unseen()
        body.poses[ARM[LEFT]], body.provenance[ARM[LEFT]] = rest, Provenance.SCRIPTED
        assert hand_closure(virtual, LEFT) == pytest.approx(hand_closure(body, LEFT))

    def test_what_was_inferred_from_a_camera_is_no_tracker(self, tracked: Body) -> None:
        virtual = Body.unseen()
        tracked.provenance[joint(LEFT, "elbow")] = Provenance.INFERRED
        drive_of("residual", LEFT_ARM).drive(tracked, virtual, 0.0)
        assert np.all(virtual.provenance[ARM[LEFT]] == Provenance.NONE)

    def test_a_lost_tracker_is_held(self, tracked: Body) -> None:
        virtual = Body.unseen()
        tracked.provenance[joint(LEFT, "knee")] = Provenance.HELD
        drive_of("residual", LEFT_LEG).drive(tracked, virtual, 0.0)
        assert np.all(virtual.provenance[LEG[LEFT]] == Provenance.HELD)

    @pytest.mark.parametrize(("chain", "at"), [(Chain.ARM, "shoulder"), (Chain.LEG, "hip"), (Chain.LEG, "ankle")])
    def test_any_segment_may_be_the_one(self, tracked: Body, chain: Chain, at: str) -> None:
        limb, virtual = Limb(chain, LEFT), Body.unseen()
        make_drive("residual", [limb], still, {limb: at}).drive(tracked, virtual, 0.0)
        row = limb.joints.start + CHAIN_JOINTS[chain].index(at)
        assert np.allclose(virtual.poses[row], tracked.poses[row])
        assert np.all(np.isfinite(virtual.poses[limb.joints]))


def test_a_mirror_of_what_is_lost_on_both_sides_is_refused_with_what_is_possible() -> None:
    with pytest.raises(NotPossible, match=r"both are lost.*observe, imagery or residual"):
        drive_of("mirror", LEFT_LEG, LEFT_LEG.other)


def test_a_mode_that_there_is_not_is_refused_and_those_that_are_named() -> None:
    with pytest.raises(NotPossible, match=r"mirror, intact_only, observe, .* but 'magic' came"):
        drive_of("magic", LEFT_ARM)
