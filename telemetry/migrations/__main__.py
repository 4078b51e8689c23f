"""`python -m telemetry.migrations "what changes"`: a revision from what a store lacks of what the schema says."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from telemetry import migrations
from telemetry.database import connect
from telemetry.stored import METADATA
from telemetry.testing.earlier import store_of_revision

_TEXT = '''"""{message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
    {body}
'''


def _no_index(_object: object, _name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return kind != "index"


def main() -> None:
    message = " ".join(sys.argv[1:]).strip().rstrip(".")
    if not message:
        sys.exit('expected what changes, such as: python -m telemetry.migrations "ratings have an item"')
    before = migrations.head()
    number = f"{int(before) + 1:04d}"
    with tempfile.TemporaryDirectory() as place:
        clinic = Path(place) / "clinic.db"
        store_of_revision(clinic, before)
        engine = connect(clinic)
        with engine.connect() as db:
            what = {"render_as_batch": True, "target_metadata": METADATA, "include_object": _no_index}
            context = MigrationContext.configure(db, opts=what)
            changes = produce_migrations(context, METADATA).upgrade_ops
            assert changes is not None
            body = render_python_code(changes, render_as_batch=True, migration_context=context)
        engine.dispose()
    name = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:50]
    path = Path(migrations.__file__).parent / "versions" / f"r{number}_{name}.py"
    path.write_text(_TEXT.format(message=message[0].upper() + message[1:], number=number, before=before, body=body))
    print(f"{path}: look through it; conditions are not found, see telemetry/migrations/__init__.py")


if __name__ == "__main__":
    main()
