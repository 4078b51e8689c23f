"""A room: its shell, its furniture and its daylight."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vrrehab.stage import furniture
from vrrehab.stage.daylight import Daylight, Lamp
from vrrehab.stage.furniture import Thing
from vrrehab.stage.material import Light
from vrrehab.stage.mesh import Mesh, both_sides, box, grid, join, linear, room_node, sheet
from vrrehab.stage.patterns import Pattern
from vrrehab.stage.place import Room, RoomPlace, Window
from vrrehab.stage.plant import plant
from vrrehab.stage.sunlight import HOURS_H
from vrrehab.stage.world import ABOVE_TABLE_M, Hour, Layer, World, day_of_room, tiled

_REVEAL_M = 0.14
_ADAPTATION = 0.85
#: The window's and the room's light at the hours of the day, against noon's; the lamp makes up for the sun.
_WINDOW_TINTS = np.array([(1.02, 0.95, 0.84), (1.0, 1.0, 1.0), (0.74, 0.58, 0.44)])
_ROOM_TINTS = np.array([(1.0, 0.96, 0.90), (1.0, 1.0, 1.0), (0.90, 0.80, 0.68)])


def build(place: RoomPlace) -> World:
    room = place.room
    wall_z = -room.front_m
    things = [_shell(place), furniture.table(place.table), furniture.board(place.board, wall_z)]
    if place.sideboard:
        things.append(furniture.sideboard(place.sideboard, wall_z))
    if place.rug:
        things.append(furniture.rug(place.rug))
    decor = [plant(each) for each in place.plants]
    decor += [furniture.picture(picture, wall_z) for picture in place.pictures]
    daylight = _daylight(place, things + decor)
    table = place.table
    spot = np.array([0.0, table.top_m + ABOVE_TABLE_M, -(table.near_m + 0.3 * table.depth_m)])
    scale = _exposure(place, daylight)
    noon = daylight.at(spot, table.top_m)
    noon = replace(noon, key=noon.key * scale, ambient=noon.ambient * scale, window=noon.window * scale)

    def layer(parts: list[Thing], is_decor: bool) -> Layer:
        mesh = join([thing.mesh for thing in parts])
        window, rest = daylight.bake(mesh.positions, mesh.normals)
        return Layer(room_node("room", tiled(mesh), window * scale, rest * scale), ("surface", "BAKED"), is_decor)

    layers = [layer(things, False)] + ([layer(decor, True)] if decor else [])
    return World(tuple(layers), partial(_at, noon))


def _at(noon: Light, hour_h: float) -> Hour:
    window, rest = (
        np.array([np.interp(hour_h, HOURS_H, tints[:, c]) for c in range(3)]) for tints in (_WINDOW_TINTS, _ROOM_TINTS)
    )
    light = replace(noon, key=noon.key * window, ambient=noon.ambient * rest, window=noon.window * window)
    return Hour(light, day_of_room(window, rest))


def _exposure(place: RoomPlace, daylight: Daylight) -> NDArray[np.float64]:
    """What makes a white sheet on the table as bright as the place asks for, (3,).

    It takes out most of the light's tint, as a person's eye does after a minute in a room.
    """
    table = place.table
    sheet = np.array([[0.0, table.top_m, -(table.near_m + 0.4 * table.depth_m)]], np.float32)
    window, rest = daylight.bake(sheet, np.array([[0, 1, 0]], np.float32))
    sheet_light = (window + rest)[0]
    return place.light.brightness / sheet_light.mean() * (sheet_light.mean() / sheet_light) ** _ADAPTATION


def _daylight(place: RoomPlace, things: list[Thing]) -> Daylight:
    room, window, light = place.room, place.window, place.light
    wall, floor = linear(room.walls), linear(room.floor)
    lamp = None
    if place.sideboard and light.lamp > 0:
        lamp = Lamp(furniture.lamp_place(place.sideboard, -room.front_m), 0.16 * light.lamp * linear(light.lamp_colour))
    return Daylight(
        low=np.array([-room.left_m, 0.0, -room.front_m]),
        high=np.array([room.right_m, room.height_m, room.back_m]),
        window_centre=np.array([-room.left_m, window.sill_m + window.height_m / 2, -window.forward_m]),
        window_half=np.array([window.width_m / 2, window.height_m / 2]),
        sky=linear(light.sky),
        ground=0.25 * linear(light.ground),
        walls=np.array([wall, wall, linear(room.ceiling), floor, wall, linear(room.front_wall)]),
        blocks=tuple(block for thing in things for block in thing.blocks),
        lamp=lamp,
    )


def _shell(place: RoomPlace) -> Thing:
    room = place.room
    left, right, front, back, high = -room.left_m, room.right_m, -room.front_m, room.back_m, room.height_m
    width, depth = right - left, back - front
    boards = grid((left, 0, back), (width, 0, 0), (0, 0, -depth), uv_turned=True)
    parts = [
        boards.painted(linear(room.floor), 0.45, Pattern.BOARDS, 1.0),
        _plaster(grid((left, high, front), (width, 0, 0), (0, 0, depth), 0.2), room.ceiling),
        _plaster(grid((left, 0, front), (width, 0, 0), (0, high, 0)), room.front_wall),
        _plaster(grid((right, 0, back), (-width, 0, 0), (0, high, 0), 0.2), room.walls),
        _plaster(grid((right, 0, front), (0, 0, depth), (0, high, 0)), room.walls),
        _window_wall(room, place.window),
        _window(room, place.window),
        _skirting(room),
    ]
    if place.window.curtains:
        parts.append(_curtains(room, place.window, place.window.curtains))
    return Thing(join(parts))


def _plaster(mesh: Mesh, colour: str) -> Mesh:
    return mesh.painted(linear(colour), 0.92, Pattern.PLASTER, 1.0)


def _window_wall(room: Room, window: Window) -> Mesh:
    """The left wall round the window, facing +x, and the sides of the opening."""
    x, high = -room.left_m, room.height_m
    near, far = -window.forward_m + window.width_m / 2, -window.forward_m - window.width_m / 2
    low, top = window.sill_m, window.sill_m + window.height_m
    back, front = room.back_m, -room.front_m

    def panel(z0: float, z1: float, y0: float, y1: float) -> Mesh:
        return grid((x, y0, z0), (0, 0, z1 - z0), (0, y1 - y0, 0))

    wall = [
        panel(back, near, 0, high),
        panel(far, front, 0, high),
        panel(near, far, 0, low),
        panel(near, far, top, high),
    ]
    depth = (_REVEAL_M, 0, 0)
    out = x - _REVEAL_M
    opening = [
        grid((out, low, near), (0, 0, far - near), depth, 0.07),
        grid((out, top, near), depth, (0, 0, far - near), 0.07),
        grid((out, low, far), (0, top - low, 0), depth, 0.07),
        grid((out, low, near), depth, (0, top - low, 0), 0.07),
    ]
    return join([_plaster(join(wall), room.walls), _plaster(join(opening), window.frame)])


def _window(room: Room, window: Window) -> Mesh:
    """Frame, sill and the garden behind, which glows by itself."""
    x = -room.left_m - _REVEAL_M
    near, far = -window.forward_m + window.width_m / 2, -window.forward_m - window.width_m / 2
    low, top = window.sill_m, window.sill_m + window.height_m
    middle_z, middle_y = (near + far) / 2, (low + top) / 2
    bar, deep = 0.055, 0.05
    frame = [
        box((x + 0.03, y, middle_z), (deep, bar, window.width_m), 0.004, grain=2)
        for y in (low + bar / 2, top - bar / 2)
    ]
    frame += [
        box((x + 0.03, middle_y, z), (deep, window.height_m, bar), 0.004, grain=1)
        for z in (near - bar / 2, far + bar / 2, middle_z)
    ]
    sill = box(
        (-room.left_m + 0.02 - _REVEAL_M / 2, low + 0.012, middle_z),
        (_REVEAL_M + 0.04, 0.028, window.width_m + 0.01),
        0.008,
        0.08,
        grain=2,
    )
    # Set back, so that it shifts against the frame as a real garden does when the head moves.
    far_out, spread = 1.6, 3.2
    garden = grid(
        (x - far_out, low - spread, near + spread),
        (0, 0, far - near - 2 * spread),
        (0, window.height_m + 2 * spread, 0),
        1.0,
    )
    # The whole of it is one picture, upright.
    extent = np.array([near - far + 2 * spread, window.height_m + 2 * spread], np.float32)
    garden = replace(garden, uv=0.01 + 0.98 * garden.uv / extent)
    return join(
        [
            join([*frame, sill]).painted(linear(window.frame), 0.5),
            garden.painted((1.0, 1.0, 1.0), 1.0, Pattern.GARDEN, 1.0, emission=1.15),
        ]
    )


def _skirting(room: Room) -> Mesh:
    """Front and top of a board along each wall, going round the room counter-clockwise from above."""
    left, right, front, back = -room.left_m, room.right_m, -room.front_m, room.back_m
    tall, deep = 0.09, 0.016
    corners = np.array([[left, 0, front], [left, 0, back], [right, 0, back], [right, 0, front]])
    boards = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = end - start
        inward = deep * np.cross(along, (0, -1, 0)) / np.linalg.norm(along)
        boards.append(grid(start + inward, -along, (0, tall, 0), 0.25).moved(along))
        boards.append(grid(start, inward, -along, 0.25).moved(along + np.array([0, tall, 0])))
    return join(boards).painted(linear(room.skirting), 0.55)


def _curtains(room: Room, window: Window, colour: str) -> Mesh:
    """Linen in folds at both sides of the window, from above it to the floor."""
    top = min(window.sill_m + window.height_m + 0.14, room.height_m - 0.02)
    near, far = -window.forward_m + window.width_m / 2, -window.forward_m - window.width_m / 2
    sheets = []
    for edge, way in ((near, 1), (far, -1)):
        t, s = np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 57), indexing="ij")
        fold = 0.035 * np.sin(2 * np.pi * 7 * s + 0.5 * np.sin(3 * t)) * (0.55 + 0.45 * t)
        x = -room.left_m + 0.075 + fold + 0.012 * np.sin(17 * s)
        y = top - t * (top - 0.02)
        z = edge + way * (-0.06 + 0.42 * s * (1 + 0.06 * t))
        uv = np.stack([s * 0.6, t * top], axis=-1)
        sheets.append(both_sides(sheet(np.stack([x, y, z], axis=-1), uv)))
    return join(sheets).painted(linear(colour), 1.0, Pattern.CLOTH, 0.7)
