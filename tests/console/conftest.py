"""One clinic for all tests of the console: recorder and console as programs of their own, and a real Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect, sync_playwright
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from vrrehab.console.app import accounts_file
from vrrehab.console.people import People
from vrrehab.console.rights import Role
from vrrehab.testing.silent_session import SilentSession

T = TypeVar("T")

PASSWORD = "sunlit-table-seven"
LOST_LEFT_HAND = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),), consent="care")
#: Hashing that does not cost a test its time; the parameters travel with the hash.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
#: Who there is: an account for each role, and a second therapist.
ACCOUNTS = {
    "anna": {Role.THERAPIST},
    "berta": {Role.THERAPIST},
    "oskar": {Role.OBSERVER},
    "rita": {Role.RESEARCHER},
    "adam": {Role.ADMINISTRATOR},
}


@dataclass(frozen=True)
class Clinic:
    """A running clinic. console: its address for browsers; recorder: its address; process: the console's."""

    data: Path
    console: str
    recorder: str
    process: subprocess.Popen[str]
    keeper: RecorderProcess

    def sit(self, programme: str = "first_session", rate_hz: float = 40.0, **more: Any) -> SilentSession:
        """A session of a scripted participant, in which nothing is drawn."""
        return SilentSession(self.data, self.recorder, LOST_LEFT_HAND, programme, rate_hz=rate_hz, **more)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """While this lasts the loop of the pages hangs, which is made sure of."""
        with Visitor(self.console, "adam") as adam, ThreadPoolExecutor(1) as worker:
            hangs = worker.submit(adam.http.get, "/stuck")
            assert self.process.stdout is not None
            assert self.process.stdout.readline() == "the pages hang\n"
            try:
                yield
                assert not hangs.done()
            finally:
                self.process.send_signal(signal.SIGUSR1)


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    data = tmp_path_factory.mktemp("clinic")
    with ExitStack() as running:
        recorder = running.enter_context(RecorderProcess(data))
        with RecorderClient(recorder.address) as client:
            client.put_profile(LOST_LEFT_HAND)
        people = People(accounts_file(data), hasher=QUICK)
        for name, roles in ACCOUNTS.items():
            people.add(name, PASSWORD, roles, "tests")
        people.close()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "stuck_console.py"), str(data)],
            stdout=subprocess.PIPE,
            text=True,
        )
        running.callback(_end, process)
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("the console is at "), said
        yield Clinic(data, said.split()[-1], recorder.address, process, recorder)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture
def session(clinic: Clinic) -> Iterator[Callable[..., SilentSession]]:
    """Starts sessions of a scripted participant, in which nothing is drawn."""
    with ExitStack() as running:

        def start(programme: str = "first_session", rate_hz: float = 40.0, **more: Any) -> SilentSession:
            return running.enter_context(clinic.sit(programme, rate_hz, **more))

        yield start


def at_once(what: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to, on a loop and a thread of its own: the browser's has the main one."""
    with ThreadPoolExecutor(1) as worker:
        return worker.submit(asyncio.run, what).result()


class Visitor:
    """Somebody with a browser that runs no scripts: plain requests, with the cookie that they got."""

    def __init__(self, address: str, name: str = "", password: str = PASSWORD) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, headers={"accept": "text/html", "origin": address}, timeout=30.0)
        if name:
            said = self.http.post("/login", data={"name": name, "password": password})
            assert said.status_code == 303, said.text

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.http.close()

    def stop(self) -> dict[str, Any]:
        """Press Stop as the pages do; what became of it."""
        said: dict[str, Any] = self.http.post("/stop", headers={"accept": "application/json"}).json()
        return said

    def web_socket(self, path: str, origin: str = "") -> ClientConnection:
        """One of this server's web sockets, opened with the cookie, as from a page of this or of another `origin`."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        address = self.address.replace("http", "ws") + path
        return connect(address, origin=Origin(origin or self.address), additional_headers={"Cookie": cookie})


@pytest.fixture
def visitor(clinic: Clinic) -> Iterator[Callable[..., Visitor]]:
    """Logs people in, by name; nobody without one."""
    with ExitStack() as visiting:
        yield lambda name="", password=PASSWORD: visiting.enter_context(Visitor(clinic.console, name, password))


def _chromium() -> str:
    """The browser; skips loudly where there is none, fails where CI says that there must be."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "NOT RUN in a browser: no chromium here; .ci/system-packages says how it is had"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def pages(clinic: Clinic, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page for somebody, on a device of their own. A script that fails on it fails the test."""
    failed: list[str] = []
    with ExitStack() as opened:

        def open_for(name: str, path: str, width: int = 1280, height: int = 900) -> Page:
            visitor = opened.enter_context(Visitor(clinic.console, name))
            # Who leaves leads no more: the session of the next test would miss them, and rest.
            opened.callback(visitor.http.post, "/logout")
            context = browser.new_context(viewport={"width": width, "height": height})
            opened.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(40_000)
            page.on("pageerror", lambda error: failed.append(str(error)))
            cookies = visitor.http.cookies
            context.add_cookies([{"name": n, "value": v, "url": clinic.console} for n, v in cookies.items()])
            page.goto(clinic.console + path)
            return page

        expect.set_options(timeout=40_000)
        yield open_for
    assert failed == []


@pytest.fixture
def open_page(clinic: Clinic, browser: Browser) -> Iterator[Callable[..., Page]]:
    with pages(clinic, browser) as open_for:
        yield open_for
