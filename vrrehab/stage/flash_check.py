"""Looks for flashes in every task at every place: `python -m vrrehab.stage.flash_check --help`.

A scripted participant performs each task in a real session, drawn 96 x 96 pixels small, 30 times a second of its own
time, from the questions before it to the calm scene after Stop; meanwhile the limb is hidden and covered in haste, a
break is made, and the session goes to another place and back. The meter is `vrrehab.testing.flash`.

Of all that is seen, with the person's limbs, at most three general and three red flashes a second may be. Taken pixel
by pixel there may be more only where the person's own moving hands are the cause, which are no flash of the scene's, as
little as what a turning head sweeps over: fingers that pass over a table change each of its pixels more than three
times a second however slowly anything fades. So where that number is larger, the task is performed once more with
nobody's limbs drawn, and then that number, too, has to be three at most.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import Event, LimbLoss, Profile
from vrrehab import geometry
from vrrehab.body.drives import Mode
from vrrehab.body.limb import CHAIN_OF, Chain, Limb
from vrrehab.body.loss import Loss
from vrrehab.body.skeleton import HEAD, Side
from vrrehab.session.commands import press
from vrrehab.session.frame import ClockReading, FrameTime
from vrrehab.session.loop import run
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import Block, PlannedTask, Programme
from vrrehab.session.questions import Moment
from vrrehab.session.settings import PLACES
from vrrehab.session.sitting import Sitting
from vrrehab.session.view import View
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.stage.displays.flat import FIELD_OF_VIEW_DEG
from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.material import Tier
from vrrehab.stage.place import place_for
from vrrehab.stage.places import make
from vrrehab.stage.stage import Stage
from vrrehab.tasks.definition import load_task, load_tasks
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.flash import MOST_FLASHES, FlashMeter
from vrrehab.testing.participant import ScriptedParticipant

SIZE, RATE_HZ = 96, 30
#: Drawn so many times as large and averaged: a pixel of 0.8 degrees is the mean of what is in it, not one ray that
#: meets a leaf or misses it.
_FINER = 2
#: The eye is held still, looking down at table and board, or at legs: what a turning head sweeps over, the eyes' own
#: reflexes keep still on the retina, and the flashes that are looked for are the scene's own.
_EYE_M, _DOWN_DEG = (0.0, 1.2, 0.0), {Chain.ARM: 22.0, Chain.LEG: 42.0}
#: Keys that are pressed so many frames into the task run; the last one stops the session.
_HASTE = {**dict.fromkeys((20, 24, 28, 32), "h"), **dict.fromkeys((70, 75), "c")}
KEYS = {**_HASTE, 95: "space", 100: "space", 360: "escape"}
#: Where the session goes so many frames into the task run: to the place after its own, and back.
THERE, BACK = 130, 230
_SHORT_KEYS = {**{frame: key for frame, key in KEYS.items() if frame < 150}, 150: "escape"}
#: The first of these that a task makes sense in: those in which most is seen.
_MODES: tuple[Mode, ...] = ("mirror", "observe", "intact_only", "imagery", "relax")
_LOST = {Chain.ARM: ("hand", "wrist"), Chain.LEG: ("foot", "ankle")}
_SEED = 4
#: The tasks of sessions that are looked at from their first question to their end: one of arms, one of legs.
_WHOLE = "reach_touch", "ankle_in_and_out"
_LIMBS = np.r_[tuple(Limb(chain, side).joints for chain in Chain for side in Side)]


class Forgotten:
    """A record that keeps nothing; implements `vrrehab.session.ledger.Record`."""

    def event(self, event: Event) -> None: ...

    def frame(self, record: NDArray[np.void]) -> None: ...

    def problem(self) -> str:
        return ""


class MeteredDisplay:
    """Draws a session into a meter, all of it or while it is `watching`; implements `vrrehab.session.frame.Display`."""

    def __init__(self, stage: Stage, chain: Chain = Chain.ARM, own_limbs: bool = True) -> None:
        """chain: of the limbs that are looked at. own_limbs: whether the person's are drawn."""
        self._own_limbs = own_limbs
        self.meter = FlashMeter(RATE_HZ, FIELD_OF_VIEW_DEG)
        self.watching = True
        half = -np.radians(_DOWN_DEG[chain]) / 2
        self._eye = geometry.pose(_EYE_M, np.array([np.sin(half), 0.0, 0.0, np.cos(half)]))
        self._display = OffscreenDisplay(stage, (_FINER * SIZE, _FINER * SIZE), RATE_HZ, VirtualClock())
        self.drawn = 0
        self.submitted_ns = 0

    def wait(self) -> FrameTime | None:
        return self._display.wait()

    def draw(self, frame: FrameTime, view: View) -> None:
        if not self.watching:
            self.meter.forget()
            return
        self.drawn += 1
        poses = view.virtual.poses
        kept = poses.copy()
        poses[HEAD] = self._eye
        if not self._own_limbs:
            poses[_LIMBS] = np.nan
        self._display.draw(frame, view)
        poses[:] = kept
        self.meter.see(self.picture())

    def picture(self) -> NDArray[np.uint8]:
        """What the meter saw last, (SIZE, SIZE, 3)."""
        fine = self._display.picture().reshape(SIZE, _FINER, SIZE, _FINER, 3)
        return (fine.sum(axis=(1, 3), dtype=np.uint16) // _FINER**2).astype(np.uint8)

    def read_clocks(self) -> ClockReading:
        return self._display.read_clocks()

    def keys_pressed(self) -> tuple[()]:
        return ()

    def close(self) -> None:
        self._display.close()


def plan_of(task: str, place: str) -> Plan:
    """A session of one task by somebody who lost what it moves."""
    definition = load_task(task)
    limb, level = _LOST[CHAIN_OF.get(definition.limb, Chain.ARM)]
    mode: Mode = next(each for each in _MODES if not definition.modes or each in definition.modes)
    profile = Profile(code="FLASH", limb_losses=(LimbLoss(limb=limb, side="left", level=level),))  # type: ignore[arg-type]
    block = Block("Flashes", (PlannedTask(task, goal=4, demonstration_s=3.0, time_limit_s=25.0),))
    asked: dict[Moment, tuple[str, ...]] = {"before": ("phantom_pain",), "after_task": ("phantom_pain",)}
    programme = Programme("flashes", "Flashes", mode, place, (block,), ask=asked)
    return make_plan(profile, programme, None, "scripted", _SEED)


def flashes(
    plan: Plan,
    stage: Stage,
    keys: Mapping[int, str] = MappingProxyType(KEYS),
    *,
    way: Mapping[int, str] = MappingProxyType({}),
    only_in_task: bool = False,
    own_limbs: bool = True,
) -> MeteredDisplay:
    """Perform a plan on a stage, and press keys so many frames into its task run; the display with its meter.

    way: the places that are gone to so many frames into it. only_in_task: whether nothing is drawn before the first
    task run. own_limbs: whether the person's limbs are drawn.
    """
    display = MeteredDisplay(stage, plan.limbs[0].chain, own_limbs)
    sitting = Sitting(plan, ScriptedSource(ScriptedParticipant.of(plan)), Forgotten(), "none", stage.build_of)
    for name, value in (("calm_before_end_s", 1.0), ("answer_within_s", 10.0)):
        sitting.settings.change(name, value)
    frames = Counter[str]()

    def commands() -> Iterable[object]:
        frames["in task"] += bool(frames["in task"] or sitting.conductor.ledger.run_number)
        display.watching = not only_in_task or frames["in task"] > 0
        if key := keys.get(frames["in task"]):
            press(sitting, key)
        if place := way.get(frames["in task"]):
            sitting.go_to(place, "flash check")
        return ()

    try:
        run(sitting, display, commands)  # type: ignore[arg-type]
    finally:
        display.close()
    return display


def stage_for(plan: Plan, tier: Tier = Tier.LOW) -> Stage:
    losses = [Loss(Side(loss.side), loss.level) for loss in plan.profile.limb_losses]
    place = place_for(plan.programme.place, legs=plan.moves_legs)
    return Stage(place, tier, losses=losses, take=lambda name: make(place_for(name, legs=plan.moves_legs), tier))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a task at a place came to. without_limbs: pixel by pixel, if that had to be measured."""

    place: str
    task: str
    whole: bool
    frames: int
    took_s: float
    general: float
    by_pixel: float
    red: float
    without_limbs: float | None

    @property
    def safe(self) -> bool:
        by_pixel = self.by_pixel if self.without_limbs is None else self.without_limbs
        return max(self.general, self.red, by_pixel) <= MOST_FLASHES

    def row(self) -> str:
        """Of the table of which `_TABLE` is the head."""
        without = "" if self.without_limbs is None else f"{self.without_limbs:g}"
        what = f"`{self.task}`" + (", the whole session" if self.whole else "")
        numbers = f"{self.general:g} | {self.by_pixel:g} | {without} | {self.red:g}"
        return f"| {what} | {self.place.replace('_', ' ')} | {numbers} |" + ("" if self.safe else " **too many**")


_TABLE = """\
| task | place | general | pixel by pixel | without limbs | red |
| --- | --- | --- | --- | --- | --- |"""

_stages: dict[tuple[str, Chain], Stage] = {}


def measured(place: str, task: str, whole: bool) -> Measured:
    """Perform a task at a place: the whole session, or five seconds of the task."""
    began_s = time.monotonic()
    plan = plan_of(task, place)
    at = place, plan.limbs[0].chain
    if at not in _stages:
        _stages[at] = stage_for(plan)

    def seen(own_limbs: bool) -> MeteredDisplay:
        keys = KEYS if whole else _SHORT_KEYS
        way = {THERE: PLACES[PLACES.index(place) - 1], BACK: place} if whole else {}
        return flashes(plan, _stages[at], keys, way=way, only_in_task=not whole, own_limbs=own_limbs)

    everything = seen(True)
    meter = everything.meter
    without = seen(False).meter.by_pixel if meter.by_pixel > MOST_FLASHES else None
    took_s = time.monotonic() - began_s
    return Measured(place, task, whole, everything.drawn, took_s, meter.general, meter.by_pixel, meter.red, without)


def _all_measured(runs: Sequence[tuple[str, str, bool]], jobs: int) -> Iterator[Measured]:
    """Each as soon as it is there."""
    if jobs == 1:
        yield from (measured(*each) for each in runs)
        return
    # A software renderer would start as many threads as there are cores in every process.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(measured, *each) for each in runs]):
            yield done.result()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.flash_check", description=__doc__)
    parser.add_argument("--place", choices=PLACES, help="only this place")
    parser.add_argument("--task", choices=sorted(load_tasks()), help="the whole of this task alone, at each place")
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="so many at once, each in a process of its own"
    )
    given = parser.parse_args()
    at = [given.place] if given.place else PLACES
    runs = [(place, task, True) for place in at for task in ((given.task,) if given.task else _WHOLE)]
    if not given.task:
        runs += [(at[-1], task, False) for task in sorted(load_tasks())]
    began_s = time.monotonic()
    done = []
    for each in _all_measured(runs, max(1, given.jobs)):
        done.append(each)
        print(f"{len(done):3d} of {len(runs)}  {each.frames:5d} frames  {each.took_s:4.0f} s  {each.row()}", flush=True)
    took_s = time.monotonic() - began_s
    print(f"\nFlashes in the worst second, of which {MOST_FLASHES:g} may be ({took_s:.0f} s):\n\n{_TABLE}")
    print("\n".join(each.row() for each in sorted(done, key=lambda each: (not each.whole, each.task, each.place))))
    sys.exit(0 if all(each.safe for each in done) else 1)


if __name__ == "__main__":
    main()
