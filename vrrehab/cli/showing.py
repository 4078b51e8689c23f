"""The live view and the commands of a session: where a therapist's console connects."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from telemetry.address import is_loopback, parse_address
from telemetry.commands import CommandServer
from telemetry.folder import Folder, announce_session
from telemetry.live import LiveShow
from telemetry.live_messages import RecordHealth
from telemetry.sender import Sender
from vrrehab.cli.connection import keyring_of
from vrrehab.cli.disk import free_mb
from vrrehab.session.live import LiveRecord
from vrrehab.session.plan import Plan

#: Any free port of this computer, which only programs on it can reach.
HERE = "tcp://127.0.0.1:*"
_DISK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the session listens: for commands, and for who watches. Other computers can reach others than `HERE`."""

    commands: str = HERE
    live: str = HERE


@dataclass(frozen=True, slots=True)
class Therapist:
    """What a therapist's console is connected to: `commands` it gives, and the `show` that it watches."""

    commands: CommandServer
    show: LiveShow
    record: LiveRecord


@contextlib.contextmanager
def open_doors(data: Path, plan: Plan, doors: Doors, sender: Sender, say: Callable[[str], None]) -> Iterator[Therapist]:
    """Listen for a therapist's console while this lasts, and tell programs on this computer where.

    Raises `NotLoopback` where other computers could reach it and there are no keys.
    """
    keyring = keyring_of(data)
    with contextlib.ExitStack() as open_parts:
        commands = open_parts.enter_context(CommandServer(doors.commands, keyring))
        show = open_parts.enter_context(LiveShow(doors.live, _health_of(sender, Folder(data).spool), keyring))
        here = announce_session(data, plan.session_id, commands.address, show.address, participant=plan.participant)
        open_parts.enter_context(here)
        if not is_loopback(doors.live):
            key, port = parse_address(show.address).server_key.hex(), show.address.rpartition(":")[2]
            say(f"A console on another computer watches curve://{key}@{socket.gethostname()}:{port}")
        yield Therapist(commands, show, LiveRecord(sender, plan, show, commands.address))


def _health_of(sender: Sender, spool: Path) -> Callable[[], RecordHealth]:
    """How the record is doing; the disk is asked now and then, and never by the render thread."""
    asked_s, free = -_DISK_EVERY_S, 0.0

    def health() -> RecordHealth:
        nonlocal asked_s, free
        if (now_s := time.monotonic()) - asked_s >= _DISK_EVERY_S:
            asked_s = now_s
            with contextlib.suppress(OSError):
                free = free_mb(spool)
        status = sender.status()
        return RecordHealth(
            connected=status.connected,
            problem=status.spool_problem or status.recorder_problem,
            waiting=status.waiting_to_deliver,
            lost_frames=status.lost_frames,
            disk_free_mb=free,
        )

    return health
