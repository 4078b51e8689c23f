from __future__ import annotations

import pytest

from telemetry.address import Address, is_loopback, parse_address
from telemetry.errors import NotLoopback

KEY = bytes(range(32))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://localhost:*", "tcp://[::1]:5", "tcp://127.3.2.1:0"])
def test_this_computers_addresses_are_taken(address: str) -> None:
    assert is_loopback(address)
    assert parse_address(address) == Address(address)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://0.0.0.0:1",
        "tcp://*:1",
        "tcp://10.0.0.1:1",
        "udp://127.0.0.1:1",
        "127.0.0.1:1",
        "tcp://127.evil.com:1",
        "",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(NotLoopback, match="curve://KEY@HOST:PORT"):
        parse_address(address)


def test_an_address_with_a_key_may_be_of_any_computer_and_says_itself_again() -> None:
    text = f"curve://{KEY.hex()}@clinic-pc.example:5757"
    assert parse_address(text) == Address("tcp://clinic-pc.example:5757", KEY)
    assert str(parse_address(text)) == text


@pytest.mark.parametrize("key", ["", "00", KEY.hex()[:-1], KEY.hex() + "0", "z" * 64])
def test_half_a_key_is_none(key: str) -> None:
    with pytest.raises(NotLoopback):
        parse_address(f"curve://{key}@clinic-pc.example:5757")


@pytest.mark.parametrize(("bound", "heard"), [("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]"), ("10.0.0.2", "10.0.0.2")])
def test_who_listens_on_every_network_is_heard_here_as_well(bound: str, heard: str) -> None:
    assert Address(f"tcp://{bound}:1", KEY).as_heard_here == Address(f"tcp://{heard}:1", KEY)
