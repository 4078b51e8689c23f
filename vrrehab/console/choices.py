"""What there is to choose for a session: programmes, modes and places, and whether a choice can be carried out."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from telemetry.messages import Profile
from telemetry.wire import PastSession
from vrrehab.body.drives import MODES
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible, SceneFileError, UnknownName
from vrrehab.session.course import COURSE, Course, due, load_plan
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
    """A programme or a course as it is offered: how many tasks it has, and why it cannot be (empty where it can)."""

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


def offers(
    profile: Profile, mode: str | None = None, intact: Side | None = None, past: Sequence[PastSession] = ()
) -> list[Offer]:
    """Every programme, and every course as what of it is due after the sessions so far; those that can be carried out
    with this participant first.
    """
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
    found += [_offered(name, profile, mode, intact, past) for name in _scene_names("courses")]
    return sorted(found, key=lambda offer: bool(offer.refused))


def plan_of(past: PastSession) -> str:
    """The course that a session on record was of, or else its programme."""
    return next((str(detail["course"]) for name, detail in past.told if name == COURSE), past.programme)


def continued(past: Sequence[PastSession], possible: Sequence[Offer]) -> tuple[str, str] | None:
    """What the last session that is still possible goes on with: a course or a programme, and the programme's mode."""
    names = {offer.name for offer in possible}
    last = next((each for each in reversed(past) if plan_of(each) in names), None)
    if last is None:
        return None
    name = plan_of(last)
    return name, last.mode if name == last.programme else ""


def _offered(name: str, profile: Profile, mode: str | None, intact: Side | None, past: Sequence[PastSession]) -> Offer:
    """A course as what of it is due, for a person: a rehearsal is none of theirs."""
    course = load_plan(name)
    assert isinstance(course, Course)
    try:
        now = due(course, profile.code, "person", past)
    except NotPossible as error:
        return Offer(name, course.title, "", "", 0, str(error))
    programme = load_programme(now.phase.programme)
    drives = mode or now.phase.mode or programme.mode
    title = f"{course.title}: {now.session}, {now.phase.name}"
    tasks = sum(len(block.tasks) for block in programme.blocks)
    return Offer(name, title, drives, programme.place, tasks, _why_not(profile, programme, drives, intact))


def needs_side(profile: Profile) -> bool:
    """Whether limbs are lost on both sides, so that a therapist has to say which one leads."""
    return {limb.side for limb in lost_limbs(profile)} == set(Side)


def why_not(
    profile: Profile, programme: str, mode: str | None, intact: Side | None, past: Sequence[PastSession] = ()
) -> str:
    """Why this session cannot be; empty where it can."""
    plan = load_plan(programme)
    if isinstance(plan, Course):
        return _offered(programme, profile, mode, intact, past).refused
    return _why_not(profile, plan, mode, intact)


def _why_not(profile: Profile, programme: Programme, mode: str | None, intact: Side | None) -> str:
    try:
        make_plan(profile, programme, mode, "person", 0, intact)
    except (NotPossible, SceneFileError, UnknownName) as error:
        return str(error)
    return ""
