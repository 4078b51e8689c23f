"""Whatever is pressed however fast, and however often a hand is lost: nothing flashes more than three times a second.

The limb is taken for white before black, which no limb is; the meter is the one that looks at rendered sessions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vrrehab.body.skeleton import Body, Side
from vrrehab.session.calm import Calm
from vrrehab.session.fade import REST_S, Fade
from vrrehab.session.fading import Fading
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.settings import Settings
from vrrehab.session.view import View
from vrrehab.testing.flash import MOST_FLASHES, FlashMeter

from .conftest import LOST_LEFT_HAND

RATE_HZ, SIZE = 30, 8
#: Presses this many frames apart: from one in every frame to one a second.
APART = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30)


def flashes_of(press: Callable[[int, int, Settings], bool]) -> float:
    """The most flashes of any second, whatever the haste; `press(frame, apart, settings)` does what is pressed, and
    says whether the hand is lost.
    """
    worst = 0.0
    plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1)
    for apart in APART:
        settings, view = Settings(), View(Body.unseen())
        fading, meter = Fading(settings, view), FlashMeter(RATE_HZ, 50.0)
        for frame in range(4 * RATE_HZ):
            lost = press(frame, apart, settings)
            fading.step(1 / RATE_HZ, plan, plan.followed, lost, 1.0)
            # The cloth is black before a white limb, and the wall behind them too.
            light = view.opacity[Side.LEFT] * (1.0 - view.cover)
            encoded = 255 * np.clip(light, 0.0, 1.0) ** (1 / 2.2)
            meter.see(np.full((SIZE, SIZE, 3), round(encoded), np.uint8))
        worst = max(worst, meter.general)
    return worst


def test_a_key_that_is_hammered_hides_and_shows_the_limb_without_flashing() -> None:
    def hammer(frame: int, apart: int, settings: Settings) -> bool:
        if frame % apart == 0:
            settings.change("limb_hidden", not settings["limb_hidden"])
        return False

    assert 0.5 <= flashes_of(hammer) <= 1.5


def test_hiding_and_covering_in_turn_never_flashes_either() -> None:
    def hammer(frame: int, apart: int, settings: Settings) -> bool:
        if frame % apart == 0:
            name = ("limb_hidden", "limb_covered")[frame // apart % 2]
            settings.change(name, not settings[name])
        return False

    assert flashes_of(hammer) <= MOST_FLASHES


@pytest.mark.parametrize("least", [0.0, 0.4])
def test_an_opacity_that_is_moved_to_and_fro_glides(least: float) -> None:
    def hammer(frame: int, apart: int, settings: Settings) -> bool:
        settings.change("limb_opacity_ratio", least if frame // apart % 2 else 1.0)
        return False

    assert flashes_of(hammer) <= MOST_FLASHES


def test_a_hand_that_is_lost_again_and_again_does_not_flash() -> None:
    assert flashes_of(lambda frame, apart, _: frame // apart % 2 == 1) <= MOST_FLASHES


def test_what_is_hidden_begins_to_go_at_once_and_comes_again_once_it_has_been_gone_for_a_while() -> None:
    fade, elapsed_s = Fade(0.5), 0.05
    assert fade.step(True, elapsed_s) == pytest.approx(0.1)
    gone = [fade.step(False, elapsed_s) for _ in range(100)]
    assert max(gone) == 1.0
    assert gone[-1] == 0.0
    assert sum(each == 1.0 for each in gone) * elapsed_s >= REST_S
    assert np.abs(np.diff(gone)).max() <= elapsed_s / 0.5 + 1e-9


def test_the_calm_scene_that_is_asked_for_and_left_in_haste_comes_and_goes_gently() -> None:
    for apart in APART:
        view, meter = View(Body.unseen()), FlashMeter(RATE_HZ, 50.0)
        calm = Calm(view)
        for frame in range(4 * RATE_HZ):
            if frame % apart == 0:
                calm.go() if calm.reason else calm.come("asked")
            calm.step(1 / RATE_HZ)
            meter.see(np.full((SIZE, SIZE, 3), round(255 * view.calm ** (1 / 2.2)), np.uint8))
        assert meter.general <= 1.5


def test_a_hand_that_was_lost_when_the_session_no_longer_goes_by_it_comes_again() -> None:
    plan, view = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1), View(Body.unseen())
    fading, seen = Fading(Settings(), view), []
    for frame in range(4 * RATE_HZ):
        lost = frame < RATE_HZ
        # A relaxation follows, in which no hand is watched.
        fading.step(1 / RATE_HZ, plan, plan.followed if lost else (), lost, 1.0)
        seen.append(view.opacity[Side.RIGHT])
    assert min(seen) < 0.4
    assert seen[-1] == 1.0
    assert np.abs(np.diff(seen[RATE_HZ:])).max() < 0.05, "gently"
