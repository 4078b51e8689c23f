"""Whether the console that is in control of a session is still there.

A console in control sends the command `heartbeat` every second, and `release` when it gives control away on purpose.
One that falls silent is lost: no task begins, and soon the calm scene comes, while recording goes on.
"""

from __future__ import annotations

from vrrehab.session.settings import Settings


class Attendance:
    """in_control: who is at the console, empty where nobody is. lost: whether they have fallen silent."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._silent_s = 0.0
        self.in_control = ""
        self.lost = False

    def beat(self, who: str) -> None:
        """`who` is there, and in control from now on. ValueError without a name."""
        if not who.strip():
            raise ValueError("heartbeat expects who is at the console, got nobody")
        self.in_control = who
        self._silent_s = 0.0
        self.lost = False

    def release(self) -> None:
        """Nobody is in control any more, and nobody is missed."""
        self.in_control = ""
        self.lost = False

    def step(self, elapsed_s: float) -> None:
        if self.in_control:
            self._silent_s += elapsed_s
            self.lost = self._silent_s >= self._settings.number("console_lost_after_s")

    @property
    def missed(self) -> bool:
        """Whether the console has been lost for so long that the person should not wait in the scene."""
        lost_s = self._silent_s - self._settings.number("console_lost_after_s")
        return self.lost and lost_s >= self._settings.number("calm_after_console_lost_s")
