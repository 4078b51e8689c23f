"""`clinic.db` for its only writer: enters events into tables, and keeps participants and seals.

An event is entered exactly once: the rows it makes and the session's `projected_seq` change in one transaction. What an
event says is never corrected here, and one that contradicts the tables is kept as an event `contradiction`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from telemetry import messages, wire
from telemetry.database import connect
from telemetry.entering import NESTED, Contradiction, enter, enter_late_rating, note, participant_row, spelt
from telemetry.errors import JournalDamaged, JournalUnwritable, RequestRefused
from telemetry.instruments import INSTRUMENTS
from telemetry.instruments.harm import ADVERSE_EVENT
from telemetry.journal import Entry
from telemetry.migrations import bring_up
from telemetry.motion import Gap
from telemetry.schema import NRS
from telemetry.stored import METADATA

_T = METADATA.tables
_participants, _sessions, _runs = _T["participants"], _T["sessions"], _T["task_runs"]
_ratings, _events, _seals = _T["ratings"], _T["events"], _T["seals"]
_store, _addenda, _entries = _T["store"], _T["addenda"], _T["entries"]
_erased = _T["erased"]
#: What may differ where an entry is imported again.
_OF_AN_IMPORT = ("who", "entered_utc_ns", "origin")


class Clinic:
    """The tables, open for writing; used by one thread at a time.

    brought_up: what was done to a store of an earlier version, in words. store_id: the name that the store was given
    when it was made. Raises `JournalUnwritable` and `JournalDamaged` as a journal does, and `OtherVersion` for a store
    that a newer version wrote.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._told():
            self.brought_up = bring_up(path)
        self._engine = connect(path)
        self._writing = self._engine.execution_options(writes=True)
        # What is entered is in the journal until the seal, whose commit takes it to the disk; none has to wait before.
        self._quick = connect(path, flushed=False)
        self._entering = self._quick.execution_options(writes=True)
        try:
            with self._told():
                self.store_id = self._named()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._quick.dispose()
        self._engine.dispose()

    def _named(self) -> str:
        with self._writing.begin() as db:
            name = db.scalar(sa.select(_store.c.store_id))
            if name is None:
                name = secrets.token_hex(8)
                db.execute(_store.insert().values(store_id=name))
        return str(name)

    # --- events -------------------------------------------------------------------------------------------------------

    def projected(self, session: str) -> int:
        """The number of the last event entered; 0 for a session not known yet."""
        with self._told(), self._engine.connect() as db:
            return db.scalar(sa.select(_sessions.c.projected_seq).where(_sessions.c.session_id == session)) or 0

    def project(self, session: str, entries: Sequence[Entry], gaps: Sequence[Entry]) -> None:
        """Enter events behind `projected`, and the gaps of the motion stream, if there are any: all of them.

        A power cut may take it back; it is entered again from the journal then.
        """
        with self._told(), self._entering.begin() as db:
            for entry in entries:
                event = wire.decode_event(entry.payload)
                try:
                    with db.begin_nested():
                        enter(db, session, entry.first, event)
                except (sa.exc.IntegrityError, Contradiction) as error:
                    reason = str(error.orig) if isinstance(error, sa.exc.IntegrityError) else str(error)
                    detail = {"reason": reason, "event": msgspec.to_builtins(event)}
                    note(db, session, "events", entry.first, event.mono_ns, "contradiction", detail, None)
            if entries:
                db.execute(_sessions.update().where(_sessions.c.session_id == session)
                           .values(projected_seq=entries[-1].last))  # fmt: skip
            if gaps:
                # In a restored backup the tables may know of gaps that the journal does not have, or has as one.
                is_gap = _events.c.session_id == session, _events.c.stream == "motion", _events.c.name == "gap"
                db.execute(_events.delete().where(*is_gap))
            for entry in gaps:
                gap = msgspec.msgpack.decode(entry.payload, type=Gap)
                detail = {"first": entry.first, "last": entry.last, "reason": gap.reason}
                note(db, session, "motion", entry.first, gap.mono_ns, "gap", detail, None)

    def ended(self, session: str) -> int | None:
        """What the motion of an ended session reaches; None while it runs or is not known."""
        with self._told(), self._engine.connect() as db:
            return db.scalar(sa.select(_sessions.c.last_motion_seq).where(_sessions.c.session_id == session))

    def latest_mono_ns(self, session: str) -> int:
        """The latest time on its monotonic clock that the tables know of a session; 0 where they know none."""
        times = [
            sa.select(sa.func.max(column)).where(table.c.session_id == session)
            for table in METADATA.sorted_tables
            if "session_id" in table.c
            for column in table.c
            if column.name.endswith("mono_ns")
        ]
        with self._told(), self._engine.connect() as db:
            return max(db.scalar(time) or 0 for time in times)

    # --- seals --------------------------------------------------------------------------------------------------------

    def session(self, session: str) -> sa.Row | None:
        with self._told(), self._engine.connect() as db:
            return db.execute(_sessions.select().where(_sessions.c.session_id == session)).one_or_none()

    def session_like(self, session: str) -> str | None:
        """The session whose id differs from this one in capitals alone; None where there is none."""
        known = _sessions.c.session_id
        query = sa.select(known).where(sa.func.lower(known) == session.lower(), known != session)
        with self._told(), self._engine.connect() as db:
            return db.scalar(query)

    def blocks(self, session: str) -> list[tuple[int, int, str]]:
        """(run_number, block_index, task_run_id) of each task run, in order."""
        query = sa.select(_runs.c.run_number, _runs.c.block_index, _runs.c.task_run_id)
        with self._told(), self._engine.connect() as db:
            rows = db.execute(query.where(_runs.c.session_id == session).order_by(_runs.c.run_number)).all()
        return [(int(n), int(block), str(run)) for n, block, run in rows]

    def unsealed(self) -> list[str]:
        query = sa.select(_sessions.c.session_id).where(_sessions.c.session_id.not_in(sa.select(_seals.c.session_id)))
        with self._told(), self._engine.connect() as db:
            return list(db.scalars(query.order_by(_sessions.c.session_id)))

    def sealed_reach(self) -> dict[str, tuple[int, int]]:
        """For each sealed session, what its events and its motion reach."""
        with self._told(), self._engine.connect() as db:
            rows = db.execute(sa.select(_seals.c.session_id, _seals.c.events, _seals.c.last_seq)).all()
        return {session: (events, last) for session, events, last in rows}

    def seal(self, row: dict[str, Any]) -> None:
        """Record a seal; what still awaits an answer becomes `interrupted`, because nobody will give one."""
        session = row["session_id"]
        with self._told(), self._writing.begin() as db:
            for table, column in ((_ratings, _ratings.c.status), (_runs, _runs.c.rating_status)):
                db.execute(table.update().where(table.c.session_id == session, column == "awaiting")
                           .values({column.name: "interrupted"}))  # fmt: skip
            db.execute(_seals.delete().where(_seals.c.session_id == session))
            db.execute(_seals.insert().values(row))

    # --- participants -----------------------------------------------------------------------------------------------

    def participants(self, code: str | None = None) -> tuple[messages.Profile, ...]:
        """All of them by code, or the one with this code; empty where there is none."""
        query = _participants.select().order_by(_participants.c.code)
        if code is not None:
            query = query.where(_participants.c.code == code)
        with self._told(), self._engine.connect() as db:
            rows = db.execute(query).all()
        return tuple(
            msgspec.convert(
                {str(name): json.loads(value) if name in NESTED else value for name, value in row._mapping.items()},
                messages.Profile,
            )
            for row in rows
        )

    def put_participant(self, profile: messages.Profile) -> None:
        """Add or change a participant. Raises `RequestRefused` where the version does not follow the stored one."""
        row = participant_row(profile)
        if alike(profile.code, self.erased()):
            raise RequestRefused(f"participant {profile.code} was erased; its code is not used again, give a new one")
        with self._told(), self._writing.begin() as db:
            is_this = _participants.c.code == profile.code
            stored = db.scalar(sa.select(_participants.c.version).where(is_this))
            if (other := spelt(db, profile.code)) not in (None, profile.code):
                raise RequestRefused(
                    f"expected a new code, got {profile.code}, which is {other} written otherwise; where folders are "
                    "told apart without regard to case both would be one, give another"
                )
            if profile.version != (stored or 0) + 1:
                raise RequestRefused(
                    f"expected version {(stored or 0) + 1} of participant {profile.code}, got {profile.version}; "
                    "somebody else changed it: read it again and repeat the change"
                )
            db.execute(_participants.insert().values(row) if stored is None
                       else _participants.update().where(is_this).values(row))  # fmt: skip

    def history(self, code: str) -> tuple[wire.PastSession, ...]:
        """The participant's sessions, oldest first."""
        of_session = _sessions.c.session_id
        runs = sa.select(sa.func.count()).where(_runs.c.session_id == of_session).scalar_subquery()
        # The session's own scores: what is said on the next day is another story.
        given = (_ratings.c.site == "PLP", _ratings.c.item.is_(None), _ratings.c.status == "given", _ratings.c.current,
                 _ratings.c.phase != "next_day", _ratings.c.scale.in_(NRS))  # fmt: skip
        pain = sa.select(sa.func.count()).where(_ratings.c.session_id == of_session, *given).scalar_subquery()
        s = _sessions.c
        query = sa.select(s.session_id, s.programme, s.mode, s.origin, s.status, s.started_utc_ns, runs, pain)
        with self._told(), self._engine.connect() as db:
            rows = db.execute(query.where(s.participant == code).order_by(s.started_utc_ns)).all()
            sessions = [row[0] for row in rows]
            scores = db.execute(
                sa.select(_ratings.c.session_id, _ratings.c.value)
                .where(_ratings.c.session_id.in_(sessions), *given)
                .order_by(_ratings.c.answered_mono_ns)
            ).all()
            events = db.execute(
                sa.select(_events.c.session_id, _events.c.name, _events.c.detail)
                .where(_events.c.session_id.in_(sessions), _events.c.name.in_(wire.REMEMBERED))
                .order_by(_events.c.seq)
            ).all()
        pain_of: dict[str, list[float]] = {}
        for session, value in scores:
            pain_of.setdefault(session, []).append(value)
        told: dict[str, list[tuple[str, Any]]] = {}
        for session, name, detail in events:
            told.setdefault(session, []).append((name, json.loads(detail)))
        return tuple(
            wire.PastSession(*row, own[0] if own else None, max(own, default=None), tuple(told.get(row[0], ())))
            for row in rows
            for own in [pain_of.get(row[0], [])]
        )

    # --- after the seal -----------------------------------------------------------------------------------------------

    def add(self, addendum: messages.Addendum) -> None:
        """Append what became known after the seal; the same again changes nothing.

        Raises `RequestRefused` where it is about nothing that is there, or something else was said under its id.
        """
        row = {
            "addendum_id": addendum.addendum_id, "session_id": addendum.session_id, "kind": addendum.kind,
            "who": addendum.who, "rating_id": addendum.rating.rating_id if addendum.rating else None,
            "detail": json.dumps(addendum.detail), "entered_utc_ns": addendum.entered_utc_ns,
            "about_utc_ns": addendum.about_utc_ns,
        }  # fmt: skip
        is_this = _addenda.c.addendum_id == addendum.addendum_id
        try:
            with self._told(), self._writing.begin() as db:
                stored = db.execute(_addenda.select().where(is_this)).mappings().one_or_none()
                if stored is not None:
                    if dict(stored) != row:
                        raise RequestRefused(
                            f"addendum {addendum.addendum_id} says something else already; give a new id"
                        )
                    return
                if db.scalar(sa.select(_seals.c.session_id).where(_seals.c.session_id == addendum.session_id)) is None:
                    raise RequestRefused(
                        f"expected a sealed session, got {addendum.session_id}; wait until it is sealed"
                    )
                if addendum.rating is not None:
                    enter_late_rating(db, addendum, addendum.rating)
                db.execute(_addenda.insert().values(row))
        except (sa.exc.IntegrityError, Contradiction) as error:
            reason = str(error.orig) if isinstance(error, sa.exc.IntegrityError) else str(error)
            raise RequestRefused(f"addendum {addendum.addendum_id} cannot be kept: {reason}") from error

    def enter(self, entry: messages.Entry) -> None:
        """Append an instrument that was filled in; the same again changes nothing.

        Raises `RequestRefused` where its answers do not fit, it is about nobody who is there, corrects what is not
        there or was corrected already, or something else was said under its id.
        """
        self.enter_all([entry])

    def enter_all(self, entries: Sequence[messages.Entry]) -> int:
        """Append these as `enter` does, all of them or none; how many were not there yet.

        An imported entry is the same again whoever imports it and whenever, and also as what it was taken from.
        """
        appended = 0
        with self._told(), self._writing.begin() as db:
            for entry in entries:
                try:
                    appended += _enter(db, entry)
                except sa.exc.IntegrityError as error:
                    raise RequestRefused(
                        f"entry {entry.entry_id} cannot be kept: {error.orig}; give a participant who is there, a "
                        "session of theirs, and correct the newest entry"
                    ) from error
        return appended

    def entries(self, code: str) -> tuple[messages.Entry, ...]:
        """What was filled in for a participant, by the time that it is about."""
        query = _entries.select().where(_entries.c.participant == code)
        with self._told(), self._engine.connect() as db:
            rows = db.execute(query.order_by(_entries.c.about_utc_ns, _entries.c.entered_utc_ns)).mappings().all()
        return tuple(
            messages.Entry(**{**row, "answers": json.loads(row["answers"]), "supersedes": row["supersedes"] or ""})
            for row in rows
        )

    # --- erasure ------------------------------------------------------------------------------------------------------

    def erased(self) -> dict[str, set[str]]:
        """The sessions known of each participant who was erased, by code."""
        with self._told(), self._engine.connect() as db:
            rows = db.execute(sa.select(_erased.c.code, _erased.c.session_id)).all()
        by_code: dict[str, set[str]] = {code: set() for code, _ in rows}
        for code, session in rows:
            if session:
                by_code[code].add(session)
        return by_code

    def sessions_of(self, code: str) -> list[str]:
        with self._told(), self._engine.connect() as db:
            return list(db.scalars(sa.select(_sessions.c.session_id).where(_sessions.c.participant == code)))

    def erase(self, code: str, sessions: Sequence[str]) -> None:
        """Delete every row of the person and of these sessions, and keep who was erased; may be repeated."""
        now_ns = time.time_ns()
        stones = [{"code": code, "session_id": name, "erased_utc_ns": now_ns} for name in ("", *sessions)]
        with self._told(), self._writing.begin() as db:
            # A rating may supersede another one of the same session, and goes before or after it.
            db.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            db.execute(_erased.insert().prefix_with("OR IGNORE"), stones)
            db.execute(_entries.delete().where(_entries.c.participant == code))
            for table in reversed(METADATA.sorted_tables):
                if table not in (_erased, _entries) and "session_id" in table.c:
                    db.execute(table.delete().where(table.c.session_id.in_(sessions)))
            db.execute(_participants.delete().where(_participants.c.code == code))

    def scrub(self) -> None:
        """Overwrite what deleted rows left in the file."""
        with self._told(), self._engine.connect() as db:
            db.rollback()
            db.connection.driver_connection.execute("VACUUM")  # type: ignore[union-attr]
            db.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
            raise JournalUnwritable(
                f"{self._path} cannot be used: {_in_short(error)}; free space or make the folder writable, "
                "what was committed before is safe"
            ) from error
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
            raise JournalDamaged(
                f"{self._path} is damaged or is no database ({_in_short(error)}); move it away, keep it, and restore a "
                "backup"
            ) from error


def alike(code: str, codes: Iterable[str]) -> str | None:
    """The one of `codes` that is `code`, or differs from it in capitals alone; None where there is none."""
    return next((known for known in codes if known.lower() == code.lower()), None)


def _in_short(error: sa.exc.DBAPIError | sqlite3.Error) -> object:
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error


def _fitting(entry: messages.Entry) -> dict[str, Any]:
    """The answers as they are kept. Raises `RequestRefused` where they are none to this instrument."""
    instrument = INSTRUMENTS.get(entry.instrument)
    if instrument is None:
        raise RequestRefused(f"expected an instrument of {', '.join(INSTRUMENTS)}, got {entry.instrument!r}")
    if instrument is ADVERSE_EVENT and entry.session_id is None:
        raise RequestRefused("expected the session that an adverse event may have to do with, got none")
    try:
        return dict(instrument.accept(entry.answers))
    except ValueError as error:
        raise RequestRefused(f"entry of {entry.instrument}: {error}") from error


def _enter(db: sa.Connection, entry: messages.Entry) -> bool:
    """Whether the entry was appended: not where it is there already. Raises `RequestRefused` and IntegrityError."""
    row = {**msgspec.structs.asdict(entry), "supersedes": entry.supersedes or None,
           "answers": json.dumps(_fitting(entry))}  # fmt: skip
    stored = db.execute(_entries.select().where(_entries.c.entry_id == entry.entry_id)).mappings().one_or_none()
    if stored is not None:
        if entry.origin == "imported":
            _check_same_answers(stored, row)
        elif dict(stored) != row:
            raise RequestRefused(f"entry {entry.entry_id} says something else already; give a new id")
        return False
    if entry.supersedes:
        old = db.execute(_entries.select().where(_entries.c.entry_id == entry.supersedes)).mappings().one_or_none()
        if old is None or (old["participant"], old["instrument"]) != (entry.participant, entry.instrument):
            raise RequestRefused(
                f"expected an entry of {entry.instrument} of {entry.participant} to correct, got {entry.supersedes!r}"
            )
    db.execute(_entries.insert().values(row))
    return True


def _check_same_answers(stored: sa.RowMapping, row: dict[str, Any]) -> None:
    """Raises `RequestRefused` where an entry that is imported again says something else than what is there."""
    there, here = (
        {**{name: value for name, value in of.items() if name not in _OF_AN_IMPORT}, **json.loads(of["answers"])}
        for of in (stored, row)
    )
    differing = [name for name in {**there, **here} if there.get(name) != here.get(name) and name != "answers"]
    if differing:
        told = ", ".join(f"{name} {there.get(name)!r} there and {here.get(name)!r} here" for name in differing)
        raise RequestRefused(
            f"entry {row['entry_id']}, {row['instrument']} of {row['participant']}, is in the record already, with "
            f"{told}; where the record is right leave that row out of the file, where the file is right enter it "
            f"with: vrrehab enter {row['instrument']} ... --corrects {row['entry_id']}, and leave it out then"
        )
