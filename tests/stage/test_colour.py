"""Colours: what numpy computes from the light is what is seen, in every display alike."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vrrehab.stage.material import Light, Tier
from vrrehab.stage.picture import asked, resting, seated
from vrrehab.stage.place import load_place
from vrrehab.stage.places import build
from vrrehab.stage.stage import Stage

CARD = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "grey_card.py")))


def expected_srgb(light: Light, normal: np.ndarray, encoded: float) -> np.ndarray:
    """The card's colour, 0 to 255, written down once more from the formulas and not from the shader."""
    albedo = ((round(encoded * 255) / 255 + 0.055) / 1.055) ** 2.4
    cosine = float(normal @ light.key_direction)
    # A window 0.35 (in cosine) broad to each side: a parabola joins 0 to the cosine.
    facing = (cosine + 0.35) ** 2 / 1.4 if abs(cosine) < 0.35 else max(cosine, 0.0)
    faces = [light.ambient[2 * axis + (normal[axis] < 0)] for axis in range(3)]
    around = sum(normal[axis] ** 2 * faces[axis] for axis in range(3))
    radiance = albedo * (light.key * facing + around)
    peak = radiance.max()
    if peak >= 0.70:
        mapped = 1 - 0.09 / (peak - 0.40)
        paled = 1 - 1 / (0.15 * (peak - mapped) + 1)
        radiance = radiance * mapped / peak * (1 - paled) + mapped * paled
    return 255 * np.where(radiance > 0.0031308, 1.055 * radiance ** (1 / 2.4) - 0.055, 12.92 * radiance)


@pytest.fixture(scope="module")
def light() -> Light:
    return build(load_place("therapy_room"), Tier.LOW).at(13.0).light


def expected(light: Light, grey: float) -> np.ndarray:
    normal = np.cross(CARD.U, CARD.V)
    return expected_srgb(light, normal / np.linalg.norm(normal), grey)


# In plain light, and so bright that the tone map bends it.
@pytest.mark.parametrize(("tier", "grey"), [(Tier.LOW, 0.5), (Tier.LOW, 1.0), (Tier.FULL, 0.5)])
def test_a_grey_card_offscreen_has_the_colour_that_its_light_gives_it(light: Light, tier: Tier, grey: float) -> None:
    assert np.abs(np.array(CARD.middle("offscreen", tier, grey)) - expected(light, grey)).max() <= 2


@pytest.mark.parametrize("kind", ["window", "offscreen"])
def test_a_grey_card_reads_the_same_on_a_screen(kind: str, on_screen, light: Light) -> None:
    seen = np.array([int(x) for x in on_screen("grey_card.py", kind, "FULL", "0.5").split()])
    assert np.abs(seen - expected(light, 0.5)).max() <= 2


def test_a_brighter_card_is_brighter_and_never_clips(eye) -> None:
    seen = []
    for grey in (0.3, 0.6, 0.9, 1.0):
        CARD.add_card(eye.stage, grey)
        seen.append(eye.draw(seated(0.0))[120, 160].mean())
        for node in eye.stage.movers.find_all_matches("**/card"):
            node.remove_node()
    assert seen == sorted(seen)
    assert len(set(seen)) == 4
    assert seen[-1] < 255


def test_the_fade_leaves_the_place_in_a_mist_of_the_calm_colour(eye) -> None:
    view = seated(-20.0)
    view.title = "Open and close"
    plain = eye.draw(view)
    view.calm = 1.0
    calm = np.array(eye.stage.calm_colour) * 255
    assert np.abs(eye.draw(view) - calm).max() <= 0.1 * np.abs(plain - calm).max() + 1
    view.calm = 0.5
    assert np.abs(eye.draw(view) - (0.55 * plain + 0.45 * calm)).max() <= 2
    view.calm = 0.0
    assert np.array_equal(eye.draw(view), plain)


def test_in_the_calm_scene_no_limb_is_seen_and_no_question(eye) -> None:
    view = resting(eye.stage.place.table.top_m)
    view.calm = 1.0
    calm = eye.draw(view)
    view.virtual.copy_from(seated(-24.0).virtual)
    alone = eye.draw(view)
    view.panel = asked(eye.stage.place.table.top_m).panel
    questioned = eye.draw(view)
    view.calm = 0.0
    eye.draw(view)
    assert np.array_equal(calm, alone)
    assert np.array_equal(alone, questioned)


def test_a_notice_stays_readable_in_the_calm(eye) -> None:
    view = seated(-20.0)
    view.calm = 1.0
    view.notice = "The therapist's screen is not connected"
    picture = eye.draw(view)
    view.notice = ""
    apart = np.abs(picture - np.array(eye.stage.calm_colour) * 255).max(axis=2) > 60
    assert apart.mean() > 0.01
    assert not (np.abs(eye.draw(view) - np.array(eye.stage.calm_colour) * 255) > 60).any()


def test_a_stage_of_full_tier_has_the_light_of_a_low_one(stage: Stage) -> None:
    full = Stage("therapy_room", Tier.FULL)
    assert np.array_equal(full.materials.scene[1:], stage.materials.scene[1:])
