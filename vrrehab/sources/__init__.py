"""Where a tracked body comes from: a headset, a script or a recording, all behind one door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from vrrehab.body.skeleton import Body
from vrrehab.session.view import View

Origin = Literal["person", "scripted", "recording"]


#: Something that happened at a source: its name, and what there is to say of it.
News = tuple[str, dict[str, float | int | str | bool | None]]

#: The reference space has moved under the participant; the session recentres.
SPACE_CHANGED = "space_changed"


class Source(Protocol):
    """Says where the joints are at a given time.

    `locate` fills `body` in the source's own reference space (gravity-aligned, floor at y = 0): what it
    sees with its provenance, `NONE` and NaN for what it does not see. It never holds, smooths or guesses a
    lost joint; that is `vrrehab.body.tracking`'s work, the same for every source.
    """

    @property
    def origin(self) -> Origin: ...

    @property
    def exhausted(self) -> bool:
        """True once a recording has come to its end; a headset never is."""
        ...

    def locate(self, display_time_ns: int, body: Body) -> None: ...

    def see(self, view: View) -> None:
        """What is shown this frame: a scripted participant acts on it, a controller may buzz, a recording
        ignores it.
        """
        ...

    def news(self) -> Sequence[News]:
        """What happened since this was last asked: a runtime lost, a reference space that moved."""
        ...

    def selecting(self) -> bool:
        """Whether a controller's select button is down at the last located time."""
        ...

    def pressed(self) -> Sequence[str]:
        """What buttons of a controller ask for that went down at the last located time: `stop`, `hide`, `cover`."""
        ...
