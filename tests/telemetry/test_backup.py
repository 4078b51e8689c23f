"""A backup made while the recorder runs is a store again, and what it is restored to goes on where it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import telemetry
from telemetry.backup import back_up, last_backup
from telemetry.client import RecorderClient
from telemetry.erasure import erase
from telemetry.errors import NotAStore, SealFailed
from telemetry.keys import Keyring
from telemetry.sender import Sender
from telemetry.testing import PretendSession, RecorderProcess, eventually
from telemetry.verify import verify

Start = Callable[..., tuple[Sender, PretendSession]]


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "other disk" / "backup"


def test_a_backup_of_a_running_recorder_is_restored_and_the_session_that_ran_is_delivered_to_it(
    sealed_data: Path, to: Path, start: Start
) -> None:
    with RecorderProcess(sealed_data) as recorder, RecorderClient(recorder.address) as client:
        sender, running = start(recorder.address, "S2")
        running.begin_task()
        running.move(50)
        # What it acknowledged after the backup would be nowhere any more.
        eventually(lambda: sender.status().waiting_to_deliver == 0)
        done = back_up(sealed_data, to)
        assert (done.sessions, done.copied) == (1, 1)
        client.status()
    assert not [finding for finding in verify(to) if finding.damage]
    # The computer is lost; the backup comes to where it was.
    shutil.rmtree(sealed_data)
    shutil.copytree(to, sealed_data)
    with RecorderProcess(sealed_data, recorder.address) as again, RecorderClient(again.address) as client:
        running.end()
        assert sender.close(20.0)
        client.wait_sealed("S2", 20.0)
    assert verify(sealed_data) == []
    store = telemetry.open_store(sealed_data)
    assert set(store.sessions()["session_id"]) == {"S1", "S2"}
    assert store.tasks()["pain_after"].tolist()[:2] == [6.0, 5.0]
    assert len(store.motion("S2")) == 50


def test_a_further_backup_copies_what_is_new_and_lets_go_of_who_was_erased(sealed_data: Path, to: Path) -> None:
    assert back_up(sealed_data, to).copied == 1
    assert back_up(sealed_data, to).copied == 0
    said = last_backup(sealed_data)
    assert said is not None
    assert said["to"] == str(to)
    assert str(to) in " ".join(erase(sealed_data, "P001").unreached)
    back_up(sealed_data, to)
    assert not list((to / "motion").glob("*/*"))
    assert telemetry.open_store(to).sessions().empty


def test_the_secret_key_stays_where_it_is(sealed_data: Path, to: Path) -> None:
    Keyring(sealed_data / "keys").make()
    back_up(sealed_data, to)
    assert not list(to.rglob("own.key"))


def test_what_was_damaged_since_its_seal_is_not_taken_for_a_backup(sealed_data: Path, to: Path) -> None:
    (motion,) = sealed_data.rglob("motion.parquet")
    content = bytearray(motion.read_bytes())
    content[len(content) // 2] ^= 1
    motion.write_bytes(content)
    with pytest.raises(SealFailed, match="not what was sealed"):
        back_up(sealed_data, to)
    assert not list(to.rglob("motion.parquet"))


def test_a_backup_goes_nowhere_where_it_could_do_harm(sealed_data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.odt").write_text("all of it")
    for place, says in ((other, "other things"), (sealed_data / "here", "outside")):
        with pytest.raises(NotAStore, match=says):
            back_up(sealed_data, place)
    with pytest.raises(NotAStore):
        back_up(other, tmp_path / "new")
    assert (other / "thesis.odt").read_text() == "all of it"
