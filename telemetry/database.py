"""Connections to `clinic.db` for its only writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa


def connect(path: Path, *, flushed: bool = True) -> sa.Engine:
    """An engine on the database file: one connection, WAL, foreign keys enforced.

    flushed: whether each commit waits for the disk. One that does not may be taken back by a power cut, with all that
    came behind it, and never leaves the file other than whole.

    Transactions of `engine.execution_options(writes=True)` take the write lock when they begin, so that none fails
    half-way because another connection wrote first.
    """
    engine = sa.create_engine(
        # Not as text, in which a folder's name could mean something else.
        sa.URL.create("sqlite", database=str(path)),
        poolclass=sa.pool.StaticPool,
        connect_args={"timeout": 10.0, "check_same_thread": False},
    )

    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling would begin too late for savepoints.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={'FULL' if flushed else 'NORMAL'}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)
    return engine
