"""Recorder and lossy wire as processes of their own, to be killed, frozen and started again at will."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PORT_FREE_S = 20.0


class ListeningProcess:
    """`python -m MODULE ARGUMENTS`, which says `listening on ADDRESS`; started at once.

    within: a command that starts it elsewhere, such as `ip netns exec NAME`. address: where it listens, the same after
    it was killed and started again.
    """

    def __init__(self, module: str, arguments: Sequence[str], bind: str, within: Sequence[str] = ()) -> None:
        self._module = module
        self._command = [*within, sys.executable, "-m", module, *arguments, "--bind"]
        self._bind = bind
        self.address = ""
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; after the first time at the same address as before.

        While it was dead another connection of this computer may have been given its port; that is waited for.
        """
        until_s = time.monotonic() + _PORT_FREE_S
        while not (line := self._try()).startswith("listening on "):
            _, problem = self.process.communicate()
            if "uses that port" not in problem or time.monotonic() > until_s:
                raise RuntimeError(f"expected {self._module} to listen, but it said: {line}{problem}")
        self.address = line.split()[-1]

    def _try(self) -> str:
        self.process = subprocess.Popen(
            [*self._command, self.address or self._bind], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """Ask it to leave, and wait; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        return self.process.returncode

    def freeze(self) -> None:
        """Stop it without ending it: its connections stay open, and nobody is at their other end (not on Windows)."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was frozen."""
        self.process.send_signal(signal.SIGCONT)


class RecorderProcess(ListeningProcess):
    """A recorder on a folder."""

    def __init__(self, data_dir: Path, bind: str = "tcp://127.0.0.1:*", within: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        super().__init__("telemetry.recorder", ["--data", str(data_dir)], bind, within)


@dataclass(frozen=True, slots=True)
class Faults:
    """What a wire does to messages: the share (0 to 1) of those dropped, sent twice, and held for up to `delay_s`.

    Held messages are overtaken by later ones, so that a delay is a reordering too.
    """

    drop: float = 0.05
    duplicate: float = 0.05
    delay: float = 0.1
    delay_s: float = 0.2


class LossyWire(ListeningProcess):
    """A wire between senders and the recorder at `to` that treats messages as `faults` says, by the chance of `seed`.

    Senders connect to its `address`. Frozen, it is a connection that is half open; killed, one that broke.
    """

    def __init__(self, to: str, faults: Faults, seed: int = 1) -> None:
        arguments = ["--to", to, "--seed", str(seed)]
        for name in Faults.__dataclass_fields__:
            arguments += [f"--{name.replace('_', '-')}", str(getattr(faults, name))]
        super().__init__("telemetry.testing.lossy", arguments, "tcp://127.0.0.1:*")


def eventually(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Return once `condition` holds; AssertionError if it does not within `timeout_s`, long for a busy computer."""
    until_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until_s:
            raise AssertionError(f"expected a condition to hold within {timeout_s:g} s, but it did not")
        time.sleep(0.005)


def fill(disk: Path) -> Path:
    """Fill a small disk to the last block; the file to remove for space again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1024))
    return ballast
