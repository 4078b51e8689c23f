"""From the description of a place to the place: one builder a kind, and all that it takes to be there."""

from __future__ import annotations

from dataclasses import dataclass

from panda3d import core

from vrrehab.stage import beach, garden, room, sounds
from vrrehab.stage.material import Tier
from vrrehab.stage.patterns import INDOORS, Pattern, texture
from vrrehab.stage.place import AnyPlace, GardenPlace, RoomPlace
from vrrehab.stage.world import World

#: How many leaves and vertices a place may have in each tier, against the most.
_LAVISH = {Tier.FULL: 1.0, Tier.LOW: 0.25}
#: How large the texture of patterns is, and how finely it is looked at from aside.
_PATTERNS = {Tier.FULL: (1024, 8), Tier.LOW: (512, 1)}


@dataclass(frozen=True, slots=True)
class Made:
    """A place ready to be shown.

    patterns: None where those that are there already do. sound: its loop as a WAV file, None where nobody hears it.
    """

    place: AnyPlace
    world: World
    patterns: core.Texture | None
    sound: bytes | None = None


def build(place: AnyPlace, tier: Tier) -> World:
    if isinstance(place, RoomPlace):
        return room.build(place)
    if isinstance(place, GardenPlace):
        return garden.build(place, _LAVISH[tier])
    return beach.build(place, _LAVISH[tier])


def patterns_for(place: AnyPlace) -> Pattern:
    """The last of the patterns that a place needs."""
    return INDOORS if isinstance(place, RoomPlace) else Pattern.CLOUDS


def make(place: AnyPlace, tier: Tier, has: Pattern | None = None, *, heard: bool = False) -> Made:
    """All that it takes to be there; seconds of work. has: the last of the patterns that there are already."""
    last = patterns_for(place)
    enough = has is not None and has >= last
    return Made(
        place,
        build(place, tier),
        None if enough else texture(*_PATTERNS[tier], last),
        sounds.wav(sounds.loop(place.sound)) if heard else None,
    )
