"""Real recorders, spools and stores, each in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telemetry.client import RecorderClient
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, RecorderProcess

LAYOUT = FrameLayout(JOINTS)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def recorder(data: Path) -> Iterator[RecorderProcess]:
    with RecorderProcess(data) as process:
        yield process


@pytest.fixture
def address(data: Path) -> Iterator[str]:
    """A recorder in a thread, for tests in which nothing dies."""
    recorder = Recorder(data, "tcp://127.0.0.1:*")
    thread = threading.Thread(target=recorder.run)
    thread.start()
    yield recorder.address
    recorder.stop()
    thread.join()


@pytest.fixture
def client(address: str) -> Iterator[RecorderClient]:
    with RecorderClient(address) as client:
        yield client


@pytest.fixture
def start(spool: Path) -> Iterator[Callable[..., tuple[Sender, PretendSession]]]:
    """Makes a sender and a session that hands itself over to it; closes what a failing test leaves open."""
    senders: list[Sender] = []

    def start(address: str | None, session_id: str = "S1", **options: int) -> tuple[Sender, PretendSession]:
        sender = Sender(spool, session_id, address, LAYOUT, **options)
        senders.append(sender)
        return sender, PretendSession(sender, session_id)

    yield start
    for sender in senders:
        sender.close(0.0)


@pytest.fixture(scope="session")
def _sealed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sealed")
    with RecorderProcess(place / "data") as process, RecorderClient(process.address) as client:
        sender = Sender(place / "spool", "S1", process.address, LAYOUT)
        PretendSession(sender).perform((6.0, 5.0), frames=20)
        assert sender.close(60.0)
        client.wait_sealed("S1", 60.0)
    return place / "data"


@pytest.fixture
def sealed_data(_sealed_once: Path, data: Path) -> Path:
    """`data` with session S1 in it, sealed: participant P001, two tasks rated 6 and 5. Nobody writes it yet."""
    shutil.copytree(_sealed_once, data)
    return data


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB, to be filled or made read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NOT RUN: full and read-only disks need the right to mount a tmpfs (root)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
