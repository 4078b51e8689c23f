"""What the participant is to see this frame: the one thing the session tells the stage.

Plain data, written in place by the session and read by `vrrehab.stage`; everything in session space
(recentred, OpenXR axes, metres).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.limb import CHAIN_JOINTS, Chain, Limb
from vrrehab.body.skeleton import Body, Side
from vrrehab.geometry import IDENTITY
from vrrehab.tasks.rules import AnyRule

#: The soft sounds that a session makes.
Cue = Literal["repetition", "question", "done"]


class TargetState(enum.Enum):
    WAITING = enum.auto()
    ACTIVE = enum.auto()
    TOUCHED = enum.auto()


@dataclass(slots=True)
class Target:
    """A sphere to reach for."""

    position: NDArray[np.float64]
    radius_m: float
    state: TargetState = TargetState.WAITING


Shape = Literal["block", "cup", "ball", "kickball", "pad", "ring", "brush"]


@dataclass(slots=True, eq=False)
class Prop:
    """A thing in the scene that is no place to reach for: something to carry, to kick, to drum on.

    pose: (7,), session space, changed in place; the origin is the middle of what it stands on, a ball's its middle.
    size: (3,) metres across, up and deep. colour: `#rrggbb`. glow: 0 as it is to 1 lit from within, for what is to be
    touched next. finish: what it is made of, where the shape leaves a choice, such as a brush's texture.
    """

    shape: Shape
    pose: NDArray[np.float64]
    size: tuple[float, float, float]
    colour: str
    glow: float = 0.0
    shown: bool = True
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A rectangle on a panel, in metres from the panel's centre (x right, y up)."""

    name: str
    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Panel:
    """A board in the scene that asks something; its +Z axis points at the reader.

    `aimed` is the button looked at, touched or pointed to, `progress` (0 to 1) how far its dwell has come,
    `chosen` the answer shown for confirmation, and `marked` the words chosen so far. `asks` names the question.
    """

    pose: NDArray[np.float64]
    width: float
    height: float
    title: str
    low_anchor: str
    high_anchor: str
    buttons: tuple[Button, ...]
    aimed: str | None = None
    progress: float = 0.0
    chosen: str | None = None
    marked: frozenset[str] = frozenset()
    asks: str = ""


@dataclass(slots=True)
class LoneLimb:
    """A hand or a foot that belongs to nobody, with the limb that it grows out of: its joints, (28, 7) shoulder to
    fingertips or (4, 7) hip to ball, and how solid it is.
    """

    limb: Limb
    joints: NDArray[np.float64]
    opacity: float = 0.0


@dataclass(slots=True)
class Ambience:
    """What the place is like this frame: how bright its light is against its own, the hour of its day, whether all its
    detail is there or the calm half of it, how loud it sounds, and its own clock, for wind and waves.

    place: by its name. arrivals: how often the view has gone to a place since the session began. veil: how far all that
    stands still is in the mist behind which places change, 0 to 1.
    """

    light_ratio: float = 1.0
    hour_h: float = 13.0
    detail: bool = True
    sound_ratio: float = 1.0
    time_s: float = 0.0
    place: str = ""
    arrivals: int = 0
    veil: float = 0.0


@dataclass(slots=True)
class View:
    """The whole picture. `virtual` is the virtual body; `ghost` the limb that demonstrates, if one does."""

    virtual: Body
    #: Where session space lies in the display's own reference space, (7,); recentring moves it.
    reference_from_session: NDArray[np.float64] = field(default_factory=lambda: IDENTITY.copy())
    #: Opacity of each arm and of each leg, 0 hidden to 1 solid: of what a loss took of it, or of all where nothing is
    #: lost. An arm whose joints are `NONE` is not drawn whatever this says.
    opacity: dict[Side, float] = field(default_factory=lambda: {Side.LEFT: 1.0, Side.RIGHT: 1.0})
    leg_opacity: dict[Side, float] = field(default_factory=lambda: {Side.LEFT: 1.0, Side.RIGHT: 1.0})
    #: How solid the cloth over what losses took is, 0 none; beneath one that is solid nothing of the limb is seen.
    cover: float = 0.0
    #: Over how much of its length a see-through limb begins where the residual limb ends, metres.
    boundary_softness_m: float = 0.04
    #: How many times as large as they are what losses took is drawn, about where the residual limbs end.
    limb_size: float = 1.0
    ghost: Limb | None = None
    #: The joints of a ghost of each chain, (28, 7) shoulder to fingertips and (4, 7) hip to ball, written in place.
    ghost_joints: dict[Chain, NDArray[np.float64]] = field(
        default_factory=lambda: {chain: np.full((len(names), 7), np.nan) for chain, names in CHAIN_JOINTS.items()}
    )
    ghost_opacity: float = 0.0
    #: A hand or a foot by itself to be looked at.
    lone: LoneLimb | None = None
    targets: list[Target] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)
    #: The task that is performed, by its name; empty between task runs.
    task: str = ""
    #: Its rule, at the difficulty that it has now.
    rule: AnyRule | None = None
    #: The kind of movement that counts now, as in a task's `rule.kind`, `imagining`, `resting`, or `measuring` the
    #: person; empty between the participant's turns.
    activity: str = ""
    #: Which movement a repetition is of, as in a task's `rule.feature`, or which limb is measured; empty for others.
    movement: str = ""
    #: The board on the wall: a heading, an instruction and a short count such as "3 of 8".
    title: str = ""
    text: str = ""
    count: str = ""
    #: How often each soft sound was due: a repetition is done, a question appears, a task is done. Each counts up and
    #: is heard once; nothing sounds for what was not achieved.
    cues: dict[Cue, int] = field(default_factory=lambda: {"repetition": 0, "question": 0, "done": 0})
    #: How loud they are, 0 silence to 1 as they were made.
    cue_ratio: float = 0.6
    panel: Panel | None = None
    #: The participant's own panel, beside them: to stop, to hide and to cover the limb.
    way_out: Panel | None = None
    #: One line that must be seen ("The therapist's screen is not connected"); empty for none.
    notice: str = ""
    ambience: Ambience = field(default_factory=Ambience)
    #: 0 the scene, 1 wholly faded to the calm colour.
    calm: float = 0.0
