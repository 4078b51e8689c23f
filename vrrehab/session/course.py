"""Courses: plans over several sessions, read from `scenes/courses`: which programme, in which mode, is due this time.

Single-case designs (ABAB phases, alternating or randomised conditions) and graded motor imagery. What is due follows
from the file, the participant's code and the sessions that are on record, and from nothing else: no state is kept. The
lot is drawn from the file's seed and the code, so that it says the same before each session.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from vrrehab.body.drives import Mode
from vrrehab.errors import NotPossible, SceneFileError, UnknownName
from vrrehab.session.programme import Name, Programme, load_programme, programme_file
from vrrehab.session.toml_file import line_of, read_toml

#: The event that puts on record what of a course a session is.
COURSE = "course"
Value = float | int | str | bool | None
Length = Annotated[int, Meta(ge=1, le=60)]
Sessions = Annotated[int, Meta(ge=2, le=120)]


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a graded course goes on from a phase: after `sessions` of it, and where the last `in_a_row` of them told
    left from right this well and this quickly. A session without such judgements meets no `accuracy`.
    """

    sessions: Length = 1
    in_a_row: Length = 1
    accuracy: Annotated[float, Meta(gt=0.5, le=1)] | None = None
    response_s: Annotated[float, Meta(gt=0, le=20)] | None = None


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition, or a phase: which programme, and in which mode if not the programme's own. `advance` is for graded
    courses.
    """

    name: Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    programme: str
    mode: Mode | None = None
    advance: Advance | None = None


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan over several sessions.

    design: `phases`, one after the other as `order` and `lengths` say, where a length of two numbers is drawn between
    them; `alternating`, in turn from one drawn by lot; `randomised`, by lot within each `block_sessions`, in which each
    comes as often; `graded`, one phase after the other as the participant gets on. flare_points: so much more pain
    than at a session's start leads a graded course back a phase.
    """

    name: Name
    title: str
    design: Literal["phases", "alternating", "randomised", "graded"]
    phases: Annotated[tuple[Phase, ...], Meta(min_length=2, max_length=6)]
    order: tuple[str, ...] = ()
    #: A bound on the one number would make msgspec 0.22 crash; `__post_init__` has it.
    lengths: tuple[int | tuple[Length, Length], ...] = ()
    sessions: Sessions | None = None
    block_sessions: Length | None = None
    flare_points: Annotated[float, Meta(ge=1, le=10)] = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise ValueError(f"expected every phase to have a name of its own, got {', '.join(names)}")
        if self.design == "phases":
            if unknown := [name for name in self.order if name not in names]:
                raise ValueError(f"expected `order` to name phases ({', '.join(names)}), got {unknown[0]}")
            for length in self.lengths:
                least, most = (length, length) if isinstance(length, int) else length
                if not 1 <= least <= most:
                    raise ValueError(f"expected `lengths` of 1 or more, the lesser number first, got {length}")
            if not self.order or len(self.order) != len(self.lengths):
                raise ValueError(
                    f"expected `order` and `lengths` to have as many entries, got {len(self.order)} and "
                    f"{len(self.lengths)}"
                )
        elif self.design in ("alternating", "randomised") and self.sessions is None:
            raise ValueError(f"expected `sessions`, how many there are, for the design {self.design}")
        if self.design == "randomised" and self.block % len(names):
            raise ValueError(
                f"expected `block_sessions` to be a multiple of the {len(names)} phases, got {self.block_sessions}"
            )
        if self.design != "graded" and any(phase.advance for phase in self.phases):
            raise ValueError(f"expected `advance` in a graded course only, got it in one that is {self.design}")

    @property
    def block(self) -> int:
        """How many sessions a lot is drawn over."""
        return self.block_sessions or len(self.phases)

    def phase(self, name: str) -> Phase:
        """Raises `UnknownName` where there is none."""
        names = [phase.name for phase in self.phases]
        if name not in names:
            raise UnknownName("phase", name, names, f"the course {self.name}")
        return self.phases[names.index(name)]


class PastSession(Protocol):
    """A session on record, as the recorder tells it: `told` has the events that a later session goes by."""

    @property
    def origin(self) -> str: ...

    @property
    def task_runs(self) -> int: ...

    @property
    def pain_first(self) -> float | None: ...

    @property
    def pain_most(self) -> float | None: ...

    @property
    def told(self) -> Sequence[tuple[str, Mapping[str, Value]]]: ...


@dataclass(frozen=True, slots=True)
class Due:
    """What of a course a session is. session: counts the course's sessions from 1. block: the stretch within which the
    lot was drawn, or in which place of the order it is, from 1. order: the whole plan in names, empty where it is not
    known before. why: in words.
    """

    course: str
    title: str
    design: str
    phase: Phase
    session: int
    block: int
    order: tuple[str, ...]
    seed: int
    by_therapist: bool
    why: str

    def told(self) -> dict[str, Value]:
        """For the record."""
        return {
            "course": self.course, "design": self.design, "condition": self.phase.name, "session": self.session,
            "block": self.block, "by": "therapist" if self.by_therapist else "programme", "seed": self.seed,
            "order": " ".join(self.order), "why": self.why,
        }  # fmt: skip

    def __str__(self) -> str:
        of = f" of {len(self.order)}" if self.order else ""
        return f"{self.title}: session {self.session}{of}, {self.phase.name}; {self.why}."


def courses_folder() -> Path:
    """Where the courses that ship are."""
    return Path(str(resources.files("scenes"))) / "courses"


def load_plan(name: str) -> Programme | Course:
    """The programme or the course `name`, or the one in a file whose name ends in .toml.

    Raises `UnknownName` where there is neither, `SceneFileError` where a file is not one, or names one that is none.
    """
    folder = courses_folder()
    path = programme_file(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not path.is_file():
        try:
            return load_programme(name)
        except UnknownName as error:
            known = {file.stem for where in (folder, programme_file("demo").parent) for file in where.glob("*.toml")}
            raise UnknownName("programme", name, sorted(known), folder.parent) from error
    if name.endswith(".toml") and not _is_course(path):
        return load_programme(name)
    course = read_toml(path, Course)
    phases = tuple(_found(phase, path, i) for i, phase in enumerate(course.phases))
    return msgspec.structs.replace(course, phases=phases)


def _is_course(path: Path) -> bool:
    """Whether a file means to be a course; whether it is one is for whoever reads it."""
    return any(line.replace(" ", "").startswith("design=") for line in path.read_text(errors="replace").splitlines())


def _found(phase: Phase, path: Path, index: int) -> Phase:
    """The phase, with a programme's file named from where the course is."""
    if phase.programme.endswith(".toml"):
        phase = msgspec.structs.replace(phase, programme=str(path.parent / phase.programme))
    try:
        load_programme(phase.programme)
    except UnknownName as error:
        line = line_of(path.read_text(encoding="utf-8"), ("phases", index, "programme"))
        raise SceneFileError(str(path), line, f"expected a programme that there is; {error}") from error
    return phase


def due(
    course: Course, code: str, origin: str, past: Sequence[PastSession], chosen: str | None = None,
    session: int | None = None,
) -> Due:  # fmt: skip
    """What of the course is due for a participant now.

    past: the sessions on record, oldest first; those of this course and origin count in which a task was performed.
    chosen: the phase that a therapist chooses against the plan. session: its number, where the record does not say.
    Raises `NotPossible` when the plan is at its end, `UnknownName` for a phase that there is not.
    """
    own = [(each, detail) for each in past if (detail := _of_course(each, course.name, origin)) is not None]
    number = session or len(own) + 1
    seed = course.seed
    if course.design == "graded":
        order: tuple[str, ...] = ()
        name, why = _graded(course, own)
        block = [phase.name for phase in course.phases].index(name) + 1
    else:
        order, blocks = _drawn(course, random.Random(f"{seed} {course.name} {code}"))
        if number > len(order) and chosen is None:
            raise NotPossible(
                f"Expected a session of {course.name}, which has {len(order)}, but {code} is at number {number}. "
                "Choose another programme, or say which of its phases with --phase."
            )
        at = min(number, len(order)) - 1
        name, block, why = order[at], blocks[at], f"as drawn by lot with seed {seed}"
        if course.design == "phases":
            why = f"place {block} of {' '.join(course.order)}"
    if chosen is not None and course.phase(chosen).name != name:
        name, why = chosen, f"chosen by the therapist, where {name} was due"
        return Due(course.name, course.title, course.design, course.phase(name), number, block, order, seed, True, why)
    return Due(course.name, course.title, course.design, course.phase(name), number, block, order, seed, False, why)


def _of_course(past: PastSession, course: str, origin: str) -> Mapping[str, Value] | None:
    """What a past session said of this course; None for one of another, or in which nothing was performed."""
    if past.origin != origin or not past.task_runs:
        return None
    return next((detail for name, detail in past.told if name == COURSE and detail.get("course") == course), None)


def _drawn(course: Course, chance: random.Random) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names of all sessions in order, and the stretch that each is in."""
    names = [phase.name for phase in course.phases]
    if course.design == "phases":
        drawn = [length if isinstance(length, int) else chance.randint(*length) for length in course.lengths]
        stretches = [[name] * length for name, length in zip(course.order, drawn, strict=True)]
    elif course.design == "alternating":
        first = chance.randrange(len(names))
        turn = [names[(first + i) % len(names)] for i in range(course.sessions or 0)]
        stretches = [turn[i : i + len(names)] for i in range(0, len(turn), len(names))]
    else:
        stretches, left = [], course.sessions or 0
        while left > 0:
            block = names * (course.block // len(names))
            chance.shuffle(block)
            stretches.append(block[:left])
            left -= course.block
    blocks = [[i + 1] * len(stretch) for i, stretch in enumerate(stretches)]
    return tuple(itertools.chain(*stretches)), tuple(itertools.chain(*blocks))


# --- graded ---


def _graded(course: Course, own: Sequence[tuple[PastSession, Mapping[str, Value]]]) -> tuple[str, str]:
    """The phase that is due, and why: one on where the last sessions were good enough, one back after a flare."""
    names = [phase.name for phase in course.phases]
    if not own:
        return names[0], "the course begins"
    last, detail = own[-1]
    at = names.index(str(detail["condition"])) if detail["condition"] in names else 0
    if (rise := _rise(last)) >= course.flare_points:
        back = max(at - 1, 0)
        return names[back], f"pain rose by {rise:g} points in the last session"
    in_phase = [past for past, _ in itertools.takewhile(lambda each: each[1]["condition"] == names[at], own[::-1])]
    advance = course.phases[at].advance
    if at + 1 == len(names) or advance is None:
        return names[at], f"session {len(in_phase) + 1} of the last phase"
    if len(in_phase) < max(advance.sessions, advance.in_a_row):
        return names[at], f"after {len(in_phase)} of at least {max(advance.sessions, advance.in_a_row)} sessions"
    for past in in_phase[: advance.in_a_row]:
        if (lacking := _lacking(past, advance)) is not None:
            return names[at], lacking
    return names[at + 1], f"{names[at]} was good enough"


def _rise(past: PastSession) -> float:
    if past.pain_first is None or past.pain_most is None:
        return 0.0
    return past.pain_most - past.pain_first


def _lacking(past: PastSession, advance: Advance) -> str | None:
    """What a session lacked to go on, in words; None where nothing is."""
    judged = [detail for name, detail in past.told if name == "score" and "accuracy" in detail]
    if advance.accuracy is None and advance.response_s is None:
        return None
    if not judged:
        return "no judgement of left and right was on record"
    trials = sum(_number(each, "trials") for each in judged)
    accuracy = sum(_number(each, "accuracy") * _number(each, "trials") for each in judged) / trials
    timed = [_number(each, "response_s") for each in judged if "response_s" in each]
    if advance.accuracy is not None and accuracy < advance.accuracy:
        return f"{accuracy:.0%} were right, {advance.accuracy:.0%} are wanted"
    if advance.response_s is not None and (not timed or max(timed) > advance.response_s):
        took = f"an answer took {max(timed):.1f} s" if timed else "no answer was right"
        return f"{took}, {advance.response_s:g} s are wanted"
    return None


def _number(detail: Mapping[str, Value], name: str) -> float:
    value = detail.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
