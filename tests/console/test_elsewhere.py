"""A console on another computer than the session: two data folders, and sockets that other computers could reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from telemetry.errors import NotLoopback
from telemetry.folder import Folder, RunningSession, running_session
from telemetry.keys import Keyring
from telemetry.testing import eventually
from vrrehab.cli.showing import Doors
from vrrehab.console.app import Where, serve
from vrrehab.console.desk import Desk
from vrrehab.console.launcher import Launcher, Start
from vrrehab.console.people import Login, People
from vrrehab.console.rights import Role
from vrrehab.console.sessions import OnAnother
from vrrehab.console.watch import Watch
from vrrehab.console.words import Words
from vrrehab.errors import NotPossible
from vrrehab.testing.silent_session import SilentSession

from .conftest import LOST_LEFT_HAND, PASSWORD, QUICK, Clinic, at_once

EVERYWHERE = Doors(commands="tcp://0.0.0.0:*", live="tcp://0.0.0.0:*")


@dataclass(frozen=True)
class Apart:
    """A session on one folder, and the desk and the live view of a console on another."""

    session: SilentSession
    headset: Keyring
    console: Keyring
    desk: Desk
    watch: Watch
    anna: Login
    launcher: Launcher


@pytest.fixture
def apart(clinic: Clinic, tmp_path: Path) -> Iterator[Apart]:
    there, here = tmp_path / "headset", tmp_path / "console"
    here.mkdir()
    headset, console = Keyring(Folder(there).keys), Keyring(Folder(here).keys)
    headset.make()
    console.make()
    with ExitStack() as running:
        session = running.enter_context(
            SilentSession(there, clinic.recorder, LOST_LEFT_HAND, "first_session", rate_hz=40.0, doors=EVERYWHERE)
        )
        found = running_session(there)
        assert found is not None
        assert found.live.startswith("curve://")
        people = People(here / "console.db", hasher=QUICK)
        running.callback(people.close)
        people.add("anna", PASSWORD, [Role.THERAPIST], "tests")
        anna = people.login(people.log_in("anna", PASSWORD, "here"))
        assert anna is not None
        sessions = OnAnother(found.live)
        desk = Desk(sessions, people, console)
        running.callback(desk.close)
        watch = Watch(desk, sessions, here)
        running.callback(watch.close)
        watch.start()
        yield Apart(session, headset, console, desk, watch, anna, Launcher(here, desk, here=sessions.here))


def test_a_console_elsewhere_sees_and_leads_once_its_key_is_allowed_and_is_told_so_before(apart: Apart) -> None:
    eventually(lambda: "does not let this computer in" in apart.watch.problem)
    assert not apart.watch.live
    assert at_once(apart.desk.tell(apart.anna, "pause", {})).reason == "no session is running"
    apart.headset.allow(apart.console.own().public, "console")
    eventually(lambda: apart.watch.live)
    assert apart.watch.problem == ""
    assert apart.watch.in_words(Words("en")) == ("P001: session runs", "good")
    eventually(lambda: at_once(apart.watch.jpeg(0, 2.0))[1])
    assert at_once(apart.desk.tell(apart.anna, "pause", {})).status == "applied"
    assert at_once(apart.desk.tell(apart.anna, "stop", {})).status == "applied"
    with pytest.raises(NotPossible, match="Start this one there: vrrehab session --participant P001"):
        at_once(apart.launcher.start(Start("P001", "demo")))
    apart.session.hang()
    eventually(lambda: apart.watch.silent)
    assert at_once(apart.desk.tell(apart.anna, "stop", {})).status == "unanswered"  # it is tried all the same


def test_only_its_own_last_word_ends_a_session_elsewhere() -> None:
    sessions, state = OnAnother("tcp://127.0.0.1:5758"), SimpleNamespace(over="")
    standing = SimpleNamespace(facts=SimpleNamespace(session_id="S1"))
    reader: Any = SimpleNamespace(standing=standing, state=state, commands="tcp://127.0.0.1:5759")
    assert sessions.running() is None
    sessions.heard(reader)
    assert sessions.running() == RunningSession("S1", "tcp://127.0.0.1:5759", "tcp://127.0.0.1:5758")
    state.over = "completed"
    sessions.heard(reader)
    assert sessions.running() is None


def test_a_session_elsewhere_is_not_spoken_to_in_the_clear(tmp_path: Path) -> None:
    with pytest.raises(NotLoopback, match="curve://"):
        serve(tmp_path, Where(port=0), session="tcp://10.1.2.3:5758")
