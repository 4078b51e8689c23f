"""Measures the console: from a press of Stop in the browser to the session's answer, and memory over time.

    python benchmarks/console.py stop --presses 100      # each press on a session of its own, while two pages watch
    python benchmarks/console.py start                   # presses and seconds until a known participant's session shows
    python benchmarks/console.py picture --seconds 60    # one page that watches a session which is drawn
    python benchmarks/console.py watching --seconds 30   # one page that watches; what of a processor that takes
    python benchmarks/console.py memory --minutes 60     # one page that watches; browser heap and server memory

Recorder and console are programs of their own, the browser is a real Chromium. The session is a thread of this process,
with everything but the engine (`vrrehab.testing.silent_session`): 72 frames a second, pictures and joints shown. For
`picture` and `start` it is the session program, offscreen. A click is timed by the browser's own stamp of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
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
from vrrehab.testing.session_process import SessionProcess
from vrrehab.testing.silent_session import SilentSession

_PROFILE = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),))
_PASSWORD = "sunlit-table-seven"
_RATE_HZ = 72.0
_WARM_UP_S = 60.0
#: In the page: when the button was pressed, as the browser stamped it, and when the answer was there; ms since 1970.
_WATCH_STOP = """() => {
    window.pressed = window.answered = null;
    if (window.watched) return;
    window.watched = true;
    const since_1970 = (ms) => performance.timeOrigin + ms;
    document.addEventListener('click', (e) => {
        if (e.target.closest('form[data-stop]')) window.pressed = since_1970(e.timeStamp); }, true);
    document.addEventListener('stopped', (e) => {
        window.answered = since_1970(performance.now()); window.outcome = e.detail; });
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


@dataclass(frozen=True)
class Press:
    """One press of Stop, in ms, and frames."""

    accepted: float
    by_console: float
    answered: float
    frames_to_fade: int
    frame: float


def measure_stop(presses: int) -> None:
    """Press Stop in the browser, once on each of so many sessions."""
    measured: list[Press] = []
    lost = 0
    with clinic() as running, chromium() as browser:
        page, other = log_in(browser, running.address), log_in(browser, running.address)
        seen, began = [pictures(page), pictures(other)], time.monotonic()
        while len(measured) < presses:
            with session(running) as ours:
                try:
                    measured.append(press(page, ours))
                except Error:  # on a machine this busy the page had lost its server, and was loaded anew meanwhile
                    lost += 1
                    page = log_in(browser, running.address)
        rate = (pictures(other) - seen[1]) / (time.monotonic() - began)
    print(f"Stop, {presses} presses, {_RATE_HZ:g} frames a second, two pages watching; {lost} more were not measured")
    print(f"The other page showed {rate:.1f} pictures a second meanwhile, the time between two sessions counted in.")
    print(f"{'':52}{'median':>9}{'p99':>9}{'most':>9}")
    names = {
        "accepted": "click in the page to accepted by the session, ms",
        "by_console": "of it: click to the console, ms",
        "answered": "click to the answer on the page, ms",
        "frames_to_fade": "frames from the one applied to the fade",
        "frame": "a frame of the session (without drawing), ms",
    }
    for field, name in names.items():
        values = [getattr(each, field) for each in measured]
        print(f"{name:52}{np.median(values):9.2f}{np.quantile(values, 0.99):9.2f}{max(values):9.2f}")


def press(page: Page, ours: SilentSession) -> Press:
    """One press of Stop."""
    page.wait_for_function("document.querySelector('.veil').hidden", timeout=20_000)
    # Pictures and joints flow again, the page has turned to this session, and the one before is sealed.
    page.wait_for_timeout(2500)
    page.evaluate(_WATCH_STOP)
    page.click("form[data-stop] button")
    page.wait_for_function("window.answered", timeout=20_000)
    pressed, answered, outcome = page.evaluate("[window.pressed, window.answered, window.outcome]")
    if outcome["status"] != "applied":
        raise RuntimeError(f"expected Stop to be applied, got {outcome}")
    page.wait_for_timeout(100)
    return Press(
        accepted=ours.stopped_s * 1000 - pressed,
        by_console=outcome["at"] * 1000 - pressed,
        answered=answered - pressed,
        frames_to_fade=ours.first_calm_frame - outcome["frame"],
        frame=ours.frame_ms,
    )


def measure_picture(seconds: float) -> None:
    """One page that watches a session which is drawn, by whatever draws here; what of it arrives."""
    what = ("--participant", "P001", "--programme", "first_session", "--source", "scripted", "--display", "offscreen")
    with clinic() as running, chromium() as browser, SessionProcess(running.data, *what, "--seed", "3"):
        page = log_in(browser, running.address)
        page.wait_for_selector("[data-live-picture][data-count]", timeout=60_000)
        page.wait_for_timeout(5_000)
        frames = "document.querySelector('[data-fact=pictures-a-second] b').innerText"
        print(f"{'s':>6}{'pictures a second':>20}{'skeletons a second':>20}{'frames a second':>18}")
        began = time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            before = pictures(page), count(page)
            page.wait_for_timeout(5_000)
            took = time.monotonic() - now
            rates = (pictures(page) - before[0]) / took, (count(page) - before[1]) / took
            print(f"{now - began:6.0f}{rates[0]:20.1f}{rates[1]:20.1f}{page.evaluate(frames):>18}", flush=True)


def measure_watching(seconds: float) -> None:
    """One page that watches a session which is not drawn; what browser and console take of a processor meanwhile."""
    with clinic() as running, chromium() as browser, session(running):
        page = log_in(browser, running.address)
        page.wait_for_timeout(5_000)
        began, drawn, shown = time.monotonic(), count(page), pictures(page)
        of_browser, of_console = (-processor_s(pids) for pids in (browser_pids(), [running.pid]))
        page.wait_for_timeout(seconds * 1000)
        took = time.monotonic() - began
        of_browser += processor_s(browser_pids())
        of_console += processor_s([running.pid])
        rates = (pictures(page) - shown) / took, (count(page) - drawn) / took
    print(f"{rates[0]:.1f} pictures and {rates[1]:.1f} skeletons a second for {took:.0f} s; of one processor:")
    print(f"browser {100 * of_browser / took:.1f} %, console {100 * of_console / took:.1f} %")


def measure_start() -> None:
    """From the first page to a session that shows itself, for a participant whom the clinic knows."""
    with clinic() as running, chromium() as browser:
        with session(running):
            pass  # what was done last time is chosen already
        page = log_in(browser, running.address)
        page.goto(running.address)
        page.wait_for_selector("[data-code=P001]")
        presses, began = 0, time.monotonic()
        page.click("[data-code=P001]")
        presses += 1
        page.wait_for_selector("[data-asked]")
        asked = page.locator("[data-asked]")
        for i in range(asked.count()):
            asked.nth(i).locator("label").first.click()
            presses += 1
        page.wait_for_selector("[data-do=start]:not([disabled])")
        prepared_s = time.monotonic() - began
        # Where there is no headset a scripted participant moves; a clinic leaves that as it is.
        page.get_by_label("Who moves").select_option("scripted")
        page.click("[data-do=start]:not([disabled])")
        presses += 1
        page.wait_for_selector("[data-live-picture][data-count]", timeout=90_000)
        took_s = time.monotonic() - began
        # What the console starts goes on without it, on purpose.
        subprocess.run(["pkill", "-f", f"vrrehab session --data {running.data}"], check=False)
    print(f"{presses} presses; the page answered them within {prepared_s:.1f} s, and {took_s - prepared_s:.1f} s later")
    print("the session showed its first picture; a person reads and answers the checklist meanwhile")


def measure_memory(minutes: float) -> None:
    """One page that watches for so long, one session after the other; what browser and server hold meanwhile."""
    measured: list[tuple[float, float, float, float]] = []
    with clinic() as running, chromium() as browser:
        ours = session(running)
        page = log_in(browser, running.address)
        devtools = page.context.new_cdp_session(page)
        print(f"{'min':>6}{'browser heap MB':>18}{'server RSS MB':>16}{'updates/s':>12}")
        page.wait_for_timeout(_WARM_UP_S * 1000)
        began, drawn, at = time.monotonic(), count(page), time.monotonic()
        while (now := (time.monotonic() - began) / 60) < minutes:
            page.wait_for_timeout(min(60.0, minutes * 60 / 4) * 1000)
            if ours.status is not None:  # its programme was over; the page stays as it is
                ours.close()
                ours = session(running)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6
            now, before, since = (time.monotonic() - began) / 60, drawn, at
            drawn, at = count(page), time.monotonic()
            measured.append((now, heap, resident_mb(running.pid), (drawn - before) / (at - since)))
            print("{:6.1f}{:18.2f}{:16.1f}{:12.1f}".format(*measured[-1]), flush=True)
        ours.close()
    minute, heap, resident, rate = np.array(measured).T
    print(
        f"slope over {minute[-1]:.0f} min: browser heap {60 * np.polyfit(minute, heap, 1)[0]:+.2f} MB an hour, ", end=""
    )
    print(f"server {60 * np.polyfit(minute, resident, 1)[0]:+.2f} MB an hour; {np.median(rate):.1f} updates a second")


def count(page: Page) -> int:
    """How often the skeleton was drawn."""
    return int(page.evaluate("Number(document.querySelector('[data-skeleton]').dataset.count || 0)"))


def pictures(page: Page) -> int:
    """How many pictures were shown."""
    return int(page.evaluate("Number(document.querySelector('[data-live-picture]').dataset.count || 0)"))


def browser_pids() -> list[int]:
    """The processes of the browser that this one has begun."""
    parent = {int(each.parent.name): int(_fields(each)[1]) for each in Path("/proc").glob("[0-9]*/stat")}

    def is_ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parent and is_ours(parent[pid]))

    named = (pid for pid in parent if "chrom" in Path(f"/proc/{pid}/comm").read_text())
    return [pid for pid in named if is_ours(pid)]


def processor_s(pids: Iterable[int]) -> float:
    """What they have taken of processors until now."""
    ticks = sum(int(ticks) for pid in pids for ticks in _fields(Path(f"/proc/{pid}/stat"))[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(stat: Path) -> list[str]:
    """What /proc says of a process, from its state on: before it comes a name in which there may be anything."""
    return stat.read_text().rpartition(")")[2].split()


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("stop").add_argument("--presses", type=int, default=100)
    what.add_parser("start")
    what.add_parser("picture").add_argument("--seconds", type=float, default=60.0)
    what.add_parser("watching").add_argument("--seconds", type=float, default=30.0)
    what.add_parser("memory").add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    if asked.what == "stop":
        measure_stop(asked.presses)
    elif asked.what == "start":
        measure_start()
    elif asked.what == "picture":
        measure_picture(asked.seconds)
    elif asked.what == "watching":
        measure_watching(asked.seconds)
    else:
        measure_memory(asked.minutes)


if __name__ == "__main__":
    main()
