"""The avatar's bones: which of MakeHuman's are kept, where they lie on the shaped body, and their rest frames.

A rest frame follows OpenXR's hand joints: origin at the bone's head, -Z along the bone, +Y out of the back of the hand
(on an arm, where the elbow points), +X to the right. Frames are built from positions alone, on the left side; the right
side is its reflection M F M with M = diag(-1, 1, 1), exactly. MakeHuman's own `roll` follows another convention and its
`default_position` another body: both are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FINGERS = ("thumb", "index", "middle", "ring", "little")

#: MakeHuman's bone of one arm -> ours, parents first. Hand bones bear the names of OpenXR's joints.
ARM: dict[str, str] = {
    "upperarm01": "upper_arm_1",
    "upperarm02": "upper_arm_2",
    "lowerarm01": "forearm_1",
    "lowerarm02": "forearm_2",
    "wrist": "wrist",
    **{f"metacarpal{i}": f"{_FINGERS[i]}_metacarpal" for i in range(1, 5)},
    **{f"finger1-{i + 1}": f"thumb_{bone}" for i, bone in enumerate(("metacarpal", "proximal", "distal"))},
    **{
        f"finger{f + 1}-{i + 1}": f"{_FINGERS[f]}_{bone}"
        for f in range(1, 5)
        for i, bone in enumerate(("proximal", "intermediate", "distal"))
    },
}


TOES = ("big_toe", "toe_2", "toe_3", "toe_4", "little_toe")
#: The same of one leg. A toe bends at the ball of the foot and once more; what is beyond moves with its second bone.
LEG: dict[str, str] = {
    "upperleg01": "thigh_1",
    "upperleg02": "thigh_2",
    "lowerleg01": "shin_1",
    "lowerleg02": "shin_2",
    "foot": "foot",
    **{f"toe{t + 1}-{i + 1}": f"{TOES[t]}_{bone}" for t in range(5) for i, bone in enumerate(("proximal", "distal"))},
}
#: The trunk has two bones. What MakeHuman's spine holds up is divided between them; see `models.bake.skinning`.
TRUNK: dict[str, str] = {
    "root": "pelvis",
    "pelvis.L": "pelvis",
    "pelvis.R": "pelvis",
    "clavicle.L": "chest",
    "clavicle.R": "chest",
    "neck01": "chest",
}
SPINE = tuple(f"spine0{i}" for i in range(5, 0, -1))

#: Where the joints inside the palm lie in a living hand, in the wrist's frame (right, up, back) of a left hand and in
#: shares of MakeHuman's distance from the wrist to the middle knuckle. MakeHuman puts the knuckles 9 mm too far out,
#: just under the skin, and lets two fingers share one metacarpal joint; with its joints a tracked hand would stretch
#: the fingers and dent the palm. Read off Meta's published Quest 3 capture (a hand of 99 mm to the index knuckle).
_PALM: dict[str, tuple[float, float, float]] = {
    "thumb_metacarpal": (0.250, -0.165, -0.358),
    "index_metacarpal": (0.171, -0.088, -0.362),
    "middle_metacarpal": (0.015, -0.078, -0.348),
    "ring_metacarpal": (-0.147, -0.059, -0.342),
    "little_metacarpal": (-0.225, -0.088, -0.333),
    "index_proximal": (0.235, -0.073, -0.922),
    "middle_proximal": (0.000, -0.029, -0.916),
    "ring_proximal": (-0.186, -0.034, -0.860),
    "little_proximal": (-0.353, -0.083, -0.770),
}


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone at rest, in metres and OpenXR's axes; `frame` holds its X, Y and Z axes as columns.

    Names of arm and leg bones lack the side; their first bones hang on the trunk.
    """

    name: str
    parent: str | None
    head: NDArray[np.float64]
    tail: NDArray[np.float64]
    frame: NDArray[np.float64]


def _frame(along: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    z = -along / np.linalg.norm(along)
    x = right - (right @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def place(
    end: Mapping[str, Any], points: NDArray[np.float64], groups: Mapping[str, list[tuple[int, int]]]
) -> NDArray[np.float64]:
    """Where an end of a bone lies on the shaped body: the mean of a joint cube or of vertices, or one vertex."""
    match end["strategy"]:
        case "CUBE":
            (first, last) = groups[end["cube_name"]][0]
            return points[first : last + 1].mean(axis=0)
        case "MEAN":
            return points[end["vertex_indices"]].mean(axis=0)
        case "VERTEX":
            return points[end["vertex_index"]]
        case other:
            raise ValueError(f"expected a bone's end to be placed by CUBE, MEAN or VERTEX, got {other!r}")


def left_arm(
    rig: Mapping[str, Any], points: NDArray[np.float64], groups: Mapping[str, list[tuple[int, int]]]
) -> list[Bone]:
    """The bones of the left arm, parents first. `points` are in metres and OpenXR's axes."""
    heads = {ours: place(rig[f"{name}.L"]["head"], points, groups) for name, ours in ARM.items()}
    tips = {ours: place(rig[f"{name}.L"]["tail"], points, groups) for name, ours in ARM.items()}
    knuckle = heads["middle_proximal"]
    wrist = _frame(knuckle - heads["wrist"], heads["index_proximal"] - heads["little_proximal"])
    reach = float(np.linalg.norm(knuckle - heads["wrist"]))
    for name, place_in_palm in _PALM.items():
        heads[name] = heads["wrist"] + wrist @ (reach * np.array(place_in_palm))

    parents = {ours: ARM.get(rig[f"{name}.L"]["parent"].removesuffix(".L"), "chest") for name, ours in ARM.items()}
    # A bone ends where its one child begins; a distal bone at the fingertip; the wrist's frame looks to the knuckle.
    tails = tips | {parent: heads[name] for name, parent in parents.items() if parent not in ("chest", "wrist")}
    tails["wrist"] = knuckle
    right = _right_of_each(heads, tails)
    frames = {name: _frame(tails[name] - heads[name], right[name]) for name in heads}
    frames["wrist"] = wrist
    return [Bone(name, parents[name], heads[name], tails[name], frames[name]) for name in heads]


def _right_of_each(
    heads: Mapping[str, NDArray[np.float64]], tails: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """For each bone a vector to its right: the axis about which its joint bends, pointing right.

    A finger bends from -Z towards -Y, so that its axis is X = -(first segment x last segment).
    """
    right: dict[str, NDArray[np.float64]] = {}
    for finger in _FINGERS:
        names = [name for name in heads if name.startswith(finger)]
        first, last = names[0] if finger == "thumb" else names[1], names[-1]
        axis = -np.cross(tails[first] - heads[first], tails[last] - heads[last])
        right |= dict.fromkeys(names, axis)
    upper = heads["forearm_1"] - heads["upper_arm_1"]
    fore = heads["wrist"] - heads["forearm_1"]
    # The elbow bends from -Z towards the flexor side, which is -Y as the palm is.
    elbow = -np.cross(upper, fore)
    for name in ("upper_arm_1", "upper_arm_2", "forearm_1", "forearm_2"):
        right[name] = elbow
    return right | {"wrist": np.array([1.0, 0.0, 0.0])}


def left_leg(
    rig: Mapping[str, Any], points: NDArray[np.float64], groups: Mapping[str, list[tuple[int, int]]]
) -> list[Bone]:
    """The bones of the left leg, parents first; +Y out of the front of the leg and the top of the foot."""
    heads = {ours: place(rig[f"{name}.L"]["head"], points, groups) for name, ours in LEG.items()}
    parents = {ours: LEG.get(rig[f"{name}.L"]["parent"].removesuffix(".L"), "pelvis") for name, ours in LEG.items()}
    tails = {parent: heads[name] for name, parent in parents.items() if parent not in ("pelvis", "foot")}
    tips = {toe: place(rig[f"toe{i}-{2 if i == 1 else 3}.L"]["tail"], points, groups) for i, toe in enumerate(TOES, 1)}
    tails |= {f"{toe}_distal": tip for toe, tip in tips.items()}
    # The ball of the foot: where a step rolls off, between the joints of the toes.
    tails["foot"] = np.mean([heads[f"{toe}_proximal"] for toe in TOES], axis=0)
    right = dict.fromkeys(heads, np.array([1.0, 0.0, 0.0]))
    # The small toes bend about the line of their joints, which runs back outwards.
    row = heads["toe_2_proximal"] - heads["little_toe_proximal"]
    right |= {f"{toe}_{bone}": row for toe in TOES[1:] for bone in ("proximal", "distal")}
    return [
        Bone(name, parents[name], heads[name], tails[name], _frame(tails[name] - heads[name], right[name]))
        for name in heads
    ]


def left_toes(
    rig: Mapping[str, Any], points: NDArray[np.float64], groups: Mapping[str, list[tuple[int, int]]]
) -> list[Bone]:
    """The end of each toe, `big_toe_end` to `little_toe_end`; +Y out of its back. No vertex follows them."""
    out = []
    for i, toe in enumerate(TOES, 1):
        end = rig[f"toe{i}-{2 if i == 1 else 3}.L"]
        head, tail = place(end["head"], points, groups), place(end["tail"], points, groups)
        frame = _frame(tail - head, np.array([1.0, 0.0, 0.0]))
        out.append(Bone(f"{toe}_end", f"{toe}_distal", head, tail, frame))
    return out


def trunk(arm: list[Bone], leg: list[Bone]) -> list[Bone]:
    """Pelvis, between the hips, and chest, between the shoulders; both look ahead, with the axes of the space."""
    middle, ahead = np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, -0.1])
    hips, shoulders = leg[0].head * middle, arm[0].head * middle
    return [
        Bone("pelvis", None, hips, hips + ahead, np.eye(3)),
        Bone("chest", "pelvis", shoulders, shoulders + ahead, np.eye(3)),
    ]


def reflected(bones: list[Bone]) -> list[Bone]:
    """The same bones on the other side, exactly."""
    m = np.array([-1.0, 1.0, 1.0])
    return [Bone(b.name, b.parent, b.head * m, b.tail * m, b.frame * np.outer(m, m)) for b in bones]
