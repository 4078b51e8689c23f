"""Files that get their name, or go, while others may look at them.

On Windows a file that somebody has open (another program of ours, a virus scanner, the search) can be neither replaced
nor removed for that moment; elsewhere it can. So a refusal is met there with a little patience.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE_S = 2.0 if os.name == "nt" else 0.0
_AGAIN_S = 0.02


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name, so that it is there whole or not at all. Raises `OSError`."""
    _patiently(lambda: part.replace(path))


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises `OSError`."""
    _patiently(lambda: path.unlink(missing_ok=True))


def _patiently(do: Callable[[], object], patience_s: float = _PATIENCE_S) -> None:
    until_s = time.monotonic() + patience_s
    while True:
        try:
            do()
        except PermissionError:
            if time.monotonic() >= until_s:
                raise
            time.sleep(_AGAIN_S)
        else:
            return
