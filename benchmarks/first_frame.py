"""How long `vrrehab demo` takes from its start to its first frame, the start of Python included.

    .venv/bin/python benchmarks/first_frame.py [--runs 5]

Each run is a new process in an empty folder, drawn offscreen, and ended once it says that the room is shown: a line
that follows the first frame's record, so its time is a little more than the frame's.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time


def seconds_to_first_frame() -> float:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        demo = subprocess.Popen(
            [sys.executable, "-m", "vrrehab", "demo", "--offscreen", "--data", folder],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert demo.stdout is not None
        for line in demo.stdout:
            if "the room is shown" in line:
                took_s = time.perf_counter() - began_s
                demo.send_signal(signal.SIGTERM)
                demo.communicate()
                return took_s
    sys.exit(f"expected the demo to show its room, but it ended with {demo.wait()}; run it alone to see why")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    took_s = sorted(seconds_to_first_frame() for _ in range(parser.parse_args().runs))
    spread = f"median of {len(took_s)}, {took_s[0]:.2f} to {took_s[-1]:.2f}"
    print(f"first frame after {statistics.median(took_s):.2f} s ({spread})")


if __name__ == "__main__":
    main()
