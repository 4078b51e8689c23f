"""The session's end of speech: hands over what is to be said and never waits.

The render thread only puts a text into a queue. A thread writes it into a pipe, which takes no Python lock while it
waits, and the process at the other end does all that speaking takes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from queue import SimpleQueue

from vrrehab.speech.engine import find_engine

#: How long the speaking process may take to end when the session does.
_END_S = 6.0


class Voice:
    """Says texts in one language, one at a time; a new one takes the place of the one before. Call `close` at the end.

    found: whether there is something to speak with. Without, nothing is started and nothing is said.
    """

    def __init__(self, language: str) -> None:
        self.found = find_engine() is not None
        self._orders: SimpleQueue[tuple[str, float] | None] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._write, name="voice", daemon=True)
        if self.found:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vrrehab.speech", language],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # what cannot be handed over is dropped, and not kept for later
            )
            self._thread.start()

    def say(self, text: str, loudness: float) -> None:
        """Say it now, as loud as 0 to 1; an empty text ends what is being said."""
        if self._process is not None:
            self._orders.put((text, loudness))

    def close(self) -> None:
        """Let the last words be said, for a few seconds at most."""
        if self._process is None:
            return
        self._orders.put(None)
        self._thread.join(_END_S)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self) -> None:
        pipe = None if self._process is None else self._process.stdin
        assert pipe is not None
        # If what speaks is gone, the session goes on in silence.
        with contextlib.suppress(BrokenPipeError), pipe:
            while (order := self._orders.get()) is not None:
                text, loudness = order
                pipe.write(json.dumps({"text": text, "loudness": loudness}).encode() + b"\n")
