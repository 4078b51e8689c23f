"""From the description of a place to the place: one builder a kind."""

from __future__ import annotations

from vrrehab.stage import beach, garden, room
from vrrehab.stage.material import Tier
from vrrehab.stage.place import AnyPlace, GardenPlace, RoomPlace
from vrrehab.stage.world import World

#: How many leaves and vertices a place may have in each tier, against the most.
_LAVISH = {Tier.FULL: 1.0, Tier.LOW: 0.25}


def build(place: AnyPlace, tier: Tier) -> World:
    if isinstance(place, RoomPlace):
        return room.build(place)
    if isinstance(place, GardenPlace):
        return garden.build(place, _LAVISH[tier])
    return beach.build(place, _LAVISH[tier])
