from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from panda3d import core

from vrrehab.session.view import View
from vrrehab.stage.displays.offscreen import OffscreenDisplay
from vrrehab.stage.material import Tier
from vrrehab.stage.stage import Stage
from vrrehab.testing.clock import VirtualClock


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage("therapy_room", Tier.LOW)


class Eye:
    """A small offscreen display on a stage, which draws a view and finds where a point of it is in the picture."""

    def __init__(self, stage: Stage, size: tuple[int, int] = (320, 240)) -> None:
        self.stage = stage
        self.size = size
        self.display = OffscreenDisplay(stage, size, clock=VirtualClock())

    def draw(self, view: View) -> NDArray[np.int16]:
        frame = self.display.wait()
        assert frame is not None
        self.display.draw(frame, view)
        return self.display.picture().astype(np.int16)

    def pixel(self, place: NDArray[np.floating] | tuple[float, float, float]) -> tuple[int, int]:
        """Row and column at which a place (3,) of session space is seen."""
        camera = self.stage.root.find("**/+Camera")
        point = camera.get_relative_point(self.stage.root, core.LPoint3(*(float(x) for x in place)))
        seen = core.LPoint2()
        assert camera.node().get_lens().project(point, seen), f"{place} is not in view"
        width, height = self.size
        return int((1 - seen.y) / 2 * height), int((1 + seen.x) / 2 * width)


@pytest.fixture
def eye(stage: Stage) -> Iterator[Eye]:
    eye = Eye(stage)
    yield eye
    eye.display.close()


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """The name of a virtual X display."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed (apt install xvfb): windows were NOT tested")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x720x24", "+extension", "GLX"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


def run_on_screen(screen: str, script: str, *arguments: str) -> str:
    """Run a script of this folder in a process of its own that has a screen; what it prints."""
    path = Path(__file__).parent / script
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        env={**os.environ, "DISPLAY": screen},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def on_screen(screen: str):
    return lambda script, *arguments: run_on_screen(screen, script, *arguments)
