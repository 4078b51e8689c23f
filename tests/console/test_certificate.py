from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from vrrehab.console.app import accounts_file, is_loopback
from vrrehab.console.certificate import given, own
from vrrehab.console.people import People
from vrrehab.console.rights import Role
from vrrehab.errors import NotPossible

PASSWORD = "sunlit-table-seven"


def test_a_certificate_is_made_once_for_its_names_with_a_key_for_nobody_else(tmp_path: Path) -> None:
    made = own(tmp_path, "clinic-pc.example")
    assert {"clinic-pc.example", "localhost", "127.0.0.1"} <= made.names
    assert made.key.stat().st_mode & 0o077 == 0
    assert own(tmp_path, "clinic-pc.example") == made
    assert own(tmp_path, "another.example").fingerprint != made.fingerprint


def test_files_that_are_no_certificate_are_told(tmp_path: Path) -> None:
    made = own(tmp_path, "clinic-pc.example")
    assert given(made.file, made.key).fingerprint == made.fingerprint
    with pytest.raises(NotPossible, match="Expected a certificate and its key"):
        given(made.key, made.file)


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.2.3", False)],
)
def test_only_this_computers_own_addresses_are_served_in_the_clear(address: str, ours: bool) -> None:
    assert is_loopback(address) is ours


@pytest.fixture
def off_loopback(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A console that other computers could reach: its address and its certificate."""
    people = People(accounts_file(tmp_path), hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    people.add("anna", PASSWORD, [Role.THERAPIST], "tests")
    people.close()
    command = [sys.executable, "-m", "vrrehab", "console", "--data", str(tmp_path), "--bind", "0.0.0.0", "--port", "0"]
    console = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert console.stdout is not None
    try:
        yield console.stdout.readline().split()[-1], tmp_path / "keys" / "certificate.pem"
    finally:
        console.terminate()
        console.communicate(timeout=20)


def test_where_others_reach_it_the_console_speaks_tls_alone(off_loopback: tuple[str, Path]) -> None:
    import ssl

    address, certificate = off_loopback
    assert address.startswith("https://")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(base_url=address, verify=trusting, headers={"origin": address}, timeout=20.0) as anna:
        said = anna.post("/login", data={"name": "anna", "password": PASSWORD})
        assert said.status_code == 303
        assert "secure" in said.headers["set-cookie"].lower()
        assert anna.get("/stop").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(address.replace("https", "http") + "/login")
    with pytest.raises(httpx.ConnectError):  # whom nobody told to trust it
        httpx.get(address + "/login")
