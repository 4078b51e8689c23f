"""Stores as earlier versions left them, for tests of what brings them up."""

from __future__ import annotations

from pathlib import Path

from telemetry import migrations
from telemetry.database import connect


def store_of_revision(clinic: Path, revision: str) -> None:
    """Make an empty database as the revisions up to `revision` make it, without triggers."""
    engine = connect(clinic).execution_options(writes=True)
    try:
        with engine.begin() as db:
            migrations.run(db, revision)
    finally:
        engine.dispose()
