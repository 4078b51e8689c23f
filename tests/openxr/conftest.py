"""A real runtime for each test: Monado in a window of an Xvfb, its head and hands driven by the test."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageGrab

from vrrehab.body.skeleton import Body
from vrrehab.session.frame import FrameTime
from vrrehab.session.view import View
from vrrehab.sources.openxr import OpenXRSource
from vrrehab.testing.monado import Compositor, Monado, Motion, Screen
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.xr.headset import Headset, HeadsetEvent
from vrrehab.xr.session import State, StateChanged

_kept: list[Screen] = []

HERE = Path(__file__).parent
MISSING = [program for program in ("monado-service", "Xvfb", "setpriv") if shutil.which(program) is None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.openxr)
            if MISSING:
                reason = f"no {', '.join(MISSING)} here; tests/openxr/run makes a place where they are"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def screen() -> Screen:
    # Panda3D looks once in a process where its screen is and keeps it, so it must outlive even the last fixture.
    _kept.append(Screen(1920, 1080))
    os.environ["DISPLAY"] = _kept[0].display
    return _kept[0]


@pytest.fixture
def reach(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Monado]]:
    """Starts a runtime of its own and makes it this process's."""
    with ExitStack() as running:

        def start(motion: Motion = Motion.REMOTE, compositor: Compositor = Compositor.WINDOW) -> Monado:
            monado = running.enter_context(Monado(screen, motion, compositor))
            for name, value in monado.environment.items():
                monkeypatch.setenv(name, value)
            return monado

        yield start


@pytest.fixture
def monado(reach: Callable[..., Monado]) -> Monado:
    return reach()


@pytest.fixture
def person(monado: Monado) -> Iterator[RemoteDevice]:
    with RemoteDevice(monado.remote_port) as person:
        yield person


@pytest.fixture
def tracking(person: RemoteDevice) -> Iterator[Headset]:
    """A headset that only tracks, with nothing drawn in it."""
    headset = Headset()
    headset.connect(None)
    yield headset
    headset.close()


class Sitting:
    """A headset with the stage in it, and what its wearer does; `events` are all that it reported."""

    def __init__(
        self, stage: object, *, multisamples: int = 0, spectator: bool = False, validate: bool = False
    ) -> None:
        from vrrehab.stage.displays.headset import HeadsetDisplay

        self.headset = Headset(validate=validate)
        self.display = HeadsetDisplay(
            stage, self.headset, multisamples=multisamples, spectator=spectator, eye_size=(240, 240)
        )
        self.source = OpenXRSource(self.headset)
        self.view = View(virtual=Body.unseen())
        self.events: list[HeadsetEvent] = []
        self.frames: list[FrameTime] = []

    def frame(self) -> FrameTime | None:
        frame = self.display.wait()
        self.events += self.headset.take_events()
        if frame is not None:
            self.frames.append(frame)
            self.source.locate(frame.display_time_ns, self.view.virtual)
            self.display.draw(frame, self.view)
        return frame

    def until(self, done: Callable[[], bool], limit_s: float = 60.0) -> None:
        give_up = time.monotonic() + limit_s
        while not done():
            assert time.monotonic() < give_up, f"it did not happen in {limit_s} s; events: {self.events}"
            self.frame()

    def until_seen(self) -> None:
        """Until the wearer sees the stage, and has for a few frames."""
        self.until(lambda: StateChanged(State.FOCUSED) in self.events)
        seen = len(self.frames)
        self.until(lambda: sum(frame.should_draw for frame in self.frames[seen:]) >= 8)

    def close(self) -> None:
        self.display.close()


@pytest.fixture(scope="session")
def stage(screen: Screen) -> object:
    from vrrehab.stage.material import Tier
    from vrrehab.stage.stage import Stage

    return Stage("therapy_room", Tier.LOW)


@pytest.fixture
def sit(stage: object, person: RemoteDevice) -> Iterator[Callable[..., Sitting]]:
    with ExitStack() as sitting:

        def sit(**options: bool | int) -> Sitting:
            made = Sitting(stage, **options)
            sitting.callback(made.close)
            return made

        yield sit


@pytest.fixture
def compositor_picture(screen: Screen) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """What the headset's left and right eye are shown, (540, 480, 3) each: Monado's window at the screen's corner."""

    def grab() -> tuple[np.ndarray, np.ndarray]:
        picture: Image.Image = ImageGrab.grab(bbox=(0, 0, 960, 540), xdisplay=screen.display)
        pixels = np.asarray(picture.convert("RGB"))
        return pixels[:, :480], pixels[:, 480:]

    return grab
