from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadKey, KeysMissing, KeysUnsafe
from telemetry.keys import Keyring, granted_to, parse_key

ONE, TWO = bytes([1] * 32), bytes([2] * 32)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def test_keys_that_were_made_are_read_again_and_only_their_owner_can_read_them(keyring: Keyring) -> None:
    made = keyring.make()
    assert keyring.own() == made
    assert keyring.own_file.stat().st_mode & 0o777 == 0o600
    assert made.secret.hex() not in repr(made)


def test_keys_are_not_made_twice(keyring: Keyring) -> None:
    made = keyring.make()
    with pytest.raises(BadKey, match="move it away"):
        keyring.make()
    assert keyring.own() == made


def test_missing_keys_are_told_with_the_command_that_makes_them(keyring: Keyring) -> None:
    with pytest.raises(KeysMissing, match="vrrehab keys make"):
        keyring.own()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_secret_that_others_can_read_is_refused(keyring: Keyring, mode: int) -> None:
    keyring.make()
    keyring.own_file.chmod(mode)
    with pytest.raises(KeysUnsafe, match="chmod 600"):
        keyring.own()


@pytest.mark.parametrize("content", ["", "public 00", "\x00\x01", "public {0}\nsecret {0}\n", "secret {0}\n"])
def test_a_broken_key_file_is_told(keyring: Keyring, content: str) -> None:
    keyring.make()
    keyring.own_file.write_text(content.format("ab" * 32))
    with pytest.raises(BadKey):
        keyring.own()


def test_a_new_key_is_added_before_the_old_one_is_removed(keyring: Keyring) -> None:
    keyring.allow(ONE, "headset-1")
    with pytest.raises(BadKey, match="another key already"):
        keyring.allow(TWO, "headset-1")
    keyring.allow(TWO, "headset-1b")
    keyring.allow(ONE, "headset-1")
    assert keyring.allowed() == {"headset-1": ONE, "headset-1b": TWO}
    keyring.remove("headset-1")
    assert keyring.allowed() == {"headset-1b": TWO}
    with pytest.raises(BadKey, match="expected one of headset-1b, got 'headset-1'"):
        keyring.remove("headset-1")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "a b", "x" * 65])
def test_a_name_that_could_leave_the_folder_is_refused(keyring: Keyring, name: str) -> None:
    with pytest.raises(BadKey):
        keyring.allow(ONE, name)
    with pytest.raises(BadKey):
        keyring.remove(name)


def test_a_file_on_the_list_that_is_no_key_lets_nobody_in(keyring: Keyring) -> None:
    keyring.allow(ONE, "headset-1")
    (keyring.folder / "allowed" / "note.pub").write_text("not a key")
    (keyring.folder / "allowed" / "picture.pub").write_bytes(b"\xff\xfe\x00")
    assert keyring.allowed() == {"headset-1": ONE}


@pytest.mark.parametrize("text", ["", "xyz", "ab" * 31, "public"])
def test_a_text_without_a_key_is_told(text: str) -> None:
    with pytest.raises(BadKey, match="64 hexadecimal digits"):
        parse_key(text)


@pytest.mark.parametrize(
    ("listing", "accounts"),
    [
        ("C:\\own.key DESKTOP-1\\anna:(F)\n\nSuccessfully processed 1 files", ["anna"]),
        ("C:\\own.key DESKTOP-1\\Anna Maria:(F)\n", ["anna maria"]),
        (
            "C:\\own.key NT AUTHORITY\\SYSTEM:(I)(F)\n"
            "                      BUILTIN\\Administrators:(I)(F)\n"
            "                      DESKTOP-1\\anna:(I)(F)\n",
            ["system", "administrators", "anna"],
        ),
        ("C:\\own.key Everyone:(R)\n", ["everyone"]),
        ("C:\\own.key: Access is denied.\n", []),
    ],
)
def test_who_windows_lets_near_a_key_is_read_from_its_access_list(listing: str, accounts: list[str]) -> None:
    assert granted_to(listing, "C:\\own.key") == accounts
