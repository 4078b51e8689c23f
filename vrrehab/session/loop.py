"""The loop of a session, in the order of docs/architecture.md; touches no socket and no file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from telemetry.messages import SessionStatus
from vrrehab.session.commands import Command, obey, press
from vrrehab.session.frame import Display
from vrrehab.session.sitting import Sitting


def run(sitting: Sitting, display: Display, commands: Callable[[], Iterable[Command]]) -> SessionStatus:
    """Run a sitting to its end and say how it ended. `commands` gives what has come since it was last asked.

    The sitting is closed whatever happens: the display ending, Ctrl-C or an error leave a whole record.
    """
    clock = time.perf_counter_ns
    try:
        while sitting.over is None and (frame := display.wait()) is not None:
            began = clock()
            sitting.begin(frame, display.read_clocks() if sitting.clocks_due(frame) else None)
            for key in display.keys_pressed():
                press(sitting, key)
            for command in commands():
                obey(sitting, command, frame.number)
            sitting.locate()
            located = clock()
            sitting.drive()
            driven = clock()
            sitting.advance()
            advanced = clock()
            display.draw(frame, sitting.view)
            # The display knows how much of drawing was handing the picture over.
            submitted_ns = display.submitted_ns
            drawn_ns = clock() - advanced - submitted_ns
            sitting.keep((located - began, driven - located, advanced - driven, drawn_ns, submitted_ns))
        if sitting.over is None:
            sitting.conductor.end("stopped")
    finally:
        sitting.close()
    assert sitting.over is not None
    return sitting.over
