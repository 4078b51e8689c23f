"""Whether the `telemetry` that is imported is ours: PyPI has another package of that name."""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import vrrehab

REMEDY = "Uninstall it (pip uninstall telemetry) and install vrrehab again (pip install --force-reinstall)."
_FILE = "telemetry/__init__.py"


def other_telemetry() -> str:
    """What is imported instead of our own package, in words; empty where it is our own."""
    found = find_spec("telemetry")
    return not_ours(Path(found.origin) if found and found.origin else None, Path(vrrehab.__file__).parents[1])


def not_ours(imported: Path | None, beside: Path) -> str:
    """Why the file `imported` is not that of our package, which lies in the folder `beside`; empty where it is.

    Ours lies beside `vrrehab`; nothing else that is installed there claims to have put it there; and it holds what was
    installed with `vrrehab`. Of a checkout, where nothing is installed, it is what lies there.
    """
    ours = beside / _FILE
    if imported is None or not imported.exists():
        return f"expected our own package, {ours}, but its files are gone"
    if imported.resolve() != ours.resolve():
        return f"another package of that name was imported, from {imported}"
    for installed in distributions(path=[str(beside)]):
        name = installed.metadata["Name"]
        for file in installed.files or ():
            if file.as_posix() != _FILE:
                continue
            if name != "vrrehab":
                return f"{name} {installed.version}, another package of that name, was installed over ours in {beside}"
            if file.hash is not None and file.hash.value != _digest(imported, file.hash.mode):
                return f"{imported} is not what was installed with vrrehab"
    return ""


def _digest(path: Path, mode: str) -> str:
    """As a wheel's RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.new(mode, path.read_bytes()).digest()).decode().rstrip("=")
