"""Going to another place: what stands still goes into a mist and comes out of it as another, and never flashes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from vrrehab.body.skeleton import HAND, Side
from vrrehab.session.going import Going, Journey
from vrrehab.stage.flash_check import flashes, plan_of, stage_for
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import reaching
from vrrehab.stage.place import AnyPlace, load_place
from vrrehab.stage.place_making import PlaceMaker
from vrrehab.stage.stage import Stage
from vrrehab.testing.flash import MOST_FLASHES

from .conftest import Eye

SMALL = (160, 120)
HZ = 30


@pytest.fixture(scope="module")
def maker() -> Iterator[PlaceMaker]:
    maker = PlaceMaker(load_place("therapy_room"), Tier.LOW)
    yield maker
    maker.close()


def wait_for(maker: PlaceMaker, place: str) -> None:
    give_up = time.monotonic() + 120.0
    while not maker.made(place):
        assert time.monotonic() < give_up, "it is never made"
        time.sleep(0.02)


@dataclass
class Seen:
    """What was seen of a journey from the therapy room to the beach. light: `Materials.scene` of each frame."""

    before: NDArray[np.int16]
    mist: NDArray[np.int16]
    after: NDArray[np.int16]
    mist_colour: NDArray[np.float64]
    light: NDArray[np.float32]
    hand: tuple[int, int]
    arrived_at: AnyPlace


@pytest.fixture(scope="module")
def seen(maker: PlaceMaker) -> Seen:
    maker.make("beach")
    stage = Stage("therapy_room", Tier.LOW, take=maker.take)
    eye, view = Eye(stage, SMALL), reaching(stage.place.table.top_m)
    for _ in range(60):  # in which targets reach their colours
        stage.update(view)
    before = eye.draw(view)
    going, light = Going(maker), []
    going.begin(Journey("beach", "therapist"))
    wait_for(maker, "beach")

    def until(veil: float) -> None:
        for _ in range(10 * HZ):
            going.step(1 / HZ, view.ambience)
            stage.update(view)
            light.append(stage.materials.scene[1:12].copy())
            if view.ambience.veil == veil:
                return
        raise AssertionError(f"the mist never comes to {veil}")

    until(1.0)
    mist, mist_colour = eye.draw(view), 255 * np.array(stage.calm_colour)
    until(0.0)
    seen = Seen(before, mist, eye.draw(view), mist_colour, np.array(light), (0, 0), stage.place)
    seen.hand = eye.pixel(view.virtual.poses[HAND[Side.RIGHT]][5, :3])
    eye.display.close()
    return seen


def test_the_other_place_is_the_very_one_that_a_session_there_begins_with(seen: Seen) -> None:
    stage = Stage("beach", Tier.LOW)
    eye, view = Eye(stage, SMALL), reaching(stage.place.table.top_m)
    for _ in range(60):
        stage.update(view)
    there = eye.draw(view)
    eye.display.close()
    assert np.abs(seen.after - there).max() <= 2
    assert np.abs(seen.after - seen.before).mean() > 20
    assert seen.arrived_at == load_place("beach")


def test_in_the_mist_what_moves_is_seen_as_before_and_nothing_else(seen: Seen) -> None:
    shown = np.abs(seen.mist - seen.mist_colour).max(axis=2) > 3
    assert 0.03 < shown.mean() < 0.5
    rows, _ = np.nonzero(shown)
    assert rows.min() > SMALL[1] // 4, "neither board nor letters are seen"
    assert np.abs(seen.mist[seen.hand] - seen.before[seen.hand]).max() <= 2


def test_the_light_on_limbs_glides_from_one_places_to_the_others(seen: Seen) -> None:
    assert np.abs(seen.light[-1] - seen.light[0]).max() > 0.3, "it is another light"
    assert np.abs(np.diff(seen.light[:, :8], axis=0)).max() < 0.15


def test_a_place_that_is_not_there_is_told_with_the_reason(maker: PlaceMaker) -> None:
    maker.make("nowhere")
    with pytest.raises(ValueError, match=r"nowhere cannot be gone to: No place 'nowhere'.*Known: beach"):
        wait_for(maker, "nowhere")


def test_what_is_asked_for_last_is_what_is_made(maker: PlaceMaker) -> None:
    maker.make("garden")
    maker.make("therapy_room")
    wait_for(maker, "therapy_room")
    assert maker.take("therapy_room").place == load_place("therapy_room")


def test_a_session_that_goes_from_place_to_place_never_flashes() -> None:
    plan = plan_of("reach_touch", "therapy_room")
    stage = stage_for(plan)
    # To and fro in haste, with the limb hidden and covered meanwhile, and into Stop's calm scene.
    way = {frame: "beach" if frame % 2 else "therapy_room" for frame in range(1, 30, 3)}
    keys = {8: "h", 14: "h", 20: "c", 26: "c", 70: "escape"}
    seen = flashes(plan, stage, keys, way=way, only_in_task=True)
    assert seen.drawn >= 90
    assert stage.place == load_place(list(way.values())[-1])
    assert max(seen.meter.general, seen.meter.red) <= MOST_FLASHES
