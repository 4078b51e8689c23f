"""Where a program listens: `tcp://HOST:PORT` on this computer, `curve://KEY@HOST:PORT` where it has to prove itself.

KEY is the public key of who listens there. Nothing here touches a socket.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from telemetry.errors import NotLoopback

#: Where a recorder listens unless it is told otherwise, and is looked for.
RECORDER = "tcp://127.0.0.1:5757"

_CURVE = re.compile(r"curve://([0-9a-fA-F]{64})@(.+:(?:\d+|\*))")


@dataclass(frozen=True, slots=True)
class Address:
    """endpoint: what ZeroMQ connects to. server_key: whose it is; empty on this computer, in the clear."""

    endpoint: str
    server_key: bytes = b""

    def __str__(self) -> str:
        if not self.server_key:
            return self.endpoint
        return f"curve://{self.server_key.hex()}@{self.endpoint.removeprefix('tcp://')}"

    @property
    def as_heard_here(self) -> Address:
        """The same for programs on this computer, where `endpoint` may mean each of its networks."""
        host, _, port = self.endpoint.rpartition(":")
        local = {"tcp://0.0.0.0": "tcp://127.0.0.1", "tcp://*": "tcp://127.0.0.1", "tcp://[::]": "tcp://[::1]"}
        return Address(f"{local.get(host, host)}:{port}", self.server_key)


def parse_address(text: str) -> Address:
    """The address to connect to. Raises `NotLoopback` where another computer would be spoken to in the clear."""
    if said := _CURVE.fullmatch(text):
        return Address(f"tcp://{said[2]}", bytes.fromhex(said[1]))
    if not is_loopback(text):
        raise NotLoopback(
            f"expected an address of this computer such as tcp://127.0.0.1:5757, or curve://KEY@HOST:PORT as the other "
            f"computer's vrrehab says when it starts, got {text}"
        )
    return Address(text)


def is_loopback(endpoint: str) -> bool:
    """Whether only this computer can reach the TCP endpoint."""
    host = endpoint.removeprefix("tcp://").rpartition(":")[0].strip("[]")
    with suppress(ValueError):
        return endpoint.startswith("tcp://") and (host == "localhost" or ip_address(host).is_loopback)
    return False
