"""The console's certificate, for addresses that other computers reach: the clinic's own files, or one made here.

One made here is signed by itself: a browser warns once, and shows the fingerprint that the terminal shows as well.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vrrehab.errors import NotPossible

_DAYS, _RENEW_DAYS = 397, 30


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files, the names that the certificate is for, and its SHA-256 fingerprint."""

    file: Path
    key: Path
    names: frozenset[str]
    fingerprint: str


def given(file: Path, key: Path) -> Certificate:
    """The clinic's own certificate. Raises `NotPossible` where the files are none."""
    try:
        serialization.load_pem_private_key(key.read_bytes(), None)
        return _read(file, key)
    except (OSError, ValueError, TypeError) as error:
        raise NotPossible(
            f"Expected a certificate and its key, without a password, in {file} and {key} (PEM), but: {error}."
        ) from error


def own(folder: Path, host: str) -> Certificate:
    """The certificate kept in `folder` for `host` and this computer's names; made where there is none that holds."""
    file, key = folder / "certificate.pem", folder / "certificate_key.pem"
    names = {host, socket.gethostname(), "localhost", "127.0.0.1", *_addresses()} - {"", "0.0.0.0", "::"}
    try:
        kept = _read(file, key)
        parsed = x509.load_pem_x509_certificate(file.read_bytes())
        left = parsed.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        if {name.lower() for name in names} <= kept.names and left.days > _RENEW_DAYS:
            return kept
    except (OSError, ValueError):
        pass
    _make(file, key, names)
    return _read(file, key)


def _make(file: Path, key_file: Path, names: set[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vrrehab console")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in sorted(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file.unlink(missing_ok=True)
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(private)
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _read(file: Path, key: Path) -> Certificate:
    parsed = x509.load_pem_x509_certificate(file.read_bytes())
    try:
        said = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = {*said.get_values_for_type(x509.DNSName), *(str(ip) for ip in said.get_values_for_type(x509.IPAddress))}
    except x509.ExtensionNotFound:
        names = set()
    fingerprint = parsed.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(file, key, frozenset(name.lower() for name in names), fingerprint)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _addresses() -> set[str]:
    """This computer's own addresses, as far as its name says."""
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:
        return set()
