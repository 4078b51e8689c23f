"""A session in a thread, with everything but the engine: recorder, commands, live view and a scripted participant.

For tests and measurements of what a therapist's console does, on a machine that has better things to do than to draw.
The picture that it shows is a band that moves, a step a frame.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telemetry.folder import Folder
from telemetry.messages import Profile, SessionStatus
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from vrrehab.body.skeleton import JOINTS
from vrrehab.cli.showing import Doors, Therapist, open_doors
from vrrehab.session.commands import Command
from vrrehab.session.frame import FrameTime, MonotonicClock
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.session.view import View
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.participant import ScriptedParticipant

_START_LIMIT_S, _END_LIMIT_S = 20.0, 10.0
_PICTURE = (200, 320, 3)
_BAND = 16
_HERE = Doors()


class SilentSession:
    """Runs from when it is made until `close`. session_id: its id. status: how it ended, None while it runs.

    speed: how many of its seconds go by in one; minutes of it are shown in seconds then.
    """

    def __init__(
        self,
        data: Path,
        recorder: str,
        profile: Profile,
        programme: str,
        *,
        rate_hz: float = 60.0,
        seed: int = 3,
        speed: float = 1.0,
        doors: Doors = _HERE,
    ) -> None:
        self.status: SessionStatus | None = None
        self._plan = make_plan(profile, load_programme(programme), None, "scripted", seed)
        self.session_id = self._plan.session_id
        self._data, self._recorder = data, recorder
        self._display = _PicturedDisplay(rate_hz, speed)
        #: When the first Stop was taken between two frames, in seconds since 1970; 0 before.
        self.stopped_s = 0.0
        self._doors = doors
        self._sitting: Sitting | None = None
        self._between: deque[Callable[[Sitting], object]] = deque()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent session", daemon=True)
        self._thread.start()
        if not self._begun.wait(_START_LIMIT_S):
            raise RuntimeError(f"expected a session within {_START_LIMIT_S:g} s")

    def __enter__(self) -> SilentSession:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @property
    def frame(self) -> int:
        """The number of the last frame that was drawn."""
        return self._display.drawn

    @property
    def first_calm_frame(self) -> int:
        """The number of the first frame whose picture had begun to fade; 0 where none has."""
        return self._display.first_calm

    @property
    def frame_ms(self) -> float:
        """How long a frame takes in the middle, waiting left out."""
        return float(np.median(self._display.took_ms)) if self._display.took_ms else 0.0

    @property
    def brush_at(self) -> float | None:
        """How far along the limb the therapist's hand is; None while it is lifted."""
        return None if self._sitting is None else self._sitting.conductor.here.brush.at

    def between_frames(self, do: Callable[[Sitting], object]) -> None:
        """Do something with the sitting before the next frame, on its thread."""
        self._between.append(do)

    def hang(self) -> None:
        """From here on no frame begins, as in a program that hangs, until `go_on`."""
        self._display.hold.set()
        self._display.holds.wait(_END_LIMIT_S)

    def go_on(self) -> None:
        self._display.hold.clear()

    def close(self) -> None:
        """End it and wait for that; nothing where it has ended."""
        self.go_on()
        self._display.close()
        self._thread.join(_END_LIMIT_S)

    def _run(self) -> None:
        with contextlib.ExitStack() as open_parts:
            sender = Sender(Folder(self._data).spool, self.session_id, self._recorder, FrameLayout(JOINTS))
            open_parts.callback(sender.close, _END_LIMIT_S)
            doors = open_doors(self._data, self._plan, self._doors, sender, lambda _: None)
            therapist = open_parts.enter_context(doors)
            source = ScriptedSource(ScriptedParticipant.of(self._plan))
            sitting = self._sitting = Sitting(self._plan, source, therapist.record, "none")
            therapist.record.follow(sitting)
            self._display.therapist = therapist

            def come() -> Iterable[Command]:
                self._begun.set()
                while self._between:
                    self._between.popleft()(sitting)
                told = therapist.commands.poll()
                if not self.stopped_s and any(command.name == "stop" for command in told):
                    self.stopped_s = time.time()
                return told

            self.status = run(sitting, self._display, come)


class _Hurried(MonotonicClock):
    """The computer's clock, with so many of its seconds in one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._from_ns = super().now_ns()

    def now_ns(self) -> int:
        return self._from_ns + round((super().now_ns() - self._from_ns) * self._speed)

    def sleep_until_ns(self, when_ns: int) -> None:
        super().sleep_until_ns(self._from_ns + round((when_ns - self._from_ns) / self._speed))


class _PicturedDisplay(SilentDisplay):
    """Shows its moving band to whoever watches."""

    def __init__(self, rate_hz: float, speed: float) -> None:
        super().__init__(_Hurried(speed), rate_hz)
        self.therapist: Therapist | None = None
        self.first_calm = 0
        self.took_ms: deque[float] = deque(maxlen=500)
        self._began_s = 0.0
        self.hold, self.holds = threading.Event(), threading.Event()
        self._free: list[NDArray[np.uint8]] = [np.zeros(_PICTURE, np.uint8) for _ in range(2)]
        self._every = max(1, round(rate_hz / 15))

    def wait(self) -> FrameTime | None:
        while self.hold.is_set() and not self._closed:
            self.holds.set()
            self._clock.sleep_until_ns(self._clock.now_ns() + 10_000_000)
        self.holds.clear()
        frame = super().wait()
        self._began_s = time.perf_counter()
        return frame

    def draw(self, frame: FrameTime, view: View) -> None:
        super().draw(frame, view)
        self.took_ms.append((time.perf_counter() - self._began_s) * 1000)
        if view.calm > 0.0 and not self.first_calm:
            self.first_calm = frame.number
        if (
            self.therapist is not None
            and self.therapist.show.pictured
            and frame.number % self._every == 0
            and self._free
        ):
            pixels = self._free.pop()
            pixels[:] = 60
            at = frame.number * 4 % (_PICTURE[1] - _BAND)
            pixels[:, at : at + _BAND] = 220
            self.therapist.show.offer(frame.number, pixels, self._free.append)
