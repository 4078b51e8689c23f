"""Letters and plates: the flat geometry that signs are made of.

Setting text is dear (each glyph is shaped and a mesh built), so a sign does it once for each thing that it says.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.stage.mesh import column_of, geom_node, triangles_of

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
    font.set_page_size(1024, 1024)
    font.set_texture_margin(_MARGIN_PIXELS)
    font.set_minfilter(core.SamplerState.FT_linear_mipmap_linear)
    font.set_magfilter(core.SamplerState.FT_linear)
    font.set_anisotropic_degree(4)
    font.set_line_height(LINE_HEIGHT)
    font.get_glyph(ord("0"))  # so that there is a first page
    return font


def sheet(plates: Sequence[Plate], lines: Sequence[Line]) -> core.NodePath:
    """All plates in their order and all lines a hair before them, facing +z, as one thing to draw for
    `shaders/sign.*` (and one more for each further page of a font, if an alphabet ever takes as much).

    Vertex columns: `rectangle` is where in its own rectangle a plate's vertex is and that rectangle's half size,
    metres; of a letter the first two are texture coordinates. `button` is a button's number, -1 for another plate, -2
    for a letter and -3 for a bold one.
    """
    pages: dict[int, list[_Part]] = {0: [_plates(plates)]}
    for number, part in _letters(lines):
        pages.setdefault(number, []).append(part)
    root = core.NodePath("sheet")
    for number, parts in pages.items():
        firsts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
        triangles = [part.triangles + first for part, first in zip(parts, firsts, strict=True)]
        node = geom_node(
            "signs",
            [
                ("vertex", np.concatenate([part.positions for part in parts]), core.Geom.C_point),
                ("color", np.concatenate([part.colour for part in parts]), core.Geom.C_color),
                ("rectangle", np.concatenate([part.rectangle for part in parts]), core.Geom.C_other),
                ("button", np.concatenate([part.button for part in parts]), core.Geom.C_other),
            ],
            np.concatenate(triangles),
        )
        path = root.attach_new_node(node)
        for name, bold in (("letters", False), ("bold_letters", True)):
            of_font = _font(bold).pages
            page = of_font[min(number, len(of_font) - 1)]
            # Panda's border is white, of which the shader would read the alpha: lines along a page's edge.
            page.set_border_color((0, 0, 0, 0))
            path.set_shader_input(name, page)
    return root


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of a sheet: its columns (n, 3), (n, 4) sRGB, (n, 4), (n, 1) and triangles (m, 3)."""

    positions: NDArray[np.float32]
    colour: NDArray[np.uint8]
    rectangle: NDArray[np.float32]
    button: NDArray[np.float32]
    triangles: NDArray[np.integer]


def _letters(lines: Sequence[Line]) -> Iterator[tuple[int, _Part]]:
    """Each line's letters, by the page of its font that they are on."""
    for line in lines:
        if not line.text:
            continue
        font = _font(line.bold)
        node = core.TextNode("line")
        node.set_font(font)
        node.set_align(line.align)
        if line.wrap_m is not None:
            node.set_wordwrap(line.wrap_m / line.em_m)
        node.set_text(line.text)
        path = core.NodePath(node.generate())
        path.flatten_strong()
        pages = list(font.pages)
        # Panda3D 1.10 adds the margin to a glyph's right and lower side only, which moves it by as much.
        off = line.em_m * _MARGIN_PIXELS / _PIXELS_PER_EM
        corner = np.array([line.x - off, line.y + off, 2 * PLATE_LIFT_M], np.float32)
        colour = np.array([*(round(255 * c) for c in line.colour), 255], np.uint8)
        for each in path.find_all_matches("**/+GeomNode"):
            glyphs = each.node()
            for i in range(glyphs.get_num_geoms()):
                geom, on = glyphs.get_geom(i), glyphs.get_geom_state(i).get_attrib(core.TextureAttrib)
                if on is None:
                    continue  # a box of lines for a letter that the font has not, of which Panda warns
                page = pages.index(on.get_texture())
                positions = corner + line.em_m * column_of(geom, "vertex")[:, :3]
                count = len(positions)
                rectangle = np.zeros((count, 4), np.float32)
                rectangle[:, :2] = column_of(geom, "texcoord")[:, :2]
                button = np.full((count, 1), -3 if line.bold else -2, np.float32)
                yield page, _Part(positions, np.tile(colour, (count, 1)), rectangle, button, triangles_of(geom))


def text_width(text: str, em_m: float, bold: bool = False) -> float:
    """How wide one line is, metres."""
    node = core.TextNode("measure")
    node.set_font(_font(bold))
    return float(node.calc_width(text)) * em_m


def rows(text: str, em_m: float, wrap_m: float) -> int:
    """How many lines a text takes, wrapped at `wrap_m`."""
    node = core.TextNode("measure")
    node.set_font(_font(False))
    node.set_wordwrap(wrap_m / em_m)
    node.set_text(text)
    return int(node.get_num_rows())


def _plates(items: Sequence[Plate]) -> _Part:
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
    return _Part(positions, colour, rectangle, button, triangles)
