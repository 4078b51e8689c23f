"""What of the trackers can be told without a runtime that has them; none that was at hand does."""

from __future__ import annotations

import ctypes

import xr

from vrrehab.xr.trackers import TrackerConnected, connected, role_paths

PATHS = {7: "/user/vive_tracker_htcx/role/left_foot", 9: "/devices/vive_tracker_htcx/LHR-1"}


def test_a_runtime_is_asked_only_for_the_roles_that_its_revision_knows() -> None:
    first, third = role_paths(1), role_paths(3)
    assert set(first) < set(third)
    assert "/user/vive_tracker_htcx/role/right_foot" in first
    assert set(third) - set(first) == {
        f"/user/vive_tracker_htcx/role/{side}_{part}" for side in ("left", "right") for part in ("ankle", "wrist")
    }


def test_a_tracker_that_connects_is_told_with_its_role_and_its_own_path() -> None:
    assert said(xr.ViveTrackerPathsHTCX(persistent_path=9, role_path=7)) == TrackerConnected(PATHS[7], PATHS[9])


def test_a_tracker_without_a_role_and_an_event_without_a_tracker_are_no_trouble() -> None:
    assert said(xr.ViveTrackerPathsHTCX(persistent_path=9)) == TrackerConnected("", PATHS[9])
    assert connected(xr.EventDataViveTrackerConnectedHTCX(), PATHS.__getitem__) is None


def said(paths: xr.ViveTrackerPathsHTCX) -> TrackerConnected | None:
    """As read from the runtime's event buffer."""
    event = xr.EventDataViveTrackerConnectedHTCX(paths=ctypes.pointer(paths))
    buffer = xr.EventDataBuffer()
    ctypes.memmove(ctypes.addressof(buffer), ctypes.addressof(event), ctypes.sizeof(event))
    read = ctypes.cast(ctypes.addressof(buffer), ctypes.POINTER(xr.EventDataViveTrackerConnectedHTCX)).contents
    return connected(read, PATHS.__getitem__)
