"""VIVE trackers (XR_HTCX_vive_tracker_interaction), each named by where it is worn.

The wearer gives a tracker its role in the runtime's settings (SteamVR: Manage Trackers); the role's path is the path of
the device wherever one is asked for. A tracker's persistent path, which is its own whatever its role, is only told.

No runtime that was at hand offers this extension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xr

from vrrehab.xr import calls
from vrrehab.xr.runtime import Runtime

PROFILE = "htc/vive_tracker_htcx"
_ROLE = "/user/vive_tracker_htcx/role/"

#: The roles that are worn on a limb, and the extension's revision that brought them. Whoever names a role that the
#: runtime does not know is refused all of them.
_ROLES = {"foot": 1, "knee": 1, "elbow": 1, "shoulder": 1, "ankle": 3, "wrist": 3}


def role_paths(revision: int) -> tuple[str, ...]:
    """The paths of the roles that this revision of the extension knows."""
    parts = [part for part, since in _ROLES.items() if since <= revision]
    return tuple(f"{_ROLE}{side}_{part}" for part in parts for side in ("left", "right"))


@dataclass(frozen=True, slots=True)
class TrackerConnected:
    """A tracker has come, or has another role now. role: its path, empty where it has been given none."""

    role: str
    persistent: str


def connected(event: Any, text: Callable[[int], str]) -> TrackerConnected | None:
    """What an `xr.EventDataViveTrackerConnectedHTCX` says; the runtime's memory is only valid until the next event.

    text: the string of a path.
    """
    return _named(event.paths.contents, text) if event.paths else None


def trackers_now(runtime: Runtime) -> list[TrackerConnected]:
    """Every tracker that is connected."""
    with calls.translated("xrEnumerateViveTrackerPathsHTCX"):
        return [_named(each, runtime.text) for each in xr.enumerate_vive_tracker_paths_htcx(runtime.instance)]


def _named(paths: Any, text: Callable[[int], str]) -> TrackerConnected:
    return TrackerConnected(*(text(path) if path else "" for path in (paths.role_path, paths.persistent_path)))
