"""The loop of a session, in the order of docs/architecture.md; touches no socket and no file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from telemetry.messages import SessionStatus
from vrrehab.session.commands import Command, obey, press
from vrrehab.session.frame import Display
from vrrehab.session.sitting import Sitting


def run(sitting: Sitting, display: Display, commands: Callable[[], Iterable[Command]]) -> SessionStatus:
    """Run a sitting to its end and say how it ended. `commands` gives what has come since it was last asked.

    The sitting is closed whatever happens: the display ending, Ctrl-C or an error leave a whole record.
    """
    clock = time.perf_counter_ns
    marks = np.zeros(5, np.int64)
    times_us = np.zeros(5, np.float32)
    try:
        while sitting.over is None and (frame := display.wait()) is not None:
            marks[0] = clock()
            sitting.begin(frame, display.read_clocks() if sitting.clocks_due(frame) else None)
            for key in display.keys_pressed():
                press(sitting, key)
            for command in commands():
                obey(sitting, command, frame.number)
            sitting.locate()
            marks[1] = clock()
            sitting.drive()
            marks[2] = clock()
            sitting.advance()
            marks[3] = clock()
            display.draw(frame, sitting.view)
            marks[4] = clock()
            np.divide(marks[1:] - marks[:-1], 1000, out=times_us[:4], casting="unsafe")
            # The display knows how much of drawing was handing the picture over.
            times_us[4] = display.submitted_ns / 1000
            times_us[3] -= times_us[4]
            sitting.keep(times_us)
        if sitting.over is None:
            sitting.conductor.end("stopped")
    finally:
        sitting.close()
    assert sitting.over is not None
    return sitting.over
