"""The runtime's clock (XrTime) and this program's (`time.perf_counter_ns`), side by side.

A runtime's zero is its own, and a restarted runtime has another; poses and frames carry XrTime, everything else is
ordered by the monotonic clock.
"""

from __future__ import annotations

import ctypes
import sys
import time
from ctypes import addressof

from vrrehab.xr import calls
from vrrehab.xr.runtime import CONVERT_TIME, Runtime


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class RuntimeClock:
    """Reads the runtime's clock; `known` is False where the runtime cannot be asked."""

    def __init__(self, runtime: Runtime) -> None:
        self.known = runtime.has(CONVERT_TIME)
        self._instance = calls.address(runtime.instance)
        self._answer = ctypes.c_int64()
        if not self.known:
            return
        if sys.platform == "win32":
            self._counter = ctypes.c_int64()
            self._read_counter = ctypes.WinDLL("kernel32").QueryPerformanceCounter
            name = "xrConvertWin32PerformanceCounterToTimeKHR"
        else:
            self._counter = _Timespec()
            name = "xrConvertTimespecTimeToTimeKHR"
        self._name = name
        self._convert = runtime.function(name, calls.ADDRESS, calls.ADDRESS, calls.ADDRESS)

    def pair(self) -> tuple[int, int]:
        """The same moment as (monotonic, XrTime), ns; where XrTime cannot be asked for, it is the monotonic time."""
        now = time.perf_counter_ns()
        if not self.known:
            return now, now
        if sys.platform == "win32":
            # What Python's clock counts by is read once more, right beside it.
            self._read_counter(ctypes.byref(self._counter))
        else:
            self._counter.seconds, self._counter.nanoseconds = divmod(now, 1_000_000_000)
        result = self._convert(self._instance, addressof(self._counter), addressof(self._answer))
        calls.check(result, self._name)
        return now, self._answer.value
