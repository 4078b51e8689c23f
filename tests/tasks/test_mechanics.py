"""What each kind of task promises besides its count: places, things, measures, and what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vrrehab.body.build import USUAL, Build
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side, joint
from vrrehab.geometry import IDENTITY
from vrrehab.session.view import TargetState
from vrrehab.tasks.carry import Carry
from vrrehab.tasks.definition import load_task
from vrrehab.tasks.features import FEATURES, Gesture
from vrrehab.tasks.kick import Kick
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Brush, Performer
from vrrehab.tasks.rules import COMFORTABLE_REACH_RATIO
from vrrehab.testing.acting import Effort
from vrrehab.testing.actors import make_actor
from vrrehab.testing.repeating import UnclenchActor

SHOULDER, HIP = np.array([0.18, 1.0, 0.06]), np.array([0.09, 0.48, 0.08])
SMALL, TALL = Build.of_stature(1.50), Build.of_stature(1.90)
RIGHT_ARM, RIGHT_LEG = Limb(Chain.ARM, Side.RIGHT), Limb(Chain.LEG, Side.RIGHT)


def performer(limb: Limb, build: Build = USUAL, **more: object) -> Performer:
    root = SHOULDER if limb.chain is Chain.ARM else HIP
    return Performer(limb, root if limb.side is Side.RIGHT else root * [-1, 1, 1], build, **more)


def body_of(limb: Limb) -> Body:
    body = Body.unseen()
    body.poses[PELVIS], body.provenance[PELVIS] = IDENTITY, Provenance.SCRIPTED
    body.provenance[limb.joints] = Provenance.SCRIPTED
    return body


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("build", [SMALL, TALL], ids=["small", "tall"])
@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_gesture_shows_the_value_that_is_measured_of_it(name: str, build: Build, side: Side) -> None:
    feature = FEATURES[name]
    limb = Limb(feature.chain, side)
    gesture, body = Gesture(name, limb, build), body_of(limb)
    for value in np.linspace(gesture.least, gesture.most, 9):
        gesture.pose(float(value), SHOULDER, body.poses[limb.joints])
        assert feature.measure(body, side) == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize(("name", "limb"), [("reach_touch", RIGHT_ARM), ("reach_with_foot", RIGHT_LEG)])
def test_targets_keep_to_what_was_measured_of_the_person(name: str, limb: Limb) -> None:
    rule = load_task(name).rule
    for build in (SMALL, TALL):
        measured_m = build.arm if limb.chain is Chain.ARM else build.leg
        mine = performer(limb, build)
        # Of a leg it is the ankle that was measured, and that the reach is of.
        ahead = [0.0, -build.ball_below_ankle, -build.ball_before_ankle] if limb.chain is Chain.LEG else np.zeros(3)
        far = [math.dist(target.position - ahead, mine.root) for target in make_mechanic(rule, mine).targets]
        assert max(far) <= COMFORTABLE_REACH_RATIO * measured_m + 1e-9
        assert max(far) > 0.6 * measured_m
        assert all(t.position[1] > t.radius_m for t in make_mechanic(rule, mine).targets), "clear of the floor"


def test_a_tower_is_stacked_thing_on_thing_and_taken_down_again() -> None:
    task, mine = load_task("stack_blocks"), performer(RIGHT_ARM)
    mechanic = make_mechanic(task.rule, mine)
    assert isinstance(mechanic, Carry)
    stood = [thing.pose[:3].copy() for thing in mechanic.props[:3]]
    actor = make_actor(task.rule, mine, Effort.SUCCEEDS, seed=2, lapses=False)
    body = body_of(RIGHT_ARM)
    now_s, stacked_s = 0.0, math.inf
    while mechanic.repetitions < 6 and now_s < 90.0:
        now_s += 1 / 72
        old = [thing.pose[:3].copy() for thing in mechanic.props[:3]]
        actor.act(now_s, mechanic, body.poses[RIGHT_ARM.joints])
        mechanic.step(now_s, body)
        moved = max(math.dist(thing.pose[:3], was) for thing, was in zip(mechanic.props[:3], old, strict=True))
        assert moved < 0.05, "nothing pops"
        if mechanic.repetitions == 3 and stacked_s == math.inf:
            stacked_s = now_s
        if 0.4 < now_s - stacked_s < 0.5:  # settled, and not yet taken again
            low, middle, high = mechanic.props[:3]
            tops = [0.72, 0.72 + low.size[1], 0.72 + low.size[1] + middle.size[1]]
            assert [low.pose[1], middle.pose[1], high.pose[1]] == pytest.approx(tops, abs=1e-6)
    assert mechanic.repetitions == 6
    for _ in range(40):
        now_s += 1 / 72
        mechanic.step(now_s, body)
    for thing, place in zip(mechanic.props[:3], stood, strict=True):
        assert thing.pose[:3] == pytest.approx(place, abs=1e-3)


def test_a_ball_rolls_away_without_a_jump_and_comes_back_to_where_it_lay() -> None:
    task, mine = load_task("kick_ball"), performer(RIGHT_LEG)
    mechanic = make_mechanic(task.rule, mine)
    assert isinstance(mechanic, Kick)
    home, body = mechanic.ball.pose.copy(), body_of(RIGHT_LEG)
    actor = make_actor(task.rule, mine, Effort.SUCCEEDS, seed=1, lapses=False, most=1)
    furthest, before = 0.0, home[:3].copy()
    for frame in range(72 * 8):
        actor.act(frame / 72, mechanic, body.poses[RIGHT_LEG.joints])
        mechanic.step(frame / 72, body)
        assert math.dist(mechanic.ball.pose[:3], before) < 0.06
        before = mechanic.ball.pose[:3].copy()
        furthest = max(furthest, math.dist(before, home[:3]))
    assert mechanic.repetitions == 1
    assert 0.5 <= furthest <= 1.3
    assert mechanic.ball.pose == pytest.approx(home, abs=1e-6)


def test_how_slowly_a_clench_was_let_go_is_measured() -> None:
    task, mine = load_task("unclench_hand"), performer(RIGHT_ARM)
    mechanic = make_mechanic(task.rule, mine)
    actor = make_actor(task.rule, mine, Effort.SUCCEEDS, seed=4, lapses=False, most=3)
    assert isinstance(actor, UnclenchActor)
    body, said = body_of(RIGHT_ARM), []
    for frame in range(72 * 45):
        actor.act(frame / 72, mechanic, body.poses[RIGHT_ARM.joints])
        mechanic.step(frame / 72, body)
        if mechanic.text not in said[-1:]:
            said.append(mechanic.text)
    assert mechanic.repetitions == 3
    measured = mechanic.measures()
    assert measured["release_s"] == pytest.approx(np.mean(actor.releases_s), abs=0.25)
    assert measured["hold_s"] >= 3.0
    assert said[:4] == [said[0], said[1], said[2], said[0]], "match, hold, let go, and again"


def test_a_brush_is_on_the_skin_where_the_therapists_hand_is() -> None:
    brush = Brush()
    mine = performer(RIGHT_ARM, brush=brush)
    mechanic = make_mechanic(load_task("stroke_textures").rule, mine)
    body = body_of(RIGHT_ARM)
    mechanic.demonstrate(0.0, SHOULDER, body.poses[RIGHT_ARM.joints])
    mechanic.step(0.0, body)
    (prop,) = mechanic.props
    assert not prop.shown
    elbow, tip = (body.poses[joint(Side.RIGHT, name), :3] for name in ("elbow", "middle_tip"))
    for at in (0.0, 0.3, 0.7, 1.0):
        brush.at = at
        mechanic.step(1.0, body)
        assert prop.shown
        along = (prop.pose[:3] - elbow) @ (tip - elbow) / float((tip - elbow) @ (tip - elbow))
        assert along == pytest.approx(at, abs=0.12)
    brush.at, brush.texture = None, "silk"
    mechanic.step(1.1, body)
    assert not prop.shown
    assert prop.finish == "silk"


def test_a_breath_takes_as_long_as_its_pace_says_and_the_light_goes_with_it() -> None:
    rule = load_task("paced_breathing").rule
    mechanic = make_mechanic(rule, performer(RIGHT_ARM))
    period_s = 60.0 / rule.breaths_per_min
    sizes = []
    for now_s in np.arange(0.0, period_s, 0.05):
        mechanic.step(float(now_s), Body.unseen())
        sizes.append(mechanic.targets[0].radius_m)
    fullest = np.argmax(sizes) * 0.05 / period_s
    assert fullest == pytest.approx(rule.in_share, abs=0.02)
    assert np.abs(np.diff(sizes)).max() < 0.002, "calm"
    mechanic.step(period_s + 0.01, Body.unseen())
    assert mechanic.repetitions == 1


def test_the_other_hands_lines_are_told_from_its_circles() -> None:
    rule = load_task("circle_and_line").rule

    def ovality(width: float) -> float:
        mechanic = make_mechanic(rule, performer(RIGHT_ARM))
        body = body_of(RIGHT_ARM)
        other = joint(Side.LEFT, "index_tip")
        body.provenance[other] = Provenance.MEASURED
        for frame in range(400):
            turn = 2 * math.pi * frame / 100
            body.poses[other, :3] = -0.2 + width * math.cos(turn), 1.0 + 0.15 * math.sin(turn), -0.4
            mechanic.demonstrate(frame / 72, SHOULDER, body.poses[RIGHT_ARM.joints])
            mechanic.step(frame / 72, body)
        return mechanic.measures()["other_ovality_ratio"]

    assert ovality(0.0) == pytest.approx(0.0, abs=1e-3)
    assert ovality(0.075) == pytest.approx(0.5, abs=0.01)
    assert ovality(0.15) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", ["reach_touch", "carry_cups", "drum", "trace_eight"])
def test_whoever_watches_sees_it_succeed(name: str) -> None:
    """In `observe` the virtual limb plays the demonstration, and what it touches is what counts."""
    task, mine = load_task(name), performer(RIGHT_ARM)
    mechanic, body = make_mechanic(task.rule, mine), body_of(RIGHT_ARM)
    for frame in range(72 * 20):
        mechanic.demonstrate(frame / 72, SHOULDER, body.poses[RIGHT_ARM.joints])
        mechanic.step(frame / 72, body)
    assert mechanic.repetitions >= 2


@pytest.mark.parametrize("name", ["reach_with_foot", "kick_ball", "pedal"])
def test_whoever_watches_a_leg_sees_it_succeed(name: str) -> None:
    task, mine = load_task(name), performer(RIGHT_LEG)
    mechanic, body = make_mechanic(task.rule, mine), body_of(RIGHT_LEG)
    for frame in range(72 * 16):
        mechanic.demonstrate(frame / 72, HIP, body.poses[RIGHT_LEG.joints])
        mechanic.step(frame / 72, body)
    assert mechanic.repetitions >= 2


def test_only_one_bead_of_a_path_is_lit() -> None:
    mechanic = make_mechanic(load_task("trace_eight").rule, performer(RIGHT_ARM))
    assert [target.state for target in mechanic.targets].count(TargetState.ACTIVE) == 1
