"""What a running session shows of itself: what a therapist's console has to know, as typed records.

A *snapshot* says everything. An *update* says what changes from frame to frame, and by its `version` whether what a
reader knows of the rest still holds. Joints and pictures travel beside it. Nothing here touches a socket, and nothing
of it is the record: whatever is shown may be missed.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from telemetry import messages
from telemetry.motion import BODIES, COMPONENTS

PROTOCOL = 1
Value = float | int | str | bool

#: What a reader may ask for.
Kind = Literal["state", "joints", "picture"]
KINDS: tuple[Kind, ...] = ("state", "joints", "picture")

#: What a participant is busy with: `welcome` until all is seen, `measuring` their size, `demonstration` of a task, the
#: `task` itself, a `question`, `between` any of these, and `calm` after Stop.
Doing = Literal["welcome", "measuring", "demonstration", "task", "question", "between", "calm"]

MOST_ASK_BYTES = 512
#: A picture is far the largest of what is shown.
MOST_SHOWN_BYTES = 8 << 20


class Ask(Struct, frozen=True):
    """A reader's: send the next of each of these, once. version: of the snapshot that it has, 0 for none."""

    wants: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=len(KINDS))]
    version: Annotated[int, Meta(ge=0, le=2**53)] = 0
    protocol: Annotated[int, Meta(ge=0, le=2**31)] = PROTOCOL


# --- what stands for a while ------------------------------------------------------------------------------------------


class Step(Struct, frozen=True):
    """One task of the programme. limb: as the task says; goal: how many repetitions."""

    block_index: int
    task_index: int
    task: str
    title: str
    limb: str
    goal: int


class Facts(Struct, frozen=True, kw_only=True):
    """What does not change while a session runs.

    title: the programme's. limbs: the virtual limbs, such as `left arm`. joints: the rows of `Joints`. commands: where
    the session takes commands, as programs on its own computer reach it (`LiveReader.commands` is as the reader does).
    course: the title of the course that the session belongs to; course_session: which of its sessions this is, from 1;
    course_phase: what of it is due, by its name; empty and 0 outside a course. review: which of the participant's
    sessions this is, where it is one at which to look back (`telemetry.reviews`), else 0.
    """

    session_id: str
    participant: str
    programme: str
    title: str
    mode: str
    origin: messages.Origin
    intact_side: messages.IntactSide
    limbs: tuple[str, ...]
    steps: tuple[Step, ...]
    place: str
    joints: tuple[str, ...]
    software_version: str
    runtime: str
    commands: str
    started_utc_ns: int
    course: str = ""
    course_session: int = 0
    course_phase: str = ""
    review: int = 0


class Change(Struct, frozen=True):
    """One live change of a setting. at_s: from the session's start."""

    who: str
    name: str
    old: Value
    new: Value
    frame: int
    at_s: float


class Score(Struct, frozen=True, kw_only=True):
    """One rating of the session, asked and perhaps answered. item: as in `messages.RatingAsked`. at_s: when it was
    asked, from the session's start.
    """

    rating_id: str
    phase: messages.Phase
    site: messages.Site
    scale: str
    task_run_id: str | None
    task: str
    at_s: float
    item: str = ""
    status: messages.RatingStatus = "awaiting"
    value: float | None = None
    source: messages.RatingSource | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """All that stands until something happens. version: another one for each content, never 0.

    settings: every setting in force. at_start: as the session began with them. changes: the latest of them, in order.
    scores: pain so far, in order. edit_refused: why the last edit of the programme's files is not used; empty while
    what is written is what goes on.
    """

    version: int
    facts: Facts
    settings: dict[str, Value]
    at_start: dict[str, Value] = {}
    changes: tuple[Change, ...] = ()
    scores: tuple[Score, ...] = ()
    edit_refused: str = ""


# --- what changes from frame to frame ---------------------------------------------------------------------------------


class Question(Struct, frozen=True, kw_only=True):
    """What awaits an answer. item: as in `messages.RatingAsked`. shown: whether the participant has it before them;
    waited_s: for how long it has.
    """

    rating_id: str
    phase: messages.Phase
    site: messages.Site
    scale: str
    task_run_id: str | None
    waited_s: float
    item: str = ""
    shown: bool = True


class Tracking(Struct, frozen=True, kw_only=True):
    """What the headset sees. limbs: for each limb, the share of its joints seen now, 0 to 1.

    lost: the limb that the session waits for, in words; empty while all is seen that it goes by.
    """

    head: bool
    limbs: dict[str, float]
    lost: str = ""


class State(Struct, frozen=True, kw_only=True):
    """One frame's state. mono_ns: when the frame was begun, on the session's monotonic clock; time_s: the same from the
    session's start.

    step: the task by its place in `Facts.steps`, -1 before the first. repetitions of goal; performed_s of time_limit_s.
    paused: a therapist holds it. frozen: the limb is held still; calm: how far the picture has faded, 0 to 1; resting:
    why the calm scene is there: a rule's setting, `pain_ceiling`, `console_lost`, `asked`, `participant`, or `stop`
    from which there is no way back; empty while it is not. concern: what the therapist is to know of, a rule of safety
    by its setting's name or `space_changed`, and concern_s when it was found; in_control: who is at the console that
    controls it, console_lost whether that has fallen silent. board: what the participant reads on the wall, and notice
    what they read in front of them. buttons: what the task asks just now, by the names that the command `press` takes;
    empty where it asks nothing. stages_us: what the stages of `telemetry.motion.STAGES` took. over: how it ended; empty
    while it runs.
    """

    frame: int
    mono_ns: int
    time_s: float
    doing: Doing
    step: int = -1
    task_run_id: str | None = None
    repetitions: int = 0
    goal: int = 0
    performed_s: float = 0.0
    time_limit_s: float = 0.0
    paused: bool = False
    frozen: bool = False
    calm: float = 0.0
    resting: str = ""
    concern: str = ""
    concern_s: float = 0.0
    in_control: str = ""
    console_lost: bool = False
    board: tuple[str, str, str] = ("", "", "")
    notice: str = ""
    question: Question | None = None
    buttons: tuple[str, ...] = ()
    tracking: Tracking = Tracking(head=False, limbs={})
    pose_age_ms: float = 0.0
    stages_us: tuple[float, ...] = ()
    frames_a_second: float = 0.0
    over: messages.SessionStatus | Literal[""] = ""


class RecordHealth(Struct, frozen=True, kw_only=True):
    """How the record is doing. problem: in words, empty when all is well. waiting: frames and events that the recorder
    has not acknowledged. lost_frames: frames that were not kept. disk_free_mb: of the session's own disk.
    """

    connected: bool
    problem: str = ""
    waiting: int = 0
    lost_frames: int = 0
    disk_free_mb: float = 0.0


class Update(Struct, frozen=True, tag_field="show", tag="update"):
    """The state of one frame. version: of the `Standing` that it belongs to."""

    version: int
    state: State
    record: RecordHealth


class Snapshot(Struct, frozen=True, tag_field="show", tag="snapshot"):
    """Everything at one frame."""

    standing: Standing
    state: State
    record: RecordHealth


class Joints(Struct, frozen=True, tag_field="show", tag="joints"):
    """Both bodies at one frame, as bytes; `poses` and `provenance` make arrays of them."""

    frame: int
    mono_ns: int
    poses_float32: bytes
    provenance_uint8: bytes

    def poses(self) -> NDArray[np.float32]:
        """(2, n, 7): tracked and virtual, each joint's px py pz qx qy qz qw, NaN where it is not seen."""
        return np.frombuffer(self.poses_float32, np.float32).reshape(len(BODIES), -1, len(COMPONENTS))

    def provenance(self) -> NDArray[np.uint8]:
        """(2, n): codes of `telemetry.motion.PROVENANCE`."""
        return np.frombuffer(self.provenance_uint8, np.uint8).reshape(len(BODIES), -1)


class NotShown(Struct, frozen=True, tag_field="show", tag="not_shown"):
    """Nothing is shown to this reader, and why."""

    reason: str


Shown = Update | Snapshot | Joints | NotShown

encode = msgspec.msgpack.Encoder().encode
_shown = msgspec.msgpack.Decoder(Shown)

# --- pictures: a header and the pixels, in one piece, so that nothing has to be copied together -----------------------

#: No MessagePack map begins with this letter.
_MAGIC = b"RGB8"
_HEADER = struct.Struct("<4sHHq")
HEADER_BYTES = _HEADER.size


@dataclass(frozen=True, slots=True)
class Picture:
    """What the participant sees, small. rgb: (height, width, 3), the top row first; read-only.

    `PIL.Image.fromarray(picture.rgb)` makes an image of it.
    """

    frame: int
    rgb: NDArray[np.uint8]


def picture_buffer(frame: int, height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture's message, and the part of it (height, width, 3) where its pixels go."""
    message = np.empty(HEADER_BYTES + height * width * 3, np.uint8)
    _HEADER.pack_into(message.data, 0, _MAGIC, width, height, frame)
    return message, message[HEADER_BYTES:].reshape(height, width, 3)


def decode_shown(data: bytes) -> Shown | Picture | None:
    """What a session shows; None for anything else."""
    if data[:4] == _MAGIC:
        return _picture(data)
    try:
        return _shown.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _picture(data: bytes) -> Picture | None:
    if len(data) < HEADER_BYTES:
        return None
    _, width, height, frame = _HEADER.unpack_from(data)
    if len(data) != HEADER_BYTES + width * height * 3:
        return None
    return Picture(frame, np.frombuffer(data, np.uint8, offset=HEADER_BYTES).reshape(height, width, 3))


def is_whole(joints: Joints) -> bool:
    """Whether its arrays are of one number of joints, as the session's own are."""
    n, rest = divmod(len(joints.provenance_uint8), len(BODIES))
    return not rest and len(joints.poses_float32) == len(BODIES) * n * len(COMPONENTS) * 4


def first_standing(facts: Facts, settings: dict[str, Value]) -> Standing:
    """The standing with which a session begins. No two sessions count versions from the same number, so that a reader
    cannot take one for the other.
    """
    return Standing(version=secrets.randbits(48) + 1, facts=facts, settings=settings)


def changed(before: Standing, **content: Any) -> Standing:
    """The same with other content, and the next version."""
    return msgspec.structs.replace(before, version=before.version + 1, **content)
