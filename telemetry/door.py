"""The sockets: a `Door` where a program listens, and a `Line` to one. On this computer in the clear, else with CURVE.

A door that other computers can reach lets in only whom the list of allowed keys names, and says who was turned away. A
line that is turned away says why, and tries again, because the list may change.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

from telemetry.address import Address, is_loopback, parse_address
from telemetry.errors import KeysMissing, NotLoopback, TelemetryError
from telemetry.keys import KeyPair, Keyring

#: After which silence of the other computer a line and a door give up a connection.
_SILENT_S, _GIVEN_UP_S = 3, 5
#: For how long somebody may take to prove who they are, and how often a line that was turned away comes again.
_HANDSHAKE_MS = 5000
_KNOCK_AGAIN_S = 1.0
_LIST_AGAIN_S = 0.25
_CAME_AND_WENT = zmq.Event.HANDSHAKE_SUCCEEDED | zmq.Event.DISCONNECTED | zmq.Event.CONNECT_RETRIED
_FAILED = zmq.Event.HANDSHAKE_FAILED_AUTH | zmq.Event.HANDSHAKE_FAILED_PROTOCOL | zmq.Event.HANDSHAKE_FAILED_NO_DETAIL


class Door:
    """Listens at `bind`, once it is open, for messages of one frame, of at most `most_bytes`, and answers them.

    queue: how many messages of one peer wait in memory. answers: how many wait for one peer; more are passed over.
    Raises `NotLoopback` where other computers could come in and `keyring` has no keys, and `KeysUnsafe`.

    address: what programs on this computer connect to, once it is open. refused_peers, refused: how many were turned
    away, and who was the last, in words. `receive` and `send` belong to one thread.
    """

    def __init__(self, bind: str, keyring: Keyring | None, most_bytes: int, queue: int, *, answers: int = 1000) -> None:
        self.refused_peers = 0
        self.refused = ""
        self._keyring = None if is_loopback(bind) else keyring
        if self._keyring is None and not is_loopback(bind):
            raise NotLoopback(f"expected an address of this computer such as tcp://127.0.0.1:5757, got {bind}")
        try:
            own = None if self._keyring is None else self._keyring.own()
        except KeysMissing as error:
            raise NotLoopback(f"other computers can reach {bind}, so that it must be encrypted, and {error}") from error
        # Of its own, because a context has one guard.
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket: zmq.Socket[bytes] = self._context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 200)
        self.socket.setsockopt(zmq.MAXMSGSIZE, most_bytes)
        self.socket.setsockopt(zmq.RCVHWM, queue)
        self.socket.setsockopt(zmq.SNDHWM, answers)
        _give_up_after(self.socket, _GIVEN_UP_S)
        self.socket.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
        self.socket.setsockopt(zmq.IPV6, "[" in bind)
        self._bind, self._own_key = bind, own.public if own else b""
        self.address = bind
        self._admitted: set[str] = set()
        self._list_due_s = 0.0
        self._guard: threading.Thread | None = None
        self._closing = False
        if own is not None:
            self.socket.setsockopt(zmq.CURVE_SERVER, 1)
            self.socket.setsockopt(zmq.CURVE_SECRETKEY, own.secret)
            zap: zmq.Socket[bytes] = self._context.socket(zmq.REP)
            zap.setsockopt(zmq.LINGER, 0)
            zap.bind("inproc://zeromq.zap.01")
            monitor: zmq.Socket[bytes] = self.socket.get_monitor_socket(int(_FAILED))
            self._guard = threading.Thread(target=self._watch, args=(zap, monitor), name="guard", daemon=True)
            self._guard.start()

    def open(self) -> None:
        """Begin to listen. Raises `TelemetryError` where that is not possible."""
        try:
            self.socket.bind(self._bind)
        except zmq.ZMQError as error:
            self.close()
            raise TelemetryError(
                f"expected to listen on {self._bind}, but {error.strerror}; stop what uses that port or choose another"
            ) from error
        endpoint = str(self.socket.getsockopt_string(zmq.LAST_ENDPOINT))
        self.address = str(Address(endpoint, self._own_key).as_heard_here)

    def receive(self) -> tuple[bytes, bytes | None] | None:
        """Who said what, None instead of what may not be said; None if nothing waits."""
        try:
            identity, *parts = self.socket.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return None
        if len(parts) != 1 or (self._guard is not None and not self._is_admitted(parts[0])):
            return identity.bytes, None
        return identity.bytes, parts[0].bytes

    def send(self, identity: bytes, data: bytes | memoryview, *, copy: bool = True) -> None:
        """Say something to a peer; one that is gone, or does not listen, is passed over.

        Without a copy, `data` must not change any more; large content is handed to the socket as it lies in memory.
        """
        with suppress(zmq.ZMQError):
            self.socket.send_multipart((identity, data), zmq.NOBLOCK, copy=copy)

    def close(self) -> None:
        if self._guard is not None:
            self._closing = True
            self._guard.join()
        self.socket.close()
        self._context.term()

    def _is_admitted(self, part: zmq.Frame) -> bool:
        """Whether who sent this is still on the list; a connection outlives the key's removal."""
        now_s = time.monotonic()
        if now_s >= self._list_due_s:
            self._admitted = {key.hex() for key in self._allowed()[0]}
            self._list_due_s = now_s + _LIST_AGAIN_S
        return part.get("User-Id") in self._admitted

    def _allowed(self) -> tuple[set[bytes], str]:
        """The keys of whom to let in, and why it is this computer alone where the list cannot be read."""
        assert self._keyring is not None
        try:
            return {*self._keyring.allowed().values(), self._own_key}, ""
        except OSError as error:  # such as more connections than the system lets a program have
            return {self._own_key}, f"the list of those who may come in cannot be read: {error}"

    # --- the guard's thread ---

    def _watch(self, zap: zmq.Socket[bytes], monitor: zmq.Socket[bytes]) -> None:
        poller = zmq.Poller()
        poller.register(zap, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        try:
            while not self._closing:
                for socket, _ in poller.poll(100):
                    self._judge(zap) if socket is zap else self._note(recv_monitor_message(monitor))
        finally:
            self.socket.disable_monitor()
            monitor.close(0)
            zap.close(0)

    def _judge(self, zap: zmq.Socket[bytes]) -> None:
        """Answer a request of the ZeroMQ Authentication Protocol (RFC 27)."""
        version, request, _domain, host, _identity, mechanism, *credentials = zap.recv_multipart()
        key = credentials[0] if mechanism == b"CURVE" and credentials else b""
        allowed, unread = self._allowed()
        admitted = key in allowed
        if not admitted:
            why = unread or (
                f"its key is not on the list; if it is one of yours: vrrehab keys allow {key.hex()} --name NAME"
            )
            self.refused = f"a computer at {host.decode(errors='replace')} was turned away, {why}"
        status, text, user = (b"200", b"OK", key.hex().encode()) if admitted else (b"400", b"not on the list", b"")
        zap.send_multipart((version, request, status, text, user, b""))

    def _note(self, event: Mapping[str, Any]) -> None:
        self.refused_peers += 1
        if event["event"] != zmq.Event.HANDSHAKE_FAILED_AUTH:
            self.refused = "somebody was turned away who spoke in the clear, or to another key than this computer's"


def _give_up_after(socket: zmq.Socket[bytes], silent_s: int) -> None:
    """Have the system end a connection whose other computer has acknowledged nothing for `silent_s`, busy or idle.

    Not ZeroMQ's own heartbeats: one that falls due when the queue is full, and the peer that filled it gone, ends the
    whole program (libzmq's issues 3937, 4364, 4767 and 4830, open in 4.3.5).
    """
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, 1)
    # Counted where the next is not known; Windows always asks ten times.
    socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, silent_s - 1)
    socket.setsockopt(zmq.TCP_MAXRT, silent_s * 1000)


def check_way(address: str, keyring: Keyring | None) -> KeyPair | None:
    """The keys that a line to `address` needs; None on this computer.

    Raises `NotLoopback`, `KeysMissing`, `KeysUnsafe` and `BadKey` where there can be no such line.
    """
    if not parse_address(address).server_key:
        return None
    if keyring is None:
        raise KeysMissing(f"expected this computer's keys to reach {address}, got none")
    return keyring.own()


class Line:
    """A connection to the door at `address`; for one thread. Raises what `check_way` raises.

    wait: whether what is sent may wait for a connection that is not there yet. problem: why the door lets nobody in
    from here, in words; empty while there is no reason to think so.
    """

    def __init__(self, address: str, keyring: Keyring | None, most_bytes: int, *, wait: bool = True) -> None:
        self._address = parse_address(address)
        own = check_way(address, keyring)
        self._own = own.public.hex() if own else ""
        self.problem = ""
        self._knock_s: float | None = None
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        if own is not None:
            self._socket.setsockopt(zmq.CURVE_SERVERKEY, self._address.server_key)
            self._socket.setsockopt(zmq.CURVE_PUBLICKEY, own.public)
            self._socket.setsockopt(zmq.CURVE_SECRETKEY, own.secret)
        self._socket.setsockopt(zmq.IMMEDIATE, not wait)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        _give_up_after(self._socket, _SILENT_S)
        # The system itself asks a computer that is off less and less often, and so finds it back late.
        self._socket.setsockopt(zmq.CONNECT_TIMEOUT, _SILENT_S * 1000)
        self._socket.setsockopt(zmq.MAXMSGSIZE, most_bytes)
        self._socket.setsockopt(zmq.IPV6, "[" in self._address.endpoint)
        # Before it connects, so that nothing that happens then is missed; without a limit, because at one ZeroMQ's own
        # thread would wait until this line is used again, and all other lines with it.
        self._monitor: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PAIR)
        self._monitor.setsockopt(zmq.RCVHWM, 0)
        # A name that no line had: ZeroMQ's own thread lets go of one some time after its line was closed.
        told = f"inproc://line-{secrets.token_hex(8)}"
        self._socket.monitor(told, int(_FAILED | _CAME_AND_WENT))
        self._monitor.connect(told)
        try:
            self._socket.connect(self._address.endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise TelemetryError(f"expected an address with a host and a port, got {address}") from error

    def send(self, data: bytes) -> bool:
        """Whether it is on its way; never waits."""
        try:
            self._socket.send(data, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def receive(self, wait_s: float = 0.0) -> bytes | None:
        """What was said; None if nothing is within `wait_s`, or as soon as there is a `problem`."""
        until_s = time.monotonic() + wait_s
        while True:
            with suppress(zmq.Again):
                return self._socket.recv(zmq.NOBLOCK)
            had = self.problem
            self._look()
            left_s = until_s - time.monotonic()
            if left_s <= 0 or (self.problem and not had):
                return None
            zmq.select([self._socket, self._monitor], [], [], min(left_s, _KNOCK_AGAIN_S))

    def close(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close()

    def _look(self) -> None:
        """Take in how connecting went. ZeroMQ gives up for good when a door says no, or speaks as none of ours does: it
        announces no further try then, and knocking again is on us.
        """
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            if event == zmq.Event.DISCONNECTED:
                self._knock_s = time.monotonic() + _KNOCK_AGAIN_S
            elif event == zmq.Event.CONNECT_RETRIED:
                self._knock_s = None
            elif event == zmq.Event.HANDSHAKE_SUCCEEDED:
                self.problem = ""
            elif event == zmq.Event.HANDSHAKE_FAILED_AUTH:
                self.problem = (
                    f"{self._address.endpoint} does not let this computer in; on that computer run: "
                    f"vrrehab keys allow {self._own} --name NAME"
                )
            elif self._address.server_key:
                self.problem = (
                    f"who listens at {self._address.endpoint} cannot prove to have the key in the address; take the "
                    "address that it says when it starts"
                )
            else:
                self.problem = (
                    f"who listens at {self._address.endpoint} speaks only encrypted; take the address, curve://..., "
                    "that it says when it starts"
                )
        if self._knock_s is not None and time.monotonic() >= self._knock_s:
            self._knock_s = None
            with suppress(zmq.ZMQError):
                self._socket.disconnect(self._address.endpoint)
            self._socket.connect(self._address.endpoint)
