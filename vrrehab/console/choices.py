"""What there is to choose for a session: programmes, modes and places, and whether a choice can be carried out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

from telemetry.messages import Profile
from vrrehab.body.drives import MODES
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible, SceneFileError, UnknownName
from vrrehab.session.plan import lost_limbs, make_plan
from vrrehab.session.programme import Programme, load_programme

#: What drives the virtual limb, in a therapist's words.
MODES_IN_WORDS = {
    "mirror": "The virtual limb mirrors the intact one",
    "intact_only": "Only the intact limb is shown (control)",
    "observe": "The virtual limb moves by itself, and is watched",
    "residual": "A tracker on the residual limb leads it",
    "imagery": "The movement is imagined, and nothing moves",
    "distractor": "A task for the intact limb, without the virtual one (control)",
    "relax": "Resting, without a limb (control)",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A programme as it is offered: how many tasks it has, and why it cannot be (empty where it can)."""

    name: str
    title: str
    mode: str
    place: str
    tasks: int
    refused: str


def _scene_names(kind: str) -> list[str]:
    folder = resources.files("scenes") / kind
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def places() -> dict[str, str]:
    """Every place, by name, with its title."""
    folder = resources.files("scenes") / "places"
    return {
        name: str(tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))["title"])
        for name in _scene_names("places")
    }


def modes() -> dict[str, str]:
    """Every mode, with what it means."""
    return {mode: MODES_IN_WORDS.get(mode, mode.replace("_", " ")) for mode in MODES}


def offers(profile: Profile, mode: str | None = None, intact: Side | None = None) -> list[Offer]:
    """Every programme, those that can be carried out with this participant first."""
    found = []
    for name in _scene_names("programmes"):
        try:
            programme = load_programme(name)
            tasks = sum(len(block.tasks) for block in programme.blocks)
        except (SceneFileError, UnknownName):
            continue  # `vrrehab programme check` says what is wrong with it
        found.append(
            Offer(
                name,
                programme.title,
                programme.mode,
                programme.place,
                tasks,
                _why_not(profile, programme, mode, intact),
            )
        )
    return sorted(found, key=lambda offer: (bool(offer.refused), offer.name))


def needs_side(profile: Profile) -> bool:
    """Whether limbs are lost on both sides, so that a therapist has to say which one leads."""
    return {limb.side for limb in lost_limbs(profile)} == set(Side)


def why_not(profile: Profile, programme: str, mode: str | None, intact: Side | None) -> str:
    """Why this session cannot be; empty where it can."""
    return _why_not(profile, load_programme(programme), mode, intact)


def _why_not(profile: Profile, programme: Programme, mode: str | None, intact: Side | None) -> str:
    try:
        make_plan(profile, programme, mode, "person", 0, intact)
    except (NotPossible, SceneFileError, UnknownName) as error:
        return str(error)
    return ""
