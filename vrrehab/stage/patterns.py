"""The grain of things: wood, boards, plaster, cloth and what lies outside the window, drawn once in numpy.

Textures rather than noise in the shader: a mipmapped texture is filtered right at every distance, where shader noise
shimmers in a headset, and it costs software drawing a fraction. A pattern multiplies a surface's colour: 0.5 leaves it
as it is; alpha does the same to its roughness. All tile without a seam.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from panda3d import core


class Pattern(IntEnum):
    """Layers of the texture array."""

    PLAIN = 0
    WOOD = 1
    BOARDS = 2
    PLASTER = 3
    CLOTH = 4
    GARDEN = 5


#: Metres that one tile covers, along and across the pattern.
TILE_M = {
    Pattern.PLAIN: (1.0, 1.0),
    Pattern.WOOD: (1.7, 0.62),
    Pattern.BOARDS: (2.4, 1.44),
    Pattern.PLASTER: (1.6, 1.6),
    Pattern.CLOTH: (0.2, 0.2),
    Pattern.GARDEN: (1.0, 1.0),
}

_BOARDS_ACROSS = 10


def _noise(size: int, rng: np.random.Generator, along: float, across: float, slope: float = 1.0) -> NDArray:
    """Tileable noise (size, size), mean 0 and deviation 1.

    Features are about `along` and `across` tile widths long; a lower `slope` keeps more that is finer.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)).astype(np.float32))
    fy = np.fft.fftfreq(size, 1 / size)[:, None]
    fx = np.fft.rfftfreq(size, 1 / size)[None, :]
    # Rows run across the pattern and columns along it.
    spectrum *= (1 + (fx * along) ** 2 + (fy * across) ** 2) ** -slope
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(size, size))
    return field / field.std()


def _tinted(value: NDArray, warmth: NDArray | float, roughness: NDArray | float = 0.5) -> NDArray:
    """(size, size, 4): a brightness about 0.5, redder where `warmth` is positive."""
    out = np.empty((*value.shape, 4), np.float32)
    out[..., 0] = value * (1 + 0.5 * np.asarray(warmth))
    out[..., 1] = value
    out[..., 2] = value * (1 - 0.9 * np.asarray(warmth))
    out[..., 3] = roughness
    return out


def _wood(size: int, rng: np.random.Generator) -> NDArray:
    figure = _noise(size, rng, 0.7, 0.05, 1.3)
    # Growth rings: the figure's own contour lines, drawn fine.
    rings = np.sin(2 * np.pi * (1.6 * figure + 0.12 * _noise(size, rng, 0.3, 0.02)))
    streaks = _noise(size, rng, 0.14, 0.004, 0.85)
    pores = np.clip(_noise(size, rng, 0.025, 0.0018, 1.1) - 1.2, 0, 2)
    value = 0.5 * (1 + 0.018 * figure + 0.022 * rings + 0.034 * streaks - 0.07 * pores)
    return _tinted(value, -0.012 * figure - 0.018 * rings - 0.014 * streaks, 0.5 + 0.03 * streaks)


def _boards(size: int, rng: np.random.Generator) -> NDArray:
    row = np.arange(size) * _BOARDS_ACROSS / size
    board = row.astype(int)
    column = np.arange(size) / size
    wood = _wood(size, rng)
    out = np.empty_like(wood)
    seam = np.minimum(row % 1, 1 - row % 1)[:, None] * TILE_M[Pattern.BOARDS][1] / _BOARDS_ACROSS
    for b in range(_BOARDS_ACROSS):
        rows = board == b
        # Each board is its own piece of wood, in two lengths that meet somewhere.
        joint = rng.random()
        first = ((column - joint) % 1.0) < 0.5
        tone = 1 + 0.055 * rng.standard_normal(2)
        warm = 0.03 * rng.standard_normal(2)
        piece = np.roll(wood, rng.integers(size, size=2), (0, 1))[rows]
        piece = piece * np.where(first, tone[0], tone[1])[None, :, None]
        shift = np.where(first, warm[0], warm[1])[None, :]
        piece[..., 0] *= 1 + shift
        piece[..., 2] *= 1 - shift
        across = (
            np.minimum.reduce([abs((column - joint + k * 0.5 + 0.5) % 1 - 0.5) for k in (0, 1)])
            * TILE_M[Pattern.BOARDS][0]
        )
        gap = np.minimum(seam[rows], across[None, :])
        piece[..., :3] *= (1 - 0.42 * np.exp(-((gap / 0.0022) ** 2)))[..., None]
        out[rows] = piece
    return out


def _plaster(size: int, rng: np.random.Generator) -> NDArray:
    value = 0.5 * (1 + 0.006 * _noise(size, rng, 0.25, 0.25) + 0.008 * _noise(size, rng, 0.004, 0.004))
    return _tinted(value, 0.004 * _noise(size, rng, 0.4, 0.4))


def _cloth(size: int, rng: np.random.Generator) -> NDArray:
    y, x = np.mgrid[0:size, 0:size] / size
    threads = 64
    weave = np.where((np.floor(x * threads) + np.floor(y * threads)) % 2 > 0, x, y)
    value = 0.5 * (1 + 0.10 * np.cos(2 * np.pi * threads * weave) + 0.05 * _noise(size, rng, 0.02, 0.02) - 0.03)
    return _tinted(value, 0.02 * _noise(size, rng, 0.1, 0.1))


def _garden(size: int, rng: np.random.Generator) -> NDArray:
    """A garden out of focus: sky above, trees, a hedge and a lawn; absolute colours for a white surface."""
    up = np.linspace(0, 1, size)[:, None]
    leaves = _noise(size, rng, 0.045, 0.045, 1.5)
    light = _noise(size, rng, 0.16, 0.16, 1.7)
    crowns = 0.60 + 0.07 * _noise(size, rng, 0.30, 0.30, 1.6)[:1] + 0.025 * _noise(size, rng, 0.06, 0.06, 1.4)[:1]
    sky = np.array([0.93, 0.98, 1.0]) * (0.90 + 0.10 * up)[..., None]
    tree = np.array([0.34, 0.47, 0.27]) * (0.95 + 0.12 * leaves + 0.24 * light)[..., None]
    lawn = np.array([0.58, 0.68, 0.40]) * (1 + 0.06 * light)[..., None]

    def above(edge: NDArray | float, width: float) -> NDArray:
        return (1 / (1 + np.exp(-(up - edge) / width)))[..., None]

    # Leaves thin out towards the sky; the meadow begins in the shade of the trees.
    picture = tree + (sky - tree) * above(crowns + 0.03 * leaves, 0.03)
    picture = lawn + (picture - lawn) * above(0.30 + 0.008 * light, 0.015)
    # Air: what is far is paler.
    picture = 0.80 * picture + 0.20 * np.array([0.88, 0.93, 0.95])
    out = np.empty((size, size, 4), np.float32)
    out[..., :3] = picture / 2
    out[..., 3] = 0.5
    return out


def draw(size: int) -> NDArray[np.uint8]:
    """All layers, (layers, size, size, 4) RGBA; the same every time."""
    rng = np.random.default_rng(7)
    plain = np.full((size, size, 4), 0.5, np.float32)
    layers = [plain, *(f(size, rng) for f in (_wood, _boards, _plaster, _cloth, _garden))]
    return np.round(255 * np.clip(np.stack(layers), 0, 1)).astype(np.uint8)


def texture(size: int, anisotropy: int) -> core.Texture:
    """The layers as a mipmapped texture array."""
    layers = draw(size)
    array = core.Texture("patterns")
    array.setup_2d_texture_array(size, size, len(layers), core.Texture.T_unsigned_byte, core.Texture.F_rgba8)
    array.set_ram_image(np.ascontiguousarray(layers[..., [2, 1, 0, 3]]).tobytes())
    trilinear, bilinear = core.SamplerState.FT_linear_mipmap_linear, core.SamplerState.FT_linear_mipmap_nearest
    array.set_minfilter(trilinear if anisotropy > 1 else bilinear)
    array.set_magfilter(core.SamplerState.FT_linear)
    array.set_anisotropic_degree(anisotropy)
    array.set_wrap_u(core.SamplerState.WM_repeat)
    array.set_wrap_v(core.SamplerState.WM_repeat)
    return array
