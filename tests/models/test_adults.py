"""What is mixed at load is what MakeHuman makes of the same values, corner or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.bake import occlusion
from models.bake.__main__ import MODELS
from models.bake.adults import STEP_M, Trace, _rows
from models.bake.body import Human, parts_of
from models.bake.shape import ADULT_AXES, Shape, corners, weighted_targets
from models.bake.source import Wheel
from telemetry.messages import Appearance
from vrrehab.stage.avatar import body_model
from vrrehab.stage.glb import Mesh
from vrrehab.stage.shape import _mean as mixed
from vrrehab.stage.shape import body_shapes, coefficients, shaped

SHAPES = body_shapes()
MIDDLE = body_model()

#: People between the anchors, and two at them; MakeHuman's years are linear from 25 at 0.5 to 90 at 1.
PEOPLE = [
    Appearance(sex=0.3, age_years=52.0, weight=0.81, muscle=0.27, proportions=0.62),
    Appearance(sex=0.9, age_years=31.0, weight=0.12, muscle=0.93, proportions=0.08),
    Appearance(sex=0.0, age_years=25.0, weight=0.0, muscle=0.0, proportions=1.0),
    Appearance(sex=1.0, age_years=90.0, weight=1.0, muscle=0.0, proportions=0.5),
]


def makehuman(of: Appearance) -> Shape:
    return Shape(of.sex, 0.5 + (of.age_years - 25.0) / 130.0, of.muscle, of.weight, 0.5, of.proportions)


@pytest.fixture(scope="module")
def human(wheel_file: Path) -> Human:
    return Human.of(Wheel(wheel_file))


def test_there_is_a_corner_for_every_anchor_of_every_axis():
    assert [len(anchors) for anchors in ADULT_AXES.values()] == [2, 2, 3, 3, 3]
    assert len(list(corners())) == 108 == SHAPES.stature.size
    assert dict(corners())[1, 0, 2, 1, 0] == Shape(1.0, 0.5, 1.0, 0.5, 0.5, 0.0)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_mixture_of_corners_is_makehumans_own_product_of_coefficients(human, person):
    direct, middle = human.adult(makehuman(person)), human.adult(Shape())
    with np.load(MODELS / "shapes.npz") as file:
        base = file["base"]
    weights = coefficients(person)
    expected = direct.points[base] - middle.points[base]
    found = mixed(SHAPES.points, weights) * STEP_M
    # Between the corners only the floor differs, under the foot that is lowest.
    floor = (found - expected)[:, 1].mean()
    error = np.linalg.norm(found - expected - [0.0, floor, 0.0], axis=1)
    assert error.max() < np.sqrt(3) * STEP_M / 2 + 1e-6
    assert abs(floor) < 2e-3
    found_bones = mixed(SHAPES.bones, weights)
    for (head, tail, right), bone in zip(found_bones, direct.bones, strict=True):
        # The joints in the palm are set by its length and turn, which are no mixture: they are a little off.
        assert np.linalg.norm(head - [0, floor, 0] - bone.head) < 1e-3
        assert np.linalg.norm(tail - [0, floor, 0] - bone.tail) < 1e-3
        assert right @ bone.frame[:, 0] / np.linalg.norm(right) > np.cos(np.radians(2.5))
    assert float(mixed(SHAPES.stature, weights)) == pytest.approx(direct.stature_m, abs=4e-3)


def test_a_shaped_body_is_the_one_that_the_bake_would_make_of_that_person(human, monkeypatch):
    person = PEOPLE[3]
    # How open the skin is to the room is not compared, and takes longest.
    monkeypatch.setattr(occlusion, "openness", lambda meshes, *_, **__: [np.ones(len(m.points)) for m in meshes])
    parts, _ = parts_of(human.person(human.adult(makehuman(person))))
    model = shaped(MIDDLE, SHAPES, person)
    for part in parts:
        if part.name.endswith("_full"):
            apart = _apart(model.meshes[part.name], part.points)
            # The skin of the limbs is the same. Clothes are loosened and folded anew by the bake, and they and the neck
            # are cut at edges that lie elsewhere; below its edge the neck is sunk by up to 22 mm.
            if part.name in ("left_arm_full", "left_leg_full"):
                assert np.percentile(apart, 95) < 1e-4
            else:
                assert np.median(apart) < (9e-3 if part.name == "neck_full" else 5e-3), part.name


def _apart(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """How far some of a mesh's vertices are from the nearest of `points`."""
    some = mesh.points[:: max(1, len(mesh.points) // 300)]
    return np.array([np.linalg.norm(points - point, axis=1).min() for point in some])


def test_the_shares_of_a_vertex_are_whole_steps_that_sum_to_one():
    shares = np.array([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 1.0]])
    starts, sources, steps = _rows(Trace(np.array([7, 9, 4]), shares), np.array([4, 7, 9]))
    assert starts.tolist() == [0, 2, 5]
    assert sources.tolist() == [1, 2, 1, 2, 0, 0]
    assert np.add.reduceat(steps.astype(int), starts).tolist() == [2**15] * 3
    for follows in SHAPES.meshes.values():
        assert (np.add.reduceat(follows.shares.astype(int), follows.starts) == 2**15).all()


def test_every_mesh_of_the_left_side_and_the_middle_says_what_it_follows():
    expected = {name: len(mesh.points) for name, mesh in MIDDLE.meshes.items() if not name.startswith("right_")}
    assert {name: len(follows.starts) for name, follows in SHAPES.meshes.items()} == expected


def test_a_shape_takes_targets_of_its_own_sex_and_age_alone():
    names = [name for name, weight in weighted_targets(makehuman(PEOPLE[3])) if weight > 0]
    assert all("-male-old" in name or "/male-old" in name for name in names)
