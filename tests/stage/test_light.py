"""Light: limbs shade the table, and each eye sees its own reflections."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from panda3d import core

from vrrehab.stage.displays.offscreen import picture_of
from vrrehab.stage.engine import engine, framebuffer, set_pose
from vrrehab.stage.material import Material, Opacity
from vrrehab.stage.mesh import box, grid, solid_node
from vrrehab.stage.picture import seated
from vrrehab.stage.stage import Stage

HEIGHT_M = 0.06


@pytest.fixture
def blocker(stage: Stage) -> Iterator[tuple[core.NodePath, Opacity]]:
    """As large as a hand, over the table."""
    node = stage.movers.attach_new_node(solid_node("hand", box((0, 0, 0), (0.09, 0.03, 0.17))))
    node.set_pos(-0.05, stage.place.table.top_m + HEIGHT_M, -0.6)
    opacity = stage.materials.dress(node, Material())
    yield node, opacity
    for each in stage.movers.find_all_matches("**/hand"):
        each.remove_node()


def brightness(eye, place: np.ndarray) -> float:
    row, column = eye.pixel(place)
    return float(eye.draw(seated(-35.0))[row - 2 : row + 3, column - 2 : column + 3].mean())


def under(stage: Stage) -> np.ndarray:
    """Where the blocker's shadow falls: along the light to the table."""
    key = stage.materials.light.key_direction
    return np.array([-0.05, stage.place.table.top_m + HEIGHT_M, -0.6]) - key * HEIGHT_M / key[1]


def test_a_hand_sized_thing_darkens_the_table_along_the_light_and_nowhere_else(eye, stage: Stage, blocker) -> None:
    _, opacity = blocker
    shaded, elsewhere = under(stage), np.array([-0.4, stage.place.table.top_m, -0.6])
    eye.draw(seated(-35.0))
    before = brightness(eye, shaded), brightness(eye, elsewhere)
    opacity.set(1.0)
    assert brightness(eye, shaded) < 0.85 * before[0]
    assert brightness(eye, elsewhere) == pytest.approx(before[1], abs=1)


def test_the_nearer_a_finger_the_deeper_its_shadow(eye, stage: Stage) -> None:
    finger = stage.movers.attach_new_node(solid_node("hand", box((0, 0, 0), (0.02, 0.02, 0.08))))
    stage.materials.dress(finger, Material()).set(1.0)
    spot = np.array([0.05, stage.place.table.top_m, -0.6])
    key = stage.materials.light.key_direction
    eye.draw(seated(-35.0))
    seen = []
    for height in (0.02, 0.08, 0.3):
        # The shadow stays where it is: the finger moves up along the light.
        finger.set_pos(*(spot + key * height / key[1]))
        seen.append(brightness(eye, spot))
    for each in stage.movers.find_all_matches("**/hand"):
        each.remove_node()
    assert seen[0] + 3 < seen[1]
    assert seen[1] + 3 < seen[2]


def test_a_fading_limb_has_a_fading_shadow(eye, stage: Stage, blocker) -> None:
    _, opacity = blocker
    eye.draw(seated(-35.0))
    seen = []
    for value in (0.0, 0.3, 0.7, 1.0):
        opacity.set(value)
        seen.append(brightness(eye, under(stage)))
    assert seen == sorted(seen, reverse=True)
    assert all(a - b > 2 for a, b in pairwise(seen))


def test_a_translucent_thing_hides_its_own_far_side(eye, stage: Stage) -> None:
    def thing(*parts: core.GeomNode) -> float:
        node = stage.movers.attach_new_node("hand")
        geoms = core.GeomNode("geoms")
        for part in parts:
            geoms.add_geoms_from(part)
        node.attach_new_node(geoms)
        stage.materials.dress(node, Material()).set(0.5)
        at = np.array([-0.05, stage.place.table.top_m + HEIGHT_M, -0.6])
        for each in stage.movers.find_all_matches("**/hand"):
            each.set_pos(*at)
        eye.draw(seated(-35.0))
        seen = brightness(eye, at)
        for each in stage.movers.find_all_matches("**/hand"):
            each.remove_node()
        return seen

    skin = solid_node("skin", box((0, 0, 0), (0.09, 0.03, 0.17)))
    # Drawn before the skin is, so that only its depth can keep it from shining through.
    bone = solid_node("bone", grid((-0.04, -0.012, 0.08), (0.08, 0, 0), (0, 0, -0.16)), (1.0, 0.0, 0.0))
    assert thing(bone, skin) == pytest.approx(thing(skin), abs=1)


def test_each_eye_has_its_own_place_in_the_reflections(stage: Stage) -> None:
    """A polished plate shows the edge of the window: at this spot of it the left eye sees past it, the right eye in."""
    plate = stage.movers.attach_new_node(
        solid_node("plate", grid((-0.7, 1.0, 0.1), (0.6, 0, 0), (0, 0, -0.9)), (0.95, 0.95, 0.95))
    )
    stage.materials.dress(plate, Material(roughness=0.05, metalness=1.0)).set(1.0)
    light = stage.materials.light
    edge_z = light.window_centre[2] - light.window_half[0]
    spot_x, eye_y = -0.4, 1.2

    def met(eye_x: float, spot_z: float) -> float:
        """The z at which the ray from an eye, reflected at the spot, meets the window's wall."""
        times = (light.window_centre[0] - eye_x) / (spot_x - eye_x)
        return spot_z * times

    # The spot for which both eyes miss the edge by as much, to either side.
    spot_z = edge_z / (0.5 * (met(-0.032, 1.0) + met(0.032, 1.0)))
    assert met(-0.032, spot_z) < edge_z - 0.08
    assert met(0.032, spot_z) > edge_z + 0.08
    outputs = []
    for eye_x in (-0.032, 0.032):
        lens = core.PerspectiveLens()
        lens.set_fov(100)
        lens.set_near_far(0.05, 40.0)
        output = engine().output("one eye", (201, 201), framebuffer())
        camera = stage.root.attach_new_node(core.Camera("one eye", lens))
        set_pose(camera, (eye_x, eye_y, 0.0, *core_turn_to(eye_x, eye_y, spot_x, spot_z)))
        output.make_display_region().set_camera(camera)
        stage.shadow.draw_before(output)
        outputs.append((output, camera))
    stage.update(seated(0.0))
    engine().graphics.render_frame()
    seen = [float(picture_of(output)[100, 100].mean()) for output, _ in outputs]
    stage.shadow.close()
    for output, camera in outputs:
        engine().graphics.remove_window(output)
        camera.remove_node()
    for each in stage.movers.find_all_matches("**/plate"):
        each.remove_node()
    assert seen[1] > seen[0] + 60


def core_turn_to(eye_x: float, eye_y: float, spot_x: float, spot_z: float) -> tuple[float, float, float, float]:
    """The quaternion xyzw that looks from an eye at (eye_x, eye_y, 0) to the spot on the plate."""
    node = core.NodePath("eye")
    node.set_pos(eye_x, eye_y, 0)
    node.look_at(core.LPoint3(spot_x, 1.0, spot_z))
    w, x, y, z = node.get_quat()
    return x, y, z, w
