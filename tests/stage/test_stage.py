"""The stage as a whole: what a frame costs the collector, targets, and what a place file may not say."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path

import numpy as np
import pytest

import scenes
from vrrehab import geometry
from vrrehab.body.limb import CHAIN_JOINTS, CHAIN_OF, Limb
from vrrehab.body.skeleton import HEAD, Side
from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import SceneFileError
from vrrehab.session.view import LoneLimb, Target, TargetState
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import asked, reaching, seated
from vrrehab.stage.place import load_place
from vrrehab.stage.places import build
from vrrehab.tasks.laterality import Trial, shown

SHIPPED = Path(scenes.__file__).parent / "places"


def test_a_steady_state_gives_the_collector_nothing(stage) -> None:
    view = reaching(stage.place.table.top_m)
    view.panel = asked(stage.place.table.top_m).panel
    view.notice = "The therapist's screen is not connected"
    assert view.panel is not None

    def frames(count: int) -> None:
        for frame in range(count):
            view.virtual.poses[:, 0] += 1e-5
            view.calm = 0.3 + 0.0005 * frame
            view.opacity[Side.LEFT] = 0.3 + 0.0005 * frame
            view.panel.progress = frame / 500
            view.targets[0].position[1] += 1e-5
            stage.update(view)

    frames(20)
    gc.collect()
    gc.disable()
    try:
        frames(500)
        # What the start of a loop makes is there by now; not one thing more comes with any frame.
        before = gc.get_count()[0]
        frames(500)
        assert gc.get_count()[0] - before < 5
    finally:
        gc.enable()
        view.calm, view.panel, view.notice = 0.0, None, ""
        stage.update(seated(0.0))


@pytest.mark.parametrize(("limb", "view_of", "posture"), [("hand", "palm", "open"), ("foot", "sole", "flat")])
def test_a_limb_by_itself_is_seen_and_the_left_one_is_the_mirror_image_of_the_right_one(
    eye, limb: str, view_of: str, posture: str
) -> None:
    view = seated(0.0)
    # In the middle of the picture, so that its halves can be held against each other.
    at = geometry.pose(view.virtual.poses[HEAD, :3] + [0.0, 0.0, -0.45])
    empty = eye.draw(view)
    chain, drawn = CHAIN_OF[limb], {}
    for side in Side:
        joints = np.empty((len(CHAIN_JOINTS[chain]), 7))
        shown(chain, Trial(side, posture, view_of, 0.0), joints, at)
        view.lone = LoneLimb(Limb(chain, side), joints, 1.0)
        drawn[side] = np.abs(eye.draw(view) - empty).sum(axis=2) > 40
    left, right = drawn[Side.LEFT], drawn[Side.RIGHT][:, ::-1]
    assert 800 < left.sum() < 20_000
    assert (left & right).sum() / (left | right).sum() > 0.9
    assert (left & drawn[Side.RIGHT]).sum() / (left | drawn[Side.RIGHT]).sum() < 0.9, "the two look different"
    view.lone = None
    assert np.array_equal(eye.draw(view), empty)


def test_a_target_is_seen_where_it_is_and_each_state_looks_different(eye) -> None:
    view = seated(-30.0)
    place = np.array([0.0, 0.9, -0.6])
    empty = eye.draw(view)
    colours = []
    for state in TargetState:
        view.targets = [Target(place, 0.05, state)]
        for _ in range(40):
            eye.stage.update(view)
        picture = eye.draw(view)
        colours.append(picture[eye.pixel(place)])
        assert np.abs(colours[-1] - empty[eye.pixel(place)]).max() > 20
        beside = eye.pixel(place + np.array([0.075, 0.0, 0.0]))
        assert np.abs(picture[beside] - empty[beside]).max() < 12
    view.targets = []
    assert np.abs(eye.draw(view) - empty).max() <= 1
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(colours[a] - colours[b]).max() > 30


def test_a_target_changes_its_look_gently(eye) -> None:
    view = seated(-30.0)
    place = np.array([0.0, 0.9, -0.6])
    target = Target(place, 0.05)
    view.targets = [target]
    for _ in range(40):
        eye.stage.update(view)
    seen = [eye.draw(view)[eye.pixel(place)]]
    target.state = TargetState.ACTIVE
    seen += [eye.draw(view)[eye.pixel(place)] for _ in range(30)]
    steps = np.abs(np.diff(np.array(seen), axis=0)).max(axis=1)
    assert steps.max() < 0.35 * np.abs(seen[-1] - seen[0]).max()
    view.targets = []
    eye.stage.update(view)


def test_more_targets_than_can_be_shown_are_refused(stage) -> None:
    view = seated(0.0)
    view.targets = [Target(np.zeros(3), 0.05) for _ in range(25)]
    with pytest.raises(ValueError, match="at most 24 targets"):
        stage.update(view)


def test_a_white_sheet_on_the_table_is_as_bright_as_the_place_asks_for(tmp_path: Path) -> None:
    text = (SHIPPED / "therapy_room.toml").read_text()
    lights = []
    for brightness in (0.5, 1.0):
        (tmp_path / "room.toml").write_text(text.replace("brightness = 1.0", f"brightness = {brightness}"))
        light = build(load_place("room", tmp_path), Tier.LOW).at(13.0).light
        lights.append((light.key * light.key_direction[1] + light.ambient[2]).mean())
    assert lights[1] == pytest.approx(2 * lights[0], rel=1e-3)
    assert lights[1] == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize(
    ("old", "new", "line_of", "words"),
    [
        ('walls = "#ece3d4"', 'walls = "cream"', "walls", "cream"),
        ("top_m = 0.72", "top_m = 3.0", "top_m", "3.0"),
        ("top_m = 0.72", 'top_m = "high"', "top_m", "high"),
        ("radius_m = 1.35", "radius = 1.35", "radius =", "radius_m"),
        ("sill_m = 0.7", "sill_m = 1.7", "height_m = 1.7", "ceiling"),
        ("forward_m = 0.85", "forward_m = 2.4", "forward_m = 2.4", "front wall"),
        ("depth_m = 0.8", "depth_m = 3.0", "depth_m = 3.0", "front wall"),
    ],
)
def test_a_mistake_in_a_place_file_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, line_of: str, words: str
) -> None:
    text = (SHIPPED / "therapy_room.toml").read_text()
    assert old in text
    path = tmp_path / "crooked.toml"
    path.write_text(text.replace(old, new, 1))
    line = next(i for i, row in enumerate(path.read_text().splitlines(), 1) if row.startswith(line_of))
    with pytest.raises(SceneFileError, match=r"expected") as told:
        load_place("crooked", tmp_path)
    assert str(told.value).startswith(f"{path}:{line}: ")
    assert words in str(told.value)


def test_an_unknown_place_is_told_with_the_known_ones(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "therapy_room.toml", tmp_path)
    with pytest.raises(UnknownName, match=r"therapy_rom.*Did you mean 'therapy_room'"):
        load_place("therapy_rom", tmp_path)
