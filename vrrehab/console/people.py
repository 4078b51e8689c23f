"""Accounts, logins and the audit log of the console, in a database of their own (`console.db`).

A password is kept as an argon2 hash, a login as the hash of its token, so that the file logs nobody in. What happened
is only ever added to. Safe to use from several threads.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vrrehab.console.rights import Role
from vrrehab.errors import NotPossible

#: A login ends after this long whatever happens, and when nothing was heard of its browser for this long.
LONGEST_LOGIN_S, LONGEST_SILENCE_S = 12 * 3600.0, 30 * 60.0
#: This many wrong passwords in a row lock a name; each further one locks it for twice as long, up to an hour. Each
#: address from which the name has logged in before counts its own, all others together: who guesses on the network
#: locks nobody out at the computer that they always use.
TRIES = 5
_LOCKED_S, _LONGEST_LOCK_S = 60.0, 3600.0
_LEAST_PASSWORD, _MOST_PASSWORD = 10, 200
_SEEN_EVERY_S = 20.0
_MOST_FAILING_NAMES = 10_000
_NAME = re.compile(r"[a-z][a-z0-9_.-]{1,31}")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY, roles TEXT NOT NULL, password TEXT NOT NULL, language TEXT NOT NULL DEFAULT 'en',
    active INTEGER NOT NULL DEFAULT 1);
DROP TABLE IF EXISTS failures;
CREATE TABLE IF NOT EXISTS wrong (
    name TEXT NOT NULL, place TEXT NOT NULL, times INTEGER NOT NULL, until REAL NOT NULL, PRIMARY KEY (name, place));
CREATE TABLE IF NOT EXISTS logins (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, name TEXT NOT NULL, address TEXT NOT NULL,
    browser TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL, ended REAL,
    FOREIGN KEY (name) REFERENCES accounts (name));
CREATE TABLE IF NOT EXISTS control (login INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is only added to'); END;
"""


class LoginRefused(NotPossible):
    """A name and a password that do not log in, in words that do not tell which of them was wrong."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    roles: frozenset[Role]
    language: str
    active: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is in force; times are seconds since 1970."""

    id: int
    name: str
    roles: frozenset[Role]
    language: str
    address: str
    browser: str
    began: float
    seen: float


@dataclass(frozen=True, slots=True)
class Noted:
    """One line of the audit log; `at` in seconds since 1970."""

    at: float
    who: str
    what: str
    detail: dict[str, Any]


class People:
    """The people of the data folder's console. `clock` gives the seconds since 1970."""

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, hasher: PasswordHasher | None = None
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._lock = threading.RLock()
        # One password is looked at after the other: of many at once each counts, and they leave the session its cores.
        self._at_the_door = threading.Lock()
        fresh = not path.exists()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10.0)
        if fresh:
            path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Stop passes through here: it must not wait for the disk.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)
        # So that a name that is not there takes as long as one that is.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # --- accounts ---

    def add(self, name: str, password: str, roles: Iterable[Role], by: str, language: str = "en") -> None:
        """Add an account. Raises `NotPossible` where the name, the password or the roles cannot be."""
        if not _NAME.fullmatch(name):
            raise NotPossible(
                f"Expected a name of 2 to 32 small letters, digits, . _ or -, with a letter first, but {name!r} came."
            )
        said = _roles_text(roles)
        hashed = self._hashed(name, password)
        with self._lock:
            try:
                self._db.execute(
                    "INSERT INTO accounts (name, roles, password, language) VALUES (?, ?, ?, ?)",
                    (name, said, hashed, language),
                )
            except sqlite3.IntegrityError:
                raise NotPossible(f"There is an account {name} already; choose another name.") from None
            self.note(by, "account added", {"name": name, "roles": said})

    def add_first(self, name: str, password: str, roles: Iterable[Role], by: str) -> None:
        """Add the very first account. Raises `NotPossible` where there is one already, too."""
        with self._lock:
            if self.accounts():
                raise NotPossible("There are accounts already; ask an administrator for one.")
            self.add(name, password, {*roles, Role.ADMINISTRATOR}, by)

    def accounts(self) -> list[Account]:
        """Every account, by name."""
        with self._lock:
            rows = self._db.execute("SELECT name, roles, language, active FROM accounts ORDER BY name").fetchall()
        return [Account(name, _roles_of(roles), language, bool(active)) for name, roles, language, active in rows]

    def change(self, name: str, by: str, *, roles: Iterable[Role] | None = None, active: bool | None = None) -> None:
        """Change what an account may do, or whether it may log in; its logins end. Raises `NotPossible`."""
        with self._lock:
            known = {account.name: account for account in self.accounts()}
            if name not in known:
                raise NotPossible(f"There is no account {name}.")
            account = known[name]
            new = account.roles if roles is None else frozenset(roles)
            works = account.active if active is None else active
            others = (a for a in known.values() if a.name != name and a.active and Role.ADMINISTRATOR in a.roles)
            if (Role.ADMINISTRATOR not in new or not works) and not any(True for _ in others):
                raise NotPossible("Somebody has to be administrator: make another account one first.")
            said = _roles_text(new)
            self._db.execute("UPDATE accounts SET roles = ?, active = ? WHERE name = ?", (said, works, name))
            self.note(by, "account changed", {"name": name, "roles": said, "active": works})
            self.end_logins_of(name, by)

    def set_password(self, name: str, password: str, by: str) -> None:
        """Give an account another password; its logins end, and a lock is taken off. Raises `NotPossible`."""
        hashed = self._hashed(name, password)
        with self._lock:
            if not self._db.execute("UPDATE accounts SET password = ? WHERE name = ?", (hashed, name)).rowcount:
                raise NotPossible(f"There is no account {name}.")
            self._db.execute("DELETE FROM wrong WHERE name = ?", (name,))
            self.note(by, "password changed", {"name": name})
            self.end_logins_of(name, by)

    def set_language(self, name: str, language: str) -> None:
        """The language in which an account reads the console, two letters."""
        with self._lock:
            self._db.execute("UPDATE accounts SET language = ? WHERE name = ?", (language, name))

    # --- logins ---

    def log_in(self, name: str, password: str, address: str, browser: str = "") -> str:
        """The token of a new login. Raises `LoginRefused`, after some 50 ms of hashing, and notes it."""
        with self._at_the_door:
            return self._let_in(name, password, address, browser)

    def _let_in(self, name: str, password: str, address: str, browser: str) -> str:
        now = self._clock()
        with self._lock:
            row = self._db.execute("SELECT password, active FROM accounts WHERE name = ?", (name,)).fetchone()
            known = "SELECT 1 FROM logins WHERE name = ? AND address = ? LIMIT 1"
            place = address if self._db.execute(known, (name, address)).fetchone() else ""
            wrong = "SELECT times, until FROM wrong WHERE name = ? AND place = ?"
            times, until = self._db.execute(wrong, (name[:40], place)).fetchone() or (0, 0.0)
        if until > now:
            wait = max(1, round((until - now) / 60))
            self.note(name[:40], "login refused", {"why": "locked", "address": address})
            raise LoginRefused(
                f"Too many wrong passwords: this name is locked for another {wait} min. An administrator can give it a "
                "new password at once."
            )
        hashed, active = row or (self._nobody, False)
        try:
            self._hasher.verify(hashed, password[:_MOST_PASSWORD])
            right = bool(active)
        except (VerificationError, InvalidHashError):
            right = False
        if not right:
            self._count_failure(name, place, times + 1, address)
            raise LoginRefused("Name or password is wrong. Try again, or ask an administrator for a new password.")
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._db.execute("DELETE FROM wrong WHERE name = ? AND place = ?", (name, place))
            if self._hasher.check_needs_rehash(hashed):
                self._db.execute("UPDATE accounts SET password = ? WHERE name = ?", (self._hasher.hash(password), name))
            self._db.execute(
                "INSERT INTO logins (token, name, address, browser, began, seen) VALUES (?, ?, ?, ?, ?, ?)",
                (_digest(token), name, address, browser[:120], now, now),
            )
            self.note(name, "logged in", {"address": address})
        return token

    def login(self, token: str | None) -> Login | None:
        """The login that a token belongs to, while it is in force; asking keeps it alive."""
        if not token:
            return None
        found = self._logins("logins.token = ?", (_digest(token),))
        if not found:
            return None
        login, now = found[0], self._clock()
        if now - login.seen > _SEEN_EVERY_S:
            # Stop passes through here: a disk that is full must not stand in its way.
            with self._lock, suppress(sqlite3.OperationalError):
                self._db.execute("UPDATE logins SET seen = ? WHERE id = ?", (now, login.id))
        return login

    def logins(self) -> list[Login]:
        """Every login in force, the newest first."""
        return self._logins("1 = 1", ())

    def in_force(self, login_id: int) -> bool:
        """Whether a login still holds."""
        return bool(self._logins("logins.id = ?", (login_id,)))

    def end_login(self, login_id: int, by: str) -> None:
        """End a login; its next request comes from nobody."""
        with self._lock:
            row = self._db.execute("SELECT name FROM logins WHERE id = ? AND ended IS NULL", (login_id,)).fetchone()
            if row is not None:
                self._db.execute("UPDATE logins SET ended = ? WHERE id = ?", (self._clock(), login_id))
                self.note(by, "logged out" if by == row[0] else "login ended", {"name": row[0]})

    def end_logins_of(self, name: str, by: str) -> None:
        """End every login of an account."""
        for login in self.logins():
            if login.name == name:
                self.end_login(login.id, by)

    def keep_control(self, login_id: int | None) -> None:
        """Keep by which login the session is led, for a console that is started again; None for by nobody's."""
        with self._lock:
            self._db.execute("DELETE FROM control")
            if login_id is not None:
                self._db.execute("INSERT INTO control (login) VALUES (?)", (login_id,))

    def in_control(self) -> Login | None:
        """The login that was kept as leading, while it is in force."""
        found = self._logins("logins.id IN (SELECT login FROM control)", ())
        return found[0] if found else None

    # --- the audit log ---

    def note(self, who: str, what: str, detail: dict[str, Any] | None = None) -> None:
        """Add a line to the audit log."""
        with self._lock:
            self._db.execute(
                "INSERT INTO audit (at, who, what, detail) VALUES (?, ?, ?, ?)",
                (self._clock(), who, what, json.dumps(detail or {}, default=str)),
            )

    def noted(self, most: int = 200) -> list[Noted]:
        """The last lines of the audit log, the newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT at, who, what, detail FROM audit ORDER BY id DESC LIMIT ?", (most,)
            ).fetchall()
        return [Noted(at, who, what, json.loads(detail)) for at, who, what, detail in rows]

    # --- small parts ---

    def _hashed(self, name: str, password: str) -> str:
        if not _LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD or password.strip().lower() == name.lower():
            raise NotPossible(
                f"Expected a password of {_LEAST_PASSWORD} to {_MOST_PASSWORD} characters that is not the name; a few "
                "words that nobody would put together are easy to keep."
            )
        return self._hasher.hash(password)

    def _count_failure(self, name: str, place: str, times: int, address: str) -> None:
        locked_s = min(_LOCKED_S * 2 ** (times - TRIES), _LONGEST_LOCK_S) if times >= TRIES else 0.0
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO wrong (name, place, times, until) VALUES (?, ?, ?, ?)",
                (name[:40], place, times, self._clock() + locked_s),
            )
            self._db.execute(
                "DELETE FROM wrong WHERE rowid NOT IN (SELECT rowid FROM wrong ORDER BY until DESC LIMIT ?)",
                (_MOST_FAILING_NAMES,),
            )
            self.note(name[:40], "login refused", {"why": "wrong", "address": address, "locked_s": locked_s})

    def _logins(self, where: str, parameters: tuple[Any, ...]) -> list[Login]:
        now = self._clock()
        with self._lock:
            rows = self._db.execute(
                "SELECT logins.id, logins.name, accounts.roles, accounts.language, address, browser, began, seen "
                "FROM logins JOIN accounts ON accounts.name = logins.name "
                f"WHERE ended IS NULL AND active AND began > ? AND seen > ? AND {where} ORDER BY began DESC",
                (now - LONGEST_LOGIN_S, now - LONGEST_SILENCE_S, *parameters),
            ).fetchall()
        return [Login(row[0], row[1], _roles_of(row[2]), *row[3:]) for row in rows]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _roles_text(roles: Iterable[Role]) -> str:
    said = sorted({Role(role) for role in roles})
    if not said:
        raise NotPossible(f"Expected at least one role of {', '.join(Role)}.")
    return " ".join(said)


def _roles_of(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in text.split())
