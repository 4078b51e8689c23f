"""The things of tasks in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from vrrehab.geometry import IDENTITY
from vrrehab.session.view import Prop
from vrrehab.stage.picture import seated
from vrrehab.stage.things import thing

UP_M = np.array([0.0, 0.04, 0.0])
SHAPES = ("block", "cup", "ball", "kickball", "pad", "ring", "brush")


def prop(shape: str, **more: object) -> Prop:
    pose = IDENTITY.copy()
    pose[:3] = 0.0, 0.74, -0.5
    return Prop(shape, pose, (0.08, 0.006 if shape == "ring" else 0.08, 0.08), "#c9855a", **more)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_thing_is_as_large_as_it_is_said_to_be_and_its_normals_point_out_of_it(shape: str) -> None:
    mesh, roughness = thing(prop(shape))
    size = np.ptp(mesh.positions, axis=0)
    assert np.all(size < [0.13, 0.13, 0.10])
    assert size.max() > 0.07
    assert 0.0 < roughness <= 1.0
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1.0, abs=1e-3)
    # Triangles face the way that their normals say.
    a, b, c = (mesh.positions[mesh.triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    large = np.linalg.norm(faces, axis=1) > 1e-9
    agrees = (faces * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1)[large] > 0.0
    assert agrees.mean() > 0.97


def test_things_are_seen_where_they_are_move_glow_and_go(eye) -> None:
    view = seated(-35.0)
    empty = eye.draw(view)
    block = prop("block")
    view.props = [block]
    there = eye.draw(view)
    row, column = eye.pixel(block.pose[:3] + UP_M)
    assert np.abs(there[row, column] - empty[row, column]).sum() > 30
    block.glow = 1.0
    for _ in range(40):
        lit = eye.draw(view)
    assert lit[row, column].sum() > there[row, column].sum() + 20
    block.pose[0] = 0.25
    moved = eye.draw(view)
    assert np.abs(moved[row, column] - empty[row, column]).sum() < 30
    block.shown = False
    assert np.abs(eye.draw(view) - empty).max() < 3
    view.props = []
    assert np.abs(eye.draw(view) - empty).max() < 3


def test_a_light_within_grows_slowly(eye) -> None:
    view = seated(-35.0)
    block = prop("block")
    view.props = [block]
    eye.draw(view)
    row, column = eye.pixel(block.pose[:3] + UP_M)
    block.glow = 1.0
    steps = [int(eye.draw(view)[row, column].max()) for _ in range(30)]
    assert max(np.diff(steps)) < 30
    view.props = []
    eye.draw(view)
