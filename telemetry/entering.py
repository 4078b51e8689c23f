"""What each event makes of the tables: one function an event, in the transaction of whoever calls.

What an event says is never corrected here; one about something that the tables do not have is a `Contradiction`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from telemetry import messages, schema
from telemetry.stored import METADATA

_T = METADATA.tables
_participants, _sessions, _runs = _T["participants"], _T["sessions"], _T["task_runs"]
_ratings, _settings, _events = _T["ratings"], _T["settings"], _T["events"]
_pairs, _adverse = _T["clock_pairs"], _T["adverse_events"]

#: What a profile holds in more than one value, kept as JSON.
NESTED = frozenset(column.name for column in schema.PARTICIPANTS.columns if column.kind == "json")


class Contradiction(Exception):
    """An event about something that the tables do not have."""


def enter(db: sa.Connection, session: str, seq: int, event: messages.Event) -> None:
    """Enter an event of `session`. Raises `Contradiction`, or SQLAlchemy's `IntegrityError`, where it cannot be."""
    _ENTER[type(event)](db, session, seq, event)


def note(db: sa.Connection, session: str, stream: str, seq: int, mono_ns: int, name: str, detail: dict[str, Any],
          task_run_id: str | None) -> None:  # fmt: skip
    db.execute(_events.insert().prefix_with("OR IGNORE").values(
        session_id=session, stream=stream, seq=seq, mono_ns=mono_ns, name=name, task_run_id=task_run_id,
        detail=json.dumps(detail)))  # fmt: skip


def participant_row(profile: messages.Profile) -> dict[str, Any]:
    told = msgspec.to_builtins(profile)
    return {name: json.dumps(value) if name in NESTED else value for name, value in told.items()}


def spelt(db: sa.Connection, code: str) -> str | None:
    """How a participant's code is written in the tables; None for one that is not there.

    Where folders are told apart without regard to case, codes that differ in nothing else would be one: they are one.
    """
    known = _participants.c.code
    alike = sa.select(known).where(sa.func.lower(known) == code.lower())
    return db.scalar(alike.order_by(known != code))


def _one(result: sa.CursorResult, what: str) -> None:
    if result.rowcount != 1:
        raise Contradiction(f"no {what} to which this belongs")


def _session_started(db: sa.Connection, session: str, seq: int, e: messages.SessionStarted) -> None:
    code = spelt(db, e.participant)
    if code is None:
        # A session may come from a computer that knew of a participant before this one did.
        code = e.participant
        db.execute(_participants.insert().values(participant_row(messages.Profile(code=code, version=0))))
    db.execute(_sessions.insert().values(
        session_id=session, participant=code, programme=e.programme, mode=e.mode, origin=e.origin,
        intact_side=e.intact_side, status="running", software_version=e.software_version, runtime=e.runtime,
        seed=e.seed, profile_version=e.profile_version, started_mono_ns=e.mono_ns, started_utc_ns=e.utc_ns,
        started_xr_ns=e.xr_ns, joints=json.dumps(e.joints), projected_seq=0))  # fmt: skip
    _clock_pair(db, session, seq, messages.ClockPair(mono_ns=e.mono_ns, xr_ns=e.xr_ns, utc_ns=e.utc_ns))


def _session_ended(db: sa.Connection, session: str, seq: int, e: messages.SessionEnded) -> None:
    # What a crash left open ends with the session.
    is_open = _runs.c.session_id == session, _runs.c.status == "running"
    db.execute(_runs.update().where(*is_open).values(
        status="interrupted", ended_mono_ns=e.mono_ns, rating_status="awaiting"))  # fmt: skip
    _one(db.execute(_sessions.update().where(_sessions.c.session_id == session).values(
        status=e.status, ended_mono_ns=e.mono_ns, last_motion_seq=e.last_motion_seq)), "session")  # fmt: skip


def _clock_pair(db: sa.Connection, session: str, seq: int, e: messages.ClockPair) -> None:
    db.execute(_pairs.insert().values(session_id=session, seq=seq, mono_ns=e.mono_ns, xr_ns=e.xr_ns, utc_ns=e.utc_ns))


def _task_started(db: sa.Connection, session: str, seq: int, e: messages.TaskStarted) -> None:
    db.execute(_runs.insert().values(
        session_id=session, task_run_id=e.task_run_id, run_number=e.run_number, block_index=e.block_index,
        task_index=e.task_index, task=e.task, mode=e.mode, limb=e.limb, side=e.side, status="running",
        parameters=json.dumps(e.parameters), started_mono_ns=e.mono_ns))  # fmt: skip


def _task_ended(db: sa.Connection, session: str, seq: int, e: messages.TaskEnded) -> None:
    is_this = _runs.c.session_id == session, _runs.c.task_run_id == e.task_run_id
    _one(db.execute(_runs.update().where(*is_this).values(
        status=e.status, ended_mono_ns=e.mono_ns, duration_s=e.duration_s, repetitions=e.repetitions,
        rating_status="awaiting")), "task run")  # fmt: skip


def _rating_asked(db: sa.Connection, session: str, seq: int, e: messages.RatingAsked) -> None:
    before = None
    if e.task_run_id is not None and e.phase == "after_task":
        # Asked again: the new question takes the place of the earlier one, whose row stays.
        same = (_ratings.c.session_id == session, _ratings.c.task_run_id == e.task_run_id, _ratings.c.site == e.site,
                _ratings.c.item.is_not_distinct_from(e.item or None), _ratings.c.phase == e.phase,
                _ratings.c.current)  # fmt: skip
        before = db.scalar(sa.select(_ratings.c.rating_id).where(*same))
        db.execute(_ratings.update().where(*same).values(current=False))
    db.execute(_ratings.insert().values(
        rating_id=e.rating_id, session_id=session, task_run_id=e.task_run_id, phase=e.phase, site=e.site,
        item=e.item or None, scale=e.scale, status="awaiting", supersedes=before, current=True,
        asked_mono_ns=e.mono_ns))  # fmt: skip
    _tell_run(db, e.rating_id)


def _rating_answered(db: sa.Connection, session: str, seq: int, e: messages.RatingAnswered) -> None:
    is_this = _ratings.c.session_id == session, _ratings.c.rating_id == e.rating_id
    _one(db.execute(_ratings.update().where(*is_this).values(
        status=e.status, value=e.value, source=e.source, by=e.by or None, answered_mono_ns=e.mono_ns)),
        "rating")  # fmt: skip
    _tell_run(db, e.rating_id)


def _rating_corrected(db: sa.Connection, session: str, seq: int, e: messages.RatingCorrected) -> None:
    is_old = _ratings.c.session_id == session, _ratings.c.rating_id == e.supersedes, _ratings.c.current
    old = db.execute(_ratings.select().where(*is_old)).mappings().one_or_none()
    if old is None:
        raise Contradiction(f"no current rating {e.supersedes} to supersede")
    db.execute(_ratings.update().where(*is_old).values(current=False))
    answered = old["asked_mono_ns"] if old["answered_mono_ns"] is None else old["answered_mono_ns"]
    db.execute(_ratings.insert().values({
        **old, "rating_id": e.rating_id, "supersedes": e.supersedes, "value": e.value, "status": "given",
        "source": e.source, "by": None, "who": e.who, "current": True, "answered_mono_ns": answered,
        "corrected_mono_ns": e.mono_ns}))  # fmt: skip
    _tell_run(db, e.rating_id)


def enter_late_rating(db: sa.Connection, addendum: messages.Addendum, rating: messages.LateRating) -> None:
    """A rating that came after the seal, its times on the clock of its session."""
    began = db.execute(sa.select(_sessions.c.started_mono_ns, _sessions.c.started_utc_ns)
                       .where(_sessions.c.session_id == addendum.session_id)).one()  # fmt: skip
    about, entered = (began.started_mono_ns + utc_ns - began.started_utc_ns
                      for utc_ns in (addendum.about_utc_ns, addendum.entered_utc_ns))  # fmt: skip
    if not all(-(2**63) <= time_ns < 2**63 for time_ns in (about, entered)):
        raise Contradiction(f"{addendum.about_utc_ns} and {addendum.entered_utc_ns} ns are no times of this session")
    if rating.supersedes:
        _rating_corrected(db, addendum.session_id, 0, messages.RatingCorrected(
            mono_ns=entered, rating_id=rating.rating_id, supersedes=rating.supersedes, value=rating.value,
            source=rating.source, who=addendum.who))  # fmt: skip
        return
    db.execute(_ratings.insert().values(
        rating_id=rating.rating_id, session_id=addendum.session_id, task_run_id=None, phase=rating.phase,
        site=rating.site, item=rating.item or None, scale=rating.scale, value=rating.value, status="given",
        source=rating.source,
        who=addendum.who, current=True, asked_mono_ns=about, answered_mono_ns=about))  # fmt: skip


def _tell_run(db: sa.Connection, rating_id: str) -> None:
    """A finished task run's rating status is that of its own PLP rating."""
    rating = db.execute(_ratings.select().where(_ratings.c.rating_id == rating_id)).one()
    is_pain = rating.site == "PLP" and rating.item is None
    if rating.phase == "after_task" and is_pain and rating.task_run_id is not None:
        db.execute(_runs.update().where(_runs.c.task_run_id == rating.task_run_id, _runs.c.status != "running")
                   .values(rating_status=rating.status))  # fmt: skip


def _setting_changed(db: sa.Connection, session: str, seq: int, e: messages.SettingChanged) -> None:
    db.execute(_settings.insert().values(
        session_id=session, seq=seq, who=e.who, name=e.name, old=json.dumps(e.old), new=json.dumps(e.new),
        applied_frame=e.applied_frame, mono_ns=e.mono_ns))  # fmt: skip


def _adverse_event(db: sa.Connection, session: str, seq: int, e: messages.AdverseEvent) -> None:
    db.execute(_adverse.insert().values(
        session_id=session, seq=seq, who=e.who, kind=e.what, severity=e.severity, serious=e.serious,
        relatedness=e.relatedness, action=e.action, text=e.text, task_run_id=e.task_run_id,
        mono_ns=e.mono_ns))  # fmt: skip


def _happened(db: sa.Connection, session: str, seq: int, e: messages.Happened) -> None:
    note(db, session, "events", seq, e.mono_ns, e.name, e.detail, e.task_run_id)
    if e.name == "calibrated":
        _take_measures(db, session, e.detail)


def _take_measures(db: sa.Connection, session: str, detail: dict[str, Any]) -> None:
    """What was measured of a person goes into their profile, as one more change of it.

    Where a session that began later was delivered before this one and has measured them too, it has the last word.
    """
    of_person = _sessions.c.session_id == session, _sessions.c.origin == "person"
    this = db.execute(sa.select(_sessions.c.participant, _sessions.c.started_utc_ns).where(*of_person)).one_or_none()
    if this is None:
        return
    measured = _events.join(_sessions, _events.c.session_id == _sessions.c.session_id)
    later = _sessions.c.participant == this.participant, _sessions.c.started_utc_ns > this.started_utc_ns
    if db.scalar(sa.select(sa.func.count()).select_from(measured).where(_events.c.name == "calibrated", *later)):
        return
    is_this = _participants.c.code == this.participant
    known = json.loads(db.scalar(sa.select(_participants.c.measures).where(is_this)) or "{}")
    told = {name: detail[name] for name in messages.Measures.__struct_fields__ if isinstance(detail.get(name), float)}
    db.execute(_participants.update().where(is_this).values(
        measures=json.dumps({**known, **told}), version=_participants.c.version + 1))  # fmt: skip


_ENTER: dict[type, Callable[[sa.Connection, str, int, Any], None]] = {
    messages.SessionStarted: _session_started,
    messages.SessionEnded: _session_ended,
    messages.ClockPair: _clock_pair,
    messages.TaskStarted: _task_started,
    messages.TaskEnded: _task_ended,
    messages.RatingAsked: _rating_asked,
    messages.RatingAnswered: _rating_answered,
    messages.RatingCorrected: _rating_corrected,
    messages.SettingChanged: _setting_changed,
    messages.AdverseEvent: _adverse_event,
    messages.Happened: _happened,
}
