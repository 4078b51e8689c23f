"""After: what a session was, what is added to it later, and what is printed."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from telemetry.errors import NobodyAnswers
from telemetry.messages import Profile
from telemetry.wire import PastSession
from vrrehab.cli.participant import CODE
from vrrehab.console import kit
from vrrehab.console.choices import title_of
from vrrehab.console.kit import Tag
from vrrehab.console.later_panel import LaterPanel
from vrrehab.console.prepare import losses_in_words
from vrrehab.console.rights import may
from vrrehab.console.server import login_of
from vrrehab.console.shell import KEPT_S, Console, Visit, page, refused, until_done

_REPORT_LIMIT_S = 60.0
_SESSION_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


def add(console: Console) -> None:
    """Put the page, and the reports that it shows, on the server."""

    @ui.page("/after", reconnect_timeout=KEPT_S)
    async def after(request: Request, participant: str = "", session: str = "") -> Response | None:
        if (answer := refused(request, "history")) is not None:
            return answer
        with page(console, request, "/after", "After") as visit:
            _After(visit, participant, session)
        return None

    @app.get("/report/{what}")
    async def report(request: Request, what: str) -> Response:
        login = login_of(request)
        if not may(login.roles, "history"):
            return PlainTextResponse("Reports are for therapists and researchers.", 403)
        if not _SESSION_ID.fullmatch(what):
            return PlainTextResponse("Expected a session's id or a participant's code.", 404)
        written, problem = await asyncio.to_thread(_report, console.data, what)
        if not written:
            return PlainTextResponse(problem, 404)
        console.people.note(login.name, "report read", {"of": what})
        return HTMLResponse(written, headers={"cache-control": "no-store"})


def _report(data: Path, what: str) -> tuple[str, str]:
    """The report of a session or a participant, written by `vrrehab report` in a process of its own; or why not."""
    with tempfile.TemporaryDirectory() as folder:  # nobody else reads it there, and nothing of it stays
        file = Path(folder) / "report.html"
        command = [sys.executable, "-m", "vrrehab", "report", what, "--data", str(data), "--out", str(file)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_REPORT_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return "", str(error)
        if done.returncode:
            return "", done.stderr.decode(errors="replace").removeprefix("vrrehab: ")
        return file.read_text("utf-8"), ""


class _After:
    def __init__(self, visit: Visit, code: str, session: str) -> None:
        self._visit, self._t, self._console = visit, visit.t, visit.console
        self._session = session
        t = self._t
        with Tag("div", kind="headline"):
            Tag("h1", t("After a session"))
        with Tag("div", kind="columns start"):
            with Tag("section", kind="card", aria_label=t("Which session")):
                self._who = Tag("div", kind="stack")
                self._sessions = Tag("div", kind="people", role="radiogroup", aria_label=t("Sessions"))
            self._story = Tag("div", kind="stack")
        self._tell_nothing()
        until_done(2.0, lambda: self._load(code))

    async def _load(self, code: str) -> bool:
        """Read who there is; whether the recorder answered."""
        try:
            profiles = await self._console.records.profiles()
        except NobodyAnswers as error:
            self._visit.say(self._t.heard(str(error)), "bad")
            return False
        self._visit.say("")
        named = {"": self._t("Choose …"), **{p.code: f"{p.code}: {losses_in_words(self._t, p)}" for p in profiles}}
        self._who.clear()
        with self._who:
            kit.choice(self._t("Participant"), named, code if code in named else "", self._choose_person)
        if CODE.fullmatch(code):
            await self._choose_person(code)
        return True

    def _tell_nothing(self) -> None:
        """No story but that of who is chosen."""
        self._story.clear()
        with self._story, Tag("section", kind="card"):
            Tag("p", self._t("Choose a session on the left."), "soft")

    async def _choose_person(self, code: str) -> None:
        self._tell_nothing()
        past: Sequence[PastSession] = ()
        profile: Profile | None = None
        if code and not await self._visit.asked(self._ask(code)):
            return
        if code:
            past, profile = self._found
        known = next((each for each in past if each.session_id == self._session), past[-1] if past else None)
        self._session = known.session_id if known else ""
        self._sessions.clear()
        with self._sessions:
            for each in reversed(past):
                chosen = each.session_id == self._session
                with Tag(
                    "button",
                    kind="person",
                    type="button",
                    role="radio",
                    aria_checked="true" if chosen else "false",
                    data_session=each.session_id,
                    data_kept=each.session_id,
                ).pressed(lambda _, each=each: self._choose(code, each.session_id)):
                    Tag("b", self._t.day(each.started_utc_ns))
                    Tag("span", f"{self._t(title_of('programmes', each.programme))}, {self._t(each.status)}")
            if code and not past:
                Tag("p", self._t("No session yet."), "soft")
        if profile is not None and known is not None:
            self._tell(code, known)

    async def _ask(self, code: str) -> None:
        records = self._console.records
        self._found = await records.history(code), await records.profile(code)

    async def _choose(self, code: str, session: str) -> None:
        self._session = session
        await self._choose_person(code)

    def _tell(self, code: str, past: PastSession) -> None:
        t = self._t
        self._session = past.session_id
        self._story.clear()
        with self._story, Tag("section", kind="card", aria_label=t("The session's story")):
            with Tag("div", kind="headline"):
                Tag("h2", f"{code}, {t.day(past.started_utc_ns)}")
                with Tag("div", kind="end"):
                    kit.link(
                        t("Open to print"), f"/report/{past.session_id}", "button", target="_blank", rel="noopener"
                    )
                    kit.link(
                        t("Course of {code}", code=code),
                        f"/report/{code}",
                        "button quiet",
                        target="_blank",
                        rel="noopener",
                    )
            Tag("iframe", kind="report", src=f"/report/{past.session_id}", title=t("Report of the session"))
            LaterPanel(self._visit, code, past.session_id)
