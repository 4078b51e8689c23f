"""Measures the console: from a press of Stop in the browser to the session's answer, and memory over time.

    python benchmarks/console.py stop --presses 100      # each press on a session of its own, while two pages watch
    python benchmarks/console.py memory --minutes 60     # one page that watches; browser heap and server memory

Recorder and console are programs of their own, the browser is a real Chromium; the session is a thread of this process,
with everything but the engine (`vrrehab.testing.silent_session`): 72 frames a second, pictures and joints shown.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Error, Page, sync_playwright

# A script's own folder comes first, where another file would stand for the package that this one needs.
sys.path[0] = str(Path(__file__).parents[1])
# ruff: noqa: E402

from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from vrrehab.console.app import accounts_file
from vrrehab.console.people import People
from vrrehab.console.rights import Role
from vrrehab.testing.silent_session import SilentSession

_PROFILE = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),))
_PASSWORD = "sunlit-table-seven"
_RATE_HZ = 72.0
_WARM_UP_S = 60.0
#: In the page: when the button was pressed, and when the answer was there, by the page's own clock.
_WATCH_STOP = """() => {
    window.pressed = window.answered = null;
    if (window.watched) return;
    window.watched = true;
    document.addEventListener('click', (e) => {
        if (e.target.closest('form[data-stop]')) window.pressed = performance.now(); }, true);
    document.addEventListener('stopped', (e) => { window.answered = performance.now(); window.outcome = e.detail; });
}"""


@dataclass(frozen=True)
class Running:
    data: Path
    recorder: str
    address: str
    pid: int


@contextlib.contextmanager
def clinic() -> Iterator[Running]:
    """Recorder and console on an empty folder."""
    with tempfile.TemporaryDirectory() as folder, RecorderProcess(Path(folder)) as recorder:
        data = Path(folder)
        with RecorderClient(recorder.address) as client:
            client.put_profile(_PROFILE)
        people = People(accounts_file(data))
        people.add("anna", _PASSWORD, [Role.THERAPIST], "benchmark")
        people.close()
        command = [sys.executable, "-m", "vrrehab", "console", "--data", folder, "--port", "0"]
        console = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert console.stdout is not None
            address = console.stdout.readline().split()[-1]
            yield Running(data, recorder.address, address, console.pid)
        finally:
            console.terminate()
            console.wait(20)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("expected chromium or google-chrome on the path; install one")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])


def log_in(browser: Browser, address: str) -> Page:
    """A page of a new device that shows the running session."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{address}/login?to=/run")
    page.fill("[name=name]", "anna")
    page.fill("[name=password]", _PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/run")
    return page


def session(running: Running) -> SilentSession:
    return SilentSession(running.data, running.recorder, _PROFILE, "first_session", rate_hz=_RATE_HZ)


def measure_stop(presses: int) -> None:
    """Press Stop in the browser, once on each of so many sessions."""
    measured: list[tuple[float, float, float, float]] = []
    lost = 0
    with clinic() as running, chromium() as browser:
        page, _other = log_in(browser, running.address), log_in(browser, running.address)
        while len(measured) < presses:
            with session(running) as ours:
                try:
                    measured.append(press(page, ours))
                except Error:  # on a machine this busy the page had lost its server, and was loaded anew meanwhile
                    lost += 1
                    page = log_in(browser, running.address)
    print(f"Stop, {presses} presses, {_RATE_HZ:g} frames a second, two pages watching; {lost} more were not measured")
    print(f"{'':44}{'median':>9}{'p99':>9}{'most':>9}")
    names = (
        "click in the page to the answer there, ms",
        "in it: console to session and back, ms",
        "frames from the one applied to the fade",
        "a frame of the session (without drawing), ms",
    )
    for name, values in zip(names, zip(*measured, strict=True), strict=True):
        print(f"{name:44}{np.median(values):9.2f}{np.quantile(values, 0.99):9.2f}{max(values):9.2f}")


def press(page: Page, ours: SilentSession) -> tuple[float, float, float, float]:
    """One press of Stop: what the page waited, what the session took of it, frames until the fade, a frame's time."""
    page.wait_for_function("document.querySelector('.veil').hidden", timeout=20_000)
    page.wait_for_timeout(700)  # pictures and joints flow again
    page.evaluate(_WATCH_STOP)
    page.click("form[data-stop] button")
    page.wait_for_function("window.answered", timeout=20_000)
    took_ms, outcome = page.evaluate("[window.answered - window.pressed, window.outcome]")
    if outcome["status"] != "applied":
        raise RuntimeError(f"expected Stop to be applied, got {outcome}")
    page.wait_for_timeout(100)
    return took_ms, outcome["took_ms"], ours.first_calm_frame - outcome["frame"], ours.frame_ms


def measure_memory(minutes: float) -> None:
    """One page that watches for so long; what browser and server hold meanwhile."""
    with clinic() as running, chromium() as browser, session(running) as ours:
        page = log_in(browser, running.address)
        devtools = page.context.new_cdp_session(page)
        print(f"{'min':>6}{'browser heap MB':>18}{'server RSS MB':>16}{'updates/s':>12}")
        began = time.monotonic()
        page.wait_for_timeout(_WARM_UP_S * 1000)
        while True:
            before, at = count(page), time.monotonic()
            page.wait_for_timeout(20_000)
            rate = (count(page) - before) / (time.monotonic() - at)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6
            now = (time.monotonic() - began) / 60
            print(f"{now:6.1f}{heap:18.2f}{resident_mb(running.pid):16.1f}{rate:12.1f}", flush=True)
            if now >= minutes or ours.status is not None:
                return
            page.wait_for_timeout(min(40.0, minutes) * 1000)


def count(page: Page) -> int:
    """How often the skeleton was drawn."""
    return int(page.evaluate("Number(document.querySelector('[data-skeleton]').dataset.count || 0)"))


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("stop").add_argument("--presses", type=int, default=100)
    what.add_parser("memory").add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    if asked.what == "stop":
        measure_stop(asked.presses)
    else:
        measure_memory(asked.minutes)


if __name__ == "__main__":
    main()
