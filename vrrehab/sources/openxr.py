"""A person in a headset: head, both hands and the select button, as the OpenXR runtime sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.hands import hand_from_grip
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side
from vrrehab.session.view import View
from vrrehab.sources import SPACE_CHANGED, News, Origin
from vrrehab.xr.actions import SIDES, SideName
from vrrehab.xr.errors import RuntimeLost
from vrrehab.xr.hands import Hand, Seen
from vrrehab.xr.headset import Connected, Headset, Link, Lost
from vrrehab.xr.session import ControllersChanged, EventsLost, SpaceChanged, StateChanged
from vrrehab.xr.spaces import TRACKED, VALID

# As plain numbers, which numpy takes in a tenth of the time.
_MEASURED, _INFERRED = int(Provenance.MEASURED), int(Provenance.INFERRED)
_SEEN = {Seen.WHOLE: _MEASURED, Seen.FROM_CONTROLLER: _INFERRED}
_SIDES: tuple[tuple[Side, SideName, slice], ...] = tuple((Side(name), name, HAND[Side(name)]) for name in SIDES)


class OpenXRSource:
    """Implements `vrrehab.sources.Source` on a `Headset`.

    Joints that the runtime sees are `MEASURED`, those it makes up itself `INFERRED`. A hand that is not seen but
    holds a controller is inferred from the controller's grip, kept in `grip`. While the runtime is lost the body is
    unseen.

    grip: for each side the pose (7,) of the held controller, NaN where there is none; for the time last located.
    """

    origin: Origin = "person"
    exhausted = False

    def __init__(self, headset: Headset) -> None:
        self._headset = headset
        self._selecting = False
        self._space_moves_ns: int | None = None
        self.grip: dict[Side, NDArray[np.float64]] = {side: np.full(7, np.nan) for side in Side}

    def locate(self, display_time_ns: int, body: Body) -> None:
        """display_time_ns: on the headset's clock (`Headset.display_time_ns`)."""
        body.forget()
        self._selecting = False
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
        """A person sees for themselves."""

    def news(self) -> Sequence[News]:
        """The headset's events as they are recorded; a space that moves is told when it has moved."""
        events = self._headset.take_events()
        if not events and self._space_moves_ns is None:
            return ()
        told: list[News] = []
        for event in events:
            match event:
                case Connected():
                    told.append(("runtime_connected", dataclasses.asdict(event)))
                case Lost():
                    told.append(("runtime_lost", {"why": event.why}))
                case StateChanged():
                    told.append(("runtime_state", {"state": event.state.name.lower()}))
                case SpaceChanged():
                    self._space_moves_ns = event.at_ns
                case ControllersChanged():
                    told.append(("controllers_changed", {}))
                case EventsLost():
                    told.append(("runtime_events_lost", {"count": event.count}))
        if self._space_moves_ns is not None and self._headset.display_time_ns >= self._space_moves_ns:
            self._space_moves_ns = None
            told.append((SPACE_CHANGED, {}))
        return told

    def selecting(self) -> bool:
        return self._selecting

    @property
    def sees_hands(self) -> bool:
        """Whether this headset has hand tracking; without it, only controllers move the limbs."""
        link = self._headset.link
        return link is not None and bool(link.hands)

    def _locate(self, link: Link, time_ns: int, body: Body) -> None:
        flags = link.spaces.head.locate(time_ns, body.poses[HEAD])
        if flags & VALID == VALID:
            body.provenance[HEAD] = _MEASURED if flags & TRACKED == TRACKED else _INFERRED
        link.controllers.sync()
        self._selecting = link.controllers.selecting()
        for side, name, joints in _SIDES:
            grip = self.grip[side]
            grip.fill(np.nan)
            hand = link.hands.get(name)
            if hand is not None and self._locate_hand(hand, joints, time_ns, body):
                continue
            if link.controllers.grip(name, time_ns, grip):
                body.poses[joints] = hand_from_grip(grip, side)
                body.provenance[joints] = _INFERRED

    def _locate_hand(self, hand: Hand, joints: slice, time_ns: int, body: Body) -> bool:
        seen = hand.locate(time_ns, body.poses[joints])
        if seen is Seen.PARTLY:
            provenance = body.provenance[joints]
            provenance[hand.valid] = _INFERRED
            provenance[hand.tracked] = _MEASURED
        elif seen is not Seen.NOTHING:
            body.provenance[joints] = _SEEN[seen]
        return seen is not Seen.NOTHING
