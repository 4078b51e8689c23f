"""Pictures of the console's pages for docs/console.md, in a real Chromium, of a real session of a scripted participant.

    python -m vrrehab.testing.console_pictures --out docs/pictures

Needs the extra `dev` and chromium (or google-chrome). Takes about two minutes on a computer without a graphics card.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, PhantomShape, Profile
from telemetry.testing import RecorderProcess, eventually
from vrrehab.console.app import accounts_file
from vrrehab.console.people import People
from vrrehab.console.rights import Role
from vrrehab.testing.session_process import SessionProcess
from vrrehab.testing.silent_session import SilentSession

_PASSWORD = "sunlit-table-seven"
_DESKTOP, _TABLET = (1280, 900), (820, 1180)
_PEOPLE = (
    Profile(
        code="P001",
        limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),),
        phantom_shapes=(PhantomShape(limb="hand", side="left", posture="clenched", telescoping=0.3),),
    ),
    Profile(code="P002", limb_losses=(LimbLoss(limb="leg", side="right", level="below_knee"),), language="de"),
    Profile(code="P003", limb_losses=(LimbLoss(limb="arm", side="right", level="upper_arm"),)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    out = parser.parse_args().out
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("expected chromium or google-chrome on the path; install one")
    with _clinic() as (data, recorder, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        _take(browser, data, recorder, address, out)


def _take(browser: Browser, data: Path, recorder: str, address: str, out: Path) -> None:
    with SilentSession(data, recorder, _PEOPLE[0], "demo", seed=1) as past, RecorderClient(recorder) as client:
        eventually(lambda: past.status is not None, 180.0)
        past.close()
        client.wait_sealed(past.session_id, 60.0)
    page = _open(browser, address, _DESKTOP)
    page.screenshot(path=out / "console_login.jpg", type="jpeg", quality=80)
    _log_in(page)
    page.locator("[data-code=P001]").click()
    page.wait_for_selector("[data-programme]")
    page.screenshot(path=out / "console_prepare.jpg", type="jpeg", quality=80)
    page.get_by_role("button", name="Edit P001").click()
    page.wait_for_function("document.querySelector('.preview')?.src.startsWith('data:')", timeout=120_000)
    page.screenshot(path=out / "console_profile.jpg", type="jpeg", quality=80)
    page.goto(f"{address}/after?participant=P001")
    page.frame_locator("iframe.report").locator("h1").wait_for(timeout=120_000)
    page.screenshot(path=out / "console_after.jpg", type="jpeg", quality=80)
    page.goto(f"{address}/people")
    page.wait_for_selector("[data-account]")
    page.screenshot(path=out / "console_people.jpg", type="jpeg", quality=80)
    arguments = (
        "--participant",
        "P001",
        "--programme",
        "first_session",
        "--source",
        "scripted",
        "--display",
        "offscreen",
    )
    with SessionProcess(data, *arguments):
        dark = _open(browser, address, _TABLET, "dark")
        _log_in(dark)
        page.goto(f"{address}/run")
        page.locator(".programme li.now").wait_for(timeout=120_000)
        page.wait_for_selector("[data-live-picture][data-count]")
        page.wait_for_timeout(6_000)
        page.screenshot(path=out / "console_run.jpg", type="jpeg", quality=80)
        dark.goto(f"{address}/run")
        dark.wait_for_selector("[data-live-picture][data-count]")
        dark.wait_for_timeout(3_000)
        dark.screenshot(path=out / "console_run_dark.jpg", type="jpeg", quality=80)
        page.get_by_role("tab", name="Settings").click()
        page.wait_for_selector("[data-setting]")
        page.wait_for_timeout(1_000)
        page.wait_for_selector(".veil", state="hidden")  # a busy computer may have kept the session from showing itself
        page.screenshot(path=out / "console_settings.jpg", type="jpeg", quality=80)
        page.goto(f"{address}/stop")
        page.locator("form button").click()
        page.wait_for_selector(".outcome")
        page.wait_for_timeout(1_500)
        page.screenshot(path=out / "console_stop.jpg", type="jpeg", quality=80)


@contextlib.contextmanager
def _clinic() -> Iterator[tuple[Path, str, str]]:
    with tempfile.TemporaryDirectory() as folder, RecorderProcess(Path(folder)) as recorder:
        with RecorderClient(recorder.address) as client:
            for profile in _PEOPLE:
                client.put_profile(profile)
        people = People(accounts_file(Path(folder)))
        people.add("anna", _PASSWORD, [Role.THERAPIST, Role.ADMINISTRATOR], "pictures")
        people.add("oskar", _PASSWORD, [Role.OBSERVER], "anna")
        people.close()
        command = [sys.executable, "-m", "vrrehab", "console", "--data", folder, "--port", "0"]
        console = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert console.stdout is not None
            yield Path(folder), recorder.address, console.stdout.readline().split()[-1]
        finally:
            console.terminate()
            console.wait(20)


def _open(browser: Browser, address: str, size: tuple[int, int], scheme: str = "light") -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(f"{address}/login")
    return page


def _log_in(page: Page) -> None:
    page.fill("[name=name]", "anna")
    page.fill("[name=password]", _PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("h1")


if __name__ == "__main__":
    main()
