from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from vrrehab.console.people import LONGEST_LOGIN_S, LONGEST_SILENCE_S, TRIES, LoginRefused, People
from vrrehab.console.rights import Role
from vrrehab.errors import NotPossible

PASSWORD = "sunlit-table-seven"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(tmp_path: Path, clock: Clock) -> Iterator[People]:
    people = People(tmp_path / "console.db", clock, QUICK)
    people.add("anna", PASSWORD, [Role.THERAPIST, Role.ADMINISTRATOR], "tests")
    yield people
    people.close()


def test_a_password_logs_in_and_a_token_is_that_login(people: People) -> None:
    token = people.log_in("anna", PASSWORD, "10.0.0.7", "a browser")
    login = people.login(token)
    assert login is not None
    assert (login.name, login.address) == ("anna", "10.0.0.7")
    assert login.roles == {Role.THERAPIST, Role.ADMINISTRATOR}
    assert people.login("another" + token) is None
    assert people.login(None) is None


def test_the_file_holds_neither_a_password_nor_a_token(people: People, tmp_path: Path) -> None:
    token = people.log_in("anna", PASSWORD, "10.0.0.7")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"$argon2id$" in kept
    assert PASSWORD.encode() not in kept
    assert token.encode() not in kept
    assert (tmp_path / "console.db").stat().st_mode & 0o077 == 0


def test_a_wrong_password_and_an_unknown_name_are_told_alike(people: People) -> None:
    said = []
    for name, password in (("anna", "wrong-password"), ("nobody", PASSWORD)):
        with pytest.raises(LoginRefused) as refused:
            people.log_in(name, password, "10.0.0.7")
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_wrong_passwords_lock_a_name_for_longer_and_longer_and_a_new_password_opens_it(
    people: People, clock: Clock
) -> None:
    for _ in range(TRIES):
        with pytest.raises(LoginRefused, match="Name or password"):
            people.log_in("anna", "wrong-password", "10.0.0.7")
    with pytest.raises(LoginRefused, match="locked"):
        people.log_in("anna", PASSWORD, "10.0.0.7")
    clock.now += 61
    with pytest.raises(LoginRefused, match="Name or password"):
        people.log_in("anna", "wrong-password", "10.0.0.7")
    clock.now += 61
    with pytest.raises(LoginRefused, match="locked"):
        people.log_in("anna", PASSWORD, "10.0.0.7")
    people.set_password("anna", "another-long-one", "adam")
    assert people.log_in("anna", "another-long-one", "10.0.0.7")


def test_who_guesses_on_the_network_locks_nobody_out_where_they_always_log_in(people: People) -> None:
    people.log_in("anna", PASSWORD, "127.0.0.1")
    for _ in range(TRIES):
        with pytest.raises(LoginRefused):
            people.log_in("anna", "wrong-password", "10.0.0.66")
    for elsewhere in ("10.0.0.66", "10.0.0.67"):  # another address is no way round
        with pytest.raises(LoginRefused, match="locked"):
            people.log_in("anna", PASSWORD, elsewhere)
    assert people.log_in("anna", PASSWORD, "127.0.0.1")
    with pytest.raises(LoginRefused, match="locked"):  # nor has that taken the lock off
        people.log_in("anna", PASSWORD, "10.0.0.66")


def test_of_many_wrong_passwords_at_once_each_counts(people: People) -> None:
    def guess(_: int) -> str:
        with pytest.raises(LoginRefused) as refused:
            people.log_in("anna", "wrong-password", "10.0.0.66")
        return str(refused.value)

    with ThreadPoolExecutor(4 * TRIES) as many:
        said = list(many.map(guess, range(4 * TRIES)))
    assert sum("Name or password" in each for each in said) == TRIES


def test_a_login_holds_while_the_disk_is_full(people: People, clock: Clock, tmp_path: Path) -> None:
    token = people.log_in("anna", PASSWORD, "10.0.0.7")
    clock.now += 60
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nothing can be written, as on a disk that is full
        people._db.execute("PRAGMA busy_timeout = 0")
        assert people.login(token) is not None


def test_a_login_ends_by_itself_when_its_browser_is_gone_and_at_the_end_of_the_day(
    people: People, clock: Clock
) -> None:
    silent = people.log_in("anna", PASSWORD, "10.0.0.7")
    clock.now += LONGEST_SILENCE_S + 1
    assert people.login(silent) is None
    open_page = people.log_in("anna", PASSWORD, "10.0.0.7")
    until = clock.now + LONGEST_LOGIN_S
    while clock.now + 600 < until:
        clock.now += 600
        assert people.login(open_page) is not None
    clock.now = until + 1
    assert people.login(open_page) is None


def test_a_login_that_is_ended_is_over_at_once(people: People) -> None:
    token = people.log_in("anna", PASSWORD, "10.0.0.7")
    login = people.login(token)
    assert login is not None
    people.end_login(login.id, "adam")
    assert people.login(token) is None
    assert not people.in_force(login.id)


def test_another_password_other_roles_and_shutting_out_end_every_login(people: People) -> None:
    people.add("berta", PASSWORD, [Role.THERAPIST], "anna")
    for end in (
        lambda: people.set_password("berta", PASSWORD, "anna"),
        lambda: people.change("berta", "anna", roles=[Role.OBSERVER]),
        lambda: people.change("berta", "anna", active=False),
    ):
        token = people.log_in("berta", PASSWORD, "10.0.0.7")
        end()
        assert people.login(token) is None
    with pytest.raises(LoginRefused):
        people.log_in("berta", PASSWORD, "10.0.0.7")


def test_somebody_stays_administrator(people: People) -> None:
    with pytest.raises(NotPossible, match="administrator"):
        people.change("anna", "anna", roles=[Role.THERAPIST])
    with pytest.raises(NotPossible, match="administrator"):
        people.change("anna", "anna", active=False)


@pytest.mark.parametrize(
    ("name", "password", "roles", "told"),
    [
        ("Anna Berg", PASSWORD, [Role.THERAPIST], "a name"),
        ("anna", PASSWORD, [Role.THERAPIST], "already"),
        ("carla", "short", [Role.THERAPIST], "a password"),
        ("carla-carlsson", "carla-carlsson", [Role.THERAPIST], "a password"),
        ("carla", PASSWORD, [], "at least one role"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_the_reason(
    people: People, name: str, password: str, roles: list[Role], told: str
) -> None:
    with pytest.raises(NotPossible, match=told):
        people.add(name, password, roles, "tests")


def test_only_the_first_account_can_be_made_without_one(people: People, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="already"):
        people.add_first("mallory", PASSWORD, [Role.THERAPIST], "first start")
    with closing(People(tmp_path / "new.db", hasher=QUICK)) as fresh:
        fresh.add_first("anna", PASSWORD, [Role.THERAPIST], "first start")
        assert fresh.accounts()[0].roles == {Role.THERAPIST, Role.ADMINISTRATOR}


def test_the_audit_log_says_who_did_what_and_is_only_added_to(people: People, tmp_path: Path) -> None:
    with pytest.raises(LoginRefused):
        people.log_in("anna", "wrong-password", "10.0.0.9")
    people.log_in("anna", PASSWORD, "10.0.0.7")
    assert [(each.who, each.what) for each in people.noted(2)] == [("anna", "logged in"), ("anna", "login refused")]
    with closing(sqlite3.connect(tmp_path / "console.db")) as db:
        for attempt in ("DELETE FROM audit", "UPDATE audit SET who = 'nobody'"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                db.execute(attempt)
