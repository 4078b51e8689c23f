"""What surrounds every page: who is logged in, where one can go, and Stop, always in the same place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nicegui import ui
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from telemetry.errors import TelemetryError
from vrrehab.console import kit
from vrrehab.console.desk import Desk, Order
from vrrehab.console.kit import Tag
from vrrehab.console.launcher import Launcher
from vrrehab.console.people import Login, People
from vrrehab.console.records import Records
from vrrehab.console.rights import may
from vrrehab.console.server import login_of
from vrrehab.console.watch import Watch
from vrrehab.console.words import Words

_LOOK_EVERY_S = 1.0
#: How long a page is kept for a browser that is cut off or asleep; after that it is made anew, without what was typed.
KEPT_S = 180.0
#: Page, its name, and the action that it takes to see it.
_PLACES = (
    ("/", "Prepare", "history"),
    ("/run", "Run", "watch"),
    ("/after", "After", "history"),
    ("/people", "People", "people"),
)
LANGUAGES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True, slots=True)
class Console:
    """Everything that the pages work with."""

    data: Path
    people: People
    desk: Desk
    watch: Watch
    records: Records
    launcher: Launcher


class Visit:
    """One open page and whose it is. t: says sentences in the reader's language."""

    def __init__(self, console: Console, login: Login) -> None:
        self.console = console
        self.login = login
        self.t = Words(login.language)
        self._message: Tag | None = None

    def may(self, action: str) -> bool:
        return may(self.login.roles, action) and self.console.people.in_force(self.login.id)

    async def tell(self, name: str, /, **arguments: float | int | str | bool | None) -> Order:
        """Give the session a command."""
        return await self.console.desk.tell(self.login, name, arguments)

    def say(self, text: str, kind: str = "") -> None:
        """Tell the reader something at the top of the page; empty takes it away."""
        if self._message is not None:
            self._message.say(text)
            self._message.look(f"notice message {kind}".strip())
            self._message.put("hidden", None if text else "hidden")

    async def asked(self, what: Awaitable[object]) -> bool:
        """Wait for something that the recorder or a file may refuse, and tell the reader why; whether it went well."""
        try:
            await what
        except (TelemetryError, ValueError, LookupError, OSError) as error:
            self.say(self.t.heard(str(error)), "bad")
            return False
        return True


def first_page(login: Login) -> str:
    """Where somebody begins: the first place that they may see."""
    return next((path for path, _, action in _PLACES if may(login.roles, action)), "/stop")


def refused(request: Request, action: str) -> Response | None:
    """The answer to somebody who may not see a page; None for who may."""
    login = login_of(request)
    return None if may(login.roles, action) else RedirectResponse(first_page(login), 303)


@contextmanager
def page(console: Console, request: Request, path: str, title: str) -> Iterator[Visit]:
    """The frame of a page; what is made inside stands in its middle."""
    login = login_of(request)
    visit = Visit(console, login)
    t = visit.t
    ui.page_title(f"{t(title)} · vrrehab")
    ui.add_head_html(f'<script>document.documentElement.lang = "{login.language}"</script>')
    ui.add_head_html(
        '<script src="/static/theme.js"></script><link rel="stylesheet" href="/static/console.css">'
        '<script defer src="/static/console.js"></script>'
    )
    kit.link(t("Skip to the page"), "#main", "skip-link")
    with Tag("header", kind="top"):
        with Tag("a", kind="brand", href="/"):
            kit.raw('<img src="/static/mark.svg" alt="" width="28" height="28">')
            Tag("span", "vrrehab")
        with Tag("nav", aria_label=t("Pages")):
            for to, name, action in _PLACES:
                if may(login.roles, action):
                    kit.link(t(name), to, aria_current="page" if to == path else None)
        with Tag("div", kind="end"):
            state = kit.chip("")
            _menu(visit)
    with Tag("main", kind="main", id="main", tabindex="-1"):
        visit._message = kit.notice("", "message", "alert")
        visit._message.put("hidden", "hidden")
        yield visit
    bar, desk = _stop_bar(t), console.desk

    def look() -> None:
        if not console.people.in_force(login.id):
            ui.navigate.to(f"/login?to={path}")
            return
        desk.heard(login)
        desk.release_ended()
        text, kind = console.watch.in_words(t)
        state.say(text)
        state.look(f"chip {kind}".strip())
        bar.look("stopbar" if desk.running() or desk.starting else "stopbar idle")

    again_and_again(_LOOK_EVERY_S, look)


def _menu(visit: Visit) -> None:
    t, login, people = visit.t, visit.login, visit.console.people

    def speak(language: str) -> None:
        people.set_language(login.name, language)
        ui.navigate.reload()

    with Tag("details", kind="menu"):
        Tag("summary", login.name, aria_label=t("Account of {name}", name=login.name))
        with Tag("div"):
            Tag("p", ", ".join(t(role) for role in sorted(login.roles)), "soft small")
            kit.choice(t("Language"), LANGUAGES, login.language, speak)
            Tag("button", t("Light or dark"), "button", type="button", data_theme_switch="yes")
            kit.raw(
                '<form method="post" action="/logout"><button class="button" style="width:100%">'
                f"{t('Log out')}</button></form>"
            )


def _stop_bar(t: Words) -> Tag:
    said = {
        "sent": t("Stop is sent …"),
        "again": t("No answer yet, Stop is sent again …"),
        "applied": t("Stopped, in frame {frame}."),
        "refused": t("Not stopped: {reason}."),
        "unanswered": t("The session does not answer. Press Esc on the headset's computer."),
        "cut_off": [t("Connection lost."), t("Trying to reconnect …")],
    }
    words = escape(json.dumps(said), quote=True)
    with Tag("aside", kind="stopbar", aria_label=t("Stop")) as bar:
        kit.raw(
            f'<form method="post" action="/stop" data-stop data-words="{words}"><button class="stop" '
            'aria-keyshortcuts="Escape">'
            f"{t('Stop')}</button></form>"
        )
        with Tag("div"):
            Tag("p", "", "said", role="status", data_stop_said="yes")
            Tag("p", t("Esc on any page stops too."), "soft small hint")
    return bar


def again_and_again(every_s: float, what: Callable[[], None]) -> None:
    """Do something now, and every so many seconds while the page is in somebody's browser."""
    here = ui.context.client
    what()
    ui.timer(every_s, lambda: what() if here.has_socket_connection else None)


def until_done(every_s: float, what: Callable[[], Awaitable[bool]]) -> None:
    """Try something once the page is there, and again every so many seconds until it says that it is done."""

    async def attempt() -> None:
        if await what():
            timer.cancel()

    timer = ui.timer(every_s, attempt)


def later(what: Callable[[], Awaitable[None]]) -> None:
    """Do something once the page is there."""
    ui.timer(0.01, lambda: asyncio.ensure_future(what()), once=True)
