"""One OpenXR session: its states, its events, and the beat of its frames.

    poll()  ->  events; begins the session at READY and ends it at STOPPING
    while running:  wait_frame()  begin_frame()  ...draw...  end_frame(...)

Never makes a new session when this one is lost: `vrrehab.xr.headset` does.
"""

from __future__ import annotations

import ctypes
import enum
import time
from collections.abc import Sequence
from ctypes import addressof
from dataclasses import dataclass
from typing import Any

import xr

from vrrehab.xr import calls, graphics, trackers
from vrrehab.xr.errors import RuntimeLost, XrError
from vrrehab.xr.runtime import Runtime
from vrrehab.xr.trackers import TrackerConnected


class State(enum.IntEnum):
    """OpenXR's session states; frames run from READY to STOPPING."""

    UNKNOWN = 0
    IDLE = 1
    READY = 2
    SYNCHRONIZED = 3
    VISIBLE = 4
    FOCUSED = 5
    STOPPING = 6
    LOSS_PENDING = 7
    EXITING = 8


@dataclass(frozen=True, slots=True)
class StateChanged:
    state: State


@dataclass(frozen=True, slots=True)
class SpaceChanged:
    """A reference space moves at `at_ns` (XrTime): the wearer recentred, or the room was set up anew.

    space_type: the number of its `xr.ReferenceSpaceType`.
    """

    at_ns: int
    space_type: int


@dataclass(frozen=True, slots=True)
class ControllersChanged:
    """Other controllers, or hands in their place, took over."""


@dataclass(frozen=True, slots=True)
class EventsLost:
    """The runtime dropped this many events because nobody asked for them in time."""

    count: int


Event = StateChanged | SpaceChanged | ControllersChanged | TrackerConnected | EventsLost

_NO_EVENTS: tuple[Event, ...] = ()
_STEREO = xr.ViewConfigurationType.PRIMARY_STEREO
_LEAVING_LIMIT_S = 3.0


class Session:
    """See the module. After `wait_frame`: `display_time_ns` (XrTime), `period_ns` and `should_render`.

    binding: the OpenGL context to draw with; None for a session that only tracks (XR_MND_headless): it has no frames.
    Every method raises `RuntimeLost` once the runtime or the session is gone; then only `close` is of use.
    """

    def __init__(self, runtime: Runtime, binding: graphics.Binding | None) -> None:
        self.runtime = runtime
        self.state = State.UNKNOWN
        self.running = False
        self.display_time_ns = 0
        self.period_ns = 0
        self.should_render = False
        if binding is not None:
            graphics.check_requirements(runtime)
        self._binding = binding  # what the runtime was pointed at must outlive the session
        create = xr.SessionCreateInfo(
            system_id=runtime.system_id, next=binding.pointer if binding is not None else None
        )
        with calls.translated("xrCreateSession"):
            self.handle = xr.create_session(runtime.instance, create)
        self._number = calls.address(self.handle)
        self._instance = calls.address(runtime.instance)

        info, state = xr.FrameWaitInfo(), xr.FrameState()
        self._frame_state = state
        self._wait_arguments = (self._number, addressof(info), addressof(state))
        begin = xr.FrameBeginInfo()
        self._end_info = xr.FrameEndInfo(environment_blend_mode=xr.EnvironmentBlendMode.OPAQUE)
        self._layers = (ctypes.c_void_p * 1)()
        self._end_info._layers = ctypes.cast(self._layers, type(self._end_info._layers))
        self._end_address = addressof(self._end_info)
        self._event = xr.EventDataBuffer()
        self._event_address = addressof(self._event)
        self._kept = (info, begin)
        self._begin_address = addressof(begin)

        pointer = calls.ADDRESS
        self._poll = runtime.function("xrPollEvent", pointer, pointer)
        self._wait = runtime.function("xrWaitFrame", pointer, pointer, pointer, may_wait=True)
        self._begin = runtime.function("xrBeginFrame", pointer, pointer, may_wait=True)
        self._end = runtime.function("xrEndFrame", pointer, pointer, may_wait=True)

    # -- events ---------------------------------------------------------------------------------------------------

    def poll(self) -> Sequence[Event]:
        """What happened since; in the steady state an empty tuple that costs nothing."""
        result = self._poll(self._instance, self._event_address)
        if result == calls.EVENT_UNAVAILABLE:
            return _NO_EVENTS
        events: list[Event] = []
        while result != calls.EVENT_UNAVAILABLE:
            calls.check(result, "xrPollEvent")
            event = self._read_event()
            if event is not None:
                events.append(event)
            # The runtime reads the type to know that the buffer is one.
            self._event._type = xr.StructureType.EVENT_DATA_BUFFER.value
            self._event._next = None
            result = self._poll(self._instance, self._event_address)
        return events

    def _read_event(self) -> Event | None:
        kind = self._event._type
        if kind == xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED.value:
            changed = self._event_as(xr.EventDataSessionStateChanged)
            return self._enter(State(changed._state)) if calls.address(changed.session) == self._number else None
        if kind == xr.StructureType.EVENT_DATA_INSTANCE_LOSS_PENDING.value:
            raise RuntimeLost(
                "Expected the headset's runtime to go on, but it announced its end. It reconnects by itself once the "
                "headset's program is back."
            )
        if kind == xr.StructureType.EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING.value:
            moved = self._event_as(xr.EventDataReferenceSpaceChangePending)
            return SpaceChanged(moved.change_time, moved._reference_space_type)
        if kind == xr.StructureType.EVENT_DATA_INTERACTION_PROFILE_CHANGED.value:
            return ControllersChanged()
        if kind == xr.StructureType.EVENT_DATA_VIVE_TRACKER_CONNECTED_HTCX.value:
            return trackers.connected(self._event_as(xr.EventDataViveTrackerConnectedHTCX), self.runtime.text)
        if kind == xr.StructureType.EVENT_DATA_EVENTS_LOST.value:
            return EventsLost(self._event_as(xr.EventDataEventsLost).lost_event_count)
        return None

    def _event_as(self, kind: type) -> Any:
        return ctypes.cast(self._event_address, ctypes.POINTER(kind)).contents

    def _enter(self, state: State) -> StateChanged:
        self.state = state
        if state is State.READY:
            with calls.translated("xrBeginSession"):
                xr.begin_session(self.handle, xr.SessionBeginInfo(primary_view_configuration_type=_STEREO))
            self.running = True
        elif state is State.STOPPING:
            self.running = False
            with calls.translated("xrEndSession"):
                xr.end_session(self.handle)
        elif state is State.LOSS_PENDING:
            self.running = False
            raise RuntimeLost(
                "Expected the headset's session to go on, but the runtime is about to lose it (headset unplugged or "
                "its program restarted). It reconnects by itself."
            )
        elif state is State.EXITING:
            self.running = False
        return StateChanged(state)

    @property
    def exiting(self) -> bool:
        """Whether the runtime wants this program to end (the wearer chose to, or `leave` was called)."""
        return self.state is State.EXITING

    # -- frames ---------------------------------------------------------------------------------------------------

    def wait_frame(self) -> None:
        """Waits until the next frame should be begun, and learns when it will be seen."""
        calls.check(self._wait(*self._wait_arguments), "xrWaitFrame")
        state = self._frame_state
        self.display_time_ns = state.predicted_display_time
        self.period_ns = state.predicted_display_period
        self.should_render = state.should_render != 0

    def begin_frame(self) -> None:
        calls.check(self._begin(self._number, self._begin_address), "xrBeginFrame")

    def end_frame(self, layer: int = 0) -> None:
        """Hands the frame over. layer: the address of a composition layer, 0 to show nothing."""
        self._layers[0] = layer
        self._end_info.layer_count = 1 if layer else 0
        self._end_info.display_time = self.display_time_ns
        calls.check(self._end(self._number, self._end_address), "xrEndFrame")

    # -- the end --------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Goes through STOPPING to EXITING as the runtime asks for it, then closes; gives up after 3 s."""
        try:
            if self.running:
                with calls.translated("xrRequestExitSession"):
                    xr.request_exit_session(self.handle)
            give_up = time.monotonic() + _LEAVING_LIMIT_S
            while self.running and time.monotonic() < give_up:
                self.poll()
                if self._binding is None:
                    time.sleep(0.01)
                elif self.running:
                    self.wait_frame()
                    self.begin_frame()
                    self.end_frame()
        except XrError:
            pass  # it went away first, which is what was wanted
        finally:
            self.close()

    def close(self) -> None:
        """Destroys the session as it stands; one that is already lost is no trouble."""
        if self.handle is None:
            return
        self.running = False
        self.runtime.function("xrDestroySession", calls.ADDRESS, may_wait=True)(self._number)
        self.handle = None
