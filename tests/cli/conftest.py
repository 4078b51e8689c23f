"""The `vrrehab` command, in folders of its own, on a machine without screen and headset.

A process of its own costs a second before it does anything. So `vrrehab` calls the command's `main()` here, and
`process` and `start` are for what a process alone can show: serving, signals, what Python finds first, and drawing, in
small pictures unless it is about the pictures.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import vrrehab.cli
from telemetry.client import RecorderClient
from telemetry.testing import RecorderProcess
from telemetry.verify import Finding, verify
from vrrehab.cli import interruption

HERE = Path(__file__).parent
_VRREHAB = (sys.executable, "-m", "vrrehab")
_SMALL = (sys.executable, "-m", "vrrehab.testing.small_pictures")
_LIMIT_S = 60.0
#: What would make a command behave otherwise than on a newcomer's machine.
_NOT_OURS = ("DISPLAY", "VRREHAB_DATA", "PYTHONUNBUFFERED")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that is over."""

    status: int
    out: str
    err: str

    def failed_with(self, *words: str) -> None:
        """It failed in one line, which has all these words in it."""
        assert self.status == 1, (self.out, self.err)
        assert self.err.startswith("vrrehab: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert not [word for word in words if word not in self.err], self.err

    def was_misused(self, *words: str) -> None:
        """It was called in a way that it does not know; the last line says so."""
        assert self.status == 2, (self.out, self.err)
        line = self.err.rstrip("\n").rpartition("\n")[2]
        assert line.startswith("Error: "), self.err
        assert not [word for word in words if word not in line], line


class Running:
    """A command that is running; what it says is kept in a file, which never makes it wait."""

    def __init__(self, output: Path, command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        self._path = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._path.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, words: str) -> None:
        """Return once it has said these words."""
        until_s = time.monotonic() + _LIMIT_S
        while words not in self.said:
            assert self.process.poll() is None, f"it ended before it said {words!r}: {self.said}"
            assert time.monotonic() < until_s, f"it never said {words!r}: {self.said}"
            time.sleep(0.02)

    def wait_until_it_listens_to_signals(self) -> None:
        """Return once its own answer to SIGTERM is in place, which happens right at its start (Linux)."""
        while True:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
            if caught >> (signal.SIGTERM - 1) & 1:
                return
            assert self.process.poll() is None, self.said
            time.sleep(0.005)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """What a terminal does then: every process of the group that the command has begun is told."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, timeout_s: float = _LIMIT_S) -> int:
        return self.process.wait(timeout_s)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return {**kept, "XR_RUNTIME_JSON": str(folder / "no runtime.json")}


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="session", name="vrrehab")
def _vrrehab(_empty: Path) -> Callable[..., Ran]:
    """Runs a command to its end, in this process. folder: where; by default an empty one."""

    def run(*arguments: object, folder: Path = _empty, **environment: str) -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            open(os.devnull) as nothing,
            _signals_as_they_were(),
            _an_end(),
        ):
            for name in _NOT_OURS:
                patch.delenv(name, raising=False)
            for name, value in {**_environment(_empty), **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["vrrehab", *map(str, arguments)])
            patch.setattr(sys, "stdin", nothing)
            try:
                vrrehab.cli.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
        return Ran(status, out.read(), err.read())

    return run


@contextlib.contextmanager
def _an_end() -> Iterator[None]:
    """A command that does not come to one ends this process, and says where it was."""
    faulthandler.dump_traceback_later(_LIMIT_S, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _signals_as_they_were() -> Iterator[None]:
    """A command answers the signals itself from its start on."""
    before = {number: signal.getsignal(number) for number in interruption._SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def process(_empty: Path) -> Callable[..., Ran]:
    """Runs a command to its end, as a process of its own. folder: where; by default an empty one."""

    def process(*arguments: object, small: bool = False, folder: Path = _empty, **environment: str) -> Ran:
        ran = subprocess.run(
            [*(_SMALL if small else _VRREHAB), *map(str, arguments)],
            cwd=folder,
            env={**_environment(_empty), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    return process


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a command and leaves it running; whatever still does at the end of the test is killed."""
    running: list[Running] = []

    def start(*arguments: object, small: bool = False, folder: Path = tmp_path, **environment: str) -> Running:
        output = tmp_path / f"output {len(running)}"
        command = (*(_SMALL if small else _VRREHAB), *map(str, arguments))
        running.append(Running(output, command, folder, {**_environment(tmp_path), **environment}))
        return running[-1]

    yield start
    for command in running:
        command.end()


def session_on(data: Path, *more: object) -> tuple[object, ...]:
    """The arguments of a short session of a scripted participant, drawn offscreen."""
    programme = HERE / "short.toml"
    what = ("session", "--data", data, "--participant", "P001", "--programme", programme, "--seed", 1)
    return (*what, "--source", "scripted", "--display", "offscreen", *more)


@pytest.fixture(name="session_on", scope="session")
def _session_on() -> Callable[..., tuple[object, ...]]:
    return session_on


@dataclass(frozen=True, slots=True)
class Clinic:
    """A data folder with a recorder on it, and participant P001."""

    data: Path
    recorder: RecorderProcess

    def sealed(self, session_id: str) -> list[Finding]:
        """What `verify` finds once this session is sealed."""
        with RecorderClient(self.recorder.address) as client:
            client.wait_sealed(session_id, 20.0)
        return verify(self.data)

    def running(self) -> str:
        """The id of the session that is running."""
        return str(json.loads((self.data / "session.json").read_text())["session_id"])


@pytest.fixture(scope="module")
def clinic(vrrehab: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    data = tmp_path_factory.mktemp("clinic")
    with RecorderProcess(data) as recorder:
        assert vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--data", data).status == 0
        yield Clinic(data, recorder)


@pytest.fixture
def alone(vrrehab: Callable[..., Ran], tmp_path: Path) -> Path:
    """A data folder that knows participant P001, with no recorder on it."""
    data = tmp_path / "alone"
    assert vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--data", data).status == 0
    return data
