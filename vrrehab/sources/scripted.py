"""A scripted participant as a source; its joints say `scripted` and its sessions are kept apart from people's."""

from __future__ import annotations

from collections.abc import Sequence

from vrrehab.body.skeleton import Body
from vrrehab.session.view import View
from vrrehab.sources import News, Origin
from vrrehab.testing.participant import ScriptedParticipant


class ScriptedSource:
    """Implements `vrrehab.sources.Source` with a `ScriptedParticipant`, which answers what the session shows."""

    origin: Origin = "scripted"
    exhausted = False

    def __init__(self, participant: ScriptedParticipant) -> None:
        self.participant = participant

    def locate(self, display_time_ns: int, body: Body) -> None:
        self.participant.locate(display_time_ns, body)

    def see(self, view: View) -> None:
        self.participant.see(view)

    def news(self) -> Sequence[News]:
        return ()

    def selecting(self) -> bool:
        return False

    def pressed(self) -> tuple[()]:
        return ()
