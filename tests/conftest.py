"""Real recordings, which live beside the checkout and not in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CAPTURE = Path(__file__).parents[2] / "shared/data/quest3-hands/quest3_capture.json"


@pytest.fixture(scope="session")
def quest3_capture() -> Path:
    """A real Meta Quest 3 recording; skips where it is not there, fails where CI says that it must be."""
    if not _CAPTURE.is_file():
        message = f"NOT RUN on real data: expected a Quest 3 recording at {_CAPTURE}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return _CAPTURE
