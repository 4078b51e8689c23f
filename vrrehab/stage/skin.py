"""The colour of skin: a tone of the Monk scale, with the blood, palms and nails that the model's masks place.

Colours are made once, at load, for each vertex; nothing here runs per frame.
"""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.errors import BadModel
from vrrehab.stage.glb import Mesh

Floats = NDArray[np.float64]

#: Ellis Monk's ten tones (2019), as they look on a screen.
MONK = (
    "#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96",
    "#a07e56", "#825c43", "#604134", "#3a312a", "#292420",
)  # fmt: skip
DEFAULT_TONE = 3

#: A swatch is how skin looks, already lit; its albedo is darker, the more so and the redder the lighter the skin.
_ALBEDO_OF_SWATCH = {1: (0.70, 0.53, 0.46), 3: (0.68, 0.52, 0.45), 8: (1.00, 0.92, 0.86), 10: (2.5, 1.75, 1.4)}
#: How much of the light of each colour blood near the surface takes away.
_BLOOD = np.array([0.04, 0.36, 0.34])
#: Light skin has palms of its own colour; in dark skin they have next to no melanin.
_PALE_PALM = np.array([0.50, 0.295, 0.205])


def albedo(tone: int) -> Floats:
    """The linear albedo (3,) of plain skin of a Monk tone, 1 (lightest) to 10 (darkest)."""
    if not 1 <= tone <= len(MONK):
        raise ValueError(f"Expected a tone of the Monk scale, 1 to {len(MONK)}, got {tone}.")
    encoded = np.array([int(MONK[tone - 1][i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    anchors = np.array(list(_ALBEDO_OF_SWATCH.values()))
    factor = [np.interp(tone, list(_ALBEDO_OF_SWATCH), anchors[:, i]) for i in range(3)]
    return _linear(encoded) * factor


def nail_colour(tone: int) -> Floats:
    """The linear albedo (3,) of nails on skin of a tone: the blood below them shows, melanin there is little."""
    plain = albedo(tone)
    return 0.5 * plain * (1.0 - 0.6 * _BLOOD) + 0.5 * np.array([0.56, 0.34, 0.28]) * (1.0 - 0.55 * _darkness(plain))


def skin_colours(mesh: Mesh, tone: int, *, nails: bool) -> Floats:
    """(n, 4): the sRGB albedo of each vertex and, in alpha, how open it is to the room; with `nails` or without."""
    plain = albedo(tone)
    darkness = _darkness(plain)
    palm = mesh.masks["palm"][:, None] * darkness * 0.75
    colour = plain * (1.0 - palm) + np.maximum(plain, 0.62 * _PALE_PALM) * palm
    # Under much melanin the same blood shows less.
    colour *= 1.0 - mesh.masks["blood"][:, None] * _BLOOD * (1.0 - 0.45 * darkness)
    if nails:
        edge = np.clip((mesh.masks["nail"][:, None] - 0.46) / 0.08, 0.0, 1.0)
        colour += edge * (nail_colour(tone) - colour)
        # A shadow in the fold round the nail.
        fold = np.exp(-(((mesh.masks["nail"][:, None] - 0.5) / 0.06) ** 2))
        colour *= 1.0 - 0.22 * fold
    return np.column_stack([_encoded(colour), mesh.masks["openness"]])


@functools.cache
def relief_texture() -> core.Texture:
    """The skin's fine detail that ships with the package. Raises `BadModel` if it cannot be read."""
    with resources.as_file(resources.files("models") / "skin.png") as path:
        image = core.PNMImage()
        if not image.read(core.Filename.from_os_specific(str(path))):
            raise BadModel(Path(path), "it is no picture that can be read")
    texture = core.Texture("relief")
    texture.load(image)
    texture.set_minfilter(core.SamplerState.FT_linear_mipmap_linear)
    texture.set_anisotropic_degree(8)
    return texture


def _darkness(plain: Floats) -> float:
    return float(np.clip((0.36 - plain[1]) / 0.3, 0.0, 1.0))


def _linear(encoded: Floats) -> Floats:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Floats) -> Floats:
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)
