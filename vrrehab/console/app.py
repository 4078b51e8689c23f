"""The console as a program: its parts put together, and served until somebody ends it."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import app as pages_app
from nicegui import ui

from telemetry.address import parse_address
from telemetry.folder import Folder
from telemetry.keys import Keyring
from vrrehab.console import DEFAULT_PORT, after, certificate, people_page, prepare, run
from vrrehab.console.desk import Desk
from vrrehab.console.launcher import Launcher
from vrrehab.console.people import People
from vrrehab.console.plain import PATHS, plain_app
from vrrehab.console.records import Records
from vrrehab.console.server import Front, UiLoop
from vrrehab.console.sessions import OnAnother, OnThisComputer
from vrrehab.console.shell import Console
from vrrehab.console.watch import Watch

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: How often a thread gives way: Stop must not wait long for a page that computes.
_GIVE_WAY_S = 0.001
_LEAVE_S = 2
#: A browser keeps connections that it has used for five minutes; so does this end, so that Stop finds one that is open,
#: and never one that was closed a moment before.
_KEEP_S = 330
#: How soon browser and server notice that they lost one another: within 1.2 times this.
_NOTICE_S = 10.0


@dataclass(frozen=True, slots=True)
class Where:
    """Where the console is served. host: an address of this computer; one that others reach needs TLS."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    certificate: Path | None = None
    key: Path | None = None
    name: str = ""


def accounts_file(data: Path) -> Path:
    """Where the console keeps its accounts, logins and audit log."""
    return Folder(data).path / "console.db"


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    data: Path,
    where: Where,
    *,
    recorder: str | None = None,
    session: str | None = None,
    session_arguments: tuple[str, ...] = (),
    say: Callable[[str], None] = print,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the console of a data folder until a signal ends it. `ready` gets the address that a browser opens.

    session: where a session on another computer shows itself; without, those on the data folder are led. Raises
    `NotLoopback` for an address of another computer without its key.
    """
    sessions = OnAnother(str(parse_address(session))) if session else OnThisComputer(data)
    sys.setswitchinterval(_GIVE_WAY_S)
    tls = None
    if where.certificate is not None and where.key is not None:
        tls = certificate.given(where.certificate, where.key)
    elif not is_loopback(where.host):
        tls = certificate.own(data / "keys", where.name or where.host)
    people = People(accounts_file(data))
    desk = Desk(sessions, people, Keyring(Folder(data).keys))
    records = Records(data, recorder)
    watch = Watch(desk, sessions, data)
    console = Console(data, people, desk, watch, records, Launcher(data, desk, session_arguments, sessions.here))
    pages = UiLoop(_pages(console))
    pages.start()
    watch.start()
    hosts = _LOOPBACK | (tls.names if tls else frozenset()) | ({where.name.lower()} if where.name else frozenset())
    front = Front(people, desk, plain_app(people, desk, watch, tls is not None), PATHS, pages, hosts, tls is not None)
    config = uvicorn.Config(
        front,
        where.host,
        where.port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_LEAVE_S,
        timeout_keep_alive=_KEEP_S,
        ws_per_message_deflate=False,
        ssl_certfile=str(tls.file) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    server = _Server(config)
    name = where.name or ("127.0.0.1" if is_loopback(where.host) or where.host == "0.0.0.0" else where.host)

    def begun(port: int) -> None:
        address = f"{'https' if tls else 'http'}://{name}:{port}"
        say(f"the console is at {address}")
        if tls:
            say(f"its certificate has the fingerprint {tls.fingerprint}")
        if ready is not None:
            ready(address)

    server.begun = begun
    try:
        server.run()
    finally:
        pages.stop()
        watch.close()
        desk.close()
        records.close()
        people.close()


class _Server(uvicorn.Server):
    """Says on which port it listens as soon as it does; port 0 takes any free one."""

    begun: Callable[[int], None]

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self.begun(self.servers[0].sockets[0].getsockname()[1])


def _pages(console: Console) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for each in (prepare, run, after, people_page):
        each.add(console)
    # Requests are no news: a bar that runs across the page at each of them is neither calm nor named.
    pages_app.config.quasar_config["loadingBar"] = {"skipHijack": True}
    ui.run_with(
        app, title="vrrehab", favicon=Path(__file__).parent / "static" / "mark.svg", dark=None, tailwind=False,
        reconnect_timeout=_NOTICE_S, binding_refresh_interval=None, show_welcome_message=False,
    )  # fmt: skip
    return app
