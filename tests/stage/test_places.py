"""Places: each is built in both tiers, can be read and rested in, and nothing in it flickers."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import scenes
from vrrehab.body.build import USUAL
from vrrehab.session.toml_file import SceneFileError
from vrrehab.stage.material import Material, Tier
from vrrehab.stage.mesh import box, solid_node
from vrrehab.stage.picture import asked, looking, seated
from vrrehab.stage.place import load_place, with_legs_in_view
from vrrehab.stage.places import build
from vrrehab.stage.stage import Stage

from .conftest import Eye
from .test_colour import expected

CARD = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "grey_card.py")))
SHIPPED = Path(scenes.__file__).parent / "places"
PLACES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
OPEN = [name for name in PLACES if name != "therapy_room"]
HOURS_H = (8.0, 13.0, 19.0)
#: Frames after which a change of light has come to its end.
SETTLED = 90


@pytest.fixture(scope="module")
def stages(stage: Stage) -> Callable[[str], Stage]:
    made = {"therapy_room": stage}

    def get(name: str) -> Stage:
        if name not in made:
            made[name] = Stage(name, Tier.LOW)
        return made[name]

    return get


@pytest.fixture(params=PLACES)
def place_eye(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Iterator[Eye]:
    eye = Eye(stages(request.param))
    yield eye
    # As the next test expects it.
    for _ in range(SETTLED):
        eye.stage.update(seated(0.0))
    eye.display.close()


@pytest.fixture(params=OPEN)
def open_eye(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Iterator[Eye]:
    eye = Eye(stages(request.param), (160, 120))
    yield eye
    for _ in range(SETTLED):
        eye.stage.update(seated(0.0))
    eye.display.close()


def at_hour(eye: Eye, view, hour_h: float) -> np.ndarray:
    view.ambience.hour_h = hour_h
    for _ in range(SETTLED):
        eye.stage.update(view)
    return eye.draw(view)


@pytest.mark.parametrize("name", PLACES)
def test_a_place_is_built_in_both_tiers_as_a_handful_of_things_to_draw(name: str) -> None:
    vertices = []
    for tier in Tier:
        world = build(load_place(name), tier)
        assert len(world.layers) <= 4
        assert all(layer.node.get_num_geoms() == 1 for layer in world.layers)
        vertices.append(sum(layer.node.get_geom(0).get_vertex_data().get_num_rows() for layer in world.layers))
    assert vertices[0] <= vertices[1] < 600_000


@pytest.mark.parametrize("name", PLACES)
def test_a_table_that_is_pushed_back_leaves_a_stretched_leg_in_view_and_stands_before_wall_or_board(name: str) -> None:
    place = load_place(name)
    table = with_legs_in_view(place).table
    assert table.near_m > USUAL.leg
    assert table.near_m + table.depth_m < (place.room.front_m if name == "therapy_room" else place.board.forward_m)
    assert with_legs_in_view(with_legs_in_view(place)) == with_legs_in_view(place)


@pytest.mark.parametrize("name", OPEN)
def test_a_grey_card_in_the_open_has_the_colour_that_its_light_gives_it(name: str) -> None:
    light = build(load_place(name), Tier.LOW).at(13.0).light
    assert np.abs(np.array(CARD.middle("offscreen", Tier.LOW, 0.5, name)) - expected(light, 0.5)).max() <= 2


def test_a_grey_card_in_the_open_reads_the_same_in_a_window(on_screen) -> None:
    light = build(load_place("beach"), Tier.LOW).at(13.0).light
    seen = np.array([int(x) for x in on_screen("grey_card.py", "window", "LOW", "0.5", "beach").split()])
    assert np.abs(seen - expected(light, 0.5)).max() <= 2


def contrast(pixels: np.ndarray) -> float:
    """Of letters with their ground, as WCAG 2 counts it, over pixels (n, 3) 0 to 255."""
    encoded = pixels / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = np.sort(linear @ (0.2126, 0.7152, 0.0722))
    return float((luminance[-max(3, len(luminance) // 200)] + 0.05) / (np.median(luminance) + 0.05))


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("hour_h", [8.0, 19.0])
def test_the_board_and_the_panel_can_be_read_at_any_hour(
    name: str, stages: Callable[[str], Stage], hour_h: float
) -> None:
    stage = stages(name)
    eye = Eye(stage, (640, 480))
    view = looking(stage.place.table.top_m)
    picture = at_hour(eye, view, hour_h)
    x, y, z, turn_deg = stage.place.board_pose
    along = np.array([np.cos(np.radians(turn_deg)), 0, -np.sin(np.radians(turn_deg))])
    half = 0.45 * stage.place.board.width_m
    rows, columns = zip(
        *(
            eye.pixel(np.array([x, y + up * stage.place.board.height_m, z]) + side * half * along)
            for side in (-1, 1)
            for up in (0.12, 0.42)
        ),
        strict=True,
    )
    board = picture[min(rows) : max(rows), min(columns) : max(columns)]
    assert contrast(board.reshape(-1, 3)) > 4.5
    question = asked(stage.place.table.top_m)
    assert question.panel is not None
    question.ambience.hour_h = hour_h
    picture = at_hour(eye, question, hour_h)
    row, column = eye.pixel(question.panel.pose[:3])
    assert contrast(picture[row - 60 : row + 60, column - 90 : column + 90].reshape(-1, 3)) > 4.5
    eye.display.close()


@pytest.mark.parametrize("hour_h", HOURS_H)
def test_a_limb_shades_the_table_at_any_hour(place_eye: Eye, hour_h: float) -> None:
    stage = place_eye.stage
    height_m, place = 0.04, np.array([-0.05, stage.place.table.top_m + 0.04, -0.6])
    plain = at_hour(place_eye, seated(-35.0), hour_h)
    key = stage.materials.light.key_direction
    row, column = place_eye.pixel(place - key * height_m / key[1])
    hand = stage.movers.attach_new_node(solid_node("hand", box((0, 0, 0), (0.12, 0.03, 0.06))))
    hand.set_pos(*place)
    opacity = stage.materials.dress(hand, Material())
    opacity.set(1.0)
    shaded = at_hour(place_eye, seated(-35.0), hour_h)
    for each in stage.movers.find_all_matches("**/hand"):
        each.remove_node()
    around = slice(row - 14, row + 15), slice(column - 24, column + 25)
    darker = shaded[around].mean(axis=2) < 0.92 * plain[around].mean(axis=2)
    assert darker.mean() > 0.05


def test_two_frames_a_second_apart_differ_little(place_eye: Eye) -> None:
    view = seated(-8.0)
    frames = []
    for time_s in (100.0, 101.0):
        view.ambience.time_s = time_s
        frames.append(place_eye.draw(view))
    change = np.abs(frames[1] - frames[0])
    assert change.mean() < 1.5
    assert np.quantile(change.max(axis=2), 0.99) < 40


def test_the_sea_and_the_leaves_move_but_the_horizon_stays(stages: Callable[[str], Stage]) -> None:
    for name in OPEN:
        eye = Eye(stages(name))
        view = seated(-8.0)
        first = eye.draw(view)
        view.ambience.time_s = 3.0
        assert np.abs(eye.draw(view) - first).max() > 8
        eye.display.close()
    eye = Eye(stages("beach"))
    view = seated(0.0)
    for time_s in (0.0, 2.0, 4.5):
        view.ambience.time_s = time_s
        # Between board and headland the greatest step of brightness in a column is where the eyes are level.
        strip = eye.draw(view)[100:140, 165:185].mean(axis=2)
        assert np.abs(np.abs(np.diff(strip, axis=0)).argmax(axis=0) + 100.5 - 119.5).max() <= 1.5
    eye.display.close()


def test_the_hour_and_the_brightness_glide_and_never_jump(open_eye: Eye) -> None:
    view = seated(-8.0)
    noon = open_eye.draw(view)
    view.ambience.hour_h, view.ambience.light_ratio = 19.0, 0.7
    before, steps = noon, []
    for _ in range(SETTLED):
        picture = open_eye.draw(view)
        steps.append(float(np.abs(picture - before).mean()))
        before = picture
    assert max(steps) < 8.0
    assert steps[-1] < 0.05
    warmth = [float(p[..., 0].mean() - p[..., 2].mean()) for p in (noon, before)]
    assert warmth[1] > warmth[0] + 5
    assert before.mean() < 0.97 * noon.mean()


def test_calm_detail_leaves_out_what_is_only_decor(place_eye: Eye) -> None:
    view = seated(-8.0)
    whole = place_eye.draw(view)
    view.ambience.detail = False
    assert (np.abs(place_eye.draw(view) - whole).max(axis=2) > 12).mean() > 0.01
    view.ambience.detail = True
    assert np.array_equal(place_eye.draw(view), whole)


@pytest.mark.parametrize(
    ("place", "old", "new", "line_of", "words"),
    [
        ("garden", 'kind = "garden"', 'kind = "gardn"', "kind", "one of room, garden, beach"),
        ("garden", 'kind = "garden"\n', "", "", "`kind`"),
        ("garden", 'lawn = "#7f9456"', 'lawn = "green"', "lawn", "green"),
        ("garden", "forward_m = 2.15", "forward_m = 1.2", "forward_m = 1.2", "behind the table"),
        ("garden", "turn_deg = 22.0", "turn_deg = 90.0", "turn_deg", "90"),
        ("garden", "spread_m = 4.6", "spread = 4.6", "spread =", "spread_m"),
        ("beach", "shore_m = 9.5", "shore_m = 2.0", "shore_m", "2.0"),
        ("beach", 'sound = "beach"', 'sound = "surf"', "sound", "beach"),
        ("beach", "clouds = 0.4", "clouds = 4", "clouds", "4"),
    ],
)
def test_a_mistake_in_a_place_under_the_sky_is_told_with_file_and_line(
    tmp_path: Path, place: str, old: str, new: str, line_of: str, words: str
) -> None:
    text = (SHIPPED / f"{place}.toml").read_text()
    assert old in text
    path = tmp_path / "crooked.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SceneFileError, match=r"expected") as told:
        load_place("crooked", tmp_path)
    if line_of:
        line = next(i for i, row in enumerate(path.read_text().splitlines(), 1) if row.startswith(line_of))
        assert str(told.value).startswith(f"{path}:{line}: ")
    assert words in str(told.value)
