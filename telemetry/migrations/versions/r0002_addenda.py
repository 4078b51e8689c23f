"""Facts that arrive after the seal have a table of their own."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE addenda (
    addendum_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT kind_is_known CHECK ("kind" IN ('rating', 'correction', 'pain_log', 'note')),
    who TEXT NOT NULL,
    rating_id TEXT,
    detail TEXT NOT NULL,
    entered_utc_ns BIGINT NOT NULL,
    about_utc_ns BIGINT NOT NULL,
    PRIMARY KEY (addendum_id),
    FOREIGN KEY(session_id) REFERENCES sessions (session_id),
    FOREIGN KEY(rating_id) REFERENCES ratings (rating_id))"""
    )
