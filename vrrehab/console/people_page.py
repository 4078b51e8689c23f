"""People: who may log in and as what, who is logged in, and what was done; for administrators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.people import Account
from vrrehab.console.rights import Role
from vrrehab.console.shell import KEPT_S, Console, Visit, page, refused
from vrrehab.console.words import Words

_LINES = 100
#: What of a note is named by the program, and not written by somebody.
_NAMED = ("roles", "why", "outcome", "command", "kind", "programme")


def add(console: Console) -> None:
    """Put the page on the server."""

    @ui.page("/people", reconnect_timeout=KEPT_S)
    async def people(request: Request) -> Response | None:
        if (answer := refused(request, "people")) is not None:
            return answer
        with page(console, request, "/people", "People") as visit:
            _People(visit)
        return None


class _People:
    def __init__(self, visit: Visit) -> None:
        self._visit, self._t, self._people = visit, visit.t, visit.console.people
        t = self._t
        Tag("h1", t("People"))
        with Tag("div", kind="columns two"):
            with Tag("div", kind="stack"):
                with Tag("section", kind="card", aria_label=t("Accounts")):
                    Tag("h2", t("Accounts"))
                    self._accounts = Tag("div", kind="stack")
                with Tag("section", kind="card", aria_label=t("New account")):
                    Tag("h2", t("New account"))
                    self._form = Tag("div", kind="form")
                self._new_form()
            with Tag("div", kind="stack"):
                with Tag("section", kind="card", aria_label=t("Logged in now")):
                    Tag("h2", t("Logged in now"))
                    self._logins = Tag("div", kind="stack")
                with Tag("section", kind="card", aria_label=t("What was done")):
                    with Tag("div", kind="headline"):
                        Tag("h2", t("What was done"))
                        with Tag("div", kind="end"):
                            kit.button(t("Refresh"), self._show)
                    self._log = Tag("div")
        self._show()

    def _show(self) -> None:
        t = self._t
        self._accounts.clear()
        with self._accounts:
            for account in self._people.accounts():
                self._account(account)
        self._logins.clear()
        with self._logins:
            for login in self._people.logins():
                with Tag("div", kind="row", data_login=login.name):
                    with Tag("div"):
                        Tag("b", login.name)
                        since = t.day(round(login.began * 1e9))
                        Tag("p", t("from {address}, since {since}", address=login.address, since=since), "soft small")
                    kit.button(
                        t("End"),
                        lambda login=login: self._do(self._end(login.id)),
                        "quiet",
                        aria_label=t("End the login of {name}", name=login.name),
                    )
        self._log.clear()
        with self._log:
            rows = [
                (
                    t.day(round(each.at * 1e9), seconds=True),
                    each.who,
                    t(each.what),
                    _in_words(t, each.detail),
                )
                for each in self._people.noted(_LINES)
            ]
            kit.table(t("What was done"), [t(head) for head in ("When", "Who", "What", "Of what")], rows)

    def _account(self, account: Account) -> None:
        t, by = self._t, self._visit.login.name
        said = set(account.roles)
        with Tag("fieldset", data_account=account.name):
            Tag("legend", account.name if account.active else t("{name} (may not log in)", name=account.name))
            with Tag("div", kind="row"):
                for role in Role:

                    def put(on: bool, role: Role = role) -> None:
                        (said.add if on else said.discard)(role)

                    kit.tick(t(role), role in account.roles, put)
            with Tag("div", kind="row"):
                kit.button(
                    t("Keep roles"),
                    lambda: self._do(self._change(account.name, by, roles=frozenset(said))),
                    aria_label=t("Keep the roles of {name}", name=account.name),
                    data_kept=f"roles-{account.name}",
                )
                turn = t("Let log in") if not account.active else t("Shut out")
                kit.button(
                    turn,
                    lambda: self._do(self._change(account.name, by, active=not account.active)),
                    "quiet",
                    aria_label=f"{turn}: {account.name}",
                    data_kept=f"turn-{account.name}",
                )
            with Tag("details"):
                Tag("summary", t("New password"), "button quiet", data_kept=f"password-{account.name}")
                new = {"password": ""}
                kit.field(
                    t("New password of {name}", name=account.name),
                    "",
                    lambda v: new.update(password=v),
                    kind="password",
                    live=True,
                    autocomplete="new-password",
                )
                kit.button(
                    t("Set"),
                    lambda: self._do(self._set(account.name, new["password"], by)),
                    aria_label=t("Set the password of {name}", name=account.name),
                )

    def _new_form(self) -> None:
        t = self._t
        said: dict[str, str] = {"name": "", "password": ""}
        roles: set[Role] = {Role.THERAPIST}
        self._form.clear()
        with self._form:
            kit.field(
                t("Name"),
                "",
                lambda v: said.update(name=v.strip().lower()),
                live=True,
                hint=t("Small letters, such as anna"),
                autocomplete="off",
                data_new="name",
            )
            kit.field(
                t("Password"),
                "",
                lambda v: said.update(password=v),
                kind="password",
                live=True,
                hint=t("At least 10 characters"),
                autocomplete="new-password",
                data_new="password",
            )
            with Tag("fieldset"):
                Tag("legend", t("Roles"))
                with Tag("div", kind="row"):
                    for role in Role:

                        def put(on: bool, role: Role = role) -> None:
                            (roles.add if on else roles.discard)(role)

                        kit.tick(t(role), role in roles, put)
            kit.button(
                t("Make the account"),
                lambda: self._do(self._make(said["name"], said["password"], roles)),
                "primary",
                data_do="make-account",
            )

    async def _do(self, what: Awaitable[None]) -> None:
        if not self._visit.may("people"):
            asyncio.ensure_future(what).cancel()
            self._visit.say(self._t("Only an administrator does this."), "bad")
            return
        self._visit.say("")
        if await self._visit.asked(what):
            self._show()

    async def _make(self, name: str, password: str, roles: set[Role]) -> None:
        await asyncio.to_thread(self._people.add, name, password, roles, self._visit.login.name)
        self._new_form()

    async def _change(
        self, name: str, by: str, *, roles: frozenset[Role] | None = None, active: bool | None = None
    ) -> None:
        await asyncio.to_thread(lambda: self._people.change(name, by, roles=roles, active=active))

    async def _set(self, name: str, password: str, by: str) -> None:
        await asyncio.to_thread(self._people.set_password, name, password, by)

    async def _end(self, login_id: int) -> None:
        await asyncio.to_thread(self._people.end_login, login_id, self._visit.login.name)


def _in_words(t: Words, detail: dict[str, object]) -> str:
    """What was noted, in the reader's language; what somebody wrote or is called stays as it is."""
    said = []
    for name, value in detail.items():
        if value in ("", None):
            continue
        if name in _NAMED and isinstance(value, str):
            value = " ".join(t.name(word) for word in value.split())
        elif isinstance(value, float):
            value = t.number(value)
        elif not isinstance(value, str | int):
            value = json.dumps(value)
        said.append(f"{t.name(name)} {value}")
    return ", ".join(said)
