"""The official BIDS validator (PyPI: bids-validator-deno), which runs without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def validator_errors(folder: Path) -> list[dict[str, Any]]:
    """What the validator holds against a data set, every row looked at; its warnings are left out."""
    command = [str(Path(sys.executable).with_name("bids-validator-deno")), "--max-rows", "-1", "--format", "json"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False, timeout=600)
    try:
        issues = json.loads(done.stdout)["issues"]["issues"]
    except (ValueError, KeyError) as error:
        raise RuntimeError(f"the validator did not run: {done.stderr or done.stdout}") from error
    return [issue for issue in issues if issue.get("severity") == "error"]
