"""Pictures of every task for the documents: `python -m vrrehab.stage.task_gallery --out docs/pictures/tasks`.

Each is a moment that the task's own mechanic makes: the limb is where its demonstration has it, things and lights are
the mechanic's, and the board says how far it has counted.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.hands import RELAXED
from vrrehab.body.limb import CHAIN_OF, Chain, Limb
from vrrehab.body.skeleton import PELVIS, Body, Provenance, Side
from vrrehab.session.view import View
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import Hand, seated, seen_from, take, write
from vrrehab.stage.place import place_for
from vrrehab.stage.stage import Stage
from vrrehab.tasks.definition import TaskDefinition, load_task
from vrrehab.tasks.demonstration import DemonstratingLeg
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import GuidedRule, LateralityRule, RepetitionRule, UnclenchRule

_PLACE = "therapy_room"
_SIZE = (960, 720)
_ACTING = Side.LEFT
_HZ = 36.0
#: A hand that lies on the table, and one on the thigh.
_ON_TABLE: Hand = ((0.17, 0.765, -0.42), 0.15, 14.0)
_RESTING: Hand = ((0.19, 0.635, -0.12), RELAXED, 12.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a picture is taken, in seconds of the task, and how far up and to the left the person looks; or that the eye
    is beside them, where their own knee would hide what their foot does."""

    at_s: float
    pitch_deg: float
    yaw_deg: float = 5.0
    beside: bool = False


#: An eye beside the person, and what it looks at.
_BESIDE = (0.62, 1.12, -0.15), (-0.10, 0.20, -0.72)
_OF_ARM, _OF_LEG = Moment(1.25, -15.0), Moment(1.5, -44.0, 2.0)
_MOMENTS: dict[str, Moment] = {
    "bend_elbow": Moment(0.7, -36.0),
    "bend_wrist": Moment(1.25, -40.0),
    "carry_cups": Moment(7.0, -26.0, 12.0),
    "circle_and_line": Moment(2.6, -18.0, 12.0),
    "drum": Moment(4.2, -28.0, 10.0),
    "grounding": Moment(22.0, -6.0, 0.0),
    "kick_ball": Moment(1.22, -40.0, beside=True),
    "paced_breathing": Moment(4.2, -8.0, 0.0),
    "pedal": Moment(4.6, -40.0, beside=True),
    "progressive_relaxation": Moment(15.0, -20.0, 0.0),
    "reach_touch": Moment(1.6, -26.0, 16.0),
    "reach_with_foot": Moment(1.6, -40.0, beside=True),
    "stack_blocks": Moment(11.6, -26.0, 8.0),
    "stroke_textures": Moment(1.4, -34.0, 10.0),
    "trace_eight": Moment(5.0, -16.0, 10.0),
    "turn_palm": Moment(0.9, -40.0),
    "thumb_to_fingers": Moment(6.2, -15.0),
    "unclench_hand": Moment(3.0, -15.0),
    "unclench_foot": Moment(3.0, -44.0, 2.0),
}


def pictured() -> list[str]:
    """The tasks that ship, without judgements of pictures, which are pictures themselves."""
    names = sorted(path.stem for path in (Path(str(resources.files("scenes"))) / "tasks").glob("*.toml"))
    return [name for name in names if not isinstance(load_task(name).rule, LateralityRule)]


def _chain(task: TaskDefinition) -> Chain:
    return Chain.ARM if task.limb == "any" else CHAIN_OF[task.limb]


def view_of(task: TaskDefinition, build: Build) -> View:
    """What a participant sees in the middle of a task: the virtual limb performs it as it is demonstrated, and the
    other one with it where both are to.
    """
    chain = _chain(task)
    moment = _MOMENTS.get(task.name, _OF_ARM if chain is Chain.ARM else _OF_LEG)
    limb = Limb(chain, _ACTING)
    left = _ON_TABLE if task.name == "stroke_textures" else _RESTING
    view = seated(moment.pitch_deg, moment.yaw_deg, left=left, right=_RESTING)
    body = view.virtual
    _seat(body, build)
    root = body.poses[limb.joints.start, :3].copy()
    performer = Performer(limb, root, build, seed=3)
    mechanic = make_mechanic(task.rule, performer)
    body.provenance[limb.joints] = Provenance.SCRIPTED
    moves = task.name == "progressive_relaxation" or not (mechanic.paced or task.name == "stroke_textures")
    for frame in range(round(moment.at_s * _HZ) + 1):
        now_s = frame / _HZ
        if moves:
            mechanic.demonstrate(now_s, root, body.poses[limb.joints])
        else:
            performer.brush.at = 0.15 + 0.55 * now_s / moment.at_s
        mechanic.step(now_s, body)
    if isinstance(task.rule, RepetitionRule | UnclenchRule | GuidedRule) and moves:
        body.poses[limb.other.joints] = geometry.mirror(body.poses[limb.joints])
    view.targets, view.props = mechanic.targets, mechanic.props
    if moment.beside:
        seen_from(view, *_BESIDE)
    view.title, view.text = task.title, mechanic.text or task.instruction
    view.count = f"{mechanic.repetitions} of {task.goal}" if mechanic.counts else ""
    return view


def _seat(body: Body, build: Build) -> None:
    """Legs that rest, soles on the floor."""
    for side in Side:
        limb = Limb(Chain.LEG, side)
        outward = 1.0 if side is Side.RIGHT else -1.0
        hip = body.poses[PELVIS, :3] + np.array([outward * build.hip_breadth / 2, 0.0, 0.0])
        DemonstratingLeg(side, build).rest(hip, body.poses[limb.joints])
        body.provenance[limb.joints] = Provenance.SCRIPTED


@functools.cache
def _stage(legs: bool) -> Stage:
    return Stage(place_for(_PLACE, legs=legs), Tier.FULL)


def picture_of(task: TaskDefinition, size: tuple[int, int] = _SIZE) -> NDArray[np.uint8]:
    stage = _stage(_chain(task) is Chain.LEG)
    return take(stage, view_of(task, stage.build), size)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.task_gallery", description="Pictures of every task.")
    parser.add_argument("--out", type=Path, required=True, help="a folder, such as docs/pictures/tasks")
    parser.add_argument("--task", choices=pictured(), action="append", help="only this task; may be given again")
    parser.add_argument("--width", type=int, default=_SIZE[0], help="of the pictures, in pixels")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.task or pictured():
        size = (given.width, given.width * _SIZE[1] // _SIZE[0])
        write(picture_of(load_task(name), size), given.out / f"{name}.jpg")


if __name__ == "__main__":
    main()
