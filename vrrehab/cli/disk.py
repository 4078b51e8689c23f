"""The disk that a session is recorded on: is it there, may it be written, is there room."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from telemetry.errors import JournalUnwritable

#: A session of 20 minutes at full width is about this large.
SESSION_MB = 130


def free_mb(folder: Path) -> float:
    """The space left where `folder` is, or will be."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free / 1e6


def make_ready(folder: Path) -> None:
    """Make the folder, if need be, and see that a session can be kept in it. Raises `JournalUnwritable`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        raise JournalUnwritable(
            f"expected to be able to write to {folder}, but: {error.strerror}; "
            "free space, or choose another folder with --data"
        ) from error
    if (free := free_mb(folder)) < SESSION_MB:
        raise JournalUnwritable(
            f"expected at least {SESSION_MB} MB free for a session in {folder}, but there are {free:.0f} MB; "
            "free space, or choose another folder with --data"
        )


def commit_ms(folder: Path) -> float:
    """The median time to write a little and have it on the disk, as every commit of the record does."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(9):
            began = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[4]
