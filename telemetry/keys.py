"""The keys of a data folder: its own pair, and the public keys of the computers that it lets in.

    keys/own.key            public and secret key, readable by its owner alone
    keys/allowed/NAME.pub   one computer that may connect

Keys are written as 64 hexadecimal digits. The list of those allowed is read anew whenever somebody connects, so that a
new key can be added before the old one is removed, and nothing has to be started again.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import zmq
from zmq.utils import z85

from telemetry.errors import BadKey, KeysMissing, KeysUnsafe
from telemetry.files import put_in_place

_KEY = re.compile(r"[0-9a-fA-F]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Curve25519 keys of 32 bytes each."""

    public: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyPair({self.public.hex()})"


class Keyring:
    """The keys in `folder`, as `telemetry.folder.Folder.keys` names it; nothing is read before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def own_file(self) -> Path:
        return self.folder / "own.key"

    @property
    def _allowed(self) -> Path:
        return self.folder / "allowed"

    def make(self) -> KeyPair:
        """Make this folder's own pair. Raises `BadKey` where there is one already."""
        if self.own_file.exists():
            raise BadKey(
                f"expected no key yet, but there is one in {self.own_file}; move it away to make another, and tell "
                "every computer that knew it"
            )
        public, secret = (z85.decode(key) for key in zmq.curve_keypair())
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.own_file.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"public {public.hex()}\nsecret {secret.hex()}\n")
        _for_its_owner_alone(part)
        put_in_place(part, self.own_file)
        return KeyPair(public, secret)

    def own(self) -> KeyPair:
        """This folder's own pair. Raises `KeysMissing`, `KeysUnsafe` where others can read it, and `BadKey`."""
        try:
            _check_owner_alone(self.own_file)
            said = dict(line.split(maxsplit=1) for line in self.own_file.read_text().splitlines())
            pair = KeyPair(parse_key(said["public"]), parse_key(said["secret"]))
        except FileNotFoundError:
            raise KeysMissing(
                f"expected this computer's keys in {self.own_file}, but there are none; make them with: "
                f"vrrehab keys make --data {self.folder.parent}"
            ) from None
        except (ValueError, KeyError):
            raise BadKey(
                f"expected a public and a secret key in {self.own_file}; restore the file, or make a new one"
            ) from None
        if zmq.curve_public(z85.encode(pair.secret)) != z85.encode(pair.public):
            raise BadKey(f"the keys in {self.own_file} do not belong together; restore the file, or make a new one")
        return pair

    def allow(self, key: bytes, name: str) -> None:
        """Let the computer with this public key in. Raises `BadKey` for a name that is taken by another key."""
        path = self._path(name)
        if (known := self.allowed().get(name)) not in (None, key):
            raise BadKey(
                f"{name} is another key already ({known.hex() if known else ''}); allow the new one under another, "
                f"and remove the old one when it is no longer used: vrrehab keys remove {name}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(f"public {key.hex()}\n")
        put_in_place(part, path)

    def remove(self, name: str) -> None:
        """Let that computer in no longer; what it has open is shut as well. Raises `BadKey` where there is none."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            raise BadKey(f"expected one of {', '.join(self.allowed()) or 'none'}, got {name!r}") from None

    def allowed(self) -> dict[str, bytes]:
        """The public key of each computer that is let in, by name; a file that holds no key lets nobody in."""
        keys = {}
        for path in sorted(self._allowed.glob("*.pub")):
            # A key is a ValueError where it is none, and so is a file that is no text.
            with suppress(OSError, ValueError):
                keys[path.stem] = parse_key(path.read_text())
        return keys

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadKey(f"expected a name of letters, digits, dashes and underscores, got {name!r}")
        return self._allowed / f"{name}.pub"


def parse_key(text: str) -> bytes:
    """The key in a text such as `public 64-HEX-DIGITS`. Raises `BadKey`."""
    last = text.split()[-1] if text.split() else ""
    if not _KEY.fullmatch(last):
        raise BadKey(f"expected a key of 64 hexadecimal digits, got {last[:80]!r}")
    return bytes.fromhex(last)


def granted_to(listing: str, path: str) -> list[str]:
    """Who an access list lets near the file at `path`, by account, as Windows' `icacls` prints it: `PATH WHO:(RIGHTS)`,
    then `WHO:(RIGHTS)` a line. Names may have blanks.
    """
    lines = (line.removeprefix(path).strip() for line in listing.splitlines())
    return [line.partition(":(")[0].rpartition("\\")[2].lower() for line in lines if ":(" in line]


def _for_its_owner_alone(path: Path) -> None:
    if os.name == "nt":
        # Windows takes no mode: what the folder grants to others is taken away, and its owner keeps the file.
        user = os.environ.get("USERNAME", "")
        command = ["icacls", str(path), "/inheritance:r", "/grant:r", f"{user}:F"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            path.unlink()
            raise KeysUnsafe(
                f"expected to be able to keep {path} for {user} alone, but icacls failed; use an NTFS disk"
            )


def _check_owner_alone(path: Path) -> None:
    if os.name == "nt":
        # What it prints is in the console's own letters.
        command = ["icacls", str(path)]
        told = subprocess.run(command, capture_output=True, encoding="oem", errors="replace", check=False).stdout
        user = os.environ.get("USERNAME", "")
        if path.exists() and granted_to(told, str(path)) != [user.lower()]:
            raise KeysUnsafe(
                f"expected that only {user} can read {path}, but it is granted to "
                f"{', '.join(granted_to(told, str(path))) or 'nobody'}; if nobody else has read it: icacls {path} "
                f"/inheritance:r /grant:r {user}:F, otherwise make new keys"
            )
        return
    state = path.stat()
    if state.st_mode & 0o077 or state.st_uid not in (os.getuid(), 0):
        raise KeysUnsafe(
            f"expected that only its owner can read {path}, but its mode is {state.st_mode & 0o777:o} and its owner "
            f"{state.st_uid}; if nobody else has read it: chmod 600 {path}, otherwise make new keys"
        )
