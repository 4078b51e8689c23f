"""What the console answers on the server's own thread, without scripts or the pages' loop: login, Stop, picture.

Everything here is plain HTML that works in any browser, on any second device, while whatever else is busy.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from html import escape
from importlib import resources
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from vrrehab.console.desk import Desk, Order
from vrrehab.console.people import LONGEST_LOGIN_S, LoginRefused, People
from vrrehab.console.rights import Role, may
from vrrehab.console.server import COOKIE, login_of
from vrrehab.console.watch import Watch
from vrrehab.console.words import Words
from vrrehab.errors import NotPossible

PATHS = ("/login", "/first", "/logout", "/stop", "/picture.jpg", "/picture.mjpeg", "/live", "/in-force")
_LOOPBACK = ("127.0.0.1", "::1")
_WAIT_S = 2.0
_BOUNDARY = "picture"


def plain_app(people: People, desk: Desk, watch: Watch, tls: bool) -> Starlette:
    """The app of these routes."""
    pages = _Plain(people, desk, watch, tls)
    static = str(resources.files("vrrehab.console") / "static")
    return Starlette(
        routes=[
            Route("/login", pages.login_page, methods=["GET"]),
            Route("/login", pages.log_in, methods=["POST"]),
            Route("/first", pages.first_page, methods=["GET"]),
            Route("/first", pages.first, methods=["POST"]),
            Route("/logout", pages.log_out, methods=["POST"]),
            Route("/stop", pages.stop_page, methods=["GET"]),
            Route("/stop", pages.stop, methods=["POST"]),
            Route("/picture.jpg", pages.picture),
            Route("/picture.mjpeg", pages.moving_picture),
            WebSocketRoute("/live", pages.live),
            Route("/in-force", pages.in_force),
            Mount("/static", StaticFiles(directory=static)),
        ]
    )


class _Plain:
    def __init__(self, people: People, desk: Desk, watch: Watch, tls: bool) -> None:
        self._people = people
        self._desk = desk
        self._watch = watch
        self._tls = tls

    # --- who is there ---

    async def login_page(self, request: Request) -> Response:
        if not self._people.accounts():
            return RedirectResponse("/first", 303)
        return _login_form(_words_for(request), _path_in(request.query_params.get("to", "/")))

    async def log_in(self, request: Request) -> Response:
        said = await request.form()
        t, to = _words_for(request), _path_in(str(said.get("to", "/")))
        name, password = str(said.get("name", "")).strip().lower(), str(said.get("password", ""))
        browser = request.headers.get("user-agent", "")
        address = request.client.host if request.client else ""
        try:
            token = await asyncio.to_thread(self._people.log_in, name, password, address, browser)
        except LoginRefused as error:
            return _login_form(t, to, name, t.heard(str(error)), 403)
        answer = RedirectResponse(to, 303)
        answer.set_cookie(COOKIE, token, int(LONGEST_LOGIN_S), httponly=True, secure=self._tls, samesite="strict")
        return answer

    async def log_out(self, request: Request) -> Response:
        login = login_of(request)
        self._desk.release(login)
        self._people.end_login(login.id, login.name)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    async def first_page(self, request: Request) -> Response:
        return self._first_form(request)

    async def first(self, request: Request) -> Response:
        said = await request.form()
        name, password = str(said.get("name", "")).strip().lower(), str(said.get("password", ""))
        if not self._may_begin(request):
            return self._first_form(request, name)
        if password != str(said.get("again", "")):
            return self._first_form(request, name, "The two passwords are not the same. Type both again.")
        roles = {Role.ADMINISTRATOR, Role.THERAPIST} if said.get("therapist") else {Role.ADMINISTRATOR}
        try:
            await asyncio.to_thread(self._people.add_first, name, password, roles, "first start")
        except NotPossible as error:
            return self._first_form(request, name, _words_for(request).heard(str(error)))
        return await self.log_in(request)

    def _may_begin(self, request: Request) -> bool:
        return not self._people.accounts() and request.client is not None and request.client.host in _LOOPBACK

    def _first_form(self, request: Request, name: str = "", problem: str = "") -> Response:
        t = _words_for(request)
        if self._people.accounts():
            return RedirectResponse("/login", 303)
        if not self._may_begin(request):
            text = t("Nobody has an account yet. Make the first one in a browser on the console's own computer.")
            return _page(t, t("Welcome"), f"<p>{escape(text)}</p>", 403)
        body = (
            f"<p>{escape(t('Make the first account. It is an administrator, and makes the others.'))}</p>"
            f"{_alert(t(problem))}<form method=post action=/first class=form>"
            f"{_name_field(t, name)}"
            f"{_password_field(t('Password, at least 10 characters'), 'password', 'new-password')}"
            f"{_password_field(t('The same password again'), 'again', 'new-password')}"
            "<label class=tick><input type=checkbox name=therapist value=1 checked>"
            f"<span>{escape(t('I also lead sessions, as a therapist'))}</span></label>"
            f"<button class='button primary'>{escape(t('Make the account'))}</button></form>"
        )
        return _page(t, t("Welcome"), body, 400 if problem else 200)

    async def in_force(self, request: Request) -> Response:
        """Answers while a login holds, which the front has checked; by it a page keeps a connection open for Stop."""
        return Response(status_code=204)

    # --- stop ---

    async def stop_page(self, request: Request) -> Response:
        return self._stop_page(request, None)

    async def stop(self, request: Request) -> Response:
        login = login_of(request)
        key = None
        if request.headers.get("content-length", "0") != "0":
            key = str((await request.form()).get("key", ""))[:64] or None
        order = await self._desk.tell(login, "stop", {}, key)
        if "application/json" in request.headers.get("accept", ""):
            names = ("status", "frame", "reason", "at", "took_ms")
            said = {name: getattr(order, name) for name in names}
            return JSONResponse({**said, "reason": Words(login.language).heard(order.reason)})
        return self._stop_page(request, order)

    def _stop_page(self, request: Request, order: Order | None) -> Response:
        login = login_of(request)
        t = Words(login.language)
        what = ""
        if order is not None:
            kind = "good" if order.status == "applied" else "bad"
            what = f"<p class='outcome {kind}' role=status>{escape(outcome_of_stop(t, order))}</p>"
        about = t(
            "Task and limb freeze at once, and the picture fades to calm. Pressed once more, Stop ends the session."
        )
        picture = ""
        if may(login.roles, "watch"):
            picture = f"<img class=seen src=/picture.mjpeg alt='{escape(t('What the participant sees'))}'>"
        body = (
            f"{what}<form method=post action=/stop><button class='stop whole' accesskey=s autofocus>"
            f"{escape(t('Stop'))}</button></form>"
            f"<p class=soft>{escape(about)}"
            f"</p>{picture}<p><a class=button href=/run>{escape(t('Back to the session'))}</a></p>"
        )
        return _page(t, t("Stop"), body)

    # --- what the participant sees ---

    async def picture(self, request: Request) -> Response:
        """The newest picture as JPEG, once there is one after `after`; 204 where none came in time."""
        if not may(login_of(request).roles, "watch"):
            return Response(status_code=403)
        number, jpeg = await self._watch.jpeg(_number(request.query_params.get("after")), _WAIT_S)
        if jpeg is None:
            return Response(status_code=204, headers={"cache-control": "no-store"})
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store", "x-number": str(number)})

    async def moving_picture(self, request: Request) -> Response:
        """One picture after the other, for as long as somebody looks and is logged in."""
        if not may(login_of(request).roles, "watch"):
            return Response(status_code=403)
        login_id = login_of(request).id

        async def pictures():  # type: ignore[no-untyped-def]
            number = 0
            while self._people.in_force(login_id):
                number, jpeg = await self._watch.jpeg(number, _WAIT_S)
                if jpeg is not None:
                    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    yield head.encode() + jpeg + b"\r\n"

        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(pictures(), media_type=kind, headers={"cache-control": "no-store"})

    async def live(self, socket: WebSocket) -> None:
        """The newest picture and skeleton, once for each asking, as soon as one of them is new; for `live.js`.

        A message is the skeleton as JSON, led by its length in four bytes, and the JPEG. What is not new is left out.
        """
        if not may(login_of(socket).roles, "watch"):
            await socket.close(4403)
            return
        await socket.accept()
        pictured = drawn = 0
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
                (pictured, jpeg), (drawn, said) = await self._watch.seen(pictured, drawn, _WAIT_S)
                await socket.send_bytes(b"".join((len(said or b"").to_bytes(4, "big"), said or b"", jpeg or b"")))


def outcome_of_stop(t: Words, order: Order) -> str:
    """What became of a Stop, in a sentence."""
    if order.status == "applied":
        if order.reason:
            return t.heard(order.reason)
        return t("Stopped, in frame {frame}.", frame=order.frame)
    if order.status == "unanswered":
        return t(
            "The session does not answer. Press Esc on the headset's computer, "
            "or help the participant to take the headset off."
        )
    return t("Not stopped: {reason}.", reason=t.heard(order.reason))


def _login_form(t: Words, to: str, name: str = "", problem: str = "", status: int = 200) -> Response:
    body = (
        f"{_alert(problem)}<form method=post action=/login class=form>"
        f"<input type=hidden name=to value='{escape(to, quote=True)}'>"
        f"{_name_field(t, name)}{_password_field(t('Password'), 'password', 'current-password')}"
        f"<button class='button primary'>{escape(t('Log in'))}</button></form>"
    )
    return _page(t, t("Log in"), body, status)


def _name_field(t: Words, name: str) -> str:
    return (
        f"<label class=field><span>{escape(t('Name'))}</span><input name=name value='{escape(name, quote=True)}' "
        "required autocomplete=username autocapitalize=none spellcheck=false autofocus></label>"
    )


def _password_field(label: str, name: str, use: str) -> str:
    return (
        f"<label class=field><span>{escape(label)}</span>"
        f"<input type=password name={name} required autocomplete={use}></label>"
    )


def _alert(problem: str) -> str:
    return f"<p class='notice bad' role=alert>{escape(problem)}</p>" if problem else ""


def _page(t: Words, title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f"<!doctype html><html lang={t.language}><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)} · vrrehab</title><script src=/static/theme.js></script>"
        "<link rel=icon href=/static/mark.svg><link rel=stylesheet href=/static/console.css></head>"
        "<body class=plain><main class=card><p class=brand>"
        "<img src=/static/mark.svg alt='' width=28 height=28> vrrehab</p>"
        f"<h1>{escape(title)}</h1>{body}</main></body></html>",
        status,
        {"cache-control": "no-store"},
    )


def _words_for(request: Request) -> Words:
    """For somebody who is not logged in: what their browser asks for."""
    return Words(request.headers.get("accept-language", "en")[:2].lower())


def _path_in(to: str) -> str:
    """A path of this server; anything that could lead elsewhere becomes the first page."""
    return quote(to, safe="/-_.~%") if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 16 else 0
