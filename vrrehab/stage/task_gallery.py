"""Pictures of every task for the documents: `python -m vrrehab.stage.task_gallery --out docs/pictures/tasks`.

Each is the moment that a task's own mechanic makes of it: the limb is where its demonstration has it, the things and
lights are the mechanic's, and it has been counted as far as the count on the board says.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.build import Build
from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import CHAIN_OF, Chain, Limb
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side
from vrrehab.session.view import View
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import Hand, seated, take, write
from vrrehab.stage.place import load_place, with_legs_in_view
from vrrehab.stage.stage import Stage
from vrrehab.tasks.definition import TaskDefinition, load_task
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Performer

_PLACE = "therapy_room"
_SIZE = (960, 720)
_ACTING = Side.LEFT
_HZ = 36.0
#: The other hand at rest beside the lap, out of the things' way.
_ASIDE: Hand = ((0.27, 0.70, -0.22), RELAXED, 20.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a picture is taken, in seconds of the task, and how far down and to the left the person looks."""

    at_s: float
    pitch_deg: float = -30.0
    yaw_deg: float = 6.0


_MOMENTS: dict[str, Moment] = {
    "carry_cups": Moment(7.35),
    "stack_blocks": Moment(16.0),
    "drum": Moment(4.1, -28.0),
    "trace_eight": Moment(5.0, -14.0),
    "circle_and_line": Moment(2.6, -16.0),
    "kick_ball": Moment(1.25, -46.0, 4.0),
    "pedal": Moment(5.2, -48.0, 4.0),
    "reach_with_foot": Moment(2.0, -46.0, 4.0),
    "reach_touch": Moment(2.0, -20.0),
    "stroke_textures": Moment(2.2, -40.0),
    "paced_breathing": Moment(4.2, -6.0, 0.0),
    "grounding": Moment(22.0, -6.0, 0.0),
    "progressive_relaxation": Moment(15.0, -26.0, 0.0),
    "unclench_hand": Moment(3.0, -16.0),
    "unclench_foot": Moment(3.0, -44.0, 4.0),
}
_OF_ARM, _OF_LEG = Moment(1.25, -14.0), Moment(1.5, -46.0, 4.0)


def moment_of(task: TaskDefinition) -> Moment:
    leg = task.limb != "any" and CHAIN_OF[task.limb] is Chain.LEG
    return _MOMENTS.get(task.name, _OF_LEG if leg else _OF_ARM)


def view_of(task: TaskDefinition, build: Build) -> View:
    """What a participant sees in the middle of a task: the virtual limb performs it as it is demonstrated."""
    moment = moment_of(task)
    chain = Chain.ARM if task.limb == "any" else CHAIN_OF[task.limb]
    limb = Limb(chain, _ACTING)
    view = seated(moment.pitch_deg, moment.yaw_deg, left=_ASIDE, right=_ASIDE)
    body = view.virtual
    if chain is Chain.LEG:
        _hang_legs(body, build)
    root = body.poses[limb.joints.start, :3].copy()
    performer = Performer(limb, root, build, seed=3)
    mechanic = make_mechanic(task.rule, performer)
    body.provenance[limb.joints] = Provenance.SCRIPTED
    for frame in range(round(moment.at_s * _HZ)):
        now_s = frame / _HZ
        performer.brush.at = 0.15 + 0.6 * (now_s / moment.at_s) if task.name == "stroke_textures" else None
        if not mechanic.paced or task.name == "progressive_relaxation":
            mechanic.demonstrate(now_s, root, body.poses[limb.joints])
        mechanic.step(now_s, body)
    view.targets, view.props = mechanic.targets, mechanic.props
    view.title, view.text = task.title, mechanic.text or task.instruction
    view.count = f"{mechanic.repetitions} of {task.goal}" if mechanic.counts else ""
    return view


def _hang_legs(body: Body, build: Build) -> None:
    from vrrehab.tasks.demonstration import DemonstratingLeg

    for side in Side:
        limb = Limb(Chain.LEG, side)
        outward = 1.0 if side is Side.RIGHT else -1.0
        hip = body.poses[PELVIS, :3] + [outward * build.hip_breadth / 2, 0.0, 0.0]
        DemonstratingLeg(side, build).rest(hip, body.poses[limb.joints])
        body.provenance[limb.joints] = Provenance.SCRIPTED


def picture_of(task: TaskDefinition) -> NDArray[np.uint8]:
    place = load_place(_PLACE)
    if task.limb != "any" and CHAIN_OF[task.limb] is Chain.LEG:
        place = with_legs_in_view(place)
    stage = Stage(place, Tier.FULL)
    return take(stage, view_of(task, stage.build), _SIZE)


def main() -> None:
    from vrrehab.testing.trials import shipped

    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.task_gallery", description="Pictures of every task.")
    parser.add_argument("--out", type=Path, required=True, help="a folder, such as docs/pictures/tasks")
    parser.add_argument("--task", choices=shipped(), action="append", help="only this task; may be given again")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.task or shipped():
        write(picture_of(load_task(name)), given.out / f"{name}.jpg")


if __name__ == "__main__":
    main()
