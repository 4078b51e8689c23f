"""The console of the data folder given, for tests: its pages' loop can be made to hang.

GET /stuck: nothing of that loop goes on until the program gets SIGUSR1, or for 20 s; a line on stdout says so.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from nicegui import app

from vrrehab.cli.interruption import Interrupted, leave_on_any_signal
from vrrehab.console.app import Where, serve

_free = threading.Event()


@app.get("/stuck")
async def stuck() -> str:
    _free.clear()
    print("the pages hang", flush=True)
    _free.wait(20.0)
    return "free again"


if __name__ == "__main__":
    leave_on_any_signal()
    signal.signal(signal.SIGUSR1, lambda *_: _free.set())
    try:
        serve(Path(sys.argv[1]), Where(port=0), say=lambda line: print(line, flush=True))
    except Interrupted:
        sys.exit(0)
