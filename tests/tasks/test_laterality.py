"""Which pictures of hands and feet are drawn by lot, how they lie before the viewer, and what answers make of it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.limb import CHAIN_JOINTS, CHAIN_OF, END
from vrrehab.body.skeleton import HAND_JOINTS, Side
from vrrehab.errors import SceneFileError
from vrrehab.session.toml_file import read_toml
from vrrehab.tasks.definition import TaskDefinition, load_task, tasks_folder
from vrrehab.tasks.laterality import Tally, Trial, draw_trials, shown
from vrrehab.tasks.rules import LONE_POSTURES, LONE_VIEWS, LateralityRule

AT = geometry.pose((0.2, 1.1, -0.5), geometry.yaw(0.3))


def joints(limb: str, side: Side, posture: str, view: str, angle_deg: float) -> np.ndarray:
    chain = CHAIN_OF[limb]
    out = np.empty((len(CHAIN_JOINTS[chain]), 7))
    shown(chain, Trial(side, posture, view, angle_deg), out, AT)
    return out


@pytest.mark.parametrize("limb", ["hand", "foot"])
@pytest.mark.parametrize("seed", range(10))
def test_sides_angles_and_views_are_balanced_and_no_side_comes_four_times_in_a_row(limb: str, seed: int) -> None:
    rule = LateralityRule()
    trials = draw_trials(rule, limb, 48, seed)
    assert trials == draw_trials(rule, limb, 48, seed)
    assert trials != draw_trials(rule, limb, 48, seed + 1)
    assert Counter(trial.side for trial in trials) == dict.fromkeys(Side, 24)
    assert set(Counter(trial.angle_deg for trial in trials).values()) == {6}
    for of in (lambda t: t.view, lambda t: t.posture):
        counts = Counter(map(of, trials)).values()
        assert max(counts) - min(counts) <= 1
    assert max(len(run) for run in "".join(str(trial.side)[0] for trial in trials).replace("lr", "l r").replace(
        "rl", "r l").split()) <= 3  # fmt: skip


@pytest.mark.parametrize("limb", ["hand", "foot"])
def test_the_left_one_is_the_mirror_image_of_the_right_one_and_nothing_else_tells_them_apart(limb: str) -> None:
    for view in LONE_VIEWS[limb]:
        for posture in LONE_POSTURES[limb]:
            left, right = (joints(limb, side, posture, view, 0.0) for side in Side)
            seen = geometry.compose(geometry.invert(AT), right)
            assert np.allclose(geometry.compose(AT, geometry.mirror(seen)), left, atol=1e-9)


@pytest.mark.parametrize(
    ("limb", "view", "angle_deg", "points"),
    [
        ("hand", "back", 0.0, (0.0, 1.0, 0.0)),
        ("hand", "back", 90.0, (1.0, 0.0, 0.0)),
        ("hand", "palm", 180.0, (0.0, -1.0, 0.0)),
        ("foot", "sole", 270.0, (-1.0, 0.0, 0.0)),
    ],
)
def test_an_angle_is_clockwise_from_fingers_or_toes_up_as_the_viewer_sees_it(
    limb: str, view: str, angle_deg: float, points: tuple[float, float, float]
) -> None:
    chain = CHAIN_OF[limb]
    posture = {"hand": "open", "foot": "flat"}[limb]
    seen = geometry.compose(geometry.invert(AT), joints(limb, Side.RIGHT, posture, view, angle_deg))
    assert np.allclose(geometry.rotate(seen[END[chain], 3:], np.array([0.0, 0.0, -1.0])), points, atol=1e-9)


def test_the_thumb_of_a_right_hand_is_to_the_left_of_its_back_and_to_the_right_of_its_palm() -> None:
    thumb, little = (2 + HAND_JOINTS.index(name) for name in ("thumb_tip", "little_tip"))
    for view, sign in (("back", -1.0), ("palm", 1.0)):
        seen = geometry.compose(geometry.invert(AT), joints("hand", Side.RIGHT, "open", view, 0.0))
        assert sign * (seen[thumb, 0] - seen[little, 0]) > 0.05


@pytest.mark.parametrize("limb", ["hand", "foot"])
def test_every_picture_lies_in_the_middle_of_what_is_looked_at_and_bones_keep_their_lengths(limb: str) -> None:
    for view in LONE_VIEWS[limb]:
        for posture in LONE_POSTURES[limb]:
            seen = geometry.compose(geometry.invert(AT), joints(limb, Side.LEFT, posture, view, 45.0))
            assert np.abs(seen[2:, :3].mean(axis=0)).max() < 0.09
            lengths = np.linalg.norm(np.diff(seen[:3, :3], axis=0), axis=1)
            assert (lengths[0] > 0.1).all()


def test_accuracy_counts_what_was_not_answered_and_times_only_what_was_right() -> None:
    tally = Tally()
    for side, is_right, response_s in (
        (Side.LEFT, True, 2.0), (Side.LEFT, False, 9.0), (Side.RIGHT, True, 1.0), (Side.RIGHT, True, 1.4),
    ):  # fmt: skip
        tally.add(side, is_right, response_s)
    found = tally.summary()
    assert found["trials"] == 4
    assert found["accuracy"] == 0.75
    assert (found["accuracy_left"], found["accuracy_right"], found["accuracy_asymmetry"]) == (0.5, 1.0, -0.5)
    assert found["response_s"] == pytest.approx(1.4)
    assert found["response_asymmetry_s"] == pytest.approx(2.0 - 1.2)
    assert not any(math.isnan(value) for value in Tally().summary().values()), "nothing is made up of nothing"


def test_postures_and_views_are_of_one_limb(tmp_path) -> None:
    task = (tasks_folder() / "left_or_right_hand.toml").read_text()
    assert isinstance(load_task("left_or_right_foot").rule, LateralityRule)
    for wrong, expected in (('views = ["sole"]', "expected `limb` to be foot"), ('views = ["side"]', "one of")):
        path = tmp_path / "mine.toml"
        path.write_text(task + f"\n{wrong}\n")
        with pytest.raises(SceneFileError, match=expected):
            read_toml(path, TaskDefinition)
