"""A session's times on other clocks: what was read raw while it ran is put together here, in analysis.

The monotonic clock of the session's computer orders everything in a session. UTC as that computer had it and XrTime
were read with it every ten seconds; the recorder's UTC was asked for every half minute (`telemetry.clock_offset`),
which puts sessions of several computers on one axis, whatever their own clocks say.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

#: Round trips that took more than this many times the quickest one say little, and are left out.
_TRUSTED = 3.0
#: Less time than this between the first and the last estimate does not show how clocks drift apart.
_DRIFT_NS = 120e9


class SessionClock:
    """From monotonic nanoseconds of one session to other clocks; `store.clock(session_id)` makes it.

    estimates: one row an estimate of the recorder's clock: mono_ns, offset_ns (to be added to mono_ns), round_trip_ns,
    and whether it was trusted. recorder_error_s: how wrong the recorder's time can be at most, half the quickest round
    trip; NaN where there is no estimate. drift_ppm: how much faster the recorder's clock runs; NaN where that is not
    known.
    """

    def __init__(self, pairs: pd.DataFrame, events: pd.DataFrame) -> None:
        self._pairs = pairs.sort_values("mono_ns")
        told = [json.loads(detail) for detail in events["detail"]]
        mono = events["mono_ns"].to_numpy(np.int64)
        utc = np.array([each["recorder_utc_ns"] for each in told], np.int64)
        trips = np.array([each["round_trip_ns"] for each in told], np.int64)
        trusted = trips <= _TRUSTED * trips.min() if len(trips) else np.zeros(0, bool)
        self.estimates = pd.DataFrame(
            {"mono_ns": mono, "offset_ns": utc - mono, "round_trip_ns": trips, "trusted": trusted}
        )
        self.recorder_error_s = trips.min() / 2e9 if len(trips) else np.nan
        self.drift_ppm = np.nan
        self._line = self._fitted()

    def utc(self, mono_ns: ArrayLike) -> pd.DatetimeIndex:
        """UTC as the session's computer had it, between two readings by the share of the way."""
        return pd.to_datetime(self._between(mono_ns, "utc_ns"), utc=True, unit="ns")

    def xr_ns(self, mono_ns: ArrayLike) -> NDArray[np.int64]:
        """The runtime's clock (XrTime)."""
        return self._between(mono_ns, "xr_ns")

    def recorder_utc(self, mono_ns: ArrayLike) -> pd.DatetimeIndex:
        """UTC as the recorder's computer had it; NaT where the session never reached one."""
        mono = np.atleast_1d(np.asarray(mono_ns, np.int64))
        if self._line is None:
            return pd.DatetimeIndex([pd.NaT] * len(mono), tz="UTC")
        origin, offset, rate = self._line
        # The large part stays whole: a double holds nanoseconds since 1970 to a quarter of a microsecond only.
        moved = mono + offset + np.rint(rate * (mono - origin)).astype(np.int64)
        return pd.to_datetime(moved, utc=True, unit="ns")

    def _fitted(self) -> tuple[int, int, float] | None:
        """The line through the trusted offsets: where it begins, the offset there, and its slope."""
        kept = self.estimates[self.estimates["trusted"]]
        if kept.empty:
            return None
        mono, offset = kept["mono_ns"].to_numpy(), kept["offset_ns"].to_numpy()
        origin, level = int(mono[0]), int(offset[0])
        if len(kept) < 3 or mono[-1] - mono[0] < _DRIFT_NS:
            best = int(kept["round_trip_ns"].to_numpy().argmin())
            return origin, int(offset[best]), 0.0
        rate, above = np.polyfit((mono - origin).astype(float), (offset - level).astype(float), 1)
        self.drift_ppm = rate * 1e6
        return origin, level + round(above), float(rate)

    def _between(self, mono_ns: ArrayLike, column: str) -> NDArray[np.int64]:
        mono = np.atleast_1d(np.asarray(mono_ns, np.int64))
        read = self._pairs["mono_ns"].to_numpy(np.int64)
        offsets = self._pairs[column].to_numpy(np.int64) - read
        # Interpolated as differences, for the same reason as above.
        return mono + offsets[0] + np.rint(np.interp(mono, read, offsets - offsets[0])).astype(np.int64)
