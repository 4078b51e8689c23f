"""What becomes of an order that cannot even be sent, and of those after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telemetry.commands import CommandServer
from telemetry.folder import Folder, RunningSession
from telemetry.keys import Keyring
from telemetry.live import LiveReader
from telemetry.testing import eventually
from vrrehab.console.desk import Desk
from vrrehab.console.people import Login, People
from vrrehab.console.rights import Role

from .conftest import PASSWORD, QUICK


class At:
    """A session that is said to take commands at `address`. beats: how often it was about to be told who is there.

    meanwhile: what happens while it is about to be, once.
    """

    here, live, address, beats = False, "", "", 0
    meanwhile: Callable[[], None] | None = None

    def running(self) -> RunningSession:
        if threading.current_thread().name == "attendance":
            self.beats += 1
            happens, self.meanwhile = self.meanwhile, None
            if happens is not None:
                happens()
        return RunningSession("a-session", self.address, "")

    def heard(self, reader: LiveReader) -> None:
        pass


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    people = People(tmp_path / "console.db", hasher=QUICK)
    people.add("anna", PASSWORD, [Role.THERAPIST], "tests")
    yield people
    people.close()


@pytest.fixture
def anna(people: People) -> Login:
    login = people.login(people.log_in("anna", PASSWORD, "127.0.0.1"))
    assert login is not None
    return login


def test_without_keys_an_order_is_refused_with_what_to_do_and_the_session_hears_of_who_leads_once_it_is_reached(
    tmp_path: Path, people: People, anna: Login
) -> None:
    sessions = At()
    desk = Desk(sessions, people, Keyring(Folder(tmp_path).keys))
    sessions.address = f"curve://{'ab' * 32}@127.0.0.1:5759"
    try:
        order = asyncio.run(desk.tell(anna, "pause", {}))
        assert order.status == "refused"
        assert "vrrehab keys make" in order.reason
        with CommandServer("tcp://127.0.0.1:*") as session:

            def attended() -> bool:
                desk.heard(anna)
                return any(command.name == "heartbeat" for command in session.poll())

            eventually(lambda: sessions.beats > 1)  # in vain
            sessions.address = session.address
            eventually(attended)
    finally:
        desk.close()


def test_a_console_that_is_started_again_lets_the_session_hear_of_who_led_it(
    tmp_path: Path, people: People, anna: Login
) -> None:
    """Who looks at the page that came back is there: the scene must not fade to calm before them."""
    sessions = At()
    with CommandServer("tcp://127.0.0.1:*") as session:
        sessions.address = session.address
        keyring = Keyring(Folder(tmp_path).keys)
        before = Desk(sessions, people, keyring)
        assert before.take_control(anna)
        before.close()
        again = Desk(sessions, people, keyring)

        def attended() -> bool:
            again.heard(anna)
            return any((command.name, command.who) == ("heartbeat", "anna") for command in session.poll())

        try:
            eventually(attended)
            again.release(anna)
        finally:
            again.close()
        last = Desk(sessions, people, keyring)
        last.close()
        assert last.in_control is None  # what was given away on purpose stays so


def test_who_gives_control_away_is_not_said_to_be_there_afterwards(tmp_path: Path, people: People, anna: Login) -> None:
    """The session would miss them, and fade to calm."""
    sessions = At()
    with CommandServer("tcp://127.0.0.1:*") as session:
        sessions.address = session.address
        desk = Desk(sessions, people, Keyring(Folder(tmp_path).keys))
        said: list[str] = []
        try:
            desk.heard(anna)
            desk.take_control(anna)
            sessions.meanwhile = lambda: desk.release(anna)

            def released() -> bool:
                for command in session.poll():
                    said.append(command.name)
                    command.applied(1)
                return "release" in said

            eventually(released)
            eventually(lambda: released() and sessions.beats > 2)
        finally:
            desk.close()
        assert said[-1] == "release"
