"""Everything that is said about a session, as typed records; the one vocabulary of wire, journal and store.

Two kinds of thing travel: *events* (this module's structs, MessagePack through msgspec) and *frames* (raw numpy
records, see `telemetry.motion`). Events are facts: frozen, complete in themselves and never edited; a correction is a
new event. Every event carries the monotonic time at which it happened; the store places events and frames on one axis
with the `ClockPair`s of the session.
"""

from __future__ import annotations

from typing import Literal

import msgspec

#: Phantom limb pain, residual limb (stump) pain, phantom limb sensation without pain; `other` is asked of no limb.
Site = Literal["PLP", "RLP", "PLS", "other"]
Phase = Literal["before", "after_task", "block_end", "after", "next_day"]
RatingStatus = Literal["awaiting", "given", "declined", "missed", "interrupted"]
RatingSource = Literal["participant", "therapist"]
#: How an entry came to be in the record: filled in here, or taken over from tables that were filled in elsewhere.
EntryOrigin = Literal["entered", "imported"]
TaskStatus = Literal["completed", "skipped", "stopped", "interrupted"]
SessionStatus = Literal["completed", "stopped", "interrupted"]
Origin = Literal["person", "scripted", "recording"]
ConsentLevel = Literal["care", "research", "open"]
Limb = Literal["hand", "arm", "foot", "leg"]
SideName = Literal["left", "right"]
#: The side that leads a session; `none` where both have lost the limb.
IntactSide = Literal["left", "right", "none"]
#: The side that a task moves; `both` where both are virtual limbs.
MovedSide = Literal["left", "right", "both"]


#: What happened to a person that should not have, whether or not the session had to do with it.
AdverseKind = Literal[
    "pain_increase", "sickness", "dizziness", "distress", "headache", "eye_strain", "skin", "fall", "seizure", "other"
]
Severity = Literal["mild", "moderate", "severe"]
#: How far the session is thought to have caused it, as in reports of clinical trials (ICH E2A leaves the words open).
Relatedness = Literal["unrelated", "unlikely", "possible", "probable", "definite"]
#: What was done about it, the furthest reaching of several.
AdverseAction = Literal["none", "watched", "paused", "task_stopped", "session_stopped", "treated", "referred"]


#: What a fact is that arrives after the seal: a rating (of the next day), a correction of an earlier rating, an entry
#: of a pain log, or a note.
AddendumKind = Literal["rating", "correction", "pain_log", "note"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str):
    """Something that happened at `mono_ns`, the session computer's monotonic clock in nanoseconds."""

    mono_ns: int


class ClockPair(Event, frozen=True, kw_only=True, tag="clock_pair"):
    """The three clocks read together: monotonic, the runtime's XrTime (the same where there is none), and UTC."""

    xr_ns: int
    utc_ns: int


class LimbLoss(msgspec.Struct, frozen=True, kw_only=True):
    """A lost limb: which, on which side, at which level (`wrist`, `forearm`, `below_knee`, ...)."""

    limb: Limb
    side: SideName
    level: str


class Appearance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the virtual body is made to look like the person's own.

    sex: 0 female to 1 male. weight, muscle, proportions: MakeHuman's axes, 0 to 1, 0.5 average. tone: of Monk's ten.
    """

    sex: float = 0.5
    age_years: float = 35.0
    weight: float = 0.5
    muscle: float = 0.5
    proportions: float = 0.5
    tone: int = 5


class Measures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was measured of the person's body, in metres; None where nobody has.

    reach: shoulder to wrist, arm straight. hand: wrist to the middle finger's tip. shin: knee to ankle.
    """

    stature_m: float | None = None
    seated_eye_height_m: float | None = None
    reach_m: float | None = None
    hand_m: float | None = None
    shin_m: float | None = None


class PhantomShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one phantom limb is felt.

    posture: a preset's name. joints_rad: changes to it by joint and movement. telescoping: 0 for full length to 1 where
    the hand or foot is felt at the residual limb. offset_m: how far from its natural place it is felt, x y z.
    """

    limb: Limb
    side: SideName
    posture: str = "relaxed"
    joints_rad: dict[str, float] = {}
    telescoping: float = 0.0
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)


class TrackerMount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a controller or tracker is strapped to the body: `joint` as JOINTS names it, such as `left_ankle`.

    device: the runtime's path of it, such as `/user/hand/left`. joint_from_device: (7,) px py pz qx qy qz qw.
    """

    joint: str
    device: str
    joint_from_device: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the product holds of a participant: a code and no name. `version` counts the changes.

    pain_ceiling: the pain (NRS 0 to 10) from which on they want a session to come to rest; None where not said.
    """

    code: str
    limb_losses: tuple[LimbLoss, ...] = ()
    consent: ConsentLevel = "care"
    language: str = "en"
    version: int = 1
    appearance: Appearance = Appearance()
    measures: Measures = Measures()
    phantom_shapes: tuple[PhantomShape, ...] = ()
    tracker_mounts: tuple[TrackerMount, ...] = ()
    pain_ceiling: float | None = None


class SessionStarted(Event, frozen=True, kw_only=True, tag="session_started"):
    """The first event of a session. `joints` names the rows of every frame's pose arrays."""

    session_id: str
    participant: str
    profile_version: int
    programme: str
    mode: str
    origin: Origin
    intact_side: IntactSide
    software_version: str
    runtime: str
    seed: int
    joints: tuple[str, ...]
    xr_ns: int
    utc_ns: int


class SessionEnded(Event, frozen=True, kw_only=True, tag="session_ended"):
    """The last event of a session; `last_motion_seq` is what the motion stream reaches (0: no frame at all)."""

    status: SessionStatus
    last_motion_seq: int


class TaskStarted(Event, frozen=True, kw_only=True, tag="task_started"):
    """One performance of a movement task begins. Frames name it by `run_number`, counted from 1 in the session."""

    task_run_id: str
    run_number: int
    block_index: int
    task_index: int
    task: str
    mode: str
    limb: Limb
    side: MovedSide
    parameters: dict[str, float | int | str | bool]


class TaskEnded(Event, frozen=True, kw_only=True, tag="task_ended"):
    """It ends; from here its rating is `awaiting` until a rating with its id says otherwise."""

    task_run_id: str
    status: TaskStatus
    duration_s: float
    repetitions: int


class RatingAsked(Event, frozen=True, kw_only=True, tag="rating_asked"):
    """`item` is empty where the strength of what `site` names is asked; else what is, such as `burning` or `effort`."""

    rating_id: str
    task_run_id: str | None
    phase: Phase
    site: Site
    scale: str
    item: str = ""


class RatingAnswered(Event, frozen=True, kw_only=True, tag="rating_answered"):
    """The end of one asked rating. `value` is None unless `status` is `given`."""

    rating_id: str
    status: RatingStatus
    value: float | None
    source: RatingSource
    #: How it was answered: `gaze`, `touch`, `pinch`, `select`, `console`; empty where nobody answered.
    by: str = ""


class RatingCorrected(Event, frozen=True, kw_only=True, tag="rating_corrected"):
    """A new rating that supersedes an earlier one, whose row stays."""

    rating_id: str
    supersedes: str
    value: float
    source: RatingSource
    who: str


class SettingChanged(Event, frozen=True, kw_only=True, tag="setting_changed"):
    who: str
    name: str
    old: float | int | str | bool
    new: float | int | str | bool
    applied_frame: int


class AdverseEvent(Event, frozen=True, kw_only=True, tag="adverse_event"):
    """Something untoward that happened to the person, as `who` saw it.

    serious: whether it was life-threatening, lasting, or needed a hospital (ICH E2A), which is another thing than
    severe.
    """

    who: str
    what: AdverseKind
    severity: Severity
    serious: bool
    relatedness: Relatedness
    action: AdverseAction
    text: str = ""
    task_run_id: str | None = None


class Happened(Event, frozen=True, kw_only=True, tag="happened"):
    """Everything else: `name` from a small vocabulary (`tracking_lost`, `stop`, `recentred`, `note`, ...)."""

    name: str
    detail: dict[str, float | int | str | bool | None] = {}
    task_run_id: str | None = None


class LateRating(msgspec.Struct, frozen=True, kw_only=True):
    """A rating that an addendum brings: a new one, or one that `supersedes` an earlier one and is about what that was
    about.
    """

    rating_id: str
    value: float
    source: RatingSource
    phase: Phase = "next_day"
    site: Site = "PLP"
    item: str = ""
    scale: str = "NRS-11"
    supersedes: str = ""


class Addendum(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a sealed session that arrived afterwards. about_utc_ns: the time that it is about."""

    addendum_id: str
    session_id: str
    kind: AddendumKind
    who: str
    entered_utc_ns: int
    about_utc_ns: int
    detail: dict[str, float | int | str | bool | None] = {}
    rating: LateRating | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that was filled in for a participant (`telemetry.instruments`), about the time `about_utc_ns`.

    session_id: the session that it belongs to, if it does. supersedes: the entry that it corrects, whose row stays.
    """

    entry_id: str
    participant: str
    instrument: str
    who: str
    source: RatingSource
    entered_utc_ns: int
    about_utc_ns: int
    answers: dict[str, float | int | str | bool | None]
    session_id: str | None = None
    supersedes: str = ""
    origin: EntryOrigin = "entered"


AnyEvent = (
    ClockPair
    | SessionStarted
    | SessionEnded
    | TaskStarted
    | TaskEnded
    | RatingAsked
    | RatingAnswered
    | RatingCorrected
    | SettingChanged
    | AdverseEvent
    | Happened
)

#: Events that are committed at once and on their own, because nobody can be asked again.
URGENT = (
    SessionStarted,
    SessionEnded,
    TaskStarted,
    TaskEnded,
    RatingAsked,
    RatingAnswered,
    RatingCorrected,
    AdverseEvent,
)
