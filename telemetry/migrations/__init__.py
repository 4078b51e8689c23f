"""Brings a `clinic.db` from an earlier version up to this one: revisions in order, after a copy, all or nothing.

A store that is made anew is made as `telemetry.schema` says, and counts as brought up. Whoever changes the schema adds
a revision, which does the same to a store that has rows in it:

    python -m telemetry.migrations "ratings have an item"

writes `versions/rNNNN_ratings_have_an_item.py` with what Alembic finds to be different, to be looked through.
Conditions (what a choice may be, `Table.checks`) it does not find; they are changed by name, `COLUMN_is_known` and
`TABLE_hold_N`, in a batch, for which SQLite makes the table anew:

    with op.batch_alter_table("ratings") as batch:
        batch.drop_constraint("site_is_known", type_="check")
        batch.create_check_constraint("site_is_known", "site IN ('PLP', 'RLP', 'PLS', 'other')")

A new column that is not optional needs `server_default`, because there are rows. A revision is never changed once it
was released. Triggers and indexes are no part of revisions: they are made anew, as `telemetry.schema` says, after the
last one. `tests/telemetry/test_migrations.py` fails while a store that was brought up differs from one that was made
anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.database import connect
from telemetry.errors import JournalUnwritable, OtherVersion
from telemetry.files import put_in_place
from telemetry.folder import Folder, open_read_only
from telemetry.stored import METADATA, TRIGGERS, trigger_sql

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.script import ScriptDirectory

FIRST = "0001"
_HERE = Path(__file__).parent
_VERSION_TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def head() -> str:
    """The newest revision that this version knows."""
    return max(path.name[1:5] for path in (_HERE / "versions").glob("r[0-9]*.py"))


def revision(clinic: Path) -> str | None:
    """The revision of a database file: empty for one from before there were any, None where there is none yet.

    Raises `sqlite3.Error` where it cannot be read.
    """
    if not clinic.exists():
        return None
    with closing(open_read_only(clinic)) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" in names:
            found = db.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(found[0]) if found else ""
    return "" if "sessions" in names else None


def check(clinic: Path) -> None:
    """Raises `OtherVersion` unless the database can be read as this version writes it, or is not there yet."""
    found = revision(clinic)
    if found in (None, head()):
        return
    _check_not_newer(clinic, found or "")
    raise OtherVersion(
        f"{clinic} was written by an earlier version of vrrehab (revision {found or 'none'}, expected {head()}); start "
        f"the recorder on it once, which makes a copy and brings it up: vrrehab recorder --data {clinic.parent}"
    )


def bring_up(clinic: Path) -> str:
    """Make the database, or bring it up to `head`; what was done to it, in words, empty where nothing had to be.

    For its only writer. Cut off at any point it is as before, or done. Raises `OtherVersion` for one that is newer, or
    too old, and what SQLite raises.
    """
    found = revision(clinic)
    if found is None:
        _make(clinic)
    if found in (None, head()):
        return ""
    assert found is not None
    _check_not_newer(clinic, found)
    copy = _back_up(clinic, found)
    with _writing(clinic, copy) as db:
        drop_guards(db)
        if not found:
            _adopt(db, clinic)
        run(db)
        make_guards(db)
        if broken := db.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            raise OtherVersion(f"{clinic} has rows that refer to nothing ({broken[0]}); run: vrrehab verify")
    return f"{clinic} was brought from revision {found or 'none'} to {head()}; as it was before it is in {copy}"


def drop_guards(db: sa.Connection) -> None:
    """Take away every trigger and index, which would be lost, or in the way, where a table is made anew."""
    made = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
    for kind, name in db.exec_driver_sql(made).fetchall():
        db.exec_driver_sql(f'DROP {kind} "{name}"')


def make_guards(db: sa.Connection) -> None:
    """Make every index and trigger as `telemetry.schema` says."""
    for table in METADATA.tables.values():
        for index in table.indexes:
            index.create(db)
    for name in TRIGGERS:
        db.exec_driver_sql(trigger_sql(name))


def _check_not_newer(clinic: Path, found: str) -> None:
    known = {path.name[1:5] for path in (_HERE / "versions").glob("r[0-9]*.py")}
    if found and found not in known:
        raise OtherVersion(
            f"{clinic} was written by a newer version of vrrehab (revision {found}, this one knows {head()}); install "
            "that version, nothing was changed"
        )


def _make(clinic: Path) -> None:
    """As `telemetry.schema` says, without a detour through every revision."""
    engine = connect(clinic).execution_options(writes=True)
    try:
        with engine.begin() as db:
            METADATA.create_all(db)
            db.exec_driver_sql(_VERSION_TABLE)
            db.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (head(),))
    finally:
        engine.dispose()


def _back_up(clinic: Path, found: str) -> Path:
    """A copy of the whole database, on the disk before anything is changed."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    copy = Folder(clinic.parent).backups / f"clinic-{found or 'before-revisions'}-{now}.db"
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_suffix(".part")
        part.unlink(missing_ok=True)
        with closing(open_read_only(clinic)) as source, closing(sqlite3.connect(part)) as target:
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)
        put_in_place(part, copy)
    except (OSError, sqlite3.Error) as error:
        raise JournalUnwritable(
            f"expected to be able to copy {clinic} to {copy} before it is brought up to this version, but {error}; "
            "free space, nothing was changed"
        ) from error
    return copy


@contextmanager
def _writing(clinic: Path, copy: Path) -> Iterator[sa.Connection]:
    """One transaction in which tables may be made anew; the copy is attached as `before`."""
    engine = connect(clinic).execution_options(writes=True)
    try:
        with engine.connect() as db:
            raw: Any = db.connection.driver_connection
            db.rollback()
            # Neither can be changed within a transaction. Links are checked at the end instead.
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("ATTACH ? AS before", (str(copy),))
            with db.begin():
                yield db
    finally:
        engine.dispose()


def _adopt(db: sa.Connection, clinic: Path) -> None:
    """Rows from before there were revisions go into tables as the first revision makes them."""
    objects = "SELECT name FROM before.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    tables = [name for (name,) in db.exec_driver_sql(objects).fetchall()]
    for name in tables:
        db.exec_driver_sql(f'DROP TABLE "{name}"')
    run(db, FIRST)
    for name in tables:
        there = _columns(db, "before", name)
        now = {column: needed for column, needed in _columns(db, "main", name).items() if column in there}
        lacking = [column for column, needed in _columns(db, "main", name).items() if needed and column not in there]
        if lacking and db.exec_driver_sql(f'SELECT count(*) FROM before."{name}"').scalar():
            raise OtherVersion(
                f"{clinic} is of a version before the first release, and lacks {name}.{lacking[0]}; keep it, and read "
                "it with the version that wrote it"
            )
        columns = ", ".join(f'"{column}"' for column in now)
        if columns:
            db.exec_driver_sql(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM before."{name}"')


def _columns(db: sa.Connection, schema: str, table: str) -> dict[str, bool]:
    """Each column of a table, and whether it must have a value."""
    rows = db.exec_driver_sql(f'PRAGMA {schema}.table_info("{table}")').fetchall()
    return {str(row[1]): bool(row[3]) for row in rows}


def scripts() -> ScriptDirectory:
    """The revisions as Alembic reads them."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(_HERE))


def run(db: sa.Connection, to: str = "head") -> None:
    """Perform the revisions that a database lacks, in the transaction that is open."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    directory = scripts()

    def revisions(found: Any, _context: Any) -> Any:
        return directory._upgrade_revs(to, found)

    with EnvironmentContext(Config(), directory, fn=revisions, destination_rev=to) as environment:
        environment.configure(connection=db, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
        environment.run_migrations()
