"""A session without an engine as a program of its own, which a test can kill: DATA RECORDER CODE."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from telemetry.client import RecorderClient
from vrrehab.testing.silent_session import SilentSession

if __name__ == "__main__":
    data, recorder, code = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with RecorderClient(recorder) as client:
        profile = client.profile(code)
    assert profile is not None
    with SilentSession(data, recorder, profile, "first_session", rate_hz=30.0) as session:
        print("running", flush=True)
        while session.status is None:
            time.sleep(0.1)
