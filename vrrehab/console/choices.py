"""What there is to choose for a session: programmes, modes and places, and whether a choice can be carried out."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from telemetry.messages import Profile
from telemetry.wire import PastSession
from vrrehab.body.drives import MODES
from vrrehab.body.limb import CHAIN_OF, Chain
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible, SceneFileError, UnknownName
from vrrehab.session.course import COURSE, Course, due, load_plan
from vrrehab.session.plan import FOR_ANY_LIMB, lost_limbs, make_plan
from vrrehab.session.programme import Programme, lay_out, load_programme
from vrrehab.tasks.definition import TaskDefinition

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


#: What somebody begins with, and what is for showing the system: the first and the last of the programmes.
_FIRST, _LAST = ("first_session", "first_leg_session"), ("demo",)
_OTHER_LIMBS = {
    Chain.ARM: "It is for hands and arms, and none is lost.",
    Chain.LEG: "It is for feet and legs, and none is lost.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A programme or a course as it is offered: how many tasks it has, and why it cannot be (empty where it can).

    due: of a course, which of its sessions this is and the name of its phase.
    """

    name: str
    title: str
    mode: str
    place: str
    tasks: int
    refused: str
    due: tuple[int, str] | None = None


def _scene_names(kind: str) -> list[str]:
    folder = resources.files("scenes") / kind
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def titles(kind: str) -> dict[str, str]:
    """Every one of a kind of scenes' files (`places`, `programmes`, `courses`, `tasks`), by name, with its title."""
    folder = resources.files("scenes") / kind
    return {
        name: str(tomllib.loads((folder / f"{name}.toml").read_text("utf-8")).get("title", name))
        for name in _scene_names(kind)
    }


@cache
def title_of(kind: str, name: str) -> str:
    """The title of one of them; its name in words where there is none such, as of another version."""
    return titles(kind).get(name, name.replace("_", " "))


def modes() -> dict[str, str]:
    """Every mode, with what it means."""
    return {mode: MODES_IN_WORDS.get(mode, mode.replace("_", " ")) for mode in MODES}


def offers(
    profile: Profile, mode: str | None = None, intact: Side | None = None, past: Sequence[PastSession] = ()
) -> list[Offer]:
    """Every programme, and every course as what of it is due after the sessions so far; those that can be carried out
    with this participant first, and of these a first session.
    """
    found = []
    names = _scene_names("programmes")
    for name in sorted(names, key=lambda name: (name not in _FIRST, name in _LAST)):
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
    tasks = sum(len(block.tasks) for block in programme.blocks)
    # What is due now is no use where what comes after it cannot be.
    phases = sorted(course.phases, key=lambda phase: phase.name != now.phase.name)
    each = (_why_not(profile, load_programme(phase.programme), mode or phase.mode, intact) for phase in phases)
    why = next((why for why in each if why), "")
    return Offer(name, course.title, drives, programme.place, tasks, why, (now.session, now.phase.name))


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
    lost = {limb.chain for limb in lost_limbs(profile)}
    meant = {CHAIN_OF[task.limb] for task in _tasks_of(programme) if task.limb != "any"}
    if len(lost) == 1 and meant and meant.isdisjoint(lost) and (mode or programme.mode) not in FOR_ANY_LIMB:
        return _OTHER_LIMBS[next(chain for chain in Chain if chain in meant)]
    try:
        make_plan(profile, programme, mode, "person", 0, intact)
    except (NotPossible, SceneFileError, UnknownName) as error:
        return str(error)
    return ""


def _tasks_of(programme: Programme) -> list[TaskDefinition]:
    return [step.task for step in lay_out(programme, 0, programme.mode)]
