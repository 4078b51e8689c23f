"""What several folders of tests share: real recordings, which live beside the checkout, and one run of the demo; and
which tests stay together where several processes share them (`make unit`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_RECORDINGS = _TESTS.parents[1] / "shared/data"
#: Folders whose tests share something: a demo, a clinic, or the one port that programs listen on by default.
_STAY_TOGETHER = {"cli": "commands", "test_docs.py": "commands", "console": "console", "models": "models"}
#: What takes a minute begins first, the longest before all, so that it is not left to one process at the end.
_FIRST = (
    "commands", "console", "tests/test_wheel.py", "tests/telemetry/test_proof.py", "tests/stage/test_places.py",
    "models", "tests/session/test_starters.py", "tests/session/test_limbs.py", "tests/session/test_sitting.py",
)  # fmt: skip
#: Folders whose tests only calculate: no time of theirs is real, so that they may be held up by others.
_ONLY_CALCULATE = ("body", "models", "session", "sources", "stage", "tasks")


def _gives_way(worker: str) -> bool:
    """Every process beyond the second, as in `gw2`, uses what two leave of two processors while they wait."""
    return int(worker.removeprefix("gw")) > 1


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") and _gives_way(config.workerinput["workerid"]) and hasattr(os, "nice"):
        os.nice(19)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Every file's tests run in one process, and so does every folder of `_STAY_TOGETHER`. A process that gives way
    has those that only calculate, which the others have last.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return _STAY_TOGETHER.get(Path(file).relative_to("tests").parts[0], file)

        def _assign_work_unit(self, node) -> None:
            queue = sorted(self.workqueue, key=lambda scope: _FIRST.index(scope) if scope in _FIRST else len(_FIRST))
            waits, calculates = [], []
            for scope in queue:
                (calculates if scope.removeprefix("tests/").startswith(_ONLY_CALCULATE) else waits).append(scope)
            own = calculates if _gives_way(node.gateway.id) else waits + calculates
            if not own:
                node.shutdown()
                return
            self.workqueue.move_to_end(own[0], last=False)
            super()._assign_work_unit(node)

    return Together(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str) -> None:
    """A process that crashes ends the run with a status of its own: its successor might pass, and it be forgotten."""
    pytest.exit(f"a process of the tests crashed in {crashitem}", returncode=3)


def _recording(what: str, path: Path) -> Path:
    """A real recording; skips where it is not there, fails where CI says that it must be."""
    if not path.exists():
        message = f"NOT RUN on real data: expected {what} at {path}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def quest3_capture() -> Path:
    """A real Meta Quest 3 recording of head and hands."""
    return _recording("a Quest 3 recording", _RECORDINGS / "quest3-hands/quest3_capture.json")


@pytest.fixture(scope="session")
def walking_imu() -> Path:
    """A real walk, eight inertial sensors on trunk and legs."""
    return _recording("a walk's inertial sensors", _RECORDINGS / "legs-imu/walking_imu")


@pytest.fixture(scope="session")
def leg_swing() -> Path:
    """A real leg swing, the orientations of eight inertial sensors."""
    return _recording("a leg swing's sensors", _RECORDINGS / "legs-imu/MT_012005D6_009-quaternions_RHJCSwinger.sto")


@pytest.fixture(scope="session")
def fists_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], str]:
    """A programme of one task, without questions: to make fists for so many seconds."""

    def write(time_limit_s: float) -> str:
        programme = tmp_path_factory.mktemp("programme") / "fists.toml"
        programme.write_text(_FISTS.format(limit=time_limit_s))
        return str(programme)

    return write


_FISTS = """
name = "fists"
title = "Fists"
mode = "mirror"
place = "therapy_room"
ask = []

[[blocks]]
title = "One"
tasks = [{{ task = "open_close_hand", goal = 100, demonstration_s = 0.1, time_limit_s = {limit} }}]
"""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A run of `vrrehab demo --offscreen` that is over: its folder and what it printed."""

    folder: Path
    data: Path
    status: int
    said: str


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The demo as a newcomer runs it in an empty folder without a screen, but drawn small; its store is for reading."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "VRREHAB_DATA")}
    ran = subprocess.run(
        [sys.executable, "-m", "vrrehab.testing.small_pictures", "demo", "--offscreen", "--seed", "3"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
        check=False,
    )
    said = ran.stdout.decode()
    return DemoRun(folder, folder / "demo-data", ran.returncode, said)
