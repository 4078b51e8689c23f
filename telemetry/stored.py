"""The tables of `clinic.db` as `telemetry.schema` declares them, and what the database keeps by itself."""

from __future__ import annotations

import sqlalchemy as sa

from telemetry.schema import STORED, Column, Kind

_TYPES: dict[Kind, type[sa.types.TypeEngine]] = {
    "text": sa.Text, "choice": sa.Text, "json": sa.Text,
    "integer": sa.BigInteger, "real": sa.Float, "truth": sa.Boolean,
}  # fmt: skip


#: What the database keeps by itself, also from who opens it without asking it to enforce foreign keys: the table that a
#: trigger is on, when it fires, and what it says then.
TRIGGERS: dict[str, tuple[str, str, str]] = {
    "rating_has_its_session": (
        "ratings",
        "BEFORE INSERT ON ratings WHEN NOT EXISTS (SELECT 1 FROM sessions WHERE session_id = NEW.session_id)",
        "a rating needs its session",
    ),
    "rating_keeps_its_session": (
        "ratings",
        "BEFORE UPDATE OF session_id ON ratings WHEN NEW.session_id <> OLD.session_id",
        "a rating stays with its session",
    ),
    "session_keeps_its_ratings": (
        "sessions",
        "BEFORE DELETE ON sessions WHEN EXISTS (SELECT 1 FROM ratings WHERE session_id = OLD.session_id)",
        "a session with ratings cannot be deleted",
    ),
    # Replacing one deletes it without asking the trigger on deleting.
    "addendum_is_not_replaced": (
        "addenda",
        "BEFORE INSERT ON addenda WHEN EXISTS (SELECT 1 FROM addenda WHERE addendum_id = NEW.addendum_id)",
        "an addendum is never replaced",
    ),
    "addendum_is_not_changed": ("addenda", "BEFORE UPDATE ON addenda", "an addendum is never changed"),
    "addendum_is_not_taken_back": (
        "addenda",
        "BEFORE DELETE ON addenda WHEN NOT EXISTS (SELECT 1 FROM erased WHERE session_id = OLD.session_id)",
        "an addendum is never taken back",
    ),
    # One that was imported may be of a session of the record that it comes from.
    "entry_has_its_session": (
        "entries",
        "BEFORE INSERT ON entries WHEN NEW.session_id IS NOT NULL AND NEW.origin = 'entered' AND NOT EXISTS (SELECT 1 "
        "FROM sessions WHERE session_id = NEW.session_id AND participant = NEW.participant)",
        "an entry is of a session of its participant",
    ),
    "session_keeps_its_entries": (
        "sessions",
        "BEFORE DELETE ON sessions WHEN EXISTS (SELECT 1 FROM entries WHERE session_id = OLD.session_id AND "
        "participant = OLD.participant)",
        "a session with entries cannot be deleted",
    ),
    "entry_is_not_replaced": (
        "entries",
        "BEFORE INSERT ON entries WHEN EXISTS (SELECT 1 FROM entries WHERE entry_id = NEW.entry_id)",
        "an entry is never replaced",
    ),
    "entry_is_not_changed": ("entries", "BEFORE UPDATE ON entries", "an entry is never changed"),
    "entry_is_not_taken_back": (
        "entries",
        "BEFORE DELETE ON entries WHEN NOT EXISTS (SELECT 1 FROM erased WHERE code = OLD.participant)",
        "an entry is never taken back",
    ),
}


def trigger_sql(name: str) -> str:
    """What makes a trigger of `TRIGGERS`."""
    _, when, says = TRIGGERS[name]
    return f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{says}'); END"


def _sql_column(column: Column) -> sa.Column:
    parts: list[sa.schema.SchemaItem] = []
    if column.refers_to:
        parts.append(sa.ForeignKey(column.refers_to))
    if column.values:
        allowed = ", ".join(f"'{value}'" for value in column.values)
        # Named, because a migration that makes a table anew drops conditions without a name.
        parts.append(sa.CheckConstraint(f'"{column.name}" IN ({allowed})', name=f"{column.name}_is_known"))
    kind = _TYPES[column.kind]
    return sa.Column(column.name, kind, *parts, primary_key=column.key, nullable=column.optional)


def _metadata() -> sa.MetaData:
    metadata = sa.MetaData()
    for table in STORED:
        sa.Table(
            table.stored_as,
            metadata,
            *(_sql_column(column) for column in table.columns if not column.derived),
            *(sa.CheckConstraint(check, name=f"{table.stored_as}_hold_{n}") for n, check in enumerate(table.checks)),
        )
    # One row: which store this is, whatever its folder is called and wherever it is moved.
    sa.Table("store", metadata, sa.Column("store_id", sa.Text, primary_key=True))
    # Who was erased, and of which sessions nothing is taken any more; the person's own row has no session.
    sa.Table(
        "erased",
        metadata,
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("erased_utc_ns", sa.BigInteger, nullable=False),
    )
    ratings = metadata.tables["ratings"]
    # One current rating a task run, site and item.
    sa.Index(
        "one_current_rating",
        ratings.c.task_run_id,
        ratings.c.site,
        sa.func.coalesce(ratings.c.item, ""),
        unique=True,
        sqlite_where=sa.text("current AND task_run_id IS NOT NULL AND phase = 'after_task'"),
    )
    sa.Index("task_runs_of_session", metadata.tables["task_runs"].c.session_id)
    sa.Index("ratings_of_session", ratings.c.session_id)
    # An entry is corrected by one other at most.
    sa.Index("one_correction", metadata.tables["entries"].c.supersedes, unique=True)
    for name, (table_name, _, _) in TRIGGERS.items():
        sa.event.listen(metadata.tables[table_name], "after_create", sa.DDL(trigger_sql(name)))
    return metadata


METADATA = _metadata()
