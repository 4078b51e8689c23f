"""What therapists tell the running session, and what becomes of it: requested, then applied, refused or not answered.

Each command carries a key of its own, so that asking again what became of it never carries it out twice. Stop has a
line and a thread of its own, connected before anybody presses: nothing that another command waits for holds it up. Each
order that takes seconds to be applied has its own line, too, so that another may overtake it. While somebody is in
control and their browser is there, the session hears it every second.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from telemetry.commands import Applied, CommandClient, Refused, Scalar
from telemetry.errors import NobodyAnswers, TelemetryError
from telemetry.folder import RunningSession
from telemetry.keys import Keyring
from vrrehab.console.people import Login, People
from vrrehab.console.rights import may, may_command
from vrrehab.console.sessions import Sessions
from vrrehab.session.settings import DECLARED

Status = Literal["requested", "applied", "refused", "unanswered"]

#: Commands that need no control: they are for everybody who may give them.
FREE = ("stop", "note", "adverse_event")
#: Commands that come in numbers while a hand moves; the session's own record has them, the audit log does not.
_UNNOTED = ("stroke",)
#: Commands that the console gives by itself, for who is in control.
BY_ITSELF = ("heartbeat", "release")
_ANSWER_S = 2.0
#: How long what has to be made ready first is waited for.
_LATER_S = 120.0
_LATER = {setting.name for setting in DECLARED if setting.later}
_HEARTBEAT_S = 1.0
#: A browser that was not heard of for so long may be cut off; for longer it is gone, and another may lead.
_THERE_S, _GONE_S = 3.0, 10.0
_KEPT = 200


@dataclass(slots=True)
class Order:
    """One command and what became of it. took_ms: from the request to the answer."""

    name: str
    arguments: Mapping[str, Scalar]
    who: str
    key: str
    at: float = field(default_factory=time.time)
    status: Status = "requested"
    frame: int = 0
    reason: str = ""
    took_ms: float = 0.0


class Desk:
    """Gives commands to whichever session runs; its methods are for any event loop. keyring: this computer's keys.

    changes: counts up with each order, answer and change of control. in_control: who is, and by which login.
    starting: ends the session that is being started, in somebody's name, and says whether it could; None while none is.
    """

    def __init__(self, sessions: Sessions, people: People, keyring: Keyring) -> None:
        self.orders: deque[Order] = deque(maxlen=_KEPT)
        self.changes = 0
        self.starting: Callable[[str], bool] | None = None
        # A console that was started again goes on where it was: a session that hears of nobody fades to calm.
        led = people.in_control()
        self.in_control: tuple[str, int] | None = (led.name, led.id) if led else None
        self._people = people
        self._sessions = sessions
        self._lock = threading.Lock()
        self._heard_s: dict[int, float] = {}
        self._keyring = keyring
        names = ("stop", "commands", "heartbeat")
        self._stop_line, self._line, self._heart_line = (_Line(name, keyring) for name in names)
        self._later_lines: set[_Line] = set()
        self._notary = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._closing = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="attendance", daemon=True)
        self._heart.start()

    def close(self) -> None:
        self._closing.set()
        self._heart.join()
        for line in (self._stop_line, self._line, self._heart_line, *self._later_lines):
            line.close()
        self._notary.shutdown()

    def running(self) -> RunningSession | None:
        """The session that runs; None where none is known of."""
        return self._sessions.running()

    async def tell(self, login: Login, name: str, arguments: Mapping[str, Scalar], key: str | None = None) -> Order:
        """Give the session a command; the order comes back once it is answered, or was not in time.

        With the `key` of an earlier order it is asked what became of that one.
        """
        self.heard(login)
        order = Order(name, dict(arguments), login.name, key or secrets.token_hex(8))
        if name not in _UNNOTED:
            with self._lock:
                self.orders.append(order)
                self.changes += 1
        if why := self._forbidden(login, name):
            order.status, order.reason = "refused", why
        else:
            await self._give(order)
        self.changes += 1
        if name in _UNNOTED and order.status == "applied":
            return order
        said = {
            "command": name,
            **order.arguments,
            "outcome": order.status,
            "frame": order.frame,
            "reason": order.reason,
        }
        self._note(login.name, "command", said)
        return order

    def _note(self, who: str, what: str, detail: dict[str, Scalar]) -> None:
        """Add to the audit log."""
        self._keep(lambda: self._people.note(who, what, detail), f"in the audit log that {who} {what} {detail}")

    def _keep(self, write: Callable[[], None], said: str) -> None:
        """Write; whoever waits, waits for the answer of the session alone. A disk that is full holds up nobody."""

        def attempt() -> None:
            try:
                write()
            except sqlite3.Error as error:
                print(f"expected to keep {said}, but: {error}", file=sys.stderr)

        self._notary.submit(attempt)

    def _led_by(self, leads: tuple[str, int] | None) -> None:
        """Who is in control from now on."""
        self.in_control = leads
        self.changes += 1
        self._keep(lambda: self._people.keep_control(leads[1] if leads else None), f"that {leads} is in control")

    async def _give(self, order: Order) -> None:
        """Carry an order to the session that runs; Stop ends one that is being started, too."""
        running = self.running()
        if running is None and order.name == "stop":
            if await self._stopped_before_it_ran(order):
                return
            running = self.running()  # it may have begun just now
        if running is None:
            order.status, order.reason = "refused", "no session is running"
        else:
            await self._carry(running.commands, order)

    async def _stopped_before_it_ran(self, order: Order) -> bool:
        """Whether this Stop ended a session that was being started; or has done what it should, and is sent again."""
        before = next((each for each in list(self.orders) if each.key == order.key and each.status == "applied"), None)
        if before is not None:
            order.status, order.frame, order.reason = before.status, before.frame, before.reason
            return True
        end = self.starting
        if end is None or not await asyncio.to_thread(end, order.who):
            return False
        order.status, order.reason = "applied", "Stopped before the session began."
        return True

    async def _carry(self, address: str, order: Order) -> None:
        if order.name != "set" or order.arguments.get("name") not in _LATER:
            line = self._stop_line if order.name == "stop" else self._line
            await asyncio.wrap_future(line.carry(address, order))
            return
        line = _Line("later", self._keyring)
        self._later_lines.add(line)
        try:
            await asyncio.wrap_future(line.carry(address, order, _LATER_S))
        finally:
            self._later_lines.discard(line)
            line.let_go()

    def _forbidden(self, login: Login, name: str) -> str:
        """Why this login may not give the command now; empty where it may. Takes control where nobody has it."""
        if not self._people.in_force(login.id):
            return "your login has ended; log in again"
        if not may_command(login.roles, name):
            return f"{_in_words(login)} may not give this command"
        if name in FREE:
            return ""
        self.release_ended()
        if self.in_control is None or self.in_control[0] == login.name or self._gone(self.in_control[1]):
            # Who leads may go on at another device; and who is gone leads no more.
            self.take_control(login)
        if not self.has_control(login):
            return f"{self.in_control[0] if self.in_control else 'nobody'} is in control; take control first"
        return ""

    # --- who is in control ---

    def heard(self, login: Login) -> None:
        """The browser of a login is there."""
        self._heard_s[login.id] = time.monotonic()

    def _gone(self, login_id: int) -> bool:
        return time.monotonic() - self._heard_s.get(login_id, float("-inf")) > _GONE_S

    def has_control(self, login: Login) -> bool:
        return self.in_control is not None and self.in_control[1] == login.id

    def take_control(self, login: Login) -> bool:
        """Let this login be the one that leads; whether it may."""
        if not may(login.roles, "control") or not self._people.in_force(login.id):
            return False
        before = self.in_control
        if before is None or before[1] != login.id:
            self._led_by((login.name, login.id))
            self._note(login.name, "took control", {"from": before[0] if before else ""})
        return True

    def release(self, login: Login) -> None:
        """Give control away on purpose; nothing where another has it."""
        running = self.running()
        with self._lock:
            if not self.has_control(login):
                return
            self._led_by(None)
            if running is not None:
                self._heart_line.carry(running.commands, Order("release", {}, login.name, secrets.token_hex(8)))

    def release_ended(self) -> None:
        """Nobody is in control whose login has ended."""
        if self.in_control is not None and not self._people.in_force(self.in_control[1]):
            self._led_by(None)

    def _beat(self) -> None:
        """Every second: connect to the session, and tell it that who leads it is there, for as long as they are."""
        while not self._closing.wait(_HEARTBEAT_S):
            leads, running = self.in_control, self.running()
            for line in (self._stop_line, self._line):
                line.reach(running.commands if running else "")
            if leads is None or running is None:
                continue
            if time.monotonic() - self._heard_s.get(leads[1], float("-inf")) >= _THERE_S:
                continue
            order = Order("heartbeat", {}, leads[0], secrets.token_hex(8))
            with self._lock:
                if self.in_control != leads:  # it was given away meanwhile, and the session would miss them
                    continue
                told = self._heart_line.carry(running.commands, order)
            told.result()


class _Line:
    """A command socket with the thread that owns it."""

    def __init__(self, name: str, keyring: Keyring) -> None:
        self._keyring = keyring
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._client: CommandClient | None = None
        self._address = ""
        self._closing = False

    def reach(self, address: str) -> None:
        """Be connected there before something is to be carried; empty for nowhere."""
        if address != self._address:
            self._worker.submit(self._turn_to, address)

    def carry(self, address: str, order: Order, within_s: float = _ANSWER_S) -> Future[None]:
        return self._worker.submit(self._send, address, order, within_s)

    def let_go(self) -> None:
        """Close it once what it carries is answered, or no longer waited for; do not wait for that."""
        if not self._closing:
            self._closing = True
            self._worker.submit(self._hang_up)
            self._worker.shutdown(wait=False)

    def close(self) -> None:
        self.let_go()
        self._worker.shutdown()

    def _send(self, address: str, order: Order, within_s: float) -> None:
        began = time.perf_counter()
        try:
            self._turn_to(address)
            assert self._client is not None
            answer = self._ask(self._client, order, began + within_s)
        except NobodyAnswers:
            order.status = "unanswered"
            order.reason = "the session did not answer; whether it was carried out is not known"
        except TelemetryError as error:  # such as keys that are not there: nothing was sent
            order.status, order.reason = "refused", str(error)
        else:
            if isinstance(answer, Applied):
                order.status, order.frame = "applied", answer.frame
            else:
                order.status, order.reason = "refused", answer.reason
        order.took_ms = (time.perf_counter() - began) * 1000

    def _ask(self, client: CommandClient, order: Order, until_s: float) -> Applied | Refused:
        """Ask what becomes of an order, again and again, so that nobody who closes the line waits for long."""
        while True:
            try:
                return client.send(order.name, dict(order.arguments), order.who, _ANSWER_S, key=order.key)
            except NobodyAnswers:
                if self._closing or time.perf_counter() >= until_s:
                    raise

    def _turn_to(self, address: str) -> None:
        if address != self._address:
            self._hang_up()
            self._client = CommandClient(address, self._keyring) if address else None
            self._address = address

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self._address = ""


def _in_words(login: Login) -> str:
    return " and ".join(f"{'an' if role[0] in 'aeiou' else 'a'} {role}" for role in sorted(login.roles))
