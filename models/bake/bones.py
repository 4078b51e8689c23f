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


#: The same of one leg; the toes move as one with the ball of the foot.
LEG: dict[str, str] = {
    "upperleg01": "thigh",
    "upperleg02": "thigh",
    "lowerleg01": "shin",
    "lowerleg02": "shin",
    "foot": "foot",
    **{f"toe{i}-1": "ball" for i in range(1, 6)},
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
    heads = {ours: place(rig[f"{name}.L"]["head"], points, groups) for name, ours in reversed(LEG.items())}
    toes = [rig[f"toe{i}-1.L"] for i in range(1, 6)]
    heads["ball"] = np.mean([place(toe["head"], points, groups) for toe in toes], axis=0)
    tail = place(rig["toe2-3.L"]["tail"], points, groups)
    chain = ["thigh", "shin", "foot", "ball"]
    ends = [*(heads[name] for name in chain[1:]), tail]
    right = np.array([1.0, 0.0, 0.0])
    return [
        Bone(name, parent, heads[name], end, _frame(end - heads[name], right))
        for name, parent, end in zip(chain, ["pelvis", *chain], ends, strict=False)
    ]


def left_toes(
    rig: Mapping[str, Any], points: NDArray[np.float64], groups: Mapping[str, list[tuple[int, int]]]
) -> list[Bone]:
    """The last bone of each toe, `toe_1` (the great one) to `toe_5`; +Y out of its back. No vertex follows them."""
    out = []
    for i in range(1, 6):
        end = rig[f"toe{i}-{2 if i == 1 else 3}.L"]
        head, tail = place(end["head"], points, groups), place(end["tail"], points, groups)
        out.append(Bone(f"toe_{i}", "ball", head, tail, _frame(tail - head, np.array([1.0, 0.0, 0.0]))))
    return out


def trunk(arm: list[Bone], leg: list[Bone]) -> list[Bone]:
    """Pelvis, between the hips, and chest, between the shoulders; both with the axes of the space."""
    middle = np.array([0.0, 1.0, 1.0])
    hips, shoulders = leg[0].head * middle, arm[0].head * middle
    return [
        Bone("pelvis", None, hips, shoulders, np.eye(3)),
        Bone("chest", "pelvis", shoulders, shoulders + np.array([0.0, 0.1, 0.0]), np.eye(3)),
    ]


def reflected(bones: list[Bone]) -> list[Bone]:
    """The same bones on the other side, exactly."""
    m = np.array([-1.0, 1.0, 1.0])
    return [Bone(b.name, b.parent, b.head * m, b.tail * m, b.frame * np.outer(m, m)) for b in bones]
