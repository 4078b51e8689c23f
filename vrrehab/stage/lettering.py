"""Letters and plates: the flat geometry that signs are made of.

Setting text is dear (each glyph is shaped and a mesh built), so a sign does it once for each thing that it says.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from panda3d import core

from vrrehab.stage.mesh import geom_node

LEFT, CENTRE, RIGHT = core.TextNode.A_left, core.TextNode.A_center, core.TextNode.A_right

#: From the baseline to the middle of a capital letter, in ems: what centres a line on a point.
CAPITAL_MIDDLE = 0.365
LINE_HEIGHT = 1.32
PLATE_LIFT_M = 0.0006

_PIXELS_PER_EM = 72
# Room between glyphs, or their neighbours show in the coarser mipmaps.
_MARGIN_PIXELS = 8

RGB = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Text with its first baseline at (x, y) metres on its sign, `em_m` high, wrapped at `wrap_m`."""

    text: str
    x: float
    y: float
    em_m: float
    colour: RGB
    align: int = LEFT
    wrap_m: float | None = None
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """A rectangle with rounded corners, its middle at (x, y); `button` numbers those that can be chosen."""

    x: float
    y: float
    width: float
    height: float
    colour: RGB
    button: int = -1


def font_file(bold: bool = False) -> Path:
    """DejaVu Sans, which comes with matplotlib: plain, wide, and has the letters of European languages."""
    spec = importlib.util.find_spec("matplotlib")
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name if spec and spec.origin else Path(name)


@functools.cache
def _font(bold: bool) -> core.TextFont:
    path = font_file(bold)
    font = core.FontPool.load_font(core.Filename.from_os_specific(str(path)).get_fullpath())
    if font is None:
        raise FileNotFoundError(
            f"Expected the font {path}, which comes with matplotlib, but it cannot be read. Install matplotlib again."
        )
    font.set_pixels_per_unit(_PIXELS_PER_EM)
    font.set_page_size(1024, 512)
    font.set_texture_margin(_MARGIN_PIXELS)
    font.set_minfilter(core.SamplerState.FT_linear_mipmap_linear)
    font.set_magfilter(core.SamplerState.FT_linear)
    font.set_anisotropic_degree(4)
    font.set_line_height(LINE_HEIGHT)
    return font


def letters(lines: Sequence[Line]) -> core.NodePath:
    """All lines as one node of one Geom a font, facing +z."""
    sheet = core.NodePath("letters")
    for line in lines:
        if not line.text:
            continue
        node = core.TextNode("line")
        node.set_font(_font(line.bold))
        node.set_align(line.align)
        node.set_text_color(*line.colour, 1.0)
        if line.wrap_m is not None:
            node.set_wordwrap(line.wrap_m / line.em_m)
        node.set_text(line.text)
        path = sheet.attach_new_node(node.generate())
        # Panda3D 1.10 adds the margin to a glyph's right and lower side only, which moves it by as much.
        off = line.em_m * _MARGIN_PIXELS / _PIXELS_PER_EM
        path.set_pos(line.x - off, line.y + off, 0.0)
        path.set_scale(line.em_m)
    for bold in (False, True):
        for page in _font(bold).pages:
            # Panda's border is white, of which the shader would read the alpha: lines along a page's edge.
            page.set_border_color((0, 0, 0, 0))
    sheet.flatten_strong()
    return sheet


def text_width(text: str, em_m: float, bold: bool = False) -> float:
    """How wide one line is, metres."""
    node = core.TextNode("measure")
    node.set_font(_font(bold))
    return float(node.calc_width(text)) * em_m


def plates(items: Sequence[Plate]) -> core.NodePath:
    """All plates as one node of one Geom, in their order, facing +z."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    half = np.array([[p.width / 2, p.height / 2] for p in items], np.float32)
    middle = np.array([[p.x, p.y] for p in items], np.float32)
    local = corners[None] * half[:, None]
    n = len(items)
    # Buttons lie a hair nearer to the reader than what they are on.
    lift = np.array([[PLATE_LIFT_M * (p.button >= 0)] for p in items], np.float32)
    height = np.broadcast_to(lift[:, None], (n, 4, 1))
    positions = np.concatenate([local + middle[:, None], height], axis=2).reshape(-1, 3)
    rectangle = np.concatenate([local, np.broadcast_to(half[:, None], local.shape)], axis=2).reshape(-1, 4)
    colour = np.array([[*(round(255 * c) for c in p.colour), 255] for p in items], np.uint8).repeat(4, axis=0)
    button = np.array([[p.button] for p in items], np.float32).repeat(4, axis=0)
    first = 4 * np.arange(n)[:, None, None]
    triangles = (first + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    node = geom_node(
        "plates",
        [
            ("vertex", positions, core.Geom.C_point),
            ("color", colour, core.Geom.C_color),
            ("rectangle", rectangle, core.Geom.C_other),
            ("button", button, core.Geom.C_other),
        ],
        triangles,
    )
    return core.NodePath(node)
