"""The console's web server: a thread that answers by itself whatever must never wait, and a loop for the pages.

`Front` is what faces the network. It knows who is logged in, checks where a request comes from, and serves login, Stop
and the picture itself. Everything else crosses to the loop of the pages, message by message, so that a page that is
busy, or a loop that is stuck, delays neither Stop nor the picture.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse

from vrrehab.console.desk import Desk
from vrrehab.console.people import Login, People

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "vrrehab_login"
#: What anybody may have: the login's own pages, and files that are in every installation.
_OPEN = ("/login", "/first", "/static/", "/_nicegui/", "/favicon.ico")

#: Nothing that a page sends is larger; anybody may send to the login.
_MOST_BYTES = 1 << 20
#: How long an open page whose login has ended has to go to the login by itself, before its web socket is cut.
_TO_LEAVE_S = 3.0

_HEADERS = (
    (
        b"content-security-policy",
        # NiceGUI's pages compile their templates in the browser, which is what unsafe-eval is for.
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; "
        b"frame-ancestors 'self'; form-action 'self'; base-uri 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class UiLoop:
    """An ASGI app that runs on a loop and a thread of its own, and can be called from another loop."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self.loop = asyncio.new_event_loop()
        self._leave = asyncio.Event()
        self._begun: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)

    def start(self) -> None:
        """Return once the app is ready; raises what its start raised."""
        self._thread.start()
        self._begun.result()

    def stop(self, timeout_s: float = 5.0) -> None:
        self.loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(timeout_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = asyncio.get_running_loop()
        gone = False

        async def receive_there() -> MutableMapping[str, Any]:
            nonlocal gone
            message = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_plain(receive()), here))
            gone |= message["type"] in ("http.disconnect", "websocket.disconnect")
            return message

        async def send_there(message: MutableMapping[str, Any]) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_plain(send(message)), here))

        answering = asyncio.run_coroutine_threadsafe(_plain(self._app(scope, receive_there, send_there)), self.loop)
        try:
            await asyncio.wrap_future(answering)
        except RuntimeError:
            if not gone:  # what is not answered to somebody who is gone is no fault
                raise

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._live())

    async def _live(self) -> None:
        try:
            async with self._app.router.lifespan_context(self._app):
                self._begun.set_result(None)
                await self._leave.wait()
        except BaseException as error:
            if not self._begun.done():
                self._begun.set_exception(error)
            raise


async def _plain(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class Front:
    """The door: who comes in, from where, and to which of the two apps.

    plain: what this thread answers itself. plain_paths: which paths those are. hosts: the names under which this
    server is reached; a request under any other is refused, as from a page that points its own name here.
    """

    def __init__(
        self,
        people: People,
        desk: Desk,
        plain: App,
        plain_paths: tuple[str, ...],
        pages: App,
        hosts: frozenset[str],
        tls: bool,
    ) -> None:
        self._people = people
        self._desk = desk
        self._plain = plain
        self._plain_paths = plain_paths
        self._pages = pages
        self._hosts = hosts
        self._scheme = "https" if tls else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        request = HTTPConnection(scope)
        path = request.url.path
        send = _with_headers(send)
        if why := self._not_from_here(request):
            await _refuse(scope, receive, send, 403, why)
            return
        if scope["type"] == "http" and not _is_small(request):
            await _refuse(scope, receive, send, 413, f"Expected a request of at most {_MOST_BYTES} bytes.")
            return
        login = self._people.login(request.cookies.get(COOKIE))
        scope["login"] = login
        if login is None and not path.startswith(_OPEN):
            if (
                scope["type"] == "http"
                and scope["method"] == "GET"
                and "text/html" in request.headers.get("accept", "")
            ):
                await RedirectResponse(f"/login?to={path}" if path != "/" else "/login", 303)(scope, receive, send)
            else:
                await _refuse(scope, receive, send, 401, "Log in first.")
            return
        if login is not None:
            self._desk.heard(login)
            if scope["type"] == "websocket":
                receive, send = self._while_in_force(login, receive, send)
        plain = path in self._plain_paths or path.startswith("/static/")
        await (self._plain if plain else self._pages)(scope, receive, send)

    def _while_in_force(self, login: Login, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The two ends of a web socket, through which nothing passes any more soon after the login has ended."""
        until_s = float("inf")

        def over() -> bool:
            nonlocal until_s
            if not self._people.in_force(login.id):
                until_s = min(until_s, time.monotonic() + _TO_LEAVE_S)
            return time.monotonic() >= until_s

        async def receive_while() -> MutableMapping[str, Any]:
            message = await receive()
            return {"type": "websocket.disconnect", "code": 4401} if over() else message

        async def send_while(message: MutableMapping[str, Any]) -> None:
            if message["type"] != "websocket.send" or not over():
                await send(message)

        return receive_while, send_while

    def _not_from_here(self, request: HTTPConnection) -> str:
        """Why a request is not answered: it comes under a name that is not ours, or from another site; else empty."""
        host = request.headers.get("host", "")
        if (name := _name_of(host)) not in self._hosts:
            return (
                f"Expected one of the names that this console answers to ({', '.join(sorted(self._hosts))}), got "
                f"{name!a}. Open it under one of these, or start it with that name too: vrrehab console --name HOST"
            )
        asks_only = request.scope["type"] == "http" and request.scope["method"] in ("GET", "HEAD")
        if asks_only or request.headers.get("origin") == f"{self._scheme}://{host}":
            return ""
        return "This request comes from another site, and is not answered."


def login_of(request: HTTPConnection) -> Login:
    """The login that a request came with; only for paths that the front lets nobody else through to."""
    login: Login | None = request.scope.get("login")
    assert login is not None
    return login


def _name_of(host: str) -> str:
    """The host without its port, as in `[::1]:8080` and `localhost:8080`."""
    name = host.rsplit(":", 1)[0] if ":" in host and not host.endswith("]") else host
    return name.strip("[]").lower()


def _is_small(request: HTTPConnection) -> bool:
    """Whether a request says how long it is, and is not long; the server takes no more than it says."""
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" not in request.headers and length.isdecimal() and int(length) <= _MOST_BYTES


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403, "reason": why})
    else:
        await PlainTextResponse(why, status)(scope, receive, send)
