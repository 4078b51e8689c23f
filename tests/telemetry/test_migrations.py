"""Stores of earlier versions are brought up whole or not at all, and come to be as if they had been made today."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import telemetry
from telemetry import migrations
from telemetry.clinic import Clinic
from telemetry.erasure import erase
from telemetry.errors import JournalUnwritable, OtherVersion
from telemetry.migrations import bring_up, check, head, revision
from telemetry.stored import TRIGGERS
from telemetry.testing import RecorderProcess
from telemetry.testing.earlier import store_of_revision
from telemetry.verify import verify


def look(clinic: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(clinic)) as db:
        return db.execute(query).fetchall()


def build_of(clinic: Path) -> dict[str, object]:
    """All that a database consists of, whatever the order in which it came to it."""
    with closing(sqlite3.connect(clinic)) as db:
        objects = db.execute("SELECT type, name, sql FROM sqlite_master WHERE name <> 'alembic_version'").fetchall()
        found: dict[str, object] = {}
        for kind, name, sql in objects:
            if kind == "table":
                found[f"columns of {name}"] = {row[1:] for row in db.execute(f'PRAGMA table_info("{name}")')}
                found[f"links of {name}"] = {row[2:] for row in db.execute(f'PRAGMA foreign_key_list("{name}")')}
                checks = re.findall(r"CONSTRAINT (\w+) CHECK \((.*?\)?)\)(?=,|\)|\s*$)", " ".join(sql.split()))
                found[f"conditions of {name}"] = {(n, _bare(text)) for n, text in checks}
            elif sql is not None:
                found[name] = _bare(sql)
    return found


def _bare(sql: str) -> str:
    return "".join(sql.replace('"', "").split())


@pytest.fixture
def sealed(sealed_data: Path) -> Path:
    return sealed_data


def turn_back(clinic: Path, *statements: str) -> None:
    """Make a store as an earlier version had left it."""
    with closing(sqlite3.connect(clinic)) as db:
        for statement in (
            *(f"DROP TRIGGER {name}" for name in TRIGGERS),
            "DROP TABLE addenda",
            "DROP TABLE entries",
            *statements,
        ):
            db.execute(statement)
        db.commit()


def test_a_store_that_is_brought_up_from_the_first_revision_is_as_one_that_is_made_today(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    store_of_revision(tmp_path / "old" / "clinic.db", migrations.FIRST)
    said = bring_up(tmp_path / "old" / "clinic.db")
    assert f"from revision 0001 to {head()}" in said
    assert bring_up(tmp_path / "new" / "clinic.db") == ""
    old, new = (build_of(tmp_path / name / "clinic.db") for name in ("old", "new"))
    assert old == new
    assert len(new["conditions of task_runs"]) == 5  # type: ignore[arg-type]
    assert revision(tmp_path / "old" / "clinic.db") == revision(tmp_path / "new" / "clinic.db") == head()


def test_rows_are_there_afterwards_and_a_copy_is_of_before(sealed: Path) -> None:
    clinic = sealed / "clinic.db"
    before = telemetry.open_store(sealed).tasks()
    turn_back(clinic, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(OtherVersion, match=rf"revision 0001, expected {head()}.*vrrehab recorder --data"):
        telemetry.open_store(sealed)
    said = bring_up(clinic)
    (copy,) = (sealed / "backups").glob("*.db")
    assert str(copy) in said
    assert revision(copy) == "0001"
    assert bring_up(clinic) == "", "once is enough"
    assert telemetry.open_store(sealed).tasks().equals(before)
    assert verify(sealed) == []


def test_a_store_from_before_there_were_revisions_is_taken_over_with_its_rows(sealed: Path) -> None:
    before = telemetry.open_store(sealed).ratings()
    unnamed = re.compile(r"CONSTRAINT \w+ CHECK")
    with closing(sqlite3.connect(sealed / "clinic.db")) as db:
        tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    turn_back(sealed / "clinic.db", "DROP TABLE alembic_version", "PRAGMA writable_schema=ON",
              *(f"UPDATE sqlite_master SET sql = '{unnamed.sub('CHECK', sql).replace(chr(39), 2 * chr(39))}' "
                f"WHERE name = '{name}'" for name, sql in tables))  # fmt: skip
    assert revision(sealed / "clinic.db") == ""
    assert "from revision none" in bring_up(sealed / "clinic.db")
    assert telemetry.open_store(sealed).ratings().equals(before)
    bring_up(sealed / "new.db")
    assert build_of(sealed / "clinic.db") == build_of(sealed / "new.db")


def test_what_lacks_a_column_that_must_have_a_value_is_left_as_it_is(sealed: Path) -> None:
    clinic = sealed / "clinic.db"
    turn_back(clinic, "DROP TABLE alembic_version", "ALTER TABLE sessions DROP COLUMN seed")
    with pytest.raises(OtherVersion, match=r"lacks sessions\.seed"):
        bring_up(clinic)
    assert look(clinic, "SELECT count(*) FROM ratings") == [(3,)]


def test_a_store_of_a_newer_version_is_refused_and_untouched(sealed: Path) -> None:
    clinic = sealed / "clinic.db"
    with closing(sqlite3.connect(clinic)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    content = clinic.read_bytes()
    for use in (Clinic, check, bring_up):
        with pytest.raises(OtherVersion, match="newer version of vrrehab"):
            use(clinic)
    with pytest.raises(OtherVersion):
        telemetry.open_store(sealed)
    assert clinic.read_bytes() == content


def test_a_migration_that_fails_half_way_changes_nothing(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = sealed / "clinic.db"
    turn_back(clinic, "UPDATE alembic_version SET version_num = '0001'")
    before = build_of(clinic)
    run = migrations.run

    def fails(db, to="head") -> None:
        run(db, to)
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "run", fails)
    with pytest.raises(KeyboardInterrupt):
        bring_up(clinic)
    assert build_of(clinic) == before
    monkeypatch.setattr(migrations, "run", run)
    assert bring_up(clinic)


def test_without_room_for_the_copy_nothing_is_changed(sealed: Path) -> None:
    clinic = sealed / "clinic.db"
    turn_back(clinic, "UPDATE alembic_version SET version_num = '0001'")
    (sealed / "backups").write_text("in the way")
    with pytest.raises(JournalUnwritable, match="nothing was changed"):
        bring_up(clinic)
    assert revision(clinic) == "0001"


def test_the_recorder_brings_a_store_up_when_it_starts(sealed: Path) -> None:
    turn_back(sealed / "clinic.db", "UPDATE alembic_version SET version_num = '0001'")
    with RecorderProcess(sealed):
        telemetry.open_store(sealed)
    assert revision(sealed / "clinic.db") == head()


def test_a_batch_keeps_every_condition_of_a_table_that_it_makes_anew(sealed: Path) -> None:
    """What the module tells people to do when they change a condition."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from telemetry.database import connect

    before = build_of(sealed / "clinic.db")
    engine = connect(sealed / "clinic.db").execution_options(writes=True)
    with engine.connect() as db:
        db.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        migrations.drop_guards(db)
        operations = Operations(MigrationContext.configure(db, opts={"render_as_batch": True}))
        with operations.batch_alter_table("ratings") as batch:
            batch.drop_constraint("site_is_known", type_="check")
            batch.create_check_constraint("site_is_known", "site IN ('PLP', 'RLP', 'PLS', 'nose')")
        migrations.make_guards(db)
        db.commit()
    engine.dispose()
    after = build_of(sealed / "clinic.db")
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"conditions of ratings"}
    assert after["conditions of ratings"] - before["conditions of ratings"] == {  # type: ignore[operator]
        ("site_is_known", "siteIN('PLP','RLP','PLS','nose')")
    }


def test_revisions_are_one_line_without_a_fork() -> None:
    numbers = [script.revision for script in migrations.scripts().walk_revisions()]
    assert numbers == [f"{n:04d}" for n in range(int(head()), 0, -1)]


def test_who_is_erased_goes_from_the_copies_too(sealed: Path) -> None:
    turn_back(sealed / "clinic.db", "UPDATE alembic_version SET version_num = '0001'")
    bring_up(sealed / "clinic.db")
    erase(sealed, "P001")
    assert list((sealed / "backups").iterdir()) == []
