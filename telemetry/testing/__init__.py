"""Helpers for tests of anything that records; public, so that yours can use them too.

A recorder in a process of its own, a wire that loses messages, and a session without a headset.
"""

from telemetry.testing.pretend import JOINTS, PretendSession, Recording
from telemetry.testing.processes import Faults, ListeningProcess, LossyWire, RecorderProcess, eventually, fill

__all__ = [
    "JOINTS", "Faults", "ListeningProcess", "LossyWire", "PretendSession", "RecorderProcess", "Recording",
    "eventually", "fill",
]  # fmt: skip
