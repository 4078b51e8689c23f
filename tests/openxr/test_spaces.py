from __future__ import annotations

import subprocess

import numpy as np
import pytest
import xr

from vrrehab.geometry import pose
from vrrehab.xr.clock import RuntimeClock
from vrrehab.xr.runtime import HEADLESS, LOCAL_FLOOR, Runtime
from vrrehab.xr.session import Session, SpaceChanged
from vrrehab.xr.spaces import Reference, Spaces, best_reference

OFFERED = {
    Reference.LOCAL_FLOOR: xr.ReferenceSpaceType.LOCAL_FLOOR.value,
    Reference.STAGE: xr.ReferenceSpaceType.STAGE.value,
    Reference.LOCAL: xr.ReferenceSpaceType.LOCAL.value,
}


def test_the_floor_under_the_seat_is_preferred_to_the_room_and_the_room_to_the_eyes() -> None:
    for left_out in range(3):
        offered = list(OFFERED.values())[left_out:]
        assert best_reference(offered) is list(Reference)[left_out]


def test_recentring_in_the_runtime_is_one_event_about_now(tracking, person) -> None:
    person.head(pose([0.5, 1.3, -0.2], [0.0, np.sin(0.4), 0.0, np.cos(0.4)]))
    head = np.empty(7)

    def look() -> None:
        for _ in range(4):
            tracking.wait()
        tracking.link.spaces.head.locate(tracking.xr_time(tracking.display_time_ns), head)

    look()
    np.testing.assert_allclose(head[:3], [0.5, 1.3, -0.2], atol=1e-5)
    tracking.take_events()
    subprocess.run(["monado-ctl", "-c"], check=True, capture_output=True)
    look()
    (moved,) = (event for event in tracking.take_events() if isinstance(event, SpaceChanged))
    assert abs(moved.at_ns - tracking.display_time_ns) < 10**9
    # The floor stays where it was; place and heading are the wearer's.
    np.testing.assert_allclose(head, pose([0.0, 1.3, 0.0]), atol=1e-5)


@pytest.mark.parametrize("kind", list(Reference))
def test_each_reference_space_has_the_floor_at_zero(monado, person, kind, monkeypatch) -> None:
    runtime = Runtime((HEADLESS,))
    if kind is not Reference.LOCAL_FLOOR:
        runtime.extensions.discard(LOCAL_FLOOR)
    if kind is Reference.LOCAL:
        monkeypatch.setattr(xr, "enumerate_reference_spaces", lambda _: [xr.ReferenceSpaceType.LOCAL])
    session = Session(runtime, None)
    try:
        spaces = Spaces(session)
        assert spaces.kind is kind
        head = np.full(7, np.nan)
        now = RuntimeClock(runtime).pair()[1]
        assert spaces.head.locate(now, head)
        # Monado puts `local` 1.6 m up; below it a seated person's floor is taken to be.
        floor_m = 0.0 if kind is not Reference.LOCAL else 1.6 - 1.2
        np.testing.assert_allclose(head[:3], [0.0, 1.2 - floor_m, 0.0], atol=1e-5)
    finally:
        session.close()
        runtime.close()
