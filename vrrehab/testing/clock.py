"""A clock that only moves when it is told to, so that an hour of session takes seconds and repeats exactly."""

from __future__ import annotations


class VirtualClock:
    """Time that passes only while somebody sleeps; implements `vrrehab.session.frame.Clock`.

    Begins at `start_ns`, by default far from zero so that a confusion of time and duration shows at once.
    """

    def __init__(self, start_ns: int = 1_000_000_000_000) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, when_ns: int) -> None:
        """Advances to `when_ns` at once; never goes back."""
        self._now_ns = max(self._now_ns, when_ns)
