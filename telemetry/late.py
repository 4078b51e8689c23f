"""What was added to a session after its seal, for a page that shows it at once: plain SQL, without pandas."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry.errors import NotAStore
from telemetry.folder import Folder, open_read_only

_ADDENDA = """
SELECT a.kind, a.who, a.about_utc_ns, a.detail, r.value, r.site, r.phase
FROM addenda AS a LEFT JOIN ratings AS r ON r.rating_id = a.rating_id
WHERE a.session_id = ? ORDER BY a.about_utc_ns, a.entered_utc_ns
"""


@dataclass(frozen=True, slots=True)
class Late:
    """One addendum; value, site and phase are of the rating that it brings, None where it brings none."""

    kind: str
    who: str
    about_utc_ns: int
    detail: dict[str, Any]
    value: float | None
    site: str | None
    phase: str | None


def addenda_of(data_dir: Path, session_id: str) -> list[Late]:
    """What was added to a session, by the time that it is about. Raises `NotAStore` where it cannot be read."""
    clinic = Folder(data_dir).clinic
    try:
        with closing(open_read_only(clinic)) as db:
            rows = db.execute(_ADDENDA, (session_id,)).fetchall()
    except sqlite3.Error as error:
        raise NotAStore(f"{clinic} cannot be read ({error}); run: vrrehab verify {data_dir}") from error
    return [Late(row[0], row[1], row[2], json.loads(row[3]), *row[4:]) for row in rows]
