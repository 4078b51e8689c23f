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
    """Layers of the texture array; those up to `INDOORS` are what a room needs."""

    PLAIN = 0
    WOOD = 1
    BOARDS = 2
    PLASTER = 3
    CLOTH = 4
    GARDEN = 5
    STONE = 6
    LAWN = 7
    SAND = 8
    CLOUDS = 9


INDOORS = Pattern.GARDEN

#: Metres that one tile covers, along and across the pattern.
TILE_M = {
    Pattern.PLAIN: (1.0, 1.0),
    Pattern.WOOD: (1.7, 0.62),
    Pattern.BOARDS: (2.4, 1.44),
    Pattern.PLASTER: (1.6, 1.6),
    Pattern.CLOTH: (0.2, 0.2),
    Pattern.GARDEN: (1.0, 1.0),
    Pattern.STONE: (3.2, 3.2),
    Pattern.LAWN: (2.2, 2.2),
    Pattern.SAND: (2.6, 2.6),
    Pattern.CLOUDS: (1.0, 1.0),
}

_BOARDS_ACROSS = 10


def _noise(size: int, rng: np.random.Generator, along: float, across: float, slope: float = 1.0) -> NDArray:
    """Tileable noise (size, size), mean 0 and deviation 1.

    Features are about `along` and `across` tile widths long; a lower `slope` keeps more that is finer.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)).astype(np.float32))
    fy = np.fft.fftfreq(size, 1 / size).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(size, 1 / size).astype(np.float32)[None, :]
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


def _stone(size: int, rng: np.random.Generator) -> NDArray:
    """Paving: rows of slabs of different lengths, each a little different in tone, with sandy joints."""
    rows, joint_m = 6, 0.006
    tile_m = TILE_M[Pattern.STONE][0]
    speckle = _noise(size, rng, 0.003, 0.003, 0.7)
    cloudy = _noise(size, rng, 0.10, 0.10, 1.2)
    y, x = np.mgrid[0:size, 0:size] / size
    row = (y * rows).astype(int)
    out = np.empty((size, size), np.float32)
    warmth = np.empty_like(out)
    edge = np.minimum(y * rows % 1, 1 - y * rows % 1) * tile_m / rows
    for r in range(rows):
        ends = np.cumsum(rng.uniform(0.7, 1.4, 5))
        ends = (ends / ends[-1] + rng.random()) % 1
        here = row == r
        apart = np.abs((x[here][:, None] - ends + 0.5) % 1 - 0.5)
        edge[here] = np.minimum(edge[here], apart.min(axis=1) * tile_m)
        slab = ((x[here][:, None] - ends) % 1).argmin(axis=1)
        out[here] = (1 + 0.07 * rng.standard_normal(5))[slab]
        warmth[here] = (0.035 * rng.standard_normal(5))[slab]
    value = 0.5 * out * (1 + 0.035 * speckle + 0.035 * cloudy)
    worn = 1 - 0.10 * np.exp(-((edge / 0.02) ** 2))
    value = value * worn * (1 - 0.38 * np.exp(-((edge / joint_m) ** 4)))
    return _tinted(value, warmth + 0.012 * cloudy)


def _lawn(size: int, rng: np.random.Generator) -> NDArray:
    """Short grass from above: blades in every direction, thicker and thinner places."""
    ways = [_noise(size, rng, along, across, 1.0) for along, across in ((0.012, 0.002), (0.002, 0.012), (0.004, 0.004))]
    fine = np.maximum.reduce(ways) - 0.8
    broad = _noise(size, rng, 0.16, 0.16, 1.3)
    value = 0.5 * (1 + 0.20 * fine + 0.055 * broad)
    return _tinted(value, 0.05 * broad + 0.035 * fine)


def _sand(size: int, rng: np.random.Generator) -> NDArray:
    """Dry sand: grains, and soft ripples that the wind left."""
    y = np.arange(size)[:, None] / size
    bend = 0.035 * _noise(size, rng, 0.30, 0.30, 1.6)
    ripples = np.sin(2 * np.pi * (15 * y + 15 * bend))
    strength = np.clip(0.6 + 0.5 * _noise(size, rng, 0.25, 0.25, 1.5), 0, 1.4)
    grains = _noise(size, rng, 0.0015, 0.0015, 0.6)
    broad = _noise(size, rng, 0.2, 0.2, 1.3)
    value = 0.5 * (1 + 0.032 * ripples * strength + 0.045 * grains + 0.028 * broad)
    return _tinted(value, 0.012 * broad - 0.010 * ripples * strength)


def _clouds(size: int, rng: np.random.Generator) -> NDArray:
    """Red: broad heaps. Green: what frays their edges. Blue and alpha: slopes of small waves on water."""
    out = np.empty((size, size, 4), np.float32)
    out[..., 0] = 0.5 + 0.17 * _noise(size, rng, 0.16, 0.12, 1.75)
    out[..., 1] = 0.5 + 0.17 * _noise(size, rng, 0.05, 0.04, 1.35)
    height = _noise(size, rng, 0.05, 0.09, 1.9)
    for channel, axis in ((2, 1), (3, 0)):
        slope = np.roll(height, -1, axis) - np.roll(height, 1, axis)
        out[..., channel] = 0.5 + 0.16 * slope / slope.std()
    return out


def draw(size: int, last: Pattern = Pattern.CLOUDS) -> NDArray[np.uint8]:
    """All layers up to one, (layers, size, size, 4) RGBA; the same every time."""
    rng = np.random.default_rng(7)
    plain = np.full((size, size, 4), 0.5, np.float32)
    layers = [
        plain,
        *(f(size, rng) for f in (_wood, _boards, _plaster, _cloth, _garden, _stone, _lawn, _sand, _clouds)[:last]),
    ]
    return np.round(255 * np.clip(np.stack(layers), 0, 1)).astype(np.uint8)


def texture(size: int, anisotropy: int, last: Pattern) -> core.Texture:
    """The layers up to one as a mipmapped texture array."""
    layers = draw(size, last)
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
