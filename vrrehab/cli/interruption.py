"""Ctrl-C, a closed terminal and a polite kill: all three ask a command to leave, and are answered alike.

Python's own answer is an exception anywhere, which suits everything except what has to be finished first.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

#: The signals that ask a program to leave; a terminal that closes says SIGHUP, and Windows has none.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(slots=True)
class Interruption:
    """asked: whether somebody wants the program to leave."""

    asked: bool = False


def leave_on_any_signal() -> None:
    """From here on each raises KeyboardInterrupt, so that every `finally` is kept; ignored ones (nohup) stay so."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def held_back() -> Iterator[Interruption]:
    """While this lasts the first signal only sets `asked`, to be looked at where it suits; a second one interrupts."""
    interruption = Interruption()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def ask(number: int, frame: FrameType | None) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.asked = True

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, ask)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
