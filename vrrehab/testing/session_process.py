"""`vrrehab session` as a process of its own, and a therapist at its command socket: for tests of the whole program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from telemetry.commands import Applied, CommandClient, Refused, Scalar
from telemetry.folder import Folder

_START_LIMIT_S = 60.0
_ANSWER_LIMIT_S = 30.0


class SessionProcess:
    """Runs `vrrehab session --data DATA ARGUMENTS` and returns once it takes commands.

    session_id: of the session that runs. environment: variables in place of this process's own.
    Raises RuntimeError, with what the program said, where it ends before it takes commands.
    """

    def __init__(self, data: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `__exit__`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vrrehab", "session", "--data", str(data), *arguments],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        announced = Folder(data).session_address
        give_up = time.monotonic() + _START_LIMIT_S
        while not announced.exists():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise RuntimeError(f"expected the session to take commands, but it said:\n{self.output()}")
            time.sleep(0.02)
        said = json.loads(announced.read_text())
        self.session_id: str = said["session_id"]
        self._therapist = CommandClient(said["address"])

    def __enter__(self) -> SessionProcess:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._therapist.close()
        self.kill()
        self._output.close()

    def tell(self, command: str, /, **arguments: Scalar) -> int:
        """Give a command as the therapist `anna` would; the number of the frame in which it was applied.

        Raises ValueError with the reason where the session refuses it.
        """
        answer: Applied | Refused = self._therapist.send(command, arguments, "anna", _ANSWER_LIMIT_S)
        if isinstance(answer, Refused):
            raise ValueError(answer.reason)
        return answer.frame

    def frame(self) -> int:
        """The number of a frame that has begun just now."""
        return self.tell("note", text="which frame is this?")

    def after(self, frames: int) -> int:
        """Wait until that many whole frames have gone by, however fast they are drawn; the number of the last."""
        goal = self.frame() + frames
        while (now := self.frame()) < goal:
            time.sleep(0.01)
        return now

    def until(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait until something holds, as of the store. Looking takes time that the session could use, so not too often.

        Raises RuntimeError, with what the program said, where it ends first or the time is over.
        """
        give_up = time.monotonic() + timeout_s
        while not condition():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"expected something to happen in the session, but it said:\n{self.output()}")
            time.sleep(0.1)

    def wait(self, timeout_s: float) -> int:
        """Wait for the program's own end; its exit status. Raises `subprocess.TimeoutExpired`."""
        return self._process.wait(timeout_s)

    def output(self) -> str:
        """Everything the program has printed so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def kill(self) -> None:
        """End it as a crash would; nothing where it has ended."""
        self._process.kill()
        self._process.wait()
