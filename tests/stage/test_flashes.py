"""Nothing at any place flashes more than three times a second, whatever a session does there.

Two seconds a place in which the limb is hidden, shown, covered and uncovered, a break is made and Stop pressed; all of
every session is what `python -m vrrehab.stage.flash_check` looks at.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vrrehab.stage.flash_check import PLACES, MeteredDisplay, flashes, plan_of, stage_for
from vrrehab.stage.picture import Hand, seated
from vrrehab.stage.stage import Stage
from vrrehab.testing.flash import MOST_FLASHES

HASTE = {6: "h", 12: "h", 18: "c", 24: "c", 30: "space", 36: "space", 42: "escape"}


def test_a_place_that_flashes_is_found(stage: Stage) -> None:
    display = MeteredDisplay(stage)
    view = seated(-10.0)
    for frame in range(30):
        view.calm = 1.0 if frame % 6 < 3 else 0.0
        shown = display.wait()
        assert shown is not None
        display.draw(shown, view)
    display.close()
    assert display.meter.general > MOST_FLASHES


HANDS = {"left": ((-0.15, 0.80, -0.36), 0.2, 10.0), "right": ((0.16, 0.82, -0.38), 0.2, 10.0)}


def test_where_the_persons_own_limbs_are_left_out_none_is_seen_and_the_body_stays_as_it_was(stage: Stage) -> None:
    def seen(own_limbs: bool, **hands: Hand) -> NDArray[np.uint8]:
        display, view = MeteredDisplay(stage, own_limbs=own_limbs), seated(-22.0, **hands)
        before = view.virtual.poses.copy()
        for _ in range(2):
            shown = display.wait()
            assert shown is not None
            display.draw(shown, view)
        picture = display.picture()
        display.close()
        np.testing.assert_array_equal(view.virtual.poses, before)
        return picture

    without = seen(False, **HANDS)
    assert (seen(True, **HANDS) != without).any(axis=-1).mean() > 0.03
    assert (seen(False) != without).any(axis=-1).mean() < 0.001


@pytest.mark.parametrize("place", PLACES)
def test_a_session_at_this_place_never_flashes(place: str, stage: Stage) -> None:
    plan = plan_of("reach_touch", place)
    seen = flashes(plan, stage if place == "therapy_room" else stage_for(plan), HASTE, only_in_task=True)
    assert seen.drawn >= 60
    assert max(seen.meter.general, seen.meter.by_pixel, seen.meter.red) <= MOST_FLASHES
