"""The headset for a whole session: runtimes come and go, this stays.

    headset = Headset()
    headset.connect(binding)            # raises where there is none to begin with
    while (beat := headset.wait()) is not None:
        ...locate, draw...
    headset.close()

A runtime that is lost is torn down and asked for again every second; meanwhile `wait` goes on at 20 frames a second
with nothing to draw, so that whoever records and watches for Stop goes on too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import xr

from vrrehab.xr import graphics, runtime
from vrrehab.xr.actions import SIDES, Controllers
from vrrehab.xr.clock import RuntimeClock
from vrrehab.xr.errors import CallFailed, RuntimeLost, XrError
from vrrehab.xr.hands import Hand
from vrrehab.xr.runtime import Runtime
from vrrehab.xr.session import Event, Session, SpaceChanged
from vrrehab.xr.spaces import Spaces
from vrrehab.xr.trackers import trackers_now

_IDLE_PERIOD_NS = 50_000_000
_RETRY_S = 1.0
_MOVES_WITHIN_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Connected:
    """A runtime answered, for the first time or again."""

    runtime: str
    headset: str
    reference_space: str
    hand_tracking: bool
    #: The display's rate where the runtime tells it.
    display_rate_hz: float | None
    #: Why the runtime, which offers trackers, did not take them; empty where all is well.
    trackers_refused: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The runtime is gone; it is asked for again every second."""

    why: str


HeadsetEvent = Event | Connected | Lost


class Link:
    """Everything that belongs to one connection and dies with it."""

    def __init__(self, binding: graphics.Binding | None, validate: bool) -> None:
        required = binding.extensions if binding is not None else (runtime.HEADLESS,)
        self.runtime = Runtime(required, validate=validate)
        try:
            self.session = Session(self.runtime, binding)
            try:
                self.clock = RuntimeClock(self.runtime)
                self.spaces = Spaces(self.session)
                self.controllers = Controllers(self.session, self.spaces.reference)
                # A runtime may offer hand tracking for headsets that have it while this one has not.
                self.hands = (
                    {side: Hand(self.session, side, self.spaces.reference) for side in SIDES}
                    if self.runtime.has(runtime.HAND_TRACKING) and self.runtime.hand_tracking
                    else {}
                )
            except BaseException:
                self.session.close()
                raise
        except BaseException:
            self.runtime.close()
            raise

    def close(self, politely: bool) -> None:
        """politely: leave the session as the runtime wants it, rather than just drop it."""
        for hand in self.hands.values():
            hand.close()
        if politely:
            self.session.leave()
        else:
            self.session.close()
        self.runtime.close()


class Headset:
    """See the module.

    `link` is the present connection, None while there is none; whoever makes things from it (swapchains) gives
    `on_close`, which is called while they can still be destroyed.

    Times are on the first runtime's clock throughout, so that they keep going forward when another one takes over (on
    the monotonic clock in a headset that only tracks); `xr_time` turns them into the present runtime's.
    """

    def __init__(self, *, validate: bool = False) -> None:
        self.link: Link | None = None
        self.on_close: Callable[[], None] | None = None
        self.events: list[HeadsetEvent] = []
        self.display_time_ns = 0
        self.period_ns = _IDLE_PERIOD_NS
        #: Whether the frame last waited for has to be begun and ended, drawn or not.
        self.frame_open = False
        self._validate = validate
        self._binding: graphics.Binding | None = None
        self._retry_at = 0.0
        self._from_runtime_ns = 0  # this class's clock minus the present runtime's
        self._from_monotonic_ns: int | None = None  # this class's clock minus the monotonic one

    def connect(self, binding: graphics.Binding | None) -> None:
        """Makes the first connection. binding: None for one that only tracks.

        Raises `NoRuntime`, `NoHeadset` or `UnsupportedRuntime`.
        """
        self._binding = binding
        self._adopt(Link(binding, self._validate))

    def wait(self) -> bool | None:
        """Waits for the next frame: True to draw it, False where nothing would be seen, None when it has ended.

        `display_time_ns` and `period_ns` say when it will be seen.
        """
        self.frame_open = False
        self.keep_up()
        if self.link is None:
            return self._idle()
        session = self.link.session
        if session.exiting:
            return None
        if not session.running or self.tracks_only:
            return self._idle()
        try:
            session.wait_frame()
        except RuntimeLost as lost:
            self.lose(lost)
            return self._idle()
        self.frame_open = True
        self._seen_at(session.display_time_ns + self._from_runtime_ns)
        self.period_ns = session.period_ns
        return session.should_render

    def keep_up(self) -> None:
        """Hears what the runtime has to say, or asks for one that is gone; never waits. `wait` does this too."""
        if self.link is None:
            if self._from_monotonic_ns is not None and time.monotonic() >= self._retry_at:
                self._retry_at = time.monotonic() + _RETRY_S
                with contextlib.suppress(XrError):  # still gone, as the `Lost` event said
                    self._adopt(Link(self._binding, self._validate))
            return
        try:
            events = self.link.session.poll()
        except RuntimeLost as lost:
            self.lose(lost)
            return
        for event in events:
            if not isinstance(event, SpaceChanged):
                self.events.append(event)
            elif event.space_type == self.link.spaces.space_type:
                self.events.append(self._on_our_clock(event))

    @property
    def tracks_only(self) -> bool:
        """Whether nothing is drawn in it, so that its clock is the monotonic one and somebody else sets the pace."""
        return self._binding is None

    def xr_time(self, time_ns: int) -> int:
        """A time of this class on the present runtime's clock."""
        return time_ns - self._from_runtime_ns

    def clock_pair(self) -> tuple[int, int]:
        """The same moment as (monotonic, this class's time), ns."""
        now = time.perf_counter_ns()
        if self.link is not None:
            try:
                now, runtime_now = self.link.clock.pair()
                return now, runtime_now + self._from_runtime_ns
            except RuntimeLost as lost:
                self.lose(lost)
        return now, now + (self._from_monotonic_ns or 0)

    def take_events(self) -> Sequence[HeadsetEvent]:
        """What happened since last asked; a space's change carries its time on this class's clock."""
        if not self.events:
            return ()
        taken, self.events = self.events, []
        return taken

    def lose(self, why: XrError) -> None:
        """Tears the connection down after a `RuntimeLost` from any of its parts; `wait` makes a new one."""
        if self.link is None:
            return
        self._drop(politely=False)
        self.events.append(Lost(str(why)))
        self._retry_at = time.monotonic() + _RETRY_S

    def close(self) -> None:
        """Leaves the session as the runtime wants it; may be called twice."""
        if self.link is not None:
            self._drop(politely=True)

    def _drop(self, politely: bool) -> None:
        assert self.link is not None
        if self.on_close is not None:
            self.on_close()
        link, self.link = self.link, None
        link.close(politely)

    def _adopt(self, link: Link) -> None:
        self.link = link
        now, runtime_now = link.clock.pair()
        if self._from_monotonic_ns is None:
            self._from_monotonic_ns = 0 if self.tracks_only else runtime_now - now
        self._from_runtime_ns = now + self._from_monotonic_ns - runtime_now
        found = link.runtime
        self.events.append(
            Connected(
                f"{found.name} {found.version}",
                found.headset,
                link.spaces.kind,
                bool(link.hands),
                _display_rate_hz(link),
                link.controllers.trackers_refused,
            )
        )
        if found.has(runtime.VIVE_TRACKERS):
            with contextlib.suppress(CallFailed):  # those that move are seen all the same
                self.events += trackers_now(found)

    def _on_our_clock(self, moved: SpaceChanged) -> SpaceChanged:
        now = self.clock_pair()[1]
        at_ns = moved.at_ns + self._from_runtime_ns
        # Monado 25 names the time on another clock than XrTime; a space that moves, moves about now.
        return dataclasses.replace(moved, at_ns=at_ns if abs(at_ns - now) < _MOVES_WITHIN_NS else now)

    def _idle(self) -> bool:
        time.sleep(_IDLE_PERIOD_NS / 1e9)
        self._seen_at(self.clock_pair()[1])
        self.period_ns = _IDLE_PERIOD_NS
        return False

    def _seen_at(self, time_ns: int) -> None:
        # A runtime predicts ahead, and one that has just come back may predict less far.
        self.display_time_ns = max(time_ns, self.display_time_ns + 1)


def _display_rate_hz(link: Link) -> float | None:
    if not link.runtime.has(runtime.REFRESH_RATE):
        return None
    try:
        rate: float = xr.get_display_refresh_rate_fb(link.session.handle).value
    except xr.XrException:
        return None
    return rate if rate > 0 else None  # 0 where nothing is drawn
