"""What a file in `scenes/places/` may say: a place as a person would describe it, checked whole before it is built.

Its `kind` says what is built of it: a `room` with daylight from a window, a `garden` or a `beach` under the open sky.

Lengths are metres from the seated person's place on the floor: `right_m`, `forward_m` along the gaze, heights from
the floor. Colours are `#rrggbb` as they would look on a paint chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import SceneFileError, line_of, read_toml

Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
Size = Annotated[float, Meta(gt=0, le=12)]
Share = Annotated[float, Meta(ge=0, le=2)]

#: A board in the open stands this far behind the table; a table that leaves the legs in view is this far away.
_BEHIND_TABLE_M, _PUSHED_BACK_M = 0.3, 1.0


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


#: What is heard; `vrrehab.stage.sounds` makes each.
Sound = Literal["room", "garden", "beach"]


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


class StandingBoard(Board, frozen=True, forbid_unknown_fields=True):
    """A board that stands by itself: how far away its middle is, and how far it is turned towards the person."""

    forward_m: Annotated[float, Meta(ge=1.2, le=6)] = 2.4
    turn_deg: Annotated[float, Meta(ge=-60, le=60)] = 0.0


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tree with one stem; `spread_m` is how broad its crown is."""

    right_m: float
    forward_m: float
    height_m: Annotated[float, Meta(gt=0.5, le=20)]
    spread_m: Size
    leaves: Colour
    stem: Colour = "#7d6a56"


class Bed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Flowers round a middle; the more `tall_m`, the more they are spikes as lavender's are."""

    right_m: float
    forward_m: float
    radius_m: Size
    tall_m: Annotated[float, Meta(ge=0.1, le=1.5)]
    leaves: Colour
    flowers: Annotated[tuple[Colour, ...], Meta(min_length=1, max_length=8)]


class Stone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    right_m: float
    forward_m: float
    size_m: Annotated[float, Meta(gt=0.05, le=3)]
    colour: Colour


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What every place has. `calm` is the colour that the view fades to when it has to stop."""

    title: str
    calm: Colour
    table: Table
    board: Board
    sound: Sound

    @property
    def board_pose(self) -> tuple[float, float, float, float]:
        """The middle of the board, x y z in session space, and how far it is turned to the left, degrees."""
        raise NotImplementedError


class RoomPlace(Place, frozen=True, forbid_unknown_fields=True, tag="room", kw_only=True):
    room: Room
    window: Window
    light: Lighting
    rug: Rug | None = None
    plants: tuple[Plant, ...] = ()
    sideboard: Sideboard | None = None
    pictures: tuple[Picture, ...] = ()

    @property
    def board_pose(self) -> tuple[float, float, float, float]:
        return self.board.right_m, self.board.up_m, -self.room.front_m, 0.0


class OpenPlace(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place under the open sky. `brightness` is as a room's; `clouds` the share of the sky that they cover."""

    board: StandingBoard
    brightness: Annotated[float, Meta(ge=0.2, le=1.5)] = 1.0
    clouds: Annotated[float, Meta(ge=0, le=1)] = 0.4

    @property
    def board_pose(self) -> tuple[float, float, float, float]:
        return self.board.right_m, self.board.up_m, -self.board.forward_m, self.board.turn_deg


class GardenPlace(OpenPlace, frozen=True, forbid_unknown_fields=True, tag="garden", kw_only=True):
    """A paved terrace before a lawn with a hedge round it, and hills beyond."""

    stone: Colour
    lawn: Colour
    hedge: Colour
    hills: Colour
    trees: Annotated[tuple[Tree, ...], Meta(max_length=12)] = ()
    beds: Annotated[tuple[Bed, ...], Meta(max_length=12)] = ()


class BeachPlace(OpenPlace, frozen=True, forbid_unknown_fields=True, tag="beach", kw_only=True):
    """A wooden deck on a sandy shore. `shore_m` is how far ahead the water begins, `below_m` how far under the deck."""

    deck: Colour
    sand: Colour
    grass: Colour
    headland: Colour
    shallow: Colour
    deep: Colour
    shore_m: Annotated[float, Meta(ge=4, le=20)]
    below_m: Annotated[float, Meta(ge=0.3, le=3)]
    stones: Annotated[tuple[Stone, ...], Meta(max_length=40)] = ()


AnyPlace = RoomPlace | GardenPlace | BeachPlace


def place_file(name: str, folder: Path | None = None) -> Path:
    """The file that `name` means, whether it is there or not."""
    return (folder or Path(str(resources.files("scenes"))) / "places") / f"{name}.toml"


def load_place(name: str, folder: Path | None = None) -> AnyPlace:
    """The place `name` from `folder`, by default the ones that ship in `scenes/places`.

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a place.
    """
    path = place_file(name, folder)
    folder = path.parent
    if not path.is_file():
        raise UnknownName("place", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    place: AnyPlace = read_toml(path, AnyPlace)  # type: ignore[arg-type]  # mypy takes a union for no type
    for where, problem in _contradictions(place):
        raise SceneFileError(str(path), line_of(path.read_text(encoding="utf-8"), where), problem)
    return place


def with_legs_in_view(place: AnyPlace) -> AnyPlace:
    """The place with its table pushed back, so that whoever sits there sees their legs, stretched out too."""
    beyond_m = place.board.forward_m - _BEHIND_TABLE_M if isinstance(place, OpenPlace) else place.room.front_m
    table = place.table
    near_m = max(min(_PUSHED_BACK_M, beyond_m - table.depth_m - 0.05), table.near_m)
    return replace(place, table=replace(table, near_m=near_m))


def place_for(name: str, *, legs: bool) -> AnyPlace:
    """The place `name` as `load_place` gives it; `legs`: for a session that works with legs, which have to be seen."""
    place = load_place(name)
    return with_legs_in_view(place) if legs else place


def _contradictions(place: AnyPlace) -> Iterator[tuple[tuple[str, ...], str]]:
    """What cannot be built, although each value by itself could: where it is in the file, and the message."""
    table = place.table
    end = table.near_m + table.depth_m
    if isinstance(place, OpenPlace):
        if end >= place.board.forward_m - _BEHIND_TABLE_M:
            yield (
                ("board", "forward_m"),
                f"expected the board to stand behind the table, which ends at {end:g} m, "
                f"but it stands at {place.board.forward_m:g} m; move it {_BEHIND_TABLE_M:g} m or more beyond",
            )
        return
    room, window = place.room, place.window
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
    if end >= room.front_m:
        yield (
            ("table", "depth_m"),
            f"expected the table to end before the front wall at {room.front_m:g} m, but it ends at {end:g} m; "
            "make it less deep",
        )
