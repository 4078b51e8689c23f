"""Instruments that were filled in for a participant have a table of their own."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE entries (
    entry_id TEXT NOT NULL,
    participant TEXT NOT NULL,
    instrument TEXT NOT NULL,
    who TEXT NOT NULL,
    source TEXT NOT NULL CONSTRAINT source_is_known CHECK ("source" IN ('participant', 'therapist')),
    session_id TEXT,
    answers TEXT NOT NULL,
    supersedes TEXT,
    entered_utc_ns BIGINT NOT NULL,
    about_utc_ns BIGINT NOT NULL,
    PRIMARY KEY (entry_id),
    FOREIGN KEY(participant) REFERENCES participants (code),
    FOREIGN KEY(session_id) REFERENCES sessions (session_id),
    FOREIGN KEY(supersedes) REFERENCES entries (entry_id))"""
    )
