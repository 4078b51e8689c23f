"""Whether a programme can be used, told without a participant: each task in its mode, how long it takes, what is rated.

What only a participant decides (which limbs, which side) is for `vrrehab.session.plan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vrrehab.body.limb import CHAIN_OF, Chain
from vrrehab.errors import SceneFileError
from vrrehab.session.programme import Programme, Step, lay_out
from vrrehab.session.questions import questions_of
from vrrehab.session.toml_file import line_of

#: More rated task runs than this ask too often; longer than this is long for a first programme.
MOST_RATED = 8
LONG_MIN = 30.0
#: How long one question takes, and measuring one limb, in seconds.
_QUESTION_S, _MEASURING_S = 8.0, 12.0
#: Modes in which a task may be for limbs that nobody lost.
_FOR_ANY_LIMB = ("distractor", "relax")
_LIMBS = {Chain.ARM: "a hand or an arm", Chain.LEG: "a foot or a leg"}


@dataclass(frozen=True, slots=True)
class Summary:
    """A programme in numbers. minutes: at most, with the questions. limbs: for whose loss it is, in words."""

    programme: Programme
    modes: tuple[str, ...]
    task_runs: int
    rated: int
    questions: int
    minutes: float
    limbs: str

    def lines(self) -> Iterator[str]:
        """What a therapist should know of it."""
        programme = self.programme
        yield f"{programme.title}: {', '.join(self.modes)}; in the place {programme.place}; for {self.limbs}"
        yield (
            f"{len(programme.blocks)} blocks, {self.task_runs} task runs, {self.rated} of them rated, "
            f"{self.questions} questions; at most {self.minutes:.0f} minutes"
        )
        orders = {block.order or programme.order for block in programme.blocks if len(block.tasks) > 1}
        words = {"random": "by lot", "fixed": "as written"}
        yield f"tasks come {' or '.join(sorted(words[order] for order in orders)) or 'as written'} within a block"

    def notes(self) -> Iterator[str]:
        """What is allowed, and worth a second thought."""
        if self.rated > MOST_RATED:
            yield f"{self.rated} task runs are rated; more than {MOST_RATED} ask a participant often"
        if self.minutes > LONG_MIN:
            yield f"it may take {self.minutes:.0f} minutes; 10 to 20 are usual"
        if not self.rated:
            yield "no task run is rated, so that the task-pain ledger stays empty"


def check(programme: Programme, path: Path, mode: str | None = None) -> Summary:
    """The programme of the file at `path`, in its own mode or in `mode`.

    Raises `SceneFileError` for a task that makes no sense in its mode. Tasks of arms and legs together are for whoever
    lost both.
    """
    steps = lay_out(programme, 0, mode)
    for step in steps:
        if step.task.modes and step.mode not in step.task.modes:
            problem = (
                f"expected one of the modes of {step.task.name} ({', '.join(step.task.modes)}), but it would be "
                f"performed in {step.mode}; choose another task or mode"
            )
            raise _refused(path, step, problem)
    chains: dict[Chain, Step] = {}
    for step in steps:
        if step.mode not in _FOR_ANY_LIMB and step.task.limb != "any":
            chains.setdefault(CHAIN_OF[step.task.limb], step)
    asked = questions_of(programme.ask)
    per_task = len(asked.get("after_task", ()))
    questions = (
        len(asked.get("before", ())) + len(asked.get("after", ())) + per_task * len(steps)
        + len(asked.get("block_end", ())) * (len(programme.blocks) - 1)
    )  # fmt: skip
    seconds = _QUESTION_S * questions + (_MEASURING_S * len(chains) if programme.calibrate else 0.0)
    for i, block in enumerate(programme.blocks):
        needed_s = sum(s.task.time_limit_s + s.task.demonstration_s for s in steps if s.block_index == i)
        seconds += needed_s if block.minutes is None else min(needed_s, 60.0 * block.minutes)
    modes = tuple(dict.fromkeys(step.mode for step in steps))
    limbs = " and ".join(_LIMBS[chain] for chain in chains) or "anybody"
    return Summary(
        programme,
        modes,
        len(steps),
        len(steps) if per_task else 0,
        questions,
        seconds / 60.0,
        f"whoever lost {limbs}" if chains else limbs,
    )


def _refused(path: Path, step: Step, problem: str) -> SceneFileError:
    place = ("blocks", step.block_index, "tasks", step.task_index)
    return SceneFileError(str(path), line_of(path.read_text(encoding="utf-8"), place), problem)
