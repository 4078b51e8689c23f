"""The live view: a session shows what it does to whoever watches, and never waits for them.

Readers ask, and get the newest of what they asked for: once for each asking, so that one who is slow gets less and
never something old, and costs nothing while it is away. The first answer is a snapshot; updates follow, and a snapshot
again whenever something else has changed or the reader has missed something.

(A PUB socket would do the first half of that, but what waits in its queues is shown late, it keeps every subscription
that a hostile peer makes up, and it goes on showing to a computer that is let in no longer.)
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry.address import Address, parse_address
from telemetry.door import Door, Line
from telemetry.keys import Keyring
from telemetry.live_messages import (
    MOST_ASK_BYTES,
    MOST_SHOWN_BYTES,
    PROTOCOL,
    Ask,
    Joints,
    Kind,
    NotShown,
    Picture,
    RecordHealth,
    Snapshot,
    Standing,
    State,
    Update,
    decode_shown,
    encode,
    is_whole,
    picture_buffer,
)

_LOOK_EVERY_MS, _IDLE_MS = 10, 50
#: A reader that asks for nothing this long is gone; no more of them are kept than this, and of each no more messages.
_FORGOTTEN_S, _MOST_READERS, _MOST_WAITING = 5.0, 16, 4
_MOST_HEARD_AT_ONCE = 64
_GOODBYE_S = 0.5
#: How many pictures wait for the thread; their buffers are the displays' own, and come back.
_MOST_PICTURES = 4


@dataclass(slots=True)
class _Watcher:
    """What one reader wants and has. seen: what it was shown last, of each kind."""

    wants: set[Kind] = field(default_factory=set)
    version: int = 0
    heard_s: float = 0.0
    seen: dict[Kind, object] = field(default_factory=dict)


class LiveShow:
    """Shows a session at `bind` until `close`.

    `stand`, `show`, `offer` and `close` belong to the session's own thread, and all but the last neither wait nor touch
    a socket. health: how the record is doing, asked in the show's thread. keyring: the keys for an address that other
    computers can reach. Raises what `Door` raises.
    """

    def __init__(self, bind: str, health: Callable[[], RecordHealth], keyring: Keyring | None = None) -> None:
        self._door = Door(bind, keyring, MOST_ASK_BYTES, _MOST_HEARD_AT_ONCE, answers=_MOST_WAITING)
        self._door.open()
        self.address = self._door.address
        #: Whether anybody watches; nothing needs to be shown while nobody does.
        self.watched = False
        #: Whether anybody wants pictures.
        self.pictured = False
        self.dropped_messages = 0
        self._health = health
        self._decoder = msgspec.msgpack.Decoder(Ask)
        # Written by the session's thread; whole things are exchanged, never changed.
        self._standing: Standing | None = None
        self._state: State | None = None
        self._joints: Joints | None = None
        self._pictures: deque[tuple[int, NDArray[np.uint8], Callable[[NDArray[np.uint8]], None]]] = deque()
        self._closing = False
        # Of the show's thread.
        self._watchers: OrderedDict[bytes, _Watcher] = OrderedDict()
        self._picture: NDArray[np.uint8] | None = None
        self._encoded: dict[str, tuple[object, bytes]] = {}
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)
        self._thread.start()

    def __enter__(self) -> LiveShow:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @property
    def refused(self) -> str:
        """Who was turned away last, in words; empty where nobody was."""
        return self._door.refused

    def stand(self, standing: Standing) -> None:
        """What stands from here on."""
        self._standing = standing

    def show(self, state: State, joints: Joints | None = None) -> None:
        """The newest frame."""
        self._joints = joints
        self._state = state

    def offer(self, frame: int, pixels: NDArray[np.uint8], done: Callable[[NDArray[np.uint8]], None]) -> None:
        """The newest picture, (height, width, 3 or 4), top row first; `done` gives the array back when it is free."""
        if len(self._pictures) >= _MOST_PICTURES:
            done(pixels)
        else:
            self._pictures.append((frame, pixels, done))

    def close(self) -> None:
        """Show the last state to everybody, and stop. May be repeated."""
        self._closing = True
        self._thread.join()

    # --- the show's thread ---

    def _run(self) -> None:
        try:
            while not self._closing:
                self._door.socket.poll(_LOOK_EVERY_MS if self._watchers else _IDLE_MS)
                self._listen()
                self._forget()
                self._take_pictures()
                self._show()
            self._say_goodbye()
        finally:
            self._door.close()

    def _say_goodbye(self) -> None:
        """Show the last state to everybody, and wait a little until they ask for the next, which they do on its coming:
        what is on its way when a socket closes may be lost. Who has not asked for it by then gets it unasked.
        """
        until_s = time.monotonic() + _GOODBYE_S
        self._show()
        while not all(self._has_last(watcher) for watcher in self._watchers.values()) and time.monotonic() < until_s:
            self._door.socket.poll(_LOOK_EVERY_MS)
            self._listen()
            self._show()
        for watcher in self._watchers.values():
            watcher.wants.add("state")
        self._show()

    def _has_last(self, watcher: _Watcher) -> bool:
        return "state" in watcher.wants and watcher.seen.get("state") is self._state

    def _listen(self) -> None:
        for _ in range(_MOST_HEARD_AT_ONCE):
            received = self._door.receive()
            if received is None:
                return
            identity, data = received
            try:
                ask = self._decoder.decode(data or b"")
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.dropped_messages += 1
                continue
            if ask.protocol != PROTOCOL:
                reason = (
                    f"the session shows by protocol {PROTOCOL}, not {ask.protocol}; install the same version of vrrehab"
                )
                self._door.send(identity, encode(NotShown(reason)))
                continue
            watcher = self._watchers.setdefault(identity, _Watcher())
            self._watchers.move_to_end(identity)
            watcher.heard_s = time.monotonic()
            watcher.wants.update(ask.wants)
            if ask.version != watcher.version:
                # It is new, or something was lost on the way.
                watcher.version = ask.version
                watcher.seen.pop("state", None)

    def _forget(self) -> None:
        """Nobody is kept who does not ask, nor too many who do."""
        now_s = time.monotonic()
        while self._watchers:
            oldest = next(iter(self._watchers.values()))
            if len(self._watchers) <= _MOST_READERS and now_s - oldest.heard_s < _FORGOTTEN_S:
                break
            self._watchers.popitem(last=False)
        self.watched = bool(self._watchers)
        self.pictured = any("picture" in watcher.wants for watcher in self._watchers.values())
        if not self._watchers:
            # What was shown to the last one is old when the next one comes.
            self._state = self._joints = self._picture = None
            self._encoded.clear()

    def _take_pictures(self) -> None:
        while self._pictures:
            frame, pixels, done = self._pictures.popleft()
            if self.pictured and not self._pictures:
                # Copying large arrays lets go of the interpreter's lock.
                self._picture, rgb = picture_buffer(frame, *pixels.shape[:2])
                np.copyto(rgb, pixels[:, :, :3])
            done(pixels)

    def _show(self) -> None:
        standing, state, joints = self._standing, self._state, self._joints
        if standing is None or state is None:
            return
        for identity, watcher in self._watchers.items():
            if "state" in watcher.wants and watcher.seen.get("state") is not state:
                self._door.send(identity, self._state_for(watcher, standing, state))
                watcher.wants.discard("state")
                watcher.seen["state"], watcher.version = state, standing.version
            if "joints" in watcher.wants and joints is not None and watcher.seen.get("joints") is not joints:
                self._door.send(identity, self._once("joints", joints, lambda: joints))
                watcher.wants.discard("joints")
                watcher.seen["joints"] = joints
            picture = self._picture
            if "picture" in watcher.wants and picture is not None and watcher.seen.get("picture") is not picture:
                self._door.send(identity, picture.data, copy=False)
                watcher.wants.discard("picture")
                watcher.seen["picture"] = picture

    def _state_for(self, watcher: _Watcher, standing: Standing, state: State) -> bytes:
        if watcher.version == standing.version:
            return self._once("update", state, lambda: Update(standing.version, state, self._health()))
        return self._once("snapshot", state, lambda: Snapshot(standing, state, self._health()))

    def _once(self, what: str, of: object, make: Callable[[], msgspec.Struct]) -> bytes:
        """Encoded once, however many watch."""
        known = self._encoded.get(what)
        if known is None or known[0] is not of:
            known = self._encoded[what] = (of, encode(make()))
        return known[1]


#: A session that shows nothing for longer than this is not seen as it is now.
STALE_S = 1.0
_ASK_AGAIN_S = 0.3


class LiveReader:
    """Watches the session at `address`; for one thread. Call `receive` often, in a loop or a timer.

    keyring: this computer's keys, for an address that begins with curve://. joints, pictures: whether to ask for these,
    too. Raises what `Line` raises.

    standing, state, record, joints, picture: the newest of each, None before the first. Where the reader was away, or
    another session has begun at the address, the first snapshot puts all of it right. resynchronised: how many
    snapshots came. dropped_messages: how many messages came that were nothing that a session shows.
    """

    def __init__(
        self, address: str, keyring: Keyring | None = None, *, joints: bool = False, pictures: bool = False
    ) -> None:
        self.standing: Standing | None = None
        self.state: State | None = None
        self.record: RecordHealth | None = None
        self.joints: Joints | None = None
        self.picture: Picture | None = None
        self.resynchronised = 0
        self.dropped_messages = 0
        self._address = address
        self._version = 0
        self._refused = ""
        self._line = Line(address, keyring, MOST_SHOWN_BYTES, wait=False)
        self._asked_s: dict[Kind, float] = {"state": 0.0}
        if joints:
            self._asked_s["joints"] = 0.0
        if pictures:
            self._asked_s["picture"] = 0.0
        self._made_s = time.monotonic()
        self._shown_s: float | None = None

    def __enter__(self) -> LiveReader:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._line.close()

    @property
    def silent_s(self) -> float:
        """For how long no state has come."""
        return time.monotonic() - (self._made_s if self._shown_s is None else self._shown_s)

    @property
    def stale(self) -> bool:
        """Whether `state` is not how the session is now: nothing came for a while, or never, and it is not over."""
        return self.state is None or (self.silent_s > STALE_S and not self.state.over)

    @property
    def problem(self) -> str:
        """Why nothing is shown, in words; empty while there is no reason to think so."""
        if self._refused or self._line.problem:
            return self._refused or self._line.problem
        if self.stale and self.silent_s > STALE_S:
            return f"no session shows anything at {self._address}; it has ended, or its computer cannot be reached"
        return ""

    @property
    def commands(self) -> str:
        """Where the session takes commands (`telemetry.commands.CommandClient`); empty before the first snapshot."""
        if self.standing is None:
            return ""
        here = parse_address(self._address)
        port = self.standing.facts.commands.rpartition(":")[2]
        return str(Address(f"{here.endpoint.rpartition(':')[0]}:{port}", here.server_key))

    def receive(self, wait_s: float = 0.0) -> bool:
        """Take in what has come, all of it; whether that was anything. Waits at most `wait_s` for the first."""
        until_s = time.monotonic() + wait_s
        while True:
            self._ask()
            left_s = max(0.0, until_s - time.monotonic())
            data = self._line.receive(min(left_s, _ASK_AGAIN_S))
            if data is not None:
                break
            if time.monotonic() >= until_s:
                return False
        # What was waiting may be old by now; each answer is asked for, so that there are few.
        news = False
        while data is not None:
            news |= self._take(data)
            data = self._line.receive()
        self._ask()
        return news

    def _ask(self) -> None:
        """Ask for what is not on its way; after a while for what should be, too."""
        now_s = time.monotonic()
        due = tuple(kind for kind, asked_s in self._asked_s.items() if now_s - asked_s >= _ASK_AGAIN_S)
        if due and self._line.send(encode(Ask(due, self._version))):
            self._asked_s.update(dict.fromkeys(due, now_s))

    def _take(self, data: bytes) -> bool:
        match decode_shown(data):
            case Snapshot() as said:
                self.standing, self._version = said.standing, said.standing.version
                self.resynchronised += 1
                self._new_state(said.state, said.record)
            case Update() as said:
                if said.version != self._version:
                    # Of what this reader does not know; the next asking says so, and brings a snapshot.
                    self._version = 0
                    self._answered("state")
                    return False
                self._new_state(said.state, said.record)
            case Joints() as said if is_whole(said):
                self.joints = said
                self._answered("joints")
            case Picture() as said:
                self.picture = said
                self._answered("picture")
            case NotShown() as said:
                self._refused = said.reason
            case _:
                self.dropped_messages += 1
                return False
        return True

    def _new_state(self, state: State, record: RecordHealth) -> None:
        self.state, self.record = state, record
        self._shown_s = time.monotonic()
        self._refused = ""
        self._answered("state")

    def _answered(self, kind: Kind) -> None:
        self._asked_s[kind] = 0.0
