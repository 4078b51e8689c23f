"""Every task, done, half done and left undone by a scripted person, counted against what that person truly did.

    python -m vrrehab.testing.trials --seeds 100 --jobs 14

A mechanic is driven directly on one limb at 72 Hz, with tremor and lost tracking; no session, nothing drawn.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec
import numpy as np

from vrrehab.body.build import USUAL
from vrrehab.body.limb import CHAIN_OF, Chain, Limb
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side
from vrrehab.geometry import IDENTITY
from vrrehab.tasks.definition import TaskDefinition, load_task
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.run import TaskPhase, TaskRun
from vrrehab.testing.acting import Effort
from vrrehab.testing.actors import Still, has_actor, make_actor

RATE_HZ = 72.0
#: What goes by time alone needs no more than this.
_PACED_HZ = 12.0
#: Repetitions that are asked for, and how long they may take at most. Whoever half succeeds gives up after as many.
GOAL, _LIMIT_S = 3, 90.0
#: Whoever rests is watched for so much longer.
_RESTING_S = 2.0
#: So many seeds of a task are tried in one go by a process.
_AT_ONCE = 10
_SHOULDER_M, _HIP_M = (0.18, 1.0, 0.06), (0.09, 0.48, 0.08)


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: what was counted, what was truly done until then, and of how many attempts; how long it took."""

    task: str
    effort: Effort
    seed: int
    counted: int
    truth: int
    attempts: int
    reached: bool
    seconds: float

    @property
    def exact(self) -> bool:
        return self.counted == self.truth


def run_trial(task: TaskDefinition, effort: Effort, seed: int) -> Trial:
    """One person's run of a task; the side goes by the seed."""
    chain = Chain.ARM if task.limb == "any" else CHAIN_OF[task.limb]
    limb = Limb(chain, Side.RIGHT if seed % 2 else Side.LEFT)
    x, y, z = _SHOULDER_M if chain is Chain.ARM else _HIP_M
    root = np.array([x if limb.side is Side.RIGHT else -x, y, z])
    performer = Performer(limb, root, USUAL, seed)
    mechanic = make_mechanic(task.rule, performer)
    limit_s = _LIMIT_S if mechanic.counts else task.time_limit_s
    run = TaskRun(msgspec.structs.replace(task, goal=min(task.goal, GOAL), time_limit_s=limit_s), mechanic)
    run.phase = TaskPhase.PERFORMING
    actor = make_actor(task.rule, performer, effort, seed, most=GOAL if effort is Effort.HALF else math.inf)
    body = Body.unseen()
    body.poses[PELVIS], body.provenance[PELVIS] = IDENTITY, Provenance.SCRIPTED
    body.provenance[limb.joints] = Provenance.SCRIPTED
    into = body.poses[limb.joints]
    timed = isinstance(actor, Still)
    period_s = 1.0 / (_PACED_HZ if timed else RATE_HZ)
    now_s = done_s = 0.0
    while run.phase is not TaskPhase.FINISHED and (timed or now_s - done_s <= _RESTING_S):
        now_s += period_s
        done_s = done_s if actor.done else now_s
        actor.act(now_s, mechanic, into)
        run.perform(period_s, body, actor.seen)
    # What was planned for later than half a stroke from now had not been done.
    truth = sum(at_s <= now_s + 0.25 for at_s in actor.truth_s)
    reached = run.repetitions >= run.task.goal or mechanic.over
    return Trial(task.name, effort, seed, run.repetitions, truth, actor.attempts, reached, now_s)


def shipped() -> list[str]:
    """The names of all tasks that ship and that a limb performs."""
    names = sorted(path.stem for path in (Path(str(resources.files("scenes"))) / "tasks").glob("*.toml"))
    return [name for name in names if has_actor(load_task(name).rule)]


def run_trials(name: str, seeds: Iterable[int]) -> list[Trial]:
    """Every effort with every seed."""
    task, seeds = load_task(name), list(seeds)
    return [run_trial(task, effort, seed) for effort in Effort for seed in seeds]


def _each_with_its_trials(names: Sequence[str], seeds: int, jobs: int) -> Iterator[tuple[str, list[Trial]]]:
    """The tasks in their order, tried in so many processes, a few seeds at a time."""
    if jobs == 1:
        yield from ((name, run_trials(name, range(seeds))) for name in names)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        begun = [
            (
                name,
                [pool.submit(run_trials, name, range(k, min(k + _AT_ONCE, seeds))) for k in range(0, seeds, _AT_ONCE)],
            )
            for name in names
        ]
        for name, parts in begun:
            yield name, [trial for part in parts for trial in part.result()]


_FIELDS = ("counted", "truth", "attempts", "reached")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.testing.trials", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--task", choices=shipped(), help="only this task")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="in so many processes")
    given = parser.parse_args()
    began_s, runs, wrong = time.monotonic(), 0, 0
    print(f"{'task':24} {'effort':9} {'runs':>5} {'exact':>6}", *(f"{field:>8}" for field in _FIELDS))
    for name, trials in _each_with_its_trials(
        [given.task] if given.task else shipped(), given.seeds, max(1, given.jobs)
    ):
        for effort in Effort:
            ours = [trial for trial in trials if trial.effort is effort]
            inexact = [trial for trial in ours if not trial.exact]
            runs += len(ours)
            wrong += len(inexact)
            sums = [sum(getattr(trial, field) for trial in ours) for field in _FIELDS]
            print(f"{name:24} {effort:9} {len(ours):5} {len(ours) - len(inexact):6}", *(f"{each:8}" for each in sums))
            for trial in inexact:
                print(f"    seed {trial.seed}: counted {trial.counted}, truth {trial.truth} in {trial.seconds:.1f} s")
    print(f"{runs} runs in {time.monotonic() - began_s:.0f} s:", end=" ")
    print("every repetition counted, and no other" if not wrong else f"{wrong} counted otherwise")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
