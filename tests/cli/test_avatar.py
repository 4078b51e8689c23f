"""A therapist looks at a participant's body before the participant does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from telemetry.client import RecorderClient
from telemetry.messages import Appearance, Measures, Profile


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def people(clinic) -> None:
    profiles = (
        Profile(code="A01", appearance=Appearance(tone=9, sex=1.0), measures=Measures(stature_m=1.9)),
        Profile(code="A02", appearance=Appearance(weight=7.0)),
    )
    with RecorderClient(clinic.recorder.address) as client:
        for profile in profiles:
            client.put_profile(profile)


def test_the_sheet_shows_the_body_of_the_profile(process, clinic, people, tmp_path: Path) -> None:
    sheets = {}
    for code in ("P001", "A01"):
        file = tmp_path / f"{code}.png"
        ran = process("avatar", "preview", "--participant", code, "--data", clinic.data, "--out", file)
        assert (ran.status, ran.out) == (0, f"{code}'s body is drawn in {file}\n"), ran.err
        sheets[code] = picture(file)
    assert sheets["P001"].shape == sheets["A01"].shape == (1080, 1440, 3)
    # The lower left panel holds the backs of the hands: a dark tone's are darker.
    hands = {code: sheet[566:1046, :480] for code, sheet in sheets.items()}
    skin = {code: panel[(panel[..., 0] > panel[..., 2] + 12)] for code, panel in hands.items()}
    assert all(len(pixels) > 20_000 for pixels in skin.values())
    assert np.median(skin["A01"], axis=0).sum() < 0.6 * np.median(skin["P001"], axis=0).sum()


def test_a_body_that_cannot_be_drawn_is_told_in_one_line(vrrehab, clinic, people, tmp_path: Path) -> None:
    def preview(code: str, file: Path):
        return vrrehab("avatar", "preview", "--participant", code, "--data", clinic.data, "--out", file)

    preview("P999", tmp_path / "a.png").failed_with("P999", "P001")
    preview("A02", tmp_path / "a.png").failed_with("weight from 0 to 1", "7.0")
    preview("P001", tmp_path / "missing" / "a.png").was_misused("folder that is there")
    preview("P001", tmp_path / "a.jpg").was_misused(".png")
    assert not list(tmp_path.iterdir())
