"""Where a console connects to a session: on this computer always, from others only with keys, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.commands import CommandClient
from telemetry.errors import NotLoopback
from telemetry.folder import running_session
from telemetry.keys import Keyring
from telemetry.live import LiveReader
from telemetry.messages import LimbLoss, Profile
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import eventually
from vrrehab.body.skeleton import JOINTS
from vrrehab.cli.connection import keyring_of
from vrrehab.cli.showing import Doors, open_doors
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import load_programme


@pytest.fixture
def plan() -> Plan:
    loss = LimbLoss(limb="hand", side="left", level="wrist")
    return make_plan(Profile(code="P001", limb_losses=(loss,)), load_programme("demo"), None, "scripted", 1)


def test_a_console_on_another_computer_is_let_in_with_keys_alone_and_told_the_address(
    plan: Plan, tmp_path: Path
) -> None:
    data, told = tmp_path / "data", []
    data.mkdir()
    sender = Sender(data / "spool", plan.session_id, None, FrameLayout(JOINTS))
    everywhere = Doors("tcp://0.0.0.0:*", "tcp://0.0.0.0:*")
    with pytest.raises(NotLoopback, match="vrrehab keys make"), open_doors(data, plan, everywhere, sender, told.append):
        pass
    assert not (data / "session.json").exists()
    own, console = keyring_of(data), Keyring(tmp_path / "console" / "keys")
    own.make()
    own.allow(console.make().public, "console")
    with open_doors(data, plan, everywhere, sender, told.append):
        eventually(lambda: running_session(data))
        found = running_session(data)
        assert found is not None
        (line,) = told
        assert "watches curve://" in line
        assert line.rpartition(":")[2] == found.live.rpartition(":")[2]
        with LiveReader(found.live, console) as reader, CommandClient(found.commands, console):
            reader.receive(0.3)
            assert "does not let this computer in" not in reader.problem
    assert running_session(data) is None
    sender.close(0.0)
