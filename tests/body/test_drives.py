"""The modes: what moves the virtual limb, and that nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.drives import MODES, Clip, make_drive
from vrrehab.body.features import hand_closure
from vrrehab.body.skeleton import ARM, HAND, JOINT_COUNT, Body, Provenance, Side
from vrrehab.body.tracking import Tracker
from vrrehab.errors import NotPossible
from vrrehab.tasks.definition import RepetitionRule
from vrrehab.tasks.hand_movement import HandMovement


def open_and_close(side: Side) -> Clip:
    """The movement that a task shows and `observe` plays."""
    return HandMovement(RepetitionRule(feature="hand_closure", high=0.6, low=0.4), side).demonstrate


@pytest.fixture
def tracked(make_body) -> Body:
    body = Body.unseen()
    Tracker(1.2).update(make_body(), body, 0.0)
    return body


def everything_but(arm: slice) -> np.ndarray:
    rest = np.ones(JOINT_COUNT, bool)
    rest[arm] = False
    return rest


@pytest.mark.parametrize("intact", list(Side))
@pytest.mark.parametrize("mode", MODES)
def test_the_intact_arm_and_the_rest_of_the_body_stay_as_tracked(tracked: Body, mode: str, intact: Side) -> None:
    virtual, before = Body.unseen(), tracked.poses.copy()
    make_drive(mode, intact, open_and_close(intact.other)).drive(tracked, virtual, 1.0)
    rest = everything_but(ARM[intact.other])
    assert np.array_equal(virtual.poses[rest], tracked.poses[rest], equal_nan=True)
    assert np.array_equal(virtual.provenance[rest], tracked.provenance[rest])
    assert np.array_equal(tracked.poses, before, equal_nan=True), "the tracked body is left alone"


@pytest.mark.parametrize("intact", list(Side))
@pytest.mark.parametrize("mode", MODES)
def test_what_a_camera_takes_for_the_missing_hand_never_moves_the_virtual_one(
    tracked: Body, mode: str, intact: Side
) -> None:
    affected = ARM[intact.other]
    calm, fooled = Body.unseen(), Body.unseen()
    make_drive(mode, intact, open_and_close(intact.other)).drive(tracked, calm, 1.0)
    tracked.poses[HAND[intact.other]] = geometry.pose((0.0, 1.5, -0.9), geometry.yaw(1.0))
    make_drive(mode, intact, open_and_close(intact.other)).drive(tracked, fooled, 1.0)
    assert np.array_equal(calm.poses[affected], fooled.poses[affected], equal_nan=True)


def test_mirror_shows_the_intact_arms_reflection(tracked: Body) -> None:
    virtual = Body.unseen()
    make_drive("mirror", Side.RIGHT, open_and_close(Side.LEFT)).drive(tracked, virtual, 1.0)
    assert np.array_equal(virtual.poses[ARM[Side.LEFT]], geometry.mirror(tracked.poses[ARM[Side.RIGHT]]))
    assert np.all(virtual.provenance[HAND[Side.LEFT]] == Provenance.MIRRORED)
    assert hand_closure(virtual, Side.LEFT) == pytest.approx(hand_closure(tracked, Side.RIGHT))


def test_a_held_hand_is_held_in_the_mirror_too(tracked: Body) -> None:
    tracked.provenance[HAND[Side.RIGHT]] = Provenance.HELD
    virtual = Body.unseen()
    make_drive("mirror", Side.RIGHT, open_and_close(Side.LEFT)).drive(tracked, virtual, 1.0)
    assert np.all(virtual.provenance[HAND[Side.LEFT]] == Provenance.HELD)


def test_intact_only_shows_no_arm_on_the_affected_side(tracked: Body) -> None:
    virtual = Body.unseen()
    make_drive("intact_only", Side.LEFT, open_and_close(Side.RIGHT)).drive(tracked, virtual, 1.0)
    assert np.all(np.isnan(virtual.poses[ARM[Side.RIGHT]]))
    assert np.all(virtual.provenance[ARM[Side.RIGHT]] == Provenance.NONE)


def test_observe_plays_a_hand_that_opens_and_closes_on_the_participants_own_shoulder(tracked: Body) -> None:
    virtual, drive = Body.unseen(), make_drive("observe", Side.RIGHT, open_and_close(Side.LEFT))
    affected = ARM[Side.LEFT]
    closures = []
    for now_s in np.arange(100.0, 105.0, 0.05):
        drive.drive(tracked, virtual, float(now_s))
        closures.append(hand_closure(virtual, Side.LEFT))
        assert np.all(virtual.provenance[affected] == Provenance.SCRIPTED)
        assert np.array_equal(virtual.poses[affected.start, :3], tracked.poses[affected.start, :3])
    assert closures[0] < 0.05, "it begins open, whenever it begins"
    closed = np.array(closures) > 0.62
    assert np.sum(closed[1:] & ~closed[:-1]) == 2
    assert np.all(np.isfinite(virtual.poses[affected]))


def test_observe_plays_the_clip_it_is_given_from_its_own_beginning(tracked: Body) -> None:
    asked = []

    def clip(elapsed_s: float, shoulder: np.ndarray, arm: np.ndarray) -> None:
        asked.append((elapsed_s, shoulder))
        arm[:] = geometry.IDENTITY

    virtual, drive = Body.unseen(), make_drive("observe", Side.RIGHT, clip)
    drive.drive(tracked, virtual, 50.0)
    drive.drive(tracked, virtual, 50.5)
    assert [elapsed_s for elapsed_s, _ in asked] == [0.0, 0.5]
    assert np.array_equal(asked[0][1], tracked.poses[ARM[Side.LEFT].start, :3])
    assert np.array_equal(virtual.poses[ARM[Side.LEFT]], np.tile(geometry.IDENTITY, (28, 1)))


def test_observe_shows_nothing_before_there_is_a_shoulder_to_hang_it_on() -> None:
    virtual = Body.unseen()
    make_drive("observe", Side.RIGHT, open_and_close(Side.LEFT)).drive(Body.unseen(), virtual, 1.0)
    assert np.all(virtual.provenance == Provenance.NONE)


def test_a_mode_that_is_not_built_is_refused_and_those_that_are_named() -> None:
    with pytest.raises(NotPossible, match="mirror, intact_only, observe, but 'residual' came"):
        make_drive("residual", Side.LEFT, open_and_close(Side.RIGHT))
