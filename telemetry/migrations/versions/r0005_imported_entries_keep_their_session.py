"""An imported entry may name a session of the record that it comes from; of others a trigger asks for the session."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS = (
    "entry_id, participant, instrument, who, source, origin, session_id, answers, supersedes, entered_utc_ns, "
    "about_utc_ns"
)


def upgrade() -> None:
    # Made anew: the link of session_id has no name by which it could be dropped.
    op.execute(
        """CREATE TABLE entries_anew (
    entry_id TEXT NOT NULL,
    participant TEXT NOT NULL,
    instrument TEXT NOT NULL,
    who TEXT NOT NULL,
    source TEXT NOT NULL CONSTRAINT source_is_known CHECK ("source" IN ('participant', 'therapist')),
    origin TEXT NOT NULL CONSTRAINT origin_is_known CHECK ("origin" IN ('entered', 'imported')),
    session_id TEXT,
    answers TEXT NOT NULL,
    supersedes TEXT,
    entered_utc_ns BIGINT NOT NULL,
    about_utc_ns BIGINT NOT NULL,
    PRIMARY KEY (entry_id),
    FOREIGN KEY(participant) REFERENCES participants (code),
    FOREIGN KEY(supersedes) REFERENCES entries (entry_id))"""
    )
    op.execute(f"INSERT INTO entries_anew ({_COLUMNS}) SELECT {_COLUMNS} FROM entries")
    op.execute("DROP TABLE entries")
    op.execute("ALTER TABLE entries_anew RENAME TO entries")
