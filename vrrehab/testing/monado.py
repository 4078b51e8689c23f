"""A screen and a real OpenXR runtime for tests: Xvfb and monado-service, private and gone with this process.

As a program it runs a command with both of them up, and ends with the command's exit status:

    python -m vrrehab.testing.monado [--motion remote|simulated] [--compositor window|none] -- COMMAND...

It needs `Xvfb` and `monado-service` on the path (tests/openxr/run makes a place where they are) and never
touches a runtime or a screen that the user has.
"""

from __future__ import annotations

import contextlib
import enum
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer

#: Where distributions put the file that tells the OpenXR loader about Monado.
MANIFESTS = ("/usr/share/openxr/1/openxr_monado.json", "/etc/xdg/openxr/1/openxr_monado.json")

_START_LIMIT_S = 20.0


class Motion(enum.StrEnum):
    """What moves the head and the hands."""

    REMOTE = "remote"  # a program, through `vrrehab.testing.remote_device`
    SIMULATED = "simulated"  # a head that wobbles and two simple controllers; no hand joints


class Compositor(enum.StrEnum):
    """Where the frames go."""

    WINDOW = "window"  # the real compositor, in a window on the screen, both eyes side by side
    NONE = "none"  # nowhere, paced at 20 frames a second


class Screen:
    """An X server with OpenGL and no monitor; its `display` is what `DISPLAY` should hold."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        read_end, write_end = os.pipe()
        self._process = subprocess.Popen(
            _ends_with_us(
                *("Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24"),
                *("-nolisten", "tcp", "+extension", "GLX"),
            ),
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as reply:
            number = reply.readline().strip()
        if not number:
            raise RuntimeError(f"expected Xvfb to open a display, but it ended with {self._process.wait()}")
        self.display = f":{number}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Monado:
    """A runtime service of our own; `environment` is what a client needs in its environment to reach it.

    `kill` ends it as a crash would; `start` starts it again in the same place, with the same environment.

    eyes_percent: how large the eyes' pictures are that it recommends; at 100 software draws about one a second.
    """

    def __init__(
        self,
        screen: Screen,
        motion: Motion = Motion.REMOTE,
        compositor: Compositor = Compositor.WINDOW,
        eyes_percent: int = 100,
    ) -> None:
        # The service's socket lies in here, and a socket's path may be 107 bytes long.
        self._folder = Path(tempfile.mkdtemp(prefix="xr-", dir="/tmp"))
        self.log = self._folder / "monado.log"
        self.remote_port = _free_port()
        config = self._folder / "monado" / "config_v0.json"
        config.parent.mkdir()
        # All three keys, or Monado quietly listens on port 4242.
        config.write_text(json.dumps({"remote": {"version": 0, "port": self.remote_port, "view_count": 2}}))
        manifest = next((path for path in MANIFESTS if Path(path).exists()), None)
        if manifest is None:
            raise FileNotFoundError(f"expected Monado's OpenXR manifest at one of {', '.join(MANIFESTS)}")
        self.environment = {
            "DISPLAY": screen.display,
            "XDG_RUNTIME_DIR": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "XR_RUNTIME_JSON": manifest,
            "VRREHAB_REMOTE_PORT": str(self.remote_port),
            "OXR_VIEWPORT_SCALE_PERCENTAGE": str(eyes_percent),
        }
        self._service_environment = {
            **os.environ,
            **self.environment,
            "XRT_NO_STDIN": "1",
            "IPC_EXIT_ON_DISCONNECT": "0",
            **({"P_OVERRIDE_ACTIVE_CONFIG": "remote"} if motion is Motion.REMOTE else _SIMULATED),
            **({"XRT_COMPOSITOR_FORCE_XCB": "1"} if compositor is Compositor.WINDOW else {"XRT_COMPOSITOR_NULL": "1"}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts the service and waits until it listens."""
        listening = self._folder / "monado_comp_ipc"
        listening.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                _ends_with_us("monado-service"),
                env=self._service_environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + _START_LIMIT_S
        while not _listens(listening):
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(
                    f"expected monado-service to listen, but it did not; it said:\n{self.log.read_text()}"
                )
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Monado:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_SIMULATED = {"SIMULATED_ENABLE": "1", "SIMULATED_LEFT": "simple", "SIMULATED_RIGHT": "simple"}


def _ends_with_us(program: str, *arguments: str) -> list[str]:
    # A test that is killed must not leave servers behind.
    return ["setpriv", "--pdeathsig", "KILL", program, *arguments]


def _listens(path: Path) -> bool:
    """Whether a server accepts connections there; the socket's file is there a moment before."""
    accepting = "00010000"  # Linux's __SO_ACCEPTCON, in the column of flags
    sockets = (line.split() for line in Path("/proc/net/unix").read_text().splitlines())
    return any(fields[-1] == str(path) and fields[3] == accepting for fields in sockets)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(
    command: list[str],
    motion: Motion = Motion.REMOTE,
    compositor: Compositor = Compositor.WINDOW,
) -> None:
    """Run COMMAND with a screen and an OpenXR runtime up."""
    with Screen() as screen, Monado(screen, motion, compositor) as monado:
        status = subprocess.call(command, env={**os.environ, **monado.environment})
    sys.exit(status)


if __name__ == "__main__":
    typer.run(_run)
