"""The console of the data folder given, whose pages' loop can be made to hang: GET /stuck?for_s=3."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from nicegui import app

from vrrehab.cli.interruption import Interrupted, leave_on_any_signal
from vrrehab.console.app import Where, serve


@app.get("/stuck")
async def stuck(for_s: float) -> str:
    time.sleep(for_s)  # nothing else of the loop goes on meanwhile, and that is the point
    return "free again"


if __name__ == "__main__":
    leave_on_any_signal()
    try:
        serve(Path(sys.argv[1]), Where(port=0), say=lambda line: print(line, flush=True))
    except Interrupted:
        sys.exit(0)
