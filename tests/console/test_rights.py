"""Every role tries everything: exactly what the table in docs/security.md allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from telemetry.folder import Folder
from telemetry.keys import Keyring
from vrrehab.console.desk import Desk
from vrrehab.console.people import Login, People
from vrrehab.console.rights import ACTIONS, Role, may, may_command
from vrrehab.console.sessions import OnThisComputer
from vrrehab.session.commands import COMMANDS
from vrrehab.testing.silent_session import SilentSession

from .conftest import QUICK, Clinic, Visitor, at_once

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
_PAGES = {"watch": "/run", "history": "/after", "people": "/people"}


@pytest.fixture(scope="module")
def table() -> dict[str, frozenset[Role]]:
    """The table of the document: who may do what; the commands that are not in it come under `*`."""
    text = DOCUMENT.read_text("utf-8")
    text = text[text.index("## Who may do what") :]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    roles = [Role(name) for name in lines[0][1:5]]
    found = {}
    for row in lines[2:]:
        named = re.search(r"`(\S+)`", row[0])
        if named is None:
            break
        found[named[1]] = frozenset(role for role, cell in zip(roles, row[1:5], strict=True) if cell == "yes")
    return found


def test_the_document_says_of_every_action_who_may(table: dict[str, frozenset[Role]]) -> None:
    assert {name: roles for name, roles in table.items() if name in ACTIONS} == ACTIONS
    for role in Role:
        for action in ACTIONS:
            assert may(frozenset({role}), action) == (role in table[action])


def desk_of(data: Path, people: People) -> Desk:
    return Desk(OnThisComputer(data), people, Keyring(Folder(data).keys))


@pytest.fixture
def desk(clinic: Clinic, tmp_path: Path) -> Iterator[tuple[Desk, Callable[[Role], Login]]]:
    people = People(tmp_path / "console.db", hasher=QUICK)
    desk = desk_of(clinic.data, people)

    def log_in(role: Role) -> Login:
        people.add(role, "sunlit-table-seven", [role], "tests")
        login = people.login(people.log_in(role, "sunlit-table-seven", "here"))
        assert login is not None
        return login

    yield desk, log_in
    desk.close()
    people.close()


@pytest.mark.parametrize("role", list(Role))
def test_every_role_gives_every_command(
    role: Role,
    desk: tuple[Desk, Callable[[Role], Login]],
    session: Callable[..., SilentSession],
    table: dict[str, frozenset[Role]],
) -> None:
    session()
    ours, log_in = desk
    login = log_in(role)
    for command in sorted(COMMANDS, key=lambda name: name == "stop"):
        order = at_once(ours.tell(login, command, {}))
        allowed = role in table.get(command, table["*"])
        assert allowed == may_command(login.roles, command)
        forbidden = order.status == "refused" and "may not give this command" in order.reason
        assert forbidden != allowed, f"{role} and {command}: {order}"
        assert order.status != "unanswered"


@pytest.mark.parametrize("name", ["anna", "oskar", "rita", "adam"])
def test_every_role_opens_every_page(
    name: str, visitor: Callable[..., Visitor], table: dict[str, frozenset[Role]]
) -> None:
    role = {"anna": Role.THERAPIST, "oskar": Role.OBSERVER, "rita": Role.RESEARCHER, "adam": Role.ADMINISTRATOR}[name]
    somebody = visitor(name)
    for action, path in _PAGES.items():
        assert (somebody.http.get(path).status_code == 200) == (role in table[action]), path
    assert (somebody.http.get("/picture.jpg").status_code != 403) == (role in table["watch"])
    with nullcontext() if role in table["watch"] else pytest.raises(InvalidStatus), somebody.web_socket("/live"):
        pass
    assert somebody.http.get("/report/of+nobody").status_code == (404 if role in table["history"] else 403)
    assert somebody.http.get("/stop").status_code == 200


def test_two_therapists_see_who_is_in_control_and_stop_belongs_to_both(
    clinic: Clinic, tmp_path: Path, session: Callable[..., SilentSession]
) -> None:
    session()
    people = People(tmp_path / "console.db", hasher=QUICK)
    desk = desk_of(clinic.data, people)
    try:
        logins = []
        for name in ("anna", "berta"):
            people.add(name, "sunlit-table-seven", [Role.THERAPIST], "tests")
            logins.append(people.login(people.log_in(name, "sunlit-table-seven", "here")))
        anna, berta = logins
        assert anna is not None
        assert berta is not None
        assert at_once(desk.tell(anna, "pause", {})).status == "applied"
        refused = at_once(desk.tell(berta, "resume", {}))
        assert (refused.status, refused.reason) == ("refused", "anna is in control; take control first")
        assert desk.take_control(berta)
        assert at_once(desk.tell(berta, "resume", {})).status == "applied"
        assert "berta is in control" in at_once(desk.tell(anna, "pause", {})).reason
        people.end_login(berta.id, "adam")
        assert at_once(desk.tell(berta, "pause", {})).reason == "your login has ended; log in again"
        assert at_once(desk.tell(anna, "pause", {})).status == "applied"
        assert at_once(desk.tell(anna, "stop", {})).status == "applied"
    finally:
        desk.close()
        people.close()
