"""How far the recorder's clock is from the session's, as Lab Streaming Layer estimates it.

Several round trips, one after the other; the one that took least says most, because what it cannot know, how the way
there and the way back share the time that both took, is at most half of it (Cristian 1989; NTP, RFC 5905; Kothe et al.
2024 for Lab Streaming Layer). Nothing is corrected here: the estimate is put on record, and used in analysis.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from telemetry import wire
from telemetry.messages import Happened

#: So many round trips make an estimate, this far apart; and how often there is one, the first after a moment.
_TRIPS, _APART_S = 8, 0.06
_EVERY_S, _FIRST_S = 30.0, 1.0
#: An answer that takes longer says too little to be waited for.
_LOST_S = 1.0

#: What an estimate is called among a session's events.
NAME = "recorder_clock"


@dataclass(frozen=True, slots=True)
class Trip:
    """One round trip. mono_ns: the middle of it, on the session's monotonic clock; recorder_utc_ns: what the recorder's
    clock said then, if both ways took the same; round_trip_ns: what both took.
    """

    mono_ns: int
    recorder_utc_ns: int
    round_trip_ns: int


def trip_of(said: wire.Time, heard_mono_ns: int) -> Trip:
    """The round trip that an answer, heard at that time, completes."""
    round_trip_ns = (heard_mono_ns - said.sent_mono_ns) - (said.answered_utc_ns - said.came_utc_ns)
    mono_ns = (said.sent_mono_ns + heard_mono_ns) // 2
    return Trip(mono_ns, (said.came_utc_ns + said.answered_utc_ns) // 2, round_trip_ns)


class OffsetEstimate:
    """Asks when it is due, and gathers what comes back; `take` gives each estimate once."""

    def __init__(self, session_id: str, now_s: float) -> None:
        self._session = session_id
        self._burst_s = now_s + _FIRST_S
        self._ask_s = 0.0
        self._left = 0
        self._trips: list[Trip] = []
        self._waiting_ns = 0
        self._found: Happened | None = None

    def question(self, now_s: float) -> wire.AskTime | None:
        """What to ask now; None while nothing is due."""
        if not self._left and now_s >= self._burst_s:
            self._left, self._trips, self._burst_s = _TRIPS, [], now_s + _EVERY_S
        if not self._left or now_s < self._ask_s:
            return None
        self._left -= 1
        self._ask_s = now_s + _APART_S
        self._waiting_ns = time.perf_counter_ns()
        return wire.AskTime(self._session, self._waiting_ns)

    @property
    def waiting(self) -> bool:
        """Whether an answer is worth listening for at once: time that it lies there unheard counts as its way."""
        return bool(self._waiting_ns) and time.perf_counter_ns() - self._waiting_ns < _LOST_S * 1e9

    def answer(self, said: wire.Time) -> None:
        heard_ns = time.perf_counter_ns()
        if said.sent_mono_ns == self._waiting_ns:
            self._waiting_ns = 0
        self._trips.append(trip_of(said, heard_ns))
        if not self._left and not self._waiting_ns:
            best = min(self._trips, key=lambda trip: trip.round_trip_ns)
            detail: dict[str, float | int | str | bool | None] = {
                "recorder_utc_ns": best.recorder_utc_ns,
                "round_trip_ns": best.round_trip_ns,
                "round_trips": len(self._trips),
            }
            self._found = Happened(mono_ns=best.mono_ns, name=NAME, detail=detail)

    def take(self) -> Happened | None:
        """The newest estimate as an event; None where there is no new one."""
        found, self._found = self._found, None
        return found
