"""A copy of a data folder, also while its recorder runs, that is a store again as it lies there.

What was sealed never changes, so that a further backup to the same place copies only what is new. The journal goes
first: whatever is sealed meanwhile is in the database and the files, which are copied after it, and nothing is missed.
Who may connect is in it as well; the secret key is not copied.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry import migrations
from telemetry.errors import JournalUnwritable, NotAStore, SealFailed
from telemetry.files import put_in_place
from telemetry.folder import Folder, open_read_only, say_where, store_id
from telemetry.keys import Keyring
from telemetry.seal import EVENTS_FILE, MANIFEST_FILE, MOTION_FILE, sha256_of_file

_FILES = {MOTION_FILE: "motion_file_sha256", EVENTS_FILE: "events_file_sha256", MANIFEST_FILE: ""}


@dataclass(frozen=True, slots=True)
class Backup:
    """What was done. sessions: sealed sessions in the copy; copied: how many of them were new there."""

    sessions: int
    copied: int


def back_up(data_dir: Path, to: Path) -> Backup:
    """Copy the store in `data_dir` to the folder `to`: an empty one, or that of an earlier backup of the same store.

    Raises `NotAStore` where there is none, or `to` has other things in it; `OtherVersion`; `JournalUnwritable` where
    there is no room; and `SealFailed` where a sealed file is not what was sealed.
    """
    folder, copy = Folder(data_dir), Folder(to)
    if not folder.clinic.exists():
        raise NotAStore(f"expected a data folder with clinic.db in it, got {data_dir}; give the recorder's --data")
    migrations.check(folder.clinic)
    if to.resolve().is_relative_to(data_dir.resolve()):
        raise NotAStore(f"expected a folder outside {data_dir} for its backup, got {to}; choose another disk")
    if to.exists() and any(to.iterdir()) and store_id(to) != store_id(data_dir):
        raise NotAStore(f"expected an empty folder, or an earlier backup of {data_dir}, got {to} with other things")
    try:
        copy.journal.parent.mkdir(parents=True, exist_ok=True)
        for source, target in (
            (folder.journal, copy.journal),
            (folder.clinic, copy.clinic),
            (folder.path / "console.db", copy.path / "console.db"),
        ):
            if source.exists():
                _copy_database(source, target)
        sealed, copied = _copy_sealed(folder, copy)
        _copy_allowed(Keyring(folder.keys), Keyring(copy.keys))
        _forget_erased(copy)
    except (OSError, sqlite3.Error) as error:
        raise JournalUnwritable(f"expected to be able to copy {data_dir} to {to}, but {error}; make room") from error
    say_where(folder.last_backup, {"at_utc_ns": time.time_ns(), "to": str(to.absolute())})
    return Backup(sealed, copied)


def last_backup(data_dir: Path) -> dict[str, Any] | None:
    """When (`at_utc_ns`) and where `to` the last backup went; None where there was none."""
    try:
        said = json.loads(Folder(data_dir).last_backup.read_text())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) and {"at_utc_ns", "to"} <= said.keys() else None


def _copy_database(source: Path, target: Path) -> None:
    """As it is at one moment, whoever writes it meanwhile; there whole or not at all."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with closing(open_read_only(source)) as here, closing(sqlite3.connect(part)) as there:
        here.backup(there)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    put_in_place(part, target)


def _copy_sealed(folder: Folder, copy: Folder) -> tuple[int, int]:
    """Bring each session that the copied database calls sealed; how many there are, and how many were new."""
    with closing(open_read_only(copy.clinic)) as db:
        db.row_factory = sqlite3.Row
        seals = db.execute("SELECT * FROM seals").fetchall()
    copied = 0
    for seal in seals:
        source, target = folder.path / seal["folder"], copy.path / seal["folder"]
        new = [name for name in _FILES if not _same(source / name, target / name)]
        if not new:
            continue
        target.mkdir(parents=True, exist_ok=True)
        for name in new:
            part = target / f"{name}.part"
            shutil.copy2(source / name, part)
            if _FILES[name] and sha256_of_file(part) != seal[_FILES[name]]:
                raise SealFailed(f"{source / name} is not what was sealed; see: vrrehab verify {folder.path}")
            put_in_place(part, target / name)
        copied += 1
    return len(seals), copied


def _same(source: Path, target: Path) -> bool:
    if not target.exists():
        return False
    a, b = source.stat(), target.stat()
    return (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))


def _copy_allowed(here: Keyring, there: Keyring) -> None:
    """Who may connect to a recorder on the copy is who may connect now."""
    allowed = here.allowed()
    for name, key in there.allowed().items():
        if allowed.get(name) != key:
            there.remove(name)
    for name, key in allowed.items():
        there.allow(key, name)


def _forget_erased(copy: Folder) -> None:
    """Who was erased since the last backup goes from it as well."""
    with closing(open_read_only(copy.clinic)) as db:
        erased = [code for (code,) in db.execute("SELECT DISTINCT code FROM erased")]
    for code in erased:
        shutil.rmtree(copy.of_participant(code), ignore_errors=True)
        copy.profile(code).unlink(missing_ok=True)
