"""A person in a headset: head, hands, strapped devices and the select button, as the OpenXR runtime sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from telemetry.messages import TrackerMount
from vrrehab.body.skeleton import HEAD, Body, Provenance, Side
from vrrehab.errors import NotPossible
from vrrehab.session.view import View
from vrrehab.sources import SPACE_CHANGED, News, Origin
from vrrehab.sources.locators import HeldController, Locator, StrappedDevice, TrackedHand
from vrrehab.xr.actions import COVER, HIDE, IN_HAND, SELECT, SIDES, STOP
from vrrehab.xr.errors import RuntimeLost
from vrrehab.xr.headset import Connected, Headset, Link, Lost
from vrrehab.xr.session import ControllersChanged, EventsLost, SpaceChanged, StateChanged
from vrrehab.xr.spaces import TRACKED, VALID, Reference
from vrrehab.xr.trackers import TrackerConnected

# As plain numbers, which numpy takes in a tenth of the time.
_MEASURED, _INFERRED = int(Provenance.MEASURED), int(Provenance.INFERRED)
#: Controllers that nobody holds are looked at in the first frame after so long. No finger's press is shorter than those
#: three frames, so that whoever picks a controller up and presses Stop at once is heard.
_SYNC_EVERY_NS = 30_000_000


class OpenXRSource:
    """Implements `vrrehab.sources.Source` on a `Headset`.

    Joints that the runtime sees are `MEASURED`, those it makes up itself `INFERRED`. A hand that is not seen but
    holds a controller is inferred from the controller's grip, kept in `grip`. A device of `mounts` is strapped to a
    limb and measures that joint; a controller among them is in no hand, and its buttons are not heard. While the
    runtime is lost the body is unseen.

    grip: for each side the pose (7,) of the held controller, NaN where there is none; for the time last located.
    """

    origin: Origin = "person"
    exhausted = False

    def __init__(self, headset: Headset, mounts: Sequence[TrackerMount] = ()) -> None:
        """Raises `UnknownName` and `NotPossible` for a mount that cannot be."""
        strapped = {mount.device for mount in mounts}
        if len(strapped) < len(mounts) or len({mount.joint for mount in mounts}) < len(mounts):
            said = ", ".join(f"{mount.device} on {mount.joint}" for mount in mounts)
            raise NotPossible(
                f"Expected each device on one joint and each joint with one device, but {said} is on record. Take one "
                "off with: vrrehab tracker remove"
            )
        self._headset = headset
        self._strapped = bool(mounts)
        self._asked = True
        self._synced_ns = 0
        self._selecting = False
        self._pressed: list[str] = []
        self._space_moves_ns: int | None = None
        self._was_lost = False
        held = {side: HeldController(side) for side in SIDES}
        self.grip: dict[Side, NDArray[np.float64]] = {Side(side): each.grip for side, each in held.items()}
        free = [side for side in SIDES if IN_HAND[side] not in strapped]
        self._free_hands = [IN_HAND[side] for side in free]
        #: Whether each button that asks for something was down when it was last looked at.
        self._down = {(button, hand): False for button in (STOP, HIDE, COVER) for hand in self._free_hands}
        # In this order: a controller stands for a hand that nothing has seen.
        self._locators: tuple[Locator, ...] = (
            *(TrackedHand(side, strapped=side not in free) for side in SIDES),
            *(held[side] for side in free),
            *(StrappedDevice(mount) for mount in mounts),
        )

    def locate(self, display_time_ns: int, body: Body) -> None:
        """display_time_ns: on the headset's clock (`Headset.display_time_ns`)."""
        body.forget()
        self._selecting = False
        self._pressed.clear()
        if self._headset.tracks_only:  # no display of its own keeps it up
            self._headset.keep_up()
        link = self._headset.link
        if link is None or not link.session.running:
            return
        try:
            self._locate(link, self._headset.xr_time(display_time_ns), body)
        except RuntimeLost as lost:
            body.forget()
            self._headset.lose(lost)

    def see(self, view: View) -> None:
        """A person sees for themselves; their select is listened for while something asks."""
        way_out = view.way_out
        self._asked = view.panel is not None or (way_out is not None and way_out.aimed is not None)

    def news(self) -> Sequence[News]:
        """The headset's events as they are recorded; a space that moves is told when it has moved.

        A new connection is a new OpenXR session, for which the runtime may have put its space elsewhere, except a room.
        """
        events = self._headset.take_events()
        if not events and self._space_moves_ns is None:
            return ()
        told: list[News] = []
        for event in events:
            match event:
                case Connected():
                    told.append(("runtime_connected", dataclasses.asdict(event)))
                    if self._was_lost and event.reference_space != Reference.STAGE:
                        self._space_moves_ns = 0
                case Lost():
                    told.append(("runtime_lost", {"why": event.why}))
                    self._was_lost = True
                case StateChanged():
                    told.append(("runtime_state", {"state": event.state.name.lower()}))
                case SpaceChanged():
                    self._space_moves_ns = event.at_ns
                case ControllersChanged():
                    told.append(("controllers_changed", {}))
                case TrackerConnected():
                    told.append(("tracker_connected", {"device": event.role, "persistent": event.persistent}))
                case EventsLost():
                    told.append(("runtime_events_lost", {"count": event.count}))
        if self._space_moves_ns is not None and self._headset.display_time_ns >= self._space_moves_ns:
            self._space_moves_ns = None
            told.append((SPACE_CHANGED, {}))
        return told

    def selecting(self) -> bool:
        return self._selecting

    def pressed(self) -> Sequence[str]:
        return self._pressed

    @property
    def sees_hands(self) -> bool:
        """Whether this headset has hand tracking; without it, only controllers move the limbs."""
        link = self._headset.link
        return link is not None and bool(link.hands)

    def devices_seen(self, display_time_ns: int) -> list[str]:
        """The paths of the controllers and trackers that are seen, strapped or not; as of the last `locate`."""
        link = self._headset.link
        if link is None:
            return []
        time_ns, pose = self._headset.xr_time(display_time_ns), np.empty(7)
        return [device for device in link.controllers.devices if link.controllers.grip(device, time_ns, pose)]

    def _locate(self, link: Link, time_ns: int, body: Body) -> None:
        flags = link.spaces.head.locate(time_ns, body.poses[HEAD])
        if flags & VALID == VALID:
            body.provenance[HEAD] = _MEASURED if flags & TRACKED == TRACKED else _INFERRED
        # It takes several round trips to some runtimes: each frame only while a controller is held, so that no press is
        # missed however short, and else every third frame or so. Most people here have one hand that is never seen, and
        # hold nothing in it.
        due = abs(time_ns - self._synced_ns) >= _SYNC_EVERY_NS
        if due or self._asked or self._strapped or link.controllers.held:
            self._synced_ns = time_ns
            link.controllers.sync()
            for hand in self._free_hands:
                if link.controllers.pressed(SELECT, hand):
                    self._selecting = True
            for each, was_down in self._down.items():
                down = self._down[each] = link.controllers.pressed(*each)
                if down and not was_down:
                    self._pressed.append(each[0])
        for locator in self._locators:
            locator.locate(link, time_ns, body)
