from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from vrrehab.body.hands import hand_from_grip
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side, joint
from vrrehab.geometry import compose, invert, pose
from vrrehab.session.view import View
from vrrehab.testing.monado import Motion
from vrrehab.xr.headset import Headset
from vrrehab.xr.session import State

from .watched import Watched, near

TILTED = pose([0.25, 0.93, -0.41], np.array([0.3, -0.5, 0.2, 0.7]) / np.linalg.norm([0.3, -0.5, 0.2, 0.7]))


@pytest.fixture
def watched(tracking: Headset) -> Watched:
    watched = Watched(tracking)
    watched.until(lambda body: tracking.link.session.state is State.FOCUSED and body.has(HEAD))
    return watched


def test_head_and_both_hands_are_where_they_were_driven(watched, person) -> None:
    head = pose([0.05, 1.31, 0.12], [0.0, np.sin(0.2), 0.0, np.cos(0.2)])
    left = pose([-0.3, 0.9, -0.35])
    person.head(head)
    person.hand(Side.LEFT, left)
    person.hand(Side.RIGHT, TILTED, curl=0.6)
    wrists = {side: joint(side, "wrist") for side in Side}
    body = watched.until(
        lambda body: (
            near(body, HEAD, head) and near(body, wrists[Side.LEFT], left) and near(body, wrists[Side.RIGHT], TILTED)
        )
    )
    assert body.provenance[HEAD] == Provenance.MEASURED
    for side in Side:
        assert (body.provenance[HAND[side]] == Provenance.MEASURED).all()
        np.testing.assert_allclose(np.linalg.norm(body.poses[HAND[side], 3:], axis=1), 1.0, atol=1e-5)
    unseen = np.setdiff1d(np.arange(len(body.poses)), [HEAD, *np.r_[HAND[Side.LEFT], HAND[Side.RIGHT]]])
    assert np.isnan(body.poses[unseen]).all()
    assert (body.provenance[unseen] == Provenance.NONE).all()


def test_a_hand_moves_as_one_and_its_fingers_bend_with_the_curl(watched, person) -> None:
    wrist, tip = joint(Side.RIGHT, "wrist"), joint(Side.RIGHT, "index_tip")
    person.hand(Side.RIGHT, pose([0.2, 1.0, -0.4]))
    watched.until(lambda body: near(body, wrist, pose([0.2, 1.0, -0.4])))
    open_hand = watched.body.poses[HAND[Side.RIGHT]].copy()
    person.hand(Side.RIGHT, TILTED)
    watched.until(lambda body: near(body, wrist, TILTED))
    moved = compose(compose(TILTED, invert(open_hand[1])), open_hand)
    np.testing.assert_allclose(watched.body.poses[HAND[Side.RIGHT], :3], moved[:, :3], atol=1e-4)

    reach = np.linalg.norm(watched.body.poses[tip, :3] - TILTED[:3])
    person.hand(Side.RIGHT, TILTED, curl=1.0)
    watched.until(lambda body: np.linalg.norm(body.poses[tip, :3] - TILTED[:3]) < 0.75 * reach)


def test_a_hand_that_is_not_seen_is_none_and_the_other_one_stays(watched, person) -> None:
    watched.until(lambda body: body.has(joint(Side.LEFT, "palm")))
    person.lose(Side.LEFT)
    body = watched.until(lambda body: not body.has(joint(Side.LEFT, "palm")))
    assert np.isnan(body.poses[HAND[Side.LEFT]]).all()
    assert (body.provenance[HAND[Side.RIGHT]] == Provenance.MEASURED).all()
    assert np.isnan(watched.source.grip[Side.LEFT]).all()
    person.hand(Side.LEFT, pose([-0.2, 1.0, -0.4]))
    watched.until(lambda body: bool((body.provenance[HAND[Side.LEFT]] == Provenance.MEASURED).all()))


def test_a_held_controller_stands_in_for_the_hand_and_says_so(watched, person) -> None:
    person.hold_controller(Side.RIGHT, TILTED)
    body = watched.until(lambda body: bool((body.provenance[HAND[Side.RIGHT]] == Provenance.INFERRED).all()))
    grip = watched.source.grip[Side.RIGHT]
    np.testing.assert_allclose(grip[:3], TILTED[:3], atol=1e-5)
    np.testing.assert_allclose(body.poses[HAND[Side.RIGHT]], hand_from_grip(grip, Side.RIGHT), atol=1e-9)


def test_select_is_heard_while_it_is_held(watched, person) -> None:
    assert not watched.source.selecting()
    person.press(Side.RIGHT)
    watched.until(lambda _: watched.source.selecting())
    person.press(Side.RIGHT, False)
    watched.until(lambda _: not watched.source.selecting())


def test_one_press_of_a_button_asks_once_for_stop_hide_and_cover(watched, person) -> None:
    heard: list[str] = []
    person.hold_controller(Side.RIGHT, TILTED)
    for button, asked in (("b", "stop"), ("a", "hide"), ("thumbstick", "cover")):
        person.click(Side.RIGHT, button)
        watched.until(lambda _: bool(heard.extend(watched.source.pressed()) or heard))
        # Held down it says no more, and let go neither.
        for pressed in (True, False):
            person.click(Side.RIGHT, button, pressed)
            for _ in range(40):
                watched.look()
                heard.extend(watched.source.pressed())
                time.sleep(0.005)
        assert heard == [asked]
        heard.clear()


@pytest.mark.parametrize("seen", [True, False])
def test_the_shortest_press_is_heard_also_where_the_hand_around_the_controller_is_seen(watched, person, seen) -> None:
    watched.source.see(View(Body.unseen()))  # in which nothing asks
    (person.hand if seen else person.hold_controller)(Side.RIGHT, TILTED)
    told = Provenance.MEASURED if seen else Provenance.INFERRED
    watched.until(
        lambda body: near(body, HEAD, pose([0.0, 1.2, 0.0])) and (body.provenance[HAND[Side.RIGHT]] == told).all()
    )
    for _ in range(12):  # until it is known that a controller is held
        watched.look()
    for step in range(1, 6):
        heard: list[str] = []

        def turned(metres: float, heard: list[str] = heard) -> None:
            """The head moves with the button, and so tells when both have come through."""
            moved = pose([metres, 1.2, 0.0])
            person.head(moved)
            watched.until(lambda body: bool(heard.extend(watched.source.pressed()) or near(body, HEAD, moved)))

        person.click(Side.RIGHT, "b")
        turned(0.02 * step)
        person.click(Side.RIGHT, "b", pressed=False)
        turned(0.02 * step + 0.01)
        assert heard == ["stop"], f"press {step}"


def test_controllers_are_seldom_asked_about_while_nobody_holds_one(watched, person, monkeypatch) -> None:
    controllers = watched.headset.link.controllers
    asked: list[None] = []
    sync = controllers.sync
    monkeypatch.setattr(controllers, "sync", lambda: asked.append(sync()))
    watched.source.see(View(Body.unseen()))  # in which nothing asks
    person.lose(Side.LEFT)
    person.hand(Side.RIGHT, TILTED, holding=False)
    watched.until(lambda body: near(body, joint(Side.RIGHT, "wrist"), TILTED) and not controllers.held)
    asked.clear()
    for now_ns in frames(42):
        watched.source.locate(now_ns, watched.body)
    assert len(asked) in (13, 14)


@pytest.mark.parametrize("after", range(3))
def test_stop_is_heard_of_one_who_has_just_picked_a_controller_up(watched, person, after) -> None:
    """However long ago the controllers were looked at, in the three frames that the shortest press lasts."""
    watched.source.see(View(Body.unseen()))  # in which nothing asks
    person.lose(Side.LEFT)
    person.hand(Side.RIGHT, TILTED, holding=False)
    link = watched.headset.link
    watched.until(lambda body: near(body, joint(Side.RIGHT, "wrist"), TILTED) and not link.controllers.held)
    clock = frames(3 + after + 3)
    for _ in range(3 + after):
        watched.source.locate(next(clock), watched.body)
    person.hand(Side.RIGHT, TILTED)
    person.click(Side.RIGHT, "b")
    moved, seen = pose([0.1, 1.2, 0.0]), np.empty(7)
    person.head(moved)
    give_up = time.monotonic() + 60
    while abs(seen[0] - 0.1) > 1e-5:  # until the runtime has heard it, and without a look at the controllers
        assert time.monotonic() < give_up
        link.spaces.head.locate(watched.headset.xr_time(time.monotonic_ns()), seen)
    heard: list[str] = []
    for now_ns in clock:
        watched.source.locate(now_ns, watched.body)
        heard.extend(watched.source.pressed())
    person.click(Side.RIGHT, "b", pressed=False)
    assert heard == ["stop"]


def frames(count: int) -> Iterator[int]:
    """The times of so many frames, 72 a second."""
    began_ns = time.monotonic_ns()
    return (began_ns + i * 1_000_000_000 // 72 for i in range(count))


def test_a_headset_without_hand_tracking_still_has_its_controllers(reach) -> None:
    reach(Motion.SIMULATED)
    headset = Headset()
    headset.connect(None)
    try:
        watched = Watched(headset)
        body = watched.until(lambda body: bool((body.provenance[HAND[Side.RIGHT]] == Provenance.INFERRED).all()))
        assert not watched.source.sees_hands
        assert body.has(HEAD)
        assert np.isfinite(watched.source.grip[Side.LEFT]).all()
        aimed = np.empty(7)
        assert headset.link.controllers.aim("/user/hand/left", headset.link.clock.pair()[1], aimed)
        np.testing.assert_allclose(np.linalg.norm(aimed[3:]), 1.0, atol=1e-4)
    finally:
        headset.close()
