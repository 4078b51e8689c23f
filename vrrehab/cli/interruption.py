"""Ctrl-C, a closed terminal and a polite kill: all three ask a command to leave, and are answered alike.

Most commands leave at once, by an exception. Where something has to be finished first, or a library does not survive an
exception out of nowhere (Panda3D while it loads), the wish is held back and looked at where it suits.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: The signals that ask a program to leave; a terminal that closes says SIGHUP, and on Windows SIGBREAK.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
#: Whoever asks again after this long is not impatient, but stands before a program that hangs.
_INSISTS_S = 2.0


#: Whether a signal has asked. What its handler raises may be dropped by a library that drops everything while it is
#: imported; whoever holds back later still knows.
_asked = False


class Interrupted(BaseException):
    """Somebody wants the program to leave; like KeyboardInterrupt no `except Exception` stops it."""


class Interruption:
    """asked: whether somebody wants the program to leave."""

    def __init__(self) -> None:
        self._asked_s: float | None = None

    @property
    def asked(self) -> bool:
        return self._asked_s is not None

    def check(self) -> None:
        """Raises `Interrupted` if somebody does."""
        if self.asked:
            raise Interrupted

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The handler of a signal. Raises `Interrupted` where it is insisted upon."""
        now_s = time.monotonic()
        if self._asked_s is None:
            self._asked_s = now_s
        elif now_s - self._asked_s > _INSISTS_S:
            raise Interrupted


def leave_on_any_signal() -> None:
    """From here on each raises `Interrupted`, so that every `finally` is kept; ignored ones (nohup) stay ignored."""

    def leave(number: int, frame: FrameType | None) -> None:
        global _asked
        _asked = True
        raise Interrupted

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


def ask_to_leave(process: subprocess.Popen[str]) -> None:
    """Ask a program of ours, in a group of its own, to leave; by Ctrl-Break on Windows, where `terminate` is a kill."""
    if sys.platform == "win32":
        with suppress(OSError):  # without a console nobody can be asked
            process.send_signal(signal.CTRL_BREAK_EVENT)
            return
    process.terminate()


@contextmanager
def held_back() -> Iterator[Interruption]:
    """While this lasts a signal only sets `asked`, and one that comes when that does not help interrupts.

    Raises `Interrupted` where one has come before.
    """
    if _asked:
        raise Interrupted
    interruption = Interruption()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, interruption.ask)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
