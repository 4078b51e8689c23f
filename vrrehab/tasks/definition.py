"""Task definitions: what a TOML file in `scenes/tasks/` may say, and nothing it may not.

A file is read once, validated whole, and never changes while it runs; a definition that cannot work (an
open threshold above the closed one, a target out of reach) is refused here, not discovered by a patient.
"""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import read_toml

Seconds = Annotated[float, Meta(gt=0, le=600)]
Angle = Annotated[float, Meta(ge=-math.pi, le=math.pi)]
FeatureName = Literal[
    "hand_closure", "hip_flexion", "knee_flexion", "knee_extension", "ankle_flexion", "foot_inversion"
]
Count = Annotated[int, Meta(ge=1, le=100)]

#: Targets stay within this share of the arm's length, so that nobody has to strain (see docs/safety.md).
COMFORTABLE_REACH_RATIO = 0.9


#: The limbs, as a profile names them, that a feature or a reach may be for.
LIMBS_OF: dict[str, tuple[str, ...]] = {
    "hand_closure": ("hand",),
    "reach": ("hand", "arm"),
    **dict.fromkeys(("hip_flexion", "knee_flexion", "knee_extension"), ("leg",)),
    **dict.fromkeys(("ankle_flexion", "foot_inversion"), ("foot", "leg")),
}


class RepetitionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="repetition"):
    """One repetition is a feature rising above `high` after it has been below `low`.

    feature: one of `vrrehab.tasks.movement.FEATURES`, a share from 0 to 1 or an angle in radians. The two thresholds
    keep tremor from counting, and `least_half_s`, how long each half has to last, keeps a glitch from counting.
    """

    feature: FeatureName
    high: Angle
    low: Angle
    least_half_s: Seconds = 0.05

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"expected `low` below `high`, got low = {self.low} and high = {self.high}")


class ReachRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="reach"):
    """One repetition is the index fingertip staying in the lit target for `hold_s`.

    `targets` are (outward, up, forward) from the shoulder in arm lengths; outward is away from the middle
    of the body, so that one file serves both sides.
    """

    targets: Annotated[tuple[tuple[float, float, float], ...], Meta(min_length=1, max_length=24)]
    radius_m: Annotated[float, Meta(ge=0.02, le=0.2)] = 0.05
    hold_s: Seconds = 0.15

    def __post_init__(self) -> None:
        for target in self.targets:
            length = sum(x * x for x in target) ** 0.5
            if length > COMFORTABLE_REACH_RATIO:
                raise ValueError(
                    f"expected every target within {COMFORTABLE_REACH_RATIO:g} arm lengths of the shoulder, "
                    f"got {list(target)} at {length:.2f}"
                )


class TaskDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of movement. `goal` repetitions end it, or `time_limit_s` without shame."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
    limb: Literal["hand", "arm", "foot", "leg"]
    title: str
    instruction: str
    rule: RepetitionRule | ReachRule
    goal: Count = 8
    time_limit_s: Seconds = 90.0
    #: How long the movement is shown before the participant's turn.
    demonstration_s: Seconds = 5.0

    def __post_init__(self) -> None:
        moves = LIMBS_OF["reach" if isinstance(self.rule, ReachRule) else self.rule.feature]
        if self.limb not in moves:
            raise ValueError(f"expected `limb` to be {' or '.join(moves)} for this rule, got {self.limb}")


def load_task(name: str, folder: Path | None = None) -> TaskDefinition:
    """The task `name` from `folder`, by default the ones that ship in `scenes/tasks`; or the file at that path, if
    `name` ends in .toml.

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a task.
    """
    folder = folder or tasks_folder()
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("task", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    return read_toml(path, TaskDefinition)


def tasks_folder() -> Path:
    """Where the tasks that ship are."""
    return Path(str(resources.files("scenes"))) / "tasks"


def load_tasks() -> dict[str, TaskDefinition]:
    """Every task that ships, by name. Raises `SceneFileError` for a file that is none."""
    return {path.stem: load_task(path.stem) for path in sorted(tasks_folder().glob("*.toml"))}
