"""What `vrrehab doctor` looks at of the record and those who keep it: revision, backup, keys, recorder, services."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from vrrehab.console import DEFAULT_PORT

if TYPE_CHECKING:
    from vrrehab.xr.probe import Finding

#: A backup that is older than this is too old.
_BACKUP_DAYS = 7
#: Under which names recorder and console run as services (docs/operate.md).
_SERVICES = ("vrrehab-recorder", "vrrehab-console")


def console() -> Iterator[Finding]:
    """Is what the therapist's pages are built on installed."""
    from vrrehab.cli.console import require_console
    from vrrehab.errors import NotPossible
    from vrrehab.xr.probe import Finding, Verdict

    try:
        require_console()
    except NotPossible as error:
        found, _, remedy = str(error).partition(". ")
        yield Finding("console", Verdict.LESS, found, f"Without it there are no therapist's pages. {remedy}")
    else:
        free = "is free" if _is_free("127.0.0.1", DEFAULT_PORT) else "is taken: by the console, if it runs"
        remedy = "" if free == "is free" else "If another program has it: vrrehab console --port N"
        said = f"what the therapist's pages are built on is installed; its port {DEFAULT_PORT} {free}"
        yield Finding("console", Verdict.OK, said, remedy)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as asks:
        return asks.connect_ex((host, port)) != 0


def _store(data: Path) -> Iterator[Finding]:
    """Can the record be read, is it of this version, and is anything of it still under way."""
    from telemetry import migrations
    from telemetry.errors import OtherVersion
    from telemetry.folder import Folder, open_read_only
    from vrrehab.xr.probe import Finding, Verdict

    folder = Folder(data)
    if not folder.clinic.exists():
        yield Finding("record", Verdict.OK, f"none in {data} yet; the first recorder begins one")
        return
    try:
        migrations.check(folder.clinic)
        with closing(open_read_only(folder.clinic)) as db:
            sessions, sealed = (
                int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in ("sessions", "seals")
            )
    except OtherVersion as error:
        found, _, remedy = str(error).partition("; ")
        yield Finding("record", Verdict.WRONG, found, f"{remedy[:1].upper()}{remedy[1:]}")
        return
    except sqlite3.Error as error:
        remedy = f"Look with: vrrehab verify {data}; restore a backup if it is damaged."
        yield Finding("record", Verdict.WRONG, f"{folder.clinic} cannot be read: {error}", remedy)
        return
    spools = len(list(folder.spool.glob("*.db")))
    found = f"revision {migrations.head()}; sessions: {sessions}, sealed: {sealed}; waiting to be delivered: {spools}"
    if sessions > sealed or spools:
        yield Finding("record", Verdict.LESS, found, f"Fine while a session runs; else: vrrehab recover {data}")
    else:
        yield Finding("record", Verdict.OK, found)


def _backup(data: Path) -> Iterator[Finding]:
    """Is there a backup that is not too old."""
    from telemetry.backup import last_backup
    from telemetry.folder import Folder
    from vrrehab.xr.probe import Finding, Verdict

    if not Folder(data).clinic.exists():
        return
    last = last_backup(data)
    remedy = f"Make one each night, on another disk: vrrehab backup FOLDER --data {data}"
    if last is None:
        yield Finding("backup", Verdict.LESS, "none was made with vrrehab backup", remedy)
        return
    days = (time.time_ns() - int(last["at_utc_ns"])) / 86_400e9
    found = f"{days:.1f} days ago, to {last['to']}"
    if days > _BACKUP_DAYS:
        yield Finding("backup", Verdict.LESS, found, remedy)
    else:
        yield Finding("backup", Verdict.OK, found)


def _recorder(data: Path) -> Iterator[Finding]:
    """Does one run, and if not, could it listen at its usual port."""
    from telemetry.address import RECORDER
    from telemetry.folder import running_recorder
    from vrrehab.xr.probe import Finding, Verdict

    if address := running_recorder(data):
        yield Finding("recorder", Verdict.OK, f"listening on {address}")
        return
    host, _, port = RECORDER.removeprefix("tcp://").rpartition(":")
    remedy = f"A session keeps its record until one runs. Start it with: vrrehab recorder --data {data}"
    if _is_free(host, int(port)):
        yield Finding("recorder", Verdict.LESS, f"none is running on {data}", remedy)
        return
    found = f"none is running on {data}, and another program has port {port}"
    yield Finding("recorder", Verdict.LESS, found, f"{remedy} --bind 'tcp://127.0.0.1:*'")


def _keys(data: Path) -> Iterator[Finding]:
    from telemetry.errors import BadKey, KeysMissing, KeysUnsafe
    from vrrehab.cli.connection import keyring_of
    from vrrehab.xr.probe import Finding, Verdict

    keyring = keyring_of(data)
    try:
        keyring.own()
    except KeysMissing:
        yield Finding("keys", Verdict.OK, "none; only programs on this computer are spoken to")
        return
    except (BadKey, KeysUnsafe) as error:
        yield Finding("keys", Verdict.WRONG, str(error))
        return
    names = ", ".join(keyring.allowed()) or "none but this one"
    yield Finding("keys", Verdict.OK, f"made; computers that may connect: {names}")


def _private(data: Path) -> Iterator[Finding]:
    """Can others on this computer read the record (on Windows its access list says so, which is not looked at)."""
    from vrrehab.xr.probe import Finding, Verdict

    if os.name == "nt" or not data.exists():
        return
    if data.stat().st_mode & 0o077:
        found = f"other accounts on this computer may look into {data}"
        yield Finding("who may read it", Verdict.LESS, found, f"Close it to them: chmod -R go= {data}")
    else:
        yield Finding("who may read it", Verdict.OK, "this account alone")


def _services(data: Path) -> Iterator[Finding]:
    """Do recorder and console run as services of the system, where they were set up as such."""
    from vrrehab.xr.probe import Finding, Verdict

    states = {name: state for name in _SERVICES if (state := _state_of(name))}
    if not states:
        said = "none set up (docs/operate.md has how); on one computer vrrehab clinic starts recorder and console"
        yield Finding("services", Verdict.OK, said)
        return
    found = ", ".join(f"{name}: {state}" for name, state in states.items())
    if set(states.values()) <= {"active", "Running"}:
        yield Finding("services", Verdict.OK, found)
    else:
        yield Finding("services", Verdict.LESS, found, "See why in its log (docs/operate.md, Logs), and start it.")


def _state_of(service: str) -> str:
    """How a service is, in the system's word; empty where it is not set up or cannot be asked about."""
    if systemctl := shutil.which("systemctl"):
        command = [systemctl, "show", f"{service}.service", "--property=LoadState,ActiveState"]
    elif schtasks := shutil.which("schtasks"):
        command = [schtasks, "/Query", "/TN", service, "/FO", "LIST"]
    else:
        return ""
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = dict(line.split("=" if "=" in line else ":", 1) for line in asked.splitlines() if "=" in line or ":" in line)
    if said.get("LoadState", "loaded") != "loaded":
        return ""
    return said.get("ActiveState", said.get("Status", "")).strip()


#: In this order.
looks_at_record = _store, _private, _backup, _keys, _recorder, _services
