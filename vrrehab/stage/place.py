"""What a file in `scenes/places/` may say: a room as a person would describe it, checked whole before it is built.

Lengths are metres from the seated person's place on the floor: `right_m`, `forward_m` along the gaze, heights from
the floor. Colours are `#rrggbb` as they would look on a paint chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import SceneFileError, line_of, read_toml

Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
Size = Annotated[float, Meta(gt=0, le=12)]
Share = Annotated[float, Meta(ge=0, le=2)]


class Room(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the walls are from the person, and their colours."""

    left_m: Size
    right_m: Size
    front_m: Size
    back_m: Size
    height_m: Size
    walls: Colour
    front_wall: Colour
    ceiling: Colour
    skirting: Colour
    floor: Colour


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The window in the left wall; it is the light that shadows come from."""

    forward_m: float
    width_m: Size
    sill_m: Size
    height_m: Size
    frame: Colour
    curtains: Colour | None = None


class Lighting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`brightness`: how a white sheet on the table looks, 1 being as bright as a display goes."""

    brightness: Annotated[float, Meta(ge=0.2, le=1.5)]
    sky: Colour
    ground: Colour
    #: How much of a room lamp's warm light there is, against the window's.
    lamp: Share = 0.0
    lamp_colour: Colour = "#ffd9a8"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table in front of the person; `near_m` is how far its edge is from the middle of the body."""

    width_m: Size
    depth_m: Size
    top_m: Annotated[float, Meta(ge=0.4, le=1.2)]
    near_m: Annotated[float, Meta(ge=0.1, le=1.0)]
    thickness_m: Annotated[float, Meta(ge=0.015, le=0.1)]
    colour: Colour


class Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where instructions are written: the board's middle, on the front wall."""

    right_m: float
    up_m: Size
    width_m: Size
    height_m: Size
    colour: Colour
    letters: Colour
    frame: Colour


class Rug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    right_m: float
    forward_m: float
    radius_m: Size
    colour: Colour
    border: Colour


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    right_m: float
    forward_m: float
    height_m: Size
    leaves: Colour
    pot: Colour


class Sideboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A low cupboard at the front wall, with books and a lamp on it."""

    right_m: float
    width_m: Size
    height_m: Size
    depth_m: Size
    colour: Colour
    books: Annotated[tuple[Colour, ...], Meta(max_length=24)] = ()


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A framed picture of hills on the front wall."""

    right_m: float
    up_m: Size
    width_m: Size
    height_m: Size
    frame: Colour
    colours: Annotated[tuple[Colour, ...], Meta(min_length=2, max_length=6)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole place. `calm` is the colour that the view fades to when it has to stop."""

    title: str
    calm: Colour
    room: Room
    window: Window
    light: Lighting
    table: Table
    board: Board
    rug: Rug | None = None
    plants: tuple[Plant, ...] = ()
    sideboard: Sideboard | None = None
    pictures: tuple[Picture, ...] = ()


def load_place(name: str, folder: Path | None = None) -> Place:
    """The place `name` from `folder`, by default the ones that ship in `scenes/places`.

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a place.
    """
    folder = folder or Path(str(resources.files("scenes"))) / "places"
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("place", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    place = read_toml(path, Place)
    for where, problem in _contradictions(place):
        raise SceneFileError(str(path), line_of(path.read_text(encoding="utf-8"), where), problem)
    return place


def _contradictions(place: Place) -> Iterator[tuple[tuple[str, ...], str]]:
    """What cannot be built, although each value by itself could: where it is in the file, and the message."""
    room, window, table = place.room, place.window, place.table
    top = window.sill_m + window.height_m
    if top >= room.height_m:
        yield (
            ("window", "height_m"),
            f"expected the window to end below the ceiling at {room.height_m:g} m, but sill and height make {top:g} m; "
            "lower one of them",
        )
    near, far = window.forward_m - window.width_m / 2, window.forward_m + window.width_m / 2
    if far >= room.front_m or near <= -room.back_m:
        yield (
            ("window", "forward_m"),
            f"expected the window between the back wall and the front wall ({-room.back_m:g} to {room.front_m:g} m "
            f"forward), but it reaches from {near:g} to {far:g} m; move it or make it narrower",
        )
    end = table.near_m + table.depth_m
    if end >= room.front_m:
        yield (
            ("table", "depth_m"),
            f"expected the table to end before the front wall at {room.front_m:g} m, but it ends at {end:g} m; "
            "make it less deep",
        )
