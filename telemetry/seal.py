"""Seals a session: motion and events go to their final files, are read back and compared, and the journal lets go.

Each step may be cut off at any point and done again: files appear under their names only when they are whole and on
disk, the seal is recorded only when they are compared, and the journal is dropped only when the seal is recorded.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import wire
from telemetry.clinic import Clinic
from telemetry.errors import SealFailed
from telemetry.files import put_in_place
from telemetry.folder import Folder
from telemetry.journal import Entry, Journal
from telemetry.messages import AnyEvent
from telemetry.motion import FrameLayout, Gap
from telemetry.motion_file import MotionContext, read_groups, to_frames, write_motion

EVENTS_FILE = "events.jsonl"
MOTION_FILE = "motion.parquet"
MANIFEST_FILE = "manifest.json"


class EventLine(msgspec.Struct, frozen=True):
    """One line of events.jsonl."""

    seq: int
    event: AnyEvent


_line = msgspec.json.Decoder(EventLine)


def context_of(clinic_row: Any, runs: list[tuple[int, int, str]]) -> MotionContext:
    """From a session's row in `clinic.db` and its task runs."""
    layout = FrameLayout(tuple(json.loads(clinic_row.joints)))
    return MotionContext(layout, clinic_row.started_xr_ns, tuple(runs))


def seal_session(folder: Folder, journal: Journal, clinic: Clinic, session: str) -> None:
    """Seal an ended session of which everything is in the journal; nothing new is done to a sealed one.

    Raises `SealFailed` where the files do not say what the journal says; the journal is kept then.
    """
    row = clinic.session(session)
    if row is None:
        raise SealFailed(f"session {session} has no row in {folder.clinic}; its start was never entered")
    if session not in clinic.sealed_reach():
        context = context_of(row, clinic.blocks(session))
        place = folder.session(row.participant, session)
        place.mkdir(parents=True, exist_ok=True)
        for above in place.relative_to(folder.path).parents:
            _flush_folder(folder.path / above)
        manifest = {
            "session_id": session,
            "sealed_utc_ns": time.time_ns(),
            "folder": place.relative_to(folder.path).as_posix(),
            **_seal_events(journal, session, place / EVENTS_FILE),
            **_seal_motion(journal, session, place / MOTION_FILE, context),
        }
        part = place / (MANIFEST_FILE + ".part")
        part.write_text(json.dumps(manifest, indent=1))
        _flushed_in_place(part)
        clinic.seal({**manifest, "gaps": json.dumps(manifest["gaps"])})
    journal.drop_session(session)


def _line_of(entry: Entry) -> bytes:
    """JSON has no word for a number that is none, which is null there."""
    return msgspec.json.encode(EventLine(entry.first, wire.decode_event(entry.payload))) + b"\n"


def event_of_line(line: bytes) -> AnyEvent:
    """The event in a line of events.jsonl. Where it must have a number, and JSON had no word for it, it is NaN."""
    try:
        return _line.decode(line).event
    except msgspec.ValidationError:
        told = msgspec.json.decode(line)["event"]
        kind = next(kind for kind in get_args(AnyEvent) if kind.__struct_config__.tag == told["kind"])
        of = {field.name: field.type for field in msgspec.structs.fields(kind)}
        return msgspec.convert({name: _or_nan(value, of.get(name)) for name, value in told.items()}, AnyEvent)


def _or_nan(value: Any, kind: Any) -> Any:
    if isinstance(value, dict):
        return {name: _or_nan(one, get_args(kind)[1]) for name, one in value.items()}
    return math.nan if value is None and NoneType not in get_args(kind) else value


def _seal_events(journal: Journal, session: str, path: Path) -> dict[str, Any]:
    part = path.with_name(path.name + ".part")
    count = 0
    with part.open("wb") as file:
        for entry in journal.all(session, "events"):
            file.write(_line_of(entry))
            count += 1
    with part.open("rb") as file:
        for entry, text in zip(journal.all(session, "events"), file, strict=True):
            if text != _line_of(entry):
                raise SealFailed(f"event {entry.first} of {session} reads back differently; the journal is kept")
    _flushed_in_place(part)
    return {"events": count, "events_file_sha256": sha256_of_file(path)}


def _seal_motion(journal: Journal, session: str, path: Path, context: MotionContext) -> dict[str, Any]:
    part = path.with_name(path.name + ".part")
    handed_over = hashlib.sha256()
    frames, seqs = 0, []
    gaps: list[dict[str, Any]] = []

    def chunks() -> Iterator[tuple[int, NDArray[np.void]]]:
        nonlocal frames
        for entry in journal.all(session, "motion"):
            if entry.gap:
                gap = msgspec.msgpack.decode(entry.payload, type=Gap)
                gaps.append({"first": entry.first, "last": entry.last, "reason": gap.reason})
                continue
            handed_over.update(entry.payload)
            frames += entry.last - entry.first + 1
            seqs.append((entry.first, entry.last))
            yield entry.first, context.layout.frames(entry.payload)

    try:
        write_motion(part, chunks(), context)
    except ValueError as error:
        raise SealFailed(f"the motion of {session} cannot be written: {error}") from error
    read_back = read_motion_facts(part, context.layout)
    expected = {
        "frames": frames,
        "first_seq": seqs[0][0] if seqs else None,
        "frames_sha256": handed_over.hexdigest(),
    }
    if {name: read_back[name] for name in expected} != expected:
        raise SealFailed(f"the motion of {session} reads back as {read_back}, not {expected}; the journal is kept")
    _flushed_in_place(part)
    return {
        **expected,
        "last_seq": journal.reach(session, "motion"),
        "gaps": gaps,
        "motion_file_sha256": sha256_of_file(path),
    }


def read_motion_facts(path: Path, layout: FrameLayout) -> dict[str, Any]:
    """What a motion file really holds: frames, first_seq, last_seq (of a frame) and the SHA-256 of the records."""
    digest = hashlib.sha256()
    frames, first, last = 0, None, None
    for group in read_groups(path):
        seqs = group.column("seq").to_numpy()
        if len(seqs):
            first = int(seqs[0]) if first is None else first
            last = int(seqs[-1])
        frames += group.num_rows
        digest.update(to_frames(group, layout).tobytes())
    return {"frames": frames, "first_seq": first, "last_seq": last, "frames_sha256": digest.hexdigest()}


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flushed_in_place(part: Path) -> None:
    """Give a finished file its name, so that it is there whole or not at all, also after a power cut."""
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    put_in_place(part, part.with_suffix(""))
    _flush_folder(part.parent)


def _flush_folder(path: Path) -> None:
    """Bring the names in a folder to the disk."""
    # Windows keeps the names in order by itself and cannot open a folder.
    with suppress(PermissionError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
