"""Every table and column of the record, declared once; the database, the pandas tables and the dictionary follow.

Nothing here reads or writes. A column is either stored in `clinic.db`, or (`derived`) computed when tables are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from telemetry import messages
from telemetry.motion import BODIES, COMPONENTS, PROVENANCE, STAGES

Kind = Literal["text", "choice", "integer", "real", "truth", "time", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `values` are all that a choice may be; `internal` ones are for the recorder, not for researchers."""

    name: str
    kind: Kind
    description: str
    unit: str = ""
    values: tuple[str, ...] = ()
    key: bool = False
    refers_to: str = ""
    optional: bool = False
    derived: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `name` is what researchers call it, `stored_as` its name in `clinic.db`."""

    name: str
    description: str
    columns: tuple[Column, ...]
    stored_as: str = ""
    #: Conditions that the database itself keeps, in SQL.
    checks: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.internal)


def _id(name: str, description: str) -> Column:
    return Column(name, "text", description, key=True)


def _mono(name: str, description: str, *, optional: bool = False) -> Column:
    return Column(
        name, "integer", f"{description}, on the session computer's monotonic clock.", "ns", optional=optional
    )


def _pain(name: str, description: str) -> Column:
    return Column(name, "real", description, "of the scale", derived=True, optional=True)


def _utc(name: str, description: str) -> Column:
    return Column(name, "time", f"{description}, in UTC.", "UTC", derived=True, optional=True)


_SESSION = Column("session_id", "text", "The session.", refers_to="sessions.session_id")
_SESSION_KEY = replace(_SESSION, key=True)
_PARTICIPANT = Column("participant", "text", "The participant's code.", derived=True)

_MODE = Column("mode", "text", "What drove the virtual limb: mirror, imagery, observe, residual, intact_only, "
               "distractor or relax.")  # fmt: skip

#: Who decided what came.
_BY = ("programme", "therapist")
SESSION_STATUS = ("running", *get_args(messages.SessionStatus))
TASK_STATUS = ("running", *get_args(messages.TaskStatus))
RATING_STATUS = get_args(messages.RatingStatus)
#: What the record calls the 0-10 numerical rating scale of eleven steps.
NRS = ("NRS-11", "nrs_0_10")

PARTICIPANTS = Table(
    "participants",
    "The people, by code.",
    (
        _id("code", "The participant's code; the list of codes and names is kept elsewhere."),
        Column("consent", "choice", "What the person agreed to.", values=get_args(messages.ConsentLevel)),
        Column("language", "text", "The language of texts in the scene, as in BCP 47."),
        Column("limb_losses", "json", "Each lost limb with limb, side and level, as JSON."),
        Column("appearance", "json", "How the virtual body is made to look like the person's own, as JSON."),
        Column("measures", "json", "What was measured of the person's body, metres, as JSON."),
        Column("phantom_shapes", "json", "How each phantom limb is felt, as JSON."),
        Column("tracker_mounts", "json", "Where trackers are strapped to the body, as JSON."),
        Column(
            "pain_ceiling",
            "real",
            "The pain from which on they want a session to come to rest.",
            "NRS 0-10",
            optional=True,
        ),
        Column("version", "integer", "Counts the changes; 0 is a participant known only from a session."),
    ),
    "participants",
)

SESSIONS = Table(
    "sessions",
    "One row a session: one sitting, from first rating to seal.",
    (
        _id("session_id", "The session."),
        Column("participant", "text", "The participant's code.", refers_to="participants.code"),
        Column("programme", "text", "The programme that was followed."),
        _MODE,
        Column("course", "text", "The plan over several sessions that it is part of; missing where there is none.",
               derived=True, optional=True),
        Column("condition", "text", "What of that plan it was: a condition such as A, or a phase such as laterality.",
               derived=True, optional=True),
        Column("condition_block", "integer", "The stretch of the plan within which the lot was drawn, from 1.",
               derived=True, optional=True),
        Column("condition_by", "choice", "Who chose the condition: the plan, or a therapist against it.",
               values=_BY, derived=True, optional=True),
        Column("course_session", "integer", "Counts the participant's sessions of that plan from 1.",
               derived=True, optional=True),
        Column("origin", "choice", "Whose movement it is; `person` is a person's.", values=get_args(messages.Origin)),
        Column("intact_side", "choice", "The side of the intact limb; `none` where both sides have lost it.",
               values=get_args(messages.IntactSide)),
        _utc("started_at", "When it began"),
        _utc("ended_at", "When it ended"),
        Column("duration_s", "real", "From start to end.", "s", derived=True, optional=True),
        Column("status", "choice", "How it ended; `running` until it did.", values=SESSION_STATUS),
        Column("sealed", "truth", "Whether the motion is in its final file.", derived=True),
        Column("software_version", "text", "The version of vrrehab that ran it."),
        Column("runtime", "text", "The OpenXR runtime, or what stood in for one."),
        Column("seed", "integer", "The seed of everything drawn by chance."),
        Column("profile_version", "integer", "The version of the participant's profile that it began with."),
        _mono("started_mono_ns", "When it began"),
        _mono("ended_mono_ns", "When it ended", optional=True),
        Column("started_utc_ns", "integer", "`started_at` in nanoseconds since 1970.", "ns"),
        Column("started_xr_ns", "integer", "The same on the runtime's clock, as `display_time_ns`.", "ns"),
        Column("last_motion_seq", "integer", "How many frames were handed over, lost ones counted.", optional=True),
        Column("joints", "json", "The joints of every frame, in order, as JSON.", internal=True),
        Column("projected_seq", "integer", "How far the event stream has been entered here.", internal=True),
    ),
    "sessions",
    checks=("status = 'running' OR ended_mono_ns IS NOT NULL",),
)  # fmt: skip

TASKS = Table(
    "tasks",
    "One row a task run, with the pain before and after it: the task-pain ledger.",
    (
        Column("session_id", "text", "The session.", refers_to="sessions.session_id"),
        _PARTICIPANT,
        _id("task_run_id", "The task run."),
        Column("run_number", "integer", "Counts the task runs of the session from 1: the order of performance."),
        Column("block_index", "integer", "The block of the programme, from 0."),
        Column("task_index", "integer", "The place within the block as the programme is written, from 0."),
        Column("drawn_index", "integer", "The place within the block as planned, after the lot, from 0.",
               derived=True, optional=True),
        Column("chosen_by", "choice", "Who put the task run there: the programme, or a therapist who had a task "
               "repeated, chose one or changed the mode.", values=_BY, derived=True, optional=True),
        Column("extended_s", "real", "By how much a therapist had it go on for longer.", "s", derived=True),
        Column("task", "text", "The kind of movement."),
        _MODE,
        Column("limb", "choice", "The limb that was moved.", values=get_args(messages.Limb)),
        Column("side", "choice", "The side that was moved.", values=get_args(messages.MovedSide)),
        _utc("started_at", "When the movement began"),
        _utc("ended_at", "When the movement ended"),
        Column("duration_s", "real", "How long it was performed, pauses left out.", "s", optional=True),
        Column("repetitions", "integer", "Repetitions that were counted.", optional=True),
        Column("status", "choice", "How it ended; `running` until it did.", values=TASK_STATUS),
        Column("rating_status", "choice", "What became of its pain rating.", values=RATING_STATUS, optional=True),
        _pain("pain_before", "The last PLP rating given before it in the session, on the same scale."),
        _pain("pain_after", "The PLP rating that carries its task_run_id; missing unless rating_status is given."),
        _pain("pain_change", "pain_after - pain_before: negative is less pain."),
        Column("scale", "text", "The scale of both, as in `NRS-11`, 0 to 10 in whole points; where it was never asked, "
               "that of pain_before.", derived=True, optional=True),
        Column("rating_id", "text", "The rating of pain_after.", derived=True, optional=True),
        _utc("rated_at", "When pain_after was answered"),
        Column("parameters", "json", "What the task was set to, as JSON."),
        _mono("started_mono_ns", "When the movement began"),
        _mono("ended_mono_ns", "When the movement ended", optional=True),
    ),
    "task_runs",
    # No finished task run without the status of its rating.
    checks=("status = 'running' OR (ended_mono_ns IS NOT NULL AND rating_status IS NOT NULL)",),
)  # fmt: skip

RATINGS = Table(
    "ratings",
    "One row a rating: asked, corrected or unanswered.",
    (
        _id("rating_id", "The rating."),
        _SESSION,
        _PARTICIPANT,
        Column("task_run_id", "text", "Its task run, if any.", refers_to="task_runs.task_run_id", optional=True),
        Column("phase", "choice", "When in the programme it was asked.", values=get_args(messages.Phase)),
        Column("site", "choice", "Phantom limb pain (PLP), stump pain (RLP), phantom sensations (PLS); other is asked "
               "of no limb.", values=get_args(messages.Site)),
        Column("item", "text", "What was asked where it was not the strength of what the site names: a word such as "
               "burning (1 chosen, 0 not), telescoping, ownership, agency, sickness, effort.", optional=True),
        Column("scale", "text", "The scale, as in `NRS-11`, 0 to 10 in whole points."),
        Column("value", "real", "The answer; missing unless status is given.", "of the scale", optional=True),
        Column("status", "choice", "What became of it.", values=RATING_STATUS),
        Column("source", "choice", "Who entered it.", values=get_args(messages.RatingSource), optional=True),
        Column("by", "text", "How it was entered: gaze, touch, pinch, select, console.", optional=True),
        _utc("asked_at", "When it was asked"),
        _utc("answered_at", "When it was answered; a correction keeps the time of the first answer"),
        _utc("corrected_at", "When this correction was made"),
        Column("who", "text", "Who made this correction.", optional=True),
        Column("supersedes", "text", "The rating it takes the place of.", refers_to="ratings.rating_id", optional=True),
        Column("current", "truth", "Whether no other rating takes its place."),
        _mono("asked_mono_ns", "When it was asked"),
        _mono("answered_mono_ns", "When it was answered", optional=True),
        _mono("corrected_mono_ns", "When this correction was made", optional=True),
    ),
    "ratings",
    checks=("(status = 'given') = (value IS NOT NULL)",),
)  # fmt: skip

SETTINGS = Table(
    "settings",
    "One row a live change of a setting.",
    (
        _SESSION_KEY,
        _PARTICIPANT,
        Column("seq", "integer", "The event's number in the session.", key=True),
        _utc("changed_at", "When it was changed"),
        Column("who", "text", "Who changed it."),
        Column("name", "text", "The setting."),
        Column("old", "json", "Its value before, as JSON."),
        Column("new", "json", "Its value after, as JSON."),
        Column("applied_frame", "integer", "The number of the first frame with the new value."),
        _mono("mono_ns", "When it was changed"),
    ),
    "settings",
)

EVENTS = Table(
    "events",
    "One row for everything else that happened: tracking lost, gap, stop, adverse event, note, ...",
    (
        _SESSION_KEY,
        _PARTICIPANT,
        Column("stream", "choice", "The stream it was found in.", values=("events", "motion"), key=True),
        Column("seq", "integer", "Its number in that stream.", key=True),
        _utc("at", "When it happened"),
        Column("name", "text", "What happened."),
        Column("task_run_id", "text", "The task run it happened in.", optional=True),
        Column("detail", "json", "More about it, as JSON."),
        _mono("mono_ns", "When it happened"),
    ),
    "events",
)

ADVERSE_EVENTS = Table(
    "adverse_events",
    "One row for everything untoward that happened to the person, as a therapist entered it, during the session or, "
    "as an entry `adverse_event` of that session, later.",
    (
        _SESSION_KEY,
        _PARTICIPANT,
        Column("seq", "integer", "The event's number in the session; 0 where it was entered later.", key=True),
        Column("entry_id", "text", "The entry, where it was entered later.", refers_to="entries.entry_id",
               optional=True, derived=True),
        _utc("happened_at", "When it happened, as far as it was said; else when it was entered"),
        _utc("reported_at", "When it was entered"),
        Column("who", "text", "Who entered it."),
        Column("kind", "choice", "What happened.", values=get_args(messages.AdverseKind)),
        Column("severity", "choice", "How strong it was.", values=get_args(messages.Severity)),
        Column("serious", "truth", "Whether it was life-threatening, lasting, or needed a hospital (ICH E2A)."),
        Column("relatedness", "choice", "How far the session is thought to have caused it.",
               values=get_args(messages.Relatedness)),
        Column("action", "choice", "What was done about it.", values=get_args(messages.AdverseAction)),
        Column("text", "text", "More about it, in words."),
        Column("task_run_id", "text", "The task run it happened in.", optional=True),
        _mono("mono_ns", "When it was entered"),
    ),
    "adverse_events",
)  # fmt: skip

CLOCK_PAIRS = Table(
    "clock_pairs",
    "One row each time that the session's three clocks were read together.",
    (
        _SESSION_KEY,
        Column("seq", "integer", "The event's number in the session.", key=True),
        _mono("mono_ns", "The reading"),
        Column("xr_ns", "integer", "The reading of the runtime's clock.", "ns"),
        Column("utc_ns", "integer", "The reading of the computer's UTC clock.", "ns"),
    ),
    "clock_pairs",
)

SEALS = Table(
    "seals",
    "One row a sealed session: what its files must contain.",
    (
        Column("session_id", "text", "The session.", key=True, refers_to="sessions.session_id"),
        Column("sealed_utc_ns", "integer", "When it was sealed.", "ns"),
        Column("folder", "text", "Where its files lie, from the data folder."),
        Column("events", "integer", "How many events there are; they are numbered from 1."),
        Column("frames", "integer", "How many frames there are."),
        Column("first_seq", "integer", "The first frame's number.", optional=True),
        Column("last_seq", "integer", "The last number of the motion stream, gaps counted."),
        Column("gaps", "json", "Each stretch of lost frames with first, last and reason, as JSON."),
        Column("frames_sha256", "text", "SHA-256 of all frame records, as handed over."),
        Column("events_file_sha256", "text", "SHA-256 of events.jsonl."),
        Column("motion_file_sha256", "text", "SHA-256 of motion.parquet."),
    ),
    "seals",
)

ADDENDA = Table(
    "addenda",
    "One row a fact that arrived after the seal: appended, never changed and never taken back.",
    (
        _id("addendum_id", "The addendum."),
        _SESSION,
        _PARTICIPANT,
        Column("kind", "choice", "What it is; a rating or correction is a row of ratings as well.",
               values=get_args(messages.AddendumKind)),
        Column("entered_at", "time", "When it was entered, in UTC.", "UTC", derived=True),
        Column("about_at", "time", "The time that it is about, in UTC.", "UTC", derived=True),
        Column("who", "text", "Who entered it."),
        Column("rating_id", "text", "The rating that it brings.", refers_to="ratings.rating_id", optional=True),
        Column("detail", "json", "What it says, as JSON."),
        Column("entered_utc_ns", "integer", "`entered_at` in nanoseconds since 1970.", "ns"),
        Column("about_utc_ns", "integer", "`about_at` in nanoseconds since 1970.", "ns"),
    ),
    "addenda",
)  # fmt: skip

ENTRIES = Table(
    "entries",
    "One row an instrument that was filled in for a participant: a questionnaire, a line of the pain log, medication, "
    "a treatment. Appended, never changed; a correction is a new one.",
    (
        _id("entry_id", "The entry."),
        Column("participant", "text", "The participant's code.", refers_to="participants.code"),
        Column("instrument", "text", "What was filled in: a name of telemetry.instruments."),
        Column("about_at", "time", "The time that it is about, in UTC.", "UTC", derived=True),
        Column("entered_at", "time", "When it was entered, in UTC.", "UTC", derived=True),
        Column("who", "text", "Who entered it."),
        Column("source", "choice", "Who answered.", values=get_args(messages.RatingSource)),
        Column("origin", "choice", "Whether it was filled in here, or imported from tables of another origin.",
               values=get_args(messages.EntryOrigin)),
        Column("session_id", "text", "The session that it belongs to, if it does; of an imported entry it may be one "
               "that is not in this record.", optional=True),
        Column("answers", "json", "Each item's answer by its name, as JSON."),
        Column("scores", "json", "The scores made of the answers, by name, as JSON.", derived=True),
        Column("supersedes", "text", "The entry that it corrects.", refers_to="entries.entry_id", optional=True),
        Column("current", "truth", "Whether no other entry corrects it.", derived=True),
        Column("entered_utc_ns", "integer", "`entered_at` in nanoseconds since 1970.", "ns"),
        Column("about_utc_ns", "integer", "`about_at` in nanoseconds since 1970.", "ns"),
    ),
    "entries",
)  # fmt: skip

STORED = (
    PARTICIPANTS, SESSIONS, TASKS, RATINGS, SETTINGS, EVENTS, ADVERSE_EVENTS, CLOCK_PAIRS, SEALS, ADDENDA, ENTRIES,
)  # fmt: skip

#: What a setting's column in `task_pain` is called, before the setting's name.
SETTING_PREFIX = "setting_"
#: What the column of what a task itself measured is called in `task_pain`, before the name that the task gives it.
SCORE_PREFIX = "score_"
#: What a movement measure's column in `task_pain` is called, before the measure's name in `features`.
FEATURE_PREFIX = "feature_"

_OF_TASKS = {column.name: replace(column, key=False, derived=True) for column in TASKS.columns}
_OF_RATINGS = {column.name: replace(column, key=False, derived=True) for column in RATINGS.columns}
_OF_SESSIONS = {column.name: replace(column, derived=True) for column in SESSIONS.columns}


def _from_start(name: str, description: str) -> Column:
    return Column(name, "real", description, "s", optional=True)


TASK_PAIN = Table(
    "task_pain",
    "One row a task run and pain site: the score before and after it, with dose, order, settings in force and "
    "movement measures. Every task run has its PLP row, answered or not.",
    (
        *(_OF_TASKS[name] for name in ("session_id", "participant", "task_run_id")),
        *(_OF_SESSIONS[name] for name in ("origin", "programme", "course", "condition", "condition_block",
                                          "condition_by", "sealed")),
        replace(PARTICIPANTS.columns[1], derived=True, optional=True),
        Column("session_number", "integer", "Counts the participant's sessions of this origin from 1, by start."),
        Column("course_day", "real", "Days since the participant's first session of this origin.", "d"),
        *(_OF_TASKS[name] for name in ("run_number", "block_index", "task_index", "drawn_index", "chosen_by",
                                       "extended_s", "task", "mode", "limb", "side")),
        Column("previous_task", "text", "The task run before it in the session; missing for the first.", optional=True),
        _OF_TASKS["status"],
        _OF_RATINGS["site"],
        replace(_OF_RATINGS["phase"], description="When in the programme its score was asked: after_task.",
                optional=True),
        replace(_OF_RATINGS["scale"], optional=True,
                description="The scale of this row's scores; where it was never asked, that of the score before."),
        replace(_OF_TASKS["rating_status"], description="What became of this row's score."),
        replace(_OF_RATINGS["source"], name="rating_source", description="Who entered the score."),
        Column("corrected", "truth", "Whether the score is a later correction."),
        Column("pain_before", "real", "The last score of this site given before the task run in its session, on the "
               "same scale.", "of the scale", optional=True),
        replace(_OF_RATINGS["phase"], name="before_phase", description="What pain_before was asked for.",
                optional=True),
        _from_start("before_age_s", "How old pain_before was when the task run began."),
        Column("pain_after", "real", "The score that carries this task_run_id; missing unless rating_status is given.",
               "of the scale", optional=True),
        Column("pain_change", "real", "pain_after - pain_before: negative is less pain.", "of the scale",
               optional=True),
        Column("pain_at_start", "real", "The session's first given score of this site on the same scale.",
               "of the scale", optional=True),
        _from_start("rated_after_s", "From the end of the movement to the answer."),
        replace(_OF_TASKS["started_at"]),
        _from_start("time_in_session_s", "From the session's start to the task run's."),
        _OF_TASKS["duration_s"],
        _OF_TASKS["repetitions"],
        _from_start("dose_before_s", "Time performed in the session before this task run, pauses left out."),
        Column("repetitions_before", "integer", "Repetitions in the session before this task run."),
        Column("settings_changed", "integer", "Changes of settings while it was performed."),
        *(_OF_TASKS[name] for name in ("rating_id", "parameters")),
    ),
)  # fmt: skip


def setting_column(name: str, kind: Kind) -> Column:
    """The column of `task_pain` for a setting that a store knows."""
    return Column(SETTING_PREFIX + name, kind, f"The setting {name} in force when the task run began; missing where "
                  "the record does not say.", optional=True, derived=True)  # fmt: skip


def score_column(name: str) -> Column:
    """The column of `task_pain` for what tasks of a store measured themselves, the unit at the end of its name."""
    return Column(SCORE_PREFIX + name, "real", f"What the task itself measured as {name}, as accuracy, or response_s "
                  "in seconds; missing where it measures no such thing.", optional=True, derived=True)  # fmt: skip


_RATIO, _METRES, _SPEED = "", "m", "m/s"


def _measure(name: str, unit: str, description: str) -> Column:
    return Column(name, "real", description, unit, derived=True, optional=True)


#: Counts up whenever a measure comes out otherwise for the same movement, so that no table mixes two ways of measuring.
MEASURES_VERSION = 2
FEATURES = Table(
    "features",
    "One row a task run: measures of the movement, from joints that were seen. Missing where too little was. "
    "Definitions and sources: telemetry.features.",
    (
        _OF_TASKS["session_id"],
        _OF_TASKS["task_run_id"],
        Column("moved_side", "choice", "The side that was measured: the one better seen.", values=("left", "right"),
               optional=True),
        Column("problem", "text", "Why measures are missing; missing itself where none is.", optional=True),
        _measure("seen_ratio", _RATIO, "Share of the task run's time in which the measured joints were seen."),
        _measure("longest_unseen_s", "s", "The longest stretch in which they were not."),
        _measure("frame_rate_hz", "Hz", "Frames a second, the median."),
        _measure("pose_age_ms", "ms", "How far ahead of the tracking data poses were shown, the median."),
        _measure("pose_age_p95_ms", "ms", "The same, 95th percentile."),
        _measure("path_length_m", _METRES, "Way of the moving point while it was seen."),
        _measure("peak_speed_mps", _SPEED, "Its greatest speed."),
        _measure("mean_speed_mps", _SPEED, "Its mean speed while it was seen."),
        _measure("movements", _RATIO, "Stretches of movement between rests; an opening and a closing are two."),
        _measure("movement_time_s", "s", "The median duration of one of them."),
        _measure("reaction_time_s", "s", "From the task run's start to the first of them."),
        _measure("sparc", _RATIO, "Spectral arc length, the median of the movements; nearer 0 is smoother."),
        _measure("log_dimensionless_jerk", _RATIO, "The same for the log dimensionless jerk; nearer 0 is smoother."),
        _measure("tremor_rms_mps2", "m/s2", "Root mean square acceleration in the tremor band, 4 to 12 Hz."),
        _measure("stillness_ratio", _RATIO, "Share of the time seen that the point moved at less than 20 mm/s."),
        *(_measure(f"rom_{joint}_rad", "rad", f"Range of motion of the {joint}, where every joint of it was seen.")
          for joint in ("fingers", "elbow", "shoulder", "knee", "ankle")),
        _measure("trunk_displacement_m", _METRES, "How far the trunk, or the head for it, went from where it began."),
        _measure("trunk_share", _RATIO, "The same as a share of how far the wrist or ankle went."),
        _measure("symmetry", _RATIO, "Path of left less right over their mean: 0 the same, 2 only the left."),
        _measure("synchrony", _RATIO, "Greatest correlation of both sides' speeds within one second."),
        _measure("lag_s", "s", "How much later the right side moved, at that correlation."),
    ),
)  # fmt: skip

#: What is computed when it is read, and stands in no database.
COMPUTED = (TASK_PAIN, FEATURES)

#: The columns of motion before the joints.
MOTION_HEAD: tuple[Column, ...] = (
    Column("time_s", "real", "When the frame was to be seen, from the session's start.", "s"),
    Column("display_time_ns", "integer", "The same on the runtime's clock (XrTime).", "ns"),
    Column("task_run_id", "choice", "The task run being performed; missing between task runs.", optional=True),
    Column("seq", "integer", "The frame's number in the stream; a jump is a recorded gap."),
    Column("frame", "integer", "The display's frame number."),
    _mono("mono_ns", "When the frame was begun"),
    Column("run_number", "integer", "The task run by number; 0 between task runs."),
    Column("pose_age_ns", "integer", "How far ahead of the tracking data the poses were predicted.", "ns"),
    *(Column(stage, "real", f"Time that the stage `{stage.removesuffix('_us')}` took.", "us") for stage in STAGES),
)

_COMPONENT_UNIT = {name: "m" if name.startswith("p") else "" for name in COMPONENTS}
#: The order of the categories: as a reader would list them, not by code.
PROVENANCE_CATEGORIES = (*PROVENANCE[1:], PROVENANCE[0])


def motion_columns(joints: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of motion for these joints: poses in one named, recentred space, OpenXR axes."""
    columns = list(MOTION_HEAD)
    for body in BODIES:
        kind = "as tracked" if body == "tracked" else "as shown"
        for joint in joints:
            for component in COMPONENTS:
                what = "Position" if component.startswith("p") else "Unit quaternion"
                columns.append(
                    Column(f"{body}_{joint}_{component}", "real", f"{what} {component[1]} of {joint}, {kind}.",
                           _COMPONENT_UNIT[component], optional=True)
                )  # fmt: skip
            columns.append(
                Column(f"{body}_{joint}_provenance", "choice", f"Where the pose of {joint}, {kind}, came from.",
                       values=PROVENANCE_CATEGORIES)
            )  # fmt: skip
    return tuple(columns)
