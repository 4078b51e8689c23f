"""Sessions started from the console, and what is in the way of one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telemetry.folder import Folder
from telemetry.keys import Keyring
from vrrehab.console import launcher
from vrrehab.console.desk import Desk
from vrrehab.console.launcher import Launcher, Start
from vrrehab.console.people import People
from vrrehab.console.sessions import OnThisComputer
from vrrehab.errors import NotPossible
from vrrehab.testing.silent_session import SilentSession

from .conftest import QUICK, Clinic, at_once

REHEARSAL = Start("P001", "hand", source="scripted", display="offscreen")


@pytest.fixture
def desk(clinic: Clinic, tmp_path: Path) -> Iterator[Desk]:
    """The desk of a console that was started just now."""
    people = People(tmp_path / "console.db", hasher=QUICK)
    desk = Desk(OnThisComputer(clinic.data), people, Keyring(Folder(clinic.data).keys))
    yield desk
    desk.close()
    people.close()


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


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody can refuse to end")
def test_a_program_that_hangs_before_its_session_has_begun_is_ended_so_that_another_can_be_started(
    clinic: Clinic, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\ntrap '' TERM\necho waiting for the headset\nexec sleep 30\n")
    program.chmod(0o700)
    monkeypatch.setattr(launcher.sys, "executable", str(program))
    monkeypatch.setattr(launcher, "_START_LIMIT_S", 0.5)
    monkeypatch.setattr(launcher, "_END_LIMIT_S", 0.2)
    starting = Launcher(clinic.data, desk)
    with pytest.raises(NotPossible, match=r"did not begin within .* It said: waiting for the headset"):
        at_once(starting.start(REHEARSAL))
    assert starting.ended_with() is not None
