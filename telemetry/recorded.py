"""A recorded session, to be gone through again: what happened in it, and its frames, as they were handed over.

Sealed or not, or sealed meanwhile, from the store alone; nothing here writes. A session that still runs ends where its
record does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from telemetry import messages, migrations, wire
from telemetry.errors import NotAStore, UnknownSession
from telemetry.folder import Folder, open_read_only
from telemetry.journal import Journal
from telemetry.motion import FrameLayout
from telemetry.motion_file import read_groups, to_frames
from telemetry.seal import EVENTS_FILE, MOTION_FILE, event_of_line


class RecordedSession:
    """Session `session_id` of the store in `data_dir`. Raises `NotAStore`, `OtherVersion` and `UnknownSession`.

    started: its first event. events: all of them, in order. layout: how its frames lie in memory. profile: what the
    store knows of the participant today.
    """

    def __init__(self, data_dir: Path, session_id: str) -> None:
        self._folder = Folder(data_dir)
        if not self._folder.clinic.exists():
            raise NotAStore(f"expected a data folder with clinic.db in it, got {data_dir}; give the recorder's --data")
        self.session_id = session_id
        try:
            migrations.check(self._folder.clinic)
            with closing(open_read_only(self._folder.clinic)) as db:
                db.row_factory = sqlite3.Row
                row = db.execute("SELECT participant FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
                if row is None:
                    last = db.execute("SELECT session_id FROM sessions ORDER BY started_utc_ns DESC LIMIT 1").fetchone()
                    hint = f"the last one is {last[0]}" if last else "there is none yet"
                    raise UnknownSession(f"no session {session_id!r} in {data_dir}; {hint}")
                person = db.execute("SELECT * FROM participants WHERE code = ?", (row["participant"],)).fetchone()
        except sqlite3.DatabaseError as error:
            raise NotAStore(
                f"{self._folder.clinic} cannot be read ({error}); run: vrrehab verify {data_dir}"
            ) from error
        self._place = self._folder.session(row["participant"], session_id)
        self.profile = msgspec.convert(_told(dict(person)), messages.Profile)
        self.events = self._read_events()
        if not self.events:
            raise NotAStore(
                f"expected session {session_id} in the journal of {data_dir}, which has nothing of it; run: vrrehab "
                f"verify {data_dir}"
            )
        started = self.events[0]
        assert isinstance(started, messages.SessionStarted)
        self.started = started
        self.layout = FrameLayout(started.joints)

    @classmethod
    def in_folder(cls, place: Path) -> RecordedSession:
        """The session whose sealed folder this is: `DIR/motion/participant=CODE/session=ID`."""
        place = place.absolute()
        if not place.name.startswith("session=") or len(place.parents) < 3:
            raise NotAStore(f"expected a folder such as DIR/motion/participant=CODE/session=ID, got {place}")
        return cls(place.parents[2], place.name.removeprefix("session="))

    @property
    def ended_mono_ns(self) -> int:
        """When the last thing happened in it, on the session's monotonic clock."""
        return self.events[-1].mono_ns

    def frames(self) -> Iterator[NDArray[np.void]]:
        """The frames in order, in pieces of at most some thousands."""
        after = 0
        if not self._is_sealed():
            journal = Journal(self._folder.journal, read_only=True)
            try:
                for entry in journal.all(self.session_id, "motion"):
                    if entry.first != after + 1:
                        break  # sealed meanwhile: the journal lets go of it
                    after = entry.last
                    if not entry.gap:
                        yield self.layout.frames(entry.payload)
            finally:
                journal.close()
            if not self._is_sealed():
                return
        for group in read_groups(self._place / MOTION_FILE):
            yield to_frames(group.filter(pc.greater(group.column("seq"), after)), self.layout)

    def _read_events(self) -> tuple[messages.AnyEvent, ...]:
        if not self._is_sealed():
            journal = Journal(self._folder.journal, read_only=True)
            try:
                events = tuple(wire.decode_event(entry.payload) for entry in journal.all(self.session_id, "events"))
            finally:
                journal.close()
            # It may have been sealed while the journal was read, which lets go of it then.
            if not self._is_sealed():
                return events
        with (self._place / EVENTS_FILE).open("rb") as file:
            return tuple(event_of_line(line) for line in file)

    def _is_sealed(self) -> bool:
        with closing(open_read_only(self._folder.clinic)) as db:
            query = "SELECT 1 FROM seals WHERE session_id = ?"
            return db.execute(query, (self.session_id,)).fetchone() is not None


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A participant's row as a profile has it; what holds several values is kept as JSON."""
    nested = {field.name for field in msgspec.structs.fields(messages.Profile) if field.type not in (str, int)}
    return {
        name: json.loads(value) if name in nested and isinstance(value, str) and value[:1] in "[{" else value
        for name, value in row.items()
    }
