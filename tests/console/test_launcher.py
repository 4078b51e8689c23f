"""Sessions started from the console, and what is in the way of one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telemetry.folder import Folder
from telemetry.keys import Keyring
from telemetry.testing import eventually
from vrrehab.console import launcher
from vrrehab.console.desk import Desk
from vrrehab.console.launcher import Launcher, Start
from vrrehab.console.people import Login, People
from vrrehab.console.rights import Role
from vrrehab.console.sessions import OnThisComputer
from vrrehab.errors import NotPossible
from vrrehab.testing.silent_session import SilentSession

from .conftest import PASSWORD, QUICK, Clinic, at_once

REHEARSAL = Start("P001", "hand", source="scripted", display="offscreen")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    people = People(tmp_path / "console.db", hasher=QUICK)
    yield people
    people.close()


@pytest.fixture
def berta(people: People) -> Login:
    people.add("berta", PASSWORD, [Role.OBSERVER], "tests")
    login = people.login(people.log_in("berta", PASSWORD, "127.0.0.1"))
    assert login is not None
    return login


@pytest.fixture
def desk(clinic: Clinic, people: People) -> Iterator[Desk]:
    """The desk of a console that was started just now."""
    desk = Desk(OnThisComputer(clinic.data), people, Keyring(Folder(clinic.data).keys))
    yield desk
    desk.close()


def test_no_second_session_is_started_beside_one_that_another_console_began(
    clinic: Clinic, desk: Desk, session: Callable[..., SilentSession]
) -> None:
    """As after the console was started again: the first one would be out of reach of Stop."""
    running = session(rate_hz=20.0)
    with pytest.raises(NotPossible, match="running already; stop it first"):
        at_once(Launcher(clinic.data, desk).start(REHEARSAL))
    found = desk.running()
    assert found is not None
    assert found.session_id == running.session_id


@pytest.fixture
def hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the session a program that begins none, and does not want to end."""
    if sys.platform == "win32":
        pytest.skip("there nobody can refuse to end")
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\ntrap '' TERM\necho waiting for the headset\nexec sleep 30\n")
    program.chmod(0o700)
    monkeypatch.setattr(launcher.sys, "executable", str(program))
    monkeypatch.setattr(launcher, "_STOP_LIMIT_S", 0.2)
    monkeypatch.setattr(launcher, "_END_LIMIT_S", 0.2)


@pytest.mark.usefixtures("hangs")
def test_a_program_that_hangs_before_its_session_has_begun_is_ended_so_that_another_can_be_started(
    clinic: Clinic, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_START_LIMIT_S", 0.5)
    starting = Launcher(clinic.data, desk)
    with pytest.raises(NotPossible, match=r"did not begin within .* It said: waiting for the headset"):
        at_once(starting.start(REHEARSAL))
    assert starting.ended_with() is not None


@pytest.mark.usefixtures("hangs")
def test_stop_ends_a_session_that_is_being_started_and_who_started_it_is_told_by_whom(
    clinic: Clinic, desk: Desk, berta: Login
) -> None:
    """Pressed while a start takes its seconds it was lost, and a session began that nobody wanted any more."""
    starting = Launcher(clinic.data, desk)
    with ThreadPoolExecutor(1) as prepare:
        start = prepare.submit(asyncio.run, starting.start(REHEARSAL))
        eventually(lambda: starting.ended_with() is None and "waiting for the headset" in starting.said())
        stop = at_once(desk.tell(berta, "stop", {}, "one-press"))
        with pytest.raises(NotPossible, match=r"^berta pressed Stop before the session began\.$"):
            start.result()
    assert (stop.status, stop.reason) == ("applied", "Stopped before the session began.")
    assert starting.ended_with() is not None
    again = at_once(desk.tell(berta, "stop", {}, "one-press"))  # sent again, as after a lost answer
    assert (again.status, again.reason) == (stop.status, stop.reason)
    assert at_once(desk.tell(berta, "stop", {})).reason == "no session is running"


def test_stop_that_comes_before_the_program_is_there_keeps_it_from_being_started(
    clinic: Clinic, desk: Desk, berta: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher.sys, "executable", "no program")
    starting = Launcher(clinic.data, desk)
    opening = starting._open

    def pressed_first(start: Start) -> None:
        assert asyncio.run(desk.tell(berta, "stop", {})).status == "applied"
        opening(start)

    monkeypatch.setattr(starting, "_open", pressed_first)
    with pytest.raises(NotPossible, match="berta pressed Stop"):
        at_once(starting.start(REHEARSAL))
    assert starting.ended_with() == 0
