from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from panda3d import core

from vrrehab.body.skeleton import HEAD, Body, Provenance
from vrrehab.geometry import pose
from vrrehab.session.view import View


def grey_card(stage) -> core.NodePath:
    """A matt card a metre in front of the seated head, tilted so that it is lit, wide enough for both eyes."""
    from vrrehab.stage.material import Material

    maker = core.CardMaker("grey card")
    maker.set_frame(-0.4, 0.4, -0.4, 0.4)
    maker.set_has_normals(True)
    card = stage.movers.attach_new_node(maker.generate())
    card.set_color(0.5, 0.5, 0.5, 1.0)
    card.set_pos(0.0, 1.2, -1.0)
    stage.materials.dress(card, Material(roughness=1.0)).set(1.0)
    return card


def test_both_eyes_reach_the_compositor_and_differ(sit, compositor_picture) -> None:
    sitting = sit()
    dark = [picture.astype(int) for picture in compositor_picture()]
    sitting.until_seen()
    left, right = (picture.astype(int) for picture in compositor_picture())
    for before, eye in zip(dark, (left, right), strict=True):
        assert np.abs(eye - before).mean() > 20
        assert eye.std() > 20  # a room, not one colour
    apart = np.abs(left - right).mean()
    assert 1 < apart < 60  # the same room from two places


def test_each_eye_is_given_its_own_view_and_not_the_others(sit, stage, compositor_picture) -> None:
    card = grey_card(stage)
    card.set_color(1.0, 0.0, 0.0, 1.0)
    card.set_scale(0.3)
    try:
        sitting = sit()
        sitting.until_seen()
        left, right = (np.mean(_red(picture)[1]) for picture in compositor_picture())
        eyes = sitting.display._images.eyes
        apart_m = np.linalg.norm(eyes.poses[0, 4:] - eyes.poses[1, 4:])
        across = np.tan(eyes.fovs[0, 1]) - np.tan(eyes.fovs[0, 0])
        # What is straight ahead at 1 m lies further right for the left eye.
        np.testing.assert_allclose(left - right, 480 / across * apart_m, atol=3)
    finally:
        card.remove_node()


def _red(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    red, green, blue = (picture[..., i].astype(int) for i in range(3))
    found = np.nonzero((red > 2 * green + 20) & (red > 2 * blue + 20))
    assert len(found[0]) > 100, "the card is not in the picture"
    return found


def test_the_picture_follows_the_head(sit, person, compositor_picture) -> None:
    sitting = sit()
    sitting.until_seen()
    ahead = compositor_picture()[0].astype(int)
    person.head(pose([0.0, 1.2, 0.0], [0.0, np.sin(0.3), 0.0, np.cos(0.3)]))
    seen = len(sitting.frames)
    sitting.until(lambda: len(sitting.frames) > seen + 15)
    assert np.abs(compositor_picture()[0].astype(int) - ahead).mean() > 5


@pytest.mark.parametrize("multisamples", [0, 4])
def test_a_grey_card_reads_the_same_in_headset_spectator_and_buffer(
    sit, stage, screen, compositor_picture, multisamples
) -> None:
    from vrrehab.stage.displays.offscreen import OffscreenDisplay, picture_of

    card = grey_card(stage)
    try:
        sitting = sit(multisamples=multisamples, spectator=True)
        sitting.until_seen()
        sitting.until(lambda: len(sitting.frames) > 30)
        headset = compositor_picture()[0][250:290, 220:260].reshape(-1, 3)
        window = picture_of(sitting.display.output)
        middle = tuple(slice(size // 2 - 10, size // 2 + 10) for size in window.shape[:2])
        spectator = window[middle].reshape(-1, 3)
        sitting.display.close()

        buffer = OffscreenDisplay(stage, (320, 240))
        body = Body.unseen()
        body.poses[HEAD], body.provenance[HEAD] = pose([0.0, 1.2, 0.0]), Provenance.MEASURED
        frame = buffer.wait()
        for _ in range(2):
            buffer.draw(frame, View(virtual=body))
        offscreen = buffer.picture()[110:130, 150:170].reshape(-1, 3)
        buffer.close()
        expected = np.median(offscreen, axis=0)
        assert ((expected > 20) & (expected < 235)).all()
        for where, pixels in (("headset", headset), ("spectator", spectator)):
            off = np.abs(np.median(pixels, axis=0) - expected)
            assert (off <= 2).all(), f"{where}: {np.median(pixels, axis=0)}, offscreen {expected}"
    finally:
        card.remove_node()


class Taker:
    """Takes the pictures that are made for who watches from elsewhere."""

    pictured = True

    def offer(self, frame: int, pixels: np.ndarray, done: Callable[[np.ndarray], None]) -> None:
        self.frame, self.picture = frame, pixels[..., :3].astype(int)
        done(pixels)


def test_who_watches_from_elsewhere_sees_the_middle_of_the_left_eye(sit, compositor_picture) -> None:
    taker, sitting = Taker(), sit(multisamples=4)
    sitting.display.watch(taker)
    sitting.until_seen()
    left, right = (picture.astype(int) for picture in compositor_picture())
    assert taker.picture.shape == (180, 240, 3)
    assert taker.frame < sitting.frames[-1].number

    def off(eye: np.ndarray) -> float:
        """How far the picture is from the middle of an eye's, as the compositor shows it."""
        height, width = eye.shape[:2]
        rows = (height * (0.125 + 0.75 * (np.arange(180) + 0.5) / 180)).astype(int)
        columns = (width * (np.arange(240) + 0.5) / 240).astype(int)
        return float(np.abs(eye[rows][:, columns] - taker.picture).mean())

    assert off(left) < 6
    assert off(left) < off(right)


def test_the_scene_is_traversed_once_for_both_eyes(sit, stage) -> None:
    traversals = []
    probe = core.CallbackNode("probe")
    probe.set_cull_callback(core.PythonCallbackObject(lambda call: traversals.append(call.upcall())))
    node = stage.root.attach_new_node(probe)
    try:
        sitting = sit()
        sitting.until_seen()
        traversals.clear()
        drawn = 0
        while drawn < 5:
            drawn += sitting.frame().should_draw
        assert len(traversals) == 5
    finally:
        node.remove_node()


def test_what_only_one_eye_can_see_is_not_culled(sit, stage, compositor_picture) -> None:
    """Two unlit posts at the very edges of the view, one for the left eye's left, one for the right eye's right."""
    sitting = sit()
    sitting.until_seen()
    pair = sitting.display._eyes
    for half, clip_from_picture in zip(((-1, 0), (0, 1)), np.linalg.inv(pair.pictures), strict=True):
        for x in half:
            for y in (-1, 1):
                for depth in (-1.0, 0.0, 0.99):
                    clip = np.array([x, y, depth, 1.0]) @ clip_from_picture
                    assert (np.abs(clip[:3]) <= clip[3] * 1.001).all()


def test_depth_goes_along_where_the_runtime_takes_it(sit) -> None:
    sitting = sit(multisamples=4)
    sitting.until_seen()
    images = sitting.display._images
    assert images._depth is not None
    assert images._colour.format.name == "SRGB8_ALPHA8"
    assert (images._depth.width, images._depth.height) == (480, 240)


def test_opengl_has_nothing_to_complain_about(sit, capfd) -> None:
    sitting = sit(multisamples=4, spectator=True)
    sitting.display.watch(Taker())
    sitting.until_seen()
    sitting.display.close()
    said = capfd.readouterr()
    assert "GL error" not in said.out + said.err


def test_closing_the_spectators_window_ends_the_display(sit) -> None:
    from vrrehab.stage.engine import engine

    sitting = sit(spectator=True)
    sitting.until_seen()
    engine().graphics.remove_window(sitting.display.output)
    engine().graphics.render_frame()
    assert sitting.display.wait() is None
