"""`vrrehab clinic`: recorder and console on one computer, each in a program of its own, and the browser opened.

Sessions are started from the console, on demand, and go on whatever becomes of the other two. What dies is told, and
started again; what dies again and again is not.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated

import typer

from vrrehab.cli import Data, app
from vrrehab.cli.console import Port, require_console
from vrrehab.cli.interruption import ask_to_leave
from vrrehab.console import DEFAULT_PORT

_LOOK_EVERY_S, _START_S, _STOP_S = 0.2, 60.0, 10.0
#: So many deaths within so long are no accident.
_DEATHS, _WITHIN_S = 3, 60.0


@dataclass(slots=True)
class Kept:
    """A program that is kept running. says: the words after which its address comes, within `start_s`."""

    name: str
    arguments: list[str]
    says: str
    start_s: float = _START_S
    process: subprocess.Popen[str] | None = None
    address: str = ""
    pass_on: threading.Thread | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> str:
        """Start it; the address that it says it is at. Raises `NobodyAnswers` where it says none."""
        from telemetry.errors import NobodyAnswers

        self.process = subprocess.Popen(
            [sys.executable, "-m", "vrrehab", *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for this program, which then ends the others in order.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert self.process.stdout is not None
        give_up = threading.Timer(self.start_s, self.process.kill)  # then it says nothing more
        give_up.start()
        said = self.process.stdout.readline()
        give_up.cancel()
        if not said.startswith(self.says):
            self.stop()
            raise NobodyAnswers(f"expected the {self.name} to start, but it did not; what it said stands above")
        self.address = said.split()[-1]
        self.pass_on = threading.Thread(target=self._pass_on, args=(self.process.stdout,), daemon=True)
        self.pass_on.start()
        return self.address

    def _pass_on(self, said: IO[str]) -> None:
        """What it says goes on to the terminal; a pipe that nobody reads would hold it up some day."""
        with contextlib.suppress(ValueError):  # closed
            for line in said:
                print(f"{self.name}: {line.rstrip()}", flush=True)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End it, politely at first."""
        if self.process is None:
            return
        ask_to_leave(self.process)
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()  # it loses nothing: what it has acknowledged is on disk
            self.process.wait()
        if self.pass_on is not None:
            self.pass_on.join(_STOP_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


@app.command()
def clinic(
    data: Data,
    port: Port = DEFAULT_PORT,
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the console in a browser.")] = True,
) -> None:
    """Run a clinic on one computer: recorder and console, until Ctrl-C; the browser opens by itself."""
    require_console()
    from vrrehab.cli.disk import make_ready

    make_ready(data)
    with kept_running(data, port) as (recorder, console):
        print(f"the clinic is open at {console.address}", flush=True)
        if open_browser:
            webbrowser.open(console.address)
        while True:
            watch_over((recorder, console), lambda line: print(line, flush=True))
            time.sleep(_LOOK_EVERY_S)


@contextlib.contextmanager
def kept_running(data: Path, port: int) -> Iterator[tuple[Kept, Kept]]:
    """Recorder and console of a data folder while this lasts. Raises `NobodyAnswers` where one does not start."""
    anywhere = ["--bind", "tcp://127.0.0.1:*"]
    recorder = Kept("recorder", ["recorder", "--data", str(data), *anywhere], "listening on ")
    console = Kept("console", ["console", "--data", str(data), "--port", str(port)], "the console is at ")
    try:
        # A running session, and a page that is open, find each again only if it comes back at the same place.
        recorder.arguments[-1] = recorder.start()
        console.arguments[-1] = console.start().rpartition(":")[2]
        yield recorder, console
    finally:
        console.stop()
        recorder.stop()


def watch_over(kept: tuple[Kept, ...], say: Callable[[str], None]) -> None:
    """Start again what has died, and say so. Raises `NobodyAnswers` where that is of no use any more."""
    from telemetry.errors import NobodyAnswers

    for each in kept:
        if each.runs:
            continue
        status = "it did not start" if each.process is None else f"status {each.process.returncode}"
        each.stop()
        now_s = time.monotonic()
        each.deaths = [at_s for at_s in each.deaths if now_s - at_s < _WITHIN_S] + [now_s]
        if len(each.deaths) >= _DEATHS:
            raise NobodyAnswers(
                f"the {each.name} ended {_DEATHS} times within {_WITHIN_S:g} s, the last time: {status}; a "
                "session that runs goes on and keeps its record; look at what stands above, then: vrrehab doctor"
            )
        say(f"the {each.name} has ended ({status}) and is started again; a running session goes on meanwhile")
        try:
            each.start()
        except NobodyAnswers as error:
            say(str(error))  # and once more at the next look
        else:
            say(f"the {each.name} is there again")
