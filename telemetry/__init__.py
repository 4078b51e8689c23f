"""The record of a session, from the frame in the headset to a pandas table; depends on nothing of `vrrehab`.

import telemetry
store = telemetry.open_store("DIR")
store.tasks()      # one row a task run, with the pain before and after it
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.store import Store

__all__ = ["open_store"]


def open_store(directory: str | PathLike[str]) -> Store:
    """The data folder `directory` for reading; it may be in use by a recorder at the same time.

    Raises `telemetry.errors.NotAStore` where there is none.
    """
    # pandas takes half a second to import, which a session that only writes should not pay.
    from telemetry.store import Store

    return Store(directory)
